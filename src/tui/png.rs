//! Pictures as PNG, which kitty and iTerm2 take: a response has one number a pixel, so its colours are a palette, a photo
//! chooses one, and an indexed PNG is a third of what the same pixels are in truecolor.

use png::{BitDepth, ColorType, Compression, Encoder, Filter};

use super::few_colors;
use super::sixel::nearest;
use crate::photo::Photo;
use crate::raster::{Indexed, LEVELS, TRANSPARENT};

/// Levels from one that is kept to the next, in the order of trying. Each divides the levels below zero, so that zero and
/// the ends keep colours of their own.
const STEPS: [u8; 6] = [1, 2, 3, 6, 9, 14];
/// Bytes at which fewer levels are tried: as base64 it would be a third more than a thin line should carry.
const ENOUGH: usize = 84_000;
/// Rows that are looked at to tell how many bytes all of them will take, and out of how many.
const SAMPLE: (usize, usize) = (12, 60);

/// A response, with transparent pixels to the right and below up to so many. A busy one loses some of its levels.
///
/// # Errors
/// When the encoder fails.
pub(super) fn of_response(
    picture: &Indexed,
    width: usize,
    height: usize,
) -> Result<Vec<u8>, png::EncodingError> {
    let pixels = padded(picture, width, height);
    let stripes =
        pixels.chunks(width.max(1) * SAMPLE.1).map(|rows| &rows[..rows.len().min(width * SAMPLE.0)]);
    let sample = if pixels.len() > ENOUGH { stripes.flatten().copied().collect() } else { Vec::new() };
    let mut made = Vec::new();
    for step in STEPS {
        if !sample.is_empty() {
            let part = indexed(picture, &sample, step, width)?;
            if part.len() * pixels.len() / sample.len() > ENOUGH && step != STEPS[STEPS.len() - 1] {
                continue;
            }
        }
        made = indexed(picture, &pixels, step, width)?;
        if made.len() <= ENOUGH {
            break;
        }
    }
    Ok(made)
}

/// The picture's pixels, with transparent ones to the right and below up to so many.
fn padded(picture: &Indexed, width: usize, height: usize) -> Vec<u8> {
    let mut padded = Indexed::transparent(width, height, picture.palette);
    padded.paste(picture, 0, 0);
    padded.indices
}

/// The pixels in rows of `width`, with every `step`-th level only. They are numbered anew: neighbours that differ by one
/// cost least.
fn indexed(picture: &Indexed, pixels: &[u8], step: u8, width: usize) -> Result<Vec<u8>, png::EncodingError> {
    // Behind the levels stands what is none.
    let levels = (LEVELS as u8 - 1) / step + 1;
    let number = |level: u8| match usize::from(level).checked_sub(LEVELS) {
        None => nearest(level, step) / step,
        Some(other) => levels + other as u8,
    };
    let numbers: [u8; 256] = std::array::from_fn(|level| number(level as u8));
    let palette: Vec<[u8; 3]> = picture.palette[..LEVELS]
        .iter()
        .step_by(step.into())
        .chain(&picture.palette[LEVELS..])
        .copied()
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width as u32, (pixels.len() / width.max(1)) as u32);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(palette.as_flattened());
    let transparent = numbers[usize::from(TRANSPARENT)];
    let opaque = |index: u8| if index == transparent { 0 } else { 255 };
    encoder.set_trns((0..=transparent).map(opaque).collect::<Vec<u8>>());
    write(encoder, &pixels.iter().map(|level| numbers[usize::from(*level)]).collect::<Vec<u8>>())?;
    Ok(bytes)
}

/// The photo in few colours, with transparent pixels to the right and below up to so many.
///
/// # Errors
/// When the encoder fails.
pub(super) fn of_photo(photo: &Photo, width: usize, height: usize) -> Result<Vec<u8>, png::EncodingError> {
    few_colors::encoded(photo, ENOUGH, |picture| {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, width as u32, height as u32);
        encoder.set_color(ColorType::Indexed);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_palette(picture.palette.as_flattened());
        encoder.set_trns(
            (0..=TRANSPARENT).map(|index| if index == TRANSPARENT { 0 } else { 255 }).collect::<Vec<u8>>(),
        );
        // The numbers of dithered colours say nothing about their neighbours'.
        encoder.set_filter(Filter::NoFilter);
        encoder.set_compression(Compression::Balanced);
        encoder.write_header()?.write_image_data(&padded(picture, width, height))?;
        Ok(bytes)
    })
}

/// Neighbours are alike in a photo and in its response. Over the demo's responses the Paeth filter makes a sixth less
/// than the "up" filter in the same time, and a better compression takes ten times as long for another twentieth.
fn write(mut encoder: Encoder<'_, &mut Vec<u8>>, pixels: &[u8]) -> Result<(), png::EncodingError> {
    encoder.set_compression(Compression::Fast);
    encoder.set_filter(Filter::Paeth);
    encoder.write_header()?.write_image_data(pixels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::COLOR_MAPS;

    /// Waves with so much noise on them.
    fn noisy(width: usize, height: usize, noise: u32) -> Indexed {
        let mut state = 1_u32;
        let mut next = |at: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let wave = 126.0 + 100.0 * ((at % width) as f32 / 9.0).sin();
            ((wave as u32 + (state >> 24) * noise / 256) as usize).min(LEVELS - 1) as u8
        };
        let indices = (0..width * height).map(&mut next).collect();
        Indexed { width, height, indices, palette: COLOR_MAPS[0].signed_palette() }
    }

    fn levels(png: &[u8]) -> Vec<u8> {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder.set_transformations(png::Transformations::IDENTITY);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    }

    #[test]
    fn a_photo_is_itself_within_its_bytes_and_transparent_beyond() {
        let photo = crate::demo::photo().fitted(420, 280);
        let png = of_photo(&photo, 430, 290).unwrap();
        assert!(png.len() <= ENOUGH, "{}", png.len());
        let image = image::load_from_memory(&png).unwrap().into_rgba8();
        assert_eq!(image.dimensions(), (430, 290));
        let mut errors = 0;
        for (x, y, pixel) in image.enumerate_pixels() {
            let (x, y) = (x as usize, y as usize);
            let inside = x < photo.width && y < photo.height;
            assert_eq!(pixel[3], if inside { 255 } else { 0 }, "column {x}, row {y}");
            if inside {
                let own = &photo.rgb[3 * (y * photo.width + x)..][..3];
                errors += own.iter().zip(&pixel.0).map(|(a, b)| usize::from(a.abs_diff(*b))).sum::<usize>();
            }
        }
        assert!(errors / photo.rgb.len() < 5, "off by {}", errors / photo.rgb.len());
    }

    #[test]
    fn a_small_picture_loses_nothing_and_a_busy_one_few_levels() {
        let small = noisy(60, 40, 200);
        assert_eq!(levels(&of_response(&small, 60, 40).unwrap()), small.indices);
        for noise in [6, 20] {
            let busy = noisy(448, 448, noise);
            let png = of_response(&busy, 448, 448).unwrap();
            assert!(png.len() < ENOUGH, "{}", png.len());
            let numbers = levels(&png);
            let step = (LEVELS as u8 - 1) / numbers.iter().max().unwrap().max(&1);
            let kept: Vec<u8> = numbers.into_iter().map(|number| number * step).collect();
            let farthest = kept.iter().zip(&busy.indices).map(|(kept, level)| kept.abs_diff(*level)).max();
            let half = STEPS[STEPS.len() - 1] / 2;
            assert!(kept != busy.indices && farthest.unwrap() <= half, "{farthest:?}");
        }
    }
}
