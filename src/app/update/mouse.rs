//! The mouse selects what it clicks and scrolls what it is over.

use super::follow::grid;
use super::{navigate, preview, timeline};
use crate::app::action::Step;
use crate::app::layout::{Marks, inside, weight_at};
use crate::app::msg::{Mouse, MouseKind};
use crate::app::state::{Middle, Mode, Pane, State};
use ratatui::layout::{Position, Rect};

/// A mouse event.
pub(super) fn on_mouse(state: &mut State, event: Mouse) {
    state.message = None;
    if let Mode::Help(_) = state.mode {
        let key = match event.kind {
            MouseKind::WheelUp => Some(Step::Up),
            MouseKind::WheelDown => Some(Step::Down),
            MouseKind::Click => return state.mode = Mode::Browse,
        };
        return scroll_help(state, key);
    }
    let (Some(panes), Some(kernels), Some(response)) =
        (state.panes(), state.kernels_pane(), state.response_pane())
    else {
        return;
    };
    let at = Position::new(event.x, event.y);
    if let Some(timeline) = panes.timeline.filter(|pane| pane.contains(at)) {
        return over_timeline(state, timeline, event);
    }
    let over = [(panes.layers, Pane::Layers), (kernels, Pane::Kernels), (response, Pane::Response)];
    let Some(&(rect, pane)) = over.iter().find(|(rect, _)| rect.contains(at)) else { return };
    match event.kind {
        MouseKind::Click => click(state, pane, rect, at),
        MouseKind::WheelUp | MouseKind::WheelDown => {
            // The wheel scrolls what it is over and leaves the focus where it is.
            let step = if event.kind == MouseKind::WheelUp { Step::Up } else { Step::Down };
            let focus = std::mem::replace(&mut state.focus, pane);
            navigate::step(state, step);
            state.focus = focus;
        }
    }
}

/// A click goes to the epoch whose mark is nearest, the wheel through the epochs.
fn over_timeline(state: &mut State, pane: Rect, event: Mouse) {
    let room = inside(pane);
    match event.kind {
        MouseKind::Click => {
            let marks = Marks { width: room.width, count: state.run.epochs.len() };
            let column = event.x.saturating_sub(room.x).min(room.width.saturating_sub(1));
            timeline::select(state, marks.epoch_at(column));
        }
        MouseKind::WheelUp => timeline::step(state, -1),
        MouseKind::WheelDown => timeline::step(state, 1),
    }
}

fn scroll_help(state: &mut State, step: Option<Step>) {
    if let (Mode::Help(top), Some(step)) = (&state.mode, step) {
        let action = crate::app::action::Action::Move(step);
        navigate::help(state, *top, crate::app::key::Key::Esc, Some(action));
    }
}

fn click(state: &mut State, pane: Pane, rect: Rect, at: Position) {
    let room = inside(rect);
    let was = std::mem::replace(&mut state.focus, pane);
    if !room.contains(at) {
        return;
    }
    let (x, y) = (at.x - room.x, at.y - room.y);
    match pane {
        Pane::Layers => {
            let layer = state.layers_top + usize::from(y);
            if layer < state.layers.len() {
                state.layer = layer;
            }
        }
        Pane::Kernels => kernels(state, x, y),
        Pane::Response if state.middle == Middle::Responses => on_sheet(state, x, y),
        // A second click on the response makes it large, and small again.
        Pane::Response if was == Pane::Response => navigate::open(state),
        Pane::Response => {}
    }
}

/// Selects the kernel whose response it is; a second click opens it.
fn on_sheet(state: &mut State, x: u16, y: u16) {
    let Some(sheet) = preview::sheet(state) else { return };
    let left = sheet.layout.left(preview::room(state).map_or(0, |room| room.0), sheet.kernels.len());
    let place = x.checked_sub(left).and_then(|x| sheet.layout.at(x, y));
    let Some(kernel) = place.and_then(|place| sheet.kernels.get(place).copied()) else { return };
    if kernel == state.kernel {
        navigate::open(state);
    }
    state.kernel = kernel;
}

fn kernels(state: &mut State, x: u16, y: u16) {
    match state.middle {
        Middle::Grid | Middle::Response { .. } | Middle::Responses => {
            let position = grid(state).and_then(|grid| grid.kernel_at(x, y, state.grid_top));
            let Some(kernel) = position.and_then(|position| state.order.get(position).copied()) else {
                return;
            };
            if kernel == state.kernel {
                navigate::open(state);
            }
            state.kernel = kernel;
        }
        Middle::Kernel { .. } => {
            let (Some(panes), Some(shape)) = (state.panes(), state.kernels().map(|kernels| kernels.shape))
            else {
                return;
            };
            if let Some((row, column)) = weight_at(inside(panes.kernels), shape, x, y) {
                state.middle = Middle::Kernel { row, column };
            }
        }
    }
}
