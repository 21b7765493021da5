//! Reading the checkpoint that another one is compared with, the newest request first.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use super::latest::Latest;
use super::read::layer_data;
use crate::app::comparison::Compared;
use crate::app::msg::Msg;
use crate::app::state::{KernelData, LayerData, Ticket};
use crate::checkpoint;
use crate::weights::delta::{Delta, delta};
use crate::weights::statistics::largest;
use crate::weights::{Layer, Weights};

/// What is to be compared.
#[derive(Clone, Debug)]
pub struct Request {
    /// To be given back with the answer.
    pub ticket: Ticket,
    /// B's layer.
    pub layer: Box<Layer>,
    /// A's kernels, where the layer has some.
    pub weights: Option<Arc<Weights>>,
}

/// Opens the checkpoint at `path` and compares its layers as they are asked for; `send` gets a [`Msg::Against`], and a
/// [`Msg::Compared`] a request.
pub fn spawn(path: PathBuf, send: impl Fn(Msg) + Clone + Send + 'static) -> Latest<Request> {
    let open = {
        let (path, send) = (path.clone(), send.clone());
        move || {
            let opened = checkpoint::open(&path, &mut |_| {});
            let layers = opened.map(|opened| opened.network().layers.clone());
            send(Msg::Against(layers.map_err(|error| error.to_string())));
        }
    };
    let _ = thread::Builder::new().name("against".to_owned()).spawn(open);
    Latest::spawn("compare", move |Request { ticket, layer, weights }: Request, _| {
        let read = checkpoint::read(&path, &layer).map_err(|error| error.to_string());
        let read = read.and_then(|arrays| layer_data(&layer, arrays));
        let result = read.map(|other| {
            let kernels = match (&other, &weights) {
                (LayerData::Kernels(other), Some(weights)) => compared(weights, other),
                _ => None,
            };
            Box::new(Compared { other, kernels })
        });
        send(Msg::Compared { ticket, result });
    })
}

/// What changed, and by how much each weight did; `None` where the kernels are not of one shape.
pub fn compared(before: &Weights, after: &KernelData) -> Option<(Delta, KernelData)> {
    let delta = delta(before, &after.weights)?;
    let kernels = &after.weights.kernels - &before.kernels;
    let bias = before.bias.as_ref().zip(after.weights.bias.as_ref()).map(|(before, after)| after - before);
    let largest = largest(kernels.iter().copied());
    let not_finite = kernels.iter().filter(|weight| !weight.is_finite()).count();
    let weights = Arc::new(Weights { kernels, bias });
    Some((delta, KernelData { weights, shape: after.shape, largest, not_finite }))
}
