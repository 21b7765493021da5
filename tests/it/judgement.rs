//! The judgement of kernels against `goldens/`, random layers and the built-in network.

use std::path::PathBuf;

use convscope::weights::diagnosis::{LayerDiagnosis, Thresholds, Verdict, Word, judge};
use convscope::weights::{Layer, Weights, gain};
use ndarray::{Array4, ArrayView4, Axis};
use rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;
use serde_json::Value;

use crate::checkpoints::open;
use crate::numerics::{LAYERS, agree};
use crate::shared::{kernels, shared};

/// Judges with the default thresholds.
pub(crate) fn judged(weights: &Weights) -> LayerDiagnosis {
    judge(weights, None, &Thresholds::default(), &|_, _| {}, &|| false).unwrap()
}

/// A layer of standard normal weights.
pub(crate) fn gaussian(seed: u64, shape: (usize, usize, usize, usize)) -> Weights {
    let mut random = Pcg64::seed_from_u64(seed);
    let kernels = Array4::from_shape_simple_fn(shape, || StandardNormal.sample(&mut random));
    Weights { kernels, bias: None }
}

/// A file of the built-in network.
pub(crate) fn demo(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/demo").join(name)
}

#[test]
fn every_verdict_is_that_of_the_reference() {
    let Some(goldens) = shared("goldens/kernels.json") else { return };
    let goldens: Value = serde_json::from_slice(&std::fs::read(goldens).unwrap()).unwrap();
    for (golden, file, layer) in LAYERS {
        let Some(file) = shared(file) else { return };
        let seen = judged(&kernels(&file, layer).1);
        let rows = goldens[golden].as_array().unwrap();
        assert_eq!(seen.kernels.len(), rows.len());
        for (kernel, (seen, row)) in seen.kernels.iter().zip(rows).enumerate() {
            assert_eq!(seen.verdict.name(), row["verdict"], "{golden} {kernel}: {seen:?}");
            let test = seen.structure;
            let numbers = [
                ("moran_i", test.map(|test| test.moran_i)),
                ("moran_p", test.map(|test| test.moran_p)),
                ("peak", test.map(|test| test.peak)),
                ("peak_p", test.map(|test| test.peak_p)),
                ("p", test.map(|test| test.p)),
            ];
            for (name, seen) in numbers {
                // The reference tests every kernel, ours only those that may be judged.
                let (Some(seen), Some(expected)) = (seen, row[name].as_f64()) else { continue };
                assert!(agree(name, seen, expected), "{golden} {kernel} {name}: {seen}, expected {expected}");
            }
        }
    }
}
