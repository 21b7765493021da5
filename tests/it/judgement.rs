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

#[test]
fn resnets_first_layer_reads_as_published() {
    let Some(file) = shared("data/checkpoints/resnet50_keras1_head.h5") else { return };
    let checkpoint = open(&file).unwrap();
    let network = checkpoint.network();
    let at = |name: &str| network.layers.iter().position(|layer| layer.name == name).unwrap();
    let (_, weights) = kernels(&file, "conv1");
    let norm = gain::behind(&network.layers, at("conv1")).unwrap();
    assert_eq!(network.layers[norm].name, "bn_conv1");
    let read = checkpoint.read(&network.layers[norm]).unwrap();
    let gains = gain::gains(&network.layers[norm], &read, gain::EPSILON_RESNET).unwrap();
    let thresholds = Thresholds::default();
    let seen = judge(&weights, Some(&gains), &thresholds, &|_, _| {}, &|| false).unwrap();
    assert_eq!(seen.summary(), "64 kernels: 31 oriented · 13 colour · 20 blob · 0 noise · 0 dead");
    assert_eq!((seen.word, seen.noise_share(), seen.judged), (Word::Structured, Some(0.0), 64));
    assert_eq!(seen.coverage.iter().sum::<usize>(), 31);
    let first = seen.kernels[0];
    assert_eq!((first.verdict, first.mark()), (Verdict::Oriented, '╲'));
    assert!(first.reason(&thresholds).starts_with("oriented: structured: p = 0.002, Moran's I = 0.60"));
    assert_eq!(first.gain, Some(gains[0]));
    assert!(gains.iter().all(|gain| gain.is_finite()));
    // Every block's convolutions find their own normalisation.
    for layer in network.layers.iter().filter(|layer| layer.name.starts_with("res")) {
        let norm =
            gain::behind(&network.layers, at(&layer.name)).map(|norm| network.layers[norm].name.clone());
        let expected = layer.name.replacen("res", "bn", 1);
        if network.layers.iter().any(|layer| layer.name == expected) {
            assert_eq!(norm, Some(expected));
        }
    }
}

#[test]
fn random_layers_read_as_noise_but_for_one_in_twenty() {
    let layers: Vec<_> = (0..8).map(|seed| judged(&gaussian(seed, (64, 3, 7, 7)))).collect();
    assert!(layers.iter().all(|layer| layer.word == Word::Untrained));
    let noise: usize = layers.iter().map(|layer| layer.count(Verdict::Noise)).sum();
    let structured = 1.0 - noise as f64 / (8.0 * 64.0);
    assert!((0.01..=0.09).contains(&structured), "{structured}");
    let entropy = layers[0].entropy.unwrap();
    assert!((entropy.ratio().unwrap() - 1.0).abs() < 0.005, "{entropy:?}");
    // Cosines of random directions in 147 dimensions: √(2/(π·147)) in the mean.
    let likeness = layers[0].likeness.clone().unwrap();
    assert!((likeness.orthogonality - 0.934).abs() < 0.01 && likeness.duplicates == 0, "{likeness:?}");
}

#[test]
fn the_built_in_network_is_noise_at_first_and_structured_when_trained() {
    let word = |name: &str| judged(&kernels(&demo(name), "conv1").1);
    let start = word("epoch-000.h5");
    assert_eq!(start.word, Word::Untrained);
    assert!(start.count(Verdict::Noise) >= 56, "{}", start.summary());
    for epoch in ["001", "002", "003", "004", "005", "006", "008", "010"] {
        let seen = word(&format!("epoch-{epoch}.h5"));
        assert_eq!((seen.word, seen.checkerboards), (Word::Structured, 0), "{epoch}: {}", seen.summary());
    }
    for wrong in ["wrong-001.h5", "wrong-002.h5"] {
        let seen = word(wrong);
        assert_eq!(seen.checkerboards, 64, "{wrong}: {}", seen.summary());
        assert!(seen.likeness.unwrap().orthogonality.is_finite());
    }
    let broken = word("wrong-003.h5");
    assert_eq!((broken.count(Verdict::NotFinite), broken.word), (64, Word::NotJudged));
    assert_eq!((broken.likeness, broken.entropy), (None, None));
}

#[test]
fn one_thread_and_two_give_the_same_answer() {
    let weights = gaussian(5, (37, 2, 5, 7));
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| judged(&weights))
    };
    let one = with(1);
    assert_eq!(one, with(2));
    // Nor does it matter who sits in the lane beside.
    let alone = judged(&Weights { kernels: slice(&weights, 20..21), bias: None });
    assert_eq!(alone.kernels[0].structure, one.kernels[20].structure);
}

fn slice(weights: &Weights, range: std::ops::Range<usize>) -> Array4<f32> {
    weights.kernels.slice(ndarray::s![range, .., .., ..]).to_owned()
}

#[test]
fn kernels_are_told_as_they_become_known_and_the_work_can_be_given_up() {
    use std::sync::Mutex;
    let mut weights = gaussian(6, (20, 1, 5, 5));
    weights.kernels[(3, 0, 0, 0)] = f32::NAN;
    let told = Mutex::new(Vec::new());
    let each = |index, diagnosis| told.lock().unwrap().push((index, diagnosis));
    let layer = judge(&weights, None, &Thresholds::default(), &each, &|| false).unwrap();
    let mut told = told.into_inner().unwrap();
    assert_eq!(told[0].0, 3, "what needs no test comes first");
    told.sort_by_key(|row| row.0);
    assert_eq!(told.len(), 20);
    assert!(told.iter().all(|&(index, diagnosis)| same(layer.kernels[index], diagnosis)));
    assert!(judge(&weights, None, &Thresholds::default(), &|_, _| {}, &|| true).is_none());
}

/// NaN is not equal to itself, so the words are compared.
fn same(a: impl std::fmt::Debug, b: impl std::fmt::Debug) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

#[test]
fn odd_layers_are_named_and_do_no_harm() {
    let of = |kernels: Array4<f32>| judged(&Weights { kernels, bias: None });
    let all = |shape, value| of(Array4::from_elem(shape, value));
    let reason = |layer: &LayerDiagnosis| layer.kernels[0].reason(&Thresholds::default());
    assert_eq!(reason(&all((2, 3, 7, 7), f32::NAN)), "not finite: 147 NaN and 0 infinite of 147 weights");
    assert_eq!(reason(&all((2, 3, 7, 7), 0.0)), "dead: all weights are 0");
    assert_eq!(reason(&all((2, 3, 7, 7), 0.25)), "dead: all weights are 0.25");
    assert_eq!(reason(&all((2, 3, 0, 7), 0.0)), "dead: it has no weights");
    assert_eq!(reason(&all((2, 1, 1, 1), 0.5)), "too small to judge one by one: fewer than 25 positions");
    assert_eq!(
        all((0, 3, 7, 7), 0.0).summary(),
        "0 kernels: 0 oriented · 0 colour · 0 blob · 0 noise · 0 dead"
    );
    assert_eq!(
        all((1, 3, 3, 3), 0.0).summary(),
        "1 kernel: 0 oriented · 0 colour · 0 blob · 0 noise · 1 dead"
    );
    let small = judged(&gaussian(1, (64, 2, 3, 3)));
    assert_eq!(
        (small.summary().as_str(), small.word),
        ("64 kernels: 0 dead · 64 too small to judge", Word::NotJudged)
    );
    // Slices that are flat each, but not all alike: there is nothing to shuffle.
    let flat = of(Array4::from_shape_fn((2, 3, 5, 5), |(_, c, _, _)| c as f32 + 0.1));
    assert_eq!(reason(&flat), "noise: every slice is flat, so the order of its weights says nothing");
    // One hundredth of the median is dead.
    let mut weights = gaussian(2, (9, 1, 5, 5));
    weights.kernels.index_axis_mut(Axis(0), 4).mapv_inplace(|weight| weight * 0.001);
    let dead = judged(&weights).kernels[4];
    assert_eq!(dead.verdict, Verdict::Dead);
    assert!(dead.reason(&Thresholds::default()).contains("≤ 0.01 × the layer's median"));
    // The largest and the smallest numbers that there are, one row, and more positions than are judged.
    for scale in [1e-44, f32::MAX / 8.0] {
        let mut weights = gaussian(3, (8, 3, 5, 5));
        weights.kernels.mapv_inplace(|weight| weight.clamp(-4.0, 4.0) * scale);
        assert!(judged(&weights).kernels.iter().all(|kernel| kernel.verdict.is_judged()));
    }
    for shape in [(3, 2, 1, 40), (3, 2, 40, 1), (2, 1, 31, 31), (1, 1, 2, 3000), (2, 1, 300, 30)] {
        let seen = judged(&gaussian(4, shape));
        assert!(seen.kernels.iter().all(|kernel| kernel.structure.is_some()), "{shape:?}");
    }
}

#[test]
fn stripes_and_checkerboards_are_structure() {
    type Draw = fn(usize, usize) -> f32;
    let made = |draw: Draw| {
        let kernels = Array4::from_shape_fn((1, 3, 7, 7), |(_, _, y, x)| draw(y, x));
        judged(&Weights { kernels, bias: None }).kernels[0]
    };
    let rows: [(Draw, char); 4] = [
        (|y, _| (y as f32 * 1.6).sin(), '─'),
        (|_, x| (x as f32 * 1.6).sin(), '│'),
        (|y, x| ((y + x) as f32 * 1.1).sin(), '╱'),
        (|y, x| ((y as f32 - x as f32) * 1.1).sin(), '╲'),
    ];
    for (draw, mark) in rows {
        let seen = made(draw);
        assert_eq!((seen.verdict, seen.mark()), (Verdict::Oriented, mark), "{seen:?}");
        assert_eq!(seen.stripes(&Thresholds::default()), Some(mark));
    }
    let board = made(|y, x| if (y + x) % 2 == 0 { 1.0 } else { -1.0 });
    assert!(board.structure.is_some_and(|test| test.moran_i < -0.9 && test.p <= 0.002), "{board:?}");
}

#[test]
fn the_test_is_the_same_whatever_the_weights_size_and_sign() {
    let Some(file) = shared("data/checkpoints/resnet50_keras1_head.h5") else { return };
    let (_, weights) = kernels(&file, "conv1");
    let verdicts = |kernels: ArrayView4<'_, f32>| {
        let seen = judged(&Weights { kernels: kernels.to_owned(), bias: None });
        seen.kernels
            .iter()
            .map(|kernel| (kernel.verdict, kernel.structure.map(|test| test.p)))
            .collect::<Vec<_>>()
    };
    let own = verdicts(weights.kernels.view());
    for factor in [-1.0, 0.37, 1e-20, -3e20] {
        assert_eq!(own, verdicts((&weights.kernels * factor).view()), "{factor}");
    }
}

fn norm(name: &str, size: usize) -> Layer {
    let tensor = |name: &str| convscope::weights::Tensor {
        path: name.to_owned(),
        name: name.to_owned(),
        shape: vec![size],
        dtype: "float32".to_owned(),
    };
    Layer {
        kind: convscope::weights::Kind::BatchNormalization,
        tensors: ["gamma", "beta", "moving_mean", "moving_variance"].map(tensor).into(),
        kernels: None,
        ..crate::session::dense(name)
    }
}

#[test]
fn normalisations_are_found_by_name_or_by_place_and_never_guessed() {
    let conv = |name: &str| crate::session::conv(name, 3, 8, 16);
    let rows: &[(&[Layer], &[Option<usize>])] = &[
        (&[conv("conv1"), norm("bn_conv1", 16)], &[Some(1)]),
        (&[conv("conv1"), norm("bn_conv1", 17)], &[None]),
        (
            &[conv("stem_conv"), conv("head_conv"), norm("stem_bn", 16), norm("head_bn", 16)],
            &[Some(2), Some(3)],
        ),
        (&[conv("block_1_expand"), norm("block_1_expand_BN", 16)], &[Some(1)]),
        // Numbers that Keras made up count a class each.
        (
            &[conv("conv2d"), conv("conv2d_1"), norm("batch_normalization", 16), conv("conv2d_2")],
            &[None, Some(2), None, None],
        ),
        (
            &[
                conv("conv2d_4"),
                conv("conv2d_5"),
                norm("batch_normalization_5", 16),
                norm("batch_normalization_6", 16),
            ],
            &[Some(2), Some(3)],
        ),
        (&[conv("a"), crate::session::dense("b"), norm("c", 16)], &[None]),
        (&[norm("bn", 16), conv("conv")], &[None, None]),
        (&[conv("conv"), norm("bn", 16)], &[Some(1)]),
        (&[conv("conv2d_1"), crate::session::dense("b"), norm("bn1", 16)], &[None]),
    ];
    for (layers, expected) in rows {
        let found: Vec<_> = (0..expected.len()).map(|index| gain::behind(layers, index)).collect();
        assert_eq!(&found[..], *expected, "{:?}", layers.iter().map(|layer| &layer.name).collect::<Vec<_>>());
    }
    let norm = norm("bn", 2);
    let array = |values: [f32; 2]| ndarray::arr1(&values).into_dyn();
    let arrays = [array([2.0, 0.0]), array([0.0; 2]), array([0.0; 2]), array([3.0, 1.0])];
    assert_eq!(gain::gains(&norm, &arrays, 1.0), Some(vec![1.0, 0.0]));
    assert_eq!(gain::gains(&norm, &arrays[..3], 1.0), None);
    assert_eq!(gain::epsilon(&norm, None), gain::EPSILON);
    assert_eq!(gain::epsilon(&norm, Some("resnet50")), gain::EPSILON_RESNET);
    assert_eq!(gain::epsilon(&Layer { epsilon: Some(0.5), ..norm }, Some("resnet50")), 0.5);
}

#[test]
fn the_checkpoints_own_epsilon_is_used() {
    let checkpoint = open(&demo("epoch-010.h5")).unwrap();
    let layers = &checkpoint.network().layers;
    assert_eq!((layers[0].epsilon, layers[1].epsilon), (None, Some(0.001)));
    assert_eq!(gain::behind(layers, 0), Some(1));
}
