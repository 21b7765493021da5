//! The layers pane: a line a layer, with a mark where there are kernels to see.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::theme::{Role, Theme};
use crate::app::state::{Health, Load, Pane, State};
use crate::app::update::matches;
use crate::printable::printable;
use crate::weights::Layer;
use crate::weights::diagnosis::Thresholds;

/// Draws the pane.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme) {
    let mut title = vec![Span::raw(" Layers ")];
    if !state.layers.is_empty() {
        let pending = if matches!(state.index, Load::Pending(_)) { "…" } else { "" };
        let only_b = match only_b(state).len() {
            0 => String::new(),
            count => format!("+{count} in B "),
        };
        title.push(Span::styled(
            format!("{} of {}{pending} {only_b}", state.layer, state.layers.len()),
            theme.style(Role::Dim),
        ));
    }
    let room = super::frame(buffer, area, Line::from(title), state.focus == Pane::Layers, theme);
    let visible = || state.layers.iter().enumerate().skip(state.layers_top).take(usize::from(room.height));
    let columns = Columns::of(visible().map(|(_, layer)| layer), usize::from(room.width));
    for (row, (index, layer)) in visible().enumerate() {
        let line = Rect::new(room.x, room.y + row as u16, room.width, 1);
        let selected = index == state.layer;
        draw_layer(buffer, line, layer, columns, matches(&layer.name, &state.search) && !selected, theme);
        if let Some(health) = state.health.get(&index) {
            draw_health(buffer, line, columns, *health, theme);
        }
        if selected {
            let role = if state.focus == Pane::Layers { Role::Selected } else { Role::SelectedElsewhere };
            // The line as a whole: a style of its own for each word would shine through.
            buffer.set_style(line, Style::reset().patch(theme.style(role)));
        }
    }
    draw_sides(buffer, room, state, theme);
    if state.layers.is_empty() {
        let word = match state.index {
            Load::Pending(_) if state.run.watched && state.run.epochs.is_empty() => "waiting…",
            Load::Pending(_) => "reading…",
            _ => "no layers",
        };
        Line::styled(word, theme.style(Role::Dim)).render(room, buffer);
    }
}

/// The layers that only the other checkpoint has.
fn only_b(state: &State) -> Vec<&Layer> {
    let Some(comparison) = &state.comparison else { return Vec::new() };
    let (Some(pairs), Some(layers)) = (comparison.pairs(&state.layers), comparison.layers.ready()) else {
        return Vec::new();
    };
    let only = pairs.iter().filter(|pair| pair.a.is_none()).filter_map(|pair| layers.get(pair.b?));
    only.collect()
}

/// What only one of two checkpoints has: an A before the name of a layer; the layers of B under those of A, as far as there
/// is room.
fn draw_sides(buffer: &mut Buffer, room: Rect, state: &State, theme: Theme) {
    let Some(pairs) = state.comparison.as_ref().and_then(|comparison| comparison.pairs(&state.layers)) else {
        return;
    };
    let rows = usize::from(room.height);
    for at in pairs.iter().filter(|pair| pair.b.is_none()).filter_map(|pair| pair.a) {
        if let Some(row) = at.checked_sub(state.layers_top).filter(|row| *row < rows) {
            buffer.set_string(room.x, room.y + row as u16, "A", theme.style(Role::Warning));
        }
    }
    let below = state.layers.len().saturating_sub(state.layers_top);
    for (row, layer) in (below..rows).zip(only_b(state)) {
        let line = Rect::new(room.x, room.y + row as u16, room.width, 1);
        draw_layer(
            buffer,
            line,
            layer,
            Columns::of([layer].into_iter(), usize::from(room.width)),
            false,
            theme,
        );
        buffer.set_style(line, theme.style(Role::Dim));
        buffer.set_string(room.x, line.y, "B", theme.style(Role::Warning));
    }
}

/// How wide the columns are: the same in every line that is visible.
#[derive(Clone, Copy)]
struct Columns {
    name: usize,
    /// 0 where there is no room for it.
    kind: usize,
    /// What is said of the shape.
    shape: fn(&Layer) -> String,
}

/// The mark before the name.
const MARK: usize = 2;
/// The longest short name of a kind, `100% noise`, and a space.
const KIND: usize = 11;
/// `99%░` and a space, where there is no room for more.
const SHARE: usize = 5;

impl Columns {
    /// The kind gives way first, then the shape, which the title of the kernels has too, and last the middle of the names,
    /// by which layers are told apart.
    fn of<'a>(layers: impl Iterator<Item = &'a Layer> + Clone, width: usize) -> Self {
        let name = layers.clone().map(|layer| printable(&layer.name).width()).max().unwrap_or(0);
        let room = |shape: fn(&Layer) -> String| {
            let shape = layers.clone().map(|layer| shape(layer).width()).max().unwrap_or(0);
            width.saturating_sub(MARK + shape + usize::from(shape > 0))
        };
        let shapes = [shape_shown, size_shown, |_: &Layer| String::new()];
        let shape = shapes.into_iter().find(|shape| name <= room(*shape)).unwrap_or(size_shown);
        let room = room(shape);
        let kind = [KIND, SHARE].into_iter().find(|kind| name + kind <= room).unwrap_or(0);
        Self { name: room.saturating_sub(kind), kind, shape }
    }
}

fn draw_layer(buffer: &mut Buffer, line: Rect, layer: &Layer, columns: Columns, found: bool, theme: Theme) {
    let mark = if layer.kernels.is_some() { "▪ " } else { "  " };
    let style = if found { theme.style(Role::Match) } else { Style::new() };
    let (shape, dim) = ((columns.shape)(layer), theme.style(Role::Dim));
    let name = line.x + MARK as u16;
    buffer.set_string(line.x, line.y, mark, theme.style(Role::Accent));
    buffer.set_string(name, line.y, cut(&printable(&layer.name), columns.name), style);
    if columns.kind == KIND {
        buffer.set_string(name + columns.name as u16 + 1, line.y, layer.kind.short(), dim);
    }
    let at = line.right().saturating_sub(shape.width() as u16).max(line.x);
    buffer.set_stringn(at, line.y, &shape, usize::from(line.right() - at), dim);
}

/// What was found of a layer: a mark in place of the plain one, and the share in place of the kind.
fn draw_health(buffer: &mut Buffer, line: Rect, columns: Columns, health: Health, theme: Theme) {
    let (mark, count, word, role) = match health {
        Health { not_finite: 1.., .. } => ('!', health.not_finite.to_string(), "NaN", Role::Warning),
        Health { dead: 1.., .. } => ('×', health.dead.to_string(), "dead", Role::Warning),
        Health { noise: Some(noise), .. } => {
            let share = format!("{:.0}%", noise * 100.0);
            let many = noise > Thresholds::default().mixed;
            if many { ('░', share, "noise", Role::Warning) } else { ('▪', share, "noise", Role::Dim) }
        }
        Health { noise: None, .. } => return,
    };
    let style = theme.style(if role == Role::Dim { Role::Accent } else { role });
    buffer.set_string(line.x, line.y, mark.to_string(), style);
    let text = match columns.kind {
        KIND => format!("{:<10}", format!("{count} {word}")),
        SHARE if mark == '▪' => count,
        SHARE => format!("{count}{mark}"),
        _ => return,
    };
    buffer.set_stringn(
        line.x + (MARK + columns.name) as u16 + 1,
        line.y,
        text,
        columns.kind - 1,
        theme.style(role),
    );
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

/// The rows and columns of a layer's kernels alone.
fn size_shown(layer: &Layer) -> String {
    layer.kernel_shape().map(|shape| format!("{}×{}", shape.k_h, shape.k_w)).unwrap_or_default()
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
    use super::{Columns, cut};
    use crate::weights::{Kind, Layer, Layout, Tensor};

    #[test]
    fn the_shape_gives_way_to_the_name() {
        let layer = |name: &str| Layer {
            name: name.to_owned(),
            kind: Kind::Conv2d,
            tensors: vec![Tensor {
                path: "kernel".to_owned(),
                name: "kernel".to_owned(),
                shape: vec![3, 3, 64, 256],
                dtype: "float32".to_owned(),
            }],
            kernels: Some((0, Layout::Hwio)),
            layout_guessed: false,
            geometry: None,
            epsilon: None,
        };
        let layers = [layer("conv1"), layer("conv2_block1_1_conv")];
        for (width, shape, name) in
            [(40, "3×3 64→256", 22), (32, "3×3 64→256", 19), (31, "3×3", 20), (24, "", 22), (20, "3×3", 14)]
        {
            let columns = Columns::of(layers.iter(), width);
            assert_eq!(((columns.shape)(&layers[0]).as_str(), columns.name), (shape, name), "{width}");
        }
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(cut("conv1", 5), "conv1");
        assert_eq!(cut("conv2_block1_1_conv", 10), "conv2…conv");
        assert_eq!(cut("畳み込み層", 6), "畳…層");
    }
}
