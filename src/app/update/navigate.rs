//! Moving through layers, kernels, weights and the help.

use super::follow::grid;
use super::{mark, preview};
use crate::app::action::{Action, Step};
use crate::app::key::Key;
use crate::app::layout::inside;
use crate::app::state::{Middle, Mode, Pane, State};

/// A step in the pane that has the focus.
pub(super) fn step(state: &mut State, step: Step) {
    match (state.focus, state.middle) {
        (Pane::Layers, _) => layers(state, step),
        (Pane::Kernels, Middle::Kernel { row, column }) => weight(state, step, row, column),
        (Pane::Kernels | Pane::Response, _) => kernels(state, step),
    }
}

/// `at` moved by one, by a page or to an end, within `0..count`.
fn moved(at: usize, count: usize, step: Step, line: usize, page: usize) -> usize {
    let last = count.saturating_sub(1);
    match step {
        Step::Up => at.checked_sub(line).unwrap_or(at),
        Step::Down if at + line <= last => at + line,
        // From the row before a short last row, down goes to the last kernel.
        Step::Down if line > 0 && at / line < last / line => last,
        Step::Down => at,
        Step::Left => at.saturating_sub(1),
        Step::Right => (at + 1).min(last),
        Step::First => 0,
        Step::Last => last,
        Step::PageUp => at.checked_sub(page).unwrap_or(if line > 1 { at % line } else { 0 }),
        Step::PageDown => (at + page).min(last),
    }
}

fn layers(state: &mut State, step: Step) {
    let rows = state.panes().map_or(1, |panes| usize::from(inside(panes.layers).height));
    match step {
        // Sideways there is nothing in a list; to the right are the kernels.
        Step::Left => {}
        Step::Right => state.focus = Pane::Kernels,
        _ => state.layer = moved(state.layer, state.layers.len(), step, 1, rows.saturating_sub(1).max(1)),
    }
}

fn kernels(state: &mut State, step: Step) {
    let on_sheet = state.focus == Pane::Response && state.middle == Middle::Responses;
    let lines = match on_sheet.then(|| preview::sheet(state)).flatten() {
        Some(sheet) => Some((sheet.layout.columns, sheet.layout.rows)),
        None => grid(state).map(|grid| (grid.columns, grid.rows)),
    };
    let Some((columns, rows)) = lines else { return };
    let position = moved(state.position(), state.order.len(), step, columns, columns * rows);
    if let Some(kernel) = state.order.get(position) {
        state.kernel = *kernel;
    }
}

fn weight(state: &mut State, step: Step, row: usize, column: usize) {
    let Some(shape) = state.kernels().map(|kernels| kernels.shape) else { return };
    let (rows, columns) = (shape.k_h.saturating_sub(1), shape.k_w.saturating_sub(1));
    let (row, column) = match step {
        Step::Up => (row.saturating_sub(1), column),
        Step::Down => ((row + 1).min(rows), column),
        Step::Left => (row, column.saturating_sub(1)),
        Step::Right => (row, (column + 1).min(columns)),
        Step::First => (0, 0),
        Step::Last => (rows, columns),
        Step::PageUp => return kernel_by(state, -1),
        Step::PageDown => return kernel_by(state, 1),
    };
    state.middle = Middle::Kernel { row, column };
}

/// So many kernels on, in the order of the grid.
pub(super) fn kernel_by(state: &mut State, by: isize) {
    let last = state.order.len().saturating_sub(1);
    let position = state.position().saturating_add_signed(by).min(last);
    if let Some(kernel) = state.order.get(position) {
        state.kernel = *kernel;
    }
}

/// The next or previous layer that has kernels.
pub(super) fn layer_with_kernels(state: &mut State, forward: bool) {
    let has = |layer: &usize| state.layers[*layer].kernels.is_some();
    let found = if forward {
        (state.layer + 1..state.layers.len()).find(has)
    } else {
        (0..state.layer.min(state.layers.len())).rev().find(has)
    };
    match found {
        Some(layer) => state.layer = layer,
        None => {
            state.message =
                Some(format!("no {} layer has kernels", if forward { "further" } else { "earlier" }));
        }
    }
}

/// What `Enter` opens in the pane that has the focus.
pub(super) fn open(state: &mut State) {
    match (state.focus, state.middle) {
        (Pane::Layers, _) => state.focus = Pane::Kernels,
        (Pane::Kernels, Middle::Kernel { .. }) => state.middle = Middle::Grid,
        (Pane::Kernels, _) if state.kernels().is_some() => {
            state.middle = Middle::Kernel { row: 0, column: 0 }
        }
        (Pane::Kernels, _) => state.middle = Middle::Grid,
        (Pane::Response, Middle::Response { .. }) => back(state),
        (Pane::Response, from) => state.middle = Middle::Response { of_sheet: from == Middle::Responses },
    }
}

/// The responses of all kernels fill the middle, or the kernels again. The keys go with what they moved.
pub(super) fn responses(state: &mut State) {
    if state.middle == Middle::Responses {
        return back(state);
    }
    state.middle = Middle::Responses;
    state.photo_shown = false;
    if state.focus == Pane::Kernels {
        state.focus = Pane::Response;
    }
}

/// Back to the sheet or to the grid, from there out of a pane at the side, and last from the comparison of two epochs.
pub(super) fn back(state: &mut State) {
    match state.middle {
        Middle::Grid if state.focus == Pane::Kernels => _ = mark::end(state),
        Middle::Grid => state.focus = Pane::Kernels,
        Middle::Responses => {
            state.middle = Middle::Grid;
            if state.focus == Pane::Response {
                state.focus = Pane::Kernels;
            }
        }
        Middle::Response { of_sheet: true } => state.middle = Middle::Responses,
        _ => state.middle = Middle::Grid,
    }
}

/// A key while the help is shown: it scrolls, or closes it.
pub(super) fn help(state: &mut State, top: u16, key: Key, bound: Option<Action>) {
    let page = state.screen.1.saturating_sub(4).max(1);
    let top = match bound {
        Some(Action::Move(Step::Up)) => top.saturating_sub(1),
        Some(Action::Move(Step::Down)) => top.saturating_add(1),
        Some(Action::Move(Step::PageUp)) => top.saturating_sub(page),
        Some(Action::Move(Step::PageDown)) => top.saturating_add(page),
        Some(Action::Move(Step::First)) => 0,
        Some(Action::Move(Step::Last)) => u16::MAX,
        Some(Action::Help | Action::Back | Action::Quit | Action::Open) => return state.mode = Mode::Browse,
        _ if key == Key::Char(' ') => top.saturating_add(page),
        _ => top,
    };
    state.mode = Mode::Help(top.min(state.choices.keymap.help_lines().saturating_sub(page)));
}
