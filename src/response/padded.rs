//! An image laid out for correlation: padded once, its columns sorted by their place in a stride.
//!
//! With stride s, output x of a tap at column j reads input column x·s + j. Kept apart by phase (j mod s), these are
//! neighbours in memory for neighbouring x, so the inner loop is the same plain one for every stride:
//!
//! ```text
//! stride 2     a b c d e f g h   →   phase 0: a c e g    phase 1: b d f h
//! ```

use ndarray::{ArrayView3, s};

use super::ConvParams;

/// Output columns that are computed at once, each in a lane of its own.
const LANES: usize = 16;
/// Output rows that are computed at once, so that a weight is fetched once for all of them.
pub(super) const ROWS: usize = 2;

/// A padded image, `[channel, row, phase, column]`, with room beyond its end so that no lane reads outside.
pub(super) struct Padded {
    data: Vec<f32>,
    /// Numbers a phase of a row.
    phase: usize,
    /// Numbers a row: all its phases.
    row: usize,
    /// Numbers a channel.
    channel: usize,
    /// Numbers between the rows that neighbouring output rows begin at.
    row_step: usize,
    out_w: usize,
}

/// A weight, and how far from the beginning of an output's patch the number stands that it is multiplied with.
pub(super) struct Tap {
    offset: usize,
    weight: f32,
}

impl Padded {
    /// Pads `image` (`[channel, row, column]`) for a response of `out` by a kernel of `kernel` rows and columns.
    pub(super) fn of(
        image: ArrayView3<'_, f32>,
        params: &ConvParams,
        out: [usize; 2],
        kernel: [usize; 2],
    ) -> Self {
        let (channels, rows, columns) = image.dim();
        let ([s_h, s_w], [d_h, d_w]) = (params.stride, params.dilation);
        // The last lanes and the last row of a block may lie beyond the response: what they read must exist.
        let phase = out[1].next_multiple_of(LANES) + (kernel[1] - 1) * d_w / s_w + 1;
        let height = (out[0].next_multiple_of(ROWS) - 1) * s_h + (kernel[0] - 1) * d_h + 1;
        // More phases than the kernel's columns reach are never read.
        let phases = s_w.min((kernel[1] - 1) * d_w + 1);
        let row = phase * phases;
        let mut data = vec![0.0; channels * height * row];
        let (top, left) = (params.padding.top, params.padding.left);
        for (c, plane) in image.outer_iter().enumerate() {
            for (y, pixels) in
                plane.slice(s![..rows.min(height.saturating_sub(top)), ..]).outer_iter().enumerate()
            {
                let into = &mut data[(c * height + top + y) * row..][..row];
                for (x, &pixel) in pixels.iter().take(columns).enumerate() {
                    let (at, which) = ((left + x) / s_w, (left + x) % s_w);
                    if which < phases && at < phase {
                        into[which * phase + at] = pixel;
                    }
                }
            }
        }
        Self { data, phase, row, channel: height * row, row_step: s_h * row, out_w: out[1] }
    }

    /// The weights of a kernel (`[c_in, k_h, k_w]`) that sees the channels from `first` on.
    pub(super) fn taps(&self, kernel: ArrayView3<'_, f32>, params: &ConvParams, first: usize) -> Vec<Tap> {
        let ([_, s_w], [d_h, d_w]) = (params.stride, params.dilation);
        let tap = |((c, i, j), &weight)| {
            let column = j * d_w;
            let offset =
                (first + c) * self.channel + i * d_h * self.row + column % s_w * self.phase + column / s_w;
            Tap { offset, weight }
        };
        kernel.indexed_iter().map(tap).collect()
    }

    /// Computes the output rows from `first` on that fit into `out`.
    pub(super) fn correlate(&self, taps: &[Tap], bias: f32, first: usize, out: &mut [f32]) {
        for (block, rows) in out.chunks_mut(ROWS * self.out_w).enumerate() {
            let begin = (first + block * ROWS) * self.row_step;
            for x in (0..self.out_w).step_by(LANES) {
                let lanes = self.patch(taps, begin + x);
                for (row, lanes) in rows.chunks_mut(self.out_w).zip(&lanes) {
                    for (out, sum) in row[x..].iter_mut().zip(lanes) {
                        *out = sum + bias;
                    }
                }
            }
        }
    }

    /// `ROWS` × `LANES` neighbouring answers, the first at `begin`.
    #[inline]
    fn patch(&self, taps: &[Tap], begin: usize) -> [[f32; LANES]; ROWS] {
        let mut sums = [[0.0; LANES]; ROWS];
        for tap in taps {
            for (r, sums) in sums.iter_mut().enumerate() {
                let seen = &self.data[begin + r * self.row_step + tap.offset..][..LANES];
                for (sum, &seen) in sums.iter_mut().zip(seen) {
                    *sum += tap.weight * seen;
                }
            }
        }
        sums
    }
}
