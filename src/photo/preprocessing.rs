//! How a network was fed, and which network a checkpoint looks like.

use ndarray::Array3;

use super::{Photo, luma};
use crate::raster::ChannelOrder;

/// How the pixels of a photo became the numbers a network sees (Keras's `imagenet_utils.preprocess_input`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Preprocessing {
    /// BGR, 0..255, minus the mean of ImageNet.
    Caffe,
    /// RGB, 0..1, minus the mean of ImageNet, over its deviation.
    Torch,
    /// RGB, −1..1.
    Tf,
    /// RGB, 0..1.
    #[default]
    None,
}

/// What is done to a channel: (value − mean) · scale; values are 0..255, channels in the network's order.
struct Row {
    preprocessing: Preprocessing,
    name: &'static str,
    caption: &'static str,
    order: ChannelOrder,
    mean: [f32; 3],
    /// What the difference is divided by.
    over: [f32; 3],
}

const ROWS: [Row; 4] = [
    Row {
        preprocessing: Preprocessing::Caffe,
        name: "caffe",
        caption: "caffe (BGR − mean)",
        order: ChannelOrder::Bgr,
        mean: [103.939, 116.779, 123.68],
        over: [1.0; 3],
    },
    Row {
        preprocessing: Preprocessing::Torch,
        name: "torch",
        caption: "torch ((RGB/255 − mean)/std)",
        order: ChannelOrder::Rgb,
        mean: [0.485 * 255.0, 0.456 * 255.0, 0.406 * 255.0],
        over: [0.229 * 255.0, 0.224 * 255.0, 0.225 * 255.0],
    },
    Row {
        preprocessing: Preprocessing::Tf,
        name: "tf",
        caption: "tf (RGB/127.5 − 1)",
        order: ChannelOrder::Rgb,
        mean: [127.5; 3],
        over: [127.5; 3],
    },
    Row {
        preprocessing: Preprocessing::None,
        name: "none",
        caption: "none (RGB/255)",
        order: ChannelOrder::Rgb,
        mean: [0.0; 3],
        over: [255.0; 3],
    },
];

impl Preprocessing {
    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// Its name on the command line: `caffe`, `torch`, `tf` or `none`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Its name and what it does, for the caption under a response.
    pub fn caption(self) -> &'static str {
        self.row().caption
    }

    /// The one after it; after the last, the first.
    #[must_use]
    pub fn next(self) -> Self {
        ROWS[(self as usize + 1) % ROWS.len()].preprocessing
    }

    /// Which colour the network's first channel is.
    pub fn channel_order(self) -> ChannelOrder {
        self.row().order
    }

    /// The photo as the network sees it, `[channel, row, column]`, three channels.
    pub fn apply(self, photo: &Photo) -> Array3<f32> {
        let Row { order, mean, over, .. } = self.row();
        let channels = match order {
            ChannelOrder::Rgb => [0, 1, 2],
            ChannelOrder::Bgr => [2, 1, 0],
        };
        let shape = (3, photo.height, photo.width);
        Array3::from_shape_fn(shape, |(c, y, x)| {
            (f32::from(photo.pixel(x, y)[channels[c]]) - mean[c]) / over[c]
        })
    }

    /// The photo as a network for grey pictures sees it, `[1, row, column]`: its luma, with the luma of the means and
    /// deviations. There is no published rule for one channel; this keeps the range of the three.
    pub fn apply_grey(self, photo: &Photo) -> Array3<f32> {
        let Row { order, mean, over, .. } = self.row();
        let of_rgb = |[a, b, c]: [f32; 3]| match order {
            ChannelOrder::Rgb => luma([a, b, c]),
            ChannelOrder::Bgr => luma([c, b, a]),
        };
        let (mean, over) = (of_rgb(*mean), of_rgb(*over));
        photo.grey().mapv(|value| (value - mean) / over).insert_axis(ndarray::Axis(0))
    }

    /// The photo for a network of so many input channels; `None` for other numbers than 1 and 3.
    pub fn apply_for(self, c_in: usize, photo: &Photo) -> Option<Array3<f32>> {
        match c_in {
            1 => Some(self.apply_grey(photo)),
            3 => Some(self.apply(photo)),
            _ => None,
        }
    }

    /// What the first convolution of a network most likely sees, from its own name, the names of its layers, and its
    /// file's. What nothing is known of is taken as 0..1.
    pub fn guess<'a>(
        network_name: Option<&str>,
        file_name: &str,
        layer_names: impl Iterator<Item = &'a str>,
    ) -> Self {
        let layers: Vec<&str> = layer_names.collect();
        let known =
            |row: &&(&[&str], Self)| row.0.iter().all(|mark| layers.iter().any(|layer| marked(layer, mark)));
        let named = |name: &str| {
            let name = name.to_lowercase().replace(['-', '_', ' '], "");
            BY_NAME.iter().find(|row| name.contains(row.0)).map(|row| row.1)
        };
        // A network's own name says more than `conv1` and `bn_conv1`, which many call their layers.
        let by_layers = || BY_LAYERS.iter().find(known).map(|row| row.1);
        if let Some(guess) = network_name.and_then(named).or_else(by_layers) {
            return guess;
        }
        // PyTorch's model zoo feeds all its networks alike, whatever they are called.
        let torch = |guess: Self| {
            let name = file_name.to_lowercase();
            if [".pth", ".pt", ".onnx", ".safetensors"].iter().any(|end| name.ends_with(end)) {
                Self::Torch
            } else {
                guess
            }
        };
        named(file_name).map(torch).unwrap_or_default()
    }
}

/// Whether a layer is the one meant: its whole name, or its last part behind the name of a network inside a network;
/// a mark with a star stands for all names that begin with it.
fn marked(layer: &str, mark: &str) -> bool {
    match mark.strip_suffix('*') {
        Some(begin) => layer.starts_with(begin),
        None => layer == mark || layer.strip_suffix(mark).is_some_and(|rest| rest.ends_with('/')),
    }
}

/// Layers that give a network away, all of them needed; the first row that fits counts.
///
/// Source: the networks in `keras.applications` and their `preprocess_input`. Where the network rescales its pixels
/// by layers of its own (EfficientNet, MobileNetV3, ConvNeXt), the row says what its first convolution sees behind
/// them: for EfficientNet, whose rescaling and normalisation layers take 0..255, that is `torch`.
const BY_LAYERS: &[(&[&str], Preprocessing)] = &[
    // ResNet V2 has no batch normalisation behind its first convolution; ResNet V1 and DenseNet do.
    (&["conv1_conv", "conv2_block1_preact_bn"], Preprocessing::Tf),
    (&["conv1_conv", "pool2_conv"], Preprocessing::Torch),
    (&["conv1/conv", "conv2_block1_1_conv"], Preprocessing::Torch),
    // ResNeXt of keras-applications is fed as torch.
    (&["conv1_conv", "conv2_block1_2_gconv*"], Preprocessing::Torch),
    (&["conv1_conv", "conv1_bn"], Preprocessing::Caffe),
    (&["conv1_conv", "conv2_block1_1_conv"], Preprocessing::Caffe),
    (&["conv1", "bn_conv1"], Preprocessing::Caffe),
    (&["conv1", "res2a_branch2a"], Preprocessing::Caffe),
    // Xception's first layers are called like VGG's.
    (&["block1_conv1", "block2_sepconv1"], Preprocessing::Tf),
    (&["block1_conv1", "block1_conv1_bn"], Preprocessing::Tf),
    (&["block1_conv1", "block1_conv2"], Preprocessing::Caffe),
    (&["conv1", "fire2/squeeze1x1"], Preprocessing::Caffe),
    (&["conv1", "conv_dw_1"], Preprocessing::Tf),
    (&["Conv1", "expanded_conv_depthwise"], Preprocessing::Tf),
    (&["Conv", "expanded_conv/depthwise"], Preprocessing::Tf),
    (&["Conv", "expanded_conv_depthwise"], Preprocessing::Tf),
    (&["conv", "expanded_conv_depthwise"], Preprocessing::Tf),
    (&["conv2d", "conv2d_1", "block35_1_conv"], Preprocessing::Tf),
    (&["stem_conv1", "stem_bn1"], Preprocessing::Tf),
    (&["stem_conv", "block1a_project_conv"], Preprocessing::Torch),
    (&["convnext_*"], Preprocessing::Torch),
    // torchvision's ResNet, DenseNet and VGG.
    (&["conv1", "layer1.0.conv1"], Preprocessing::Torch),
    (&["features.conv0"], Preprocessing::Torch),
    (&["features.0"], Preprocessing::Torch),
];

/// Names of networks, without separators; the first that is contained counts.
const BY_NAME: &[(&str, Preprocessing)] = &[
    // The built-in network's, in `tests/fixtures/demo/train.py`.
    ("convscopedemo", Preprocessing::Tf),
    ("resnet50v2", Preprocessing::Tf),
    ("resnet101v2", Preprocessing::Tf),
    ("resnet152v2", Preprocessing::Tf),
    ("inceptionresnet", Preprocessing::Tf),
    ("resnet50", Preprocessing::Caffe),
    ("resnet101", Preprocessing::Caffe),
    ("resnet152", Preprocessing::Caffe),
    ("vgg16", Preprocessing::Caffe),
    ("vgg19", Preprocessing::Caffe),
    ("squeezenet", Preprocessing::Caffe),
    ("mobilenet", Preprocessing::Tf),
    ("inception", Preprocessing::Tf),
    ("xception", Preprocessing::Tf),
    ("nasnet", Preprocessing::Tf),
    ("densenet", Preprocessing::Torch),
    ("efficientnetv2s", Preprocessing::Tf),
    ("efficientnetv2m", Preprocessing::Tf),
    ("efficientnetv2l", Preprocessing::Tf),
    ("efficientnet", Preprocessing::Torch),
    ("convnext", Preprocessing::Torch),
];
