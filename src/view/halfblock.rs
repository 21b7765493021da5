//! Pixels as half-block characters: a cell is two of them, one above the other, so that they are about square.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::theme::Theme;
use crate::app::state::{Background, ColorDepth};
use crate::raster::{Raster, brightness};

/// Pixels to be drawn; `None` is the terminal's own background.
#[derive(Clone, Debug)]
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<Option<[u8; 3]>>,
}

impl Canvas {
    /// As many empty pixels as `area` has room for.
    pub fn of(area: Rect) -> Self {
        Self::sized(usize::from(area.width), usize::from(area.height) * 2)
    }

    /// So many empty pixels.
    pub fn sized(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![None; width * height] }
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows of pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The pixel there; `None` outside and where nothing was drawn.
    pub fn get(&self, x: usize, y: usize) -> Option<[u8; 3]> {
        if x < self.width && y < self.height { self.pixels[y * self.width + x] } else { None }
    }

    /// Sets a pixel; outside, nothing happens.
    pub fn set(&mut self, x: usize, y: usize, color: [u8; 3]) {
        if x < self.width && y < self.height {
            self.pixels[y * self.width + x] = Some(color);
        }
    }

    /// Draws `raster` from (`x`, `y`) on, each of its pixels as a square of `zoom`; what lies outside is cut off.
    pub fn paste(&mut self, raster: &Raster, x: usize, y: usize, zoom: usize) {
        for row in 0..(raster.height * zoom).min(self.height.saturating_sub(y)) {
            for column in 0..(raster.width * zoom).min(self.width.saturating_sub(x)) {
                let color = raster.pixels[(row / zoom) * raster.width + column / zoom];
                self.pixels[(y + row) * self.width + x + column] = Some(color);
            }
        }
    }

    /// Draws the outline of a rectangle whose upper left pixel is (`x`, `y`).
    pub fn outline(&mut self, x: usize, y: usize, width: usize, height: usize, color: [u8; 3]) {
        for at in 0..width {
            self.set(x + at, y, color);
            self.set(x + at, y + height.saturating_sub(1), color);
        }
        for at in 0..height {
            self.set(x, y + at, color);
            self.set(x + width.saturating_sub(1), y + at, color);
        }
    }

    /// Puts the pixels into the cells of `area`.
    pub fn render(&self, buffer: &mut Buffer, area: Rect, theme: Theme) {
        let area = area.intersection(buffer.area);
        let (columns, width) = (usize::from(area.width), usize::from(buffer.area.width).max(1));
        let (left, top) = (usize::from(area.x - buffer.area.x), usize::from(area.y - buffer.area.y));
        let rows = buffer.content.chunks_exact_mut(width).skip(top).take(area.height.into());
        let none = vec![None; self.width];
        for (cells, pixels) in rows.zip(self.pixels.chunks(self.width.max(1) * 2)) {
            let (upper, lower) = pixels.split_at(self.width);
            let lower = if lower.is_empty() { &none } else { lower };
            for (cell, (upper, lower)) in cells[left..][..columns].iter_mut().zip(upper.iter().zip(lower)) {
                set(cell, *upper, *lower, theme);
            }
        }
    }
}

fn set(cell: &mut Cell, upper: Option<[u8; 3]>, lower: Option<[u8; 3]>, theme: Theme) {
    if theme.depth == ColorDepth::None {
        // Without colours a pixel can only be there or not: brighter than the middle, or darker. On a light background
        // what is there is dark.
        let dark_ink = theme.background == Background::Light;
        let lit = |pixel: Option<[u8; 3]>| pixel.is_some_and(|rgb| (brightness(rgb) > 127) != dark_ink);
        cell.set_symbol(match (lit(upper), lit(lower)) {
            (true, true) => "█",
            (true, false) => "▀",
            (false, true) => "▄",
            (false, false) => " ",
        });
        return;
    }
    let (symbol, fg, bg) = match (upper, lower) {
        (None, None) => (" ", Color::Reset, Color::Reset),
        (Some(upper), None) => ("▀", theme.color(upper), Color::Reset),
        (None, Some(lower)) => ("▄", theme.color(lower), Color::Reset),
        (Some(upper), Some(lower)) => ("▀", theme.color(upper), theme.color(lower)),
    };
    cell.set_symbol(symbol).set_fg(fg).set_bg(bg);
}
