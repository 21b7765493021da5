//! What became of the selected kernel, or of its layer, over the epochs: a sparkline a number, beside the statistics.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::number::short;
use super::theme::{Role, Theme};
use crate::app::run::{Point, Trace};
use crate::app::state::State;

/// What the bars of a row stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    /// From nothing to all.
    Share,
    /// From the smallest value to the largest.
    Range,
    /// The same by powers: what shrinks by half at every step goes down in even steps.
    Powers,
}

/// A number over the epochs: its name, its scale, and its value at each epoch; `None` where
/// the epoch is not known, NaN where it has none.
struct Row {
    name: &'static str,
    scale: Scale,
    values: Vec<Option<f32>>,
}

/// How many lines a history takes at most.
pub(super) const ROWS: u16 = 4;

/// The selected kernel's; answers with the room below.
pub(super) fn kernel(buffer: &mut Buffer, room: Rect, state: &State, theme: Theme) -> Rect {
    let points = points(state);
    let of = |value: fn(&Trace) -> f32| {
        let at = |point: Option<&Point>| point.and_then(|point| point.kernels.get(state.kernel)).map(value);
        points.iter().copied().map(at).collect::<Vec<_>>()
    };
    let change = changes(state, &points, |point| point.change.as_ref()?.2.get(state.kernel).copied());
    let rows = [
        Row { name: "norm", scale: Scale::Range, values: of(|trace| trace.norm) },
        Row { name: "change", scale: Scale::Powers, values: change },
        Row { name: "p", scale: Scale::Share, values: of(|trace| trace.p) },
        Row { name: "gain", scale: Scale::Range, values: of(|trace| trace.gain) },
    ];
    draw(buffer, room, state.run.at, rows, theme)
}

/// The selected layer's health; answers with the room below.
pub(super) fn layer(buffer: &mut Buffer, room: Rect, state: &State, theme: Theme) -> Rect {
    let points = points(state);
    let of = |value: fn(&Point) -> f32| points.iter().map(|point| point.map(value)).collect::<Vec<_>>();
    let whole = |count: usize, point: &Point| count as f32 / point.count.max(1) as f32;
    let share = Scale::Share;
    let change = changes(state, &points, |point| point.change.as_ref().map(|change| change.1));
    let rows = [
        Row {
            name: "noise",
            scale: share,
            values: of(|point| point.health.noise.map_or(f32::NAN, |noise| noise as f32)),
        },
        Row {
            name: "dead",
            scale: share,
            values: points.iter().map(|point| point.map(|point| whole(point.health.dead, point))).collect(),
        },
        Row {
            name: "NaN",
            scale: share,
            values: points
                .iter()
                .map(|point| point.map(|point| whole(point.health.not_finite, point)))
                .collect(),
        },
        Row { name: "change", scale: Scale::Powers, values: change },
    ];
    draw(buffer, room, state.run.at, rows, theme)
}

fn points(state: &State) -> Vec<Option<&Point>> {
    state.run.history(state.selected_layer().map_or("", |layer| &layer.name))
}

/// Relative changes, where they are from the epoch before: the first has none.
fn changes(
    state: &State,
    points: &[Option<&Point>],
    value: impl Fn(&Point) -> Option<f32>,
) -> Vec<Option<f32>> {
    let epochs = &state.run.epochs;
    let of = |(at, point): (usize, Option<&Point>)| {
        let point = point?;
        let before = epochs.get(at.checked_sub(1)?)?.id;
        value(point).filter(|_| point.change.as_ref().is_some_and(|change| change.0 == before))
    };
    points.iter().copied().enumerate().map(of).collect()
}

const NAME: u16 = 7;
const VALUE: u16 = 9;

/// Draws the rows that have a number at all.
fn draw(buffer: &mut Buffer, room: Rect, at: usize, rows: [Row; 4], theme: Theme) -> Rect {
    let mut y = room.y;
    for row in rows {
        let any = row.values.iter().flatten().any(|value| value.is_finite());
        if !any || y >= room.bottom() || room.width <= NAME + VALUE {
            continue;
        }
        let here = row.values.get(at).copied().flatten();
        let value = here.map_or("…".to_owned(), |value| match value {
            value if value.is_nan() => "–".to_owned(),
            value => short(f64::from(value)),
        });
        buffer.set_string(room.x, y, row.name, theme.style(Role::Dim));
        let line = Rect::new(room.x + NAME, y, room.width - NAME - VALUE, 1);
        sparkline(buffer, line, &row, at, theme);
        let x = room.right() - (value.chars().count() as u16).min(VALUE);
        buffer.set_stringn(x, y, &value, usize::from(VALUE), Style::new());
        y += 1;
    }
    Rect { y, height: room.bottom() - y, ..room }
}

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

fn sparkline(buffer: &mut Buffer, line: Rect, row: &Row, at: usize, theme: Theme) {
    let (width, count) = (usize::from(line.width), row.values.len().max(1));
    let bars = bars(row);
    let wide = (width / count).clamp(1, 3);
    for x in 0..width.min(if count <= width { count * wide } else { width }) {
        let (first, last) = if count <= width {
            (x / wide, x / wide)
        } else {
            (x * count / width, ((x + 1) * count / width).max(x * count / width + 1) - 1)
        };
        let here = (first..=last).contains(&at);
        // Of several epochs in a column the selected one, or else the last.
        let epoch = if here { at } else { last };
        let (symbol, role) = match (bars[epoch], row.values[epoch]) {
            (Bar::None, None) => ('·', Role::Dim),
            (Bar::None, Some(_)) => (' ', Role::Dim),
            (Bar::Beyond, _) => ('▲', Role::Warning),
            (Bar::Height(height), _) => (BARS[height], if here { Role::Accent } else { Role::Border }),
        };
        buffer.set_string(line.x + x as u16, line.y, symbol.to_string(), theme.style(role));
    }
}

/// How a value is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bar {
    /// The epoch is not known, or the number is none there.
    None,
    /// So high, 0..8.
    Height(usize),
    /// It would flatten all others, or it is infinite.
    Beyond,
}

/// A value is beyond the scale that is so many times the median.
const BEYOND: f32 = 1000.0;

/// How each value is drawn; the ends of a range are the smallest and the largest that are not beyond.
fn bars(row: &Row) -> Vec<Bar> {
    let mut sizes: Vec<f32> =
        row.values.iter().flatten().copied().filter(|value| value.is_finite()).collect();
    sizes.sort_by(f32::total_cmp);
    let median = sizes.get(sizes.len() / 2).copied().unwrap_or(0.0);
    let beyond = |value: f32| value > BEYOND * median && median > 0.0 || value.is_infinite();
    // No change at all stands as low as the smallest there was.
    let small = sizes.iter().copied().find(|value| *value > 0.0).unwrap_or(1.0);
    let on_scale = |value: f32| if row.scale == Scale::Powers { value.max(small).ln() } else { value };
    let within = || sizes.iter().copied().filter(|value| !beyond(*value)).map(on_scale);
    let (low, high) = match row.scale {
        Scale::Share => (0.0, 1.0),
        _ => (within().fold(f32::INFINITY, f32::min), within().fold(f32::NEG_INFINITY, f32::max)),
    };
    let bar = |value: &Option<f32>| match *value {
        None => Bar::None,
        Some(value) if value.is_nan() => Bar::None,
        Some(value) if beyond(value) => Bar::Beyond,
        Some(value) => {
            let share = if high > low { (on_scale(value) - low) / (high - low) } else { 0.5 };
            Bar::Height(((share * 8.0) as usize).min(7))
        }
    };
    row.values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_by_value_and_what_would_flatten_them_is_beyond() {
        let seen = |values: &[f32], scale| {
            bars(&Row { name: "", scale, values: values.iter().map(|value| Some(*value)).collect() })
        };
        let heights = |heights: &[usize]| heights.iter().copied().map(Bar::Height).collect::<Vec<_>>();
        assert_eq!(seen(&[1.0, 2.0, 3.0], Scale::Range), heights(&[0, 4, 7]));
        assert_eq!(seen(&[0.0, 0.5, 1.0], Scale::Share), heights(&[0, 4, 7]));
        assert_eq!(seen(&[2.0, 2.0], Scale::Range), heights(&[4, 4]));
        assert_eq!(
            seen(&[1.0, 2.0, 3.0, 1e15], Scale::Range),
            [Bar::Height(0), Bar::Height(4), Bar::Height(7), Bar::Beyond]
        );
        assert_eq!(seen(&[f32::NAN, 1.0], Scale::Range), [Bar::None, Bar::Height(4)]);
        assert_eq!(seen(&[f32::INFINITY, f32::NAN], Scale::Range), [Bar::Beyond, Bar::None]);
        assert_eq!(seen(&[0.0, 0.1, 1.0, 10.0], Scale::Powers), heights(&[0, 0, 4, 7]));
        assert_eq!(seen(&[0.0, 0.0, 5.0], Scale::Range), heights(&[0, 0, 7]), "no median to be beyond of");
    }
}
