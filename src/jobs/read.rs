//! Opening a run's checkpoints and reading their layers, the newest request first.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use ndarray::ArrayD;

use super::compare;
use super::follow::Teller;
use super::latest::{Latest, Stale};
use super::run::{Place, Run, Shelf};
use super::study;
use super::watch::{self, News, POLL};
use crate::app::msg::{Msg, Opened};
use crate::app::run::{EpochId, Study};
use crate::app::state::{KernelData, LayerData, Ticket};
use crate::app::update::HISTOGRAM_BINS;
use crate::checkpoint::{self, Checkpoint, Error, Network, Series, Stamp, Tell, Told};
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
    pub fn open(&self) -> Result<Box<dyn Checkpoint>, Error> {
        match self {
            Self::File(path) => checkpoint::open(path),
            Self::BuiltIn { name, bytes } => checkpoint::open_bytes(name, bytes),
        }
    }

    /// Opens it to be shown at once.
    ///
    /// # Errors
    /// As [`checkpoint::open`].
    fn open_telling(&self, tell: Tell) -> Result<Box<dyn Checkpoint>, Error> {
        match self {
            Self::File(path) => checkpoint::open_telling(path, tell),
            Self::BuiltIn { name, bytes } => checkpoint::open_bytes_telling(name, bytes, tell),
        }
    }

    /// The arrays of a layer, in the order of `layer.tensors`; no index is read.
    ///
    /// # Errors
    /// As [`checkpoint::read`].
    pub fn read(&self, layer: &Layer) -> Result<Vec<ArrayD<f32>>, Error> {
        match self {
            Self::File(path) => checkpoint::read(path, layer),
            Self::BuiltIn { name, bytes } => checkpoint::read_bytes(name, bytes, layer),
        }
    }
}

/// What was asked for.
struct Request {
    ticket: Ticket,
    epoch: EpochId,
    layer: Box<Layer>,
}

/// Threads that open a checkpoint, read layers of it and of its neighbours, and watch for more.
pub struct Reader {
    layers: Latest<Request>,
    studies: Latest<study::Request>,
    comparisons: Latest<compare::Request>,
}

/// The checkpoint that was opened first; `None` inside: it could not be.
pub(super) type Index = Arc<OnceLock<Option<Box<dyn Checkpoint>>>>;

/// The arrays of a layer that came with the index, until the first request: most likely it is about them.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Option<OfLayer>>>);

/// Whose arrays they are, and they.
type OfLayer = (EpochId, Layer, Vec<ArrayD<f32>>);

impl Kept {
    fn keep(&self, epoch: EpochId, layer: &Layer, arrays: Vec<ArrayD<f32>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((epoch, layer.clone(), arrays));
    }

    /// The arrays, if they are those of `layer`; in any case they are kept no longer.
    fn take(&self, epoch: EpochId, layer: &Layer) -> Option<Vec<ArrayD<f32>>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        kept.filter(|kept| kept.0 == epoch && kept.1 == *layer).map(|kept| kept.2)
    }
}

impl Reader {
    /// Opens the first checkpoint of `run` on a thread; `send` gets [`Msg::Layers`] and [`Msg::Opened`], and a
    /// [`Msg::Read`] a request. Where the run is watched, it goes on to tell what becomes of it. `against` is a
    /// checkpoint to compare with.
    pub fn spawn(run: Run, against: Option<PathBuf>, send: impl Fn(Msg) + Clone + Send + 'static) -> Self {
        let watched = run.watched.is_some();
        let shelf = Shelf::of(&run.places);
        let (index, kept) = (Index::default(), Kept::default());
        // First of all: everyone waits for it.
        let _ = thread::Builder::new().name("open".to_owned()).spawn({
            let (shelf, index, kept, send) = (shelf.clone(), Arc::clone(&index), kept.clone(), send.clone());
            move || open(&run, &shelf, (&index, &kept), &send)
        });
        let layers = Latest::spawn("read", {
            let (shelf, index, send) = (shelf.clone(), Arc::clone(&index), send.clone());
            move |request: Request, stale| {
                answer(&request, &shelf, (&index, &kept), watched, stale, &send);
            }
        });
        let studies = study::spawn(shelf.clone(), index, send.clone());
        let comparisons = compare::spawn(against, shelf, send);
        Self { layers, studies, comparisons }
    }

    /// Asks for a layer's arrays; an older request that still waits is forgotten.
    pub fn request(&self, ticket: Ticket, epoch: EpochId, layer: Box<Layer>) {
        self.layers.submit(Request { ticket, epoch, layer });
    }

    /// Asks for a comparison.
    pub fn compare(&self, request: compare::Request) {
        self.comparisons.submit(request);
    }

    /// Asks for a piece of the history.
    pub fn study(&self, ticket: Ticket, study: Study) {
        self.studies.submit(study::Request { ticket, study });
    }
}

/// What came of opening the first checkpoint of a run.
#[derive(Default)]
struct Begun {
    /// How many places of the run need not be read again: those up to the one that was opened.
    read: usize,
    /// The epoch whose kernels went to the screen, whatever became of the rest of its file.
    shown: Option<EpochId>,
    /// The layers that the screen has for good.
    layers: Vec<Layer>,
}

/// Opens the checkpoint to begin with; where the newest of a watched run cannot be read yet, the one before it.
fn open(run: &Run, shelf: &Shelf, (index, kept): (&Index, &Kept), send: &impl Fn(Msg)) {
    let mut failed: Option<Error> = None;
    let mut begun = Begun::default();
    // Layers are told as they come, but only once: of a file that then turns out to be written anew they stay, and those of
    // the one before it come in its index.
    let mut told_layers = false;
    for at in (0..=run.start).rev() {
        let Some(place) = run.places.get(at) else { break };
        let id = EpochId(at as u32);
        let mut network = None;
        let live = !told_layers;
        let opened = place.source.open_telling(&mut |told| match told {
            _ if !live => {}
            Told::Name(name) => network = name.map(str::to_owned),
            Told::Kernels(layer, arrays) => {
                kept.keep(id, layer, arrays);
                begun.shown = Some(id);
            }
            Told::Layers(layers) => {
                told_layers = true;
                send(Msg::Layers { network: network.clone(), layers: layers.to_vec() });
            }
        });
        match opened {
            Ok(checkpoint) => {
                let network = checkpoint.network();
                let facts = Opened { format: network.format.clone(), name: network.name.clone() };
                let layers = network.layers.clone();
                if let Some(error) = &failed {
                    send(Msg::Instead(id));
                    send(Msg::Files(Some(format!("{error}; trying again"))));
                }
                if !live {
                    send(Msg::Network { epoch: id, layers: layers.clone(), opened: facts.clone() });
                }
                let _ = index.set(Some(checkpoint));
                send(Msg::Opened(Ok(facts)));
                begun = Begun { read: at + 1, shown: Some(id), layers };
                return follow(run, shelf, index, begun, send);
            }
            Err(error) if run.watched.is_some() => {
                failed.get_or_insert(error);
            }
            Err(error) => {
                let _ = index.set(None);
                return send(Msg::Opened(Err(error.to_string())));
            }
        }
    }
    if let (Some(error), false) = (&failed, run.waits) {
        let _ = index.set(None);
        return send(Msg::Opened(Err(error.to_string())));
    }
    // Not one can be read: somebody who follows a run waits for its first epoch.
    let word = failed.map_or_else(
        || format!("{}: no checkpoint yet; waiting for the first", run.title),
        |error| format!("{error}; trying again"),
    );
    send(Msg::Files(Some(word)));
    follow(run, shelf, index, begun, send);
}

/// Watches a run as long as the program lives.
fn follow(run: &Run, shelf: &Shelf, index: &Index, begun: Begun, send: &impl Fn(Msg)) {
    let Some(series) = &run.watched else { return };
    // What is newer than the one that was opened could not be: it is tried again.
    let file = |place: &Place| Some((place.source.path()?.clone(), place.stamp));
    let good: Vec<_> = run.places[..begun.read].iter().filter_map(file).collect();
    let is_good = |epoch: &checkpoint::Epoch| good.contains(&(epoch.path.clone(), epoch.stamp));
    let known: Vec<_> = series.list().into_iter().filter(is_good).collect();
    let mut teller = Teller::new(series, shelf.clone(), begun.shown, begun.layers);
    let watcher = watch::watcher(Series::clone(series), &known);
    let wait = |pause| {
        thread::sleep(pause);
        true
    };
    watch::run(watcher, POLL, wait, |news| {
        if let (News::Settled { epoch, .. }, None) = (&news, index.get())
            && let Ok(first) = checkpoint::open(&epoch.path)
        {
            let _ = index.set(Some(first));
        }
        teller.tell(news).into_iter().for_each(send);
        true
    });
}

fn answer(
    request: &Request,
    shelf: &Shelf,
    (index, kept): (&Index, &Kept),
    watched: bool,
    stale: &Stale<'_>,
    send: &impl Fn(Msg),
) {
    let Request { ticket, epoch, layer } = request;
    let (ticket, epoch) = (*ticket, *epoch);
    // Without waiting for the rest of the index, which takes a while where there are thousands of layers.
    let read = match kept.take(epoch, layer) {
        Some(arrays) => shelf.check(epoch).map(|()| arrays),
        None => shelf.read(epoch, layer),
    };
    if read.is_err() {
        look_closer(shelf, epoch, layer, send);
    }
    send(Msg::Read { ticket, result: read.and_then(|arrays| layer_data(layer, arrays)) });
    // What the layer's neighbours tell comes after the kernels, which are what one waits for.
    while index.get().is_none() && !stale.is_stale() {
        thread::sleep(Duration::from_millis(2));
    }
    let Some(Some(checkpoint)) = index.get() else { return };
    if !watched && is_outdated(checkpoint.as_ref(), shelf, epoch) {
        send(Msg::Notice("the file was written anew since it was opened: open it again".to_owned()));
    }
    if let Some(gain) = gain_of(checkpoint.network(), layer, &|norm| shelf.read(epoch, norm).ok()) {
        send(Msg::Gain { ticket, gain });
    }
}

/// A layer that cannot be read where it was in another epoch: this one may be another network, and the screen is told so.
fn look_closer(shelf: &Shelf, epoch: EpochId, layer: &Layer, send: &impl Fn(Msg)) {
    let Some(opened) = shelf.place(epoch).and_then(|place| place.source.open().ok()) else {
        return;
    };
    let network = opened.network();
    if !network.layers.contains(layer) {
        let opened = Opened { format: network.format.clone(), name: network.name.clone() };
        send(Msg::Network { epoch, layers: network.layers.clone(), opened });
    }
}

/// Whether the file is not the one that was opened any more: a trainer wrote the next epoch into it.
fn is_outdated(checkpoint: &dyn Checkpoint, shelf: &Shelf, epoch: EpochId) -> bool {
    let place = shelf.place(epoch);
    match (place.as_ref().and_then(|place| place.source.path()), checkpoint.stamp()) {
        (Some(path), Some(stamp)) => Stamp::of(path).is_ok_and(|now| now != stamp),
        _ => false,
    }
}

/// The gain of the batch normalisation behind a layer, where the network has one that can be read.
pub(super) fn gain_of(
    network: &Network,
    layer: &Layer,
    read: &dyn Fn(&Layer) -> Option<Vec<ArrayD<f32>>>,
) -> Option<Vec<f64>> {
    let index = network.layers.iter().position(|other| other.name == layer.name)?;
    let norm = &network.layers[gain::behind(&network.layers, index)?];
    gain::gains(norm, &read(norm)?, gain::epsilon(norm, network.name.as_deref()))
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
