//! The whole screen, drawn from the state alone; it never writes back.

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Clear, Paragraph, Widget};

use crate::app::action::Action;
use crate::app::layout::SMALLEST;
use crate::app::state::{Mode, State};

pub mod halfblock;
pub mod theme;

mod comparison;
mod diagnosis;
mod help;
mod history;
mod kernels;
mod layers;
mod number;
mod response;
mod statistics;
mod status;
mod timeline;

pub use response::Picture;
use theme::{Role, Theme};

/// Draws the state; `picture` is the encoded preview that the shell keeps.
pub fn draw(buffer: &mut Buffer, state: &State, picture: Option<&dyn Picture>) {
    let theme = Theme { depth: state.facts.color, background: state.facts.background };
    let Some(panes) = state.panes() else { return too_small(buffer, state) };
    // A picture under the help would show through it in some terminals, so it is hidden meanwhile.
    let picture = picture.filter(|_| !matches!(state.mode, Mode::Help(_)));
    layers::draw(buffer, panes.layers, state, theme);
    statistics::draw(buffer, panes.statistics, state, theme);
    if let (Some(kernels), Some(response)) = (state.kernels_pane(), state.response_pane()) {
        kernels::draw(buffer, kernels, state, theme);
        response::draw(buffer, response, state, theme, picture);
    }
    if let Some(area) = panes.timeline {
        timeline::draw(buffer, area, state, theme);
    }
    status::draw(buffer, panes.status, state, theme);
    if let Mode::Help(top) = state.mode {
        help::draw(buffer, buffer.area, top, state, theme);
    }
}

/// Draws the response pane anew, into a screen that is as the state has it everywhere else; `false` where it has to be
/// drawn whole, as something may lie over the pane.
pub fn redraw_response(buffer: &mut Buffer, state: &State, picture: Option<&dyn Picture>) -> bool {
    let Some(area) = state.response_pane().filter(|_| !matches!(state.mode, Mode::Help(_))) else {
        return false;
    };
    let theme = Theme { depth: state.facts.color, background: state.facts.background };
    Clear.render(area, buffer);
    response::draw(buffer, area, state, theme, picture);
    true
}

fn too_small(buffer: &mut Buffer, state: &State) {
    let (width, height) = state.screen;
    let leaves = state.choices.keymap.key(Action::Quit).map(|key| format!("({key} leaves)"));
    let lines = vec![
        Line::from("convscope needs a little more room:"),
        Line::from(format!("{} × {} cells; here are {width} × {height}", SMALLEST.0, SMALLEST.1)),
        Line::from(leaves.unwrap_or_default()),
    ];
    let area = buffer.area;
    let top = area.height.saturating_sub(lines.len() as u16) / 2;
    let room = Rect::new(area.x, area.y + top, area.width, area.height - top);
    Paragraph::new(lines)
        .alignment(Alignment::Center)
        .wrap(ratatui::widgets::Wrap { trim: true })
        .render(room, buffer);
}

/// A pane's frame; answers with its inside.
fn frame(buffer: &mut Buffer, area: Rect, title: Line<'_>, focused: bool, theme: Theme) -> Rect {
    let role = if focused { Role::FocusedBorder } else { Role::Border };
    let border = if focused { BorderType::Thick } else { BorderType::Plain };
    let block = Block::bordered().border_type(border).border_style(theme.style(role)).title(title);
    let inside = block.inner(area);
    block.render(area, buffer);
    inside
}
