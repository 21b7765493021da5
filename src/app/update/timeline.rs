//! Moving through the epochs of a run, and what comes and goes while a training writes it.

use std::sync::Arc;

use super::{mark, open, study};
use crate::app::effect::Effect;
use crate::app::msg::Opened;
use crate::app::run::{Epoch, EpochId};
use crate::app::state::{Judgement, LayerData, Load, State, Ticket};
use crate::weights::Layer;
use crate::weights::diagnosis::Diagnosis;

/// So many epochs on, or back.
pub(super) fn step(state: &mut State, by: isize) {
    let to = state.run.at.saturating_add_signed(by);
    if state.run.is_shown() && to >= state.run.epochs.len() {
        state.message = Some("this is the newest epoch".to_owned());
    }
    select(state, to);
}

/// The epoch at this place; past the end, the newest. The run stops playing.
pub(super) fn select(state: &mut State, at: usize) {
    if !state.run.is_shown() {
        state.message = Some(no_other_epoch(state).to_owned());
        return;
    }
    state.run.playing = false;
    go(state, at);
}

/// Why there is no other epoch.
pub(super) fn no_other_epoch(state: &State) -> &'static str {
    if state.run.watched { NO_OTHER_YET } else { NO_RUN }
}

const NO_OTHER_YET: &str = "no other epoch is known yet";

const NO_RUN: &str = "this is one file, not a run: name a folder, or --follow the file";

fn go(state: &mut State, at: usize) {
    state.run.at = at.min(state.run.epochs.len().saturating_sub(1));
    // Who comes back to an epoch wants to know whether it can be read now.
    let id = state.run.selected();
    state.run.failed.remove(&id);
}

/// Plays from here, from the start where this is the end, or stops.
pub(super) fn play(state: &mut State) {
    if !state.run.is_shown() {
        return select(state, 0);
    }
    let playing = !state.run.playing;
    if playing && state.run.at + 1 >= state.run.epochs.len() {
        go(state, 0);
    }
    state.run.playing = playing;
}

/// Time for the next epoch; the one before must have been seen.
pub(super) fn beat(state: &mut State) {
    let run = &state.run;
    let waits = run.shown != Some(run.selected()) && !run.failed.contains_key(&run.selected());
    if !run.playing || waits {
        return;
    }
    go(state, state.run.at + 1);
    if state.run.at + 1 >= state.run.epochs.len() {
        state.run.playing = false;
    }
}

/// The selection rests: the film is the selected kernel's from now on.
pub(super) fn rest(state: &mut State) {
    state.run.filmed = Some((state.layer, state.kernel));
}

/// Of another layer the film is shown at once, since nothing of the one before stays on the screen.
pub(super) fn film(state: &mut State) {
    if state.run.filmed.is_none_or(|(layer, _)| layer != state.layer) {
        rest(state);
    }
}

/// The run has these epochs now. Who was at the newest is shown the newest; who looked at another one stays there.
pub(super) fn epochs(state: &mut State, epochs: Vec<Epoch>, start: Option<usize>, watched: bool) {
    let before = std::mem::take(&mut state.run.epochs);
    let was = before.get(state.run.at).cloned();
    let at_newest = state.run.at + 1 >= before.len();
    state.run.watched = watched;
    if epochs.len() > before.len() {
        state.message.take_if(|message| message == NO_OTHER_YET);
    }
    // What was overwritten and never looked at cannot be shown any more.
    let remembered = |id: EpochId| state.run.film.keys().any(|(_, epoch)| *epoch == id);
    let mut epochs = epochs;
    epochs.retain(|epoch| epoch.readable || remembered(epoch.id));
    state.run.epochs = epochs;
    let run = &mut state.run;
    let last = run.epochs.len().saturating_sub(1);
    let newest = |epochs: &[Epoch]| epochs.last().map(|epoch| epoch.id);
    let grew = newest(&run.epochs) != newest(&before);
    run.at = match (start, &was) {
        (Some(start), _) => start.min(last),
        (None, Some(was)) if !at_newest => {
            // Written anew under the same name: the same place, another content.
            let same = |epoch: &Epoch| epoch.id == was.id || (epoch.readable && epoch.title == was.title);
            let place = run.epochs.iter().position(same);
            if place.is_none() {
                state.message = Some(format!("epoch {} is gone", was.label));
            } else if grew && let Some(newest) = run.epochs.last() {
                state.message = Some(format!("epoch {} is there: ) goes to it", newest.label));
            }
            place.unwrap_or(run.at.min(last))
        }
        (None, _) => last,
    };
    mark::epochs(state, &before);
    let known: Vec<EpochId> = state.run.epochs.iter().map(|epoch| epoch.id).collect();
    study::forget_epochs(state, &known);
}

/// Another epoch was opened than the one to begin with: that one cannot be read yet.
pub(super) fn instead(state: &mut State, epoch: EpochId) {
    let Some(at) = state.run.position(epoch) else { return };
    // The later ones come back when they can be read; until then this is the newest.
    state.run.epochs.truncate(at + 1);
    state.run.at = at;
}

/// An epoch has other layers than the ones before: the file has become another network, or it is the first that can
/// be read.
pub(super) fn network(
    state: &mut State,
    epoch: EpochId,
    layers: Vec<Layer>,
    opened: Opened,
    effects: &mut Vec<Effect>,
) {
    if state.run.selected() != epoch && !state.layers.is_empty() {
        return;
    }
    if state.layers == layers {
        state.index = Load::Ready(opened);
        return;
    }
    if state.layers.is_empty() {
        open::layers(state, opened.name.as_deref(), layers);
        open::opened(state, Ok(opened), effects);
        return;
    }
    let name = state.selected_layer().map(|layer| layer.name.clone());
    let place = |name: &String| layers.iter().position(|layer| layer.name == *name);
    let same = name.as_ref().and_then(place);
    let first = layers.iter().position(|layer| layer.kernels.is_some());
    let at = same.or(first).unwrap_or(0);
    // Layers that came before the end of their index was known may only have been some of these.
    if matches!(state.index, Load::Ready(_)) {
        state.message = Some(match (same, name) {
            (None, Some(name)) => format!("another network: it has no layer {name}"),
            _ => "another network".to_owned(),
        });
    }
    state.layers = layers;
    state.layer = at;
    state.index = Load::Ready(opened);
    state.data_of = None;
    study::forget_epoch(state, epoch);
    state.run.failed.clear();
    state.health.clear();
}

/// Sees to it that the selected layer of the selected epoch is on the screen, or on its way.
pub(super) fn show(state: &mut State, effects: &mut Vec<Effect>) {
    if state.layers.is_empty() {
        return;
    }
    let epoch = state.run.selected();
    let same_layer = state.data_of.is_some_and(|(layer, _)| layer == state.layer);
    if same_layer && state.run.asked.is_some_and(|(asked, _)| asked == epoch) {
        return;
    }
    let ticket = state.ticket();
    let layer = &state.layers[state.layer];
    let frame = state.run.frame(&layer.name, epoch).map(|frame| frame.data.clone());
    let read = Effect::Read { ticket, epoch, layer: Box::new(layer.clone()) };
    if !same_layer {
        state.data = Load::Pending(ticket);
        state.data_of = Some((state.layer, ticket));
        state.described = None;
        state.slice = None;
        state.gain = None;
    }
    state.run.asked = Some((epoch, ticket));
    match frame {
        Some(data) => install(state, ticket, epoch, LayerData::Kernels(data)),
        None => effects.push(read),
    }
}

/// Puts the numbers of an epoch on the screen, with what is known of them.
pub(super) fn install(state: &mut State, ticket: Ticket, epoch: EpochId, data: LayerData) {
    let name = state.selected_layer().map(|layer| layer.name.clone()).unwrap_or_default();
    let frame = state.run.frame(&name, epoch);
    let gain = frame.and_then(|frame| frame.gain.clone());
    let diagnosis = frame.and_then(|frame| frame.diagnosis.clone());
    state.data = Load::Ready(data);
    state.data_of = Some((state.layer, ticket));
    state.described = None;
    state.order_of = None;
    state.gain = gain;
    if let Some(diagnosis) = diagnosis {
        // The gain may have been known later than the verdicts.
        let gain = |at: usize| state.gain.as_ref().and_then(|gain| gain.get(at)).copied();
        let kernels = diagnosis.kernels.iter().enumerate();
        let kernels = kernels.map(|(at, it)| Some(Diagnosis { gain: it.gain.or(gain(at)), ..*it })).collect();
        state.judgement = Judgement { ticket, kernels, layer: Some(Arc::unwrap_or_clone(diagnosis)) };
    }
    state.run.failed.remove(&epoch);
    if state.run.shown != Some(epoch) {
        state.run.shown = Some(epoch);
        // What is said of the other layers is of this epoch too, or nothing.
        let of = |layer: &Layer| state.run.points.get(&(layer.name.clone(), epoch)).map(|point| point.health);
        let known = state.layers.iter().enumerate().filter_map(|(at, layer)| Some((at, of(layer)?)));
        state.health = known.collect();
    }
}

/// An epoch's numbers could not be had.
pub(super) fn not_read(state: &mut State, ticket: Ticket, epoch: EpochId, sentence: String) {
    if state.data == Load::Pending(ticket) {
        state.data = Load::Failed(sentence.clone());
        state.run.shown = Some(epoch);
    }
    if state.run.is_shown() {
        let label = state.run.label(epoch);
        state.message = Some(format!("epoch {label} cannot be shown: {sentence}"));
    }
    state.run.failed.insert(epoch, sentence);
}
