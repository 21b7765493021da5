//! The history of a layer: epochs read ahead and judged, neighbours compared; one piece at a time, as the core asks.

use std::sync::Arc;

use super::latest::Latest;
use super::read::{Index, gain_of, layer_data};
use super::run::Shelf;
use crate::app::msg::Msg;
use crate::app::run::{EpochId, Frame, Studied, Study};
use crate::app::state::{KernelData, LayerData, Ticket};
use crate::checkpoint::Network;
use crate::weights::Layer;
use crate::weights::delta::delta;
use crate::weights::diagnosis::{Thresholds, judge};

/// What is to be found out.
#[derive(Clone, Debug)]
pub struct Request {
    /// To be given back with the answer.
    pub ticket: Ticket,
    /// What.
    pub study: Study,
}

/// A thread that studies; `send` gets one [`Msg::Studied`] a request that is not overtaken. `index` has the checkpoint
/// that was opened first, once it is.
pub(super) fn spawn(shelf: Shelf, index: Index, send: impl Fn(Msg) + Send + 'static) -> Latest<Request> {
    Latest::spawn("study", move |request: Request, stale| {
        let Request { ticket, study } = request;
        let cancelled = || stale.is_stale();
        let result = match study {
            Study::Frame { epoch, layer, known } => {
                let network = index.get().and_then(Option::as_ref).map(|opened| opened.network());
                let found = frame(&shelf, network, epoch, &layer, known, &cancelled);
                found.map(|frame| Studied::Frame(Box::new(frame)))
            }
            Study::Change { before, after, .. } => Ok(Studied::Change(delta(&before, &after).map(Box::new))),
        };
        send(Msg::Studied { ticket, result });
    })
}

fn frame(
    shelf: &Shelf,
    network: Option<&Network>,
    epoch: EpochId,
    layer: &Layer,
    known: Option<KernelData>,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Frame, String> {
    let data = match known {
        Some(known) => known,
        None => match layer_data(layer, shelf.read(epoch, layer)?)? {
            LayerData::Kernels(kernels) => kernels,
            LayerData::Tensors(_) => return Err("the layer has no kernels".to_owned()),
        },
    };
    let gain = network.and_then(|network| gain_of(network, layer, &|norm| shelf.read(epoch, norm).ok()));
    let judged = judge(&data.weights, gain.as_deref(), &Thresholds::default(), &|_, _| {}, cancelled);
    let diagnosis = judged.ok_or_else(|| "it is not asked for any more".to_owned())?;
    Ok(Frame { data, gain, diagnosis: Some(Arc::new(diagnosis)) })
}
