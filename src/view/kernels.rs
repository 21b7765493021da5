//! The kernels pane: every kernel of the layer in a grid, or one of them large with a cursor over its weights.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use super::halfblock::Canvas;
use super::layers::cut;
use super::number::short;
use super::theme::{Role, Theme};
use crate::app::action::Action;
use crate::app::comparison::Side;
use crate::app::layout::{Grid, SINGLE_WORDS, single_origin, single_zoom};
use crate::app::state::{KernelData, LayerData, Load, Middle, Pane, State};
use crate::printable::printable;
use crate::raster::{self, ChannelOrder, Look, Normalization, Palette, Raster};
use crate::weights::Layer;
use crate::weights::diagnosis::{Diagnosis, Verdict};
use crate::weights::order::Sort;

/// Draws the pane.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme) {
    let room =
        super::frame(buffer, area, title(state, area.width, theme), state.focus == Pane::Kernels, theme);
    match &state.data {
        Load::Ready(LayerData::Kernels(kernels)) if kernels.shape.c_out == 0 => {
            words(buffer, room, "no kernels", theme);
        }
        Load::Ready(LayerData::Kernels(own)) => {
            match (state.kernels_drawn().unwrap_or(Ok(own)), state.middle) {
                (Err(sentence), _) => words(buffer, room, &printable(&sentence), theme),
                (Ok(kernels), Middle::Kernel { row, column }) => {
                    single(buffer, room, state, kernels, (row, column), theme);
                }
                (Ok(kernels), Middle::Grid | Middle::Response { .. } | Middle::Responses) => {
                    grid(buffer, room, state, kernels, theme);
                }
            }
        }
        Load::Ready(LayerData::Tensors(_)) => tensors(buffer, room, state, theme),
        Load::Failed(sentence) => words(buffer, room, &printable(sentence), theme),
        Load::Pending(_) => words(buffer, room, "reading…", theme),
        Load::Idle => {}
    }
}

fn words(buffer: &mut Buffer, room: Rect, text: &str, theme: Theme) {
    Paragraph::new(text).style(theme.style(Role::Dim)).wrap(Wrap { trim: true }).render(room, buffer);
}

/// Where the filter leaves none.
pub(super) fn nothing_found(buffer: &mut Buffer, room: Rect, state: &State, theme: Theme) {
    let on = state.choices.keymap.key(Action::Filter).map(|key| format!("; {key} goes on"));
    words(buffer, room, &format!("no kernel has this verdict{}", on.unwrap_or_default()), theme);
}

/// The columns of a title that the name of a side may take.
const SIDE_WIDTH: usize = 24;

/// Which layer and kernel, and how they are drawn; what there is no room for is left out from the end.
fn title(state: &State, width: u16, theme: Theme) -> Line<'static> {
    let Some(layer) = state.selected_layer() else { return Line::from(" Kernels ") };
    let mut parts = Vec::new();
    if let Some(kernels) = state.kernels() {
        let shape = kernels.shape;
        let side = state.comparison.as_ref().map(|comparison| {
            format!("{} · ", cut(&printable(&state.side_name(comparison.side)), SIDE_WIDTH))
        });
        parts.push(format!("{}kernel {} of {}", side.unwrap_or_default(), state.kernel, shape.c_out));
        let slices = shape.slices();
        let drawn = match state.slice_drawn(kernels.shape) {
            Some(slice) => format!("slice {slice} of {slices}"),
            None if kernels.shape.is_coloured() => state.channels.name().to_owned(),
            None => "grey".to_owned(),
        };
        parts.extend(ordering(state));
        parts.push(drawn);
        parts.push(match state.side() {
            Side::Difference => "one scale".to_owned(),
            Side::A | Side::B => normalization(state.normalization).to_owned(),
        });
        let depth = if shape.k_d > 1 { format!("{}×", shape.k_d) } else { String::new() };
        parts.push(format!("{depth}{}×{}×{}", shape.k_h, shape.k_w, shape.c_in));
        if layer.layout_guessed
            && let Some((_, layout)) = layer.kernels
        {
            parts.push(format!("{}?", layout.name()));
        }
        let not_finite = state.kernels_drawn().and_then(Result::ok).map_or(0, |drawn| drawn.not_finite);
        if not_finite > 0 {
            parts.push(format!("{not_finite} not finite"));
        }
    }
    let room = usize::from(width).saturating_sub(4);
    let (mut used, mut first) = (0, true);
    parts.retain(|part| {
        used += part.chars().count() + 3;
        // Which kernel of how many is never left out.
        std::mem::take(&mut first) || used + 8 <= room
    });
    let rest: String = parts.iter().flat_map(|part| ["· ", part, " "]).collect();
    let name = cut(&printable(&layer.name), room.saturating_sub(rest.chars().count() + 1));
    Line::from(vec![Span::styled(format!(" {name} "), theme.style(Role::Accent)), Span::raw(rest)])
}

/// How the grid is ordered, where it is not the layer's own order.
fn ordering(state: &State) -> Option<String> {
    let order = state.ordering;
    let only = order.filter.map(|verdict| format!("only {} ({})", verdict.name(), state.order.len()));
    let by = match order.sort {
        Sort::Index => None,
        Sort::Similarity => Some(format!("like {}", order.anchor)),
        sort => Some(format!("by {}", sort.name())),
    };
    match (only, by) {
        (Some(only), Some(by)) => Some(format!("{only} {by}")),
        (only, by) => only.or(by),
    }
}

/// How weights become brightness, in words that fit a title.
fn normalization(normalization: Normalization) -> &'static str {
    match normalization {
        Normalization::Kernel => "per kernel",
        Normalization::Zero => "zero mid-grey",
        Normalization::Layer => "per layer",
    }
}

/// What of the kernel is drawn, and in which colours.
fn look<'p>(state: &State, side: Side, kernels: &KernelData, slices: &'p Palette) -> Look<'p> {
    match state.slice_drawn(kernels.shape) {
        None if kernels.shape.is_coloured() => Look::Color(state.channels),
        None if side == Side::Difference => Look::Map(0, slices),
        None => Look::Grey(0),
        Some(slice) => Look::Map(slice, slices),
    }
}

/// The palette of slices.
pub(super) fn slice_palette(state: &State) -> Palette {
    state.choices.maps.of_weights(state.facts.background).signed_palette()
}

/// A kernel of one side as it is drawn now.
pub(super) fn raster_of(
    state: &State,
    side: Side,
    kernels: &KernelData,
    index: usize,
    slices: &Palette,
) -> Raster {
    let kernel = kernels.weights.kernel(index);
    let layer = raster::Scale { low: -kernels.largest, high: kernels.largest };
    // Small changes look small: a difference is on one scale for the layer, and nothing is mid-grey or white but zero.
    let normalization = if side == Side::Difference { Normalization::Layer } else { state.normalization };
    let scale = raster::kernel_scale(kernel, normalization, layer);
    raster::draw(kernel, look(state, side, kernels, slices), scale)
}

fn grid(buffer: &mut Buffer, room: Rect, state: &State, kernels: &KernelData, theme: Theme) {
    let shape = kernels.shape;
    let grid = Grid::of(room, shape, state.order.len(), state.zoom);
    let top = grid.top_showing(state.position(), state.grid_top);
    if state.order.is_empty() {
        return nothing_found(buffer, room, state, theme);
    }
    let mut canvas = Canvas::of(room);
    let zoom = usize::from(grid.zoom);
    let (pitch_x, pitch_y) = (usize::from(grid.pitch_x), usize::from(grid.pitch_y));
    let (mut selected, mut marks) = (None, Vec::new());
    let slices = slice_palette(state);
    // The verdicts are A's.
    let marked = !state.marks_hidden && state.side() == Side::A;
    // One row more than is whole: the rest of the pane shows the beginning of the next one.
    for row in 0..=grid.rows {
        for column in 0..grid.columns {
            let (x, y) = (column * pitch_x, row * pitch_y);
            let Some(&index) = state.order.get((top + row) * grid.columns + column) else { break };
            if y >= canvas.height() {
                break;
            }
            if let Some(diagnosis) = state.diagnosis(index).filter(|_| marked) {
                // The gap at its left may be part of the frame: of its own, or of the kernel before.
                let before = column
                    .checked_sub(1)
                    .and_then(|column| state.order.get((top + row) * grid.columns + column));
                let framed = index == state.kernel || before == Some(&state.kernel);
                marks.push((x, y, framed, diagnosis));
            }
            canvas.paste(&raster_of(state, state.side(), kernels, index, &slices), x + 1, y + 1, zoom);
            if index == state.kernel {
                selected = Some((x, y));
            }
        }
    }
    if let Some((x, y)) = selected {
        canvas.outline(x, y, pitch_x + 1, pitch_y + 1, theme.selection());
    }
    canvas.render(buffer, room, theme);
    for (x, y, framed, diagnosis) in marks {
        mark(buffer, room, (x, y), &diagnosis, framed, theme);
    }
    scrollbar(buffer, room, &grid, top, theme);
}

/// A kernel's verdict in the gap at its left, beside its first row: one character, dim where all is well.
fn mark(
    buffer: &mut Buffer,
    room: Rect,
    (x, y): (usize, usize),
    diagnosis: &Diagnosis,
    framed: bool,
    theme: Theme,
) {
    // The first row of pixels that is the kernel's own, whole in one cell.
    let (column, row) = (x as u16, y as u16 / 2 + 1);
    if row >= room.height {
        return;
    }
    let role = if framed { Role::OnSelection } else { mark_role(diagnosis) };
    let style = Style::reset().patch(theme.style(role));
    let mark = diagnosis.mark();
    buffer.set_string(room.x + column, room.y + row, mark.to_string(), style);
}

/// How a verdict's mark looks.
pub(super) fn mark_role(diagnosis: &Diagnosis) -> Role {
    match diagnosis.verdict {
        Verdict::NotFinite | Verdict::Dead | Verdict::Noise => Role::Warning,
        _ => Role::Dim,
    }
}

/// A mark on the right border where the visible rows lie among all of them.
fn scrollbar(buffer: &mut Buffer, room: Rect, grid: &Grid, top: usize, theme: Theme) {
    let all = grid.all_rows();
    if all <= grid.rows || room.height == 0 {
        return;
    }
    let height = usize::from(room.height);
    let length = (height * grid.rows / all).max(1);
    let from = (height - length) * top / (all - grid.rows);
    for y in from..from + length {
        buffer.set_string(room.right(), room.y + y as u16, "▐", theme.style(Role::Accent));
    }
}

/// One kernel fills the pane; below it the value under the cursor.
fn single(
    buffer: &mut Buffer,
    room: Rect,
    state: &State,
    kernels: &KernelData,
    (row, column): (usize, usize),
    theme: Theme,
) {
    let zoom = usize::from(single_zoom(room, kernels.shape, SINGLE_WORDS));
    let (left, top) = single_origin(room, kernels.shape);
    let (left, top) = (usize::from(left), usize::from(top));
    let above = Rect { height: room.height.saturating_sub(SINGLE_WORDS), ..room };
    let raster = raster_of(state, state.side(), kernels, state.kernel, &slice_palette(state));
    let mut canvas = Canvas::of(above);
    canvas.paste(&raster, left, top, zoom);
    let (x, y) = (left + column * zoom, top + row * zoom);
    if zoom >= 3 {
        // Two rings, so that the cursor is seen on any colour.
        canvas.outline(x, y, zoom, zoom, theme.selection());
        if zoom >= 6 {
            canvas.outline(x + 1, y + 1, zoom - 2, zoom - 2, [0, 0, 0]);
        }
    } else {
        canvas.set(x, y, theme.selection());
    }
    canvas.render(buffer, above, theme);

    let kernel = kernels.weights.kernel(state.kernel);
    let value =
        |slice: usize| kernel.get((slice, row, column)).map_or(String::new(), |w| short(f64::from(*w)));
    let names = if state.channels == ChannelOrder::Bgr { ["B", "G", "R"] } else { ["R", "G", "B"] };
    let values = match state.slice_drawn(kernels.shape) {
        None if kernels.shape.is_coloured() => {
            format!("{} {}  {} {}  {} {}", names[0], value(0), names[1], value(1), names[2], value(2))
        }
        slice => value(slice.unwrap_or(0)),
    };
    let place = format!("row {row}, column {column}  ");
    let line = Line::from(vec![Span::styled(place, theme.style(Role::Dim)), Span::raw(values)]);
    let below = Rect { y: above.bottom() + 1, height: 1, ..room };
    line.render(below.intersection(room), buffer);
}

/// What a layer without kernels has: its arrays.
fn tensors(buffer: &mut Buffer, room: Rect, state: &State, theme: Theme) {
    let Some(layer) = state.selected_layer() else { return };
    let mut lines = vec![
        Line::from(format!("{} · {} parameters", layer.kind.name(), layer.parameters())),
        Line::styled("no kernels to draw; its arrays are:", theme.style(Role::Dim)),
        Line::default(),
    ];
    let shown = |name: &str| cut(&printable(name), 20);
    let width = layer.tensors.iter().map(|tensor| shown(&tensor.name).chars().count()).max().unwrap_or(0);
    lines.extend(layer.tensors.iter().map(|tensor| {
        let shape = tensor.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×");
        Line::from(vec![
            Span::styled(format!("{:<width$}  ", shown(&tensor.name)), theme.style(Role::Accent)),
            Span::raw(format!("{shape:<12} ")),
            Span::styled(tensor.dtype.clone(), theme.style(Role::Dim)),
        ])
    }));
    Paragraph::new(lines).render(room, buffer);
}

/// The layer in a few words: the status line's.
pub(super) fn summary(layer: &Layer) -> String {
    match layer.kernel_shape() {
        Some(shape) => format!("{} kernels · {} parameters", shape.c_out, layer.parameters()),
        None => format!("{} · {} parameters", layer.kind.name(), layer.parameters()),
    }
}
