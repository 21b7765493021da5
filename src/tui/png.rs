//! Pictures as PNG, which kitty and iTerm2 take: a response has one number a pixel, so its colours are a palette, and an
//! indexed PNG is a third of what the same pixels are in truecolor.

use png::{BitDepth, ColorType, Compression, Encoder, Filter};

use crate::photo::Photo;
use crate::raster::{Indexed, TRANSPARENT};

/// Bytes at which a response's levels are halved: as base64 it would be a third more than a thin line should carry.
const ENOUGH: usize = 84_000;

/// A response, with transparent pixels to the right and below up to so many. A busy one loses every other level.
///
/// # Errors
/// When the encoder fails.
pub(super) fn of_response(
    picture: &Indexed,
    width: usize,
    height: usize,
) -> Result<Vec<u8>, png::EncodingError> {
    let mut pixels = vec![TRANSPARENT; width * height];
    let rows = picture.indices.chunks(picture.width.max(1));
    for (row, from) in pixels.chunks_mut(width.max(1)).zip(rows) {
        let length = from.len().min(row.len());
        row[..length].copy_from_slice(&from[..length]);
    }
    let whole = indexed(picture, &pixels, width, height)?;
    if whole.len() <= ENOUGH {
        return Ok(whole);
    }
    // The middle level, zero, is even and stays.
    for level in pixels.iter_mut().filter(|level| **level < TRANSPARENT) {
        *level &= !1;
    }
    indexed(picture, &pixels, width, height)
}

fn indexed(
    picture: &Indexed,
    pixels: &[u8],
    width: usize,
    height: usize,
) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(picture.palette.as_flattened());
    let opaque = |index: usize| if index == usize::from(TRANSPARENT) { 0 } else { 255 };
    encoder.set_trns((0..=usize::from(TRANSPARENT)).map(opaque).collect::<Vec<u8>>());
    write(encoder, pixels)?;
    Ok(bytes)
}

/// The photo, with transparent pixels to the right and below up to so many.
///
/// # Errors
/// When the encoder fails.
pub(super) fn of_photo(photo: &Photo, width: usize, height: usize) -> Result<Vec<u8>, png::EncodingError> {
    let mut pixels = vec![0; width * height * 4];
    for (row, from) in pixels.chunks_mut(width.max(1) * 4).zip(photo.rgb.chunks(photo.width.max(1) * 3)) {
        for (pixel, rgb) in row.chunks_exact_mut(4).zip(from.chunks_exact(3)) {
            pixel.copy_from_slice(&[rgb[0], rgb[1], rgb[2], 255]);
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    write(encoder, &pixels)?;
    Ok(bytes)
}

/// Neighbours are alike in a photo and in its response. Over the demo's responses the Paeth filter makes a sixth less
/// than the "up" filter in the same time, and a better compression takes ten times as long for another twentieth.
fn write(mut encoder: Encoder<'_, &mut Vec<u8>>, pixels: &[u8]) -> Result<(), png::EncodingError> {
    encoder.set_compression(Compression::Fast);
    encoder.set_filter(Filter::Paeth);
    encoder.write_header()?.write_image_data(pixels)
}
