//! The picture of the response: asked for when what it shows changed, dropped when it comes too late.

use std::sync::Arc;

use crate::app::effect::Effect;
use crate::app::layout::{Sheet, inside};
use crate::app::state::{
    Graphics, KernelOnPhoto, Load, Middle, PhotoInput, Preview, ResponseFacts, ResponseSpec, SheetOnPhoto,
    State, Ticket,
};
use crate::raster::Normalization;

/// Rows of the response pane that are words: the narrower it is, the more.
pub const fn caption_rows(width: u16) -> u16 {
    if width < 48 { 3 } else { 2 }
}

/// The room for the picture in cells.
pub(super) fn room(state: &State) -> Option<(u16, u16)> {
    let room = inside(state.response_pane()?);
    Some((room.width, room.height.saturating_sub(caption_rows(room.width))))
}

/// The page of the sheet that shows the selected kernel; `None` where there is no kernel, or no room.
pub(super) fn sheet(state: &State) -> Option<SheetOnPhoto> {
    let proportions = state.preview.proportions.unwrap_or((1, 1));
    let layout = Sheet::of(room(state)?, state.order.len(), state.facts.pixels(), proportions)?;
    let (page, pages) =
        (state.position() / layout.on_a_page(), state.order.len().div_ceil(layout.on_a_page()));
    let kernels = state.order.chunks(layout.on_a_page()).nth(page)?.to_vec();
    let one_scale = state.normalization == Normalization::Layer;
    Some(SheetOnPhoto { layout, kernels, page: (page, pages), one_scale })
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
    let mut kernel: Option<KernelOnPhoto> = match &state.data {
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
    let mut shown = None;
    if let (Middle::Responses, Some(how)) = (state.middle, &mut kernel) {
        let sheet = sheet(state)?;
        // Which of them is selected is said in words: the picture stays.
        how.kernel = *sheet.kernels.first()?;
        shown = Some(sheet);
    }
    let side = state.side();
    Some(ResponseSpec { layer, read, kernel, sheet: shown, side, cells, facts: state.facts.clone() })
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
    if let (Ok(facts), Some(ResponseSpec { sheet: None, .. })) = (&result, &spec) {
        state.preview.proportions = Some(facts.size);
    }
    (state.preview.shown, state.preview.failed) = match (result, spec) {
        (Ok(facts), Some(spec)) => (Some((spec, facts)), None),
        (Err(sentence), _) => (None, Some(sentence)),
        (Ok(_), None) => (None, None),
    };
}

/// The terminal lost the picture: it is made anew.
pub(super) fn forget(state: &mut State, effects: &mut Vec<Effect>) {
    state.preview = Preview { proportions: state.preview.proportions, ..Preview::default() };
    effects.push(Effect::ForgetPicture);
}
