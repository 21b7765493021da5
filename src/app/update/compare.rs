//! Comparing with another checkpoint: its layer is asked for once A's is read, and described as A's is.

use std::sync::Arc;

use super::follow::described;
use crate::app::comparison::Compared;
use crate::app::effect::Effect;
use crate::app::state::{LayerData, Load, State, Ticket};
use crate::weights::Layer;

/// B's index is read, or could not be.
pub(super) fn against(state: &mut State, result: Result<Vec<Layer>, String>, effects: &mut Vec<Effect>) {
    let Some(comparison) = &mut state.comparison else { return };
    match result {
        Ok(layers) => comparison.layers = Load::Ready(layers),
        Err(sentence) => {
            comparison.layers = Load::Failed(sentence.clone());
            effects.push(Effect::Fail(sentence));
        }
    }
}

/// Asks for B's side of the layer that was read of A.
pub(super) fn request(state: &mut State, effects: &mut Vec<Effect>) {
    let (Some(comparison), Some((at, read)), Load::Ready(data)) =
        (&state.comparison, state.data_of, &state.data)
    else {
        return;
    };
    // While A's index is being read, a layer may seem to be missing.
    if comparison.of == Some(read) || matches!(state.index, Load::Pending(_)) {
        return;
    }
    let (Some(pairs), Load::Ready(layers)) = (comparison.pairs(&state.layers), &comparison.layers) else {
        return;
    };
    let own = &state.layers[at];
    let other = pairs.iter().find(|pair| pair.a == Some(at)).and_then(|pair| layers.get(pair.b?));
    let request = other.map(|other| {
        let mut layer = Box::new(other.clone());
        // A guessed layout is the one that the user chose for A.
        if let (true, Some((_, layout)), Some((_, guessed))) =
            (other.layout_guessed, own.kernels, &mut layer.kernels)
        {
            *guessed = layout;
        }
        let weights = match data {
            LayerData::Kernels(kernels) => Some(Arc::clone(&kernels.weights)),
            LayerData::Tensors(_) => None,
        };
        (layer, weights)
    });
    let ticket = state.ticket();
    let Some(comparison) = &mut state.comparison else { return };
    comparison.of = Some(read);
    comparison.described = None;
    comparison.compared = match request {
        None => Load::Failed("only A has this layer".to_owned()),
        Some((layer, weights)) => {
            effects.push(Effect::Compare { ticket, layer, weights });
            Load::Pending(ticket)
        }
    };
}

/// B's side of the layer is known, or could not be had.
pub(super) fn compared(state: &mut State, ticket: Ticket, result: Result<Box<Compared>, String>) {
    let Some(comparison) = &mut state.comparison else { return };
    if comparison.compared != Load::Pending(ticket) {
        return;
    }
    comparison.compared = match result {
        Ok(compared) => Load::Ready(*compared),
        Err(sentence) => Load::Failed(sentence),
    };
    // The order may be that of the changes.
    state.order_of = None;
}

/// The numbers of the selected kernel in B and in B − A.
pub(super) fn describe(state: &mut State) {
    let kernel = state.kernel;
    let Some(comparison) = &mut state.comparison else { return };
    let known = comparison.described.as_ref().is_some_and(|[other, _]| other.kernel == kernel);
    if let Load::Ready(Compared { other: LayerData::Kernels(other), kernels: Some((_, difference)) }) =
        &comparison.compared
        && !known
        && kernel < other.shape.c_out
    {
        comparison.described = Some([described(other, kernel), described(difference, kernel)]);
    }
}

/// A, B, their difference.
pub(super) fn next_side(state: &mut State) {
    match &mut state.comparison {
        Some(comparison) => comparison.side = comparison.side.next(),
        None => state.message = Some(NOTHING.to_owned()),
    }
}

const NOTHING: &str = "there is nothing to compare with: convscope A --against B";
