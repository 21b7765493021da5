//! A checkpoint arrives: its layers, the end of its index, the numbers of one layer.

use super::timeline;
use crate::app::effect::Effect;
use crate::app::msg::Opened;
use crate::app::state::{LayerData, Load, State, Ticket};
use crate::photo::Preprocessing;
use crate::weights::Layer;
use crate::weights::find::find;

/// More layers are known, of a network of this name.
pub(super) fn layers(state: &mut State, network: Option<&str>, layers: Vec<Layer>) {
    let chosen = state.choices.layer.is_some();
    let had_kernels = state.layers.iter().any(|layer| layer.kernels.is_some());
    state.layers.extend(layers);
    // Begin at the first convolution, unless the user already looked around or named another layer.
    if !had_kernels
        && !chosen
        && state.layer == 0
        && let Some(first) = state.layers.iter().position(|layer| layer.kernels.is_some())
    {
        state.layer = first;
    }
    if let Some(found) = state.choices.layer.as_deref().and_then(|wanted| find(&state.layers, wanted).ok()) {
        state.layer = found;
        state.choices.layer = None;
    }
    guess(state, network);
}

/// How the network was fed, as far as its names tell; the user's choice wins.
fn guess(state: &mut State, network: Option<&str>) {
    let names = state.layers.iter().map(|layer| layer.name.as_str());
    let guessed = Preprocessing::guess(network, &state.title, names);
    state.preprocessing = state.choices.preprocessing.unwrap_or(guessed);
    state.channels = state.choices.channels.unwrap_or(state.preprocessing.channel_order());
}

/// The index is complete, or there is none.
pub(super) fn opened(state: &mut State, result: Result<Opened, String>, effects: &mut Vec<Effect>) {
    match result {
        Ok(opened) => {
            let chosen = state.choices.layer.take().unwrap_or_else(|| "0".to_owned());
            if let Err(problem) = find(&state.layers, &chosen) {
                effects.push(Effect::Fail(format!("{}: {problem}", state.title)));
            }
            guess(state, opened.name.as_deref());
            state.index = Load::Ready(opened);
        }
        Err(sentence) => {
            // Without a single layer there is nothing to show: the sentence belongs on standard error.
            if state.layers.is_empty() {
                effects.push(Effect::Fail(sentence.clone()));
            }
            state.index = Load::Failed(sentence);
        }
    }
}

/// A layer's numbers.
pub(super) fn read(state: &mut State, ticket: Ticket, result: Result<LayerData, String>) {
    let Some((epoch, _)) = state.run.asked.filter(|(_, asked)| *asked == ticket) else { return };
    match result {
        Ok(data) => timeline::install(state, ticket, epoch, data),
        // The last good weights stay on the screen, where there are any of this layer.
        Err(sentence) => timeline::not_read(state, ticket, epoch, sentence),
    }
}
