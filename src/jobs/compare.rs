//! Reading what a layer is compared with, of another checkpoint or of another epoch; the newest request first.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use super::latest::Latest;
use super::read::layer_data;
use super::run::Shelf;
use crate::app::comparison::{Compared, Other};
use crate::app::msg::Msg;
use crate::app::run::EpochId;
use crate::app::state::{KernelData, LayerData, Ticket};
use crate::checkpoint;
use crate::printable::printable;
use crate::weights::delta::{Delta, delta};
use crate::weights::statistics::largest;
use crate::weights::{Layer, Weights};

/// What is to be compared.
#[derive(Clone, Debug)]
pub struct Request {
    /// To be given back with the answer.
    pub ticket: Ticket,
    /// B's side.
    pub other: Other,
    /// A's kernels, where the layer has some.
    pub own: Option<KernelData>,
}

/// Opens the checkpoint `against`, where there is one, and compares layers of it or of the epochs of `shelf` as they are
/// asked for; `send` gets a [`Msg::Against`] for the checkpoint, and a [`Msg::Compared`] a request.
pub(super) fn spawn(
    against: Option<PathBuf>,
    shelf: Shelf,
    send: impl Fn(Msg) + Clone + Send + 'static,
) -> Latest<Request> {
    if let Some(path) = against.clone() {
        let send = send.clone();
        let open = move || {
            let opened = checkpoint::open(&path);
            let layers = opened.map(|opened| opened.network().layers.clone());
            send(Msg::Against(layers.map_err(|error| error.to_string())));
        };
        let _ = thread::Builder::new().name("against".to_owned()).spawn(open);
    }
    Latest::spawn("compare", move |Request { ticket, other, own }: Request, _| {
        let is_file = matches!(other, Other::Layer(_));
        let read = match other {
            Other::Layer(layer) => of_file(against.as_ref(), &layer),
            Other::Epoch(epoch, layer) => of_epoch(&shelf, epoch, &layer),
            Other::Known(kernels) => Ok(LayerData::Kernels(kernels)),
        };
        let result = read.map(|other| {
            let kernels = match (&own, &other) {
                // From A to B.
                (Some(own), LayerData::Kernels(other)) if is_file => compared(own, other),
                // What changed since the marked epoch.
                (Some(own), LayerData::Kernels(other)) => compared(other, own),
                _ => None,
            };
            Box::new(Compared { other, kernels })
        });
        send(Msg::Compared { ticket, result });
    })
}

fn of_file(path: Option<&PathBuf>, layer: &Layer) -> Result<LayerData, String> {
    let Some(path) = path else { return Err("there is no other checkpoint".to_owned()) };
    let arrays = checkpoint::read(path, layer).map_err(|error| error.to_string())?;
    layer_data(layer, arrays)
}

/// A layer of an epoch; where that is another network, its layer of the same name.
fn of_epoch(shelf: &Shelf, epoch: EpochId, layer: &Layer) -> Result<LayerData, String> {
    let sentence = match shelf.read(epoch, layer) {
        Ok(arrays) => return layer_data(layer, arrays),
        Err(sentence) => sentence,
    };
    let Some(place) = shelf.place(epoch) else { return Err(sentence) };
    let Ok(opened) = place.source.open() else { return Err(sentence) };
    match opened.network().layers.iter().find(|other| other.name == layer.name) {
        None => Err(format!("{}: has no layer {}", place.source.title(), printable(&layer.name))),
        Some(other) if other != layer => layer_data(other, shelf.read(epoch, other)?),
        Some(_) => Err(sentence),
    }
}

/// What changed, and by how much each weight did; `None` where the kernels are not of one shape.
pub fn compared(before: &KernelData, after: &KernelData) -> Option<(Delta, KernelData)> {
    let shape = after.shape;
    let (before, after) = (&before.weights, &after.weights);
    let delta = delta(before, after)?;
    let kernels = &after.kernels - &before.kernels;
    let bias = before.bias.as_ref().zip(after.bias.as_ref()).map(|(before, after)| after - before);
    let largest = largest(kernels.iter().copied());
    let not_finite = kernels.iter().filter(|weight| !weight.is_finite()).count();
    let weights = Arc::new(Weights { kernels, bias });
    Some((delta, KernelData { weights, shape, largest, not_finite }))
}
