//! Many kernels' responses to the photo in one picture, each on its tile of the contact sheet.

use ndarray::{ArrayView2, Axis, concatenate};

use super::{COLORED, Drawn, Fed, LARGEST_POOL, respond_to, strongest};
use crate::app::state::{KernelOnPhoto, ResponseFacts, ResponseSpec, SheetOnPhoto};
use crate::jobs::latest::Stale;
use crate::photo::Photo;
use crate::raster::{Indexed, response_limit, response_limits};
use crate::weights::Weights;

/// Pixels along the longer side of the largest photo that is met: what networks are fed, and quick for a whole layer.
const LARGEST_SIDE: usize = 224;

/// Kernels that are answered at once: more would only hold more memory.
const AT_ONCE: usize = 64;

/// The picture, and the size of one response in it; `None` where it is not wanted any more.
pub(super) fn compute(
    spec: &ResponseSpec,
    how: &KernelOnPhoto,
    sheet: &SheetOnPhoto,
    weights: &Weights,
    photo: &mut Fed,
    stale: &Stale<'_>,
) -> Option<Result<(Drawn, ResponseFacts), String>> {
    let cell = spec.facts.pixels();
    let cell = (usize::from(cell.0), usize::from(cell.1));
    let layout = sheet.layout;
    let (width, height) = (usize::from(layout.tile.0) * cell.0, usize::from(layout.tile.1) * cell.1);
    let pool = pool(width, height, &photo.photo);
    let input = photo.input(how, width * how.stride[1] * pool, height * how.stride[0] * pool);
    let mut responses = Vec::with_capacity(sheet.kernels.len());
    for kernels in sheet.kernels.chunks(AT_ONCE) {
        match respond_to(how, weights, kernels, input, stale)? {
            Ok(some) => responses.extend(some.axis_iter(Axis(0)).map(|response| strongest(response, pool))),
            Err(sentence) => return Some(Err(sentence)),
        }
    }
    let views: Vec<ArrayView2<'_, f32>> = responses.iter().map(|response| response.view()).collect();
    let all = sheet.one_scale.then(|| concatenate(Axis(0), &views).ok()).flatten();
    let one_scale = all.map(|all| response_limits(all.view(), COLORED));
    let tiles = views.into_iter().map(|response| {
        let limit = one_scale.map_or_else(|| response_limit(response, COLORED), |(limit, _)| limit);
        Indexed::of_response(response, how.mode, how.map, limit)
    });
    let (columns, rows) = layout.size(sheet.kernels.len());
    let mut picture: Option<Indexed> = None;
    let mut size = (0, 0);
    for (place, tile) in tiles.enumerate() {
        let picture = picture.get_or_insert_with(|| {
            Indexed::transparent(usize::from(columns) * cell.0, usize::from(rows) * cell.1, tile.palette)
        });
        size = (tile.width as u32, tile.height as u32);
        let (x, y) = layout.origin(place, cell, (tile.width, tile.height));
        picture.paste(&tile, x, y);
    }
    let Some(picture) = picture else { return Some(Err("there is no kernel to show".to_owned())) };
    Some(Ok((
        Drawn::Response(Box::new(picture)),
        ResponseFacts { size, largest: one_scale.map(|(limit, largest)| (largest, limit)) },
    )))
}

/// How many pixels of the response each of the picture's stands for, along a side.
fn pool(width: usize, height: usize, photo: &Photo) -> usize {
    let there = (photo.width / width.max(1)).max(photo.height / height.max(1));
    there.min(LARGEST_SIDE / width.max(height).max(1)).clamp(1, LARGEST_POOL)
}
