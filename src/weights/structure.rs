//! Structure or noise: would a kernel look the same if its weights stood in random order?
//!
//! A permutation test after METRICS.md. The positions of a kernel are shuffled 999 times, all slices together, and two
//! numbers of the kernel are held against those of its shuffled selves:
//!
//! * **Moran's I** of the mean-removed slices with rook neighbours (Moran 1950; Cliff & Ord 1981), two-sided: smooth
//!   kernels have much of it, checkerboards much below zero.
//! * **the spectral peak**: the largest ordinate of the zero-padded power over the total (after Fisher's g, 1929),
//!   one-sided: gratings near Nyquist, which Moran's I misses.
//!
//! ```text
//! kernel z[c, p] ─ G[p, q] = Σ_c z[c, p]·z[c, q] ──┐ once; a shuffle only says which entries of G are neighbours
//!                                                   ▼
//! shuffle π ────── r(lag) = Σ over pairs (p, q) that far apart of G[π(p), π(q)] ─┬─ I = n / pairs · (r(0,1) + r(1,0))
//!                                                                                └─ power = Σ r(lag)·cos(2π f·lag)
//! ```
//!
//! Both depend on the kernel only through its autocorrelation r, so the slices are summed once, not 999 times. All
//! kernels of one size share the shuffles, and eight of them go through the same loop side by side: a shuffle's places
//! are looked up once for the eight, and their sums are whole vector registers.
//!
//! Every sum has its own fixed order and every kernel its own lane, so the answer is the same on every machine and
//! with any number of threads.

use ndarray::{ArrayView3, s};
use rand_core::Rng;
use rand_pcg::Pcg64;

use super::spectrum::centred;

/// How often a kernel is shuffled.
pub const PERMUTATIONS: usize = 999;
/// Kernels that are judged side by side.
pub const LANES: usize = 8;
/// Of a kernel with more positions only the middle is judged: the matrix G grows with their square.
pub const LARGEST: usize = 441;

/// Frequencies a side of the spectrum, as in METRICS.md; sides above 16 take the next power of two.
const N: usize = 16;
/// State and stream of the generator of the shuffles: those of `numpy.random.default_rng(0)`, so that anybody can draw the
/// same ones, `default_rng(0).random((999, positions)).argsort(axis=1)`.
const SEED: (u128, u128) =
    (0xdb2c_d7e7_b0f4_78be_abf4_641a_2c71_ba49, 0x20c6_ed6d_9d7b_8d41_2c40_99de_223c_39d4);
/// Shuffles that tie with the kernel but for rounding count as ties. Both statistics are of the order of one.
const TIE: f64 = 1e-9;
/// After so many shuffles somebody may ask to stop.
const BREATH: usize = 64;

/// One number for each kernel that is judged.
type Lanes = [f64; LANES];

/// What the permutation test says about a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Structure {
    /// Moran's I: 1 smooth, about 0 random, −1 a checkerboard.
    pub moran_i: f64,
    /// How probable an I as far from the shuffled ones' mean is under chance, 0.001..1.
    pub moran_p: f64,
    /// The largest share of the power at one frequency, 0..1.
    pub peak: f64,
    /// How probable a peak as high is under chance, 0.001..1.
    pub peak_p: f64,
    /// Both together: min(1, 2·min(p₁, p₂)) (Bonferroni).
    pub p: f64,
}

/// The permutation test for kernels of one size.
#[derive(Debug)]
pub struct Test {
    rows: usize,
    columns: usize,
    /// [`PERMUTATIONS`] orders of all positions, one after another.
    orders: Vec<u16>,
    down: Waves,
    across: Waves,
}

impl Test {
    /// Prepares the test for kernels of so many rows and columns: draws the shuffles from a PCG (O'Neill
    /// 2014) with a fixed seed.
    pub fn new(rows: usize, columns: usize) -> Self {
        let (rows, columns) = window(rows, columns);
        let positions = rows * columns;
        let mut random = Pcg64::new(SEED.0, SEED.1);
        let mut orders = Vec::with_capacity(PERMUTATIONS * positions);
        for _ in 0..PERMUTATIONS {
            // numpy's numbers between 0 and 1 are the upper 53 bits.
            let mut drawn: Vec<_> = (0..positions).map(|at| (random.next_u64() >> 11, at as u16)).collect();
            drawn.sort_unstable();
            orders.extend(drawn.iter().map(|&(_, at)| at));
        }
        Self { rows, columns, orders, down: Waves::of(rows), across: Waves::of(columns) }
    }

    /// Judges up to [`LANES`] kernels `[slice, row, column]`; what is not finite counts as 0.
    ///
    /// An answer is `None` for a kernel whose slices are all flat: there is nothing to shuffle. The whole is `None` where
    /// `cancelled` said so.
    ///
    /// # Panics
    /// If there are more kernels than lanes, or a kernel is of another size than the test.
    pub fn judge(
        &self,
        kernels: &[ArrayView3<'_, f32>],
        cancelled: &dyn Fn() -> bool,
    ) -> Option<Vec<Option<Structure>>> {
        assert!(kernels.len() <= LANES, "{} kernels for {LANES} lanes", kernels.len());
        let positions = self.rows * self.columns;
        let mut gram = vec![[0.0; LANES]; positions * positions];
        let structured: Vec<bool> =
            kernels.iter().enumerate().map(|(lane, kernel)| self.fill(&mut gram, lane, *kernel)).collect();
        if positions < 2 || !structured.contains(&true) {
            return Some(vec![None; kernels.len()]);
        }
        let mut scratch = Scratch::new(self);
        let own: Vec<u16> = (0..positions).map(|position| position as u16).collect();
        let seen = self.measure(&gram, &own, &mut scratch);
        let mut null = Vec::with_capacity(PERMUTATIONS);
        for (at, order) in self.orders.chunks_exact(positions).enumerate() {
            if at % BREATH == 0 && cancelled() {
                return None;
            }
            null.push(self.measure(&gram, order, &mut scratch));
        }
        let answer = |(lane, there): (usize, bool)| there.then(|| compare(seen, &null, lane));
        Some(structured.into_iter().enumerate().map(answer).collect())
    }

    /// Puts the Gram matrix of a kernel of unit energy into its lane; `false` where there is none.
    fn fill(&self, gram: &mut [Lanes], lane: usize, kernel: ArrayView3<'_, f32>) -> bool {
        let (_, rows, columns) = kernel.dim();
        assert!(window(rows, columns) == (self.rows, self.columns), "a kernel of another size than the test");
        let (top, left) = ((rows - self.rows) / 2, (columns - self.columns) / 2);
        let middle = kernel.slice(s![.., top..top + self.rows, left..left + self.columns]);
        let square = |weight: f32| f64::from(weight).powi(2);
        let energy: f64 =
            middle.iter().filter(|weight| weight.is_finite()).map(|&weight| square(weight)).sum();
        let z = centred(middle);
        let left: f64 = z.iter().map(|z| z * z).sum();
        // As in `spectrum`: less than this of a flat slice is rounding.
        if left.is_nan() || left <= 1e-24 * energy {
            return false;
        }
        let positions = self.rows * self.columns;
        let mut products = vec![0.0; positions * positions];
        let scale = left.sqrt().recip();
        for slice in z.outer_iter() {
            let slice: Vec<f64> = slice.iter().map(|z| z * scale).collect();
            for (p, &here) in slice.iter().enumerate() {
                let row = &mut products[p * positions + p..(p + 1) * positions];
                for (product, &there) in row.iter_mut().zip(&slice[p..]) {
                    *product += here * there;
                }
            }
        }
        for p in 0..positions {
            for q in p..positions {
                let product = products[p * positions + q];
                gram[p * positions + q][lane] = product;
                gram[q * positions + p][lane] = product;
            }
        }
        true
    }

    /// Moran's I and the peak of each lane, with the positions in this order.
    fn measure(&self, gram: &[Lanes], order: &[u16], scratch: &mut Scratch) -> (Lanes, Lanes) {
        let (rows, columns, positions) = (self.rows, self.columns, self.rows * self.columns);
        for (start, &place) in scratch.starts.iter_mut().zip(order) {
            *start = usize::from(place) * positions;
        }
        // The sum over all pairs (y, x), (y + dy, x + far − near): one of the two is 0.
        let lag = |starts: &[usize], dy: usize, near: usize, far: usize| {
            let mut sum = [0.0; LANES];
            let length = columns - near - far;
            for y in 0..rows - dy {
                let from = &starts[y * columns + near..][..length];
                let to = &order[(y + dy) * columns + far..][..length];
                for (&start, &place) in from.iter().zip(to) {
                    let product = &gram[start + usize::from(place)];
                    for lane in 0..LANES {
                        sum[lane] += product[lane];
                    }
                }
            }
            sum
        };
        // Row by row of lags: what stands on both sides of dx = 0 is folded into an even and an odd part, and those
        // into cosines and sines across.
        let mut beside = [0.0; LANES];
        for dy in 0..rows {
            let (even, odd) = (&mut scratch.even, &mut scratch.odd);
            // r(0, 0) is the energy, and that is one; it is counted half here and everything twice below.
            even[0] = if dy == 0 { [0.5; LANES] } else { lag(&scratch.starts, dy, 0, 0) };
            if dy == 1 {
                beside = sum(beside, even[0]);
            }
            for dx in 1..columns {
                let right = lag(&scratch.starts, dy, 0, dx);
                let left = if dy == 0 { [0.0; LANES] } else { lag(&scratch.starts, dy, dx, 0) };
                if (dy, dx) == (0, 1) {
                    beside = sum(beside, right);
                }
                for lane in 0..LANES {
                    even[dx][lane] = right[lane] + left[lane];
                    odd[dx][lane] = right[lane] - left[lane];
                }
            }
            self.across.transform(dy, scratch);
        }
        let pairs = (rows - 1) * columns + rows * (columns - 1);
        let moran = beside.map(|near| near * positions as f64 / pairs.max(1) as f64);
        (moran, self.largest(scratch).map(|power| power / positions as f64))
    }

    /// The largest power of each lane.
    fn largest(&self, scratch: &Scratch) -> Lanes {
        let mut largest: Lanes = [0.0; LANES];
        let width = self.across.half;
        for v in 0..width {
            for u in 0..self.down.half {
                let (mut even, mut odd): (Lanes, Lanes) = ([0.0; LANES], [0.0; LANES]);
                for dy in 0..self.rows {
                    let (cos, sin) = self.down.at(u, dy);
                    let (cosines, sines) = (&scratch.cosines[dy * width + v], &scratch.sines[dy * width + v]);
                    for lane in 0..LANES {
                        even[lane] += cos * cosines[lane];
                        odd[lane] += sin * sines[lane];
                    }
                }
                // Of (u, v) and (−u, v) the larger one.
                for lane in 0..LANES {
                    largest[lane] = f64::max(largest[lane], 2.0 * (even[lane] + odd[lane].abs()));
                }
            }
        }
        largest
    }
}

/// Rows and columns of the middle that is judged.
fn window(rows: usize, columns: usize) -> (usize, usize) {
    if rows.saturating_mul(columns) <= LARGEST {
        return (rows, columns);
    }
    // A long kernel keeps its short side where that is possible.
    let side = LARGEST.isqrt();
    let (short, long) = (rows.min(columns).min(side), rows.max(columns));
    let long = long.min(LARGEST / short.max(1));
    if rows <= columns { (short, long) } else { (long, short) }
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

    fn at(&self, frequency: usize, lag: usize) -> (f64, f64) {
        self.table[frequency * self.lags + lag]
    }

    /// One row of lags, folded at dx = 0, into the cosines and sines of every frequency across.
    fn transform(&self, dy: usize, scratch: &mut Scratch) {
        for v in 0..self.half {
            let (mut cosines, mut sines) = (scratch.even[0], [0.0; LANES]);
            for dx in 1..self.lags {
                let (cos, sin) = self.at(v, dx);
                let (even, odd) = (&scratch.even[dx], &scratch.odd[dx]);
                for lane in 0..LANES {
                    cosines[lane] += cos * even[lane];
                    sines[lane] += sin * odd[lane];
                }
            }
            scratch.cosines[dy * self.half + v] = cosines;
            scratch.sines[dy * self.half + v] = sines;
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

/// What one shuffle is computed in.
struct Scratch {
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
    fn new(test: &Test) -> Self {
        let lanes = |count: usize| vec![[0.0; LANES]; count];
        let waves = test.rows * test.across.half;
        Self {
            starts: vec![0; test.rows * test.columns],
            even: lanes(test.columns),
            odd: lanes(test.columns),
            cosines: lanes(waves),
            sines: lanes(waves),
        }
    }
}

fn sum(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|lane| a[lane] + b[lane])
}

/// How the kernel in `lane` stands among its shuffled selves.
fn compare((moran, peak): (Lanes, Lanes), null: &[(Lanes, Lanes)], lane: usize) -> Structure {
    let (moran_i, peak) = (moran[lane], peak[lane]);
    let mean = null.iter().map(|shuffled| shuffled.0[lane]).sum::<f64>() / null.len() as f64;
    let off = (moran_i - mean).abs() - TIE;
    let share = |as_far: usize| (as_far + 1) as f64 / (null.len() + 1) as f64;
    let moran_p = share(null.iter().filter(|shuffled| (shuffled.0[lane] - mean).abs() >= off).count());
    let peak_p = share(null.iter().filter(|shuffled| shuffled.1[lane] >= peak - TIE).count());
    Structure { moran_i, moran_p, peak, peak_p, p: (2.0 * moran_p.min(peak_p)).min(1.0) }
}

/// Judges one kernel `[slice, row, column]`; `None` where its slices are all flat.
pub fn structure(kernel: ArrayView3<'_, f32>) -> Option<Structure> {
    let (_, rows, columns) = kernel.dim();
    Test::new(rows, columns).judge(&[kernel], &|| false)?.into_iter().next().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffles_are_numpys() {
        let test = Test::new(7, 7);
        assert_eq!(test.orders.len(), PERMUTATIONS * 49);
        assert_eq!(test.orders[..10], [11, 3, 20, 13, 2, 48, 21, 32, 15, 46]);
    }
}
