//! The inner loop: a tile of sums in registers, fed with one weight and a few vectors of pixels at a time.
#![expect(clippy::inline_always, reason = "instructions that are asked for at run time end at a call")]

use std::hint::black_box;
use std::mem::MaybeUninit;
use std::ops::Range;

use fearless_simd::{Simd, prelude::*};

use super::memory::prefetch;
use super::steps::{Order, Steps};

/// Where the pixels of each step are, seen from where an answer's patch begins: those for the answers before the split,
/// those for the others, and some that will be wanted later.
pub(super) type Offsets = [[u32; 3]];

/// What is summed up for a tile: the same at every place.
pub(super) struct Program<'a> {
    pub(super) steps: &'a Steps,
    pub(super) offsets: &'a Offsets,
    /// For each step a weight an answer.
    pub(super) weights: &'a [f32],
    /// What each sum begins with.
    pub(super) bias: &'a [f32],
}

/// The pixels under a piece of the response.
pub(super) struct Scene<'a> {
    pub(super) pixels: &'a [f32],
    /// Numbers between the patches of neighbouring rows of the response.
    pub(super) row: usize,
}

/// A piece of the response that is written to.
pub(super) struct Output<'a, 'b> {
    /// Whole rows of each plane.
    pub(super) planes: &'a mut [&'b mut [MaybeUninit<f32>]],
    /// Numbers in a row.
    pub(super) width: usize,
    /// Which of them are this piece's.
    pub(super) columns: Range<usize>,
}

impl Output<'_, '_> {
    fn rows(&self) -> usize {
        self.planes.first().map_or(0, |plane| plane.len() / self.width)
    }
}

/// Where a vector of a tile begins, in rows (or pairs of rows) and columns of the piece.
#[derive(Clone, Copy)]
struct Place {
    row: usize,
    column: usize,
}

/// The places of a piece, row by row.
struct Places {
    next: Option<Place>,
    rows: usize,
    columns: usize,
    lanes: usize,
    /// Rows that belong to the same tiles begin this many apart, in blocks of `block` rows.
    spacing: usize,
    block: usize,
    /// Where the current block begins.
    begin: usize,
}

impl Places {
    fn of(output: &Output<'_, '_>, lanes: usize, steps: &Steps) -> Self {
        let (rows, columns) = (output.rows().div_ceil(steps.rows_a_place()), output.columns.len());
        let (spacing, block) = match steps.order {
            Order::Kernels | Order::Pairs => (1, 1),
            Order::Rows(spacing) => (spacing, steps.rows()),
        };
        let next = (rows > 0 && columns > 0).then_some(Place { row: 0, column: 0 });
        Self { next, rows, columns, lanes, spacing, block, begin: 0 }
    }

    #[inline(always)]
    fn step(&mut self, Place { mut row, mut column }: Place) {
        column += self.lanes;
        if column >= self.columns {
            column = 0;
            row += 1;
            if row == self.begin + self.spacing {
                self.begin += self.block;
                row = self.begin;
            }
        }
        // The rows between those of a last tile may all lie beyond the end: then there is no further block either.
        self.next = (row < self.rows).then_some(Place { row, column });
    }
}

/// Answers `program` in `A` × `C` tiles: `A` answers, and `C` vectors that may lie in different rows.
#[inline(always)]
pub(super) fn sweep<S: Simd, const A: usize, const C: usize>(
    simd: S,
    program: &Program<'_>,
    scene: &Scene<'_>,
    output: &mut Output<'_, '_>,
) {
    let lanes = S::f32s::LEN;
    let Program { steps, offsets, bias, .. } = *program;
    let reach = offsets.iter().map(|&[near, far, _]| near.max(far) as usize + lanes).max().unwrap_or(0);
    let (weights, _) = program.weights.as_chunks::<A>();
    let rows_a_place = steps.rows_a_place();
    let target = match steps.order {
        Order::Kernels | Order::Pairs => Target { plane: 1, below: 0, last_row: 0, rows_a_place },
        Order::Rows(spacing) => {
            let (below, last_row) = (spacing * output.width, spacing * (A - 1));
            Target { plane: 0, below, last_row, rows_a_place }
        }
    };
    let mut ahead = Places::of(output, lanes, steps);
    while let Some(first) = ahead.next {
        let mut filled = 0;
        let mut here = first;
        let places: [Place; C] = std::array::from_fn(|_| {
            // A tile that is not full looks at its last place again.
            if let Some(next) = ahead.next {
                ahead.step(next);
                here = next;
                filled += 1;
            }
            here
        });
        let windows: [&[f32]; C] = std::array::from_fn(|c| {
            let begin = places[c].row * rows_a_place * scene.row + places[c].column;
            &scene.pixels[begin..begin + reach]
        });
        let mut sums: [[S::f32s; C]; A] = std::array::from_fn(|a| [S::f32s::splat(simd, bias[a]); C]);
        for (split, steps) in &steps.runs {
            let (offsets, weights) = (&offsets[steps.clone()], &weights[steps.clone()]);
            sums = match split {
                1 => add::<S, A, C, 1>(simd, sums, &windows, offsets, weights),
                2 => add::<S, A, C, 2>(simd, sums, &windows, offsets, weights),
                3 => add::<S, A, C, 3>(simd, sums, &windows, offsets, weights),
                4 => add::<S, A, C, 4>(simd, sums, &windows, offsets, weights),
                5 => add::<S, A, C, 5>(simd, sums, &windows, offsets, weights),
                6 => add::<S, A, C, 6>(simd, sums, &windows, offsets, weights),
                7 => add::<S, A, C, 7>(simd, sums, &windows, offsets, weights),
                _ => add::<S, A, C, 8>(simd, sums, &windows, offsets, weights),
            };
        }
        let Some(own) = &steps.own else {
            put::<S, A, C>(output, &sums, &target, &places[..filled], 0);
            continue;
        };
        for (row, steps) in own.iter().enumerate() {
            let (offsets, weights) = (&offsets[steps.clone()], &weights[steps.clone()]);
            // Read back from memory: the compiler would give registers to them that the sums need.
            let both = *black_box(&sums);
            let sums = add::<S, A, C, A>(simd, both, &windows, offsets, weights);
            put::<S, A, C>(output, &sums, &target, &places[..filled], row);
        }
    }
}

/// Where the answers of a tile go, seen from its places.
struct Target {
    /// From one answer to the next: planes, numbers in a plane, and rows to the last.
    plane: usize,
    below: usize,
    last_row: usize,
    /// Rows of the response from one row of places to the next.
    rows_a_place: usize,
}

/// Writes the answers of a tile in the `row`th row of its places, as far as they are in the output.
#[inline(always)]
fn put<S: Simd, const A: usize, const C: usize>(
    output: &mut Output<'_, '_>,
    sums: &[[S::f32s; C]; A],
    &Target { plane, below, last_row, rows_a_place }: &Target,
    places: &[Place],
    row: usize,
) {
    let (rows, columns, lanes) = (output.rows(), output.columns.len(), S::f32s::LEN);
    let row_of = |place: &Place| place.row * rows_a_place + row;
    let begin = |place: &Place| row_of(place) * output.width + output.columns.start + place.column;
    let whole = |place: &Place| place.column + lanes <= columns && row_of(place) + last_row < rows;
    if let Ok(places) = <&[Place; C]>::try_from(places)
        && output.planes.len() > (A - 1) * plane
        && places.iter().all(whole)
    {
        let begins = places.each_ref().map(begin);
        // Twice the same, so that one of the steps is known to be 0.
        if plane == 0 {
            write_whole::<S, A, C>(output.planes, sums, begins, 0, below);
        } else {
            write_whole::<S, A, C>(output.planes, sums, begins, plane, 0);
        }
        return;
    }
    // Through a copy: the sums themselves would not stay in registers if they were reached by index.
    let answers: [[<S::f32s as SimdBase<S>>::Array; C]; A] =
        std::array::from_fn(|a| std::array::from_fn(|c| sums[a][c].into()));
    let begins: [usize; C] = std::array::from_fn(|c| places.get(c).map_or(0, begin));
    for (a, answers) in answers.iter().enumerate() {
        let Some(plane) = output.planes.get_mut(a * plane) else { break };
        for ((place, begin), lanes) in places.iter().zip(begins).zip(answers) {
            let (begin, lanes) = (begin + a * below, lanes.as_ref());
            let count = lanes.len().min(columns - place.column);
            if let Some(into) = plane.get_mut(begin..begin + count) {
                write(into, lanes);
            }
        }
    }
}

#[inline(always)]
fn write_whole<S: Simd, const A: usize, const C: usize>(
    planes: &mut [&mut [MaybeUninit<f32>]],
    sums: &[[S::f32s; C]; A],
    begins: [usize; C],
    plane: usize,
    below: usize,
) {
    for a in 0..A {
        let plane = &mut planes[a * plane];
        for c in 0..C {
            let begin = begins[c] + a * below;
            write(&mut plane[begin..begin + S::f32s::LEN], sums[a][c].as_slice());
        }
    }
}

/// Writes as many lanes as there is room for.
#[inline(always)]
pub(super) fn write(into: &mut [MaybeUninit<f32>], lanes: &[f32]) {
    // Of a length that is known: one store.
    match lanes.len() {
        count if into.len() < count => {
            for (into, &lane) in into.iter_mut().zip(lanes) {
                into.write(lane);
            }
        }
        16 => store::<16>(into, lanes),
        8 => store::<8>(into, lanes),
        _ => store::<4>(into, lanes),
    }
}

#[inline(always)]
fn store<const LANES: usize>(into: &mut [MaybeUninit<f32>], lanes: &[f32]) {
    if let (Some(into), Some(lanes)) = (into.first_chunk_mut::<LANES>(), lanes.first_chunk::<LANES>()) {
        *into = lanes.map(MaybeUninit::new);
    }
}

/// Adds steps whose first `SPLIT` answers look at another pixel than the rest.
#[inline(always)]
fn add<S: Simd, const A: usize, const C: usize, const SPLIT: usize>(
    simd: S,
    mut sums: [[S::f32s; C]; A],
    windows: &[&[f32]; C],
    offsets: &Offsets,
    weights: &[[f32; A]],
) -> [[S::f32s; C]; A] {
    // Only as many instances as there are splits.
    if SPLIT > A {
        return sums;
    }
    for (&[near, far, later], weights) in offsets.iter().zip(weights) {
        let seen = load(simd, windows, near);
        for a in 0..SPLIT {
            let weight = S::f32s::splat(simd, weights[a]);
            for c in 0..C {
                sums[a][c] = seen[c].mul_add(weight, sums[a][c]);
            }
        }
        if SPLIT == A {
            for window in windows {
                prefetch(window, later as usize);
            }
        } else {
            let seen = load(simd, windows, far);
            for a in SPLIT..A {
                let weight = S::f32s::splat(simd, weights[a]);
                for c in 0..C {
                    sums[a][c] = seen[c].mul_add(weight, sums[a][c]);
                }
            }
        }
    }
    sums
}

#[inline(always)]
fn load<S: Simd, const C: usize>(simd: S, windows: &[&[f32]; C], offset: u32) -> [S::f32s; C] {
    let offset = offset as usize;
    std::array::from_fn(|c| S::f32s::from_slice(simd, &windows[c][offset..offset + S::f32s::LEN]))
}
