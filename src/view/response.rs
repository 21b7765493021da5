//! The response pane: the encoded picture that the shell keeps, and the words that say how it was computed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};
use unicode_width::UnicodeWidthStr;

use super::number::short;
use super::theme::{Role, Theme};
use crate::app::state::{KernelOnPhoto, Middle, Pane, PhotoInput, ResponseFacts, ResponseSpec, State};
use crate::app::update::caption_rows;
use crate::printable::printable;

mod sheet;

/// A picture as the terminal takes it.
pub trait Picture {
    /// Its size in cells.
    fn size(&self) -> (u16, u16);
    /// Puts it into the cells of `area`, which has its size.
    fn render(&self, area: Rect, buffer: &mut Buffer, theme: Theme);
}

/// Draws the pane.
pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    state: &State,
    theme: Theme,
    picture: Option<&dyn Picture>,
) {
    let what = match state.middle {
        _ if state.photo_shown => " Photo ",
        Middle::Responses => " Responses ",
        _ => " Response ",
    };
    let mut title =
        vec![Span::raw(what), Span::styled(format!("{} ", printable(&state.photo)), theme.style(Role::Dim))];
    if state.preview.pending.is_some() && state.preview.shown.is_none() {
        title.push(Span::styled("… ", theme.style(Role::Dim)));
    }
    let room = super::frame(buffer, area, Line::from(title), state.focus == Pane::Response, theme);
    let rows = caption_rows(room.width);
    let space = Rect { height: room.height.saturating_sub(rows), ..room };
    if let Some(sentence) = &state.preview.failed {
        let text = printable(sentence).into_owned();
        Paragraph::new(text)
            .style(theme.style(Role::Warning))
            .wrap(Wrap { trim: true })
            .render(space, buffer);
        return;
    }
    if state.middle == Middle::Responses && state.kernels().is_some() && state.order.is_empty() {
        return super::kernels::nothing_found(buffer, room, state, theme);
    }
    if let (Some((spec, facts)), Some(picture)) = (&state.preview.shown, picture) {
        let (width, height) = picture.size();
        // The words stand right below the picture, and those of a sheet's last row.
        let y = (space.y + height + u16::from(spec.sheet.is_some())).min(space.bottom());
        let words = Rect { y, height: rows.min(room.bottom() - y), ..room };
        // A picture of another room (the screen was just resized) would spill over: it waits for its successor.
        if width <= space.width && height <= space.height {
            let x = space.x + (space.width - width) / 2;
            let place = Rect::new(x, space.y, width, height);
            picture.render(place, buffer, theme);
            if let Some(sheet) = spec.sheet.as_ref().filter(|sheet| sheet.size() == (width, height)) {
                sheet::label(buffer, place, state, spec.read, sheet, theme);
            }
        }
        Paragraph::new(caption(spec, facts, room.width)).style(theme.style(Role::Dim)).render(words, buffer);
    }
}

/// What is shown and how it was computed, as many words a line as fit.
fn caption(spec: &ResponseSpec, facts: &ResponseFacts, width: u16) -> Vec<Line<'static>> {
    let mut words = match &spec.kernel {
        None => vec!["the photo".to_owned()],
        Some(kernel) => {
            let scale = match facts.largest {
                Some((largest, limit)) => scale(largest, limit),
                None => ", each on its own scale".to_owned(),
            };
            vec![format!("{}{scale}", kernel.mode.name())]
        }
    };
    words.push(format!("{}×{}", facts.size.0, facts.size.1));
    if let Some((page, pages)) = spec.sheet.as_ref().map(|sheet| sheet.page).filter(|(_, pages)| *pages > 1) {
        words.push(format!("page {} of {pages}", page + 1));
    }
    words.extend(spec.kernel.iter().flat_map(how));
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.width() + 3 + word.width() <= usize::from(width) => {
                line.push_str(" · ");
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines.into_iter().map(Line::from).collect()
}

/// The largest response, and where the colours end if that is before it.
fn scale(largest: f32, limit: f32) -> String {
    let number = |value: f32| short(f64::from(value));
    if limit < largest {
        format!(" ±{}, colours to ±{}", number(largest), number(limit))
    } else {
        format!(" ±{}", number(largest))
    }
}

/// Preprocessing, padding, stride: what a number in the picture means depends on them.
fn how(kernel: &KernelOnPhoto) -> [String; 3] {
    let fed = match kernel.input {
        PhotoInput::Colour => kernel.preprocessing.caption().to_owned(),
        PhotoInput::Grey { slice } => format!("slice {slice} on grey −1..1"),
    };
    let stride = match kernel.stride {
        [rows, columns] if rows == columns => rows.to_string(),
        [rows, columns] => format!("{rows}×{columns}"),
    };
    [fed, "same padding".to_owned(), format!("stride {stride}")]
}
