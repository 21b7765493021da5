//! The numbers against `goldens/`, which plain numpy made from real checkpoints.

use convscope::photo::{Photo, Preprocessing};
use convscope::response::{ConvParams, Padding2d, respond, respond_all};
use convscope::weights::statistics::{Statistics, layer_statistics};
use serde_json::Value;

use crate::checkpoints::open;
use crate::shared::{difference, kernels, npy, shared};

const RESNET: &str = "data/checkpoints/resnet50_keras1_head.h5";

/// The layers of `goldens/kernels.json` and where they are from.
pub(crate) const LAYERS: [(&str, &str, &str); 3] = [
    ("resnet50 conv1", RESNET, "conv1"),
    ("squeezenet conv1", "data/checkpoints/squeezenet_keras1_weights.h5", "conv1"),
    ("lanes Conv1", "data/checkpoints/lanes_keras2_model.h5", "Conv1"),
];

/// A name in `goldens/kernels.json`, and our number of that name.
type Named = (&'static str, fn(&Statistics) -> Option<f64>);

const NUMBERS: [Named; 14] = [
    ("nan", |s| Some(s.nan as f64)),
    ("inf", |s| Some(s.inf as f64)),
    ("min", |s| Some(s.min)),
    ("max", |s| Some(s.max)),
    ("mean", |s| Some(s.mean)),
    ("std", |s| Some(s.std)),
    ("l1", |s| Some(s.l1)),
    ("l2", |s| Some(s.l2)),
    ("sparsity", |s| Some(s.sparsity)),
    ("dc_share", |s| s.dc_share),
    ("chroma", |s| s.chroma),
    ("frequency", |s| s.frequency),
    ("coherence", |s| s.coherence),
    ("orientation", |s| s.orientation),
];

/// Within 1e-5 of the value, or of 1e-3 where it is next to nothing; angles within a degree, and 180 is 0; probabilities
/// within 0.03, though the shuffles are the reference's own.
pub(crate) fn agree(name: &str, seen: f64, expected: f64) -> bool {
    if matches!(name, "moran_p" | "peak_p" | "p") {
        return (seen - expected).abs() <= 0.03;
    }
    if name == "orientation" {
        let off = (seen - expected).rem_euclid(180.0);
        return off.min(180.0 - off) < 1.0;
    }
    (seen - expected).abs() <= 1e-5 * expected.abs().max(1e-3)
}

#[test]
fn statistics_are_those_of_the_reference() {
    let Some(goldens) = shared("goldens/kernels.json") else { return };
    let goldens: Value = serde_json::from_slice(&std::fs::read(goldens).unwrap()).unwrap();
    for (golden, file, layer) in LAYERS {
        let Some(file) = shared(file) else { return };
        let seen = layer_statistics(&kernels(&file, layer).1);
        let rows = goldens[golden].as_array().unwrap();
        assert_eq!(seen.len(), rows.len(), "{golden}");
        for (kernel, (seen, expected)) in seen.iter().zip(rows).enumerate() {
            for (name, number) in NUMBERS {
                let (seen, expected) = (number(seen), expected[name].as_f64());
                let same = match (seen, expected) {
                    (Some(seen), Some(expected)) => agree(name, seen, expected),
                    (seen, expected) => seen == expected,
                };
                assert!(same, "{golden} {kernel} {name}: {seen:?}, expected {expected:?}");
            }
        }
    }
}

#[test]
fn responses_are_those_of_the_reference() {
    let rows = [
        ("response_coffee_conv1_kernel0_stride2.npy", "coffee_cc0.png", 0, 2, true),
        ("response_chelsea_conv1_kernel0_stride1.npy", "chelsea_cat_cc0.png", 0, 1, false),
        ("response_chelsea_conv1_kernel36_stride1.npy", "chelsea_cat_cc0.png", 36, 1, false),
    ];
    let Some(file) = shared(RESNET) else { return };
    let (_, weights) = kernels(&file, "conv1");
    for (golden, photo, kernel, stride, with_bias) in rows {
        let Some(golden) = shared(&format!("goldens/{golden}")) else { return };
        let Some(photo) = shared(&format!("data/photos/{photo}")) else { return };
        let expected = npy(&std::fs::read(golden).unwrap());
        let image = Preprocessing::Caffe.apply(&Photo::open(&photo).unwrap());
        let params = ConvParams { stride: [stride; 2], padding: Padding2d::zeros(3), dilation: [1, 1] };
        let bias = if with_bias { weights.bias.as_ref().unwrap()[kernel] } else { 0.0 };
        let seen = respond(image.view(), weights.kernel(kernel), &params, bias).unwrap();
        assert!(difference(&seen.into_dyn(), &expected) < 1e-3);
        // All kernels at once give the same numbers.
        if with_bias {
            let biases = weights.bias.as_ref().map(|bias| bias.view());
            let all =
                respond_all(image.view(), weights.kernels.view(), biases, &params, 1, &|| false).unwrap();
            let seen = all.index_axis_move(ndarray::Axis(0), kernel);
            assert!(difference(&seen.into_dyn(), &expected) < 1e-3);
        }
    }
}

#[test]
fn shared_networks_are_known_by_their_layers() {
    use Preprocessing::{Caffe, None};
    let rows = [
        ("resnet50_keras1_head.h5", Caffe),
        ("resnet50_conv1_keras3.h5", Caffe),
        ("resnet50_conv1_keras3.weights.h5", Caffe),
        ("resnet50_conv1_keras3.keras", Caffe),
        ("squeezenet_keras1_weights.h5", Caffe),
        ("lanes_keras2_model.h5", None),
        ("fer2013_mini_keras2_model.hdf5", None),
        ("cifar10_keras3.keras", None),
    ];
    for (name, expected) in rows {
        let Some(file) = shared(&format!("data/checkpoints/{name}")) else { return };
        let checkpoint = open(&file).unwrap();
        let layers = checkpoint.network().layers.iter().map(|layer| layer.name.as_str());
        // Without the name of the file: the layers have to do.
        let guess = Preprocessing::guess(checkpoint.network().name.as_deref(), "", layers);
        assert_eq!(guess, expected, "{name}");
    }
}
