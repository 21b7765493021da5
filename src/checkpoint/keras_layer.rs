//! What a Keras layer is: its kind, which array is drawn and how its axes are ordered, and how it is applied.
//!
//! The class name in the network's configuration decides. Files that hold only weights have none: there the names
//! and the shapes of the arrays tell, and what they leave open is marked as guessed.

use serde_json::Value;

use super::{element::is_float, keras_config::Node};
use crate::weights::{Geometry, Kind, Layer, Layout, Padding, Tensor};

/// Classes of Keras 1 to 3, spelled small and without underscores: `conv2d_transpose` is `Conv2DTranspose`.
const CLASSES: &[(&str, Kind)] = &[
    ("conv1d", Kind::Conv1d),
    ("convolution1d", Kind::Conv1d),
    ("atrousconvolution1d", Kind::Conv1d),
    ("conv2d", Kind::Conv2d),
    ("convolution2d", Kind::Conv2d),
    ("atrousconvolution2d", Kind::Conv2d),
    ("conv3d", Kind::Conv3d),
    ("convolution3d", Kind::Conv3d),
    ("conv1dtranspose", Kind::Conv1dTranspose),
    ("convolution1dtranspose", Kind::Conv1dTranspose),
    ("conv2dtranspose", Kind::Conv2dTranspose),
    ("convolution2dtranspose", Kind::Conv2dTranspose),
    ("deconvolution2d", Kind::Conv2dTranspose),
    ("conv3dtranspose", Kind::Conv3dTranspose),
    ("convolution3dtranspose", Kind::Conv3dTranspose),
    ("deconvolution3d", Kind::Conv3dTranspose),
    ("depthwiseconv1d", Kind::DepthwiseConv1d),
    ("depthwiseconv2d", Kind::DepthwiseConv2d),
    ("separableconv1d", Kind::SeparableConv1d),
    ("separableconvolution1d", Kind::SeparableConv1d),
    ("separableconv2d", Kind::SeparableConv2d),
    ("separableconvolution2d", Kind::SeparableConv2d),
    ("dense", Kind::Dense),
    ("timedistributeddense", Kind::Dense),
    ("batchnormalization", Kind::BatchNormalization),
    ("batchnormalizationv1", Kind::BatchNormalization),
    ("batchnormalizationv2", Kind::BatchNormalization),
    ("syncbatchnormalization", Kind::BatchNormalization),
    ("embedding", Kind::Embedding),
    ("bidirectional", Kind::Recurrent),
    ("rnn", Kind::Recurrent),
    ("simplernn", Kind::Recurrent),
    ("lstm", Kind::Recurrent),
    ("gru", Kind::Recurrent),
    ("cudnnlstm", Kind::Recurrent),
    ("cudnngru", Kind::Recurrent),
    ("convlstm1d", Kind::Recurrent),
    ("convlstm2d", Kind::Recurrent),
    ("convlstm3d", Kind::Recurrent),
];

/// The kind of a class, in any of its spellings; `None` for a class that is not in the list.
pub(super) fn kind_of_class(class: &str) -> Option<Kind> {
    let squashed: String = class.chars().filter(|&c| c != '_').flat_map(char::to_lowercase).collect();
    CLASSES.iter().find(|row| row.0 == squashed).map(|row| row.1)
}

/// `conv2d_transpose_3` → `conv2d_transpose`: the class in a name that Keras made up.
pub(super) fn without_counter(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((class, count)) if !count.is_empty() && count.bytes().all(|c| c.is_ascii_digit()) => class,
        _ => name,
    }
}

/// Puts a layer together from its arrays and what is known about it.
///
/// `class` is the name of its class, if only from a name that Keras made up; `node` its configuration.
pub(super) fn layer(name: String, class: Option<&str>, node: Option<&Node>, tensors: Vec<Tensor>) -> Layer {
    let known = class.and_then(kind_of_class);
    // A class that is known by name but not in the list is not to be guessed away by the shapes of its arrays.
    let custom = known.is_none() && class.is_some();
    let by_shape = || kind_by_shape(&tensors);
    let kind = known
        .unwrap_or_else(|| if custom && !looks_convolutional(&tensors) { Kind::Other } else { by_shape() });
    let channels_first = node.is_some_and(|node| node.config.dim_ordering == "th");
    let (kernels, layout_guessed) = match kernels(kind, &tensors) {
        // Keras 1 on Theano; without a configuration only the shape can tell.
        Some((index, Layout::Hwio))
            if channels_first
                || class.is_none() && node.is_none() && oihw_by_shape(&tensors[index].shape) =>
        {
            (Some((index, Layout::Oihw)), true)
        }
        found => (found, false),
    };
    let geometry = node.filter(|_| kernels.is_some()).and_then(|node| geometry(node, kind));
    let epsilon =
        node.filter(|_| kind == Kind::BatchNormalization).and_then(|node| node.config.epsilon.as_f64());
    Layer { name, kind, tensors, kernels, layout_guessed, geometry, epsilon }
}

fn named<'a>(tensors: &'a [Tensor], name: &str) -> Option<(usize, &'a Tensor)> {
    let is = |tensor: &Tensor| tensor.name.rsplit('/').next() == Some(name);
    tensors.iter().enumerate().find(|(_, tensor)| is(tensor))
}

fn looks_convolutional(tensors: &[Tensor]) -> bool {
    let kernel = |tensor: &Tensor| tensor.name.ends_with("kernel") && matches!(tensor.shape.len(), 4 | 5);
    tensors.iter().any(kernel)
}

fn kind_by_shape(tensors: &[Tensor]) -> Kind {
    let rank = |name| named(tensors, name).map(|(_, tensor)| tensor.shape.len());
    if rank("recurrent_kernel").is_some() {
        return Kind::Recurrent;
    }
    if rank("moving_mean").is_some() {
        return Kind::BatchNormalization;
    }
    if rank("embeddings").is_some() {
        return Kind::Embedding;
    }
    match (rank("depthwise_kernel"), rank("pointwise_kernel").is_some()) {
        (Some(3), false) => return Kind::DepthwiseConv1d,
        (Some(_), false) => return Kind::DepthwiseConv2d,
        (Some(3), true) => return Kind::SeparableConv1d,
        (Some(_), true) => return Kind::SeparableConv2d,
        (None, _) => {}
    }
    let Some((_, kernel)) = named(tensors, "kernel") else { return Kind::Other };
    let outputs =
        named(tensors, "bias").filter(|(_, bias)| bias.shape.len() == 1).map(|(_, bias)| bias.shape[0]);
    // The bias has one number an output channel: which axis that is tells the transposed and the depthwise apart.
    let fits = |index: usize| outputs.is_none_or(|outputs| outputs == kernel.shape[index]);
    match *kernel.shape.as_slice() {
        [_, _] => Kind::Dense,
        [_, i, m] if !fits(2) && outputs == Some(i * m) => Kind::DepthwiseConv1d,
        [_, _, _] if !fits(2) && fits(1) => Kind::Conv1dTranspose,
        [_, _, _] if fits(2) => Kind::Conv1d,
        [_, _, i, m] if !fits(3) && outputs == Some(i * m) => Kind::DepthwiseConv2d,
        [_, _, _, _] if !fits(3) && fits(2) => Kind::Conv2dTranspose,
        [_, _, _, _] => Kind::Conv2d,
        [_, _, _, _, _] if !fits(4) && fits(3) => Kind::Conv3dTranspose,
        [_, _, _, _, _] => Kind::Conv3d,
        _ => Kind::Other,
    }
}

/// Which array holds the kernels that are drawn, and the order of its axes.
fn kernels(kind: Kind, tensors: &[Tensor]) -> Option<(usize, Layout)> {
    let (name, layout) = match kind {
        Kind::Conv1d => ("kernel", Layout::Wio),
        Kind::Conv2d => ("kernel", Layout::Hwio),
        Kind::Conv3d => ("kernel", Layout::Dhwio),
        Kind::Conv1dTranspose => ("kernel", Layout::Woi),
        Kind::Conv2dTranspose => ("kernel", Layout::Hwoi),
        Kind::Conv3dTranspose => ("kernel", Layout::Dhwoi),
        // Keras 2 calls it depthwise_kernel, Keras 3 kernel.
        Kind::DepthwiseConv1d if named(tensors, "depthwise_kernel").is_none() => ("kernel", Layout::Wim),
        Kind::DepthwiseConv2d if named(tensors, "depthwise_kernel").is_none() => ("kernel", Layout::Hwim),
        Kind::DepthwiseConv1d | Kind::SeparableConv1d => ("depthwise_kernel", Layout::Wim),
        Kind::DepthwiseConv2d | Kind::SeparableConv2d => ("depthwise_kernel", Layout::Hwim),
        _ => return None,
    };
    let (index, tensor) = named(tensors, name)?;
    let drawn = is_float(&tensor.dtype) || tensor.dtype == "int8";
    (drawn && are_kernels(layout, &tensor.shape)).then_some((index, layout))
}

/// Whether an array of this shape can be kernels that somebody looks at: a kernel has its grid cell and its verdict, and
/// a few bytes may claim to be millions of them. What is larger is shown as an array.
pub(super) fn are_kernels(layout: Layout, shape: &[usize]) -> bool {
    const LARGEST: std::ops::RangeInclusive<usize> = 1..=1 << 16;
    const LONGEST_SIDE: usize = 1 << 12;
    // Every axis, for the layout may be switched; and these first, for the products of others may be too large to say.
    shape.iter().all(|size| LARGEST.contains(size))
        && layout.kernel_shape(shape).is_some_and(|kernel| {
            LARGEST.contains(&kernel.c_out) && kernel.k_h.max(kernel.k_w) <= LONGEST_SIDE
        })
}

/// Whether only the last two axes can be a kernel's rows and columns.
pub(super) fn oihw_by_shape(shape: &[usize]) -> bool {
    let small = |a: usize, b: usize| a == b && a > 1 && a <= 15;
    matches!(*shape, [a, b, c, d] if small(c, d) && !small(a, b) && a.max(b) > c && !(a == 1 && b == 1))
}

fn geometry(node: &Node, kind: Kind) -> Option<Geometry> {
    let config = &node.config;
    let one_dimensional =
        matches!(kind, Kind::Conv1d | Kind::Conv1dTranspose | Kind::DepthwiseConv1d | Kind::SeparableConv1d);
    let sizes = |value: &Value| {
        let sizes: Vec<usize> = match value {
            Value::Number(_) => value.as_u64().into_iter().map(|size| size as usize).collect(),
            Value::Array(list) => {
                list.iter().filter_map(|size| size.as_u64().map(|size| size as usize)).collect()
            }
            _ => Vec::new(),
        };
        match *sizes.as_slice() {
            // A single number is both sides'; a kernel with one axis lies along the columns.
            [] => [1, 1],
            [size] if one_dimensional => [1, size],
            [size] => [size, size],
            [.., row, column] => [row, column],
        }
    };
    let padding = match config.padding.as_str()? {
        "valid" => Padding::Valid,
        "same" => Padding::Same,
        // "causal" pads one side only: there is no word for it here.
        _ => return None,
    };
    let groups = config.groups.as_u64().map_or(1, |groups| groups as usize);
    let (stride, dilation) = (sizes(&config.strides), sizes(&config.dilation_rate));
    // Nobody's photo has so many pixels.
    let sound = |size: &usize| (1..=1 << 16).contains(size);
    let all = stride.iter().chain(&dilation).chain([&groups]).all(sound);
    all.then_some(Geometry { stride, padding, dilation, groups })
}

/// Names for the arrays of a layer that are only numbered, as newer files have them.
///
/// `shapes` are those of its arrays in order; `node` tells which of them a batch normalisation leaves out.
pub(super) fn names(class: Option<&str>, node: Option<&Node>, shapes: &[&[usize]]) -> Vec<String> {
    let class = class.unwrap_or_default();
    let kind = kind_of_class(class);
    let on = |value: Option<&Value>| value.and_then(Value::as_bool).unwrap_or(true);
    let squashed: String = class.chars().filter(|&c| c != '_').flat_map(char::to_lowercase).collect();
    let list: Vec<&str> = match kind {
        Some(Kind::BatchNormalization) => {
            let mut scale = on(node.map(|node| &node.config.scale));
            let mut center = on(node.map(|node| &node.config.center));
            if node.is_none() {
                (scale, center) = (shapes.len() > 3, shapes.len() > 2);
            }
            let present =
                [("gamma", scale), ("beta", center), ("moving_mean", true), ("moving_variance", true)];
            present.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect()
        }
        Some(Kind::SeparableConv1d | Kind::SeparableConv2d) => {
            vec!["depthwise_kernel", "pointwise_kernel", "bias"]
        }
        Some(Kind::Embedding) => vec!["embeddings"],
        Some(Kind::Recurrent) => vec!["kernel", "recurrent_kernel", "bias"],
        Some(_) => vec!["kernel", "bias"],
        None if squashed.ends_with("cell") => vec!["kernel", "recurrent_kernel", "bias"],
        None if squashed.ends_with("normalization") => vec!["gamma", "beta"],
        None => match shapes {
            [kernel] if kernel.len() >= 2 => vec!["kernel"],
            [kernel, _] if kernel.len() >= 2 => vec!["kernel", "bias"],
            _ => Vec::new(),
        },
    };
    (0..shapes.len())
        .map(|at| list.get(at).map_or_else(|| at.to_string(), |name| (*name).to_owned()))
        .collect()
}
