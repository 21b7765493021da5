//! Pictures as the terminal takes them, through `ratatui-image`'s protocols.
//!
//! The protocols are made directly instead of through its `Picker`, because we ask the terminal ourselves (the picker's
//! own questions wait for two seconds on a mute terminal and take late answers for keys), and because kitty's images
//! want an owner: every one has an id of ours, and is deleted when its successor is on the screen. Half-blocks are our
//! own: the library's are always in truecolor, and blurred.

use std::sync::atomic::{AtomicU32, Ordering};

use image::{DynamicImage, RgbImage};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::widgets::Widget;
use ratatui_image::Image;
use ratatui_image::protocol::Protocol;
use ratatui_image::protocol::iterm2::Iterm2;
use ratatui_image::protocol::kitty::Kitty;
use ratatui_image::protocol::sixel::Sixel;

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
pub(super) fn encode(drawn: Drawn, facts: &Facts) -> Result<Encoded, String> {
    let raster = raster_of(drawn);
    if matches!(facts.graphics, Graphics::Halfblocks | Graphics::Unknown) {
        return Ok(Encoded { form: Form::Halfblocks(raster), kitty_id: None });
    }
    let image = RgbImage::from_raw(raster.width as u32, raster.height as u32, raster.bytes().to_vec())
        .filter(|image| image.width() > 0 && image.height() > 0)
        .map(DynamicImage::ImageRgb8)
        .ok_or("the picture is empty")?;
    let cells =
        |pixels: u32, cell: u16| pixels.div_ceil(u32::from(cell.max(1))).min(u32::from(u16::MAX)) as u16;
    let size = Size::new(cells(image.width(), facts.cell.0), cells(image.height(), facts.cell.1));
    let failed = |error: ratatui_image::errors::Errors| format!("the picture cannot be encoded: {error}");
    let kitty_id = (facts.graphics == Graphics::Kitty).then(next_id);
    let protocol = match (facts.graphics, kitty_id) {
        (Graphics::Kitty, Some(id)) => {
            // Padded to whole cells: the terminal would stretch it over them.
            let image = padded(&image, size, facts.cell);
            Protocol::Kitty(Kitty::new(image, size, id, facts.tmux, true).map_err(failed)?)
        }
        (Graphics::Sixel, _) => Protocol::Sixel(Sixel::new(image, size, facts.tmux).map_err(failed)?),
        _ => {
            Protocol::ITerm2(Iterm2::new(padded(&image, size, facts.cell), size, facts.tmux).map_err(failed)?)
        }
    };
    Ok(Encoded { form: Form::Protocol(protocol), kitty_id })
}

/// What tells kitty to drop an image and free its memory.
pub(super) fn delete(id: u32, tmux: bool) -> String {
    let plain = format!("\x1b_Ga=d,d=I,i={id},q=2\x1b\\");
    if tmux { format!("\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")) } else { plain }
}

fn raster_of(drawn: Drawn) -> Raster {
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

/// The picture with what is missing to whole cells left transparent.
fn padded(image: &DynamicImage, size: Size, cell: (u16, u16)) -> DynamicImage {
    let (width, height) =
        (u32::from(size.width) * u32::from(cell.0), u32::from(size.height) * u32::from(cell.1));
    if (image.width(), image.height()) == (width, height) {
        return image.clone();
    }
    let mut whole = DynamicImage::new_rgba8(width, height);
    image::imageops::overlay(&mut whole, &image.to_rgba8(), 0, 0);
    whole
}
