//! Judging the kernels of the selected layer, a batch of verdicts at a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::latest::Latest;
use crate::app::msg::Msg;
use crate::app::state::Ticket;
use crate::weights::Weights;
use crate::weights::diagnosis::{Diagnosis, Thresholds, judge};

/// Verdicts are handed over no more often than a screen can show them.
const BATCH: Duration = Duration::from_millis(30);

/// What is to be judged.
#[derive(Clone, Debug)]
pub struct Request {
    /// To be given back with the answers.
    pub ticket: Ticket,
    /// The kernels.
    pub weights: Arc<Weights>,
}

/// A thread that judges the newest request; `send` gets [`Msg::Judged`] as verdicts become known, and
/// [`Msg::LayerJudged`] at the end. A newer request stops an older one.
pub fn spawn(send: impl Fn(Msg) + Send + Sync + 'static) -> Latest<Request> {
    Latest::spawn("judge", move |request: Request, stale| {
        let Request { ticket, weights } = request;
        let batch: Mutex<(Vec<(usize, Diagnosis)>, Instant)> = Mutex::new((Vec::new(), Instant::now()));
        let each = |kernel: usize, diagnosis: Diagnosis| {
            let mut batch = batch.lock().unwrap_or_else(PoisonError::into_inner);
            batch.0.push((kernel, diagnosis));
            if batch.1.elapsed() >= BATCH {
                batch.1 = Instant::now();
                let kernels = std::mem::take(&mut batch.0);
                drop(batch);
                send(Msg::Judged { ticket, kernels });
            }
        };
        let diagnosis = judge(&weights, None, &Thresholds::default(), &each, &|| stale.is_stale());
        if let Some(diagnosis) = diagnosis {
            let kernels = batch.into_inner().unwrap_or_else(PoisonError::into_inner).0;
            send(Msg::Judged { ticket, kernels });
            send(Msg::LayerJudged { ticket, diagnosis: Box::new(diagnosis) });
        }
    })
}
