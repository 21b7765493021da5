//! What changed between epochs of the built-in network, against numpy in float64.

use convscope::weights::Weights;
use convscope::weights::delta::{Change, delta};

use crate::judgement::demo;
use crate::shared::kernels;

/// Before, after, kernel (`None`: the layer); relative change, cosine, largest |Δ|, not finite.
type Row = (&'static str, &'static str, Option<usize>, Option<f64>, Option<f64>, f64, usize);

const ROWS: &[Row] = &[
    (
        "epoch-000",
        "epoch-001",
        None,
        Some(3.683_131_535_237_037),
        Some(0.250_198_825_513_306),
        0.300_769_488,
        0,
    ),
    (
        "epoch-000",
        "epoch-001",
        Some(0),
        Some(4.269_001_181_936_135),
        Some(0.200_432_127_735_693),
        0.175_304_544,
        0,
    ),
    (
        "epoch-000",
        "epoch-001",
        Some(63),
        Some(4.485_515_929_616_291),
        Some(0.298_160_009_237_945),
        0.200_293_557,
        0,
    ),
    (
        "epoch-008",
        "epoch-010",
        None,
        Some(0.045_226_372_781_337),
        Some(0.999_195_609_493_839),
        0.026_391_781_9,
        0,
    ),
    (
        "epoch-008",
        "epoch-010",
        Some(12),
        Some(0.039_599_731_253_015),
        Some(0.999_380_190_609_054),
        0.011_289_522,
        0,
    ),
    (
        "epoch-000",
        "wrong-001",
        None,
        Some(9.994_442_930_193_124e15),
        Some(-0.004_863_583_858_3),
        824_155_435_958_272.0,
        0,
    ),
    (
        "epoch-000",
        "wrong-001",
        Some(12),
        Some(1.493_460_772_637_789e16),
        Some(0.026_606_968_182_718),
        485_501_962_289_152.0,
        0,
    ),
    ("wrong-002", "wrong-003", None, None, None, 0.0, 9408),
    ("wrong-002", "wrong-003", Some(12), None, None, 0.0, 147),
];

fn conv1(name: &str) -> Weights {
    kernels(&demo(&format!("{name}.h5")), "conv1").1
}

#[test]
fn changes_are_those_of_the_reference() {
    let near = |seen: Option<f64>, expected: Option<f64>| match (seen, expected) {
        (Some(seen), Some(expected)) => (seen - expected).abs() <= 1e-8 * expected.abs().max(1.0),
        (seen, expected) => seen == expected,
    };
    for &(before, after, kernel, relative, cosine, largest, not_finite) in ROWS {
        let change = delta(&conv1(before), &conv1(after)).unwrap();
        let seen: Change = kernel.map_or(change.layer, |kernel| change.kernels[kernel]);
        let what = format!("{before} {after} {kernel:?}: {seen:?}");
        assert!(near(seen.relative, relative) && near(seen.cosine, cosine), "{what}");
        assert!(
            near(Some(seen.largest), Some(largest)) || (seen.largest / largest - 1.0).abs() < 1e-8,
            "{what}"
        );
        assert_eq!((seen.not_finite, seen.unchanged), (not_finite, false), "{what}");
    }
}

#[test]
fn a_network_is_unchanged_from_itself_and_has_no_change_from_another() {
    let last = conv1("epoch-010");
    let same = delta(&last, &last).unwrap();
    assert!(same.layer.unchanged && same.kernels.iter().all(|kernel| kernel.unchanged));
    assert_eq!((same.layer.relative, same.kernels.len()), (Some(0.0), 64));
    let mut fewer = last.clone();
    fewer.kernels = fewer.kernels.slice(ndarray::s![..63, .., .., ..]).to_owned();
    assert_eq!(delta(&last, &fewer), None);
}
