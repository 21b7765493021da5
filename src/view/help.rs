//! The help: printed from the keymap, over everything else.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph, Widget};

use super::theme::{Role, Theme};
use crate::app::action::{Action, Step};
use crate::app::keymap::Keymap;
use crate::app::state::State;

/// The widest it gets.
const WIDEST: u16 = 92;

/// Draws the help, scrolled down by `top` lines.
pub(super) fn draw(buffer: &mut Buffer, screen: Rect, top: u16, state: &State, theme: Theme) {
    let keymap = &state.choices.keymap;
    let width = screen.width.saturating_sub(2).min(WIDEST);
    let lines = lines(keymap, theme);
    let height = (lines.len() as u16 + 2).min(screen.height.saturating_sub(1));
    let area = Rect::new((screen.width - width) / 2, (screen.height - 1 - height) / 2, width, height);
    let more = lines.len() as u16 + 2 > height;
    let block = Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.style(Role::FocusedBorder))
        .title(Line::styled(" Keys ", theme.style(Role::Accent)))
        .title_bottom(Line::styled(hints(keymap, more), theme.style(Role::Dim)));
    // What the terminal could be taught.
    let block = match &state.facts.hint {
        Some(hint) => {
            block.title_bottom(Line::styled(format!(" {hint} "), theme.style(Role::Accent)).right_aligned())
        }
        None => block,
    };
    Clear.render(area, buffer);
    Paragraph::new(lines).block(block).scroll((top, 0)).render(area, buffer);
}

/// The keys that scroll, where there is anything to scroll, and the one that closes.
fn hints(keymap: &Keymap, more: bool) -> String {
    let shown = |actions: &[Action], word: &str| {
        let keys: Vec<String> =
            actions.iter().filter_map(|action| keymap.key(*action)).map(|key| key.to_string()).collect();
        (!keys.is_empty()).then(|| format!("{} {word}", keys.join(" ")))
    };
    let scroll = shown(&[Action::Move(Step::Up), Action::Move(Step::Down)], "scroll").filter(|_| more);
    let close = shown(&[Action::Back], "closes").or_else(|| shown(&[Action::Quit], "closes"));
    format!(" {} ", scroll.into_iter().chain(close).collect::<Vec<_>>().join(" · "))
}

fn lines(keymap: &Keymap, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (heading, rows) in keymap.groups() {
        lines.push(Line::default());
        lines.push(Line::styled(format!(" {heading}"), theme.style(Role::Accent)));
        lines.extend(rows.iter().filter(|row| row.is_bound()).map(|row| {
            Line::from(vec![Span::raw(format!("   {:<12} ", row.keys_shown())), Span::raw(row.help_shown())])
        }));
    }
    lines
}
