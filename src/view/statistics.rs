//! The statistics pane: the numbers of the selected kernel (or of a layer's largest array) and their histogram.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::number::short;
use super::theme::{Role, Theme};
use crate::app::state::{ColorDepth, LayerData, Load, State};
use crate::printable::printable;
use crate::weights::statistics::{Histogram, Statistics};

/// Draws the pane.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme) {
    let (title, numbers) = match &state.data {
        Load::Ready(LayerData::Kernels(_)) => match &state.described {
            Some(it) => (format!(" Kernel {} ", it.kernel), Some((&it.statistics, &it.histogram))),
            None => (" Kernel ".to_owned(), None),
        },
        Load::Ready(LayerData::Tensors(arrays)) => {
            let layer = state.selected_layer();
            let main = layer.and_then(|layer| {
                layer
                    .tensors
                    .iter()
                    .position(|tensor| Some(tensor) == layer.main_tensor())
                    .map(|at| (layer, at))
            });
            match main.and_then(|(layer, at)| Some((layer.tensors.get(at)?, arrays.get(at)?))) {
                Some((tensor, (statistics, histogram))) => {
                    (format!(" {} ", printable(&tensor.name)), Some((statistics, histogram)))
                }
                None => (" Statistics ".to_owned(), None),
            }
        }
        _ => (" Statistics ".to_owned(), None),
    };
    let room = super::frame(buffer, area, Line::from(title), false, theme);
    if let Some((statistics, histogram)) = numbers {
        draw_numbers(buffer, room, statistics, histogram, theme);
    }
}

/// A number's name, its short name for a narrow pane, and the number.
type Row = (&'static str, &'static str, String);

/// The ones that say most first: on a small screen the last ones go.
fn rows(statistics: &Statistics) -> Vec<Row> {
    let optional = |value: Option<f64>| value.map_or("–".to_owned(), short);
    let degrees = |value: Option<f64>| value.map_or("–".to_owned(), |degrees| format!("{degrees:.0}°"));
    let mut rows = vec![
        ("min", "min", short(statistics.min)),
        ("max", "max", short(statistics.max)),
        ("mean", "mean", short(statistics.mean)),
        ("std", "std", short(statistics.std)),
        ("l1", "l1", short(statistics.l1)),
        ("l2", "l2", short(statistics.l2)),
        ("orientation", "angle", degrees(statistics.orientation)),
        ("coherence", "coher", optional(statistics.coherence)),
        ("frequency", "freq", optional(statistics.frequency)),
        ("sparsity", "sparse", short(statistics.sparsity)),
        ("dc share", "dc", optional(statistics.dc_share)),
    ];
    if let Some(chroma) = statistics.chroma {
        rows.push(("chroma", "chroma", short(chroma)));
    }
    rows
}

/// From these inner widths on, two numbers stand in a line: under their short names, and under their names.
const TWO_SHORT: u16 = 28;
const TWO_LONG: u16 = 32;

fn draw_numbers(
    buffer: &mut Buffer,
    room: Rect,
    statistics: &Statistics,
    histogram: &Histogram,
    theme: Theme,
) {
    let mut y = room.y;
    if statistics.nan + statistics.inf > 0 {
        let word = format!("{} NaN, {} infinite of {}", statistics.nan, statistics.inf, statistics.count);
        buffer.set_stringn(room.x, y, word, usize::from(room.width), theme.style(Role::Warning));
        y += 1;
    }
    let columns = if room.width >= TWO_SHORT { 2 } else { 1 };
    let rows = rows(statistics);
    // The histogram keeps three lines wherever they can be had.
    let lines = (room.bottom().saturating_sub(y).saturating_sub(3)).min(rows.len().div_ceil(columns) as u16);
    let width = room.width / columns as u16;
    for (at, (long, narrow, value)) in rows.iter().take(usize::from(lines) * columns).enumerate() {
        let name = if columns == 2 && room.width < TWO_LONG { narrow } else { long };
        let x = room.x + (at % columns) as u16 * width;
        let line = Rect::new(x, y + (at / columns) as u16, width.saturating_sub(1), 1);
        let pad = usize::from(line.width).saturating_sub(name.chars().count() + value.chars().count());
        let spans = vec![
            Span::styled(*name, theme.style(Role::Dim)),
            Span::raw(format!("{:pad$}{value}", "", pad = pad.max(1))),
        ];
        Line::from(spans).render(line, buffer);
    }
    y += lines;
    let left = Rect { y, height: room.bottom().saturating_sub(y), ..room };
    draw_histogram(buffer, left, histogram, theme);
}

const BARS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

fn draw_histogram(buffer: &mut Buffer, room: Rect, histogram: &Histogram, theme: Theme) {
    let most = histogram.counts.iter().copied().max().unwrap_or(0);
    if room.height < 2 || room.width == 0 || most == 0 {
        return;
    }
    let height = usize::from(room.height - 1);
    for x in 0..room.width {
        let bin = usize::from(x) * histogram.counts.len() / usize::from(room.width);
        let count = histogram.counts[bin];
        // A bin that holds anything shows: what is rare is often what matters.
        let eighths = (count * height * 8 / most).max(usize::from(count > 0));
        for row in 0..height {
            let filled = eighths.saturating_sub((height - 1 - row) * 8).min(8);
            let bar = theme.style(Role::Border);
            // A full cell is a background: in some fonts the full block is wider than its cell and leaves traces.
            let (symbol, style) = match filled {
                8 if theme.depth != ColorDepth::None => {
                    (" ", Style::new().bg(bar.fg.unwrap_or(Color::Reset)))
                }
                filled => (BARS[filled], bar),
            };
            buffer.set_string(room.x + x, room.y + row as u16, symbol, style);
        }
    }
    let (low, high) = (short(f64::from(histogram.low)), short(f64::from(histogram.high)));
    let y = room.bottom() - 1;
    let dim = theme.style(Role::Dim);
    buffer.set_stringn(room.x, y, &low, usize::from(room.width), dim);
    let at = room.right().saturating_sub(high.chars().count() as u16).max(room.x);
    buffer.set_stringn(at, y, &high, usize::from(room.right() - at), dim);
    // Where zero lies, if it has a place between the two.
    if histogram.low < 0.0 && histogram.high > 0.0 {
        let share = -histogram.low / (histogram.high - histogram.low);
        let zero = room.x + (share * f32::from(room.width)) as u16;
        if zero > room.x + low.chars().count() as u16 && zero + 1 < at {
            buffer.set_string(zero, y, "0", dim);
        }
    }
}
