//! What follows from any change: the selection stays in range and in sight, what it shows is read, described and
//! pictured. Stated once, from the state alone, instead of after each of the many ways to get there.

use super::{compare, judge, preview, study, timeline};
use crate::app::effect::Effect;
use crate::app::layout::{Grid, inside};
use crate::app::state::{Described, KernelData, LayerData, Middle, State};
use crate::weights::spectrum;
use crate::weights::statistics::{Histogram, Statistics};

/// Brings everything that depends on the selection up to it.
pub(super) fn follow(state: &mut State, effects: &mut Vec<Effect>) {
    timeline::show(state, effects);
    clamp_kernel(state);
    timeline::film(state);
    compare::request(state, effects);
    judge::request(state, effects);
    judge::order(state);
    scroll(state);
    describe(state);
    compare::describe(state);
    preview::request(state, effects);
    study::remember(state);
    study::plan(state, effects);
}

fn clamp_kernel(state: &mut State) {
    let Some(shape) = state.kernels().map(|kernels| kernels.shape) else { return };
    state.kernel = state.kernel.min(shape.c_out.saturating_sub(1));
    if let Middle::Kernel { row, column } = &mut state.middle {
        *row = (*row).min(shape.k_h.saturating_sub(1));
        *column = (*column).min(shape.k_w.saturating_sub(1));
    }
}

fn scroll(state: &mut State) {
    let Some(panes) = state.panes() else { return };
    let rows = usize::from(inside(panes.layers).height).max(1);
    let last = state.layers.len().saturating_sub(rows);
    state.layers_top = state.layers_top.clamp((state.layer + 1).saturating_sub(rows), state.layer).min(last);
    if let Some(grid) = grid(state) {
        state.grid_top = grid.top_showing(state.position(), state.grid_top);
    }
}

/// The grid of the selected layer on this screen.
pub(super) fn grid(state: &State) -> Option<Grid> {
    let shape = state.kernels()?.shape;
    Some(Grid::of(inside(state.kernels_pane()?), shape, state.order.len(), state.zoom))
}

fn describe(state: &mut State) {
    let Some(LayerData::Kernels(data)) = state.data.ready() else { return };
    if data.shape.c_out == 0 || state.described.as_ref().is_some_and(|it| it.kernel == state.kernel) {
        return;
    }
    state.described = Some(described(data, state.kernel));
}

/// The numbers of a kernel.
pub(super) fn described(data: &KernelData, kernel: usize) -> Described {
    let weights = data.weights.kernel(kernel);
    Described {
        kernel,
        statistics: Statistics::of_kernel(weights, data.largest),
        histogram: Histogram::of(weights.iter().copied(), HISTOGRAM_BINS),
        plane: spectrum::plane(weights, PLANE),
    }
}

/// The side of the small power spectrum in pixels.
const PLANE: usize = 16;

/// As many as the narrowest statistics pane has columns.
pub const HISTOGRAM_BINS: usize = 24;
