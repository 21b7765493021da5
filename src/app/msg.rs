//! What happens to the core.

use super::comparison::Compared;
use super::key::Key;
use super::run::{Epoch, EpochId, Studied};
use super::state::{Facts, LayerData, ResponseFacts, Ticket};
use crate::weights::Layer;
use crate::weights::diagnosis::{Diagnosis, LayerDiagnosis};

/// A mouse event, in cells from the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What the mouse did.
    pub kind: MouseKind,
    /// The column.
    pub x: u16,
    /// The row.
    pub y: u16,
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
    /// The left button was pressed.
    Click,
    /// The wheel was turned away from the user.
    WheelUp,
    /// The wheel was turned towards the user.
    WheelDown,
}

/// Everything that can happen.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(Mouse),
    /// The terminal has this size in cells now.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// What the terminal can do is known, or known better.
    Terminal(Facts),
    /// More layers of the checkpoint are known.
    Layers {
        /// The network's own name, where the checkpoint has it.
        network: Option<String>,
        /// The new ones, in network order.
        layers: Vec<Layer>,
    },
    /// The index of the checkpoint is complete, or could not be read.
    Opened(Result<Opened, String>),
    /// A layer was read, or could not be.
    Read {
        /// Of the request.
        ticket: Ticket,
        /// The layer's numbers, or one sentence.
        result: Result<LayerData, String>,
    },
    /// The gain of the batch normalisation behind a layer, one number a kernel.
    Gain {
        /// Of the request that read the layer.
        ticket: Ticket,
        /// γ/√(σ²+ε).
        gain: Vec<f64>,
    },
    /// Some kernels are judged.
    Judged {
        /// Of the request.
        ticket: Ticket,
        /// Kernel and diagnosis.
        kernels: Vec<(usize, Diagnosis)>,
    },
    /// All kernels are judged, and the layer.
    LayerJudged {
        /// Of the request.
        ticket: Ticket,
        /// The layer's diagnosis.
        diagnosis: Box<LayerDiagnosis>,
    },
    /// A picture is ready, or could not be made.
    Responded {
        /// Of the request.
        ticket: Ticket,
        /// What is said about it, or one sentence.
        result: Result<ResponseFacts, String>,
    },
    /// The layers of the checkpoint that is compared with, or why there are none.
    Against(Result<Vec<Layer>, String>),
    /// B's side of the selected layer, or one sentence.
    Compared {
        /// Of the request.
        ticket: Ticket,
        /// The layer's numbers in B, and what changed.
        result: Result<Box<Compared>, String>,
    },
    /// The epochs of the run, in order: at the start, and whenever one comes, changes or goes.
    Epochs {
        /// All of them.
        epochs: Vec<Epoch>,
        /// The one to begin with.
        start: Option<usize>,
        /// Whether more may come.
        watched: bool,
    },
    /// The epoch that was opened in place of one that cannot be read yet.
    Instead(EpochId),
    /// An epoch has these layers, which are not the ones before.
    Network {
        /// Which epoch.
        epoch: EpochId,
        /// Its layers.
        layers: Vec<Layer>,
        /// What its index says besides.
        opened: Opened,
    },
    /// What the files of the run are up to; `None`: nothing worth a word any more.
    Files(Option<String>),
    /// Some of the run's history is known, or could not be had.
    Studied {
        /// Of the request.
        ticket: Ticket,
        /// What is known, or one sentence.
        result: Result<Studied, String>,
    },
    /// The user has rested for a moment: what was not worth drawing for every kernel passed by is now.
    Rest,
    /// Time for the next epoch, while the run plays.
    Beat,
    /// A word for the user.
    Notice(String),
    /// The process was stopped and goes on, or the user wants a clean screen.
    Resumed,
    /// Someone asks the program to stop the process (SIGTSTP).
    Suspend,
    /// The terminal is gone, or someone ended the program (SIGTERM, SIGHUP).
    Hangup,
}

/// What the complete index says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// What kind of file it is.
    pub format: String,
    /// The network's own name.
    pub name: Option<String>,
}
