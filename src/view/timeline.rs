//! The timeline: a mark an epoch that says how the layer fared, words where that changes, and the selected kernel through
//! the epochs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::halfblock::Canvas;
use super::kernels::{raster_of, slice_palette};
use super::layers::cut;
use super::theme::{Role, Theme};
use crate::app::comparison::Side;
use crate::app::layout::{FILM_ROWS, Marks};
use crate::app::run::{Condition, Point};
use crate::app::state::State;
use crate::printable::printable;
use crate::raster::Raster;

/// Draws the pane.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme) {
    let room = super::frame(buffer, area, title(state, area.width, theme), false, theme);
    let layer = state.selected_layer().map_or("", |layer| &layer.name);
    let history = state.run.history(layer);
    let conditions: Vec<Option<Condition>> = history.iter().map(|point| point.map(condition)).collect();
    let marks = Marks { width: room.width, count: conditions.len() };
    draw_marks(buffer, Rect { height: 1, ..room }, state, marks, &conditions, theme);
    if room.height >= 2 {
        draw_changes(buffer, Rect { y: room.y + 1, height: 1, ..room }, marks, &conditions, theme);
    }
    if room.height >= 2 + FILM_ROWS {
        // While the selection moves, the film stays that of the kernel where it rested last, and says so.
        let kernel = state.run.film_behind(state.kernel).unwrap_or(state.kernel);
        film(buffer, Rect { y: room.y + 2, height: room.height - 2, ..room }, state, kernel, theme);
        if state.kernels().is_some() {
            let words = format!(" kernel {kernel} ");
            buffer.set_stringn(
                area.x + 1,
                area.bottom() - 1,
                words,
                usize::from(room.width),
                theme.style(Role::Dim),
            );
        }
    }
}

fn condition(point: &Point) -> Condition {
    point.condition
}

fn title(state: &State, width: u16, theme: Theme) -> Line<'static> {
    let run = &state.run;
    let label = run.epochs.get(run.at).map(|epoch| printable(&epoch.label).into_owned()).unwrap_or_default();
    let newest = run.at + 1 == run.epochs.len();
    let mut words = vec![format!("{} of {}", run.at + 1, run.epochs.len())];
    words.extend(run.marked.map(|marked| format!("against {}", cut(&printable(run.label(marked)), 12))));
    if run.playing {
        words.push("▶ playing".to_owned());
    } else if run.watched {
        words.push(if newest { "following" } else { "held back" }.to_owned());
    }
    if run.failed.contains_key(&run.selected()) {
        words.push("cannot be read".to_owned());
    } else if run.shown != Some(run.selected()) {
        words.push("reading…".to_owned());
    }
    let room = usize::from(width).saturating_sub(4);
    while words.len() > 1 && words.iter().map(|word| word.width() + 3).sum::<usize>() + 12 > room {
        words.pop();
    }
    let rest: String = words.iter().flat_map(|word| ["· ", word, " "]).collect();
    let name = cut(&format!("Epoch {label}"), room.saturating_sub(rest.width() + 2));
    Line::from(vec![
        Span::styled(format!(" {name} "), theme.style(Role::Accent)),
        Span::styled(rest, theme.style(Role::Dim)),
    ])
}

/// How a condition is coloured.
fn role(condition: Option<Condition>) -> Role {
    match condition {
        None | Some(Condition::Sound) => Role::Dim,
        Some(_) => Role::Warning,
    }
}

/// The mark of the epoch that the others are compared with; its colour still says how the layer fared.
const MARKED: &str = "◆";

fn draw_marks(
    buffer: &mut Buffer,
    line: Rect,
    state: &State,
    marks: Marks,
    conditions: &[Option<Condition>],
    theme: Theme,
) {
    let last = marks.column(marks.count.saturating_sub(1));
    for x in 0..=last.min(line.width.saturating_sub(1)) {
        buffer.set_string(line.x + x, line.y, "─", theme.style(Role::Border));
    }
    let mut worst: Vec<Option<Condition>> = vec![None; usize::from(line.width)];
    for (index, condition) in conditions.iter().enumerate() {
        let column = marks.column(index);
        // Several epochs share a column of a long run: the worst of them is seen.
        let Some(place) = worst.get_mut(usize::from(column)) else { continue };
        *place = match (*place, *condition) {
            (Some(known), Some(this)) => Some(known.min(this)),
            (known, this) => known.or(this),
        };
        let mark = place.map_or('○', |condition| condition.shown().0);
        buffer.set_string(line.x + column, line.y, mark.to_string(), theme.style(role(*place)));
    }
    if let Some(marked) = state.run.marked.and_then(|marked| state.run.position(marked)) {
        let column = marks.column(marked);
        let condition = worst.get(usize::from(column)).copied().flatten();
        let style = theme.style(if role(condition) == Role::Warning { Role::Warning } else { Role::Accent });
        buffer.set_string(line.x + column, line.y, MARKED, style);
    }
    let here = Rect { x: line.x + marks.column(state.run.at), width: 1, ..line };
    if let Some(cell) = buffer.cell_mut((here.x, here.y)) {
        cell.set_style(Style::reset().patch(theme.style(Role::Selected)));
    }
}

/// Below the epochs where the layer's condition changes: what it has become, the worst first where there is no room for
/// all.
fn draw_changes(
    buffer: &mut Buffer,
    line: Rect,
    marks: Marks,
    conditions: &[Option<Condition>],
    theme: Theme,
) {
    let pairs = conditions.windows(2).enumerate().filter_map(|(at, pair)| match (pair[0], pair[1]) {
        (Some(before), Some(now)) if before != now => Some((now, marks.column(at + 1))),
        _ => None,
    });
    let mut changes: Vec<(Condition, u16)> = pairs.collect();
    changes.sort();
    let mut taken = vec![false; usize::from(line.width)];
    for (now, column) in changes {
        let name = now.shown().1;
        let (column, length) = (usize::from(column), name.width() + 1);
        // To the right of its epoch, else to the left.
        let right = (column, format!("▴{name}"));
        let left = (column + 1).checked_sub(length).map(|from| (from, format!("{name}▴")));
        for (from, text) in std::iter::once(right).chain(left) {
            let Some(place) = taken.get_mut(from..from + length) else { continue };
            if place.contains(&true) {
                continue;
            }
            place.fill(true);
            // A space behind it, so that two do not run together.
            if let Some(gap) = taken.get_mut(from + length) {
                *gap = true;
            }
            buffer.set_string(line.x + from as u16, line.y, &text, theme.style(role(Some(now))));
            break;
        }
    }
}

/// A kernel through the epochs around the selected one, as large as fits.
fn film(buffer: &mut Buffer, room: Rect, state: &State, kernel: usize, theme: Theme) {
    let (Some(kernels), Some(layer)) = (state.kernels(), state.selected_layer()) else { return };
    let pixels = usize::from(room.height) * 2 - 2;
    let (rows, columns) = (kernels.shape.k_h.max(1), kernels.shape.k_w.max(1));
    let step = rows.div_ceil(pixels);
    let zoom = if step == 1 { (pixels / rows).min(4) } else { 1 };
    let width = columns.div_ceil(step) * zoom + 1;
    let fits = (usize::from(room.width).saturating_sub(1) / width).max(1);
    let count = state.run.epochs.len();
    let first = state.run.at.saturating_sub(fits / 2).min(count.saturating_sub(fits));
    let mut canvas = Canvas::of(room);
    let mut missing = Vec::new();
    let slices = slice_palette(state);
    for (place, epoch) in state.run.epochs.iter().enumerate().skip(first).take(fits) {
        let x = (place - first) * width;
        match state.run.frame(&layer.name, epoch.id).filter(|frame| kernel < frame.data.weights.len()) {
            Some(frame) => {
                // The weights themselves, also while a difference fills the grid.
                let raster = raster_of(state, Side::A, &frame.data, kernel, &slices);
                let raster = thinned(&raster, step);
                canvas.paste(&raster, x + 1, 1, zoom);
            }
            None => missing.push((x + width / 2) as u16),
        }
        if place == state.run.at {
            canvas.outline(x, 0, width + 1, (rows.div_ceil(step) * zoom) + 2, theme.selection());
        }
    }
    canvas.render(buffer, room, theme);
    for x in missing {
        buffer.set_stringn(room.x + x, room.y + room.height / 2, "·", 1, theme.style(Role::Dim));
    }
}

/// Every so many-th pixel only.
fn thinned(raster: &Raster, step: usize) -> Raster {
    let (width, height) = (raster.width.div_ceil(step), raster.height.div_ceil(step));
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x * step, y * step)));
    let pixels = pixels.map(|(x, y)| raster.get(x, y).unwrap_or_default()).collect();
    Raster { width, height, pixels }
}
