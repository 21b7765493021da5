//! The screen divided. One pure function of its size, used for moving, for requesting pictures and for drawing, so that
//! nothing is ever laid out from the size of the frame before.

use ratatui::layout::Rect;

use crate::weights::KernelShape;

mod sheet;

pub use sheet::Sheet;

/// The smallest screen that everything fits on.
pub const SMALLEST: (u16, u16) = (60, 20);

/// The largest zoom: cells a weight.
pub const LARGEST_ZOOM: u16 = 32;

/// From this width on the layers stand beside the kernels; below it above them.
const WIDE: u16 = 100;

/// Where each pane stands, borders included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panes {
    /// The layers.
    pub layers: Rect,
    /// The kernels of the selected layer.
    pub kernels: Rect,
    /// The epochs of the run, where there are several.
    pub timeline: Option<Rect>,
    /// The numbers of the selected kernel.
    pub statistics: Rect,
    /// The response of the selected kernel.
    pub response: Rect,
    /// The line at the bottom.
    pub status: Rect,
}

impl Panes {
    /// The panes of a screen of this size in cells, with a timeline or without; `None` where it is too small.
    pub fn of(width: u16, height: u16, timeline: bool) -> Option<Self> {
        if width < SMALLEST.0 || height < SMALLEST.1 {
            return None;
        }
        let body = height - 1;
        let side = match width {
            ..80 => 27,
            80..WIDE => 32,
            WIDE..140 => 36,
            140..200 => 48,
            200.. => (width * 3 / 10).min(96),
        };
        let main = width - side;
        let (layers, kernels) = if width >= WIDE {
            // Wide enough for a name, a share of noise and a shape, as soon as the kernels can spare it.
            let column = if width < 150 { width / 5 } else { width * 2 / 9 }.clamp(25, 44);
            (Rect::new(0, 0, column, body), Rect::new(column, 0, main - column, body))
        } else {
            let rows = (body / 3).clamp(6, 12);
            (Rect::new(0, 0, main, rows), Rect::new(0, rows, main, body - rows))
        };
        // The history wants room of its own, where the response can spare it.
        let history = if timeline && body >= 44 { 5 } else { 0 };
        let numbers = (body * 11 / 20).clamp(10, 21) + history;
        let rows = if timeline { timeline_rows(body) } else { 0 };
        let above = kernels.height - rows;
        let epochs = Rect { y: kernels.y + above, height: rows, ..kernels };
        Some(Self {
            layers,
            kernels: Rect { height: above, ..kernels },
            timeline: timeline.then_some(epochs),
            statistics: Rect::new(main, 0, side, numbers),
            response: Rect::new(main, numbers, side, body - numbers),
            status: Rect::new(0, body, width, 1),
        })
    }
}

/// Rows of the timeline that show the selected kernel through the epochs.
pub const FILM_ROWS: u16 = 5;

/// How high the timeline is, borders included: the marks, the words below them, the film.
fn timeline_rows(body: u16) -> u16 {
    match body {
        ..28 => 3,
        28..38 => 4,
        38.. => 4 + FILM_ROWS,
    }
}

/// Where the epochs' marks stand in the inside of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The inside's columns.
    pub width: u16,
    /// How many epochs.
    pub count: usize,
}

impl Marks {
    /// Columns between two marks, where each has a column of its own.
    fn pitch(&self) -> usize {
        (usize::from(self.width) / self.count.max(1)).min(6)
    }

    /// The column of an epoch's mark; in a run longer than the line is wide, some share one.
    pub fn column(&self, epoch: usize) -> u16 {
        let column = match self.pitch() {
            0 => epoch * usize::from(self.width) / self.count,
            pitch => epoch * pitch,
        };
        column as u16
    }

    /// The epoch whose mark is nearest to a column.
    pub fn epoch_at(&self, column: u16) -> usize {
        let column = usize::from(column);
        let epoch = match self.pitch() {
            0 => (column * self.count).div_ceil(usize::from(self.width).max(1)),
            pitch => (column + pitch / 2) / pitch,
        };
        epoch.min(self.count.saturating_sub(1))
    }
}

/// The inside of a pane with a border.
pub fn inside(pane: Rect) -> Rect {
    Rect::new(pane.x + 1, pane.y + 1, pane.width.saturating_sub(2), pane.height.saturating_sub(2))
}

/// The grid of kernels in pixels: a pixel is one cell wide and half a cell high, so that it is about square.
///
/// Tiles stand one pixel apart, with one pixel around the whole; the selection is drawn into these gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Pixels a weight.
    pub zoom: u16,
    /// Kernels in a row.
    pub columns: usize,
    /// Rows that are visible whole; at least one.
    pub rows: usize,
    /// Pixels from one tile to the next, horizontally.
    pub pitch_x: u16,
    /// Pixels from one tile to the next, vertically.
    pub pitch_y: u16,
    /// How many kernels there are.
    pub count: usize,
}

impl Grid {
    /// The grid of `count` kernels of this shape in `inside`; without a `zoom`, the largest at which all of them fit.
    pub fn of(inside: Rect, shape: KernelShape, count: usize, zoom: Option<u16>) -> Self {
        let at = |zoom: u16| Self::at_zoom(inside, shape, count, zoom);
        match zoom {
            Some(zoom) => at(zoom.clamp(1, LARGEST_ZOOM)),
            None => (2..=8).rev().map(at).find(|grid| grid.all_fit(inside)).unwrap_or_else(|| at(1)),
        }
    }

    fn at_zoom(inside: Rect, shape: KernelShape, count: usize, zoom: u16) -> Self {
        let pitch = |size: usize| (size as u16).saturating_mul(zoom).saturating_add(1);
        let (pitch_x, pitch_y) = (pitch(shape.k_w), pitch(shape.k_h));
        let fit = |room: u16, pitch: u16| (usize::from(room.saturating_sub(1)) / usize::from(pitch)).max(1);
        Self {
            zoom,
            columns: fit(inside.width, pitch_x),
            rows: fit(inside.height.saturating_mul(2), pitch_y),
            pitch_x,
            pitch_y,
            count,
        }
    }

    fn all_fit(&self, inside: Rect) -> bool {
        self.columns * self.rows >= self.count
            && self.pitch_x < inside.width
            && self.pitch_y < inside.height.saturating_mul(2)
    }

    /// How many rows of tiles there are, visible or not.
    pub fn all_rows(&self) -> usize {
        self.count.div_ceil(self.columns)
    }

    /// The first visible row that shows `kernel` and moves least from `top`.
    pub fn top_showing(&self, kernel: usize, top: usize) -> usize {
        let row = kernel / self.columns;
        let last = self.all_rows().saturating_sub(self.rows);
        top.clamp((row + 1).saturating_sub(self.rows), row).min(last)
    }

    /// The place in the grid at this cell of the inside of the pane, where there is one.
    pub fn kernel_at(&self, x: u16, y: u16, top: usize) -> Option<usize> {
        let column = usize::from(x.saturating_sub(1) / self.pitch_x);
        let row = usize::from((y * 2).saturating_sub(1) / self.pitch_y);
        let kernel = (top + row) * self.columns + column;
        (column < self.columns && kernel < self.count).then_some(kernel)
    }
}

/// The largest zoom at which one kernel fits a pane whose last `reserved` rows are for words.
pub fn single_zoom(inside: Rect, shape: KernelShape, reserved: u16) -> u16 {
    let rows = inside.height.saturating_sub(reserved) * 2;
    let fit = |room: u16, size: usize| room / (size.clamp(1, usize::from(u16::MAX)) as u16);
    fit(inside.width, shape.k_w).min(fit(rows, shape.k_h)).max(1)
}

/// Rows of the pane that are words when one kernel fills it.
pub const SINGLE_WORDS: u16 = 2;

/// The weight (row, column) at this cell of the inside of the pane that one kernel fills.
pub fn weight_at(room: Rect, shape: KernelShape, x: u16, y: u16) -> Option<(usize, usize)> {
    let zoom = usize::from(single_zoom(room, shape, SINGLE_WORDS));
    let (left, top) = single_origin(room, shape);
    let column = usize::from(x).checked_sub(usize::from(left))? / zoom;
    let row = (usize::from(y) * 2).checked_sub(usize::from(top))? / zoom;
    (row < shape.k_h && column < shape.k_w).then_some((row, column))
}

/// Where the kernel that fills the pane begins, in pixels from the inside's upper left corner: it stands centred.
pub fn single_origin(room: Rect, shape: KernelShape) -> (u16, u16) {
    let zoom = usize::from(single_zoom(room, shape, SINGLE_WORDS));
    let rows = usize::from(room.height.saturating_sub(SINGLE_WORDS)) * 2;
    let left = usize::from(room.width).saturating_sub(shape.k_w * zoom) / 2;
    let top = rows.saturating_sub(shape.k_h * zoom) / 2;
    (left as u16, top as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEVEN: KernelShape = KernelShape { c_out: 64, c_in: 3, k_d: 1, k_h: 7, k_w: 7 };

    #[test]
    fn panes_tile_every_screen_without_overlap() {
        for width in 60..=300 {
            for height in 20..=100 {
                let timeline = (width + height) % 2 == 0;
                let panes = Panes::of(width, height, timeline).unwrap();
                let all = [panes.layers, panes.kernels, panes.statistics, panes.response, panes.status];
                let all: Vec<Rect> = all.into_iter().chain(panes.timeline).collect();
                let area: u32 = all.iter().map(|pane| u32::from(pane.width) * u32::from(pane.height)).sum();
                assert_eq!(area, u32::from(width) * u32::from(height), "{width}×{height}");
                for (at, pane) in all.iter().enumerate() {
                    assert!(all[at + 1..].iter().all(|other| !pane.intersects(*other)), "{width}×{height}");
                    assert!(pane.right() <= width && pane.bottom() <= height);
                }
                assert!(panes.kernels.width >= 30 && panes.kernels.height >= 10, "{width}×{height}");
            }
        }
        assert_eq!(Panes::of(59, 50, false), None);
        assert_eq!(Panes::of(100, 19, true), None);
    }

    #[test]
    fn every_mark_is_inside_and_a_click_on_it_finds_it() {
        for width in [28, 59, 120] {
            for count in [2, 5, 12, 28, 59] {
                let marks = Marks { width, count };
                // In a longer run some share a column.
                for epoch in 0..if count <= usize::from(width) { count } else { 0 } {
                    assert!(marks.column(epoch) < width);
                    assert_eq!(marks.epoch_at(marks.column(epoch)), epoch, "{marks:?}");
                }
            }
            let long = Marks { width, count: 1000 };
            assert!((0..1000).all(|epoch| long.column(epoch) < width));
            assert!((0..width).all(|column| long.column(long.epoch_at(column)) == column));
            assert_eq!(long.epoch_at(u16::MAX), 999);
        }
    }

    #[test]
    fn sixty_four_kernels_fill_the_pane_as_large_as_they_fit() {
        let grid = Grid::of(Rect::new(0, 0, 82, 40), SEVEN, 64, None);
        assert_eq!((grid.zoom, grid.columns, grid.rows), (1, 10, 9));
        let grid = Grid::of(Rect::new(0, 0, 160, 80), SEVEN, 64, None);
        assert_eq!((grid.zoom, grid.columns, grid.rows), (2, 10, 10));
        assert_eq!(Grid::of(Rect::new(0, 0, 160, 80), SEVEN, 64, Some(5)).zoom, 5);
    }

    #[test]
    fn scrolling_moves_no_further_than_it_must() {
        let grid = Grid::of(Rect::new(0, 0, 41, 12), SEVEN, 64, Some(1));
        assert_eq!((grid.columns, grid.rows, grid.all_rows()), (5, 2, 13));
        assert_eq!(grid.top_showing(0, 0), 0);
        assert_eq!(grid.top_showing(9, 0), 0);
        assert_eq!(grid.top_showing(10, 0), 1);
        assert_eq!(grid.top_showing(63, 0), 11);
        assert_eq!(grid.top_showing(0, 11), 0);
    }

    #[test]
    fn a_click_finds_the_kernel_it_shows() {
        let grid = Grid::of(Rect::new(0, 0, 41, 40), SEVEN, 64, Some(1));
        assert_eq!(grid.kernel_at(1, 0, 0), Some(0));
        assert_eq!(grid.kernel_at(8, 3, 0), Some(0));
        assert_eq!(grid.kernel_at(9, 0, 0), Some(1));
        assert_eq!(grid.kernel_at(1, 5, 2), Some(15));
        assert_eq!(grid.kernel_at(40, 39, 12), None);
    }
}
