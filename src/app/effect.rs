//! What the core asks the shell to do; plain data, so that tests can look at it.

use std::sync::Arc;

use super::comparison::Other;
use super::run::{EpochId, Study};
use super::state::{KernelData, ResponseSpec, Ticket};
use crate::weights::{Layer, Weights};

/// Something outside the core.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Read a layer's arrays; answered by [`Msg::Read`](super::msg::Msg::Read).
    Read {
        /// To be given back with the answer.
        ticket: Ticket,
        /// Of which epoch.
        epoch: EpochId,
        /// Whose arrays.
        layer: Box<Layer>,
    },
    /// Compare A's layer with B's; answered by [`Msg::Compared`](super::msg::Msg::Compared).
    Compare {
        /// To be given back with the answer.
        ticket: Ticket,
        /// Where B's is.
        other: Other,
        /// A's kernels, where the layer has some.
        own: Option<KernelData>,
    },
    /// Find out about the run's history; answered by [`Msg::Studied`](super::msg::Msg::Studied).
    Study {
        /// To be given back with the answer.
        ticket: Ticket,
        /// What.
        study: Box<Study>,
    },
    /// Compute and encode a picture; answered by [`Msg::Responded`](super::msg::Msg::Responded).
    Respond {
        /// To be given back with the answer.
        ticket: Ticket,
        /// What is wanted.
        spec: Box<ResponseSpec>,
        /// The layer's weights; `None` where only the photo is wanted.
        weights: Option<Arc<Weights>>,
    },
    /// Judge a layer's kernels; answered by [`Msg::Judged`](super::msg::Msg::Judged) and
    /// [`Msg::LayerJudged`](super::msg::Msg::LayerJudged).
    Judge {
        /// To be given back with the answers.
        ticket: Ticket,
        /// The layer's weights.
        weights: Arc<Weights>,
    },
    /// Show no picture.
    ForgetPicture,
    /// Take the mouse (`true`) or leave it to the terminal.
    Mouse(bool),
    /// Forget what the terminal shows and draw everything.
    Redraw,
    /// Stop the process until the shell continues it.
    Suspend,
    /// Leave.
    Quit,
    /// Leave with this sentence on standard error: there is nothing to show.
    Fail(String),
}
