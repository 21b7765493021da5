//! The gain of the batch normalisation behind a convolution: γ/√(σ²+ε), near 0 for a kernel that is silenced.

use ndarray::ArrayD;

use super::{Kind, Layer};

/// ε of Keras's batch normalisation where nothing else is said.
pub const EPSILON: f64 = 1e-3;
/// ε of the residual networks of Keras's applications.
pub const EPSILON_RESNET: f64 = 1.001e-5;

/// What names of layers say about their class and not about their place in the network; longer ones first.
const OF_CLASS: [&str; 9] = [
    "batch_normalization",
    "batchnormalization",
    "batchnorm",
    "conv2d",
    "dwconv",
    "conv",
    "norm",
    "res",
    "bn",
];

/// The index of the batch normalisation behind the convolution `index`, if the checkpoint has one.
///
/// Found by name where names are given (`res2a_branch2a` and `bn2a_branch2a`, `stem_conv` and `stem_bn`), else by place: a run of
/// convolutions that is followed by a run of as many normalisations goes with them in order, as branches do, and before a single
/// one it is the last convolution that it follows. Its size must be the number of kernels in any case; `None` where in doubt.
pub fn behind(layers: &[Layer], index: usize) -> Option<usize> {
    let kernels = layers.get(index)?.kernel_shape()?.c_out;
    let is_norm = |layer: &Layer| layer.kind == Kind::BatchNormalization;
    let fits = |&at: &usize| is_norm(&layers[at]) && size(&layers[at]) == Some(kernels);
    let stem = stem(&layers[index].name);
    // Names that Keras made up are numbered a class: conv2d_5 need not go with batch_normalization_5.
    let given = |name: &str| !name.bytes().all(|letter| letter.is_ascii_digit());
    let named = |&at: &usize| {
        let name = &layers[at].name;
        !stem.is_empty() && self::stem(name) == stem && !made_up(name) && !made_up(&layers[index].name)
    };
    if let Some(found) = (index + 1..layers.len()).filter(fits).find(named) {
        return Some(found);
    }
    if given(&stem) && (0..layers.len()).any(|at| is_norm(&layers[at]) && named(&at)) {
        // There is one of that name, but not for this layer.
        return None;
    }
    let is_convolution = |layer: &Layer| layer.kernels.is_some();
    let first = (0..=index).rev().take_while(|&at| is_convolution(&layers[at])).last()?;
    let after = (index..layers.len()).find(|&at| !is_convolution(&layers[at]))?;
    let norms = layers[after..].iter().take_while(|layer| is_norm(layer)).count();
    let found = match norms {
        0 => return None,
        _ if norms == after - first => after + (index - first),
        // A single convolution, or a single normalisation: the two that stand beside each other.
        _ if index + 1 == after && (first == index || norms == 1) => after,
        _ => return None,
    };
    Some(found).filter(fits)
}

/// What is left of a name without its class.
fn stem(name: &str) -> String {
    let mut name = name.to_lowercase();
    for word in OF_CLASS {
        name = name.replace(word, "");
    }
    name.retain(char::is_alphanumeric);
    name
}

/// Whether Keras made up the name: its class, and a number.
fn made_up(name: &str) -> bool {
    let class = name.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches('_');
    [
        "conv2d",
        "batch_normalization",
        "conv1d",
        "conv3d",
        "depthwise_conv2d",
        "conv2d_transpose",
        "separable_conv2d",
    ]
    .contains(&class)
}

fn size(norm: &Layer) -> Option<usize> {
    let of = |name: &str| norm.tensors.iter().find(|tensor| tensor.name == name);
    match *of("moving_variance")?.shape.as_slice() {
        [size] => Some(size),
        _ => None,
    }
}

/// The ε of a batch normalisation: the checkpoint's own, or else what networks of this name are built with.
pub fn epsilon(norm: &Layer, network: Option<&str>) -> f64 {
    let residual = |name: &str| name.to_lowercase().contains("resnet");
    // The names that Keras's own residual networks have had.
    let block =
        norm.name.starts_with("bn2a_branch") || norm.name.contains("_block") || norm.name.contains("_branch");
    let guessed = if network.is_some_and(residual) || block { EPSILON_RESNET } else { EPSILON };
    norm.epsilon.unwrap_or(guessed)
}

/// The gains of a batch normalisation from its arrays (in the order of `norm.tensors`): γ/√(σ²+ε), γ = 1 where it has none.
///
/// `None` where the variance is missing or the sizes do not fit.
pub fn gains(norm: &Layer, arrays: &[ArrayD<f32>], epsilon: f64) -> Option<Vec<f64>> {
    let array = |name: &str| {
        let at = norm.tensors.iter().position(|tensor| tensor.name == name)?;
        Some(arrays.get(at)?.iter().map(|&number| f64::from(number)).collect::<Vec<_>>())
    };
    let variance = array("moving_variance")?;
    let gamma = array("gamma").unwrap_or_else(|| vec![1.0; variance.len()]);
    let gain = |(gamma, variance): (&f64, &f64)| gamma / (variance + epsilon).sqrt();
    (gamma.len() == variance.len()).then(|| gamma.iter().zip(&variance).map(gain).collect())
}
