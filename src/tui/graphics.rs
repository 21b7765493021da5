//! Pictures as the terminal takes them: `ratatui-image`'s protocols, with pixels of our own for kitty and iTerm2.
//!
//! The protocols are made directly instead of through its `Picker`, because we ask the terminal ourselves (the picker's
//! own questions wait for two seconds on a mute terminal and take late answers for keys), and because kitty's images
//! want an owner: every one has an id of ours, and is deleted when its successor is on the screen. Half-blocks are our
//! own: the library's are always in truecolor, and blurred.

use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, RgbImage};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::widgets::Widget;
use ratatui_image::Image;
use ratatui_image::errors::Errors;
use ratatui_image::protocol::Protocol;
use ratatui_image::protocol::iterm2::Iterm2;
use ratatui_image::protocol::kitty::Kitty;
use ratatui_image::protocol::sixel::Sixel;

use super::png;
use crate::app::state::{Facts, Graphics};
use crate::jobs::response::Drawn;
use crate::raster::Raster;
use crate::view::Picture;
use crate::view::halfblock::Canvas;
use crate::view::theme::Theme;

/// A picture ready to be drawn.
pub(super) struct Encoded {
    form: Form,
    /// Its id in the terminal's store, where it has one.
    pub(super) kitty_id: Option<u32>,
    /// What puts it there: to be written once, before the first frame that shows it.
    pub(super) transmission: Option<String>,
}

enum Form {
    Protocol(Protocol),
    Halfblocks(Raster),
}

impl Picture for Encoded {
    fn size(&self) -> (u16, u16) {
        match &self.form {
            Form::Protocol(protocol) => (protocol.size().width, protocol.size().height),
            Form::Halfblocks(raster) => (raster.width as u16, raster.height.div_ceil(2) as u16),
        }
    }

    fn render(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        match &self.form {
            Form::Protocol(protocol) => Image::new(protocol).render(area, buffer),
            Form::Halfblocks(raster) => {
                let mut canvas = Canvas::of(area);
                canvas.paste(raster, 0, 0, 1);
                canvas.render(buffer, area, theme);
            }
        }
    }
}

/// A response seldom changes from one picture to the next in all of its ids' lifetime: 24 bits, which are the colour of
/// the placeholders, and never 0.
fn next_id() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let base = std::process::id() << 10;
    (base.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) & 0x00ff_ffff).max(1)
}

/// Encodes a picture for the terminal.
///
/// # Errors
/// One sentence when the encoder fails.
pub(super) fn encode(drawn: &Drawn, facts: &Facts) -> Result<Encoded, String> {
    let (width, height) = match drawn {
        Drawn::Photo(photo) => (photo.width, photo.height),
        Drawn::Response(picture) => (picture.width, picture.height),
    };
    if width == 0 || height == 0 {
        return Err("the picture is empty".to_owned());
    }
    let cells = |pixels: usize, cell: u16| {
        pixels.div_ceil(usize::from(cell.max(1))).min(usize::from(u16::MAX)) as u16
    };
    let size = Size::new(cells(width, facts.cell.0), cells(height, facts.cell.1));
    let failed = |error: Errors| format!("the picture cannot be encoded: {error}");
    let shown = |protocol| Encoded { form: Form::Protocol(protocol), kitty_id: None, transmission: None };
    match facts.graphics {
        Graphics::Kitty => {
            let (id, png) = (next_id(), png_of(drawn, size, facts.cell)?);
            Ok(Encoded {
                form: Form::Protocol(Protocol::Kitty(placeholders(id, size).map_err(failed)?)),
                kitty_id: Some(id),
                transmission: Some(kitty_transmission(&png, id, facts.tmux)),
            })
        }
        Graphics::Iterm2 => {
            let png = png_of(drawn, size, facts.cell)?;
            let mut protocol = Iterm2::new(dot(), size, facts.tmux).map_err(failed)?;
            protocol.data = with_png(&protocol.data, &png, size, facts.cell);
            Ok(shown(Protocol::ITerm2(protocol)))
        }
        Graphics::Sixel => {
            let raster = raster_of(drawn);
            let image = RgbImage::from_raw(width as u32, height as u32, raster.bytes().to_vec());
            let image = DynamicImage::ImageRgb8(image.ok_or("the picture has no pixels")?);
            Ok(shown(Protocol::Sixel(Sixel::new(image, size, facts.tmux).map_err(failed)?)))
        }
        Graphics::Halfblocks | Graphics::Unknown => {
            Ok(Encoded { form: Form::Halfblocks(raster_of(drawn)), kitty_id: None, transmission: None })
        }
    }
}

/// The picture as PNG, padded to whole cells: the terminal would stretch it over them.
fn png_of(drawn: &Drawn, size: Size, cell: (u16, u16)) -> Result<Vec<u8>, String> {
    let (width, height) = pixels(size, cell);
    let encoded = match drawn {
        Drawn::Photo(photo) => png::of_photo(photo, width, height),
        Drawn::Response(picture) => png::of_response(picture, width, height),
    };
    encoded.map_err(|error| format!("the picture cannot be encoded: {error}"))
}

fn pixels(size: Size, cell: (u16, u16)) -> (usize, usize) {
    (usize::from(size.width) * usize::from(cell.0), usize::from(size.height) * usize::from(cell.1))
}

fn dot() -> DynamicImage {
    DynamicImage::new_rgb8(1, 1)
}

/// The cells that show image `id`. The library would send the pixels uncompressed or as a zlib stream of four bytes a
/// pixel; here it only draws the placeholders, after its own transmission of a dot was drawn once and thrown away.
fn placeholders(id: u32, size: Size) -> Result<Kitty, Errors> {
    let kitty = Kitty::new(dot(), size, id, false, false)?;
    let protocol = Protocol::Kitty(kitty.clone());
    let area = Rect::new(0, 0, size.width, size.height);
    Image::new(&protocol).render(area, &mut Buffer::empty(area));
    Ok(kitty)
}

/// Base64 characters in one command of the kitty protocol.
const CHUNK: usize = 4096;

/// A PNG into kitty's store as `id`, with a virtual placement for the placeholders.
fn kitty_transmission(png: &[u8], id: u32, tmux: bool) -> String {
    let data = STANDARD.encode(png);
    let mut text = String::with_capacity(data.len() + data.len() / 64 + 64);
    let count = data.len().div_ceil(CHUNK);
    for (at, chunk) in data.as_bytes().chunks(CHUNK).enumerate() {
        let first = if at == 0 { format!("i={id},a=T,U=1,f=100,t=d,") } else { String::new() };
        let more = u8::from(at + 1 < count);
        // Base64 is ASCII.
        let chunk = str::from_utf8(chunk).unwrap_or_default();
        text.push_str(&through_tmux(format!("\x1b_Gq=2,{first}m={more};{chunk}\x1b\\"), tmux));
    }
    text
}

/// The library's iTerm2 sequence (which first clears the cells) with our PNG in place of its own.
fn with_png(sequence: &str, png: &[u8], size: Size, cell: (u16, u16)) -> String {
    let (before, rest) = sequence.split_once("]1337;").unwrap_or((sequence, ""));
    let after = rest.split_once('\x07').map_or("", |(_, after)| after);
    let ((width, height), bytes) = (pixels(size, cell), png.len());
    let data = STANDARD.encode(png);
    format!(
        "{before}]1337;File=inline=1;size={bytes};width={width}px;height={height}px;doNotMoveCursor=1:{data}\x07{after}"
    )
}

/// What tells kitty to drop an image and free its memory.
pub(super) fn delete(id: u32, tmux: bool) -> String {
    through_tmux(format!("\x1b_Ga=d,d=I,i={id},q=2\x1b\\"), tmux)
}

/// A sequence wrapped so that tmux hands it on.
fn through_tmux(sequence: String, tmux: bool) -> String {
    if tmux { format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b")) } else { sequence }
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
