//! What the terminal shows, and the bytes that turn it into the next frame: only what changed.

use ratatui::buffer::{Buffer, Cell, CellDiffOption, CellWidth};
use ratatui::layout::Rect;

use super::cells::Pen;

/// Begin and end of a frame that the terminal shows as one (mode 2026).
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// A picture over some cells of a frame, which are marked to be [skipped](CellDiffOption::Skip).
#[derive(Clone, Copy, Debug)]
pub(super) struct Overlay<'a> {
    /// Another number, another picture.
    pub(super) serial: u64,
    /// Columns and rows that it covers.
    pub(super) size: (u16, u16),
    /// What draws it with its upper left corner at the cursor.
    pub(super) sequence: &'a str,
}

/// What the terminal shows.
#[derive(Debug, Default)]
pub(super) struct Screen {
    cells: Buffer,
    /// The cells of the frame before: to clear them is cheaper than to make new ones.
    spare: Buffer,
    /// The picture over the cells, and where.
    overlay: Option<(u64, Rect)>,
}

impl Screen {
    /// A terminal that was just cleared.
    pub(super) fn blank(area: Rect) -> Self {
        Self { cells: Buffer::empty(area), ..Self::default() }
    }

    /// Empty cells to draw a frame into.
    pub(super) fn canvas(&mut self, area: Rect) -> Buffer {
        let mut cells = std::mem::take(&mut self.spare);
        if cells.area != area {
            return Buffer::empty(area);
        }
        cells.reset();
        cells
    }

    /// The cells of the frame that is shown, where it has this area.
    pub(super) fn copy(&mut self, area: Rect) -> Option<Buffer> {
        if self.cells.area != area {
            return None;
        }
        let mut cells = std::mem::take(&mut self.spare);
        if cells.area != area {
            return Some(self.cells.clone());
        }
        cells.content.clone_from_slice(&self.cells.content);
        Some(cells)
    }

    /// Nothing that is on the terminal is known any more: the next frame is written whole, over what is there.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The picture over the cells is lost, or not to be trusted: the next frame draws it again.
    pub(super) fn forget_overlay(&mut self) {
        self.overlay = None;
    }

    /// The bytes that turn what is shown into `next`; none where nothing changed. `before` is written first (images
    /// that the cells speak of), `after` last (images that they do not speak of any more).
    pub(super) fn turn_into(
        &mut self,
        next: Buffer,
        overlay: Option<Overlay<'_>>,
        before: &[u8],
        after: &[u8],
    ) -> Vec<u8> {
        if self.cells.area != next.area {
            *self = Self { cells: Buffer::filled(next.area, unknown()), ..Self::default() };
        }
        let mut pen = Pen::default();
        let placed = overlay.and_then(|overlay| Some((overlay, place(&next, overlay.size)?)));
        let shown = placed.map(|(overlay, place)| (overlay.serial, place));
        if let Some((overlay, place)) = placed
            && (shown != self.overlay || self.hides(&next))
        {
            // First what it covers no longer, then the picture, then the words that stand on it.
            self.write(&mut pen, &next, next.area, |x, y| !place.contains((x, y).into()));
            pen.go(place.x, place.y);
            pen.raw(overlay.sequence.as_bytes());
            for position in place.positions() {
                self.cells[position] = unknown();
            }
            let rows = Rect { x: 0, width: next.area.width, ..place };
            self.write(&mut pen, &next, rows, |_, _| true);
        } else {
            self.write(&mut pen, &next, next.area, |_, _| true);
        }
        self.overlay = shown;
        self.spare = std::mem::replace(&mut self.cells, next);
        let cells = pen.into_bytes();
        if before.is_empty() && cells.is_empty() && after.is_empty() {
            return cells;
        }
        [BEGIN, before, &cells, after, END].concat()
    }

    /// Whether something stands where the next frame has its picture.
    fn hides(&self, next: &Buffer) -> bool {
        let mut cells = self.cells.content.iter().zip(&next.content);
        cells.any(|(old, new)| {
            new.diff_option == CellDiffOption::Skip && old.diff_option != CellDiffOption::Skip
        })
    }

    /// Writes the cells of `rows` that changed, of those that are `wanted`, and takes them over.
    fn write(&mut self, pen: &mut Pen, next: &Buffer, rows: Rect, wanted: impl Fn(u16, u16) -> bool) {
        let width = usize::from(next.area.width).max(1);
        let (top, count) = (usize::from(rows.y), usize::from(rows.height));
        for (y, row) in next.content.chunks(width).enumerate().skip(top).take(count) {
            let mut x = 0;
            while x < row.len() {
                let (cell, at) = (&row[x], y * width + x);
                // How wide a character is takes longer to ask than whether it, and what might lie under it, is the same.
                let shown = &self.cells.content[at..(y + 1) * width];
                let alike = shown.iter().zip(&row[x..]).take_while(|(old, new)| same(old, new)).count();
                if alike >= 2 {
                    x += alike - 1;
                    continue;
                }
                let columns = usize::from(cell.cell_width().max(1)).min(row.len() - x);
                let end = at + columns;
                let (column, line) = (x as u16, y as u16);
                x += columns;
                // A character of two columns owns what lies under its second one.
                let same = (at..end).all(|at| same(&self.cells.content[at], &next.content[at]));
                if same || cell.diff_option == CellDiffOption::Skip || !wanted(column, line) {
                    continue;
                }
                self.bridge(pen, next, column, line);
                pen.go(column, line);
                pen.print(cell, columns as u16);
                // What was left of a wider character is a blank of unknown colour.
                let row_end = y * width + row.len();
                let reach = |at: usize| at + usize::from(self.cells.content[at].cell_width());
                let old_end = (at..end).map(reach).max().unwrap_or(end).min(row_end);
                for half in end..old_end {
                    self.cells.content[half] = unknown();
                }
                self.cells.content[at..end].clone_from_slice(&next.content[at..end]);
            }
        }
    }

    /// A short gap to the next cell is cheaper printed again than jumped over, where it looks the same.
    fn bridge(&self, pen: &mut Pen, next: &Buffer, x: u16, y: u16) {
        let Some((from, row)) = pen.at() else { return };
        if row != y || from >= x || x - from > LONGEST_BRIDGE {
            return;
        }
        let gap = || (from..x).map(|x| &next[(x, y)]);
        let plain = |cell: &Cell| {
            cell.diff_option == CellDiffOption::None && cell.symbol().len() == 1 && pen.wears(cell)
        };
        let known = (from..x).all(|x| same(&self.cells[(x, y)], &next[(x, y)]));
        if known && gap().all(plain) {
            gap().for_each(|cell| pen.print(cell, 1));
        }
    }
}

/// `CSI n C` costs as much.
const LONGEST_BRIDGE: u16 = 4;

/// A cell that no frame has: the symbol is no character.
fn unknown() -> Cell {
    Cell::new("\u{fdd0}")
}

/// Equal, and covered by a picture or not, alike.
fn same(old: &Cell, new: &Cell) -> bool {
    // What is cheap to ask comes first: most cells that changed have another colour.
    old.fg == new.fg
        && old.bg == new.bg
        && old.modifier == new.modifier
        && old.diff_option == new.diff_option
        && old.symbol() == new.symbol()
}

/// Where the picture stands: at the first cell that is left to it.
fn place(next: &Buffer, (width, height): (u16, u16)) -> Option<Rect> {
    let first = next.content.iter().position(|cell| cell.diff_option == CellDiffOption::Skip)?;
    let (x, y) = next.pos_of(first);
    Some(Rect::new(x, y, width, height).intersection(next.area))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::style::{Color, Modifier, Style};

    use super::*;

    const SIZE: (u16, u16) = (12, 5);

    fn colors() -> impl Strategy<Value = Color> {
        prop_oneof![
            Just(Color::Reset),
            Just(Color::LightRed),
            Just(Color::Indexed(99)),
            Just(Color::Rgb(1, 2, 3)),
            Just(Color::Rgb(250, 176, 0)),
        ]
    }

    fn modifiers() -> impl Strategy<Value = Modifier> {
        prop_oneof![
            4 => Just(Modifier::empty()),
            1 => Just(Modifier::BOLD),
            1 => Just(Modifier::REVERSED),
            1 => Just(Modifier::UNDERLINED | Modifier::BOLD),
        ]
    }

    fn frames() -> impl Strategy<Value = Buffer> {
        let symbol = prop_oneof![4 => Just(" "), 4 => Just("▀"), 2 => Just("▄"), 2 => Just("a"), 1 => Just("é"), 1 => Just("畳")];
        let cell = (symbol, colors(), colors(), modifiers());
        proptest::collection::vec(cell, usize::from(SIZE.0 * SIZE.1)).prop_map(|cells| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
            for (at, (symbol, fg, bg, modifier)) in cells.into_iter().enumerate() {
                let (x, y) = buffer.pos_of(at);
                // `set_string` keeps the second column of a wide character empty, as ratatui's widgets do.
                buffer.set_string(x, y, symbol, Style::new().fg(fg).bg(bg).add_modifier(modifier));
            }
            buffer
        })
    }

    /// What a terminal shows in a cell: two equal pixels, ink without extent and the like are the same to the eye.
    fn seen(screen: &vt100::Screen, x: u16, y: u16) -> String {
        let cell = screen.cell(y, x).unwrap();
        let (mut ink, mut paper) = (format!("{:?}", cell.fgcolor()), format!("{:?}", cell.bgcolor()));
        let marks = (cell.bold(), cell.inverse(), cell.underline());
        let symbol = match cell.contents() {
            "▄" => {
                std::mem::swap(&mut ink, &mut paper);
                "▀"
            }
            "" => " ",
            symbol => symbol,
        };
        let blank = symbol == " " || (symbol == "▀" && ink == paper);
        match (blank, cell.inverse() || cell.underline()) {
            (true, false) => format!("blank on {paper}"),
            _ => format!("{symbol:?} {ink} on {paper} {marks:?}"),
        }
    }

    fn shown(bytes: &[&[u8]]) -> Vec<String> {
        let mut parser = vt100::Parser::new(SIZE.1.try_into().unwrap(), SIZE.0.try_into().unwrap(), 0);
        // The program switches the wrapping off.
        parser.process(b"\x1b[?7l");
        for bytes in bytes {
            parser.process(bytes);
        }
        let screen = parser.screen();
        (0..SIZE.1).flat_map(|y| (0..SIZE.0).map(move |x| (x, y))).map(|(x, y)| seen(screen, x, y)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn a_change_shows_what_the_whole_frame_shows(first in frames(), second in frames(), third in frames()) {
            let mut screen = Screen::default();
            let whole = screen.turn_into(first, None, b"", b"");
            let change = screen.turn_into(second, None, b"", b"");
            let last = screen.turn_into(third.clone(), None, b"", b"");
            let fresh = Screen::default().turn_into(third.clone(), None, b"", b"");
            prop_assert_eq!(shown(&[&whole, &change, &last]), shown(&[&fresh]));
            prop_assert!(screen.turn_into(third, None, b"", b"").is_empty(), "nothing changed, nothing is written");
        }
    }

    fn frame(words: &str, covered: Rect) -> Buffer {
        let mut buffer = Buffer::with_lines(vec![words; 4]);
        for position in covered.positions() {
            let cell = &mut buffer[position];
            cell.reset();
            cell.set_diff_option(CellDiffOption::Skip);
        }
        buffer
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_picture_is_sent_once_and_again_only_when_it_must() {
        let place = Rect::new(2, 1, 3, 2);
        let picture = |serial| Some(Overlay { serial, size: (3, 2), sequence: "<picture>" });
        let mut screen = Screen::default();
        let first = text(screen.turn_into(frame("abcdefgh", place), picture(1), b"", b""));
        assert!(first.contains("\x1b[2;3H<picture>"), "{first:?}");
        assert_eq!(text(screen.turn_into(frame("abcdefgh", place), picture(1), b"", b"")), "");
        let moved = text(screen.turn_into(frame("abcdefgX", place), picture(1), b"", b""));
        assert!(moved.contains('X') && !moved.contains("<picture>"), "{moved:?}");
        let other = text(screen.turn_into(frame("abcdefgX", place), picture(2), b"", b""));
        assert!(other.contains("<picture>") && !other.contains('a'), "{other:?}");
        // A help over it: hidden, then back.
        let hidden = text(screen.turn_into(frame("helphelp", Rect::ZERO), None, b"", b""));
        assert!(!hidden.contains("<picture>"), "{hidden:?}");
        let back = text(screen.turn_into(frame("abcdefgX", place), picture(2), b"", b""));
        assert!(back.contains("<picture>"), "{back:?}");
        screen.forget_overlay();
        let again = text(screen.turn_into(frame("abcdefgX", place), picture(2), b"", b""));
        assert!(again.contains("<picture>") && !again.contains('a'), "{again:?}");
    }

    #[test]
    fn words_that_stand_on_a_picture_are_written_after_it() {
        let place = Rect::new(2, 1, 3, 2);
        let with_word = |word: &str| {
            let mut buffer = frame("abcdefgh", place);
            buffer[(3, 2)].reset();
            buffer[(3, 2)].set_symbol(word);
            buffer
        };
        let picture = |serial| Some(Overlay { serial, size: (3, 2), sequence: "<picture>" });
        let mut screen = Screen::default();
        screen.turn_into(with_word("V"), picture(1), b"", b"");
        let word = text(screen.turn_into(with_word("W"), picture(1), b"", b""));
        assert!(word.contains('W') && !word.contains("<picture>"), "{word:?}");
        let both = text(screen.turn_into(with_word("W"), picture(2), b"", b""));
        assert!(both.find("<picture>") < both.find('W'), "the picture would hide the word: {both:?}");
    }

    #[test]
    fn images_come_before_the_cells_that_speak_of_them_and_go_after() {
        let bytes = Screen::default().turn_into(frame("abc", Rect::ZERO), None, b"<sent>", b"<deleted>");
        let bytes = text(bytes);
        assert!(
            bytes.find("<sent>") < bytes.find("abc") && bytes.find("abc") < bytes.find("<deleted>"),
            "{bytes:?}"
        );
        assert!(bytes.starts_with("\x1b[?2026h") && bytes.ends_with("\x1b[?2026l"), "{bytes:?}");
    }
}
