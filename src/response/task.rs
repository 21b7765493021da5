//! The sums that are taken together, so that a pixel in a register is used more than once.
//!
//! Two ways:
//!
//! * several kernels at one place: each pixel is multiplied with a weight of each kernel;
//! * one kernel at several rows: row r of the response sees image row t through kernel row t − r. With as many rows as
//!   a tile has, image row t is wanted by the rows up to t, and row t + `k_h` by those after it: together each step
//!   has work for the whole tile, and none is done twice.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView4};

use super::layout::{Layout, Pixel};
use super::level::Level;
use super::sweep::{Offsets, Program};
use super::{ConvParams, ResponseError};

/// A kernel, or several, and where their answers go.
pub(super) struct Task {
    pub(super) program: Program,
    /// The pixels of each step, seen from where an answer's patch begins, and one that later tiles will want.
    pixels: Vec<[Pixel; 3]>,
    /// The planes of the response that it writes.
    pub(super) planes: Range<usize>,
    /// Rows between the answers of a tile, if they are rows of one plane.
    pub(super) spacing: Option<usize>,
}

/// What kernels `[c_out, c_in, k_h, k_w]` take.
pub(super) fn tasks(
    level: Level,
    kernels: ArrayView4<'_, f32>,
    bias: Option<ArrayView1<'_, f32>>,
    params: &ConvParams,
    groups: usize,
) -> Vec<Task> {
    let (c_out, c_in, ..) = kernels.dim();
    let per_group = c_out / groups;
    let bias = |n: usize| bias.map_or(0.0, |bias| bias[n]);
    let at_once = level.kernels();
    // A tile that is mostly empty is slower than kernel by kernel.
    let rest = per_group % at_once;
    let together = if rest * 2 > at_once { per_group } else { per_group - rest };
    let mut tasks = Vec::new();
    for group in 0..groups {
        let (begin, channel) = (group * per_group, group * c_in);
        for first in (0..together).step_by(at_once) {
            let planes = begin + first..begin + per_group.min(first + at_once);
            tasks.push(Task::several(kernels, planes, at_once, channel, params, bias));
        }
        for n in begin + together..begin + per_group {
            tasks.push(Task::one(level, kernels, n, channel, params, bias(n)));
        }
    }
    tasks
}

impl Task {
    /// Kernels `planes` in tiles of `answers`; what is missing to a whole tile is computed and not kept.
    fn several(
        kernels: ArrayView4<'_, f32>,
        planes: Range<usize>,
        answers: usize,
        channel: usize,
        params: &ConvParams,
        bias: impl Fn(usize) -> f32,
    ) -> Self {
        let (_, c_in, k_h, k_w) = kernels.dim();
        let [d_h, d_w] = params.dilation;
        let (mut pixels, mut weights) = (Vec::new(), Vec::new());
        for (c, i, j) in steps(c_in, k_h, k_w) {
            pixels.push([[channel + c, i * d_h, j * d_w]; 3]);
            weights.extend(planes.clone().map(|n| kernels[(n, c, i, j)]));
            weights.resize(pixels.len() * answers, 0.0);
        }
        let mut bias: Vec<f32> = planes.clone().map(bias).collect();
        bias.resize(answers, 0.0);
        let runs = vec![(answers, 0..pixels.len())];
        Self { program: Program { answers, bias, runs, weights }, pixels, planes, spacing: None }
    }

    /// Kernel `n` by itself, several rows at once.
    ///
    /// With stride s and dilation d, output row r sees image row r·s + i·d through kernel row i. Rows that are
    /// D = d / gcd(s, d) apart see the same image rows, through kernel rows that are s / gcd(s, d) apart: kernel rows
    /// fall into so many classes, each a dense kernel of its own.
    fn one(
        level: Level,
        kernels: ArrayView4<'_, f32>,
        n: usize,
        channel: usize,
        params: &ConvParams,
        bias: f32,
    ) -> Self {
        let (_, c_in, k_h, k_w) = kernels.dim();
        let ([s_h, _], [d_h, d_w]) = (params.stride, params.dilation);
        let common = gcd(s_h, d_h);
        let (classes, spacing) = (s_h / common, d_h / common);
        let rows_of = |class: usize| (k_h - class).div_ceil(classes);
        let answers = level.rows(rows_of(classes.min(k_h) - 1));
        let (mut pixels, mut weights, mut runs) = (Vec::new(), Vec::new(), Vec::new());
        // What the tiles below see and these do not.
        let covered = (answers * spacing - 1) * s_h + (k_h - 1) * d_h + 1;
        let mut below = (0..c_in)
            .flat_map(|c| (0..answers * spacing * s_h).map(move |row| [channel + c, covered + row, 0]));
        for split in 1..=answers {
            let begin = pixels.len();
            for class in 0..classes.min(k_h) {
                let rows = rows_of(class);
                let first = |t: usize| class * d_h + t * spacing * s_h;
                for t in (0..rows).filter(|t| (t + 1).min(answers) == split) {
                    for (c, _, j) in steps(c_in, 1, k_w) {
                        let pixel = |t: usize| [channel + c, first(t), j * d_w];
                        let later = if split < answers { None } else { below.next() };
                        let far = if split < answers { t + rows } else { t };
                        pixels.push([pixel(t), pixel(far), later.unwrap_or(pixel(t))]);
                        let row = |r: usize| class + (if r <= t { t - r } else { t + rows - r }) * classes;
                        weights.extend((0..answers).map(|r| kernels[(n, c, row(r), j)]));
                    }
                }
            }
            runs.push((split, begin..pixels.len()));
        }
        let program = Program { answers, bias: vec![bias; answers], runs, weights };
        Self { program, pixels, planes: n..n + 1, spacing: Some(spacing) }
    }

    /// Rows of the response that a row of its tiles covers.
    pub(super) fn rows(&self) -> usize {
        self.spacing.map_or(1, |spacing| spacing * self.program.answers)
    }

    /// Where the pixels of each step are in memory.
    pub(super) fn offsets(&self, layout: &Layout) -> Result<Box<Offsets>, ResponseError> {
        let offset = |pixel: Pixel| u32::try_from(layout.offset(pixel)).or(Err(ResponseError::TooLarge));
        self.pixels
            .iter()
            .map(|&[near, far, later]| Ok([offset(near)?, offset(far)?, offset(later)?]))
            .collect()
    }
}

/// Channel, row and column of each weight.
fn steps(c_in: usize, k_h: usize, k_w: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..c_in).flat_map(move |c| (0..k_h).flat_map(move |i| (0..k_w).map(move |j| (c, i, j))))
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
