//! From numbers to colours: how bright a weight is, which colour a channel is, and what a response looks like.
//!
//! A kernel becomes a [`Raster`], a response an [`Indexed`] picture with a palette. Weights that are not finite have
//! colours of their own and never change how the others are drawn.

use ndarray::{ArrayView2, ArrayView3, ArrayView4, Axis};

mod color_map;
mod indexed;
mod montage;
mod terminal_colors;

pub use color_map::{COLOR_MAPS, ColorMap, DARK_CENTRE, LEVELS, LIGHT_CENTRE, Palette, TRANSPARENT};
pub use indexed::{Indexed, ResponseMode, response_limit, response_limits};
pub use montage::{Montage, Order};
pub use terminal_colors::{brightness, contrast, luminance, nearest_of_16, nearest_of_256};

/// A weight or a response that is no number: a loud magenta.
pub const NAN_COLOR: [u8; 3] = [255, 0, 255];
/// A weight or a response without bounds: a loud cyan.
pub const INFINITE_COLOR: [u8; 3] = [0, 255, 255];
/// What has no range to be bright or dark in.
const MID_GREY: u8 = 127;

/// How weights become brightness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Normalization {
    /// Each kernel from its smallest weight to its largest: all of its shape, nothing of its strength.
    #[default]
    Kernel,
    /// Each kernel about zero, which is mid-grey: what is brighter adds, what is darker takes away.
    Zero,
    /// The whole layer on one scale about zero: weak kernels look weak.
    Layer,
}

/// One row a normalisation: the name on the screen and on the command line, and what it means.
const NORMALIZATIONS: [(Normalization, &str, &str); 3] = [
    (Normalization::Kernel, "kernel", "each kernel from its smallest weight to its largest"),
    (Normalization::Zero, "zero", "each kernel about zero, which is mid-grey"),
    (Normalization::Layer, "layer", "the whole layer on one scale about zero"),
];

impl Normalization {
    /// Every one, in the order of [`next`](Self::next).
    pub const ALL: [Self; 3] = [Self::Kernel, Self::Zero, Self::Layer];

    /// Its name: `kernel`, `zero` or `layer`.
    pub fn name(self) -> &'static str {
        NORMALIZATIONS[self as usize].1
    }

    /// What it does, in a few words.
    pub fn meaning(self) -> &'static str {
        NORMALIZATIONS[self as usize].2
    }

    /// The one after it; after the last, the first.
    #[must_use]
    pub fn next(self) -> Self {
        NORMALIZATIONS[(self as usize + 1) % NORMALIZATIONS.len()].0
    }
}

/// Which colour the first of three input channels is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ChannelOrder {
    /// Red first.
    #[default]
    Rgb,
    /// Blue first, as Keras's ResNet and VGG networks are fed.
    Bgr,
}

impl ChannelOrder {
    /// Its name on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rgb => "RGB",
            Self::Bgr => "BGR",
        }
    }

    /// The other one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Rgb => Self::Bgr,
            Self::Bgr => Self::Rgb,
        }
    }

    /// The input channels that are red, green and blue.
    fn red_green_blue(self) -> [usize; 3] {
        match self {
            Self::Rgb => [0, 1, 2],
            Self::Bgr => [2, 1, 0],
        }
    }
}

/// A picture: `width · height` pixels, row after row, red, green, blue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raster {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Row after row.
    pub pixels: Vec<[u8; 3]>,
}

impl Raster {
    /// A picture of one colour.
    pub fn filled(width: usize, height: usize, color: [u8; 3]) -> Self {
        Self { width, height, pixels: vec![color; width * height] }
    }

    /// The pixel of row `y` and column `x`; `None` outside.
    pub fn get(&self, x: usize, y: usize) -> Option<[u8; 3]> {
        if x < self.width { self.pixels.get(y * self.width + x).copied() } else { None }
    }

    /// Draws `other` with its top left corner at column `x` and row `y`; what lies outside is cut off.
    pub fn paste(&mut self, other: &Self, x: usize, y: usize) {
        let width = other.width.min(self.width.saturating_sub(x));
        for row in 0..other.height.min(self.height.saturating_sub(y)) {
            let from = &other.pixels[row * other.width..][..width];
            self.pixels[(y + row) * self.width + x..][..width].copy_from_slice(from);
        }
    }

    /// Every pixel as a square of `times` by `times`.
    #[must_use]
    pub fn enlarged(&self, times: usize) -> Self {
        let times = times.max(1);
        let mut pixels = Vec::with_capacity(self.pixels.len() * times * times);
        for row in self.pixels.chunks(self.width.max(1)) {
            let wide: Vec<_> = row.iter().flat_map(|&pixel| std::iter::repeat_n(pixel, times)).collect();
            for _ in 0..times {
                pixels.extend_from_slice(&wide);
            }
        }
        Self { width: self.width * times, height: self.height * times, pixels }
    }

    /// The bytes of all pixels, row after row.
    pub fn bytes(&self) -> &[u8] {
        self.pixels.as_flattened()
    }
}

/// The weights that are black and white.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Black.
    pub low: f32,
    /// White.
    pub high: f32,
}

impl Scale {
    /// From the smallest finite value to the largest; from 0 to 0 where there is none.
    pub fn min_max(values: impl Iterator<Item = f32>) -> Self {
        let finite = values.filter(|value| value.is_finite());
        let (low, high) = finite
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low <= high { Self { low, high } } else { Self { low: 0.0, high: 0.0 } }
    }

    /// The narrowest scale about zero that holds this one.
    #[must_use]
    pub fn about_zero(self) -> Self {
        let limit = self.low.abs().max(self.high.abs());
        Self { low: -limit, high: limit }
    }

    /// The brightness of a finite value: numpy's `((value - low) / (high - low) * 255).astype("uint8")` in `float32`,
    /// mid-grey where the scale has no width; what lies outside is black or white.
    pub fn brightness(self, value: f32) -> u8 {
        let width = self.high - self.low;
        if width == 0.0 {
            MID_GREY
        } else if width.is_finite() {
            ((value - self.low) / width * 255.0) as u8
        } else {
            // Both ends are near the largest float32: halved, their distance is one too.
            ((value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0) * 255.0) as u8
        }
    }

    /// Where a finite value lies about zero, −1..1; 0 where the scale has no width.
    fn signed(self, value: f32) -> f32 {
        let limit = self.low.abs().max(self.high.abs());
        if limit > 0.0 { (value / limit).clamp(-1.0, 1.0) } else { 0.0 }
    }
}

/// The one scale of a layer (`[out, slice, row, column]`): about zero, as wide as its largest weight.
pub fn layer_scale(kernels: ArrayView4<'_, f32>) -> Scale {
    Scale::min_max(kernels.iter().copied()).about_zero()
}

/// The scale of one kernel (`[slice, row, column]`) of a layer whose [`layer_scale`] is `layer`.
pub fn kernel_scale(kernel: ArrayView3<'_, f32>, normalization: Normalization, layer: Scale) -> Scale {
    match normalization {
        Normalization::Kernel => Scale::min_max(kernel.iter().copied()),
        Normalization::Zero => Scale::min_max(kernel.iter().copied()).about_zero(),
        Normalization::Layer => layer,
    }
}

/// What of a kernel is drawn.
#[derive(Clone, Copy, Debug)]
pub enum Look<'a> {
    /// Its three slices as one colour picture.
    Color(ChannelOrder),
    /// One slice in shades of grey.
    Grey(usize),
    /// One slice in a colour map whose middle is zero, whatever the scale's own middle.
    Map(usize, &'a Palette),
}

impl<'a> Look<'a> {
    /// How kernels of so many slices are drawn: in colour where they are `coloured`, one slice in grey, others as `slice`
    /// in a colour map.
    pub fn of(
        slices: usize,
        coloured: bool,
        order: ChannelOrder,
        slice: usize,
        palette: &'a Palette,
    ) -> Self {
        match slices {
            3 if coloured => Self::Color(order),
            1 => Self::Grey(0),
            _ => Self::Map(slice, palette),
        }
    }
}

/// Draws a kernel (`[slice, row, column]`), a pixel a weight.
///
/// A pixel with a weight that is not finite is [`NAN_COLOR`] or [`INFINITE_COLOR`]. A slice that the kernel does not
/// have gives mid-grey.
pub fn draw(kernel: ArrayView3<'_, f32>, look: Look<'_>, scale: Scale) -> Raster {
    let (slices, height, width) = kernel.dim();
    let slice = |at: usize| (at < slices).then(|| kernel.index_axis_move(Axis(0), at));
    let positions = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
    let pixels = match look {
        Look::Color(order) => {
            let [red, green, blue] = order.red_green_blue().map(slice);
            let at = |slice: &Option<ArrayView2<'_, f32>>, place| slice.as_ref().map(|slice| slice[place]);
            positions
                .map(|place| color([at(&red, place), at(&green, place), at(&blue, place)], scale))
                .collect()
        }
        Look::Grey(grey) => match slice(grey) {
            Some(slice) => positions.map(|place| color([Some(slice[place]); 3], scale)).collect(),
            None => vec![[MID_GREY; 3]; height * width],
        },
        Look::Map(mapped, palette) => match slice(mapped) {
            Some(slice) => {
                let index = |weight| color_map::signed_index(weight, |weight| scale.signed(weight));
                positions.map(|place| palette[usize::from(index(slice[place]))]).collect()
            }
            None => vec![[MID_GREY; 3]; height * width],
        },
    };
    Raster { width, height, pixels }
}

fn color(weights: [Option<f32>; 3], scale: Scale) -> [u8; 3] {
    let [red, green, blue] = weights;
    // A sum of weights that are finite mostly is, too, and is asked faster.
    let sum = red.unwrap_or(0.0) + green.unwrap_or(0.0) + blue.unwrap_or(0.0);
    if !sum.is_finite() {
        let any = |test: fn(f32) -> bool| weights.iter().flatten().any(|&weight| test(weight));
        if any(f32::is_nan) {
            return NAN_COLOR;
        }
        if any(f32::is_infinite) {
            return INFINITE_COLOR;
        }
    }
    let level = |weight: Option<f32>| weight.map_or(MID_GREY, |weight| scale.brightness(weight));
    [level(red), level(green), level(blue)]
}

#[cfg(test)]
mod tests;
