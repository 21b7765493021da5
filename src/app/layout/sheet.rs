//! The contact sheet: many responses in one picture, each over a few words.

use ratatui::layout::Rect;

/// The smallest tile, in cells: below it there is room for a number, and a little more.
const SMALLEST: (u16, u16) = (4, 2);

/// The smallest tile, in pixels: half-blocks have so few in a cell that fewer cells would show nothing but blobs.
const SMALLEST_PIXELS: (u16, u16) = (12, 8);

/// Tiles of equal size in cells, a column apart, with a row for words below each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Columns and rows of cells of one tile, without its words.
    pub tile: (u16, u16),
    /// Tiles in a row; at least one.
    pub columns: usize,
    /// Rows of tiles on a page; at least one.
    pub rows: usize,
}

impl Sheet {
    /// The largest tiles at which all of `count` pictures of these proportions (width, height) fit into `room` (columns,
    /// rows) of cells of so many pixels; where they would be too small, the smallest, on several pages. `None` where
    /// there is nothing to show, or no room for one tile.
    pub fn of(room: (u16, u16), count: usize, cell: (u16, u16), proportions: (u32, u32)) -> Option<Self> {
        let least = smallest(cell);
        let most = (across(room.0, least.0), down(room.1, least.1));
        if count == 0 || most.0 == 0 || most.1 == 0 {
            return None;
        }
        let cell = (f64::from(cell.0.max(1)), f64::from(cell.1.max(1)));
        let picture = (f64::from(proportions.0.max(1)), f64::from(proportions.1.max(1)));
        let mut best: Option<(f64, Self)> = None;
        for columns in 1..=most.0.min(count) {
            let rows = count.div_ceil(columns);
            if rows > most.1 {
                continue;
            }
            let tile = ((room.0 + 1) / columns as u16 - 1, room.1 / rows as u16 - 1);
            let across = f64::from(tile.0) * cell.0 / picture.0;
            let scale = across.min(f64::from(tile.1) * cell.1 / picture.1);
            if best.is_some_and(|(other, _)| scale <= other) {
                continue;
            }
            // No larger than the picture in it: a gap should be a gap.
            let needed = |picture: f64, cell: f64, smallest: u16, tile: u16| {
                // The proportions are rounded: what that adds is no cell of its own.
                let cells = (picture * scale / cell - 0.1).ceil() as u16;
                cells.clamp(smallest, tile)
            };
            let tile =
                (needed(picture.0, cell.0, least.0, tile.0), needed(picture.1, cell.1, least.1, tile.1));
            best = Some((scale, Self { tile, columns, rows }));
        }
        let smallest = Self { tile: least, columns: most.0, rows: most.1 };
        Some(best.map_or(smallest, |(_, sheet)| sheet))
    }

    /// How many tiles a page has at most.
    pub fn on_a_page(&self) -> usize {
        (self.columns * self.rows).max(1)
    }

    /// The tile at a place of the page, without its words, in cells from the upper left corner of the picture.
    pub fn tile(&self, place: usize) -> Rect {
        let (column, row) = ((place % self.columns.max(1)) as u16, (place / self.columns.max(1)) as u16);
        let (width, height) = self.tile;
        Rect::new(column * (width + 1), row * (height + 1), width, height)
    }

    /// The pixel at which a picture of this size begins, on cells of so many pixels: in the middle of its tile, right
    /// above its words.
    pub fn origin(&self, place: usize, cell: (usize, usize), size: (usize, usize)) -> (usize, usize) {
        let tile = self.tile(place);
        let (left, right) = (usize::from(tile.x) * cell.0, usize::from(tile.right()) * cell.0);
        let bottom = usize::from(tile.bottom()) * cell.1;
        ((left + right).saturating_sub(size.0) / 2, bottom.saturating_sub(size.1))
    }

    /// The cells of the words below a tile.
    pub fn words(&self, place: usize) -> Rect {
        let tile = self.tile(place);
        Rect { y: tile.bottom(), height: 1, ..tile }
    }

    /// Columns and rows of the picture of so many tiles. The words below the last row are not in it.
    pub fn size(&self, count: usize) -> (u16, u16) {
        let last_column = count.min(self.columns).saturating_sub(1);
        (self.tile(last_column).right(), self.tile(count.saturating_sub(1)).bottom())
    }

    /// The first column of the picture of so many tiles in a room of so many columns: it stands in the middle.
    pub fn left(&self, room: u16, count: usize) -> u16 {
        room.saturating_sub(self.size(count).0) / 2
    }

    /// The place at this cell of the picture, the words and the gaps to the right and below included.
    pub fn at(&self, x: u16, y: u16) -> Option<usize> {
        let (column, row) = (usize::from(x / (self.tile.0 + 1)), usize::from(y / (self.tile.1 + 1)));
        (column < self.columns && row < self.rows).then_some(row * self.columns + column)
    }
}

/// The smallest tile on cells of so many pixels.
fn smallest(cell: (u16, u16)) -> (u16, u16) {
    let cells = |pixels: u16, cell: u16, least: u16| pixels.div_ceil(cell.max(1)).max(least);
    (cells(SMALLEST_PIXELS.0, cell.0, SMALLEST.0), cells(SMALLEST_PIXELS.1, cell.1, SMALLEST.1))
}

/// How many tiles of this width stand in a row.
fn across(room: u16, width: u16) -> usize {
    usize::from((room + 1) / (width + 1))
}

/// How many rows of tiles of this height stand one above the other, each with its words.
fn down(room: u16, height: u16) -> usize {
    usize::from(room / (height + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tiles_and_words_are_inside_and_apart(
            room in (0..300_u16, 0..100_u16),
            count in 0..400_usize,
            cell in prop_oneof![Just((1, 2)), Just((8, 16)), Just((9, 19)), Just((0, 0))],
            proportions in prop_oneof![Just((1, 1)), Just((640, 427)), Just((3, 4)), Just((4000, 1))],
        ) {
            let Some(sheet) = Sheet::of(room, count, cell, proportions) else {
                let (width, height) = smallest(cell);
                prop_assert!(count == 0 || room.0 < width || room.1 < height + 1);
                return Ok(());
            };
            let on_page = count.min(sheet.on_a_page());
            prop_assert!(sheet.tile.0 >= 4 && sheet.tile.1 >= 2);
            let mut taken = std::collections::HashSet::new();
            for place in 0..on_page {
                for rect in [sheet.tile(place), sheet.words(place)] {
                    prop_assert!(rect.right() <= room.0 && rect.bottom() <= room.1, "{rect:?} in {room:?}");
                    prop_assert!(rect.positions().all(|cell| taken.insert(cell)), "{rect:?} overlaps");
                    prop_assert_eq!(sheet.at(rect.x, rect.y), Some(place));
                }
            }
            let (width, height) = sheet.size(on_page);
            let tiles = || (0..on_page).map(|place| sheet.tile(place));
            prop_assert_eq!(tiles().map(Rect::right).max(), Some(width));
            prop_assert_eq!(tiles().map(Rect::bottom).max(), Some(height));
        }
    }

    #[test]
    fn all_kernels_fit_where_their_tiles_are_not_too_small() {
        // 64 square responses on cells of 8×16 pixels: of all numbers of columns the one with the largest tiles.
        let sheet = Sheet::of((90, 40), 64, (8, 16), (1, 1)).unwrap();
        assert_eq!(sheet, Sheet { tile: (8, 4), columns: 8, rows: 8 });
        assert_eq!(Sheet::of((90, 40), 64, (8, 16), (201, 200)), Some(sheet), "a pixel does not matter");
        // Wide ones need wider tiles.
        let sheet = Sheet::of((90, 40), 64, (8, 16), (2, 1)).unwrap();
        assert_eq!(sheet, Sheet { tile: (12, 3), columns: 7, rows: 10 });
        // Too many: the smallest, and pages.
        let sheet = Sheet::of((90, 40), 2048, (8, 16), (1, 1)).unwrap();
        assert_eq!(sheet, Sheet { tile: (4, 2), columns: 18, rows: 13 });
        // Half-blocks: two pixels a cell.
        let sheet = Sheet::of((90, 40), 64, (1, 2), (3, 2)).unwrap();
        assert_eq!(sheet, Sheet { tile: (12, 4), columns: 7, rows: 8 });
    }
}
