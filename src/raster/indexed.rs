//! A response as an indexed picture: one channel, so its colours are a palette.

use ndarray::ArrayView2;

use super::color_map::{ColorMap, LEVELS, Palette, TRANSPARENT, signed_index, unsigned_index};
use crate::weights::statistics::magnitude_quantile;

/// What of a response is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResponseMode {
    /// Both signs; zero is the middle of the colour map.
    #[default]
    Signed,
    /// How strong, whatever the sign.
    Absolute,
    /// What a rectifier (`ReLU`) lets through.
    Rectified,
}

const MODES: [(ResponseMode, &str); 3] = [
    (ResponseMode::Signed, "signed"),
    (ResponseMode::Absolute, "absolute"),
    (ResponseMode::Rectified, "rectified"),
];

impl ResponseMode {
    /// Its name: `signed`, `absolute` or `rectified`.
    pub fn name(self) -> &'static str {
        MODES[self as usize].1
    }

    /// The one after it; after the last, the first.
    #[must_use]
    pub fn next(self) -> Self {
        MODES[(self as usize + 1) % MODES.len()].0
    }
}

/// A picture of numbers: an index a pixel, row after row, into a palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// One index a pixel, row after row.
    pub indices: Vec<u8>,
    /// The colour of each index.
    pub palette: Palette,
}

impl Indexed {
    /// Draws a response (`[row, column]`) so that ±`limit` are the ends of the colour map; what lies beyond is drawn
    /// as the end. The limit is [`response_limit`]'s, or any other.
    pub fn of_response(
        response: ArrayView2<'_, f32>,
        mode: ResponseMode,
        map: &ColorMap,
        limit: f32,
    ) -> Self {
        let (height, width) = response.dim();
        let share = |value: f32| if limit > 0.0 { (value / limit).clamp(-1.0, 1.0) } else { 0.0 };
        let indices = match mode {
            ResponseMode::Signed => each(response, |value| signed_index(value, share)),
            ResponseMode::Absolute => {
                each(response, |value| unsigned_index(value, |value| share(value).abs()))
            }
            ResponseMode::Rectified => {
                each(response, |value| unsigned_index(value, |value| share(value).max(0.0)))
            }
        };
        let palette = match mode {
            ResponseMode::Signed => map.signed_palette(),
            ResponseMode::Absolute | ResponseMode::Rectified => map.unsigned_palette(),
        };
        Self { width, height, indices, palette }
    }
}

/// The index of each value, row after row.
fn each(response: ArrayView2<'_, f32>, index: impl Fn(f32) -> u8) -> Vec<u8> {
    // A slice: there the loop is one of vectors.
    let response = response.as_standard_layout();
    response.as_slice().unwrap_or_default().iter().map(|value| index(*value)).collect()
}

impl Indexed {
    /// A picture without any pixel yet.
    pub fn transparent(width: usize, height: usize, palette: Palette) -> Self {
        Self { width, height, indices: vec![TRANSPARENT; width * height], palette }
    }

    /// Draws `other`, which has the same palette, with its top left corner at column `x` and row `y`; what lies outside
    /// is cut off.
    pub fn paste(&mut self, other: &Self, x: usize, y: usize) {
        let width = other.width.min(self.width.saturating_sub(x));
        for row in 0..other.height.min(self.height.saturating_sub(y)) {
            let from = &other.indices[row * other.width..][..width];
            self.indices[(y + row) * self.width + x..][..width].copy_from_slice(from);
        }
    }

    /// The picture with its sides divided by `scale`, rounded up: each pixel is the mean level of a block. What is not
    /// finite wins, so that it is seen, and what is transparent does not count.
    #[must_use]
    pub fn smaller(&self, scale: usize) -> Self {
        let (width, height) = (self.width.div_ceil(scale), self.height.div_ceil(scale));
        let mean = |at: usize| {
            let (left, top) = (at % width * scale, at / width * scale);
            let rows = (top..(top + scale).min(self.height)).map(|row| row * self.width);
            let (mut sum, mut count, mut largest) = (0, 0, None);
            for index in rows
                .flat_map(|row| &self.indices[row + left..row + (left + scale).min(self.width)])
                .filter(|index| **index != TRANSPARENT)
            {
                (sum, count) = (sum + u32::from(*index), count + 1);
                largest = largest.max(Some(*index));
            }
            match largest {
                None => TRANSPARENT,
                Some(largest) if usize::from(largest) >= LEVELS => largest,
                Some(_) => ((sum + count / 2) / count.max(1)) as u8,
            }
        };
        Self { width, height, indices: (0..width * height).map(mean).collect(), palette: self.palette }
    }

    /// The picture with each pixel drawn as a square of `scale`, cut off at `width` × `height`.
    #[must_use]
    pub fn larger(&self, scale: usize, width: usize, height: usize) -> Self {
        let from = |at: usize| (at / width / scale) * self.width + at % width / scale;
        Self {
            width,
            height,
            indices: (0..width * height).map(|at| self.indices[from(at)]).collect(),
            palette: self.palette,
        }
    }
}

/// The |value| that the colours of a response (`[row, column]`) should reach to.
///
/// With `share` 1 it is the largest, and nothing is clipped. With 0.995 one value in two hundred is: a few strong
/// edges, such as those that zero padding makes along the border, then leave the rest visible. Zero where nothing is
/// finite.
pub fn response_limit(response: ArrayView2<'_, f32>, share: f64) -> f32 {
    response_limits(response, share).0
}

/// [`response_limit`], and the largest |value|.
pub fn response_limits(response: ArrayView2<'_, f32>, share: f64) -> (f32, f32) {
    let response = response.as_standard_layout();
    let values = response.as_slice().unwrap_or_default();
    let (limit, largest) = magnitude_quantile(values, share).unwrap_or_default();
    // A response that is zero almost everywhere still shows where it is not.
    (if limit > 0.0 { limit } else { largest }, largest)
}
