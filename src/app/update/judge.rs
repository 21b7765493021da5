//! The verdicts: asked for once a layer is read, taken in as they become known, and the order of the grid that they
//! make possible.

use std::sync::Arc;

use crate::app::comparison::Comparison;
use crate::app::effect::Effect;
use crate::app::state::{Health, Judgement, Ordering, State, Ticket};
use crate::weights::diagnosis::{Diagnosis, LayerDiagnosis, VERDICTS, Verdict};
use crate::weights::order::{self, Sort};

/// Asks for the verdicts of a layer that has just been read.
pub(super) fn request(state: &mut State, effects: &mut Vec<Effect>) {
    let (Some(kernels), Some((_, ticket))) = (state.kernels(), state.data_of) else { return };
    if state.judgement.ticket == ticket {
        return;
    }
    let (count, weights) = (kernels.shape.c_out, Arc::clone(&kernels.weights));
    state.judgement = Judgement { ticket, kernels: vec![None; count], layer: None };
    effects.push(Effect::Judge { ticket, weights });
}

/// The gain of the batch normalisation behind the layer.
pub(super) fn gain(state: &mut State, ticket: Ticket, gain: Vec<f64>) {
    if state.data_of.is_none_or(|(_, read)| read != ticket) {
        return;
    }
    for (diagnosis, gain) in state.judgement.kernels.iter_mut().zip(&gain) {
        if let Some(diagnosis) = diagnosis {
            diagnosis.gain = Some(*gain);
        }
    }
    state.gain = Some(gain);
    state.order_of = None;
}

/// Some kernels are judged.
pub(super) fn judged(state: &mut State, ticket: Ticket, kernels: Vec<(usize, Diagnosis)>) {
    if state.judgement.ticket != ticket {
        return;
    }
    for (kernel, diagnosis) in kernels {
        let gain = state.gain.as_ref().and_then(|gain| gain.get(kernel)).copied();
        if let Some(place) = state.judgement.kernels.get_mut(kernel) {
            *place = Some(Diagnosis { gain: gain.or(diagnosis.gain), ..diagnosis });
        }
    }
}

/// All kernels are judged, and the layer.
pub(super) fn layer_judged(state: &mut State, ticket: Ticket, diagnosis: LayerDiagnosis) {
    if state.judgement.ticket != ticket {
        return;
    }
    let health = Health {
        noise: diagnosis.noise_share(),
        dead: diagnosis.count(Verdict::Dead),
        not_finite: diagnosis.count(Verdict::NotFinite),
    };
    state.health.insert(state.layer, health);
    state.judgement.layer = Some(diagnosis);
}

/// The kernels in the order that the user wants, made anew when something it depends on changed.
pub(super) fn order(state: &mut State) {
    let Some(kernels) = state.kernels() else { return };
    let complete = state.judgement.layer.is_some();
    // Sorted when the order is chosen and when the verdicts are complete, not with each of them: a grid that shuffles
    // itself cannot be read.
    let of = Some((state.ordering, state.judgement.ticket, complete));
    if state.order_of == of {
        return;
    }
    let Ordering { sort, filter, anchor } = state.ordering;
    // What changed is known in a moment: until then the grid stays as it is, also from epoch to epoch.
    let waits = sort == Sort::Change && state.comparison.as_ref().is_some_and(Comparison::is_pending);
    if waits && filter.is_none() && state.order.len() == kernels.shape.c_out {
        return;
    }
    let filter = filter.filter(|_| complete);
    state.order =
        order::order(sort, filter, &state.judgement.kernels, &kernels.weights, anchor, state.delta());
    state.order_of = of;
    if !state.order.contains(&state.kernel)
        && let Some(first) = state.order.first()
    {
        state.kernel = *first;
    }
}

/// The next order; similarity is to the kernel that is selected now.
pub(super) fn sort(state: &mut State) {
    state.ordering.sort = state.ordering.sort.next();
    if state.ordering.sort == Sort::Change && state.comparison.is_none() {
        state.ordering.sort = state.ordering.sort.next();
    }
    state.ordering.anchor = state.kernel;
}

/// Every kernel, in the order of the layer.
pub(super) fn unsort(state: &mut State) {
    state.ordering = Ordering::default();
}

/// Only the next verdict that there is, and after the last every kernel again.
pub(super) fn filter(state: &mut State) {
    let Some(layer) = &state.judgement.layer else {
        state.message = Some("the verdicts are not known yet".to_owned());
        return;
    };
    let next = state.ordering.filter.map_or(0, |verdict| verdict.index() + 1);
    state.ordering.filter =
        VERDICTS[next..].iter().map(|row| row.0).find(|verdict| layer.count(*verdict) > 0);
}
