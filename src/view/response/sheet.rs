//! The words on a contact sheet: which kernel each response is of, its verdict, and which one is selected. They are
//! cells over the picture, so that moving the selection costs no new picture.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::kernels::mark_role;
use super::super::theme::{Role, Theme};
use crate::app::state::{SheetOnPhoto, State, Ticket};

/// Writes below each tile of a sheet, whose picture stands at `place` and whose weights were read under `read`.
pub(super) fn label(
    buffer: &mut Buffer,
    place: Rect,
    state: &State,
    read: Ticket,
    sheet: &SheetOnPhoto,
    theme: Theme,
) {
    // The picture of the layer before stays until the next one is there; its kernels are not the selected ones.
    let current = state.data_of.is_some_and(|(_, ticket)| ticket == read);
    for (at, &kernel) in sheet.kernels.iter().enumerate() {
        let words = sheet.layout.words(at);
        let y = place.y + words.y;
        if at % sheet.layout.columns.max(1) == 0 {
            // Nothing of the picture is in a row of words, and only whole rows may be taken out of a picture of kitty's.
            let row = Rect { y, height: 1, ..place }.intersection(buffer.area);
            row.positions().for_each(|cell| buffer[cell].reset());
        }
        let diagnosis = state.diagnosis(kernel).filter(|_| current && !state.marks_hidden);
        let width = usize::from(words.width);
        let number = kernel.to_string();
        let text = match diagnosis.map(|diagnosis| diagnosis.mark()) {
            Some(mark) if number.len() + 2 <= width => format!("{number} {mark}"),
            _ => number,
        };
        let role = if current && kernel == state.kernel {
            Role::Selected
        } else {
            diagnosis.map_or(Role::Dim, |diagnosis| mark_role(&diagnosis))
        };
        buffer.set_stringn(place.x + words.x, y, format!("{text:^width$}"), width, theme.style(role));
    }
}
