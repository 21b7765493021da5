//! Pictures as sixel, straight from a palette.
//!
//! Sixel has bands of six rows, and one line a band for each colour, so what it costs is the number of colours and how
//! often they take turns. A response needs few: every seventh of its [`LEVELS`], and where a pixel lies between two of
//! them it takes the one that its neighbour has.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::ops::Range;

use rayon::prelude::*;

use super::few_colors;
use crate::photo::Photo;
use crate::raster::{Indexed, LEVELS, Palette, TRANSPARENT};

/// Levels from one colour to the next, in the order of trying. Each divides the levels below zero, so that zero keeps a
/// colour of its own.
const STEPS: [u8; 4] = [7, 9, 14, 18];
/// Bytes at which fewer colours are tried: a busy picture hides the steps between them anyway.
const ENOUGH: usize = 114_000;
/// The same of a photo: here fewer colours can be seen.
const ENOUGH_FOR_PHOTO: usize = 118_000;
/// A gap that is cheaper crossed by a repeat count than by beginning the line anew.
const SHORT_GAP: usize = 24;
/// Rows of pixels in a band.
const BAND: usize = 6;
/// Bands that one thread writes at a time.
const TOGETHER: usize = 4;
/// One band of so many tells how many bytes all of them will take.
const SAMPLE: usize = 5;

/// The register of no pixel; there are fewer.
const NONE: u8 = u8::MAX;

/// The picture as one device control string.
pub(super) fn of_response(picture: &Indexed) -> String {
    let (sample, times) = sample(picture);
    let fits = |step: u8| with_step(&sample, step).len() * times <= ENOUGH;
    let likely = STEPS.iter().position(|step| fits(*step)).unwrap_or(STEPS.len() - 1);
    let mut text = String::new();
    for step in &STEPS[likely..] {
        text = with_step(picture, *step);
        if text.len() <= ENOUGH {
            break;
        }
    }
    text
}

/// The photo as one device control string, in as many colours as it has room for.
pub(super) fn of_photo(photo: &Photo) -> String {
    let write = |picture: &Indexed| {
        Ok::<_, Infallible>(written(picture.width, picture.height, &picture.indices, &picture.palette))
    };
    let Ok(text) = few_colors::encoded(photo, ENOUGH_FOR_PHOTO, write);
    text
}

/// Some of the bands, and how many times as many there are. None of a picture that is too small to be too long.
fn sample(picture: &Indexed) -> (Indexed, usize) {
    let (width, length) = (picture.width, picture.width * BAND);
    let few = picture.indices.len() <= ENOUGH / 2;
    let bands = picture.indices.chunks(length.max(1)).skip(SAMPLE / 2).step_by(SAMPLE);
    let indices = if few { Vec::new() } else { bands.collect::<Vec<&[u8]>>().concat() };
    (Indexed { width, height: indices.len() / width.max(1), indices, palette: picture.palette }, SAMPLE)
}

fn with_step(picture: &Indexed, step: u8) -> String {
    let width = picture.width;
    let together = (width * BAND * TOGETHER).max(1);
    let mut colors = vec![0_u8; picture.indices.len()];
    let pieces = colors.par_chunks_mut(together).zip(picture.indices.par_chunks(together));
    pieces.for_each(|(colors, levels)| choose(colors, levels, width, step));
    written(width, picture.height, &colors, &picture.palette)
}

/// A picture whose pixels have these indices into the palette.
fn written(width: usize, height: usize, colors: &[u8], palette: &Palette) -> String {
    let together = (width * BAND * TOGETHER).max(1);
    // Pixels that have no colour stay as they are; pixels are square.
    let mut text = format!("\x1bP0;1q\"1;1;{width};{height}");
    let mut used = [false; 256];
    for color in colors {
        used[usize::from(*color)] = true;
    }
    // Registers in the order of the palette: the fewer digits, the fewer bytes.
    let mut registers = [0_u8; 256];
    used[usize::from(TRANSPARENT)] = false;
    registers[usize::from(TRANSPARENT)] = NONE;
    let mut count = 0;
    for (register, index) in (0..256).filter(|index| used[*index]).enumerate() {
        registers[index] = register as u8;
        count = register + 1;
        let [red, green, blue] = palette[index].map(|channel| (u32::from(channel) * 100 + 127) / 255);
        let _ = write!(text, "#{register};2;{red};{green};{blue}");
    }
    let piece = |colors: &[u8]| {
        let mut band = Band { width, columns: vec![Vec::new(); count] };
        let mut bytes = Vec::with_capacity(colors.len());
        for pixels in colors.chunks((width * BAND).max(1)) {
            let registered = pixels.iter().map(|color| registers[usize::from(*color)]).collect::<Vec<u8>>();
            band.write(&mut bytes, &registered);
            bytes.push(b'-');
        }
        bytes
    };
    let mut bytes = std::mem::take(&mut text).into_bytes();
    let pieces: Vec<Vec<u8>> = colors.par_chunks(together).map(piece).collect();
    bytes.extend(pieces.into_iter().flatten());
    // No new line behind the last band: it might scroll.
    bytes.pop_if(|last| *last == b'-');
    bytes.extend_from_slice(b"\x1b\\");
    // Sixels are ASCII.
    String::from_utf8(bytes).unwrap_or_default()
}

/// Where a colour stands that is no level: near none.
const NOWHERE: i16 = i16::MAX;

/// The index into the palette that each pixel is drawn with: the nearest of every `step`, or a neighbour's that is
/// hardly farther away (the rounding alone is off by half a step).
fn choose(colors: &mut [u8], levels: &[u8], width: usize, step: u8) {
    let (width, tolerance) = (width.max(1), i16::from(step * 5 / 8));
    let nearest: [i16; LEVELS] = std::array::from_fn(|level| i16::from(nearest(level as u8, step)));
    // The row above, overwritten from left to right.
    let mut above = vec![NOWHERE; width];
    for (colors, levels) in colors.chunks_mut(width).zip(levels.chunks(width)) {
        let mut left = NOWHERE;
        for ((color, level), above) in colors.iter_mut().zip(levels).zip(&mut above) {
            let Some(nearest) = nearest.get(usize::from(*level)) else {
                (*color, left, *above) = (*level, NOWHERE, NOWHERE);
                continue;
            };
            let serves = |place: i16| (place - i16::from(*level)).abs() <= tolerance;
            // Both are asked at once: which of them serves cannot be foreseen, and a wrong guess costs the processor more.
            let (left_serves, above_serves) = (serves(left), serves(*above));
            let other = if above_serves { *above } else { *nearest };
            left = if left_serves { left } else { other };
            (*color, *above) = (left as u8, left);
        }
    }
}

/// The multiple of `step` that is nearest to a level; the last level is one, and none is beyond it.
pub(super) fn nearest(level: u8, step: u8) -> u8 {
    // Half a step more than the last level is no `u8` any more.
    let rest = level % step;
    if rest > step / 2 { level - rest + step } else { level - rest }
}

/// Six rows of pixels.
struct Band {
    width: usize,
    /// Of each register, the columns that have it, and in which of their rows.
    columns: Vec<Vec<(usize, u8)>>,
}

/// A stretch of one colour in a band, without long gaps.
struct Stretch {
    register: usize,
    start: usize,
    /// Its columns, by their places in the register's list.
    columns: Range<usize>,
}

impl Band {
    /// Writes stretches of all colours, packed into as few lines as they fit side by side.
    fn write(&mut self, text: &mut Vec<u8>, pixels: &[u8]) {
        self.fill(pixels);
        let mut stretches = self.stretches();
        stretches.sort_unstable_by_key(|stretch| (stretch.start, stretch.register));
        let mut register = None;
        let mut lines = 0;
        while !stretches.is_empty() {
            if lines > 0 {
                text.push(b'$');
            }
            lines += 1;
            let mut at = 0;
            stretches.retain(|stretch| {
                if stretch.start < at {
                    return true;
                }
                if register != Some(stretch.register) {
                    text.push(b'#');
                    number(text, stretch.register);
                    register = Some(stretch.register);
                }
                at = self.draw(text, stretch, at);
                false
            });
        }
    }

    /// Writes a stretch from column `at` on; answers with the column behind it.
    fn draw(&self, text: &mut Vec<u8>, stretch: &Stretch, mut at: usize) -> usize {
        let (mut bits, mut count) = (0, 0);
        for (column, rows) in &self.columns[stretch.register][stretch.columns.clone()] {
            if *column > at + count {
                // A gap.
                if bits != 0 {
                    repeat(text, bits, count);
                    (at, bits) = (at + count, 0);
                }
                count = column - at;
            }
            if *rows != bits {
                repeat(text, bits, count);
                (at, bits, count) = (at + count, *rows, 0);
            }
            count += 1;
        }
        repeat(text, bits, count);
        at + count
    }

    fn fill(&mut self, pixels: &[u8]) {
        self.columns.iter_mut().for_each(Vec::clear);
        let rows: Vec<&[u8]> = pixels.chunks(self.width.max(1)).collect();
        for column in 0..self.width {
            for (row, pixels) in rows.iter().enumerate() {
                let Some(columns) = self.columns.get_mut(usize::from(pixels[column])) else { continue };
                match columns.last_mut() {
                    Some((last, rows)) if *last == column => *rows |= 1 << row,
                    _ => columns.push((column, 1 << row)),
                }
            }
        }
    }

    fn stretches(&self) -> Vec<Stretch> {
        let mut stretches = Vec::new();
        for (register, columns) in self.columns.iter().enumerate() {
            let mut first = 0;
            for near in columns.chunk_by(|before, next| next.0 - before.0 <= SHORT_GAP + 1) {
                let columns = first..first + near.len();
                first = columns.end;
                stretches.push(Stretch { register, start: near[0].0, columns });
            }
        }
        stretches
    }
}

fn repeat(text: &mut Vec<u8>, bits: u8, count: usize) {
    let sixel = b'?' + bits;
    if count > 3 {
        text.push(b'!');
        number(text, count);
        text.push(sixel);
    } else {
        text.resize(text.len() + count, sixel);
    }
}

/// A number in decimals. There are tens of thousands of them in a picture, and `write!` took half of its time.
fn number(text: &mut Vec<u8>, number: usize) {
    let mut digits = [0_u8; 20];
    let (mut rest, mut first) = (number, digits.len());
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[first..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::COLOR_MAPS;

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

    #[test]
    fn zero_and_the_ends_keep_their_own_colours_with_every_step() {
        for step in STEPS {
            let last = (LEVELS - 1) as u8;
            assert_eq!([nearest(0, step), nearest(last - 1, step), nearest(last, step)], [0, last, last]);
            let zero = (LEVELS / 2) as u8;
            let mut colors = [0; 36];
            choose(&mut colors, &[zero; 36], 6, step);
            assert_eq!(colors, [zero; 36], "step {step}");
            assert_eq!((LEVELS - 1) % usize::from(step), 0, "the ends are colours too");
        }
    }
}
