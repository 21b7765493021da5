//! Comparing with another checkpoint: its layer is asked for once A's is read, and described as A's is.

use super::follow::described;
use crate::app::comparison::{Against, Compared, Other};
use crate::app::effect::Effect;
use crate::app::state::{LayerData, Load, State, Ticket};
use crate::weights::Layer;

/// B's index is read, or could not be.
pub(super) fn against(state: &mut State, result: Result<Vec<Layer>, String>, effects: &mut Vec<Effect>) {
    let Some(mut comparison) = state.comparison.as_mut() else { return };
    if comparison.against == Against::Marked {
        let Some(aside) = &mut comparison.aside else { return };
        comparison = &mut **aside;
    }
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
    if comparison.of == Some(read) {
        return;
    }
    let own = match data {
        LayerData::Kernels(kernels) => Some(kernels.clone()),
        LayerData::Tensors(_) => None,
    };
    let other = match comparison.against {
        // Of an epoch, arrays without kernels are not shown.
        Against::Marked if own.is_none() => None,
        Against::Marked => Some(of_marked(state, at)),
        Against::File(_) => match of_file(state, at) {
            Some(other) => Some(other),
            None => return,
        },
    };
    let ticket = state.ticket();
    let Some(comparison) = &mut state.comparison else { return };
    comparison.of = Some(read);
    comparison.described = None;
    comparison.compared = match other {
        None => Load::Idle,
        Some(Err(sentence)) => Load::Failed(sentence),
        Some(Ok(other)) => {
            effects.push(Effect::Compare { ticket, other, own });
            Load::Pending(ticket)
        }
    };
}

/// The layer of the other checkpoint that goes with this one; `None` as long as that cannot be said.
fn of_file(state: &State, at: usize) -> Option<Result<Other, String>> {
    // While A's index is being read, a layer may seem to be missing.
    if matches!(state.index, Load::Pending(_)) {
        return None;
    }
    let comparison = state.comparison.as_ref()?;
    let (pairs, layers) = (comparison.pairs(&state.layers)?, comparison.layers.ready()?);
    let other = pairs.iter().find(|pair| pair.a == Some(at)).and_then(|pair| layers.get(pair.b?));
    let Some(other) = other else { return Some(Err("only A has this layer".to_owned())) };
    let mut layer = Box::new(other.clone());
    // A guessed layout is the one that the user chose for A.
    if let (true, Some((_, layout)), Some((_, guessed))) =
        (other.layout_guessed, state.layers[at].kernels, &mut layer.kernels)
    {
        *guessed = layout;
    }
    Some(Ok(Other::Layer(layer)))
}

/// This layer at the marked epoch: from memory, where it is there.
fn of_marked(state: &State, at: usize) -> Result<Other, String> {
    let (run, layer) = (&state.run, &state.layers[at]);
    let marked = run.marked.and_then(|marked| run.position(marked)).map(|place| &run.epochs[place]);
    let Some(marked) = marked else { return Err("no epoch is marked".to_owned()) };
    let held = state.comparison.as_ref().and_then(|comparison| comparison.held.as_ref());
    let held = held.filter(|(of, _)| of == layer).map(|(_, data)| data);
    if let Some(data) = held.or_else(|| Some(&run.frame(&layer.name, marked.id)?.data)) {
        return Ok(Other::Known(data.clone()));
    }
    if !marked.readable {
        return Err(format!("epoch {} was overwritten before this layer was looked at", marked.label));
    }
    Ok(Other::Epoch(marked.id, Box::new(layer.clone())))
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
    let of = state.data_of.filter(|(_, read)| comparison.of == Some(*read));
    if let (Against::Marked, Load::Ready(Compared { other: LayerData::Kernels(other), .. }), Some((at, _))) =
        (&comparison.against, &comparison.compared, of)
    {
        comparison.held = Some((state.layers[at].clone(), other.clone()));
    }
    // The order may be that of the changes.
    state.order_of = None;
}

/// The numbers of the selected kernel in B and in the difference.
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
