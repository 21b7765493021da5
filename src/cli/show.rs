//! `convscope show`: kernels on standard output, two pixels a character.

use std::io::{self, IsTerminal, Write};

use super::ShowArgs;
use super::color::Depth;
use super::export::guessed_order;
use super::layer::Chosen;
use crate::raster::{self, COLOR_MAPS, Look, Montage, Normalization, Order, Raster, Scale};

/// Width and height where there is no terminal to ask.
const PIPED: (u16, u16) = (80, 24);

/// Prints the grid of kernels, or one of them.
pub(super) fn run(args: &ShowArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let chosen = Chosen::open(&args.layer)?;
    chosen.check_slice(args.slice.unwrap_or(0))?;
    if let Some(kernel) = args.kernel {
        chosen.check_kernel(kernel)?;
    }
    let depth = Depth::of(args.color);
    let (width, height) = size();
    // Without colours a weight is two characters wide, which keeps it square.
    let width = if depth == Depth::None { width / 2 } else { width };
    let rows_a_line = if depth == Depth::None { 1 } else { 2 };
    let tiles = Tiles::of(args, &chosen);
    let fitting = (width / tiles.width().max(1)).min(height * rows_a_line / tiles.height().max(1));
    let zoom = match (args.zoom, tiles.count()) {
        (Some(zoom), _) => zoom as usize,
        (None, 1) => fitting.clamp(1, 64),
        (None, _) => 1,
    };
    let tile = [tiles.width() * zoom, tiles.height() * zoom];
    let columns = ((width + 1) / (tile[0] + 1)).clamp(1, tiles.count());
    let montage = Montage { count: tiles.count(), columns, order: Order::Rows, gap: 1, tile };
    for row in 0..montage.rows() {
        let first = row * columns;
        let pictures =
            (first..montage.count.min(first + columns)).map(|n| tiles.draw(n).enlarged(zoom)).collect();
        depth.print(&Band { pictures, gap: montage.gap, height: tile[1] }, out)?;
    }
    Ok(())
}

/// Characters of the terminal that standard output goes to; else `COLUMNS`, else 80.
fn size() -> (usize, usize) {
    let asked = if io::stdout().is_terminal() { crossterm::terminal::size().ok() } else { None };
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|&columns| columns > 0);
    let (width, height) = match asked.filter(|size| size.0 > 0 && size.1 > 0) {
        Some(size) => size,
        None => (columns().unwrap_or(PIPED.0), PIPED.1),
    };
    // The last line belongs to the shell's prompt.
    (width as usize, (height as usize).saturating_sub(1).max(1))
}

/// What is drawn side by side: all kernels, or one, or all slices of one that is no picture by itself.
struct Tiles<'a> {
    chosen: &'a Chosen,
    kernel: Option<usize>,
    slice: Option<usize>,
    normalization: Normalization,
    order: raster::ChannelOrder,
    layer: Scale,
    palette: raster::Palette,
}

impl<'a> Tiles<'a> {
    fn of(args: &ShowArgs, chosen: &'a Chosen) -> Self {
        Self {
            chosen,
            kernel: args.kernel,
            slice: args.slice,
            normalization: args.normalize,
            order: args.channels.or(guessed_order(chosen, &args.layer.file)),
            layer: raster::layer_scale(chosen.weights.kernels.view()),
            palette: COLOR_MAPS[0].signed_palette(),
        }
    }

    fn slices(&self) -> usize {
        self.chosen.weights.kernels.dim().1
    }

    fn height(&self) -> usize {
        self.chosen.weights.kernels.dim().2
    }

    fn width(&self) -> usize {
        self.chosen.weights.kernels.dim().3
    }

    /// Whether the slices of one kernel stand side by side.
    fn are_slices(&self) -> bool {
        self.kernel.is_some() && self.slice.is_none() && self.slices() != 1 && !self.chosen.is_coloured()
    }

    fn count(&self) -> usize {
        match self.kernel {
            None => self.chosen.weights.len(),
            Some(_) if self.are_slices() => self.slices(),
            Some(_) => 1,
        }
    }

    fn draw(&self, tile: usize) -> Raster {
        let kernel = self.chosen.weights.kernel(self.kernel.unwrap_or(tile));
        let scale = raster::kernel_scale(kernel, self.normalization, self.layer);
        let look = match self.slice {
            _ if self.are_slices() => Look::Map(tile, &self.palette),
            Some(slice) => Look::Map(slice, &self.palette),
            None => Look::of(self.slices(), self.chosen.is_coloured(), self.order, 0, &self.palette),
        };
        raster::draw(kernel, look, scale)
    }
}

/// Pictures side by side, and the gap below them; between them there is nothing.
pub(super) struct Band {
    /// All equally large.
    pub(super) pictures: Vec<Raster>,
    /// Pixels between them and below.
    pub(super) gap: usize,
    /// Pixels of each.
    pub(super) height: usize,
}

impl Band {
    /// Pixels of all of them with the gaps between.
    pub(super) fn width(&self) -> usize {
        self.pictures.iter().map(|picture| picture.width + self.gap).sum::<usize>().saturating_sub(self.gap)
    }

    /// A pixel; `None` between the pictures.
    pub(super) fn get(&self, x: usize, y: usize) -> Option<[u8; 3]> {
        let step = self.pictures.first()?.width + self.gap;
        self.pictures.get(x / step)?.get(x % step, y)
    }
}
