//! Plain numbers about weights: moments, norms, quantiles, what is not finite, and the histogram.
//!
//! METRICS.md's first table. Statistics are over finite values only; NaN and infinite values are counted beside them.

use ndarray::{ArrayView3, Axis};
use rayon::prelude::*;

use super::Weights;
use super::spectrum::{centred, spectrum};

/// The numbers about one kernel, or about any other array of weights.
///
/// Where no value is finite, `min`, `max`, `mean` and `std` are NaN. The optional ones are those of a kernel with
/// energy: a kernel of zeros has none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// How many values, finite or not.
    pub count: usize,
    /// How many are NaN.
    pub nan: usize,
    /// How many are infinite.
    pub inf: usize,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
    /// The standard deviation of the population.
    pub std: f64,
    /// Σ|w|.
    pub l1: f64,
    /// √Σw².
    pub l2: f64,
    /// The share of values below 1 % of the layer's largest; one that is not finite counts as 0, so as sparse.
    pub sparsity: f64,
    /// How much of the kernel only answers to brightness, 0..1: 1 − ‖k − its slices' means‖² / ‖k‖².
    pub dc_share: Option<f64>,
    /// The share of energy off the grey axis, 0..1, of kernels with three slices: 1 − 3·‖mean over slices‖² / ‖k‖².
    pub chroma: Option<f64>,
    /// Where the power peaks, cycles a pixel; see [`Spectrum`](super::spectrum::Spectrum).
    pub frequency: Option<f64>,
    /// 0 round … 1 a pure stripe.
    pub coherence: Option<f64>,
    /// Of the stripes, degrees 0..180, counted from ─ through ╱.
    pub orientation: Option<f64>,
}

impl Statistics {
    /// Of any values, without the ones that need a kernel's shape; `sparsity` is against their own largest.
    pub fn of_values(values: &[f32]) -> Self {
        Self::plain(values.iter().copied(), largest(values.iter().copied()))
    }

    /// Of a kernel `[slice, row, column]` in a layer whose largest finite |weight| is `layer_largest`.
    pub fn of_kernel(kernel: ArrayView3<'_, f32>, layer_largest: f32) -> Self {
        let plain = Self::plain(kernel.iter().copied(), layer_largest);
        let energy = plain.l2 * plain.l2;
        if energy == 0.0 {
            return plain;
        }
        let z = centred(kernel);
        let stripes = spectrum(z.view(), energy);
        Self {
            dc_share: Some(1.0 - z.iter().map(|z| z * z).sum::<f64>() / energy),
            chroma: chroma(kernel, energy),
            frequency: Some(stripes.frequency),
            coherence: Some(stripes.coherence),
            orientation: Some(stripes.orientation),
            ..plain
        }
    }

    fn plain(values: impl Iterator<Item = f32> + Clone, layer_largest: f32) -> Self {
        let small = 0.01 * f64::from(layer_largest);
        let (mut count, mut nan, mut inf, mut sparse) = (0, 0, 0, 0_usize);
        let (mut min, mut max, mut sum, mut l1, mut energy) =
            (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.0, 0.0);
        for value in values.clone() {
            let finite = value.is_finite();
            count += 1;
            nan += usize::from(value.is_nan());
            inf += usize::from(value.is_infinite());
            let value = if finite { f64::from(value) } else { 0.0 };
            sparse += usize::from(value.abs() < small);
            if finite {
                (min, max) = (min.min(value), max.max(value));
            }
            sum += value;
            l1 += value.abs();
            energy += value * value;
        }
        let finite = count - nan - inf;
        let (mean, std) = if finite == 0 {
            (min, max) = (f64::NAN, f64::NAN);
            (f64::NAN, f64::NAN)
        } else {
            let mean = sum / finite as f64;
            // A second pass: the short formula loses all digits where the mean is far from zero.
            let off = values.filter(|value| value.is_finite()).map(|value| (f64::from(value) - mean).powi(2));
            (mean, (off.sum::<f64>() / finite as f64).sqrt())
        };
        Self {
            count,
            nan,
            inf,
            min,
            max,
            mean,
            std,
            l1,
            l2: energy.sqrt(),
            sparsity: sparse as f64 / count.max(1) as f64,
            dc_share: None,
            chroma: None,
            frequency: None,
            coherence: None,
            orientation: None,
        }
    }
}

/// The statistics of every kernel of a layer, in order.
pub fn layer_statistics(weights: &Weights) -> Vec<Statistics> {
    let largest = largest(weights.kernels.iter().copied());
    let kernels = weights.kernels.axis_iter(Axis(0)).into_par_iter();
    kernels.map(|kernel| Statistics::of_kernel(kernel, largest)).collect()
}

/// The largest finite |value|; 0 where there is none.
pub fn largest(values: impl Iterator<Item = f32>) -> f32 {
    values.filter(|value| value.is_finite()).fold(0.0, |largest, value| largest.max(value.abs()))
}

fn chroma(kernel: ArrayView3<'_, f32>, energy: f64) -> Option<f64> {
    let (slices, rows, columns) = kernel.dim();
    if slices != 3 {
        return None;
    }
    let finite = |at| kernel.get(at).copied().filter(|weight| weight.is_finite()).map_or(0.0, f64::from);
    let positions = (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x)));
    let grey: f64 =
        positions.map(|(y, x)| ((0..3).map(|c| finite((c, y, x))).sum::<f64>() / 3.0).powi(2)).sum();
    Some(1.0 - 3.0 * grey / energy)
}

/// How many finite values fall into each of some equal bins between the smallest and the largest.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// The smallest finite value; 0 where there is none.
    pub low: f32,
    /// The largest finite value; 0 where there is none.
    pub high: f32,
    /// One count a bin; a bin holds its lower end, the last one its upper end too.
    pub counts: Vec<usize>,
}

impl Histogram {
    /// Counts `values` in `bins` bins. Values that are all equal fall into the middle one.
    pub fn of(values: impl Iterator<Item = f32> + Clone, bins: usize) -> Self {
        let finite = values.filter(|value| value.is_finite());
        let bounds = finite.clone().fold(None, |bounds, value| match bounds {
            None => Some((value, value)),
            Some((low, high)) => Some((value.min(low), value.max(high))),
        });
        let mut counts = vec![0; bins];
        let Some((low, high)) = bounds else { return Self { low: 0.0, high: 0.0, counts } };
        // In f64 the width of the widest range is finite.
        let width = f64::from(high) - f64::from(low);
        for value in finite {
            let share = if width > 0.0 { (f64::from(value) - f64::from(low)) / width } else { 0.5 };
            let bin = ((share * bins as f64) as usize).min(bins.saturating_sub(1));
            if let Some(count) = counts.get_mut(bin) {
                *count += 1;
            }
        }
        Self { low, high, counts }
    }
}

/// The |value| below which a share (0..1) of the finite ones lies, between two of them by straight line (numpy's
/// default), and the largest of all. `None` where no value is finite.
///
/// A picture has too many values to sort them for one. A sample of them tells where the share ends, or a little before; only
/// what lies from there on is looked at, or, where the sample was wrong, everything.
pub fn magnitude_quantile(values: &[f32], share: f64) -> Option<(f32, f32)> {
    // Of positive numbers the larger one has the larger bits.
    let likely = likely_below(values, share);
    let found = [likely, 0].into_iter().find_map(|least| {
        let (finite, mut large) = from(values, least);
        let last = finite.checked_sub(1)?;
        let place = share.clamp(0.0, 1.0) * last as f64;
        let rank = (place.floor() as usize).checked_sub(finite - large.len())?;
        let (_, found, larger) = large.select_nth_unstable(rank);
        let found = *found;
        let next = larger.iter().copied().min().unwrap_or(found);
        let largest = larger.iter().copied().max().unwrap_or(found);
        Some((f32::from_bits(found), f32::from_bits(next), f32::from_bits(largest), place.fract()))
    });
    let (below, above, largest, between) = found?;
    let quantile = f64::from(below) + (f64::from(above) - f64::from(below)) * between;
    Some((quantile as f32, largest))
}

fn magnitude(value: f32) -> u32 {
    value.abs().to_bits()
}

/// The bits of a magnitude that hardly less than the share lies below: by a sample, and four times less than its error.
fn likely_below(values: &[f32], share: f64) -> u32 {
    const SAMPLE: usize = 2048;
    let sample = values.iter().step_by(values.len() / SAMPLE + 1).map(|value| magnitude(*value));
    let mut sample: Vec<u32> = sample.filter(|bits| *bits < f32::INFINITY.to_bits()).collect();
    let count = sample.len() as f64;
    let place = share * count - 4.0 * (share * (1.0 - share) * count).sqrt() - 4.0;
    if place < 1.0 {
        return 0;
    }
    let place = (place as usize).min(sample.len() - 1);
    *sample.select_nth_unstable(place).1
}

/// How many magnitudes are finite, and the bits of those that are `least` or more.
fn from(values: &[f32], least: u32) -> (usize, Vec<u32>) {
    const INFINITE: u32 = f32::INFINITY.to_bits();
    let (mut finite, mut large) = (0, Vec::new());
    // Few pieces have any of them, and most are seen to have none without a look at each.
    for values in values.chunks(16) {
        finite += values.iter().filter(|value| magnitude(**value) < INFINITE).count();
        if values.iter().fold(0, |most, value| magnitude(*value).max(most)) >= least {
            let bits = values.iter().map(|value| magnitude(*value));
            large.extend(bits.filter(|bits| (least..INFINITE).contains(bits)));
        }
    }
    (finite, large)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array3, Array4};

    #[test]
    fn what_is_not_finite_is_counted_and_left_out() {
        let seen = Statistics::of_values(&[1.0, f32::NAN, -3.0, f32::INFINITY, f32::NEG_INFINITY]);
        assert_eq!((seen.count, seen.nan, seen.inf), (5, 1, 2));
        assert_eq!((seen.min, seen.max, seen.mean, seen.std), (-3.0, 1.0, -1.0, 2.0));
        assert_eq!((seen.l1, seen.l2), (4.0, 10_f64.sqrt()));
    }

    #[test]
    fn no_finite_value_is_no_panic() {
        for values in [&[][..], &[f32::NAN; 27]] {
            let seen = Statistics::of_values(values);
            assert!(seen.min.is_nan() && seen.std.is_nan() && seen.l2 == 0.0);
        }
        let kernels = Array4::from_elem((2, 3, 3, 3), f32::NAN);
        let seen = layer_statistics(&Weights { kernels, bias: None });
        assert!(seen.iter().all(|row| row.frequency.is_none() && row.dc_share.is_none() && row.nan == 27));
        assert!(layer_statistics(&Weights { kernels: Array4::zeros((0, 3, 3, 3)), bias: None }).is_empty());
        assert_eq!(layer_statistics(&Weights { kernels: Array4::zeros((2, 3, 0, 3)), bias: None }).len(), 2);
    }

    #[test]
    fn a_single_weight_is_all_brightness() {
        let seen = Statistics::of_kernel(Array3::from_elem((1, 1, 1), -0.5).view(), 0.5);
        assert_eq!((seen.dc_share, seen.frequency, seen.coherence), (Some(1.0), Some(0.0), Some(0.0)));
        let zero = Statistics::of_kernel(Array3::zeros((3, 7, 7)).view(), 0.5);
        assert_eq!((zero.dc_share, zero.chroma, zero.sparsity), (None, None, 1.0));
    }

    #[test]
    fn histogram_and_quantiles_as_numpy() {
        let values = [0.0, 0.1, 0.5, 1.0, f32::NAN, 1.0];
        let seen = Histogram::of(values.into_iter(), 2);
        assert_eq!((seen.low, seen.high, &seen.counts[..]), (0.0, 1.0, &[2, 3][..]));
        assert_eq!(Histogram::of([2.0; 4].into_iter(), 5).counts, [0, 0, 4, 0, 0]);
        assert_eq!(Histogram::of([f32::NAN].into_iter(), 3).counts, [0, 0, 0]);
        assert_eq!(Histogram::of([f32::MAX, f32::MIN].into_iter(), 2).counts, [1, 1]);
    }

    #[test]
    fn the_quantile_is_that_of_the_sorted_magnitudes() {
        let values = [3.0, -1.0, 2.0, -4.0, f32::NAN, f32::NEG_INFINITY];
        let seen = [0.0, 0.5, 0.9, 1.0].map(|share| magnitude_quantile(&values, share));
        assert_eq!(seen, [1.0, 2.5, 3.7, 4.0].map(|quantile| Some((quantile, 4.0))));
        assert_eq!(magnitude_quantile(&[f32::NAN], 0.5), None);
    }

    #[test]
    fn a_sample_that_is_unlike_the_others_misleads_nobody() {
        let values: Vec<f32> = (0..5000).map(|at| if at % 3 == 0 { 9.0 } else { 1.0 }).collect();
        assert!(likely_below(&values, 0.6) > magnitude(1.0), "the sample is of the large ones alone");
        assert_eq!(magnitude_quantile(&values, 0.6), Some((1.0, 9.0)));
        assert_eq!(magnitude_quantile(&values, 0.7), Some((9.0, 9.0)));
    }

    proptest::proptest! {
        #[test]
        fn the_quantile_of_any_numbers_is_that_of_the_sorted_ones(
            values in proptest::collection::vec(proptest::num::f32::ANY, 0..300), share in 0.0..=1.0,
        ) {
            let mut sorted: Vec<f32> =
                values.iter().map(|value| value.abs()).filter(|value| value.is_finite()).collect();
            sorted.sort_unstable_by(f32::total_cmp);
            let seen = magnitude_quantile(&values, share);
            let Some(largest) = sorted.last() else {
                proptest::prop_assert_eq!(seen, None);
                return Ok(());
            };
            let place = share * (sorted.len() - 1) as f64;
            let [below, above] = [place.floor(), place.ceil()].map(|rank| f64::from(sorted[rank as usize]));
            let between = (below + (above - below) * place.fract()) as f32;
            proptest::prop_assert_eq!(seen, Some((between, *largest)));
        }
    }
}
