//! Where pixels stand in memory, and the copies that put them where a sweep can read them.
//!
//! With stride s, output x of a tap at column j reads input column x·s + j. Kept apart by phase (j mod s), these are
//! neighbours in memory for neighbouring x, so one loop does for every stride:
//!
//! ```text
//! stride 2     a b c d e f g h   →   phase 0: a c e g    phase 1: b d f h
//! ```
#![expect(clippy::inline_always, reason = "instructions that are asked for at run time end at a call")]

use std::ops::Range;

use fearless_simd::{Simd, dispatch, prelude::*};
use ndarray::{ArrayView3, Axis};

use super::ConvParams;
use super::level::Level;

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
        level: Level,
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
            let rows = into.chunks_mut(self.row).take(rows).enumerate().map(|(y, into)| {
                let row = (answer[0] * params.stride[0] + y).checked_sub(params.padding.top);
                (row.filter(|&row| row < height), into)
            });
            if let Some(pixels) = plane.to_slice() {
                let rows = rows.map(|(row, into)| (row.map(|row| &pixels[row * width..]), into));
                dispatch!(level.simd(), simd => sort(simd, rows, &pieces, stride, [self.phase, columns]));
                continue;
            }
            for (row, into) in rows {
                for (&[zeros, from, count], into) in pieces.iter().zip(into.chunks_exact_mut(self.phase)) {
                    into[..columns].fill(0.0);
                    if let Some(row) = row {
                        let row = plane.index_axis(Axis(0), row);
                        into[zeros..zeros + count]
                            .iter_mut()
                            .zip(row.iter().skip(from).step_by(stride))
                            .for_each(|(to, from)| *to = *from);
                    }
                }
            }
        }
    }
}

impl Layout {
    /// Puts behind `channels` of a copy as many more: of so many rows each, less the one that is `apart` rows below.
    pub(super) fn differences(
        &self,
        level: Level,
        [channels, rows]: [usize; 2],
        apart: usize,
        copy: &mut [f32],
    ) {
        let (pixels, into) = copy.split_at_mut(channels * self.channel);
        let length = rows.saturating_sub(apart) * self.row;
        for (pixels, into) in pixels.chunks(self.channel).zip(into.chunks_mut(self.channel)) {
            let (upper, lower) = (&pixels[..length], &pixels[apart * self.row..][..length]);
            dispatch!(level.simd(), simd => subtract(simd, upper, lower, &mut into[..length]));
        }
    }
}

/// Whole vectors: rows are padded to them.
#[inline(always)]
fn subtract<S: Simd>(simd: S, from: &[f32], what: &[f32], into: &mut [f32]) {
    let lanes = S::f32s::LEN;
    for ((from, what), into) in
        from.chunks_exact(lanes).zip(what.chunks_exact(lanes)).zip(into.chunks_exact_mut(lanes))
    {
        (S::f32s::from_slice(simd, from) - S::f32s::from_slice(simd, what)).store_slice(into);
    }
}

/// Copies rows, or zeros where there is none, with their columns sorted: of each phase, `columns` of the `phase` numbers
/// that it has room for. Whole vectors are written: what they write beyond is written again, or never read.
#[inline(always)]
fn sort<'a, S: Simd>(
    simd: S,
    rows: impl Iterator<Item = (Option<&'a [f32]>, &'a mut [f32])>,
    pieces: &[[usize; 3]],
    stride: usize,
    [phase, columns]: [usize; 2],
) {
    for (row, into) in rows {
        for (n, &[zeros, from, count]) in pieces.iter().enumerate() {
            let into = &mut into[n * phase..];
            if let Some(row) = row {
                zero(simd, into, 0..zeros);
                every(simd, stride, &row[from..], &mut into[zeros..], count);
                zero(simd, into, zeros + count..columns);
            } else {
                into[..columns].fill(0.0);
            }
        }
    }
}

/// Zeros `part`, and perhaps some numbers after it.
#[inline(always)]
fn zero<S: Simd>(simd: S, into: &mut [f32], part: Range<usize>) {
    let lanes = S::f32s::LEN;
    if part.len() > lanes || part.start + lanes > into.len() {
        into[part].fill(0.0);
    } else if !part.is_empty() {
        S::f32s::splat(simd, 0.0).store_slice(&mut into[part.start..part.start + lanes]);
    }
}

/// Copies `count` numbers, every `stride`th of `from`, and perhaps some after them.
#[inline(always)]
fn every<S: Simd>(simd: S, stride: usize, from: &[f32], into: &mut [f32], count: usize) {
    let lanes = S::f32s::LEN;
    let whole = count.next_multiple_of(lanes);
    if whole > into.len() || whole * stride > from.len() || stride > 2 {
        into[..count].iter_mut().zip(from.iter().step_by(stride)).for_each(|(into, from)| *into = *from);
        return;
    }
    let into = into[..whole].chunks_exact_mut(lanes);
    if stride == 1 {
        for (into, from) in into.zip(from.chunks_exact(lanes)) {
            S::f32s::from_slice(simd, from).store_slice(into);
        }
    } else {
        for (into, from) in into.zip(from.chunks_exact(2 * lanes)) {
            let [even, odd] = [&from[..lanes], &from[lanes..]].map(|part| S::f32s::from_slice(simd, part));
            even.unzip_low(odd).store_slice(into);
        }
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
