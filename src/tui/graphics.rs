//! Pictures as the terminal takes them.
//!
//! A response has one number a pixel, so kitty and iTerm2 get it as an indexed PNG, and sixel straight from its palette:
//! a tenth of what `ratatui-image` sends for the same pixels. The library still makes the cells that kitty's placeholders
//! stand in and the sixels of a photo. Its `Picker` is not used: we ask the terminal ourselves (its own questions wait
//! for two seconds on a mute terminal and take late answers for keys). Half-blocks are our own: the library's are always
//! in truecolor, and blurred.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, RgbImage};
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::{Rect, Size};
use ratatui::widgets::Widget;
use ratatui_image::Image;
use ratatui_image::errors::Errors;
use ratatui_image::protocol::Protocol;
use ratatui_image::protocol::kitty::Kitty;
use ratatui_image::protocol::sixel::Sixel;

use super::screen::Overlay;
use super::{kitty, png, sixel};
use crate::app::state::{Facts, Graphics};
use crate::jobs::response::Drawn;
use crate::raster::Raster;
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
    Halfblocks(Raster),
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
            Form::Halfblocks(raster) => {
                let mut canvas = Canvas::of(area);
                canvas.paste(raster, 0, 0, 1);
                canvas.render(buffer, area, theme);
            }
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
    let halfblocks = matches!(facts.graphics, Graphics::Halfblocks | Graphics::Unknown);
    let cell = if halfblocks { (1, 2) } else { facts.cell };
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
                let sequence = match scale {
                    ..2 => sixel::of_response(picture),
                    _ => sixel::of_response(&picture.smaller(scale).larger(scale, width, height)),
                };
                Form::Sequence(kitty::through_tmux(erase_edges(size) + &sequence, facts.tmux))
            }
            // A photo has more colours than sixel has registers: the library chooses them.
            Drawn::Photo(photo) => {
                let image = RgbImage::from_raw(width as u32, height as u32, photo.rgb.clone());
                let image = DynamicImage::ImageRgb8(image.ok_or("the picture has no pixels")?);
                Form::Sequence(Sixel::new(image, size, facts.tmux).map_err(failed)?.data)
            }
        },
        Graphics::Halfblocks | Graphics::Unknown => Form::Halfblocks(raster_of(drawn)),
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

/// Erases the cells along the right and the lower edge, which the pixels may not fill; the picture itself covers the
/// others, and erasing them first would flicker.
fn erase_edges(size: Size) -> String {
    let (width, height) = (size.width, size.height);
    let mut text = String::new();
    if width > 1 {
        let _ = write!(text, "\x1b[{}C{}\x1b[{}D", width - 1, erase(Size::new(1, height)), width - 1);
    }
    if height > 1 {
        let _ = write!(text, "\x1b[{}B\x1b[{width}X\x1b[{}A", height - 1, height - 1);
    }
    text
}

fn raster_of(drawn: &Drawn) -> Raster {
    match drawn {
        Drawn::Photo(photo) => {
            let pixels = photo.rgb.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
            Raster { width: photo.width, height: photo.height, pixels }
        }
        Drawn::Response(picture) => {
            let pixels = picture.indices.iter().map(|index| picture.palette[usize::from(*index)]).collect();
            Raster { width: picture.width, height: picture.height, pixels }
        }
    }
}
