//! The numbers of a kernel in two checkpoints side by side, with what changed above them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::layers::cut;
use super::number::short;
use super::theme::{Role, Theme};
use crate::app::comparison::Side;
use crate::app::state::{Described, State};
use crate::printable::printable;
use crate::weights::delta::Change;
use crate::weights::statistics::Statistics;

/// A number of a kernel by its name.
type Row = (&'static str, fn(&Statistics) -> Option<f64>);

/// A number of what changed by its name.
type ChangeRow = (&'static str, fn(&Change) -> Option<f64>);

/// The ones that say most first: on a small screen the last ones go.
const ROWS: &[Row] = &[
    ("l2", |s| Some(s.l2)),
    ("min", |s| Some(s.min)),
    ("max", |s| Some(s.max)),
    ("mean", |s| Some(s.mean)),
    ("std", |s| Some(s.std)),
    ("angle °", |s| s.orientation),
    ("coherence", |s| s.coherence),
    ("frequency", |s| s.frequency),
    ("sparsity", |s| Some(s.sparsity)),
    ("dc share", |s| s.dc_share),
    ("l1", |s| Some(s.l1)),
];

/// Draws the numbers of the selected kernel; answers with the room below, of three lines at least.
pub(super) fn draw(
    buffer: &mut Buffer,
    room: Rect,
    state: &State,
    [own, other, _]: [&Described; 3],
    theme: Theme,
) -> Rect {
    let Some(delta) = state.delta() else { return room };
    let Some(change) = delta.kernels.get(own.kernel) else { return room };
    let (plain, dim, accent) = (Style::new(), theme.style(Role::Dim), theme.style(Role::Accent));
    // The heads of the columns: of what changed, then of the two sides; the drawn one stands out.
    let side = |side: Side| if state.side() == side { accent } else { dim };
    let mut lines = vec![[("change", dim), ("kernel", dim), ("layer", dim)].map(text)];
    let changes: [ChangeRow; 3] = [
        ("relative", |change| change.relative),
        ("cosine", |change| change.cosine),
        ("max |Δ|", |change| change.relative.map(|_| change.largest)),
    ];
    for (name, number) in changes {
        let [kernel, layer] = [number(change), number(&delta.layer)].map(shown);
        lines.push([(name.to_owned(), dim), (kernel, plain), (layer, plain)]);
    }
    let column = room.width / 3;
    let width = usize::from(column).saturating_sub(1);
    let names = [Side::A, Side::B].map(|at| printable(&state.side_name(at)).into_owned());
    // Where there is no room for the word, the epochs' own names say enough.
    let prefix = if names.iter().any(|name| name.width() > width) { "epoch " } else { "" };
    let [a, b] = names.map(|name| cut(name.strip_prefix(prefix).unwrap_or(&name), width));
    lines.push([text(("", dim)), (a, side(Side::A)), (b, side(Side::B))]);
    for (name, number) in ROWS {
        let [a, b] = [own, other].map(|described| shown(number(&described.statistics)));
        lines.push([((*name).to_owned(), dim), (a, plain), (b, plain)]);
    }
    let height = lines.len().min(usize::from(room.height.saturating_sub(3)));
    for (y, line) in (room.y..).zip(lines.iter().take(height)) {
        for (at, (text, style)) in line.iter().enumerate() {
            let width = usize::from(column);
            // Names to the left, numbers to the right.
            let text = if at == 0 { format!("{text:<width$}") } else { format!("{text:>width$}") };
            buffer.set_stringn(room.x + at as u16 * column, y, text, width, *style);
        }
    }
    let height = height as u16;
    Rect { y: room.y + height, height: room.height - height, ..room }
}

fn text((text, style): (&str, Style)) -> (String, Style) {
    (text.to_owned(), style)
}

fn shown(number: Option<f64>) -> String {
    number.map_or("–".to_owned(), short)
}
