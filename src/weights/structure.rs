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

mod measure;

pub use measure::LANES;
use measure::{Lanes, Measure, Scratch};

/// How often a kernel is shuffled.
pub const PERMUTATIONS: usize = 999;
/// Of a kernel with more positions only the middle is judged: the matrix G grows with their square.
pub const LARGEST: usize = 441;

/// State and stream of the generator of the shuffles: those of `numpy.random.default_rng(0)`, so that anybody can draw the
/// same ones, `default_rng(0).random((999, positions)).argsort(axis=1)`.
const SEED: (u128, u128) =
    (0xdb2c_d7e7_b0f4_78be_abf4_641a_2c71_ba49, 0x20c6_ed6d_9d7b_8d41_2c40_99de_223c_39d4);
/// Shuffles that tie with the kernel but for rounding count as ties. Both statistics are of the order of one.
const TIE: f64 = 1e-9;
/// After so many shuffles somebody may ask to stop.
const BREATH: usize = 64;

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
    measure: Measure,
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
        Self { rows, columns, orders, measure: Measure::new(rows, columns) }
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
        let mut gram = vec![Lanes([0.0; LANES]); positions * positions];
        let structured: Vec<bool> =
            kernels.iter().enumerate().map(|(lane, kernel)| self.fill(&mut gram, lane, *kernel)).collect();
        if positions < 2 || !structured.contains(&true) {
            return Some(vec![None; kernels.len()]);
        }
        let mut scratch = Scratch::new(&self.measure);
        let own: Vec<u16> = (0..positions).map(|position| position as u16).collect();
        let (mut seen, mut null) = (Vec::with_capacity(1), Vec::with_capacity(PERMUTATIONS));
        self.measure.all(&gram, &own, &mut scratch, &mut seen);
        for orders in self.orders.chunks(BREATH * positions) {
            if cancelled() {
                return None;
            }
            self.measure.all(&gram, orders, &mut scratch, &mut null);
        }
        let answer = |(lane, there): (usize, bool)| there.then(|| compare(seen[0], &null, lane));
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
                gram[p * positions + q].0[lane] = product;
                gram[q * positions + p].0[lane] = product;
            }
        }
        true
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

/// How the kernel in `lane` stands among its shuffled selves.
fn compare((moran, peak): (Lanes, Lanes), null: &[(Lanes, Lanes)], lane: usize) -> Structure {
    let (moran_i, peak) = (moran.0[lane], peak.0[lane]);
    let mean = null.iter().map(|shuffled| shuffled.0.0[lane]).sum::<f64>() / null.len() as f64;
    let off = (moran_i - mean).abs() - TIE;
    let share = |as_far: usize| (as_far + 1) as f64 / (null.len() + 1) as f64;
    let moran_p = share(null.iter().filter(|shuffled| (shuffled.0.0[lane] - mean).abs() >= off).count());
    let peak_p = share(null.iter().filter(|shuffled| shuffled.1.0[lane] >= peak - TIE).count());
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
