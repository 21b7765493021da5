//! What can be looked at: the colours of a map, and a picture in the protocol that was found.

use std::io::{self, Write};

use ratatui::backend::IntoCrossterm;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::ask;
use crate::app::maps::Maps;
use crate::app::state::{Facts, Graphics};
use crate::demo;
use crate::jobs::response::Drawn;
use crate::raster::{LEVELS, Palette, Raster, ResponseMode};
use crate::tui::graphics;
use crate::tui::screen::Screen;
use crate::view::Picture;
use crate::view::halfblock::Canvas;
use crate::view::theme::{Role, Theme};

/// Cells of the swatch, where the window has them.
const SWATCH: u16 = 64;
/// Cells of the room for the picture.
const ROOM: (u16, u16) = (32, 9);

fn theme(facts: &Facts) -> Theme {
    Theme { depth: facts.color, background: facts.background }
}

/// The map of responses, from the most negative to the most positive, and under it the one of magnitudes.
pub(super) fn swatch(facts: &Facts, maps: Maps, columns: u16, out: &mut dyn Write) -> io::Result<()> {
    let width = SWATCH.min(columns.saturating_sub(4)).max(1);
    let row = |palette: &Palette| -> Vec<[u8; 3]> {
        let last = usize::from(width.saturating_sub(1)).max(1);
        (0..usize::from(width)).map(|x| palette[x * (LEVELS - 1) / last]).collect()
    };
    let of = |mode| maps.of_response(mode, facts.background);
    let (signed, magnitude) =
        (of(ResponseMode::Signed).signed_palette(), of(ResponseMode::Absolute).unsigned_palette());
    let pixels = [row(&signed), row(&signed), row(&magnitude), row(&magnitude)].concat();
    let mut buffer = Buffer::empty(Rect::new(0, 0, width + 4, 3));
    let mut canvas = Canvas::sized(usize::from(width), 4);
    canvas.paste(&Raster { width: usize::from(width), height: 4, pixels }, 0, 0, 1);
    canvas.render(&mut buffer, Rect::new(2, 0, width, 2), theme(facts));
    let dim = theme(facts).style(Role::Dim);
    buffer.set_stringn(2, 2, "responses: below zero, above; magnitudes: none, most", usize::from(width), dim);
    inline(&buffer, out)
}

/// The built-in photo, as the viewer would show it. Pixels are placed as the viewer places them, by rows and columns,
/// so the terminal has to say where its cursor is.
pub(super) fn picture(facts: &Facts, window: [u16; 4], out: &mut dyn Write) -> io::Result<()> {
    let (columns, rows) = (ROOM.0.min(window[0].saturating_sub(4)), ROOM.1.min(window[1].saturating_sub(2)));
    if columns < 4 || rows < 2 {
        return Ok(());
    }
    let half_blocks = matches!(facts.graphics, Graphics::Halfblocks | Graphics::Unknown);
    let cell = if half_blocks { (1, 2) } else { facts.cell };
    let photo = demo::photo()
        .fitted(usize::from(columns) * usize::from(cell.0), usize::from(rows) * usize::from(cell.1));
    let mut encoded = match graphics::encode(&Drawn::Photo(photo), facts, 1) {
        Ok(encoded) => encoded,
        Err(sentence) => return writeln!(out, "  {sentence}"),
    };
    let (width, height) = encoded.size();
    let (width, height) = (width.min(columns), height.min(rows));
    writeln!(out)?;
    if half_blocks {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width + 2, height));
        encoded.render(Rect::new(2, 0, width, height), &mut buffer, theme(facts));
        return inline(&buffer, out);
    }
    // Room for it, and the row below, which sixel wants too.
    out.write_all("\n".repeat(usize::from(height)).as_bytes())?;
    out.flush()?;
    let row = match ask::cursor_row(super::ANSWER_TIME) {
        Ok(row) => row,
        Err(error) => return Err(io::Error::other(error)),
    };
    let Some(row) = row.filter(|row| *row >= height && *row < window[1]) else {
        return writeln!(out, "  (no picture: the terminal does not say where its cursor is)");
    };
    let place = Rect::new(2, row - height, width, height);
    let mut buffer = Buffer::empty(Rect::new(0, 0, window[0], window[1]));
    encoded.render(place, &mut buffer, theme(facts));
    let transmission = encoded.image().and_then(|image| image.send().map(str::to_owned)).unwrap_or_default();
    let mut screen = Screen::blank(buffer.area);
    out.write_all(&screen.turn_into(buffer, encoded.overlay(), transmission.as_bytes(), b""))?;
    write!(out, "\x1b[0m\x1b[{};1H", row + 1)?;
    out.flush()
}

/// Prints a buffer row after row where the cursor is.
fn inline(buffer: &Buffer, out: &mut dyn Write) -> io::Result<()> {
    let area = buffer.area;
    for y in 0..area.height {
        let mut shown = Style::reset();
        for x in 0..area.width {
            let cell = &buffer[(x, y)];
            let style = Style::new().fg(cell.fg).bg(cell.bg);
            if style != shown {
                let mut colors = Vec::new();
                if (cell.fg, cell.bg) != (Color::Reset, Color::Reset) {
                    let (fg, bg) = (cell.fg.into_crossterm(), cell.bg.into_crossterm());
                    crossterm::queue!(
                        colors,
                        crossterm::style::SetColors(crossterm::style::Colors::new(fg, bg))
                    )?;
                }
                out.write_all(b"\x1b[0m")?;
                out.write_all(&colors)?;
                shown = style;
            }
            out.write_all(cell.symbol().as_bytes())?;
        }
        out.write_all(b"\x1b[0m\n")?;
    }
    Ok(())
}
