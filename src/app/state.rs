//! What is on the screen, as data.

use std::collections::BTreeMap;
use std::sync::Arc;

use ndarray::Array2;
use ratatui::layout::Rect;

use super::comparison::Comparison;
pub use super::facts::{Background, ColorDepth, Facts, Graphics, Line};
use super::keymap::Keymap;
use super::layout::Panes;
use super::maps::Maps;
use super::run::Run;
use crate::photo::Preprocessing;
use crate::raster::{ChannelOrder, Normalization, ResponseMode};
use crate::weights::diagnosis::{Diagnosis, LayerDiagnosis, Verdict};
use crate::weights::order::Sort;
use crate::weights::statistics::{Histogram, Statistics};
use crate::weights::{KernelShape, Layer, Weights};

mod preview;

pub use preview::{KernelOnPhoto, PhotoInput, Preview, ResponseFacts, ResponseSpec, SheetOnPhoto};

/// The name of a piece of work under way: a late answer whose ticket is not the pending one is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// The life of something that is fetched.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Load<T> {
    /// Nobody asked for it.
    #[default]
    Idle,
    /// It was asked for under this ticket.
    Pending(Ticket),
    /// It is there.
    Ready(T),
    /// It could not be had; one sentence.
    Failed(String),
}

impl<T> Load<T> {
    /// What is there, if it is.
    pub fn ready(&self) -> Option<&T> {
        match self {
            Self::Ready(value) => Some(value),
            _ => None,
        }
    }
}

/// The panes that can have the focus, in the order of the Tab key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// The layers.
    Layers,
    /// The kernels.
    #[default]
    Kernels,
    /// The response.
    Response,
}

impl Pane {
    /// In the order of the Tab key.
    pub const ALL: [Self; 3] = [Self::Layers, Self::Kernels, Self::Response];

    /// Its name in the help.
    pub fn name(self) -> &'static str {
        match self {
            Self::Layers => "layers",
            Self::Kernels => "kernels",
            Self::Response => "response",
        }
    }
}

/// What fills the middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Middle {
    /// Every kernel of the layer.
    #[default]
    Grid,
    /// The selected kernel, each weight under a cursor.
    Kernel {
        /// The cursor's row.
        row: usize,
        /// The cursor's column.
        column: usize,
    },
    /// The response, large.
    Response {
        /// It was opened from the sheet of all of them, and leads back there.
        of_sheet: bool,
    },
    /// The responses of all kernels, in the order of the grid.
    Responses,
}

impl Middle {
    /// Whether it is a picture: the kernels then stand where else the response does.
    pub fn is_picture(self) -> bool {
        matches!(self, Self::Response { .. } | Self::Responses)
    }
}

/// What stands over the panes, or takes the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Nothing.
    #[default]
    Browse,
    /// The help, scrolled down by so many lines.
    Help(u16),
    /// A search is being typed.
    Search {
        /// The layer that was selected when it began.
        from: usize,
    },
    /// A kernel's number is being typed.
    Jump(String),
}

/// The selected layer's numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum LayerData {
    /// A convolution's kernels.
    Kernels(KernelData),
    /// What a layer without kernels has: the statistics of each array.
    Tensors(Vec<(Statistics, Histogram)>),
}

/// Kernels and what all of them share.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelData {
    /// The kernels.
    pub weights: Arc<Weights>,
    /// Their sizes.
    pub shape: KernelShape,
    /// The largest |weight| of the layer: the scale of the per-layer normalisation and of sparsity.
    pub largest: f32,
    /// How many weights of the layer are NaN or infinite.
    pub not_finite: usize,
}

/// The numbers of the selected kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// Which kernel.
    pub kernel: usize,
    /// Its statistics.
    pub statistics: Statistics,
    /// Its weights' histogram.
    pub histogram: Histogram,
    /// Its power spectrum: `[row, column]`, the zero frequency in the middle, the largest 1.
    pub plane: Array2<f32>,
}

/// What is known of the verdicts on the selected layer's kernels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// Of the request; the ticket that the layer was read under.
    pub ticket: Ticket,
    /// One place a kernel.
    pub kernels: Vec<Option<Diagnosis>>,
    /// The layer, once all kernels are judged.
    pub layer: Option<LayerDiagnosis>,
}

/// What the layers pane says of a layer that has been judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Health {
    /// The share of noise among the judged kernels, 0..1; `None` where none could be judged.
    pub noise: Option<f64>,
    /// How many kernels are dead.
    pub dead: usize,
    /// How many kernels are not finite.
    pub not_finite: usize,
}

/// What the order of the grid depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ordering {
    /// What the kernels are sorted by.
    pub sort: Sort,
    /// Only these.
    pub filter: Option<Verdict>,
    /// The kernel that the others are compared with.
    pub anchor: usize,
}

/// What the user chose before the first frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    /// The layer to begin with: a name or an index.
    pub layer: Option<String>,
    /// How the network was fed, if not guessed.
    pub preprocessing: Option<Preprocessing>,
    /// The channel order, if not guessed.
    pub channels: Option<ChannelOrder>,
    /// Whether the mouse belongs to the program.
    pub mouse: bool,
    /// The colour maps, where they do not follow the background.
    pub maps: Maps,
    /// The keys.
    pub keymap: Keymap,
}

/// Everything on the screen.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own key")]
pub struct State {
    /// Columns and rows of the terminal.
    pub screen: (u16, u16),
    /// What the terminal can do.
    pub facts: Facts,
    /// The checkpoint's path as the user gave it.
    pub title: String,
    /// The name of the photo.
    pub photo: String,
    /// What the user chose on the command line.
    pub choices: Choices,

    /// The layers known so far.
    pub layers: Vec<Layer>,
    /// The index: pending while layers still arrive.
    pub index: Load<super::msg::Opened>,
    /// The selected layer.
    pub layer: usize,
    /// The first layer that is visible.
    pub layers_top: usize,
    /// What is searched for.
    pub search: String,
    /// The selected layer's numbers.
    pub data: Load<LayerData>,
    /// The layer that `data` belongs to, and the ticket it was read under.
    pub data_of: Option<(usize, Ticket)>,

    /// Which pane has the focus.
    pub focus: Pane,
    /// What fills the middle.
    pub middle: Middle,
    /// What takes the keys.
    pub mode: Mode,
    /// The selected kernel.
    pub kernel: usize,
    /// The first row of the grid that is visible.
    pub grid_top: usize,
    /// Pixels a weight; `None`: as large as fits.
    pub zoom: Option<u16>,
    /// One slice instead of the colours, or which slice where there are no colours.
    pub slice: Option<usize>,
    /// From weights to brightness.
    pub normalization: Normalization,
    /// Red first or blue first.
    pub channels: ChannelOrder,
    /// The numbers of the selected kernel.
    pub described: Option<Described>,

    /// The verdicts, as far as they are known.
    pub judgement: Judgement,
    /// The gain of the batch normalisation behind the layer.
    pub gain: Option<Vec<f64>>,
    /// Whether the grid shows the verdicts' marks.
    pub marks_hidden: bool,
    /// How the user wants the grid ordered.
    pub ordering: Ordering,
    /// The kernels in the order of the grid, by their original indices.
    pub order: Vec<usize>,
    /// What `order` was made for: ordering, reading, and whether all verdicts were known.
    pub order_of: Option<(Ordering, Ticket, bool)>,
    /// What was found of each layer that was judged, by its index.
    pub health: BTreeMap<usize, Health>,

    /// The preview shows the photo itself.
    pub photo_shown: bool,
    /// From a response to brightness.
    pub response_mode: ResponseMode,
    /// How the photo is prepared.
    pub preprocessing: Preprocessing,
    /// The layer's own stride instead of 1.
    pub own_stride: bool,
    /// The picture.
    pub preview: Preview,

    /// The checkpoint that this one is compared with.
    pub comparison: Option<Comparison>,
    /// The run of training that the checkpoint is an epoch of.
    pub run: Run,
    /// A word for the user in the status line, until the next key.
    pub message: Option<String>,
    /// Whether the mouse belongs to the program.
    pub mouse: bool,
    /// The number of the last ticket.
    pub tickets: u64,
}

impl State {
    /// The state before the first message.
    pub fn new(title: String, photo: String, screen: (u16, u16), facts: Facts, choices: Choices) -> Self {
        let mut state =
            Self { title, photo, screen, facts, mouse: choices.mouse, choices, ..Self::default() };
        state.index = Load::Pending(state.ticket());
        state
    }

    /// A ticket that was never given before.
    pub fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// The panes; `None` where the screen is too small.
    pub fn panes(&self) -> Option<Panes> {
        Panes::of(self.screen.0, self.screen.1, self.run.is_shown())
    }

    /// Where the kernels are drawn: in the middle, unless a picture took it.
    pub fn kernels_pane(&self) -> Option<Rect> {
        let panes = self.panes()?;
        Some(if self.middle.is_picture() { panes.response } else { panes.kernels })
    }

    /// Where the response is drawn.
    pub fn response_pane(&self) -> Option<Rect> {
        let panes = self.panes()?;
        Some(if self.middle.is_picture() { panes.kernels } else { panes.response })
    }

    /// The selected layer.
    pub fn selected_layer(&self) -> Option<&Layer> {
        self.layers.get(self.layer)
    }

    /// The kernels of the selected layer, once they are read.
    pub fn kernels(&self) -> Option<&KernelData> {
        match self.data.ready()? {
            LayerData::Kernels(kernels) => Some(kernels),
            LayerData::Tensors(_) => None,
        }
    }

    /// The place of the selected kernel in the grid; 0 where the filter hides it.
    pub fn position(&self) -> usize {
        self.order.iter().position(|kernel| *kernel == self.kernel).unwrap_or(0)
    }

    /// The verdict on a kernel, with its gain, once it is known.
    pub fn diagnosis(&self, kernel: usize) -> Option<Diagnosis> {
        self.judgement.kernels.get(kernel).copied().flatten()
    }

    /// Which slice is drawn; `None` draws the kernel in colour (or in grey, where it has one slice).
    pub fn slice_drawn(&self, shape: KernelShape) -> Option<usize> {
        match self.slice {
            None if shape.slices() == 1 || shape.is_coloured() => None,
            slice => Some(slice.unwrap_or(0).min(shape.slices().saturating_sub(1))),
        }
    }
}
