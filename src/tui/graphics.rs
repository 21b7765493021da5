//! Pictures as the terminal takes them.
//!
//! A response has one number a pixel, and a photo is reduced to few colours, so kitty and iTerm2 get an indexed PNG, and
//! sixel comes straight from the palette: a tenth of what `ratatui-image` sends for the same pixels. The library still makes
//! the cells that kitty's placeholders stand in. Its `Picker` is not used: we ask the terminal ourselves (its own questions wait
//! for two seconds on a mute terminal and take late answers for keys). Half-blocks are our own: the library's are always
//! in truecolor, and blurred.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::DynamicImage;
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::{Rect, Size};
use ratatui::widgets::Widget;
use ratatui_image::Image;
use ratatui_image::errors::Errors;
use ratatui_image::protocol::Protocol;
use ratatui_image::protocol::kitty::Kitty;

use super::screen::Overlay;
use super::{kitty, png, sixel};
use crate::app::state::{Facts, Graphics};
use crate::jobs::response::Drawn;
use crate::raster::{Indexed, TRANSPARENT};
use crate::view::Picture;
use crate::view::halfblock::Canvas;
use crate::view::theme::Theme;

/// A picture ready to be drawn.
pub(super) struct Encoded {
    /// No other picture has it.
    serial: u64,
    /// Columns and rows.
    size: (u16, u16),
    form: Form,
}

enum Form {
    /// Placeholders, which speak of an image in the terminal's store.
    Kitty { cells: Protocol, image: kitty::Image },
    /// One sequence that draws it over the cells.
    Sequence(String),
    /// Cells like any others.
    Halfblocks(Canvas),
}

impl Picture for Encoded {
    fn size(&self) -> (u16, u16) {
        self.size
    }

    fn render(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        match &self.form {
            Form::Kitty { cells, .. } => Image::new(cells).render(area, buffer),
            Form::Sequence(_) => {
                for position in area.intersection(buffer.area).positions() {
                    let cell = &mut buffer[position];
                    cell.reset();
                    cell.set_diff_option(CellDiffOption::Skip);
                }
            }
            Form::Halfblocks(canvas) => canvas.render(buffer, area, theme),
        }
    }
}

impl Encoded {
    /// What is to be drawn over the cells, where the protocol does that.
    pub(super) fn overlay(&self) -> Option<Overlay<'_>> {
        match &self.form {
            Form::Sequence(sequence) => Some(Overlay { serial: self.serial, size: self.size, sequence }),
            Form::Kitty { .. } | Form::Halfblocks(_) => None,
        }
    }

    /// Its image in the terminal's store, where the protocol has one.
    pub(super) fn image(&mut self) -> Option<&mut kitty::Image> {
        match &mut self.form {
            Form::Kitty { image, .. } => Some(image),
            Form::Sequence(_) | Form::Halfblocks(_) => None,
        }
    }

    /// How many bytes it costs to show it, besides cells.
    pub(super) fn bytes(&self) -> usize {
        match &self.form {
            Form::Kitty { image, .. } => image.bytes(),
            Form::Sequence(sequence) => sequence.len(),
            Form::Halfblocks(_) => 0,
        }
    }
}

/// Encodes a picture for the terminal. With a `scale` of 2 or more it is a draft: each pixel stands for so many squared,
/// and the picture fills the same cells.
///
/// # Errors
/// One sentence when the encoder fails.
pub(super) fn encode(drawn: &Drawn, facts: &Facts, scale: usize) -> Result<Encoded, String> {
    static SERIAL: AtomicU64 = AtomicU64::new(1);
    let (width, height) = match drawn {
        Drawn::Photo(photo) => (photo.width, photo.height),
        Drawn::Response(picture) => (picture.width, picture.height),
    };
    if width == 0 || height == 0 {
        return Err("the picture is empty".to_owned());
    }
    let cell = facts.pixels();
    let cells = |pixels: usize, cell: u16| {
        pixels.div_ceil(usize::from(cell.max(1))).min(usize::from(u16::MAX)) as u16
    };
    let size = Size::new(cells(width, cell.0), cells(height, cell.1));
    let failed = |error: Errors| format!("the picture cannot be encoded: {error}");
    let form = match facts.graphics {
        Graphics::Kitty => {
            let image = kitty::Image::new(&png_of(drawn, size, cell, scale)?, size, facts.tmux);
            let cells = Protocol::Kitty(placeholders(image.id(), size).map_err(failed)?);
            Form::Kitty { cells, image }
        }
        Graphics::Iterm2 => {
            let png = png_of(drawn, size, cell, scale)?;
            let sequence = erase(size) + &iterm2_file(&png, pixels(size, cell));
            Form::Sequence(kitty::through_tmux(sequence, facts.tmux))
        }
        Graphics::Sixel => match drawn {
            Drawn::Response(picture) => {
                let draft = (scale > 1).then(|| picture.smaller(scale).larger(scale, width, height));
                let picture = draft.as_ref().unwrap_or(picture);
                let sequence = erase_uncovered(picture, size, cell) + &sixel::of_response(picture);
                Form::Sequence(kitty::through_tmux(sequence, facts.tmux))
            }
            Drawn::Photo(photo) => {
                let whole =
                    Indexed { width, height, indices: vec![0; width * height], palette: [[0; 3]; 256] };
                let sequence = erase_uncovered(&whole, size, cell) + &sixel::of_photo(photo);
                Form::Sequence(kitty::through_tmux(sequence, facts.tmux))
            }
        },
        Graphics::Halfblocks | Graphics::Unknown => Form::Halfblocks(canvas_of(drawn)),
    };
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    Ok(Encoded { serial, size: (size.width, size.height), form })
}

/// The picture as PNG, padded to whole cells: the terminal would stretch it over them.
fn png_of(drawn: &Drawn, size: Size, cell: (u16, u16), scale: usize) -> Result<Vec<u8>, String> {
    let (width, height) = pixels(size, cell);
    let scale = scale.max(1);
    let encoded = match drawn {
        Drawn::Photo(photo) => png::of_photo(photo, width, height),
        Drawn::Response(picture) if scale == 1 => png::of_response(picture, width, height),
        Drawn::Response(picture) => {
            png::of_response(&picture.smaller(scale), width.div_ceil(scale), height.div_ceil(scale))
        }
    };
    encoded.map_err(|error| format!("the picture cannot be encoded: {error}"))
}

fn pixels(size: Size, cell: (u16, u16)) -> (usize, usize) {
    (usize::from(size.width) * usize::from(cell.0), usize::from(size.height) * usize::from(cell.1))
}

/// The cells that show image `id`: the library draws them once its own transmission, here of a dot, was drawn once and
/// thrown away.
fn placeholders(id: u32, size: Size) -> Result<Kitty, Errors> {
    let kitty = Kitty::new(DynamicImage::new_rgb8(1, 1), size, id, false, false)?;
    let protocol = Protocol::Kitty(kitty.clone());
    let area = Rect::new(0, 0, size.width, size.height);
    Image::new(&protocol).render(area, &mut Buffer::empty(area));
    Ok(kitty)
}

/// A PNG over so many pixels, the cursor left where it is.
fn iterm2_file(png: &[u8], (width, height): (usize, usize)) -> String {
    let (bytes, data) = (png.len(), STANDARD.encode(png));
    format!(
        "\x1b]1337;File=inline=1;size={bytes};width={width}px;height={height}px;preserveAspectRatio=0;\
         doNotMoveCursor=1:{data}\x07"
    )
}

/// Erases so many cells from the cursor on, and comes back.
fn erase(size: Size) -> String {
    let Size { width, height } = size;
    let row = format!("\x1b[{width}X\x1b[B");
    row.repeat(usize::from(height)) + &format!("\x1b[{height}A")
}

/// Erases the cells that the picture does not cover whole: along the right and the lower edge, and where it is
/// transparent. It covers the others itself, and erasing them first would flicker.
fn erase_uncovered(picture: &Indexed, size: Size, cell: (u16, u16)) -> String {
    let (cell_width, cell_height) = (usize::from(cell.0.max(1)), usize::from(cell.1.max(1)));
    let columns = usize::from(size.width);
    // Where it is nowhere transparent, a row is like any other.
    let asked = if picture.indices.contains(&TRANSPARENT) { cell_height } else { 1 };
    let mut text = String::new();
    for band in 0..usize::from(size.height) {
        let mut covered = vec![(band + 1) * cell_height <= picture.height; columns];
        let rows = picture.indices.chunks(picture.width.max(1)).skip(band * cell_height).take(asked);
        for row in rows {
            for (column, covered) in covered.iter_mut().enumerate() {
                let pixels = row.get(column * cell_width..(column + 1) * cell_width);
                *covered &= pixels.is_some_and(|pixels| !pixels.contains(&TRANSPARENT));
            }
        }
        let (mut at, mut cursor) = (0, 0);
        for run in covered.chunk_by(|a, b| a == b) {
            if !run[0] {
                if at > cursor {
                    let _ = write!(text, "\x1b[{}C", at - cursor);
                    cursor = at;
                }
                let _ = write!(text, "\x1b[{}X", run.len());
            }
            at += run.len();
        }
        if cursor > 0 {
            let _ = write!(text, "\x1b[{cursor}D");
        }
        text.push_str("\x1b[B");
    }
    let _ = write!(text, "\x1b[{}A", size.height);
    text
}

/// The picture as half-blocks; where it is transparent nothing is drawn.
fn canvas_of(drawn: &Drawn) -> Canvas {
    let (width, height, pixels): (_, _, Vec<_>) = match drawn {
        Drawn::Photo(photo) => {
            let pixels = photo.rgb.chunks_exact(3).map(|pixel| Some([pixel[0], pixel[1], pixel[2]]));
            (photo.width, photo.height, pixels.collect())
        }
        Drawn::Response(picture) => {
            let color = |index: &u8| (*index != TRANSPARENT).then(|| picture.palette[usize::from(*index)]);
            (picture.width, picture.height, picture.indices.iter().map(color).collect())
        }
    };
    let mut canvas = Canvas::sized(width, height);
    for (at, color) in pixels.into_iter().enumerate() {
        if let Some(color) = color {
            canvas.set(at % width, at / width, color);
        }
    }
    canvas
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::COLOR_MAPS;

    /// Two tiles of 2×1 cells of 8×16 pixels, a column apart, the right one a pixel short of its width.
    fn sheet() -> Indexed {
        let palette = COLOR_MAPS[0].signed_palette();
        let tile = |width| Indexed { width, height: 16, indices: vec![9; width * 16], palette };
        let mut sheet = Indexed::transparent(40, 32, palette);
        sheet.paste(&tile(16), 0, 0);
        sheet.paste(&tile(15), 24, 0);
        sheet
    }

    #[test]
    fn cells_that_the_picture_does_not_cover_are_erased_and_no_others() {
        let erased = erase_uncovered(&sheet(), Size::new(5, 2), (8, 16));
        assert_eq!(erased, "\x1b[2C\x1b[1X\x1b[2C\x1b[1X\x1b[4D\x1b[B\x1b[5X\x1b[B\x1b[2A");
    }

    #[test]
    fn half_blocks_leave_the_background_where_nothing_is() {
        let canvas = canvas_of(&Drawn::Response(Box::new(sheet())));
        assert_eq!((canvas.get(16, 0), canvas.get(0, 16), canvas.get(39, 0)), (None, None, None));
        assert!(canvas.get(15, 15).is_some() && canvas.get(24, 0).is_some());
    }
}
