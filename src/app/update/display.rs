//! How things are shown: zoom, slices, layout, stride, the mouse.

use super::follow::grid;
use super::study;
use crate::app::effect::Effect;
use crate::app::layout::LARGEST_ZOOM;
use crate::app::state::{Load, State};

/// Larger or smaller kernels.
pub(super) fn zoom(state: &mut State, by: i16) {
    let Some(now) = grid(state).map(|grid| grid.zoom) else { return };
    state.zoom = Some(now.saturating_add_signed(by).clamp(1, LARGEST_ZOOM));
}

/// The next or previous slice. A kernel of three channels begins in colour, and comes back to it before its first
/// slice and after its last.
pub(super) fn slice(state: &mut State, forward: bool) {
    let Some(shape) = state.kernels().map(|kernels| kernels.shape) else { return };
    let (slices, coloured) = (shape.slices(), shape.is_coloured());
    let last = slices.saturating_sub(1);
    state.slice = match (state.slice, forward) {
        _ if slices < 2 => None,
        (None, true) => Some(usize::from(!coloured)),
        (None, false) => Some(last),
        (Some(at), true) if at >= last => (!coloured).then_some(0),
        (Some(at), true) => Some(at + 1),
        (Some(0), false) => (!coloured).then_some(last),
        (Some(at), false) => Some(at - 1),
    };
}

/// The other guess of a foreign file's layout: the layer is read anew.
pub(super) fn layout(state: &mut State) {
    let Some(switched) = state.selected_layer().and_then(crate::weights::Layer::with_layout_switched) else {
        state.message = Some("the layout of this layer is known, not guessed".to_owned());
        return;
    };
    study::forget_layer(state, &switched.name);
    state.layers[state.layer] = switched;
    state.data = Load::Idle;
    state.data_of = None;
}

/// Stride 1, or the layer's own, where the checkpoint says what that is.
pub(super) fn stride(state: &mut State) {
    let own = state.selected_layer().and_then(|layer| layer.geometry).map(|geometry| geometry.stride);
    match own {
        Some([1, 1]) => state.message = Some("the layer's own stride is 1".to_owned()),
        Some(_) => state.own_stride = !state.own_stride,
        None => state.message = Some("the checkpoint does not say the layer's stride".to_owned()),
    }
}

/// The other channel order; from now on it is the user's choice and no guess.
pub(super) fn channel_order(state: &mut State) {
    state.channels = state.channels.next();
    state.choices.channels = Some(state.channels);
}

/// The next preprocessing; from now on it is the user's choice and no guess.
pub(super) fn preprocessing(state: &mut State) {
    state.preprocessing = state.preprocessing.next();
    state.choices.preprocessing = Some(state.preprocessing);
}

/// The mouse is taken, or left to the terminal.
pub(super) fn toggle_mouse(state: &mut State, effects: &mut Vec<Effect>) {
    state.mouse = !state.mouse;
    let word = if state.mouse { "selects and scrolls" } else { "is left to the terminal" };
    state.message = Some(format!("the mouse {word}"));
    effects.push(Effect::Mouse(state.mouse));
}
