//! Checkpoints: what is in a trained network's file, and the weights of one layer of it.
//!
//! The only module that knows file formats. The rest of the program sees a [`Network`] and the [`Checkpoint`] trait.

use std::path::Path;

use ndarray::ArrayD;

use crate::weights::Layer;

pub mod error;

pub use error::Error;

/// The hidden subcommand that reads files for the rest of the program in a process of its own.
pub const READER_COMMAND: &str = "__read";

/// What the index of a checkpoint says about the whole network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// The network's own name, where the checkpoint has it (`resnet50`).
    pub name: Option<String>,
    /// What kind of file it is, for people: `Keras 3 model (.keras)`.
    pub format: String,
    /// The layers that have weights, in network order.
    pub layers: Vec<Layer>,
}

/// An opened checkpoint. No file stays open behind it: every read looks at the file anew.
pub trait Checkpoint: Send + Sync {
    /// What the index says.
    fn network(&self) -> &Network;

    /// The arrays of one layer, in the order of `layer.tensors`, each in its stored shape.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or changed while it was read.
    fn read(&self, layer: &Layer) -> Result<Vec<ArrayD<f32>>, Error>;
}

/// Opens the checkpoint at `path`: reads its index, no weight.
///
/// `on_layers` is called as layers become known, in network order, so that a screen can show the first ones while the
/// index of a long network is still being read; each call hands over only the new ones.
///
/// # Errors
/// One sentence that names the path, what is wrong and what to do; see [`Error`].
pub fn open(_path: &Path, _on_layers: &mut dyn FnMut(&[Layer])) -> Result<Box<dyn Checkpoint>, Error> {
    todo!()
}

/// Opens a checkpoint that is built into the program; `name` stands for its path in messages.
///
/// # Errors
/// As [`open`].
pub fn open_bytes(_name: &str, _bytes: &'static [u8]) -> Result<Box<dyn Checkpoint>, Error> {
    todo!()
}
