//! The layers pane: a line a layer, with a mark where there are kernels to see.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::theme::{Role, Theme};
use crate::app::state::{Load, Pane, State};
use crate::app::update::matches;
use crate::printable::printable;
use crate::weights::Layer;

/// Draws the pane.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme) {
    let mut title = vec![Span::raw(" Layers ")];
    if !state.layers.is_empty() {
        let pending = if matches!(state.index, Load::Pending(_)) { "…" } else { "" };
        title.push(Span::styled(format!("{} of {}{pending} ", state.layer, state.layers.len()), theme.style(Role::Dim)));
    }
    let room = super::frame(buffer, area, Line::from(title), state.focus == Pane::Layers, theme);
    let visible = state.layers.iter().enumerate().skip(state.layers_top).take(usize::from(room.height));
    for (row, (index, layer)) in visible.enumerate() {
        let line = Rect::new(room.x, room.y + row as u16, room.width, 1);
        let selected = index == state.layer;
        draw_layer(buffer, line, layer, matches(&layer.name, &state.search), theme, selected);
        if selected {
            let role = if state.focus == Pane::Layers { Role::Selected } else { Role::SelectedElsewhere };
            // The line as a whole: a style of its own for each word would shine through.
            buffer.set_style(line, Style::reset().patch(theme.style(role)));
        }
    }
    if state.layers.is_empty() {
        let word = if matches!(state.index, Load::Pending(_)) { "reading…" } else { "no layers" };
        Line::styled(word, theme.style(Role::Dim)).render(room, buffer);
    }
}

/// Name, kind, kernel size, channels; what does not fit is left out from the right, the name is cut last.
fn draw_layer(buffer: &mut Buffer, line: Rect, layer: &Layer, found: bool, theme: Theme, selected: bool) {
    let mark = if layer.kernels.is_some() { "▪ " } else { "  " };
    let name = printable(&layer.name);
    let shape = shape_shown(layer);
    let kind = layer.kind.short();
    let width = usize::from(line.width);
    // Kind and shape stand in columns at the right edge, as far as there is room beside a readable name.
    let full = format!("{kind:>6} {shape:>13}");
    let short = format!("{shape:>13}");
    let right = [full, short, shape]
        .into_iter()
        .find(|right| right.width() + 2 + name.width().clamp(6, 10) < width)
        .unwrap_or_default();
    let room = width.saturating_sub(right.width() + 3);
    let style = if found && !selected { theme.style(Role::Match) } else { Style::new() };
    buffer.set_string(line.x, line.y, mark, theme.style(Role::Accent));
    buffer.set_string(line.x + 2, line.y, cut(&name, room), style);
    let at = line.right().saturating_sub(right.width() as u16);
    buffer.set_string(at, line.y, right, theme.style(Role::Dim));
}

fn shape_shown(layer: &Layer) -> String {
    match (layer.kernel_shape(), layer.main_tensor()) {
        (Some(shape), _) if shape.k_d > 1 => {
            format!("{}×{}×{} {}→{}", shape.k_d, shape.k_h, shape.k_w, shape.c_in, shape.c_out)
        }
        (Some(shape), _) => format!("{}×{} {}→{}", shape.k_h, shape.k_w, shape.c_in, shape.c_out),
        (None, Some(tensor)) => tensor.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×"),
        (None, None) => String::new(),
    }
}

/// `text` in at most `room` columns, its middle replaced by an ellipsis: long names differ at both ends.
pub(super) fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let keep = room.saturating_sub(1);
    let (head, tail) = (keep - keep / 2, keep / 2);
    let start: String = taken(text.chars(), head).collect();
    let end: Vec<char> = taken(text.chars().rev(), tail).collect();
    let end: String = end.into_iter().rev().collect();
    format!("{start}…{end}")
}

fn taken(chars: impl Iterator<Item = char>, room: usize) -> impl Iterator<Item = char> {
    let mut used = 0;
    chars.take_while(move |c| {
        used += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
        used <= room
    })
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(cut("conv1", 5), "conv1");
        assert_eq!(cut("conv2_block1_1_conv", 10), "conv2…conv");
        assert_eq!(cut("畳み込み層", 6), "畳…層");
    }
}
