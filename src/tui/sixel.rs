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
use crate::raster::{Indexed, LEVELS, TRANSPARENT};

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
/// One band of so many tells how many bytes all of them will take.
const SAMPLE: usize = 5;

/// The register of no pixel; there are fewer.
const NONE: u8 = u8::MAX;

/// The picture as one device control string.
pub(super) fn of_response(picture: &Indexed) -> String {
    let found = STEPS.iter().find_map(|step| with_step(picture, *step, ENOUGH));
    found.or_else(|| with_step(picture, STEPS[STEPS.len() - 1], usize::MAX)).unwrap_or_default()
}

/// The photo as one device control string, in as many colours as it has room for.
pub(super) fn of_photo(photo: &Photo) -> String {
    let write = |picture: &Indexed| {
        let text = written(picture, used(&picture.indices), |_| {}, usize::MAX);
        Ok::<_, Infallible>(text.unwrap_or_default())
    };
    let Ok(text) = few_colors::encoded(photo, ENOUGH_FOR_PHOTO, write);
    text
}

/// A response whose pixels are drawn with every `step`th level; `None` where it takes more than `enough` bytes.
fn with_step(picture: &Indexed, step: u8, enough: usize) -> Option<String> {
    let nearest = |level: u8| if usize::from(level) < LEVELS { nearest(level, step) } else { level };
    let used = used(&picture.indices).map(nearest);
    written(picture, used, |colors| choose(colors, picture.width, step), enough)
}

/// The indices that some pixel has.
fn used(indices: &[u8]) -> impl Iterator<Item = u8> {
    let mut used = [false; 256];
    for index in indices {
        used[usize::from(*index)] = true;
    }
    (0..=u8::MAX).zip(used).filter_map(|(index, used)| used.then_some(index))
}

/// A picture with the colours that are in use, once `choose` has had its way with the indices of each band; `None` where it
/// takes more than `enough` bytes, which some of the bands mostly tell.
fn written(
    picture: &Indexed,
    used: impl Iterator<Item = u8>,
    choose: impl Fn(&mut [u8]) + Sync,
    enough: usize,
) -> Option<String> {
    let Indexed { width, height, palette, .. } = picture;
    // Pixels that have no colour stay as they are; pixels are square.
    let mut text = format!("\x1bP0;1q\"1;1;{width};{height}");
    // Registers in the order of the palette: the fewer digits, the fewer bytes.
    let mut registers = [NONE; 256];
    let mut count = 0;
    for index in used.filter(|index| *index != TRANSPARENT) {
        let (register, color) = (&mut registers[usize::from(index)], palette[usize::from(index)]);
        if *register == NONE {
            *register = count;
            let [red, green, blue] = color.map(|channel| (u32::from(channel) * 100 + 127) / 255);
            let _ = write!(text, "#{count};2;{red};{green};{blue}");
            count += 1;
        }
    }
    let write_band = |band: &mut Band, bytes: &mut Vec<u8>, indices: &[u8]| {
        let mut colors = indices.to_vec();
        choose(&mut colors);
        for color in &mut colors {
            *color = registers[usize::from(*color)];
        }
        bytes.reserve(colors.len());
        band.write(bytes, &colors);
        bytes.push(b'-');
    };
    let indices: Vec<&[u8]> = picture.indices.chunks((width * BAND).max(1)).collect();
    let mut bands = vec![Vec::new(); indices.len()];
    for sampled in [true, false] {
        let these = bands.par_iter_mut().zip(&indices).enumerate();
        these.filter(|(at, _)| (at % SAMPLE == SAMPLE / 2) == sampled).for_each_init(
            || Band::new(*width, usize::from(count)),
            |band, (_, (bytes, indices))| write_band(band, bytes, indices),
        );
        // A few bands say nothing of the others.
        let times = if sampled && indices.len() >= SAMPLE * SAMPLE { SAMPLE } else { 1 };
        if text.len() + bands.iter().map(Vec::len).sum::<usize>() * times > enough {
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

/// Where a colour stands that is no level: near none.
const NOWHERE: i16 = i16::MAX;

/// Makes of each pixel's level the one that it is drawn with: the nearest of every `step`, or a neighbour's that is hardly
/// farther away (the rounding alone is off by half a step).
fn choose(colors: &mut [u8], width: usize, step: u8) {
    let (width, tolerance) = (width.max(1), i16::from(step * 5 / 8));
    let nearest: [i16; LEVELS] = std::array::from_fn(|level| i16::from(nearest(level as u8, step)));
    // The row above, overwritten from left to right.
    let mut above = vec![NOWHERE; width];
    for colors in colors.chunks_mut(width) {
        let mut left = NOWHERE;
        for (color, above) in colors.iter_mut().zip(&mut above) {
            let level = *color;
            let Some(nearest) = nearest.get(usize::from(level)) else {
                (left, *above) = (NOWHERE, NOWHERE);
                continue;
            };
            let serves = |place: i16| (place - i16::from(level)).abs() <= tolerance;
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
    /// Of each register, in which rows of each column it is.
    rows: Vec<u8>,
    /// From left to right by where they begin.
    stretches: Vec<Stretch>,
    /// Of each register, its last stretch.
    last: Vec<Option<usize>>,
}

/// A stretch of one colour in a band, without long gaps.
struct Stretch {
    register: u8,
    columns: Range<usize>,
}

impl Band {
    fn new(width: usize, registers: usize) -> Self {
        let (rows, last) = (vec![0; registers * width], vec![None; registers]);
        Self { width, rows, stretches: Vec::new(), last }
    }

    /// Writes stretches of all colours, packed into as few lines as they fit side by side.
    fn write(&mut self, text: &mut Vec<u8>, registers: &[u8]) {
        self.fill(registers);
        let (width, rows) = (self.width, &self.rows);
        let mut register = None;
        let mut lines = 0;
        while !self.stretches.is_empty() {
            if lines > 0 {
                text.push(b'$');
            }
            lines += 1;
            let mut at = 0;
            self.stretches.retain(|stretch| {
                let columns = &stretch.columns;
                if columns.start < at {
                    return true;
                }
                if register.replace(stretch.register) != Some(stretch.register) {
                    text.push(b'#');
                    number(text, usize::from(stretch.register));
                }
                repeat(text, 0, columns.start - at);
                let own = &rows[usize::from(stretch.register) * width..][columns.clone()];
                own.chunk_by(|a, b| a == b).for_each(|run| repeat(text, run[0], run.len()));
                at = columns.end;
                false
            });
        }
    }

    /// Takes in the registers of its pixels, row after row.
    fn fill(&mut self, registers: &[u8]) {
        self.rows.fill(0);
        self.last.fill(None);
        for column in 0..self.width {
            for (row, register) in registers.iter().skip(column).step_by(self.width).enumerate() {
                let Some(last) = self.last.get_mut(usize::from(*register)) else { continue };
                let rows = &mut self.rows[usize::from(*register) * self.width + column];
                if *rows == 0 {
                    match last.map(|last| &mut self.stretches[last].columns) {
                        Some(columns) if column - columns.end <= SHORT_GAP => columns.end = column + 1,
                        _ => {
                            *last = Some(self.stretches.len());
                            let columns = column..column + 1;
                            self.stretches.push(Stretch { register: *register, columns });
                        }
                    }
                }
                *rows |= 1 << row;
            }
        }
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
            let mut colors = [zero; 36];
            choose(&mut colors, 6, step);
            assert_eq!(colors, [zero; 36], "step {step}");
            assert_eq!((LEVELS - 1) % usize::from(step), 0, "the ends are colours too");
        }
    }
}
