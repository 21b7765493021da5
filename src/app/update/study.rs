//! The history of the selected layer: what was on the screen is remembered, and while nothing else is to be done the
//! epochs around the selected one are read ahead, judged and compared, the nearest first, in bounded memory.

use std::sync::Arc;

use crate::app::effect::Effect;
use crate::app::run::{Epoch, EpochId, Frame, Point, Run, Studied, Study};
use crate::app::state::{LayerData, Load, State, Ticket};

/// As much of a layer's other epochs as is held in memory, in bytes: more than a hundred of the first layer of a ResNet.
const ROOM: usize = 8 << 20;
/// The neighbours are held as long as they take no more than this, so that a step is immediate.
const MOST: usize = 64 << 20;

/// The layers and epochs in memory are what they were: takes in what is on the screen.
pub(super) fn remember(state: &mut State) {
    let is_run = state.run.watched || state.run.is_shown();
    // Of an epoch that is gone, what is on the screen stays there and nowhere else.
    let epoch = state.run.shown.filter(|epoch| is_run && state.run.position(*epoch).is_some());
    let Some(epoch) = epoch else { return };
    let Load::Ready(LayerData::Kernels(data)) = &state.data else { return };
    let Some(layer) = state.selected_layer() else { return };
    let judged = state.judgement.layer.as_ref();
    let judged = judged.filter(|_| state.data_of.is_some_and(|(_, ticket)| ticket == state.judgement.ticket));
    let known = state.run.frame(&layer.name, epoch);
    let complete = known.is_some_and(|frame| {
        frame.diagnosis.is_some() >= judged.is_some() && frame.gain.is_some() >= state.gain.is_some()
    });
    if complete {
        return;
    }
    let frame = Frame {
        data: data.clone(),
        gain: state.gain.clone(),
        diagnosis: judged.map(|judged| Arc::new(judged.clone())),
    };
    let name = layer.name.clone();
    keep(&mut state.run, name, epoch, frame);
}

/// Puts a frame into memory, and what it says into the history.
fn keep(run: &mut Run, layer: String, epoch: EpochId, frame: Frame) {
    if let Some(diagnosis) = &frame.diagnosis {
        let point = Point::of(diagnosis, frame.data.largest, frame.gain.as_deref());
        let change = run.points.get(&(layer.clone(), epoch)).and_then(|point| point.change.clone());
        run.points.insert((layer.clone(), epoch), Point { change, ..point });
    }
    let bytes = frame.bytes();
    run.film.insert((layer.clone(), epoch), frame);
    make_room(run, &layer, room_for(bytes));
}

/// The memory for a layer whose frames take so many bytes.
fn room_for(bytes: usize) -> usize {
    // The one on the screen, and the two beside it.
    ROOM.max((bytes * 3).min(MOST))
}

/// Forgets what is cheapest to have again: other layers first, then the epochs that are furthest away; what cannot be read
/// again last.
fn make_room(run: &mut Run, layer: &str, room: usize) {
    let total = |run: &Run| run.film.values().map(Frame::bytes).sum::<usize>();
    while total(run) > room && run.film.len() > 1 {
        let worth = |(name, epoch): &(String, EpochId)| {
            let place = run.position(*epoch);
            let readable = place.is_none_or(|at| run.epochs[at].readable);
            let distance = place.map_or(usize::MAX, |at| at.abs_diff(run.at));
            (name == layer && distance == 0, !readable, name == layer, std::cmp::Reverse(distance))
        };
        let Some(least) = run.film.keys().min_by_key(|key| worth(key)).cloned() else { return };
        run.film.remove(&least);
    }
}

/// Asks for the next piece of the history, when the screen has all it needs and nothing else is under way.
pub(super) fn plan(state: &mut State, effects: &mut Vec<Effect>) {
    if state.run.study.is_some() || !state.run.is_shown() {
        return;
    }
    // What is on the screen comes first.
    let settled = state.judgement.layer.is_some() && state.run.shown == Some(state.run.selected());
    if !settled || state.kernels().is_none() {
        return;
    }
    if let Some(study) = change(state).or_else(|| ahead(state)) {
        let ticket = state.ticket();
        state.run.study = Some((ticket, study.clone()));
        effects.push(Effect::Study { ticket, study: Box::new(study) });
    }
}

/// Two neighbours in memory that were not compared yet.
fn change(state: &State) -> Option<Study> {
    let (run, layer) = (&state.run, &state.selected_layer()?.name);
    let pairs = run.epochs.windows(2).find_map(|pair| {
        let [from, to] = [pair[0].id, pair[1].id];
        let point = run.points.get(&(layer.clone(), to))?;
        let known = point.change.as_ref().is_some_and(|(before, ..)| *before == from);
        if known || run.given_up.contains(&(layer.clone(), to, Some(from))) {
            return None;
        }
        Some((from, to, run.frame(layer, from)?, run.frame(layer, to)?))
    });
    let (from, to, before, after) = pairs?;
    Some(Study::Change {
        layer: layer.clone(),
        from,
        to,
        before: Arc::clone(&before.data.weights),
        after: Arc::clone(&after.data.weights),
    })
}

/// The nearest epoch that is not in memory, as long as there is room for it; of two, the later one.
fn ahead(state: &State) -> Option<Study> {
    let (run, layer) = (&state.run, state.selected_layer()?);
    let bytes = run.frame(&layer.name, run.selected())?.bytes().max(1);
    let count = room_for(bytes) / bytes;
    let wanted = |epoch: &&Epoch| {
        let known = run.frame(&layer.name, epoch.id);
        let in_reach = known.is_some() || epoch.readable;
        let failed = run.failed.contains_key(&epoch.id);
        let given_up = run.given_up.contains(&(layer.name.clone(), epoch.id, None));
        in_reach && !failed && !given_up && known.is_none_or(|frame| frame.diagnosis.is_none())
    };
    let epoch = around(run.at, run.epochs.len()).take(count).map(|at| &run.epochs[at]).find(wanted)?;
    let known = run.frame(&layer.name, epoch.id).map(|frame| frame.data.clone());
    Some(Study::Frame { epoch: epoch.id, layer: layer.clone(), known })
}

/// The places `0..count` by their distance from `at`, that one first.
fn around(at: usize, count: usize) -> impl Iterator<Item = usize> {
    let pairs = (1..count.max(1)).flat_map(move |by| [at.checked_add(by), at.checked_sub(by)]);
    std::iter::once(Some(at)).chain(pairs).flatten().filter(move |place| *place < count)
}

/// A piece of the history is known.
pub(super) fn studied(state: &mut State, ticket: Ticket, result: Result<Studied, String>) {
    let Some((_, study)) = state.run.study.take_if(|(pending, _)| *pending == ticket) else { return };
    let run = &mut state.run;
    match (study, result) {
        (Study::Frame { epoch, layer, .. }, Ok(Studied::Frame(frame))) => {
            if run.position(epoch).is_some() {
                keep(run, layer.name.clone(), epoch, *frame);
                // There was no room for it after all: asking again would never end.
                if run.frame(&layer.name, epoch).is_none() {
                    run.given_up.insert((layer.name, epoch, None));
                }
            }
        }
        (Study::Change { layer, from, to, .. }, Ok(Studied::Change(Some(delta)))) => {
            let share = |change: Option<f64>| change.map_or(f32::NAN, |change| change as f32);
            let kernels = delta.kernels.iter().map(|change| share(change.relative)).collect();
            if let Some(point) = run.points.get_mut(&(layer, to)) {
                point.change = Some((from, share(delta.layer.relative), kernels));
            }
        }
        (Study::Frame { epoch, layer, .. }, _) => _ = run.given_up.insert((layer.name, epoch, None)),
        (Study::Change { layer, from, to, .. }, _) => _ = run.given_up.insert((layer, to, Some(from))),
    }
}

/// Forgets a layer: its numbers mean something else from now on.
pub(super) fn forget_layer(state: &mut State, layer: &str) {
    state.run.study = None;
    state.run.asked = None;
    state.run.film.retain(|(name, _), _| name != layer);
    state.run.points.retain(|(name, _), _| name != layer);
    state.run.given_up.retain(|(name, ..)| name != layer);
}

/// Forgets an epoch: it is of another network than it was taken for.
pub(super) fn forget_epoch(state: &mut State, epoch: EpochId) {
    state.run.film.retain(|(_, other), _| *other != epoch);
    state.run.points.retain(|(_, other), _| *other != epoch);
    state.run.given_up.retain(|(_, other, _)| *other != epoch);
}

/// Forgets all epochs but these.
pub(super) fn forget_epochs(state: &mut State, known: &[EpochId]) {
    state.run.film.retain(|(_, epoch), _| known.contains(epoch));
    state.run.points.retain(|(_, epoch), _| known.contains(epoch));
    state.run.failed.retain(|epoch, _| known.contains(epoch));
    state.run.given_up.retain(|(_, epoch, _)| known.contains(epoch));
}
