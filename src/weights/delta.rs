//! What changed between two checkpoints: METRICS.md's numbers for a layer, a kernel or any two arrays.
//!
//! They are between *epochs*: the well-known update ratio of 1e-3 is per optimiser step and is no measure for them.

use ndarray::Axis;

use super::Weights;

/// Relative and absolute tolerance within which arrays are unchanged: numpy's `allclose`, as SageMaker Debugger's
/// UnchangedTensor asks it.
pub const TOLERANCE: (f64, f64) = (1e-5, 1e-8);

/// What changed from one array to another of the same length. Sums are over the pairs of which both values are finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// ‖after − before‖ / ‖before‖: 0 where both are nothing, infinite where something came of nothing; `None` where no
    /// pair is finite.
    pub relative: Option<f64>,
    /// The cosine between them; `None` where one of them is nothing.
    pub cosine: Option<f64>,
    /// The largest |after − before|; 0 where no pair is finite.
    pub largest: f64,
    /// Whether every |after − before| ≤ 1e-8 + 1e-5·|before|; a NaN is a change, an infinity that stays is none.
    pub unchanged: bool,
    /// Pairs of which a value is not finite.
    pub not_finite: usize,
}

impl Change {
    /// From `before` to `after`, value by value; what one has more than the other is left out.
    pub fn between(before: impl IntoIterator<Item = f32>, after: impl IntoIterator<Item = f32>) -> Self {
        let (mut count, mut not_finite, mut unchanged) = (0_usize, 0, true);
        let (mut norm, mut norm_after, mut product, mut moved, mut largest) = (0.0, 0.0, 0.0, 0.0, 0.0_f64);
        for (before, after) in before.into_iter().zip(after) {
            let (before, after) = (f64::from(before), f64::from(after));
            let difference = after - before;
            count += 1;
            unchanged &= before == after
                || (difference.is_finite() && difference.abs() <= TOLERANCE.1 + TOLERANCE.0 * before.abs());
            if difference.is_finite() {
                norm += before * before;
                norm_after += after * after;
                product += before * after;
                moved += difference * difference;
                largest = largest.max(difference.abs());
            } else {
                not_finite += 1;
            }
        }
        let relative = match (moved == 0.0, norm == 0.0) {
            _ if not_finite == count && count > 0 => None,
            (true, _) => Some(0.0),
            (false, true) => Some(f64::INFINITY),
            (false, false) => Some((moved / norm).sqrt()),
        };
        let size = norm.sqrt() * norm_after.sqrt();
        let cosine = (size > 0.0).then(|| (product / size).clamp(-1.0, 1.0));
        Self { relative, cosine, largest, unchanged, not_finite }
    }
}

/// What changed in a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Delta {
    /// All its kernels together; the bias is not counted.
    pub layer: Change,
    /// One a kernel.
    pub kernels: Vec<Change>,
}

/// What changed from `before` to `after`; `None` where their kernels are not of one shape.
pub fn delta(before: &Weights, after: &Weights) -> Option<Delta> {
    let (old, new) = (&before.kernels, &after.kernels);
    if old.dim() != new.dim() {
        return None;
    }
    let kernels = old.axis_iter(Axis(0)).zip(new.axis_iter(Axis(0)));
    Some(Delta {
        layer: Change::between(old.iter().copied(), new.iter().copied()),
        kernels: kernels
            .map(|(old, new)| Change::between(old.iter().copied(), new.iter().copied()))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_something_and_what_is_not_finite() {
        let same = Change::between([1.0, f32::INFINITY], [1.0, f32::INFINITY]);
        assert_eq!((same.relative, same.unchanged, same.not_finite), (Some(0.0), true, 1));
        let none = Change::between([0.0; 3], [0.0; 3]);
        assert_eq!((none.relative, none.cosine, none.unchanged), (Some(0.0), None, true));
        let born = Change::between([0.0; 3], [0.0, 2.0, 0.0]);
        assert_eq!((born.relative, born.cosine, born.largest), (Some(f64::INFINITY), None, 2.0));
        let lost = Change::between([1.0, 2.0], [f32::NAN; 2]);
        assert_eq!((lost.relative, lost.cosine, lost.unchanged, lost.not_finite), (None, None, false, 2));
        let partly = Change::between([3.0, 4.0, 1.0], [3.0, 4.5, f32::NAN]);
        assert_eq!((partly.relative, partly.largest, partly.not_finite), (Some(0.1), 0.5, 1));
        let turned = Change::between([3.0, 4.0], [-3.0, -4.0]);
        assert_eq!((turned.relative, turned.cosine), (Some(2.0), Some(-1.0)));
        let huge = Change::between([1.0], [3e38]);
        assert!(huge.relative.is_some_and(|relative| relative > 1e38));
    }

    #[test]
    fn unchanged_is_within_the_tolerance() {
        for (before, after, unchanged) in [
            (1.0, 1.000_009, true),
            (1.0, 1.000_011, false),
            (0.0, 0.9e-8, true),
            (0.0, 1.1e-8, false),
            (f32::INFINITY, f32::NEG_INFINITY, false),
        ] {
            assert_eq!(Change::between([before], [after]).unchanged, unchanged, "{before} {after}");
        }
    }
}
