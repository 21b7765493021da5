//! Pictures as sixel, straight from a palette.
//!
//! Sixel has bands of six rows, and one line a band for each colour, so what it costs is the number of colours and how
//! often they take turns. A response needs few: every seventh of its [`LEVELS`], and where a pixel lies between two of
//! them it takes the one that its neighbour has.

use std::convert::Infallible;
use std::fmt::Write as _;

use rayon::prelude::*;

use super::few_colors;
use crate::photo::Photo;
use crate::raster::{Indexed, TRANSPARENT};

use choice::Choice;
pub(super) use choice::nearest;

mod band;
mod choice;

/// Levels from one colour to the next, in the order of trying. Each divides the levels below zero, so that zero keeps a
/// colour of its own.
const STEPS: [u8; 4] = [7, 9, 14, 18];
/// Bytes at which fewer colours are tried: a busy picture hides the steps between them anyway.
const ENOUGH: usize = 114_000;
/// The same of a photo: here fewer colours can be seen.
const ENOUGH_FOR_PHOTO: usize = 118_000;
/// Rows of pixels in a band.
const BAND: usize = 6;
/// One band of so many is written first: together they tell how many bytes all will take. Each share is among the next.
const SHARES: [usize; 3] = [15, 5, 1];
/// So few bands tell nothing of the others.
const FEWEST: usize = 4;
/// Bands of a share vary: of a share, so many percent of what there is room for are not too many yet.
const DOUBT: [usize; 3] = [115, 100, 100];

/// The picture as one device control string.
pub(super) fn of_response(picture: &Indexed) -> String {
    let used = used(&picture.indices);
    let text = |step, enough| written(picture, &used, &Choice::of_every(step), enough);
    let found = STEPS.iter().find_map(|step| text(*step, ENOUGH));
    found.or_else(|| text(STEPS[STEPS.len() - 1], usize::MAX)).unwrap_or_default()
}

/// The photo as one device control string, in as many colours as it has room for.
pub(super) fn of_photo(photo: &Photo) -> String {
    let write = |picture: &Indexed| {
        let text = written(picture, &used(&picture.indices), &Choice::own(), usize::MAX);
        Ok::<_, Infallible>(text.unwrap_or_default())
    };
    let Ok(text) = few_colors::encoded(photo, ENOUGH_FOR_PHOTO, write);
    text
}

/// The indices that some pixel has.
fn used(indices: &[u8]) -> Vec<u8> {
    let mut used = [false; 256];
    for index in indices {
        used[usize::from(*index)] = true;
    }
    (0..=u8::MAX).filter(|index| used[usize::from(*index)]).collect()
}

/// A picture of the indices that are `used`, drawn as `choice` has it; `None` where it takes more than `enough` bytes,
/// which some of the bands mostly tell.
fn written(picture: &Indexed, used: &[u8], choice: &Choice, enough: usize) -> Option<String> {
    let Indexed { width, height, palette, .. } = picture;
    // Pixels that have no colour stay as they are; pixels are square.
    let mut text = format!("\x1bP0;1q\"1;1;{width};{height}");
    // Registers in the order of the palette: the fewer digits, the fewer bytes.
    let mut colors = choice.colors(used);
    colors.retain(|color| *color != TRANSPARENT);
    let count = colors.len() as u8;
    let mut registers = [count; 256];
    for (color, register) in colors.into_iter().map(usize::from).zip(0..) {
        registers[color] = register;
        let [red, green, blue] = palette[color].map(|channel| (u32::from(channel) * 100 + 127) / 255);
        let _ = write!(text, "#{register};2;{red};{green};{blue}");
    }
    let indices: Vec<&[u8]> = picture.indices.chunks((width * BAND).max(1)).collect();
    let mut bands = vec![Vec::new(); indices.len()];
    for (share, doubt) in SHARES.into_iter().zip(DOUBT) {
        let is_wanted = |at: usize, text: &[u8]| text.is_empty() && at % share == share / 2;
        let these = bands.par_iter_mut().zip(&indices).enumerate();
        these.filter(|(at, (text, _))| is_wanted(*at, text)).for_each_init(
            || band::Writer::new(*width, choice, &registers, count),
            |writer, (_, (bytes, indices))| {
                bytes.reserve(indices.len());
                writer.write(indices, bytes);
                bytes.push(b'-');
            },
        );
        let written: usize = bands.iter().map(Vec::len).sum();
        let many = share == 1 || indices.len() >= share * FEWEST;
        if many && (text.len() + written * share).saturating_mul(100) > enough.saturating_mul(doubt) {
            return None;
        }
    }
    let mut bytes = text.into_bytes();
    bytes.append(&mut bands.concat());
    // No new line behind the last band: it might scroll.
    bytes.pop_if(|last| *last == b'-');
    bytes.extend_from_slice(b"\x1b\\");
    // Sixels are ASCII.
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::{COLOR_MAPS, LEVELS};

    /// Waves of changing length and strength, with a NaN and an infinity.
    fn picture(width: usize, height: usize) -> Indexed {
        let wave = |x: usize, y: usize| ((x * x) as f32 / 90.0).sin() * (y as f32 / height as f32);
        let level = |at: usize| (126.0 + 126.0 * wave(at % width, at / width)).round() as u8;
        let mut indices: Vec<u8> = (0..width * height).map(level).collect();
        indices[width + 1] = 255;
        indices[width * 2] = 254;
        Indexed { width, height, indices, palette: COLOR_MAPS[0].signed_palette() }
    }

    fn decoded(text: &str) -> (usize, usize, Vec<[u8; 4]>) {
        let image = icy_sixel::SixelImage::decode(text.as_bytes()).unwrap();
        let pixels = image.pixels.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]]).collect();
        (image.width, image.height, pixels)
    }

    #[test]
    fn every_pixel_has_a_colour_within_a_step_of_its_own() {
        for (width, height) in [(1, 3), (7, 6), (61, 43), (200, 100)] {
            let picture = picture(width, height);
            let (decoded_width, decoded_height, pixels) = decoded(&of_response(&picture));
            assert!(decoded_width == width && decoded_height >= height, "{decoded_width}×{decoded_height}");
            for (at, level) in picture.indices.iter().enumerate() {
                let levels = match usize::from(*level) {
                    ..LEVELS => level.saturating_sub(4)..=(level + 4).min(LEVELS as u8 - 1),
                    _ => *level..=*level,
                };
                let near = |other: u8| {
                    let channels = picture.palette[usize::from(other)].iter().zip(&pixels[at]);
                    // A channel travels as percent.
                    channels.into_iter().all(|(a, b)| a.abs_diff(*b) <= 2)
                };
                assert!(pixels[at][3] == 255 && levels.into_iter().any(near), "pixel {at}, level {level}");
            }
        }
    }

    #[test]
    fn a_photo_is_itself_within_its_bytes() {
        let photo = crate::demo::photo().fitted(420, 280);
        let text = of_photo(&photo);
        assert!((ENOUGH_FOR_PHOTO / 2..=ENOUGH_FOR_PHOTO).contains(&text.len()), "{}", text.len());
        let (width, height, pixels) = decoded(&text);
        assert!(width == photo.width && height >= photo.height, "{width}×{height}");
        let own = photo.rgb.as_chunks::<3>().0;
        let error =
            |(a, b): (&[u8; 4], &[u8; 3])| (0..3).map(|at| u32::from(a[at].abs_diff(b[at]))).sum::<u32>();
        let mean = pixels.iter().zip(own).map(error).sum::<u32>() as usize / (3 * own.len());
        assert!(mean < 6, "off by {mean}");
    }

    #[test]
    fn what_is_transparent_is_not_drawn() {
        let mut picture = Indexed::transparent(20, 13, COLOR_MAPS[0].signed_palette());
        picture.paste(&self::picture(7, 6), 10, 5);
        let (_, _, pixels) = decoded(&of_response(&picture));
        for (at, level) in picture.indices.iter().enumerate() {
            assert_eq!(pixels[at][3] == 0, *level == TRANSPARENT, "pixel {at}");
        }
    }
}
