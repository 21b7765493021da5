//! Opening a checkpoint and reading its layers, the newest request first.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use ndarray::ArrayD;

use super::latest::Latest;
use crate::app::msg::{Msg, Opened};
use crate::app::state::{KernelData, LayerData, Ticket};
use crate::app::update::HISTOGRAM_BINS;
use crate::checkpoint::{self, Checkpoint, Error, Stamp};
use crate::printable::printable;
use crate::weights::statistics::{Histogram, Statistics};
use crate::weights::{Layer, Weights, gain};

/// Where a checkpoint comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// One that is built into the program.
    BuiltIn {
        /// What stands for its path.
        name: &'static str,
        /// The file's bytes.
        bytes: &'static [u8],
    },
}

impl Source {
    /// The path as the user gave it, or the built-in name.
    pub fn title(&self) -> String {
        match self {
            Self::File(path) => path.to_string_lossy().into_owned(),
            Self::BuiltIn { name, .. } => (*name).to_owned(),
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// As [`checkpoint::open`].
    pub fn open(&self, on_layers: &mut dyn FnMut(&[Layer])) -> Result<Box<dyn Checkpoint>, Error> {
        match self {
            Self::File(path) => checkpoint::open(path, on_layers),
            Self::BuiltIn { name, bytes } => {
                let opened = checkpoint::open_bytes(name, bytes)?;
                on_layers(&opened.network().layers);
                Ok(opened)
            }
        }
    }
}

/// Threads that open a checkpoint and read its layers.
pub struct Reader {
    layers: Latest<(Ticket, Box<Layer>)>,
}

impl Reader {
    /// Opens `source` on a thread; `send` gets [`Msg::Layers`] and [`Msg::Opened`], and a [`Msg::Read`] a request.
    pub fn spawn(source: Source, send: impl Fn(Msg) + Clone + Send + 'static) -> Self {
        // `None` inside: the file could not be opened, and requests are dropped.
        let opened: Arc<OnceLock<Option<Box<dyn Checkpoint>>>> = Arc::default();
        let layers = Latest::spawn("read", {
            let (opened, send, source) = (Arc::clone(&opened), send.clone(), source.clone());
            move |(ticket, layer): (Ticket, Box<Layer>), stale| {
                // Without waiting for the rest of the index, which takes a while where there are thousands of layers.
                let read = match (&source, opened.get()) {
                    (Source::File(path), None) => checkpoint::read(path, &layer),
                    _ => match opened.wait() {
                        Some(checkpoint) => checkpoint.read(&layer),
                        None => return,
                    },
                };
                let read = read.map_err(|error| error.to_string());
                send(Msg::Read { ticket, result: read.and_then(|arrays| layer_data(&layer, arrays)) });
                // What the layer's neighbours tell comes after the kernels, which are what one waits for.
                while opened.get().is_none() && !stale.is_stale() {
                    thread::sleep(Duration::from_millis(2));
                }
                let Some(Some(checkpoint)) = opened.get() else { return };
                if is_outdated(checkpoint.as_ref(), &source) {
                    send(Msg::Notice(
                        "the file was written anew since it was opened: open it again".to_owned(),
                    ));
                }
                if let Some(gain) = gain_behind(checkpoint.as_ref(), &layer) {
                    send(Msg::Gain { ticket, gain });
                }
            }
        });
        let open = move || match source.open(&mut |layers| send(Msg::Layers(layers.to_vec()))) {
            Ok(checkpoint) => {
                let network = checkpoint.network();
                let facts = Opened { format: network.format.clone(), name: network.name.clone() };
                let _ = opened.set(Some(checkpoint));
                send(Msg::Opened(Ok(facts)));
            }
            Err(error) => {
                let _ = opened.set(None);
                send(Msg::Opened(Err(error.to_string())));
            }
        };
        let _ = thread::Builder::new().name("open".to_owned()).spawn(open);
        Self { layers }
    }

    /// Asks for a layer's arrays; an older request that still waits is forgotten.
    pub fn request(&self, ticket: Ticket, layer: Box<Layer>) {
        self.layers.submit((ticket, layer));
    }
}

/// Whether the file is not the one that was opened any more: a trainer wrote the next epoch into it.
fn is_outdated(checkpoint: &dyn Checkpoint, source: &Source) -> bool {
    match (source, checkpoint.stamp()) {
        (Source::File(path), Some(stamp)) => Stamp::of(path).is_ok_and(|now| now != stamp),
        _ => false,
    }
}

/// The gain of the batch normalisation behind a layer, where the checkpoint has one that can be read.
fn gain_behind(checkpoint: &dyn Checkpoint, layer: &Layer) -> Option<Vec<f64>> {
    let network = checkpoint.network();
    let index = network.layers.iter().position(|other| other.name == layer.name)?;
    let norm = &network.layers[gain::behind(&network.layers, index)?];
    let arrays = checkpoint.read(norm).ok()?;
    gain::gains(norm, &arrays, gain::epsilon(norm, network.name.as_deref()))
}

/// What the screen needs of a layer's arrays.
pub(super) fn layer_data(layer: &Layer, arrays: Vec<ArrayD<f32>>) -> Result<LayerData, String> {
    if layer.kernels.is_none() {
        let described = arrays.iter().map(|array| {
            let values: Vec<f32> = array.iter().copied().collect();
            (Statistics::of_values(&values), Histogram::of(values.iter().copied(), HISTOGRAM_BINS))
        });
        return Ok(LayerData::Tensors(described.collect()));
    }
    let shape = layer.kernel_shape();
    match (Weights::of_layer(layer, arrays), shape) {
        (Some(weights), Some(shape)) => {
            let finite = weights.kernels.iter().filter(|weight| weight.is_finite());
            let largest = finite.fold(0_f32, |largest, weight| largest.max(weight.abs()));
            let not_finite = weights.kernels.iter().filter(|weight| !weight.is_finite()).count();
            Ok(LayerData::Kernels(KernelData { weights: Arc::new(weights), shape, largest, not_finite }))
        }
        _ => Err(format!(
            "the arrays of {} do not have the shape that its index claims",
            printable(&layer.name)
        )),
    }
}
