//! Moran's I and the spectral peak of eight kernels side by side, for many orders of their positions.
//!
//! Every kernel has its own lane, and every sum its own fixed order, without fused steps: the answer is the same with
//! vectors of any width.
#![expect(clippy::inline_always, reason = "instructions that are asked for at run time end at a call")]

use fearless_simd::{Level, Simd, dispatch, f64x8, prelude::*};

/// Kernels that are judged side by side.
pub const LANES: usize = 8;

/// Frequencies a side of the spectrum, as in METRICS.md; sides above 16 take the next power of two.
const N: usize = 16;

/// One number for each kernel that is judged: a line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Lanes(pub(super) [f64; LANES]);

impl Lanes {
    #[inline(always)]
    fn load<S: Simd>(&self, simd: S) -> f64x8<S> {
        f64x8::load_array_ref(simd, &self.0)
    }

    #[inline(always)]
    fn store<S: Simd>(&mut self, lanes: f64x8<S>) {
        lanes.store_array(&mut self.0);
    }
}

/// What kernels of one size are measured with.
#[derive(Debug)]
pub(super) struct Measure {
    rows: usize,
    columns: usize,
    down: Waves,
    across: Waves,
}

impl Measure {
    pub(super) fn new(rows: usize, columns: usize) -> Self {
        Self { rows, columns, down: Waves::of(rows), across: Waves::of(columns) }
    }

    /// Adds Moran's I and the peak of each lane for each of some `orders` of the positions; `gram` is the matrix G of
    /// the kernels.
    pub(super) fn all(
        &self,
        gram: &[Lanes],
        orders: &[u16],
        scratch: &mut Scratch,
        measured: &mut Vec<(Lanes, Lanes)>,
    ) {
        dispatch!(Level::new(), simd => simd.vectorize(
            #[inline(always)]
            || {
                for order in orders.chunks_exact(self.rows * self.columns) {
                    measured.push(self.one(simd, gram, order, scratch));
                }
            },
        ));
    }

    #[inline(always)]
    fn one<S: Simd>(&self, simd: S, gram: &[Lanes], order: &[u16], scratch: &mut Scratch) -> (Lanes, Lanes) {
        let (rows, columns, positions) = (self.rows, self.columns, self.rows * self.columns);
        for (start, &place) in scratch.starts.iter_mut().zip(order) {
            *start = usize::from(place) * positions;
        }
        let zero = f64x8::splat(simd, 0.0);
        let lag = |starts: &[usize], lag| self.lag(simd, gram, starts, order, lag);
        // Row by row of lags: what stands on both sides of dx = 0 is folded into an even and an odd part, and those
        // into cosines and sines across.
        let mut beside = zero;
        for dy in 0..rows {
            // r(0, 0) is the energy, and that is one; it is counted half here and everything twice below.
            let middle = if dy == 0 { f64x8::splat(simd, 0.5) } else { lag(&scratch.starts, [dy, 0, 0]) };
            scratch.even[0].store(middle);
            if dy == 1 {
                beside += middle;
            }
            for dx in 1..columns {
                let right = lag(&scratch.starts, [dy, 0, dx]);
                let left = if dy == 0 { zero } else { lag(&scratch.starts, [dy, dx, 0]) };
                if (dy, dx) == (0, 1) {
                    beside += right;
                }
                scratch.even[dx].store(right + left);
                scratch.odd[dx].store(right - left);
            }
            self.across.transform(simd, dy, scratch);
        }
        let pairs = (rows - 1) * columns + rows * (columns - 1);
        let (mut moran, mut peak) = (Lanes([0.0; LANES]), Lanes([0.0; LANES]));
        moran.store(beside * positions as f64 / pairs.max(1) as f64);
        peak.store(self.largest(simd, scratch) / positions as f64);
        (moran, peak)
    }

    /// The sum over all pairs (y, x), (y + dy, x + far − near) of one order; `near` or `far` is 0.
    #[inline(always)]
    fn lag<S: Simd>(
        &self,
        simd: S,
        gram: &[Lanes],
        starts: &[usize],
        order: &[u16],
        [dy, near, far]: [usize; 3],
    ) -> f64x8<S> {
        let mut sum = f64x8::splat(simd, 0.0);
        let length = self.columns - near - far;
        for y in 0..self.rows - dy {
            let from = &starts[y * self.columns + near..][..length];
            let to = &order[(y + dy) * self.columns + far..][..length];
            for (&start, &place) in from.iter().zip(to) {
                sum += gram[start + usize::from(place)].load(simd);
            }
        }
        sum
    }

    /// The largest power of each lane.
    #[inline(always)]
    fn largest<S: Simd>(&self, simd: S, scratch: &Scratch) -> f64x8<S> {
        let mut largest = f64x8::splat(simd, 0.0);
        let width = self.across.half;
        for v in 0..width {
            for waves in self.down.rows() {
                let (mut even, mut odd) = (f64x8::splat(simd, 0.0), f64x8::splat(simd, 0.0));
                for (dy, &(cos, sin)) in waves.iter().enumerate() {
                    even += scratch.cosines[dy * width + v].load(simd) * cos;
                    odd += scratch.sines[dy * width + v].load(simd) * sin;
                }
                // Of (u, v) and (−u, v) the larger one.
                largest = largest.max((even + odd.abs()) * 2.0);
            }
        }
        largest
    }
}

/// cos and sin of every frequency of a side at every lag.
#[derive(Debug)]
struct Waves {
    /// Frequencies from 0 to Nyquist, both counted: power is symmetric.
    half: usize,
    /// `[frequency][lag]`
    table: Vec<(f64, f64)>,
    lags: usize,
}

impl Waves {
    fn of(side: usize) -> Self {
        let n = side.next_power_of_two().max(N);
        let half = n / 2 + 1;
        let table = (0..half).flat_map(|f| (0..side).map(move |lag| turn(f * lag % n, n))).collect();
        Self { half, table, lags: side }
    }

    /// cos and sin at every lag, a frequency at a time.
    #[inline(always)]
    fn rows(&self) -> impl Iterator<Item = &[(f64, f64)]> {
        self.table.chunks_exact(self.lags)
    }

    /// One row of lags, folded at dx = 0, into the cosines and sines of every frequency across.
    #[inline(always)]
    fn transform<S: Simd>(&self, simd: S, dy: usize, scratch: &mut Scratch) {
        for (v, waves) in self.rows().enumerate() {
            let (mut cosines, mut sines) = (scratch.even[0].load(simd), f64x8::splat(simd, 0.0));
            for (dx, &(cos, sin)) in waves.iter().enumerate().skip(1) {
                cosines += scratch.even[dx].load(simd) * cos;
                sines += scratch.odd[dx].load(simd) * sin;
            }
            scratch.cosines[dy * self.half + v].store(cosines);
            scratch.sines[dy * self.half + v].store(sines);
        }
    }
}

/// cos and sin of `step` of `n` parts of a full turn; `n` is a power of two and at least 16.
///
/// Built from square roots, which every machine rounds alike, by halving the angle from a quarter turn: libraries
/// differ in the last bit of a cosine.
fn turn(step: usize, n: usize) -> (f64, f64) {
    let quarter = n / 4;
    let (quadrant, within) = (step / quarter, step % quarter);
    let (mut cos, mut sin) = (1.0_f64, 0.0_f64);
    let (mut part, mut half_cos, mut half_sin) = (quarter, 0.0_f64, 1.0_f64);
    while part > 1 {
        part /= 2;
        let halved = f64::midpoint(1.0, half_cos).sqrt();
        (half_cos, half_sin) = (halved, half_sin / (2.0 * halved));
        if within & part != 0 {
            (cos, sin) = (cos * half_cos - sin * half_sin, sin * half_cos + cos * half_sin);
        }
    }
    match quadrant {
        0 => (cos, sin),
        1 => (-sin, cos),
        2 => (-cos, -sin),
        _ => (sin, -cos),
    }
}

/// What one order is measured in.
pub(super) struct Scratch {
    /// Where the row of G of each position begins.
    starts: Vec<usize>,
    /// `[dx]`, the sum and the difference of the lags dx and −dx.
    even: Vec<Lanes>,
    odd: Vec<Lanes>,
    /// `[dy][frequency]`
    cosines: Vec<Lanes>,
    sines: Vec<Lanes>,
}

impl Scratch {
    pub(super) fn new(measure: &Measure) -> Self {
        let lanes = |count: usize| vec![Lanes([0.0; LANES]); count];
        let waves = measure.rows * measure.across.half;
        Self {
            starts: vec![0; measure.rows * measure.columns],
            even: lanes(measure.columns),
            odd: lanes(measure.columns),
            cosines: lanes(waves),
            sines: lanes(waves),
        }
    }
}
