//! The picture beside the kernels, or in their place: what is asked for, and what is known of it.

use ndarray::{ArrayView4, s};

use super::{Facts, Ticket};
use crate::app::comparison::Side;
use crate::app::layout::Sheet;
use crate::photo::Preprocessing;
use crate::raster::{ColorMap, ResponseMode};

/// What the preview shows.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseSpec {
    /// Which layer's weights.
    pub layer: usize,
    /// Read under this ticket (weights that were read anew give a new picture).
    pub read: Ticket,
    /// The kernel; `None` shows the photo itself.
    pub kernel: Option<KernelOnPhoto>,
    /// Many kernels at once: `kernel` is the first of them, and says how each of them meets the photo.
    pub sheet: Option<SheetOnPhoto>,
    /// Of which checkpoint.
    pub side: Side,
    /// The room for it, in cells.
    pub cells: (u16, u16),
    /// What the terminal can do.
    pub facts: Facts,
}

/// Kernels whose responses are shown in one picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SheetOnPhoto {
    /// Where each response stands.
    pub layout: Sheet,
    /// The kernels of this page, in the order of the grid.
    pub kernels: Vec<usize>,
    /// Which page it is, from 0, and of how many.
    pub page: (usize, usize),
    /// One scale of colours for all, so that weak responses look weak; each has its own otherwise.
    pub one_scale: bool,
}

impl SheetOnPhoto {
    /// Columns and rows of cells of its picture.
    pub fn size(&self) -> (u16, u16) {
        self.layout.size(self.kernels.len())
    }
}

/// How a kernel meets the photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelOnPhoto {
    /// Which kernel.
    pub kernel: usize,
    /// The whole kernel over the photo, or one of its slices over the grey photo.
    pub input: PhotoInput,
    /// From response to brightness.
    pub mode: ResponseMode,
    /// How the photo is prepared.
    pub preprocessing: Preprocessing,
    /// Rows, columns.
    pub stride: [usize; 2],
    /// The colours of the response.
    pub map: &'static ColorMap,
}

/// Which channels of the photo meet which slices of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhotoInput {
    /// Three channels, as the network was fed.
    Colour,
    /// This slice over the photo in grey.
    Grey {
        /// The slice.
        slice: usize,
    },
}

impl PhotoInput {
    /// What of kernels (`[out, slice, row, column]`) meets the photo.
    pub fn slices_met(self, kernels: ArrayView4<'_, f32>) -> ArrayView4<'_, f32> {
        match self {
            Self::Colour => kernels,
            Self::Grey { slice } => kernels.slice_move(s![.., slice..=slice, .., ..]),
        }
    }
}

/// What is said about a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseFacts {
    /// The picture's size in pixels; on a sheet that of one response.
    pub size: (u32, u32),
    /// The largest |response|, and the one at which the colours end; `None` for the photo, and for a sheet whose
    /// responses have a scale each.
    pub largest: Option<(f32, f32)>,
}

/// The picture that is shown, and the one that is waited for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// What was asked for last.
    pub wanted: Option<ResponseSpec>,
    /// The ticket of the request that is under way.
    pub pending: Option<Ticket>,
    /// What the picture on the screen shows.
    pub shown: Option<(ResponseSpec, ResponseFacts)>,
    /// The proportions of the photo, as far as a picture of it has shown them.
    pub proportions: Option<(u32, u32)>,
    /// Why there is no picture; one sentence.
    pub failed: Option<String>,
}
