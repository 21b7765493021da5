//! A photo in few colours of its own choosing: a third of what it is in truecolor, and sixel has no more anyway.

use quantette::deps::palette::Srgb;
use quantette::deps::palette::cast::{from_component_slice, into_component_slice};
use quantette::dither::FloydSteinberg;
use quantette::kmeans::KmeansOptions;
use quantette::{ImageRef, PaletteSize, Pipeline};

use crate::photo::Photo;
use crate::raster::{Indexed, TRANSPARENT, luminance};

/// How many colours, the most first.
const COLORS: [u8; 12] = [255, 160, 112, 88, 72, 60, 52, 46, 40, 32, 24, LAST];
/// Fewer would be another picture.
const LAST: u8 = 16;
/// How much of what a pixel's colour misses is passed on to its neighbours: it hides the steps between colours. All of it
/// would cost more bytes than a few more colours do.
const DITHER: f32 = 0.7;
/// The share of pixels that the colours are chosen by.
const CHOOSING: f32 = 0.15;
/// Rows that are encoded to tell how many bytes all of them will take, and out of how many.
const SAMPLE: (usize, usize) = (12, 60);

/// The photo in as many colours as `encode` can write in `enough` bytes, or in the fewest.
///
/// # Errors
/// When `encode` fails.
pub(super) fn encoded<T: AsRef<[u8]>, E>(
    photo: &Photo,
    enough: usize,
    encode: impl Fn(&Indexed) -> Result<T, E>,
) -> Result<T, E> {
    let sample = sample(photo);
    let is_too_long = |colors: &u8| {
        let part = encode(&reduced(&sample, *colors));
        part.is_ok_and(|part| part.as_ref().len() * photo.height / sample.height.max(1) > enough)
    };
    let mut likely = COLORS.partition_point(is_too_long);
    loop {
        let colors = COLORS.get(likely).unwrap_or(&LAST);
        let whole = encode(&reduced(photo, *colors))?;
        if *colors == LAST || whole.as_ref().len() <= enough {
            return Ok(whole);
        }
        likely += 1;
    }
}

fn sample(photo: &Photo) -> Photo {
    let row = photo.width.max(1) * 3;
    let stripes = photo.rgb.chunks(row * SAMPLE.1).map(|rows| &rows[..rows.len().min(row * SAMPLE.0)]);
    let rgb = stripes.flatten().copied().collect::<Vec<u8>>();
    Photo { width: photo.width, height: rgb.len() / row, rgb }
}

/// The photo in so many colours, numbered from dark to bright; what is behind them in the palette is not used.
fn reduced(photo: &Photo, colors: u8) -> Indexed {
    let (width, height) = (photo.width, photo.height);
    let mut picture = Indexed::transparent(width, height, [[0; 3]; 256]);
    let pixels: &[Srgb<u8>] = from_component_slice(&photo.rgb);
    let Ok(image) = ImageRef::new(width as u32, height as u32, pixels) else { return picture };
    let reduced = Pipeline::new()
        .palette_size(PaletteSize::from_u8_clamped(colors.min(TRANSPARENT)))
        .quantize_method(KmeansOptions::new().sampling_factor(CHOOSING))
        .ditherer(FloydSteinberg::with_error_diffusion(DITHER))
        .input_image(image)
        .output_srgb8_indexed_image();
    let chosen = into_component_slice(reduced.palette()).as_chunks::<3>().0;
    let mut order: Vec<usize> = (0..chosen.len()).collect();
    order.sort_by(|a, b| luminance(chosen[*a]).total_cmp(&luminance(chosen[*b])));
    let mut numbers = [0; 256];
    for (number, index) in order.into_iter().enumerate() {
        picture.palette[number] = chosen[index];
        numbers[index] = number as u8;
    }
    picture.indices = reduced.indices().iter().map(|index| numbers[usize::from(*index)]).collect();
    picture
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// The mean of each channel over blocks of 8×8 pixels, which is what the eye sees.
    fn means(width: usize, pixels: &[[u8; 3]]) -> Vec<f32> {
        let mut means = Vec::new();
        for rows in pixels.chunks_exact(width * 8) {
            for left in (0..width - 7).step_by(8) {
                for channel in 0..3 {
                    let block = rows.chunks(width).flat_map(|row| &row[left..left + 8]);
                    means.push(block.map(|pixel| f32::from(pixel[channel])).sum::<f32>() / 64.0);
                }
            }
        }
        means
    }

    #[test]
    fn few_colours_are_the_photos_own() {
        let photo = crate::demo::photo().fitted(420, 280);
        for (colors, usual, most) in [(255, 0.5, 6.0), (46, 2.0, 12.0)] {
            let picture = reduced(&photo, colors);
            let used = picture.indices.iter().max().map(|last| usize::from(*last) + 1);
            assert!(used <= Some(usize::from(colors)), "{used:?}");
            let pixels: Vec<[u8; 3]> =
                picture.indices.iter().map(|index| picture.palette[usize::from(*index)]).collect();
            let own = means(photo.width, photo.rgb.as_chunks().0);
            let mut errors: Vec<f32> =
                means(photo.width, &pixels).iter().zip(own).map(|(a, b)| (a - b).abs()).collect();
            errors.sort_by(f32::total_cmp);
            let (median, largest) = (errors[errors.len() / 2], errors[errors.len() * 99 / 100]);
            assert!(median < usual && largest < most, "{colors} colours: off by {median}, {largest}");
        }
    }

    #[test]
    fn colours_are_as_many_as_fit() {
        let photo = crate::demo::photo().fitted(120, 80);
        let bytes = |picture: &Indexed| {
            // More colours, more bytes.
            let last = picture.indices.iter().max().copied().unwrap_or_default();
            Ok::<_, Infallible>(vec![last; usize::from(last) * picture.height])
        };
        for (enough, most) in [(1 << 30, 255), (80 * 100, 100), (80 * 30, 30), (0, LAST)] {
            let Ok(made) = encoded(&photo, enough, bytes);
            let fewer = COLORS.iter().find(|colors| **colors <= most).copied().unwrap_or(16);
            assert!((fewer / 4 * 3..=most).contains(&(made[0] + 1)), "{} of {most}", made[0]);
        }
    }
}
