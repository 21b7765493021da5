//! The marked epoch of a run: the one that the epoch on the screen is compared with.

use super::timeline;
use crate::app::action::Action;
use crate::app::comparison::{Against, Comparison, Side};
use crate::app::run::{Epoch, EpochId};
use crate::app::state::State;
use crate::weights::order::Sort;

/// Marks the epoch that the user is at; the marked one is marked no more.
pub(super) fn mark(state: &mut State) {
    if !state.run.is_shown() {
        state.message = Some(timeline::no_other_epoch(state).to_owned());
        return;
    }
    let epoch = state.run.selected();
    let label = state.run.label(epoch).to_owned();
    state.message = Some(if state.run.marked == Some(epoch) {
        end(state);
        format!("epoch {label} is not marked any more")
    } else if state.run.failed.contains_key(&epoch) {
        format!("epoch {label} cannot be read, so it cannot be marked")
    } else {
        begin(state, epoch);
        let key = state.choices.keymap.key(Action::Side);
        let how = key.map_or(String::new(), |key| format!(", and {key} compares the two"));
        format!("epoch {label} is marked: go to another{how}")
    });
}

/// The next of A, B and their difference; in a run where nothing is compared yet, the first epoch is marked.
pub(super) fn next_side(state: &mut State) {
    if state.comparison.is_none() && !state.run.is_shown() {
        let how = if state.run.watched { timeline::no_other_epoch(state) } else { NOTHING };
        state.message = Some(how.to_owned());
        return;
    }
    if state.comparison.is_none() {
        mark_first(state);
    } else if state.run.marked.is_some_and(|marked| Some(marked) == state.run.shown) {
        let label = state.run.label(state.run.selected());
        state.message = Some(format!("epoch {label} is the marked one: go to another to compare the two"));
    }
    if let Some(comparison) = &mut state.comparison {
        comparison.side = comparison.side.next();
    }
}

const NOTHING: &str = "there is nothing to compare with: convscope A --against B";

/// Marks the first epoch, which most has changed since; for who is there, the one behind it.
fn mark_first(state: &mut State) {
    let here = state.run.selected();
    let others = state.run.epochs.iter().enumerate().filter(|(_, epoch)| epoch.id != here);
    let readable = |(_, epoch): &(usize, &Epoch)| !state.run.failed.contains_key(&epoch.id);
    let Some((at, epoch)) = others.into_iter().find(readable) else { return };
    let which = if at == 0 { ", the first" } else { "" };
    let (id, label) = (epoch.id, epoch.label.clone());
    let key = state.choices.keymap.key(Action::Mark);
    let how = key.map_or(String::new(), |key| format!(": {key} marks another one"));
    begin(state, id);
    state.message = Some(format!("compared with epoch {label}{which}{how}"));
}

fn begin(state: &mut State, epoch: EpochId) {
    let aside = state.comparison.take().and_then(|comparison| match comparison.against {
        Against::File(_) => Some(Box::new(comparison)),
        Against::Marked => comparison.aside,
    });
    state.comparison = Some(Comparison { aside, ..Comparison::default() });
    state.run.marked = Some(epoch);
}

/// No epoch is marked any more; whether one was.
pub(super) fn end(state: &mut State) -> bool {
    if state.run.marked.take().is_none() {
        return false;
    }
    let file = state.comparison.take().and_then(|comparison| comparison.aside);
    state.comparison = file.map(|file| Comparison { of: None, side: Side::A, ..*file });
    if state.ordering.sort == Sort::Change && state.comparison.is_none() {
        state.ordering.sort = Sort::default();
    }
    state.order_of = None;
    true
}

/// The run has other epochs than `before`: the marked one may not be among them any more.
pub(super) fn epochs(state: &mut State, before: &[Epoch]) {
    let run = &state.run;
    let Some(marked) = run.marked else { return };
    if run.position(marked).is_some() && run.is_shown() {
        return;
    }
    let label = before.iter().find(|epoch| epoch.id == marked).map_or("", |epoch| &epoch.label);
    state.message = Some(format!("epoch {label}, the marked one, is gone"));
    end(state);
}
