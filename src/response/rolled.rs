//! Where the pixels are that a kernel is rolled over.
//!
//! Most are read where they are. At the sides, where a kernel looks beyond the image, a copy with zeros around is read;
//! above and below the image there is a row of zeros.

use std::mem::MaybeUninit;
use std::ops::Range;

use ndarray::ArrayView3;

use super::layout::{Layout, inside};
use super::level::Level;
use super::memory::Room;
use super::roll::{Band, Roll, Source};
use super::{ConvParams, Padding2d};

/// Kernels of a shape that can be rolled over an image.
pub(super) struct Rolled {
    level: Level,
    params: ConvParams,
    /// Channels, rows and columns of a kernel.
    shape: [usize; 3],
    /// The columns of the response, in parts.
    parts: Vec<Part>,
    layout: Layout,
    /// Numbers of the image that are copied for a column of the response, with those of a kernel's other columns.
    across: usize,
    /// Columns of the response.
    width: usize,
    /// Where the columns of a kernel are, seen from the first.
    columns: Vec<usize>,
    /// A row outside of the image.
    zeros: Vec<f32>,
}

/// Columns that are answered in the same way.
struct Part {
    columns: Range<usize>,
    /// Vectors of a tile.
    vectors: usize,
    /// Whether their pixels are copied first.
    copied: bool,
}

impl Rolled {
    /// If kernels `[c_in, k_h, k_w]` can be rolled: neighbouring rows of the response have to look at rows of the image
    /// that are as far apart as the kernel's own.
    pub(super) fn of(
        level: Level,
        image: &ArrayView3<'_, f32>,
        shape: [usize; 3],
        params: &ConvParams,
        out: [usize; 2],
    ) -> Option<Self> {
        let [c_in, k_h, k_w] = shape;
        let (lanes, tiles) = (level.lanes(), level.rolled(k_h));
        let tile = tiles.first()? * lanes;
        if c_in == 0 || params.stride[0] != params.dilation[0] || out[0] < 2 * k_h || out[1] < tile {
            return None;
        }
        let (_, _, width) = image.dim();
        let ([_, stride], [_, dilation]) = (params.stride, params.dilation);
        let reach = (k_w - 1) * dilation + 1;
        let plain = Layout::of(image).filter(|_| stride == 1);
        let inside = plain.map_or(0..0, |_| inside(out[1], width, reach, 1, params.padding.left));
        let part = |columns: Range<usize>, vectors: usize| {
            let copied = columns.start < inside.start || inside.end < columns.end;
            Part { columns, vectors, copied }
        };
        // Whole tiles, with those at the ends of the inside copied; and what is left, in the narrowest that does.
        let whole = out[1] / tile * tile;
        let first = inside.start.next_multiple_of(tile).min(whole);
        let end = first + inside.end.min(whole).saturating_sub(first) / tile * tile;
        let left = (out[1] - whole).div_ceil(lanes);
        let narrow = tiles.iter().rev().copied().find(|&vectors| vectors >= left).unwrap_or(tiles[0]);
        let mut parts: Vec<Part> =
            [0..first, first..end, end..whole].map(|columns| part(columns, tiles[0])).into();
        if left > 0 {
            parts.push(part(out[1] - narrow * lanes..out[1], narrow));
        }
        parts.retain(|part| !part.columns.is_empty());

        let widest =
            parts.iter().filter(|part| part.copied).map(|part| part.columns.len()).max().unwrap_or(0);
        let across = (reach - 1) / stride;
        let layout = Layout::copy(0, widest + across, stride.min(reach));
        let columns: Vec<usize> = (0..k_w).map(|j| layout.offset([0, 0, j * dilation])).collect();
        let seen = columns.iter().max().map_or(0, |far| far + tile);
        Some(Self {
            level,
            params: *params,
            shape,
            parts,
            layout,
            across,
            width: out[1],
            columns,
            zeros: vec![0.0; seen],
        })
    }

    /// Channels of a kernel.
    pub(super) fn channels(&self) -> usize {
        self.shape[0]
    }

    /// The weights of a kernel in the order of [`Roll::weights`].
    pub(super) fn weights(&self, kernel: &[f32]) -> Vec<f32> {
        let [c_in, k_h, k_w] = self.shape;
        let columns = (0..c_in).flat_map(|c| (0..k_w).map(move |j| (c, j)));
        columns.flat_map(|(c, j)| (0..k_h).rev().map(move |i| kernel[(c * k_h + i) * k_w + j])).collect()
    }

    /// The fewest rows of a band, and the most so that no more than so many numbers are copied at once.
    pub(super) fn rows(&self, copied: usize) -> [usize; 2] {
        let [c_in, k_h, _] = self.shape;
        let row = self.copied().count() * c_in * self.layout.row * self.params.stride[0];
        let least = 2 * k_h;
        [least, (copied / row.max(1)).saturating_sub(k_h).max(least)]
    }

    /// Copies what is not read in place under some rows of the response, of an image that has the channels of a kernel.
    pub(super) fn copy(&self, image: &ArrayView3<'_, f32>, rows: &Range<usize>, into: &mut Room) {
        let (layout, count) = self.copy_layout(rows.len());
        let one = self.shape[0] * layout.channel;
        let into = into.of(self.copied().count() * one);
        for (Part { columns, .. }, into) in self.copied().zip(into.chunks_exact_mut(one)) {
            let size = [count, columns.len() + self.across];
            layout.fill(self.level, image, &self.params, [rows.start, columns.start], size, into);
        }
    }

    fn copied(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.copied)
    }

    /// The layout of a copy for so many rows of the response, and how many rows of the image that are.
    fn copy_layout(&self, rows: usize) -> (Layout, usize) {
        let count = (rows + self.shape[1] - 2) * self.params.stride[0] + 1;
        (Layout { channel: count * self.layout.row, ..self.layout }, count)
    }

    /// Answers a kernel for some rows of the response. Image and copy are those of [`copy`](Self::copy).
    pub(super) fn answer(
        &self,
        image: &ArrayView3<'_, f32>,
        copy: &[f32],
        (weights, bias): (&[f32], f32),
        rows: &Range<usize>,
        plane: &mut [MaybeUninit<f32>],
    ) {
        let (layout, count) = &self.copy_layout(rows.len());
        let count = *count;
        let stride = self.params.stride[0];
        let one = self.shape[0] * layout.channel;
        let mut copies = copy.chunks_exact(one);
        let source = |part: &Part| {
            let columns = part.columns.clone();
            if part.copied {
                let pixels = copies.next().unwrap_or_default();
                let row = stride * layout.row;
                return Source { pixels, channel: layout.channel, row, inside: 0..count, columns };
            }
            let (plain, pixels) = Layout::of(image).unwrap_or((*layout, &[]));
            let (first, Padding2d { top, left, .. }) = (rows.start * stride, self.params.padding);
            let begin = top.saturating_sub(first).div_ceil(stride);
            let end = (image.dim().1 + top).saturating_sub(first).div_ceil(stride).max(begin);
            let from = (first + begin * stride - top) * plain.row + columns.start - left;
            let pixels = pixels.get(from..).unwrap_or_default();
            Source { pixels, channel: plain.channel, row: stride * plain.row, inside: begin..end, columns }
        };
        let sources: Vec<Source<'_>> = self.parts.iter().map(source).collect();
        let kernel =
            Roll { channels: self.shape[0], weights, bias, columns: &self.columns, zeros: &self.zeros };
        let mut band = Band { plane, width: self.width };
        let mut sources = &sources[..];
        for parts in self.parts.chunk_by(|a, b| a.vectors == b.vectors) {
            let (these, rest) = sources.split_at(parts.len());
            sources = rest;
            self.level.roll([self.shape[1], parts[0].vectors], &kernel, these, &mut band);
        }
    }
}
