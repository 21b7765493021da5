//! The statistics pane: the numbers of the selected kernel (or of a layer's largest array) and their histogram.

use ndarray::Array2;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use super::halfblock::Canvas;
use super::history;
use super::number::short;
use super::theme::{Role, Theme};
use crate::app::state::{ColorDepth, LayerData, Load, Pane, State};
use crate::printable::printable;
use crate::weights::diagnosis::{Thresholds, Verdict};
use crate::weights::statistics::{Histogram, Statistics};

/// Draws the pane.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme) {
    if let (Pane::Layers, Some(_), Some(layer)) = (state.focus, state.kernels(), &state.judgement.layer) {
        let name =
            state.selected_layer().map(|layer| printable(&layer.name).into_owned()).unwrap_or_default();
        let name = super::layers::cut(&name, usize::from(area.width).saturating_sub(10));
        let room = super::frame(buffer, area, Line::from(format!(" Layer {name} ")), false, theme);
        let below = if state.run.is_shown() && room.height > history::ROWS + 8 { history::ROWS } else { 0 };
        let (above, y) = (room.height - below, room.bottom() - below);
        super::diagnosis::draw(buffer, Rect { height: above, ..room }, layer, theme);
        history::layer(buffer, Rect { y, height: below, ..room }, state, theme);
        return;
    }
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
    let Some((statistics, histogram)) = numbers else { return };
    if let Some(sides) = state.described_sides().filter(|_| state.kernels().is_some()) {
        let rest = super::comparison::draw(buffer, room, state, sides, theme);
        let drawn = sides[state.side() as usize];
        return draw_histogram(buffer, rest, &drawn.histogram, theme);
    }
    let room = draw_verdict(buffer, room, state, theme);
    let has_history = state.run.is_shown() && state.kernels().is_some();
    // The histogram keeps three lines wherever they can be had.
    let keep = if has_history { history::ROWS } else { 3 };
    let rest = draw_numbers(buffer, room, statistics, (state.kernels().is_none(), keep), theme);
    let rest = if has_history { history::kernel(buffer, rest, state, theme) } else { rest };
    let plane = state.described.as_ref().map(|it| &it.plane).filter(|_| state.kernels().is_some());
    match plane {
        // The spectrum wants a square of its own beside the histogram.
        Some(plane) if rest.height > SPECTRUM_ROWS && rest.width >= SPECTRUM_COLUMNS * 2 => {
            let (left, right) = (rest.width - SPECTRUM_COLUMNS - 2, rest.width - SPECTRUM_COLUMNS);
            // As high as the spectrum, and the words below both in one line.
            let height = rest.height.min(SPECTRUM_ROWS + 1);
            draw_histogram(buffer, Rect { width: left, height, ..rest }, histogram, theme);
            draw_spectrum(buffer, Rect { x: rest.x + right, width: SPECTRUM_COLUMNS, ..rest }, plane, theme);
        }
        _ => draw_histogram(buffer, rest, histogram, theme),
    }
}

/// A pixel is a cell wide and half a cell high.
const SPECTRUM_COLUMNS: u16 = 16;
const SPECTRUM_ROWS: u16 = 8;

/// The verdict, the number behind it and its threshold; answers with the room below.
fn draw_verdict(buffer: &mut Buffer, room: Rect, state: &State, theme: Theme) -> Rect {
    if state.kernels().is_none() || room.height < 8 {
        return room;
    }
    let thresholds = Thresholds::default();
    let diagnosis = state.diagnosis(state.kernel);
    let (text, role) = match &diagnosis {
        None => ("…".to_owned(), Role::Dim),
        Some(diagnosis) => {
            let glyph = diagnosis.stripes(&thresholds).map_or(String::new(), |stripe| format!("{stripe} "));
            let gain = diagnosis.gain.filter(|gain| gain.is_finite());
            let gain = gain.map_or(String::new(), |gain| format!(", gain {}", short(gain)));
            let role = match diagnosis.verdict {
                Verdict::NotFinite | Verdict::Dead | Verdict::Noise => Role::Warning,
                _ => Role::Accent,
            };
            let reason = diagnosis.reason(&thresholds).replace("= -", "= −");
            (format!("{glyph}{reason}{gain}"), role)
        }
    };
    // The verdict's own word stands out; the reason is plain.
    let (word, rest) = text.split_once(':').unwrap_or((&text, ""));
    let colon = if rest.is_empty() { "" } else { ":" };
    let line = Line::from(vec![
        Span::styled(format!("{word}{colon}"), theme.style(role)),
        Span::raw(rest.to_owned()),
    ]);
    // As many rows as the longest verdict takes, so that nothing below jumps from kernel to kernel.
    let rows = if room.width >= 44 { 2 } else { 3 };
    let (above, below) = (Rect { height: rows, ..room }, room.y + rows);
    Paragraph::new(line).wrap(Wrap { trim: true }).render(above, buffer);
    Rect { y: below, height: room.height - rows, ..room }
}

/// Shades of the spectrum besides the ground: it changes whole with every key, and cells that look alike cost least.
const SHADES: f32 = 2.0;

/// The power of the frequencies: the middle is 0, the border half a cycle a pixel. In the 256 colours, whose names are
/// half as long as 24 bits; what is next to nothing is the terminal's own background.
fn draw_spectrum(buffer: &mut Buffer, room: Rect, plane: &Array2<f32>, theme: Theme) {
    let square = Rect { height: SPECTRUM_ROWS.min(room.height), ..room };
    let mut canvas = Canvas::of(square);
    for ((y, x), power) in plane.indexed_iter() {
        // A square root, so that what is weak shows too.
        let share = (power.sqrt() * SHADES).round() / SHADES;
        let (none, most) = (theme.ground(), theme.selection());
        let mixed = |c: usize| (f32::from(none[c]) * (1.0 - share) + f32::from(most[c]) * share) as u8;
        if share > 0.0 {
            canvas.set(x, y, std::array::from_fn(mixed));
        }
    }
    let depth = if theme.depth == ColorDepth::True { ColorDepth::Indexed } else { theme.depth };
    canvas.render(buffer, square, Theme { depth, ..theme });
    let below = Rect { y: square.bottom(), height: (room.height - square.height).min(1), ..room };
    Line::styled("power spectrum", theme.style(Role::Dim)).render(below, buffer);
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

/// The numbers, with a warning before them where no verdict has said it already; answers with the room below.
/// At least `keep` rows stay free, wherever they can be had.
fn draw_numbers(
    buffer: &mut Buffer,
    room: Rect,
    statistics: &Statistics,
    (warn, keep): (bool, u16),
    theme: Theme,
) -> Rect {
    let mut y = room.y;
    if warn && statistics.nan + statistics.inf > 0 {
        let word = format!("{} NaN, {} infinite of {}", statistics.nan, statistics.inf, statistics.count);
        buffer.set_stringn(room.x, y, word, usize::from(room.width), theme.style(Role::Warning));
        y += 1;
    }
    let columns = if room.width >= TWO_SHORT { 2 } else { 1 };
    let rows = rows(statistics);
    let lines =
        (room.bottom().saturating_sub(y).saturating_sub(keep)).min(rows.len().div_ceil(columns) as u16);
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
    Rect { y, height: room.bottom().saturating_sub(y), ..room }
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
