//! The picture of the response: asked for when what it shows changed, dropped when it comes too late.

use std::sync::Arc;

use crate::app::effect::Effect;
use crate::app::layout::inside;
use crate::app::state::{
    Graphics, KernelOnPhoto, Load, PhotoInput, Preview, ResponseFacts, ResponseSpec, State, Ticket,
};

/// Rows of the response pane that are words: the narrower it is, the more.
pub const fn caption_rows(width: u16) -> u16 {
    if width < 48 { 3 } else { 2 }
}

/// The room for the picture in cells.
fn room(state: &State) -> Option<(u16, u16)> {
    let room = inside(state.response_pane()?);
    Some((room.width, room.height.saturating_sub(caption_rows(room.width))))
}

/// What the preview should show now; `None` leaves it as it is.
fn wanted(state: &State) -> Option<ResponseSpec> {
    if state.facts.graphics == Graphics::Unknown {
        return None;
    }
    let (layer, read) = state.data_of?;
    // B's kernels on their way: the old picture stays.
    if !state.photo_shown && state.kernels_drawn().is_some_and(|drawn| drawn.is_err()) {
        return None;
    }
    let kernel = match &state.data {
        Load::Ready(_) if state.photo_shown => None,
        Load::Ready(_) => state.kernels().filter(|kernels| kernels.shape.c_out > 0).map(|kernels| {
            let input = match (kernels.shape.is_coloured(), state.slice_drawn(kernels.shape)) {
                (true, None) => PhotoInput::Colour,
                (_, slice) => PhotoInput::Grey { slice: slice.unwrap_or(0) },
            };
            let own = state.selected_layer().and_then(|layer| layer.geometry).map(|geometry| geometry.stride);
            KernelOnPhoto {
                kernel: state.kernel,
                input,
                mode: state.response_mode,
                preprocessing: state.preprocessing,
                stride: own.filter(|_| state.own_stride).unwrap_or([1, 1]),
                map: state.choices.maps.of_response(state.response_mode, state.facts.background),
            }
        }),
        // While a layer is being read, the old picture stays.
        _ => return None,
    };
    let cells = room(state).filter(|(width, height)| *width >= 4 && *height >= 2)?;
    let side = state.side();
    Some(ResponseSpec { layer, read, kernel, side, cells, facts: state.facts.clone() })
}

/// Asks for the picture, if it is not the one that is shown or waited for.
pub(super) fn request(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(spec) = wanted(state) else { return };
    if state.preview.wanted.as_ref() == Some(&spec) {
        return;
    }
    let drawn = spec.kernel.and_then(|_| state.kernels_drawn()?.ok());
    let weights = drawn.map(|kernels| Arc::clone(&kernels.weights));
    let ticket = state.ticket();
    state.preview.pending = Some(ticket);
    state.preview.wanted = Some(spec.clone());
    effects.push(Effect::Respond { ticket, spec: Box::new(spec), weights });
}

/// A picture is ready.
pub(super) fn responded(state: &mut State, ticket: Ticket, result: Result<ResponseFacts, String>) {
    if state.preview.pending != Some(ticket) {
        return;
    }
    state.preview.pending = None;
    let spec = state.preview.wanted.clone();
    (state.preview.shown, state.preview.failed) = match (result, spec) {
        (Ok(facts), Some(spec)) => (Some((spec, facts)), None),
        (Err(sentence), _) => (None, Some(sentence)),
        (Ok(_), None) => (None, None),
    };
}

/// The terminal lost the picture: it is made anew.
pub(super) fn forget(state: &mut State, effects: &mut Vec<Effect>) {
    state.preview = Preview::default();
    effects.push(Effect::ForgetPicture);
}
