//! The order in which kernels are shown, and which of them.

use ndarray::ArrayView3;

use super::Weights;
use super::delta::Delta;
use super::diagnosis::{Diagnosis, Thresholds, Verdict};

/// What the kernels are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Their place in the layer.
    #[default]
    Index,
    /// l2, the heaviest first.
    Norm,
    /// The batch normalisation's gain, the largest first.
    Gain,
    /// The direction of the stripes; first those that have one.
    Orientation,
    /// The spatial frequency, the coarsest first.
    Frequency,
    /// The p of the permutation test, the most like noise first.
    Noise,
    /// |cosine| with the selected kernel, the most alike first.
    Similarity,
    /// The relative change from another checkpoint, the most changed first.
    Change,
}

/// Every order and what it is called, in the order in which a key walks through them.
pub const SORTS: [(Sort, &str); 8] = [
    (Sort::Index, "index"),
    (Sort::Norm, "norm"),
    (Sort::Gain, "gain"),
    (Sort::Orientation, "orientation"),
    (Sort::Frequency, "frequency"),
    (Sort::Noise, "noise"),
    (Sort::Similarity, "similarity"),
    (Sort::Change, "change"),
];

impl Sort {
    fn index(self) -> usize {
        SORTS.iter().position(|row| row.0 == self).unwrap_or(0)
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        SORTS[self.index()].1
    }

    /// The one behind it, and behind the last the first.
    #[must_use]
    pub fn next(self) -> Self {
        SORTS[(self.index() + 1) % SORTS.len()].0
    }
}

/// The original indices of the kernels to be shown, in order.
///
/// `diagnoses` has one place a kernel, `None` where it is not judged yet. A filter lets through only kernels whose verdict
/// is known to be that one. Kernels that are equal in the order, or have no number to be sorted by, stay in the order of the
/// layer, the latter at the end. `selected` is what [`Sort::Similarity`] compares with, `delta` what [`Sort::Change`] goes by.
pub fn order(
    sort: Sort,
    filter: Option<Verdict>,
    diagnoses: &[Option<Diagnosis>],
    weights: &Weights,
    selected: usize,
    delta: Option<&Delta>,
) -> Vec<usize> {
    let diagnosis = |index: usize| diagnoses.get(index).copied().flatten();
    let shown =
        |&index: &usize| filter.is_none_or(|wanted| diagnosis(index).is_some_and(|is| is.verdict == wanted));
    let line = Thresholds::default().coherence;
    // Ascending, and what has no number last.
    let key = |index: usize| -> Option<f64> {
        let known = diagnosis(index);
        let numbers = known.map(|known| known.statistics);
        match sort {
            Sort::Index => None,
            Sort::Norm => Some(-numbers.map_or_else(|| norm(weights.kernel(index)), |numbers| numbers.l2)),
            Sort::Gain => known?.gain.map(|gain| -gain),
            Sort::Orientation => {
                numbers.filter(|numbers| numbers.coherence.is_some_and(|is| is >= line))?.orientation
            }
            Sort::Frequency => numbers?.frequency,
            Sort::Noise => known?.structure.map(|test| -test.p),
            // Rounding must not put a copy before the kernel itself.
            Sort::Similarity if index == selected => Some(-2.0),
            Sort::Similarity => (selected < weights.len())
                .then(|| cosine(weights.kernel(selected), weights.kernel(index)))
                .flatten()
                .map(|cosine| -cosine.abs()),
            Sort::Change => delta?.kernels.get(index)?.relative.map(|relative| -relative),
        }
    };
    let mut keyed: Vec<(f64, usize)> = (0..weights.len())
        .filter(shown)
        .map(|index| (key(index).filter(|key| !key.is_nan()).unwrap_or(f64::INFINITY), index))
        .collect();
    // Stable: equal ones stay as they are.
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    keyed.into_iter().map(|(_, index)| index).collect()
}

fn finite(weight: f32) -> f64 {
    if weight.is_finite() { f64::from(weight) } else { 0.0 }
}

fn norm(kernel: ArrayView3<'_, f32>) -> f64 {
    kernel.iter().map(|&weight| finite(weight).powi(2)).sum::<f64>().sqrt()
}

/// The cosine of the angle between two kernels of one shape; what is not finite counts as 0. `None` where one of them
/// is all zeros.
pub fn cosine(a: ArrayView3<'_, f32>, b: ArrayView3<'_, f32>) -> Option<f64> {
    let product: f64 = a.iter().zip(b).map(|(&a, &b)| finite(a) * finite(b)).sum();
    let norms = norm(a) * norm(b);
    (norms > 0.0).then(|| product / norms)
}
