//! One kernel, rolled down the image: every image row is loaded once, and multiplied with all rows of the kernel.
//!
//! As many rows of the response as the kernel has rows are being summed up at any time. After each image row the oldest
//! of them is complete, is written, and a new one begins:
//!
//! ```text
//! image row   response rows being summed up, with the kernel row that each looks through
//! t           t−2: 2   t−1: 1   t: 0
//! t + 1                t−1: 2   t: 1   t+1: 0
//! ```
//!
//! Where one column of tiles ends and the next begins, the rows that are no longer begun in the one are begun in the
//! other, so the registers are full there too.
#![expect(clippy::inline_always, reason = "instructions that are asked for at run time end at a call")]

use std::mem::MaybeUninit;
use std::ops::Range;

use fearless_simd::{Simd, prelude::*};

use super::memory::prefetch;
use super::sweep::write;

/// Rows of the image between one that is used and one that is asked for.
const AHEAD: usize = 4;

/// A kernel, and where its pixels are.
pub(super) struct Roll<'a> {
    /// Channels of the kernel.
    pub(super) channels: usize,
    /// For each channel and column of the kernel a weight a row, the last first.
    pub(super) weights: &'a [f32],
    pub(super) bias: f32,
    /// Where the columns of the kernel are, seen from the first.
    pub(super) columns: &'a [usize],
    /// At least as many zeros as a tile sees numbers of a row.
    pub(super) zeros: &'a [f32],
}

/// Rows of pixels under some columns of a band.
pub(super) struct Source<'a> {
    pub(super) pixels: &'a [f32],
    /// Numbers between channels, and between the rows that neighbouring rows of the response begin at.
    pub(super) channel: usize,
    pub(super) row: usize,
    /// Which rows there are, seen from the band's first; the others are zeros.
    pub(super) inside: Range<usize>,
    /// The column of the response whose pixels come first, and all that can be answered.
    pub(super) columns: Range<usize>,
}

/// The rows of the response that are written to.
pub(super) struct Band<'a> {
    pub(super) plane: &'a mut [MaybeUninit<f32>],
    /// Numbers in a row.
    pub(super) width: usize,
}

/// A column of tiles.
#[derive(Clone, Copy)]
struct Group<'s, 'a> {
    source: &'s Source<'a>,
    column: usize,
}

impl<'a> Group<'_, 'a> {
    #[inline(always)]
    fn window(&self, roll: &Roll<'a>, channel: usize, row: usize, length: usize) -> &'a [f32] {
        let Source { pixels, channel: plane, row: apart, inside, columns } = self.source;
        if inside.contains(&row) {
            let begin = channel * plane + (row - inside.start) * apart + self.column - columns.start;
            &pixels[begin..begin + length]
        } else {
            &roll.zeros[..length]
        }
    }
}

/// Answers a kernel of `A` rows in all columns of the sources, `C` vectors at a time. There are at least `A` rows, and
/// each source has columns for `C` vectors.
#[inline(always)]
pub(super) fn roll<S: Simd, const A: usize, const C: usize>(
    simd: S,
    roll: &Roll<'_>,
    sources: &[Source<'_>],
    band: &mut Band<'_>,
) {
    let tile = C * S::f32s::LEN;
    let rows = band.plane.len() / band.width;
    let (weights, _) = roll.weights.as_chunks::<A>();
    let seen = roll.columns.iter().max().map_or(0, |far| far + tile);
    let mut groups = sources.iter().flat_map(|source| {
        let last = source.columns.end - tile;
        let begin = source.columns.start;
        (0..source.columns.len().div_ceil(tile))
            .map(move |n| Group { source, column: last.min(begin + n * tile) })
    });
    let fresh = [S::f32s::splat(simd, roll.bias); C];
    let mut sums = [fresh; A];
    let mut next = groups.next();
    let mut old = None;
    while let Some(last) = old.or(next) {
        let new = next;
        next = groups.next();
        // The last rows of the one, and the first of the other.
        for row in 0..A - 1 {
            let under = if old.is_some() { (last, rows + row) } else { (last, row) };
            let begun = new.map_or(under, |new| (new, row));
            sums = match A - 1 - row {
                1 => turn::<S, A, C, 1>(simd, sums, roll, (weights, seen), under, begun),
                2 => turn::<S, A, C, 2>(simd, sums, roll, (weights, seen), under, begun),
                3 => turn::<S, A, C, 3>(simd, sums, roll, (weights, seen), under, begun),
                4 => turn::<S, A, C, 4>(simd, sums, roll, (weights, seen), under, begun),
                5 => turn::<S, A, C, 5>(simd, sums, roll, (weights, seen), under, begun),
                _ => turn::<S, A, C, 6>(simd, sums, roll, (weights, seen), under, begun),
            };
            if old.is_some() {
                finish::<S, C>(band, &sums[0], rows + row + 1 - A, last.column);
            }
            sums = std::array::from_fn(|a| if a + 1 < A { sums[a + 1] } else { fresh });
        }
        let Some(new) = new else { break };
        for row in A - 1..rows {
            let ahead = row + AHEAD;
            let ahead = if ahead < rows { (new, ahead) } else { (next.unwrap_or(new), ahead - rows) };
            sums = turn::<S, A, C, A>(simd, sums, roll, (weights, seen), (new, row), ahead);
            finish::<S, C>(band, &sums[0], row + 1 - A, new.column);
            sums = std::array::from_fn(|a| if a + 1 < A { sums[a + 1] } else { fresh });
        }
        old = Some(new);
    }
}

/// Adds a row of pixels: one to the first `SPLIT` sums, another to the rest. If there is no rest, the other is asked for.
#[inline(always)]
fn turn<S: Simd, const A: usize, const C: usize, const SPLIT: usize>(
    simd: S,
    mut sums: [[S::f32s; C]; A],
    roll: &Roll<'_>,
    (weights, seen): (&[[f32; A]], usize),
    first: (Group<'_, '_>, usize),
    second: (Group<'_, '_>, usize),
) -> [[S::f32s; C]; A] {
    // Only as many instances as there are splits.
    if SPLIT > A {
        return sums;
    }
    let tile = C * S::f32s::LEN;
    let count = roll.columns.len();
    for channel in 0..roll.channels {
        let weights = &weights[channel * count..(channel + 1) * count];
        let near = first.0.window(roll, channel, first.1, seen);
        let far = second.0.window(roll, channel, second.1, seen);
        for (n, (&column, weights)) in roll.columns.iter().zip(weights).enumerate() {
            let seen = load::<S, C>(simd, &near[column..column + tile]);
            for a in 0..SPLIT {
                let weight = S::f32s::splat(simd, weights[a]);
                for c in 0..C {
                    sums[a][c] = seen[c].mul_add(weight, sums[a][c]);
                }
            }
            if SPLIT == A {
                prefetch(far, n * 16);
            } else {
                let seen = load::<S, C>(simd, &far[column..column + tile]);
                for a in SPLIT..A {
                    let weight = S::f32s::splat(simd, weights[a]);
                    for c in 0..C {
                        sums[a][c] = seen[c].mul_add(weight, sums[a][c]);
                    }
                }
            }
        }
    }
    sums
}

#[inline(always)]
fn load<S: Simd, const C: usize>(simd: S, pixels: &[f32]) -> [S::f32s; C] {
    std::array::from_fn(|c| S::f32s::from_slice(simd, &pixels[c * S::f32s::LEN..(c + 1) * S::f32s::LEN]))
}

/// Writes a row of a tile.
#[inline(always)]
fn finish<S: Simd, const C: usize>(band: &mut Band<'_>, sums: &[S::f32s; C], row: usize, column: usize) {
    let begin = row * band.width + column;
    let into = &mut band.plane[begin..begin + C * S::f32s::LEN];
    for (into, sum) in into.chunks_exact_mut(S::f32s::LEN).zip(sums) {
        write(into, sum.as_slice());
    }
}
