//! The line at the bottom: what is being typed, or a word for the user, or where they are; and the way to the help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::layers::cut;
use super::theme::{Role, Theme};
use crate::app::action::Action;
use crate::app::comparison::Against;
use crate::app::keymap::Keymap;
use crate::app::state::{Load, Mode, State};
use crate::printable::printable;
use crate::weights::diagnosis::VERDICTS;

/// Draws the line.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme) {
    let hints = hints(&state.choices.keymap, theme);
    let width = hints.width() as u16;
    let right = Rect { x: area.right().saturating_sub(width), width: width.min(area.width), ..area };
    let left = Rect { width: area.width.saturating_sub(width + 1), ..area };
    hints.render(right, buffer);
    status(state, usize::from(left.width), theme).render(left, buffer);
}

/// The keys that lead on, from the keymap.
fn hints(keymap: &Keymap, theme: Theme) -> Line<'static> {
    let shown = [(Action::Help, "help"), (Action::Search, "search"), (Action::Quit, "quit")];
    let mut spans = Vec::new();
    for (action, word) in shown {
        if let Some(key) = keymap.key(action) {
            spans.push(Span::styled(key.to_string(), theme.style(Role::Accent)));
            spans.push(Span::styled(format!(" {word}  "), theme.style(Role::Dim)));
        }
    }
    Line::from(spans)
}

fn status(state: &State, room: usize, theme: Theme) -> Line<'static> {
    match &state.mode {
        Mode::Search { .. } => return prompt("/", &state.search, state.message.as_deref(), theme),
        Mode::Jump(number) => return prompt(":", number, Some("kernel number, Enter"), theme),
        Mode::Browse | Mode::Help(_) => {}
    }
    // A word for the user stands until the next key, what the files are up to until it is over.
    match (&state.message, &state.run.word) {
        (Some(message), word) => {
            let mut said = cut(&printable(message), room);
            let left = room.saturating_sub(said.width() + 3);
            if let Some(word) = word.as_ref().filter(|_| left >= 12) {
                said = format!("{said} · {}", cut(&printable(word), left));
            }
            return Line::styled(said, theme.style(Role::Warning));
        }
        (None, Some(word)) => return Line::styled(cut(&printable(word), room), theme.style(Role::Accent)),
        (None, None) => {}
    }
    if let Load::Failed(sentence) = &state.index {
        return Line::styled(cut(&printable(sentence), room), theme.style(Role::Warning));
    }
    let epoch = state.run.epochs.get(state.run.at).filter(|_| state.run.is_shown());
    let shown = epoch.map_or(&state.title, |epoch| &epoch.title);
    let against = state.comparison.as_ref().and_then(|comparison| match &comparison.against {
        Against::File(title) => Some(format!(" against {title}")),
        // The timeline says which epoch.
        Against::Marked => None,
    });
    let title = printable(&format!("{shown}{}", against.unwrap_or_default())).into_owned();
    let format = match &state.index {
        Load::Ready(opened) => printable(&opened.format).into_owned(),
        _ => String::new(),
    };
    let [layer, brief] = about_layer(state);
    // The format gives way first, then most of the path, then all that is zero, then the rest of the path.
    let short = |words: &str| cut(&title, room.saturating_sub(words.width() + 3).max(12));
    let tries: [[&str; 3]; 5] = [
        [&title, &format, &layer],
        [&title, "", &layer],
        [&short(&layer), "", &layer],
        [&short(&brief), "", &brief],
        ["", "", &brief],
    ];
    let joined =
        tries.map(|words| words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" · "));
    let fits = joined.iter().find(|text| text.width() <= room);
    Line::from(fits.cloned().unwrap_or_else(|| cut(&brief, room)))
}

/// The layer's verdicts, always out of all kernels, or how far the judging is: in full, and without what is zero.
fn about_layer(state: &State) -> [String; 2] {
    if let (Some(_), Some(layer)) = (state.kernels(), &state.judgement.layer) {
        let some = VERDICTS.iter().map(|row| (layer.count(row.0), row.1)).filter(|(count, _)| *count > 0);
        let some: Vec<String> = some.map(|(count, name)| format!("{count} {name}")).collect();
        let brief = format!("{} of {} kernels", some.join(", "), layer.kernels.len());
        return [format!("{} · {}", layer.word.name(), layer.summary()), brief];
    }
    let text = match state.kernels() {
        Some(kernels) => {
            let known = state.judgement.kernels.iter().flatten().count();
            format!("judging {known} of {} kernels…", kernels.shape.c_out)
        }
        None => state.selected_layer().map(super::kernels::summary).unwrap_or_default(),
    };
    [text.clone(), text]
}

fn prompt(sign: &'static str, typed: &str, hint: Option<&str>, theme: Theme) -> Line<'static> {
    let hint = hint.map(|hint| format!("  {hint}")).unwrap_or_default();
    Line::from(vec![
        Span::styled(sign, theme.style(Role::Accent)),
        Span::raw(printable(typed).into_owned()),
        Span::styled("▏", theme.style(Role::Accent)),
        Span::styled(hint, theme.style(Role::Dim)),
    ])
}
