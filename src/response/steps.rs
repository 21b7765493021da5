//! The sums that are taken together, so that a pixel in a register is used more than once.
//!
//! Three ways:
//!
//! * several kernels at one place: each pixel is multiplied with a weight of each kernel;
//! * several kernels at two places, one below the other, with fewer multiplications than two places take; see
//!   [`Steps::of_pairs`];
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
    pub(super) order: Order,
    /// Which steps share a split: the answers before the split look at a step's first pixel, the others at its second.
    pub(super) runs: Vec<(usize, Range<usize>)>,
    /// After those, the steps of the upper place alone and those of the lower one, if there are two.
    pub(super) own: Option<[Range<usize>; 2]>,
    /// Pixels as in [`Offsets`].
    pixels: Vec<[Pixel; 3]>,
    /// Which weight of the kernels each answer takes in each step.
    weights: Vec<Factor>,
}

/// What the answers of a tile are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Those of several kernels at one place.
    Kernels,
    /// The same, at a place and at the one below.
    Pairs,
    /// Those of one kernel, so many rows apart.
    Rows(usize),
}

/// What a pixel is multiplied with, by the places of weights among those of all kernels.
#[derive(Clone, Copy)]
enum Factor {
    Weight(usize),
    Negative(usize),
    Sum(usize, usize),
}

impl Factor {
    /// That of another kernel, whose weights are `by` further on.
    fn moved(self, by: usize) -> Self {
        match self {
            Self::Weight(at) => Self::Weight(at + by),
            Self::Negative(at) => Self::Negative(at + by),
            Self::Sum(one, other) => Self::Sum(one + by, other + by),
        }
    }

    /// The weights of kernels that there are not are 0.
    fn of(self, kernels: &[f32]) -> f32 {
        let weight = |at: usize| kernels.get(at).copied().unwrap_or(0.0);
        match self {
            Self::Weight(at) => weight(at),
            Self::Negative(at) => -weight(at),
            Self::Sum(one, other) => weight(one) + weight(other),
        }
    }
}

impl Steps {
    /// Kernels of `[c_in, k_h, k_w]`, in tiles of `answers`.
    pub(super) fn of_kernels(answers: usize, [c_in, k_h, k_w]: [usize; 3], params: &ConvParams) -> Self {
        let [d_h, d_w] = params.dilation;
        let pixels: Vec<_> = taps(c_in, k_h, k_w).map(|[c, i, j]| [[c, i * d_h, j * d_w]; 3]).collect();
        let count = pixels.len();
        let weights = (0..count).flat_map(|step| (0..answers).map(move |n| Factor::Weight(n * count + step)));
        Self {
            answers,
            order: Order::Kernels,
            runs: vec![(answers, 0..count)],
            own: None,
            weights: weights.collect(),
            pixels,
        }
    }

    /// Kernels of `[c_in, k_h, k_w]`, dilated in columns only, in tiles of `answers`, each at two rows of the response: with
    /// seven rows, 11 multiplications instead of 14.
    ///
    /// Kernel rows that are a stride apart, a and b, see at the upper place image rows x and y, at the lower one y and z:
    ///
    /// ```text
    /// upper   a·x + b·y  =  (a + b)·y + a·(x − y)
    /// lower   a·y + b·z  =  (a + b)·y − b·(y − z)
    /// ```
    ///
    /// The first product is taken once for both, and the differences of rows once for all kernels
    /// ([`Layout::differences`]; they follow the `channels` of the image). A last kernel row without a partner is
    /// multiplied as it is. Source: Mou and Duhamel 1991, *Short-length FIR filters and their use in fast nonrecursive
    /// filtering* (fast FIR, 2 parallel); with Winograd's name, F(2, 2).
    pub(super) fn of_pairs(
        answers: usize,
        [c_in, k_h, k_w]: [usize; 3],
        params: &ConvParams,
        channels: usize,
    ) -> Self {
        let (stride, d_w) = (params.stride[0], params.dilation[1]);
        let kernel = c_in * k_h * k_w;
        let mut steps: [Vec<(Pixel, Factor)>; 3] = Default::default();
        for [c, i, j] in taps(c_in, k_h, k_w) {
            let weight = |row: usize| (c * k_h + row) * k_w + j;
            let pixel = |row: usize| [c, row, j * d_w];
            let difference = |row: usize| [channels + c, row, j * d_w];
            let [both, upper, lower] = &mut steps;
            let below = i + stride;
            if (i / stride) % 2 == 1 {
                both.push((pixel(i), Factor::Sum(weight(i - stride), weight(i))));
                lower.push((difference(i), Factor::Negative(weight(i))));
            } else if below < k_h {
                upper.push((difference(i), Factor::Weight(weight(i))));
            } else {
                upper.push((pixel(i), Factor::Weight(weight(i))));
                lower.push((pixel(below), Factor::Weight(weight(i))));
            }
        }
        let [both, upper, _] = [0, 1, 2].map(|part| steps[part].len());
        let all = steps.concat();
        let each = |(_, factor): &(Pixel, Factor)| {
            let factor = *factor;
            (0..answers).map(move |n| factor.moved(n * kernel))
        };
        Self {
            answers,
            order: Order::Pairs,
            runs: vec![(answers, 0..both)],
            own: Some([both..both + upper, both + upper..all.len()]),
            pixels: all.iter().map(|(pixel, _)| [*pixel; 3]).collect(),
            weights: all.iter().flat_map(each).collect(),
        }
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
                        weights.extend((0..answers).map(|r| Factor::Weight((c * k_h + row(r)) * k_w + j)));
                    }
                }
            }
            runs.push((split, begin..pixels.len()));
        }
        Self { answers, order: Order::Rows(spacing), runs, own: None, pixels, weights }
    }

    /// Rows of the response that a row of places stands for.
    pub(super) fn rows_a_place(&self) -> usize {
        if self.order == Order::Pairs { 2 } else { 1 }
    }

    /// Rows of the response that a row of tiles covers.
    pub(super) fn rows(&self) -> usize {
        match self.order {
            Order::Kernels => 1,
            Order::Pairs => 2,
            Order::Rows(spacing) => spacing * self.answers,
        }
    }

    /// What each step multiplies with, one kernel or row after the other, for these weights.
    pub(super) fn weights(&self, kernels: &[f32]) -> Vec<f32> {
        self.weights.iter().map(|factor| factor.of(kernels)).collect()
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
