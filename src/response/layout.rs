//! Where pixels stand in memory, and the copies that put them where a sweep can read them.
//!
//! With stride s, output x of a tap at column j reads input column x·s + j. Kept apart by phase (j mod s), these are
//! neighbours in memory for neighbouring x, so one loop does for every stride:
//!
//! ```text
//! stride 2     a b c d e f g h   →   phase 0: a c e g    phase 1: b d f h
//! ```

use std::ops::Range;

use ndarray::{ArrayView3, Axis};

use super::ConvParams;

/// A pixel: channel, row and column.
pub(super) type Pixel = [usize; 3];

/// How many numbers apart things are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) channel: usize,
    pub(super) row: usize,
    pub(super) phase: usize,
    /// How many phases the columns are sorted into.
    pub(super) phases: usize,
}

impl Layout {
    /// Of an image whose rows are in one piece, if it is one, with the numbers.
    pub(super) fn of<'a>(image: &ArrayView3<'a, f32>) -> Option<(Self, &'a [f32])> {
        let (_, rows, columns) = image.dim();
        let pixels = image.to_slice()?;
        Some((Self { channel: rows * columns, row: columns, phase: columns, phases: 1 }, pixels))
    }

    /// Of a copy with room for so many rows and columns (those of each phase).
    pub(super) fn copy(rows: usize, columns: usize, phases: usize) -> Self {
        // An odd number of cache lines: at a power of two the rows would fall on each other in the cache.
        let row = (columns * phases).div_ceil(16) | 1;
        Self { channel: rows * row * 16, row: row * 16, phase: columns, phases }
    }

    /// Where a pixel is, seen from the first.
    pub(super) fn offset(&self, [channel, row, column]: Pixel) -> usize {
        // Divisions take long, and mostly there is one phase.
        let (phase, column) =
            if self.phases == 1 { (0, column) } else { (column % self.phases, column / self.phases) };
        channel * self.channel + row * self.row + phase * self.phase + column
    }

    /// Copies the pixels from an answer's patch on, `rows` and `columns` of each phase, to where this layout wants them.
    /// What is outside the image is 0. `into` has room for them.
    pub(super) fn fill(
        &self,
        image: &ArrayView3<'_, f32>,
        params: &ConvParams,
        answer: [usize; 2],
        [rows, columns]: [usize; 2],
        into: &mut [f32],
    ) {
        let (_, height, width) = image.dim();
        let (stride, left) = (params.stride[1], params.padding.left);
        // For each phase the zeros before the image, the first pixel after them, and how many there are.
        let pieces: Vec<[usize; 3]> = (0..self.phases)
            .map(|phase| {
                let begin = answer[1] * stride + phase;
                let zeros = left.saturating_sub(begin).div_ceil(stride).min(columns);
                let from = (begin + zeros * stride).saturating_sub(left).min(width);
                [zeros, from, (width - from).div_ceil(stride).min(columns - zeros)]
            })
            .collect();
        for (plane, into) in image.outer_iter().zip(into.chunks_mut(self.channel)) {
            let pixels = plane.to_slice();
            for (y, into) in into.chunks_mut(self.row).take(rows).enumerate() {
                let row = (answer[0] * params.stride[0] + y).checked_sub(params.padding.top);
                let row = row.filter(|&row| row < height);
                for (&[zeros, from, count], into) in pieces.iter().zip(into.chunks_exact_mut(self.phase)) {
                    let into = &mut into[..columns];
                    let Some(row) = row else {
                        into.fill(0.0);
                        continue;
                    };
                    into[..zeros].fill(0.0);
                    into[zeros + count..].fill(0.0);
                    let into = &mut into[zeros..zeros + count];
                    if let Some(pixels) = pixels {
                        every(stride, &pixels[row * width + from..(row + 1) * width], into);
                    } else {
                        let row = plane.index_axis_move(Axis(0), row);
                        into.iter_mut()
                            .zip(row.iter().skip(from).step_by(stride))
                            .for_each(|(to, from)| *to = *from);
                    }
                }
            }
        }
    }
}

/// Copies every `stride`th number of `from`, beginning with the first.
fn every(stride: usize, from: &[f32], into: &mut [f32]) {
    match stride {
        1 => into.copy_from_slice(&from[..into.len()]),
        2 => {
            let (pairs, _) = from.as_chunks::<2>();
            let whole = pairs.len().min(into.len());
            for (into, pair) in into.iter_mut().zip(pairs) {
                *into = pair[0];
            }
            if let (Some(into), Some(last)) = (into.get_mut(whole), from.last()) {
                *into = *last;
            }
        }
        _ => into.iter_mut().zip(from.iter().step_by(stride)).for_each(|(into, from)| *into = *from),
    }
}

/// Which outputs along an axis see nothing outside the image.
pub(super) fn inside(
    outputs: usize,
    length: usize,
    reach: usize,
    stride: usize,
    before: usize,
) -> Range<usize> {
    let first = before.div_ceil(stride).min(outputs);
    let end = (length + before).checked_sub(reach).map_or(0, |steps| steps / stride + 1).min(outputs);
    first..end.max(first)
}
