//! What a layer is, and its weights in one order: `[out, slice, row, column]`, whatever the file's own.
//!
//! A [`Layer`] is what the index of a checkpoint tells without reading a weight; [`Weights`] are the kernels of one
//! convolution. A *kernel* is one output channel with all its input channels; a *slice* is one input channel of it.

use ndarray::{Array1, Array4, ArrayD, ArrayView2, ArrayView3, Axis, Ix4};
use serde::{Deserialize, Serialize};

pub mod delta;
pub mod diagnosis;
pub mod entropy;
pub mod find;
pub mod gain;
pub mod likeness;
pub mod order;
pub mod pairing;
pub mod spectrum;
pub mod statistics;
pub mod structure;

/// One stored array of a layer, as the file describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tensor {
    /// Its path in the file, as the reader of the format wants it back.
    pub path: String,
    /// Its own short name (`kernel`, `bias`, `gamma`, …), for people.
    pub name: String,
    /// The shape as stored.
    pub shape: Vec<usize>,
    /// The element type: `float16`, `bfloat16`, `float32`, `float64`, …
    pub dtype: String,
}

impl Tensor {
    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a layer does, as far as the checkpoint tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants are Keras's class names; KINDS says what each is called")]
pub enum Kind {
    Conv1d,
    Conv2d,
    Conv3d,
    Conv1dTranspose,
    Conv2dTranspose,
    Conv3dTranspose,
    DepthwiseConv1d,
    DepthwiseConv2d,
    SeparableConv1d,
    SeparableConv2d,
    Dense,
    BatchNormalization,
    Embedding,
    Recurrent,
    Other,
}

/// Every kind: its name in the output of the commands, and the short one of the layers pane.
pub const KINDS: &[(Kind, &str, &str)] = &[
    (Kind::Conv1d, "conv1d", "conv1d"),
    (Kind::Conv2d, "conv2d", "conv"),
    (Kind::Conv3d, "conv3d", "conv3d"),
    (Kind::Conv1dTranspose, "conv1d_transpose", "conv1dT"),
    (Kind::Conv2dTranspose, "conv2d_transpose", "convT"),
    (Kind::Conv3dTranspose, "conv3d_transpose", "conv3dT"),
    (Kind::DepthwiseConv1d, "depthwise_conv1d", "dw1d"),
    (Kind::DepthwiseConv2d, "depthwise_conv2d", "depthw"),
    (Kind::SeparableConv1d, "separable_conv1d", "sep1d"),
    (Kind::SeparableConv2d, "separable_conv2d", "separ"),
    (Kind::Dense, "dense", "dense"),
    (Kind::BatchNormalization, "batch_normalization", "bn"),
    (Kind::Embedding, "embedding", "embed"),
    (Kind::Recurrent, "recurrent", "recurr"),
    (Kind::Other, "other", "other"),
];

impl Kind {
    /// The stable name used by `--json`.
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|row| row.0 == self).map_or("other", |row| row.1)
    }

    /// The short name used where columns are few.
    pub fn short(self) -> &'static str {
        KINDS.iter().find(|row| row.0 == self).map_or("other", |row| row.2)
    }
}

/// The order of the axes of a stored convolution kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// row, column, in, out: Keras's `Conv2D`.
    Hwio,
    /// out, in, row, column: PyTorch's and ONNX's.
    Oihw,
    /// row, column, out, in: Keras's `Conv2DTranspose`.
    Hwoi,
    /// row, column, in, multiplier: Keras's depthwise kernels; a kernel is one input channel's.
    Hwim,
    /// position, in, out: Keras's `Conv1D`.
    Wio,
    /// position, out, in: Keras's `Conv1DTranspose`.
    Woi,
    /// position, in, multiplier: Keras's `DepthwiseConv1D`.
    Wim,
    /// depth, row, column, in, out: Keras's `Conv3D`.
    Dhwio,
    /// depth, row, column, out, in: Keras's `Conv3DTranspose`.
    Dhwoi,
}

/// One row a layout: the name shown, and where depth, row, column, in and out stand among the stored axes.
/// In `Hwim` and `Wim` the last axis is the multiplier, and the kernels are in × multiplier.
const LAYOUTS: &[(Layout, &str, LayoutAxes)] = &[
    (Layout::Hwio, "HWIO", LayoutAxes { d: None, h: Some(0), w: 1, i: 2, o: 3, depthwise: false }),
    (Layout::Oihw, "OIHW", LayoutAxes { d: None, h: Some(2), w: 3, i: 1, o: 0, depthwise: false }),
    (Layout::Hwoi, "HWOI", LayoutAxes { d: None, h: Some(0), w: 1, i: 3, o: 2, depthwise: false }),
    (Layout::Hwim, "HWIM", LayoutAxes { d: None, h: Some(0), w: 1, i: 2, o: 3, depthwise: true }),
    (Layout::Wio, "WIO", LayoutAxes { d: None, h: None, w: 0, i: 1, o: 2, depthwise: false }),
    (Layout::Woi, "WOI", LayoutAxes { d: None, h: None, w: 0, i: 2, o: 1, depthwise: false }),
    (Layout::Wim, "WIM", LayoutAxes { d: None, h: None, w: 0, i: 1, o: 2, depthwise: true }),
    (Layout::Dhwio, "DHWIO", LayoutAxes { d: Some(0), h: Some(1), w: 2, i: 3, o: 4, depthwise: false }),
    (Layout::Dhwoi, "DHWOI", LayoutAxes { d: Some(0), h: Some(1), w: 2, i: 4, o: 3, depthwise: false }),
];

struct LayoutAxes {
    d: Option<usize>,
    h: Option<usize>,
    w: usize,
    i: usize,
    o: usize,
    depthwise: bool,
}

impl LayoutAxes {
    fn count(&self) -> usize {
        3 + usize::from(self.h.is_some()) + usize::from(self.d.is_some())
    }
}

/// The sizes of a convolution's kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelShape {
    /// How many kernels (output channels).
    pub c_out: usize,
    /// Input channels of one kernel (1 where the convolution is depthwise).
    pub c_in: usize,
    /// Depth of a 3-D kernel; 1 otherwise.
    pub k_d: usize,
    /// Rows.
    pub k_h: usize,
    /// Columns.
    pub k_w: usize,
}

impl KernelShape {
    /// Whether its slices are the three channels of a colour, and not three of something else, as the depth of a 3-D kernel.
    pub fn is_coloured(&self) -> bool {
        self.c_in == 3 && self.k_d == 1
    }

    /// 2-D slices of one kernel: its input channels times its depth.
    pub fn slices(&self) -> usize {
        self.c_in * self.k_d
    }
}

impl Layout {
    #[expect(clippy::expect_used, reason = "every variant has its row: a test walks them")]
    fn row(self) -> &'static (Self, &'static str, LayoutAxes) {
        LAYOUTS.iter().find(|row| row.0 == self).expect("every layout has a row in LAYOUTS")
    }

    /// Its letters, as the screen shows them.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The sizes of the kernels of a tensor of this shape; `None` where the number of axes does not fit.
    pub fn kernel_shape(self, shape: &[usize]) -> Option<KernelShape> {
        let axes = &self.row().2;
        if shape.len() != axes.count() {
            return None;
        }
        let (i, o) = (shape[axes.i], shape[axes.o]);
        let (c_out, c_in) = if axes.depthwise { (i * o, 1) } else { (o, i) };
        Some(KernelShape {
            c_out,
            c_in,
            k_d: axes.d.map_or(1, |d| shape[d]),
            k_h: axes.h.map_or(1, |h| shape[h]),
            k_w: shape[axes.w],
        })
    }

    /// A stored tensor as `[out, slice, row, column]`; 3-D kernels give `c_in · k_d` slices, channel by channel.
    ///
    /// Returns `None` where the number of axes does not fit the layout.
    pub fn arrange(self, stored: ArrayD<f32>) -> Option<Array4<f32>> {
        let axes = &self.row().2;
        let shape = self.kernel_shape(stored.shape())?;
        let mut order = Vec::with_capacity(5);
        // Depthwise: channel-major, so kernel = channel · multiplier + which; else out before in.
        order.extend(if axes.depthwise { [axes.i, axes.o] } else { [axes.o, axes.i] });
        order.extend(axes.d);
        order.extend(axes.h);
        order.push(axes.w);
        let ordered = stored.permuted_axes(order).as_standard_layout().into_owned();
        let full = (shape.c_out, shape.slices(), shape.k_h, shape.k_w);
        ordered.into_shape_with_order(full).ok()?.into_dimensionality::<Ix4>().ok()
    }
}

/// How a convolution keeps to the borders of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// None: the output is smaller.
    Valid,
    /// Zeros, so that the output is the input's size over the stride (rounded up); TensorFlow's split.
    Same,
    /// This many zeros on every side.
    Zeros(usize),
}

/// What the checkpoint's configuration says about how a convolution is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Geometry {
    /// Rows, columns.
    pub stride: [usize; 2],
    /// The border.
    pub padding: Padding,
    /// Rows, columns.
    pub dilation: [usize; 2],
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

/// A layer that has weights, as the index of a checkpoint tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Its real name in the network; may hold any character (show it through [`printable`](crate::printable)).
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// Its arrays in the order of the file; never empty.
    pub tensors: Vec<Tensor>,
    /// Which of `tensors` holds the kernels that are drawn, and in which layout.
    pub kernels: Option<(usize, Layout)>,
    /// Whether the layout is a guess that the user may switch.
    pub layout_guessed: bool,
    /// How the convolution is applied, where the checkpoint says so.
    pub geometry: Option<Geometry>,
    /// What a batch normalisation adds to the variance, where the checkpoint says so.
    #[serde(default)]
    pub epsilon: Option<f64>,
}

impl Layer {
    /// How many numbers its arrays hold together.
    pub fn parameters(&self) -> usize {
        self.tensors.iter().map(Tensor::len).sum()
    }

    /// The tensor that stands for the layer: its kernels, or else its largest array.
    pub fn main_tensor(&self) -> Option<&Tensor> {
        match self.kernels {
            Some((index, _)) => self.tensors.get(index),
            None => self.tensors.iter().rev().max_by_key(|tensor| tensor.len()),
        }
    }

    /// The sizes of its kernels, where it has any.
    pub fn kernel_shape(&self) -> Option<KernelShape> {
        let (index, layout) = self.kernels?;
        layout.kernel_shape(&self.tensors.get(index)?.shape)
    }

    /// The layer read in the other guessable layout (HWIO ↔ OIHW); `None` where the layout is known.
    pub fn with_layout_switched(&self) -> Option<Self> {
        let (index, layout) = self.kernels.filter(|_| self.layout_guessed)?;
        let other = if layout == Layout::Hwio { Layout::Oihw } else { Layout::Hwio };
        Some(Self { kernels: Some((index, other)), ..self.clone() })
    }
}

/// The kernels of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// `[out, slice, row, column]`.
    pub kernels: Array4<f32>,
    /// One number a kernel, where the layer has a bias.
    pub bias: Option<Array1<f32>>,
}

impl Weights {
    /// Takes the kernels and the bias out of a layer's arrays (in the order of `layer.tensors`).
    ///
    /// Returns `None` for a layer without kernels, or arrays that do not fit it.
    pub fn of_layer(layer: &Layer, mut arrays: Vec<ArrayD<f32>>) -> Option<Self> {
        let (index, layout) = layer.kernels?;
        if index >= arrays.len() {
            return None;
        }
        let c_out = layer.kernel_shape()?.c_out;
        let bias = layer
            .tensors
            .iter()
            .position(|tensor| tensor.name.contains("bias") && tensor.shape == [c_out])
            .and_then(|at| arrays.get(at))
            .and_then(|bias| bias.clone().into_dimensionality().ok());
        Some(Self { kernels: layout.arrange(arrays.swap_remove(index))?, bias })
    }

    /// How many kernels.
    pub fn len(&self) -> usize {
        self.kernels.len_of(Axis(0))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Kernel `index` as `[slice, row, column]`.
    ///
    /// # Panics
    /// If `index` is not below [`len`](Self::len).
    pub fn kernel(&self, index: usize) -> ArrayView3<'_, f32> {
        self.kernels.index_axis(Axis(0), index)
    }

    /// One slice of kernel `index` as `[row, column]`.
    ///
    /// # Panics
    /// If there is no such kernel or slice.
    pub fn slice(&self, index: usize, slice: usize) -> ArrayView2<'_, f32> {
        self.kernels.index_axis(Axis(0), index).index_axis_move(Axis(0), slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array, IxDyn};

    #[test]
    fn every_layout_has_its_row_and_arranges_what_it_measures() {
        for &(layout, name, ref axes) in LAYOUTS {
            assert_eq!(layout.name(), name);
            let shape = &[2, 3, 4, 5, 6][..axes.count()];
            let stored =
                Array::from_shape_vec(IxDyn(shape), (0..shape.iter().product()).map(|v| v as f32).collect());
            let measured = layout.kernel_shape(shape).unwrap();
            let arranged = layout.arrange(stored.unwrap()).unwrap();
            assert_eq!(
                arranged.shape(),
                [measured.c_out, measured.slices(), measured.k_h, measured.k_w],
                "{name}"
            );
        }
    }

    #[test]
    fn hwio_and_depthwise_put_each_weight_where_it_belongs() {
        let at = |h: usize, w: usize, i: usize, o: usize| (h * 1000 + w * 100 + i * 10 + o) as f32;
        let stored = Array::from_shape_fn((2, 3, 4, 5), |(h, w, i, o)| at(h, w, i, o)).into_dyn();
        let arranged = Layout::Hwio.arrange(stored.clone()).unwrap();
        assert_eq!(arranged[(4, 3, 1, 2)], at(1, 2, 3, 4));
        let depthwise = Layout::Hwim.arrange(stored).unwrap();
        assert_eq!(depthwise.shape(), [20, 1, 2, 3]);
        assert_eq!(depthwise[(3 * 5 + 4, 0, 1, 2)], at(1, 2, 3, 4));
    }
}
