//! A kernel's response to a picture: cross-correlation, as every network computes it.
//!
//! ```text
//! out[y, x] = bias + Σ kernel[c, i, j] · image[c, y·s + i·d − top, x·s + j·d − left]
//! ```
//!
//! No bias and no nonlinearity unless asked for. Outside the image there are zeros.

use std::fmt;

use ndarray::{Array2, Array3, ArrayView1, ArrayView3, ArrayView4, Axis};

use crate::weights::{Geometry, Padding};

mod layout;
mod level;
mod memory;
mod plan;
mod roll;
mod rolled;
mod steps;
mod sweep;

pub use level::Level;
use plan::Plan;

/// Numbers in the largest response: 1 GiB of them.
const LARGEST: usize = 1 << 28;

/// Zeros added around an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the sides of a picture")]
pub struct Padding2d {
    pub top: usize,
    pub left: usize,
    pub bottom: usize,
    pub right: usize,
}

impl Padding2d {
    /// None: the output is smaller than the input.
    pub fn valid() -> Self {
        Self::default()
    }

    /// `n` on every side, as PyTorch's `padding = n`.
    pub fn zeros(n: usize) -> Self {
        Self { top: n, left: n, bottom: n, right: n }
    }

    /// Half the kernel (rows, columns) around, so that at stride 1 the output is as large as the input; of an even
    /// kernel the larger half is below and to the right, as TensorFlow has it.
    pub fn half(kernel: [usize; 2], dilation: [usize; 2]) -> Self {
        let around = |axis: usize| kernel[axis].saturating_sub(1).saturating_mul(dilation[axis]);
        Self::split([around(0), around(1)])
    }

    /// TensorFlow's `same`: just enough for an output of ⌈input / stride⌉, the odd zero below and to the right.
    ///
    /// All in rows, columns. Source: `tf.nn`, "Notes on padding".
    pub fn same(input: [usize; 2], kernel: [usize; 2], stride: [usize; 2], dilation: [usize; 2]) -> Self {
        let around = |axis: usize| {
            let steps = input[axis].div_ceil(stride[axis].max(1)).saturating_sub(1);
            let reach = kernel[axis].saturating_sub(1).saturating_mul(dilation[axis]).saturating_add(1);
            steps.saturating_mul(stride[axis]).saturating_add(reach).saturating_sub(input[axis])
        };
        Self::split([around(0), around(1)])
    }

    fn split([rows, columns]: [usize; 2]) -> Self {
        Self { top: rows / 2, left: columns / 2, bottom: rows.div_ceil(2), right: columns.div_ceil(2) }
    }
}

/// How a kernel is moved over an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvParams {
    /// Steps between two answers: rows, columns; at least 1.
    pub stride: [usize; 2],
    /// Zeros around the image.
    pub padding: Padding2d,
    /// Steps between two weights: rows, columns; at least 1.
    pub dilation: [usize; 2],
}

impl Default for ConvParams {
    /// Stride 1, no padding, dilation 1.
    fn default() -> Self {
        Self { stride: [1, 1], padding: Padding2d::valid(), dilation: [1, 1] }
    }
}

impl ConvParams {
    /// An answer for every pixel: stride 1 and half the kernel (rows, columns) of zeros around.
    pub fn same_size(kernel: [usize; 2]) -> Self {
        Self { padding: Padding2d::half(kernel, [1, 1]), ..Self::default() }
    }

    /// As the checkpoint says, for kernels and an image of these rows and columns.
    pub fn of_geometry(geometry: &Geometry, kernel: [usize; 2], image: [usize; 2]) -> Self {
        let Geometry { stride, dilation, padding, .. } = *geometry;
        let padding = match padding {
            Padding::Valid => Padding2d::valid(),
            Padding::Zeros(n) => Padding2d::zeros(n),
            Padding::Same => Padding2d::same(image, kernel, stride, dilation),
        };
        Self { stride, padding, dilation }
    }

    /// Rows of the response to an image of `rows` by a kernel of `k_h` rows.
    ///
    /// # Errors
    /// Where the kernel does not fit into the padded image, or a stride or dilation is 0.
    pub fn out_h(&self, rows: usize, k_h: usize) -> Result<usize, ResponseError> {
        let Padding2d { top, bottom, .. } = self.padding;
        out_length(rows, [top, bottom], k_h, self.stride[0], self.dilation[0])
    }

    /// Columns of the response to an image of `columns` by a kernel of `k_w` columns.
    ///
    /// # Errors
    /// As [`out_h`](Self::out_h).
    pub fn out_w(&self, columns: usize, k_w: usize) -> Result<usize, ResponseError> {
        let Padding2d { left, right, .. } = self.padding;
        out_length(columns, [left, right], k_w, self.stride[1], self.dilation[1])
    }

    /// Rows and columns of the response, where it is of a size that can be held.
    fn out_size(
        &self,
        image: [usize; 2],
        kernel: [usize; 2],
        c_out: usize,
    ) -> Result<[usize; 2], ResponseError> {
        let size = [self.out_h(image[0], kernel[0])?, self.out_w(image[1], kernel[1])?];
        let Padding2d { top, left, bottom, right } = self.padding;
        let count = |rows: usize, columns: usize, times: usize| rows.checked_mul(columns)?.checked_mul(times);
        let padded = count(image[0] + top + bottom, image[1] + left + right, 1);
        let fits = |count: Option<usize>| count.is_some_and(|count| count <= LARGEST);
        if fits(padded) && fits(count(size[0], size[1], c_out)) {
            Ok(size)
        } else {
            Err(ResponseError::TooLarge)
        }
    }
}

fn out_length(
    length: usize,
    around: [usize; 2],
    kernel: usize,
    stride: usize,
    dilation: usize,
) -> Result<usize, ResponseError> {
    if kernel == 0 || stride == 0 || dilation == 0 {
        return Err(ResponseError::Zero);
    }
    let padded = around
        .iter()
        .try_fold(length, |sum, &zeros| sum.checked_add(zeros))
        .ok_or(ResponseError::TooLarge)?;
    let reach = (kernel - 1).checked_mul(dilation).and_then(|reach| reach.checked_add(1));
    match reach.filter(|&reach| reach <= padded) {
        Some(reach) => Ok((padded - reach) / stride + 1),
        None => Err(ResponseError::TooSmall { padded, reach: reach.unwrap_or(usize::MAX) }),
    }
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseError {
    /// The image has other channels than the kernel sees.
    Channels {
        /// What the image has.
        image: usize,
        /// What the kernel sees, times the groups.
        kernel: usize,
    },
    /// The number of kernels is no multiple of the groups, or there are no groups.
    Groups {
        /// How many kernels.
        kernels: usize,
        /// How many groups.
        groups: usize,
    },
    /// The number of biases is not the number of kernels.
    Bias {
        /// How many kernels.
        kernels: usize,
        /// How many biases.
        biases: usize,
    },
    /// The image with its padding is smaller than the kernel with its dilation.
    TooSmall {
        /// Pixels along the side that is too short, padding included.
        padded: usize,
        /// Pixels that the kernel covers along it.
        reach: usize,
    },
    /// The response would not fit into memory.
    TooLarge,
    /// A kernel without weights, or a stride or dilation of 0.
    Zero,
    /// The caller no longer wants it.
    Cancelled,
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channels { image, kernel } => {
                write!(f, "the image has {image} channels, but the kernel sees {kernel}")
            }
            Self::Groups { kernels, groups } => {
                write!(f, "{kernels} kernels do not divide into {groups} groups")
            }
            Self::Bias { kernels, biases } => write!(f, "there are {biases} biases for {kernels} kernels"),
            Self::TooSmall { padded, reach } => write!(
                f,
                "the image is {padded} pixels long with its padding, but the kernel covers {reach}: take a larger \
                 image or more padding"
            ),
            Self::TooLarge => {
                write!(f, "the response would not fit into memory: take a smaller image or less padding")
            }
            Self::Zero => write!(f, "kernel, stride and dilation must be at least 1"),
            Self::Cancelled => write!(f, "cancelled"),
        }
    }
}

impl std::error::Error for ResponseError {}

/// The response of one kernel (`[c_in, k_h, k_w]`) to an image (`[c_in, row, column]`), as `[row, column]`.
///
/// # Errors
/// Where the channels differ, the kernel does not fit, or the response would not fit into memory.
pub fn respond(
    image: ArrayView3<'_, f32>,
    kernel: ArrayView3<'_, f32>,
    params: &ConvParams,
    bias: f32,
) -> Result<Array2<f32>, ResponseError> {
    respond_cancellable(image, kernel, params, bias, &|| false)
}

/// As [`respond`], but `cancelled` is asked every few rows, on several threads.
///
/// # Errors
/// As [`respond`], and [`ResponseError::Cancelled`] once `cancelled` has said so.
pub fn respond_cancellable(
    image: ArrayView3<'_, f32>,
    kernel: ArrayView3<'_, f32>,
    params: &ConvParams,
    bias: f32,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Array2<f32>, ResponseError> {
    let kernels = kernel.insert_axis(Axis(0));
    let biases = [bias];
    let all = respond_all(image, kernels, Some(ArrayView1::from(&biases)), params, 1, cancelled)?;
    Ok(all.index_axis_move(Axis(0), 0))
}

/// The responses of all kernels (`[c_out, c_in, k_h, k_w]`) to an image (`[c_in · groups, row, column]`), as
/// `[c_out, row, column]`. Kernel n sees the channels of group n / (`c_out` / `groups`).
///
/// # Errors
/// As [`respond_cancellable`], and where kernels, groups and biases do not belong together.
pub fn respond_all(
    image: ArrayView3<'_, f32>,
    kernels: ArrayView4<'_, f32>,
    bias: Option<ArrayView1<'_, f32>>,
    params: &ConvParams,
    groups: usize,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Array3<f32>, ResponseError> {
    respond_all_at(Level::best(), image, kernels, bias, params, groups, cancelled)
}

/// As [`respond_all`], with the instructions of `level`: for tests and measurements.
///
/// # Errors
/// As [`respond_all`].
pub fn respond_all_at(
    level: Level,
    image: ArrayView3<'_, f32>,
    kernels: ArrayView4<'_, f32>,
    bias: Option<ArrayView1<'_, f32>>,
    params: &ConvParams,
    groups: usize,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Array3<f32>, ResponseError> {
    let (c_out, c_in, k_h, k_w) = kernels.dim();
    let (channels, rows, columns) = image.dim();
    if groups == 0 || c_out % groups != 0 {
        return Err(ResponseError::Groups { kernels: c_out, groups });
    }
    if channels != c_in * groups {
        return Err(ResponseError::Channels { image: channels, kernel: c_in * groups });
    }
    if let Some(bias) = bias.filter(|bias| bias.len() != c_out) {
        return Err(ResponseError::Bias { kernels: c_out, biases: bias.len() });
    }
    let [out_h, out_w] = params.out_size([rows, columns], [k_h, k_w], c_out)?;
    let shape = (c_out, out_h, out_w);
    if c_out == 0 {
        return Ok(Array3::zeros(shape));
    }
    let plan = Plan::of(level, image, kernels, bias, params, groups, [out_h, out_w])?;
    let out = memory::written(c_out * out_h * out_w, |out| plan.run(out, cancelled))?;
    out.into_shape_with_order(shape).or(Err(ResponseError::TooLarge))
}
