//! A response as sixel, straight from its palette.
//!
//! Sixel has bands of six rows, and one line a band for each colour, so what it costs is the number of colours and how
//! often they take turns. A response needs few: every seventh of its [`LEVELS`], and where a pixel lies between two of
//! them it takes the one that its neighbour has.

use std::fmt::Write as _;

use crate::raster::{Indexed, LEVELS, TRANSPARENT};

/// Levels from one colour to the next, in the order of trying. Each divides the levels below zero, so that zero keeps a
/// colour of its own.
const STEPS: [u8; 4] = [7, 9, 14, 18];
/// Bytes at which fewer colours are tried: a busy picture hides the steps between them anyway.
const ENOUGH: usize = 114_000;
/// A gap that is cheaper crossed by a repeat count than by beginning the line anew.
const SHORT_GAP: usize = 24;

/// The register of no pixel; there are never so many.
const NONE: u8 = u8::MAX;

/// The picture as one device control string.
pub(super) fn of_response(picture: &Indexed) -> String {
    let mut text = String::new();
    for step in STEPS {
        text = with_step(picture, step);
        if text.len() <= ENOUGH {
            break;
        }
    }
    text
}

fn with_step(picture: &Indexed, step: u8) -> String {
    let (width, height) = (picture.width, picture.height);
    let colors = colors(picture, step);
    let mut text = String::with_capacity(width * height / 2 + 1024);
    // Pixels that have no colour stay as they are; pixels are square.
    let _ = write!(text, "\x1bP0;1q\"1;1;{width};{height}");
    let mut used = [false; 256];
    for color in &colors {
        used[usize::from(*color)] = true;
    }
    // Registers in the order of the palette: the fewer digits, the fewer bytes.
    let mut registers = [0_u8; 256];
    used[usize::from(TRANSPARENT)] = false;
    registers[usize::from(TRANSPARENT)] = NONE;
    for (register, index) in (0..256).filter(|index| used[*index]).enumerate() {
        registers[index] = register as u8;
        let [red, green, blue] = picture.palette[index].map(|channel| (u32::from(channel) * 100 + 127) / 255);
        let _ = write!(text, "#{register};2;{red};{green};{blue}");
    }
    let registered: Vec<u8> = colors.iter().map(|color| registers[usize::from(*color)]).collect();
    let mut band = Band { width, bits: vec![0; width * 256], spans: vec![None; 256] };
    for (number, pixels) in registered.chunks(width.max(1) * 6).enumerate() {
        if number > 0 {
            text.push('-');
        }
        band.write(&mut text, pixels);
    }
    text.push_str("\x1b\\");
    text
}

/// The index into the palette that each pixel is drawn with: the nearest of every `step`, or a neighbour's that is
/// hardly farther away (the rounding alone is off by half a step).
fn colors(picture: &Indexed, step: u8) -> Vec<u8> {
    let (width, tolerance) = (picture.width.max(1), step * 5 / 8);
    let mut colors: Vec<u8> = vec![0; picture.indices.len()];
    for (at, level) in picture.indices.iter().copied().enumerate() {
        if usize::from(level) >= LEVELS {
            colors[at] = level;
            continue;
        }
        let serves = |color: &u8| usize::from(*color) < LEVELS && color.abs_diff(level) <= tolerance;
        let left = (at % width > 0).then(|| colors[at - 1]).filter(serves);
        let above = || at.checked_sub(width).map(|above| colors[above]).filter(serves);
        colors[at] = left.or_else(above).unwrap_or_else(|| nearest(level, step));
    }
    colors
}

/// The multiple of `step` that is nearest to a level; the last level is one, and none is beyond it.
fn nearest(level: u8, step: u8) -> u8 {
    // Half a step more than the last level is no `u8` any more.
    let rest = level % step;
    if rest > step / 2 { level - rest + step } else { level - rest }
}

/// Six rows of pixels.
struct Band {
    width: usize,
    /// Of each register, the rows that it sets in each column.
    bits: Vec<u8>,
    /// Of each register, the first column that has it and the one behind the last.
    spans: Vec<Option<(usize, usize)>>,
}

/// A stretch of one colour in a band, without long gaps.
struct Stretch {
    register: usize,
    start: usize,
    end: usize,
}

impl Band {
    /// Writes stretches of all colours, packed into as few lines as they fit side by side.
    fn write(&mut self, text: &mut String, pixels: &[u8]) {
        self.fill(pixels);
        let mut stretches = self.stretches();
        stretches.sort_unstable_by_key(|stretch| (stretch.start, stretch.register));
        let mut register = None;
        let mut lines = 0;
        while !stretches.is_empty() {
            if lines > 0 {
                text.push('$');
            }
            lines += 1;
            let mut at = 0;
            stretches.retain(|stretch| {
                if stretch.start < at {
                    return true;
                }
                if register != Some(stretch.register) {
                    text.push('#');
                    number(text, stretch.register);
                    register = Some(stretch.register);
                }
                repeat(text, 0, stretch.start - at);
                let row = stretch.register * self.width;
                for run in self.bits[row + stretch.start..row + stretch.end].chunk_by(|a, b| a == b) {
                    repeat(text, run[0], run.len());
                }
                at = stretch.end;
                false
            });
        }
        self.clear();
    }

    fn fill(&mut self, pixels: &[u8]) {
        for (row, registers) in pixels.chunks(self.width.max(1)).enumerate() {
            for (column, register) in registers.iter().enumerate().filter(|(_, register)| **register != NONE)
            {
                let register = usize::from(*register);
                self.bits[register * self.width + column] |= 1 << row;
                let (first, end) = self.spans[register].unwrap_or((column, column));
                self.spans[register] = Some((first.min(column), end.max(column + 1)));
            }
        }
    }

    fn stretches(&self) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        let spans = self.spans.iter().enumerate().filter_map(|(register, span)| Some((register, (*span)?)));
        for (register, (first, end)) in spans {
            let mut open = Stretch { register, start: first, end: first };
            let row = &self.bits[register * self.width..][..end];
            for (column, _) in row.iter().enumerate().skip(first).filter(|(_, bits)| **bits != 0) {
                if column - open.end > SHORT_GAP {
                    stretches
                        .push(std::mem::replace(&mut open, Stretch { register, start: column, end: column }));
                }
                open.end = column + 1;
            }
            stretches.push(open);
        }
        stretches
    }

    fn clear(&mut self) {
        for (register, span) in self.spans.iter_mut().enumerate() {
            if let Some((first, end)) = span.take() {
                self.bits[register * self.width + first..register * self.width + end].fill(0);
            }
        }
    }
}

fn repeat(text: &mut String, bits: u8, count: usize) {
    let sixel = char::from(b'?' + bits);
    if count > 3 {
        text.push('!');
        number(text, count);
        text.push(sixel);
    } else {
        text.extend(std::iter::repeat_n(sixel, count));
    }
}

/// A number in decimals. There are tens of thousands of them in a picture, and `write!` took half of its time.
fn number(text: &mut String, number: usize) {
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
    text.extend(digits[first..].iter().map(|digit| char::from(*digit)));
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
            let flat = Indexed {
                indices: vec![zero; 36],
                width: 6,
                height: 6,
                palette: COLOR_MAPS[0].signed_palette(),
            };
            assert_eq!(colors(&flat, step), vec![zero; 36], "step {step}");
            assert_eq!((LEVELS - 1) % usize::from(step), 0, "the ends are colours too");
        }
    }
}
