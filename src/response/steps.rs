//! The sums that are taken together, so that a pixel in a register is used more than once.
//!
//! Two ways:
//!
//! * several kernels at one place: each pixel is multiplied with a weight of each kernel;
//! * one kernel at several rows: row r of the response sees image row t through kernel row t − r. With as many rows as
//!   a tile has, image row t is wanted by the rows up to t, and row t + `k_h` by those after it: together each step
//!   has work for the whole tile, and none is done twice.

use std::ops::Range;

use super::layout::{Layout, Pixel};
use super::sweep::Offsets;
use super::{ConvParams, ResponseError};

/// What is done for a tile, the same for all kernels of a shape.
pub(super) struct Steps {
    /// Sums a place.
    pub(super) answers: usize,
    /// Rows between the answers of a tile, if they are rows of one plane; else they are those of several kernels.
    pub(super) spacing: Option<usize>,
    /// Which steps share a split: the answers before the split look at a step's first pixel, the others at its second.
    pub(super) runs: Vec<(usize, Range<usize>)>,
    /// Pixels as in [`Offsets`].
    pixels: Vec<[Pixel; 3]>,
    /// Which weight of the kernels each answer takes in each step.
    weights: Vec<usize>,
}

impl Steps {
    /// Kernels of `[c_in, k_h, k_w]`, in tiles of `answers`.
    pub(super) fn of_kernels(answers: usize, [c_in, k_h, k_w]: [usize; 3], params: &ConvParams) -> Self {
        let [d_h, d_w] = params.dilation;
        let pixels: Vec<_> = taps(c_in, k_h, k_w).map(|[c, i, j]| [[c, i * d_h, j * d_w]; 3]).collect();
        let count = pixels.len();
        let weights = (0..count).flat_map(|step| (0..answers).map(move |n| n * count + step)).collect();
        Self { answers, spacing: None, runs: vec![(answers, 0..count)], pixels, weights }
    }

    /// One kernel of `[c_in, k_h, k_w]`, in tiles of as many rows as `tile` says for a kernel of some rows: no more than
    /// those.
    ///
    /// With stride s and dilation d, output row r sees image row r·s + i·d through kernel row i. Rows that are
    /// D = d / gcd(s, d) apart see the same image rows, through kernel rows that are s / gcd(s, d) apart: kernel rows
    /// fall into so many classes, each a dense kernel of its own.
    pub(super) fn of_rows(
        tile: impl Fn(usize) -> usize,
        [c_in, k_h, k_w]: [usize; 3],
        params: &ConvParams,
    ) -> Self {
        let ([s_h, _], [d_h, d_w]) = (params.stride, params.dilation);
        let common = gcd(s_h, d_h);
        let (classes, spacing) = (s_h / common, d_h / common);
        let rows_of = |class: usize| (k_h - class).div_ceil(classes);
        let answers = tile(rows_of(classes.min(k_h) - 1));
        let (mut pixels, mut weights, mut runs) = (Vec::new(), Vec::new(), Vec::new());
        // What the tiles below see and these do not.
        let covered = (answers * spacing - 1) * s_h + (k_h - 1) * d_h + 1;
        let news = answers * spacing * s_h;
        let mut below = (0..c_in).flat_map(|c| (0..news).map(move |row| [c, covered + row, 0]));
        for split in 1..=answers {
            let begin = pixels.len();
            for class in 0..classes.min(k_h) {
                let rows = rows_of(class);
                for t in (0..rows).filter(|t| (t + 1).min(answers) == split) {
                    let far = if split < answers { t + rows } else { t };
                    for [c, _, j] in taps(c_in, 1, k_w) {
                        let pixel = |t: usize| [c, class * d_h + t * spacing * s_h, j * d_w];
                        let later = if split < answers { None } else { below.next() };
                        pixels.push([pixel(t), pixel(far), later.unwrap_or(pixel(t))]);
                        let row = |r: usize| class + (if r <= t { t - r } else { t + rows - r }) * classes;
                        weights.extend((0..answers).map(|r| (c * k_h + row(r)) * k_w + j));
                    }
                }
            }
            runs.push((split, begin..pixels.len()));
        }
        Self { answers, spacing: Some(spacing), runs, pixels, weights }
    }

    /// Rows of the response that a row of tiles covers.
    pub(super) fn rows(&self) -> usize {
        self.spacing.map_or(1, |spacing| spacing * self.answers)
    }

    /// The weights of `kernels` in the order of the steps; those of kernels that there are not are 0.
    pub(super) fn weights(&self, kernels: &[f32]) -> Vec<f32> {
        self.weights.iter().map(|&at| kernels.get(at).copied().unwrap_or(0.0)).collect()
    }

    /// Where the pixels are in memory.
    pub(super) fn offsets(&self, layout: &Layout) -> Result<Box<Offsets>, ResponseError> {
        let offset = |pixel: Pixel| u32::try_from(layout.offset(pixel)).or(Err(ResponseError::TooLarge));
        let offsets = |&[near, far, later]: &[Pixel; 3]| Ok([offset(near)?, offset(far)?, offset(later)?]);
        self.pixels.iter().map(offsets).collect()
    }
}

/// Channel, row and column of each weight of a kernel.
fn taps(c_in: usize, k_h: usize, k_w: usize) -> impl Iterator<Item = Pixel> {
    (0..c_in).flat_map(move |c| (0..k_h).flat_map(move |i| (0..k_w).map(move |j| [c, i, j])))
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
