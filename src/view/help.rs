//! The help: printed from the keymap, over everything else.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph, Widget};

use super::theme::{Role, Theme};
use crate::app::keymap::KEYMAP;

/// The widest it gets.
const WIDEST: u16 = 92;

/// Draws the help, scrolled down by `top` lines; `hint` is what the terminal could be taught.
pub(super) fn draw(buffer: &mut Buffer, screen: Rect, top: u16, hint: Option<&str>, theme: Theme) {
    let width = screen.width.saturating_sub(2).min(WIDEST);
    let lines = lines(theme);
    let height = (lines.len() as u16 + 2).min(screen.height.saturating_sub(1));
    let area = Rect::new((screen.width - width) / 2, (screen.height - 1 - height) / 2, width, height);
    let more = lines.len() as u16 + 2 > height;
    let block = Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.style(Role::FocusedBorder))
        .title(Line::styled(" Keys ", theme.style(Role::Accent)))
        .title_bottom(Line::styled(
            if more { " ↑ ↓ scroll · Esc closes " } else { " Esc closes " },
            theme.style(Role::Dim),
        ));
    let block = match hint {
        Some(hint) => {
            block.title_bottom(Line::styled(format!(" {hint} "), theme.style(Role::Accent)).right_aligned())
        }
        None => block,
    };
    Clear.render(area, buffer);
    Paragraph::new(lines).block(block).scroll((top, 0)).render(area, buffer);
}

fn lines(theme: Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (heading, rows) in KEYMAP {
        lines.push(Line::default());
        lines.push(Line::styled(format!(" {heading}"), theme.style(Role::Accent)));
        lines.extend(rows.iter().map(|row| {
            Line::from(vec![Span::raw(format!("   {:<12} ", row.keys_shown())), Span::raw(row.help_shown())])
        }));
    }
    lines
}
