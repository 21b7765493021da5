//! Many equal tiles laid out as one picture.

use super::Raster;

/// How the tiles follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Row after row.
    #[default]
    Rows,
    /// Column after column.
    Columns,
}

/// Where equal tiles stand, with a gap between them and none around, as in the article's picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Montage {
    /// How many tiles.
    pub count: usize,
    /// Tiles in a row; at least 1.
    pub columns: usize,
    /// How they follow each other.
    pub order: Order,
    /// Pixels between them.
    pub gap: usize,
    /// Columns and rows of a tile.
    pub tile: [usize; 2],
}

impl Montage {
    /// The number of columns that comes nearest to a square of tiles.
    pub fn square(count: usize) -> usize {
        (1..=count).find(|side| side * side >= count).unwrap_or(1)
    }

    /// Rows of tiles.
    pub fn rows(&self) -> usize {
        self.count.div_ceil(self.columns.max(1))
    }

    /// Pixels: width and height.
    pub fn size(&self) -> [usize; 2] {
        let along =
            |tiles: usize, tile: usize| tiles.saturating_mul(tile + self.gap).saturating_sub(self.gap);
        [along(self.columns, self.tile[0]), along(self.rows(), self.tile[1])]
    }

    /// The column and the row of tiles that tile `index` stands in.
    pub fn place(&self, index: usize) -> [usize; 2] {
        match self.order {
            Order::Rows => [index % self.columns.max(1), index / self.columns.max(1)],
            Order::Columns => [index / self.rows().max(1), index % self.rows().max(1)],
        }
    }

    /// Lays out the tiles on `background`; missing ones leave it bare.
    pub fn compose(&self, tiles: impl Iterator<Item = Raster>, background: [u8; 3]) -> Raster {
        let [width, height] = self.size();
        let mut canvas = Raster::filled(width, height, background);
        for (index, tile) in tiles.take(self.count).enumerate() {
            let [column, row] = self.place(index);
            canvas.paste(&tile, column * (self.tile[0] + self.gap), row * (self.tile[1] + self.gap));
        }
        canvas
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_follow_each_other_as_asked() {
        let montage = |order| Montage { count: 5, columns: 3, order, gap: 1, tile: [2, 4] };
        let places = |order| (0..5).map(|n| montage(order).place(n)).collect::<Vec<_>>();
        assert_eq!(places(Order::Rows), [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1]]);
        assert_eq!(places(Order::Columns), [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]]);
        assert_eq!(montage(Order::Rows).size(), [8, 9]);
        assert_eq!([1, 4, 5, 64, 65].map(Montage::square), [1, 2, 3, 8, 9]);
        assert_eq!(Montage { count: 0, columns: Montage::square(0), ..montage(Order::Rows) }.size(), [2, 0]);
    }
}
