//! Cells as bytes: the cursor is moved no further, and a colour said no more often, than it must.
//!
//! ratatui's own backend repeats what did not change: over a slow line every byte is time.

use std::io::Write as _;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// The terminal while a frame is written to it: where its cursor stands and how it would print.
#[derive(Debug, Default)]
pub(super) struct Pen {
    bytes: Vec<u8>,
    /// Column and row of the cursor; `None`: not known.
    at: Option<(u16, u16)>,
    /// The look of the next character; `None`: not known.
    look: Option<Look>,
    /// So many blanks up to the cursor are not written yet: where it goes on elsewhere, they are erased in a word.
    blanks: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

const PLAIN: Look = Look { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

/// So many blanks cost no more than `CSI n X`, which leaves the cursor where they begin.
const SHORT_BLANK: u16 = 5;

/// Where a foreground shows even without ink.
const SHOWN_ON_SPACES: Modifier = Modifier::REVERSED.union(Modifier::UNDERLINED).union(Modifier::CROSSED_OUT);

/// The codes that switch a modifier on.
const MODIFIERS: &[(Modifier, u8)] = &[
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::REVERSED, 7),
    (Modifier::CROSSED_OUT, 9),
];

impl Pen {
    /// The cursor's place, in columns and rows from the upper left corner, where it is known.
    pub(super) fn at(&self) -> Option<(u16, u16)> {
        self.at
    }

    /// Moves the cursor.
    pub(super) fn go(&mut self, x: u16, y: u16) {
        if self.at == Some((x, y)) {
            return;
        }
        if self.blanks > SHORT_BLANK {
            let count = std::mem::take(&mut self.blanks);
            let _ = write!(self.bytes, "\x1b[{count}X");
            self.at = self.at.map(|(x, y)| (x - count, y));
        }
        self.write_blanks();
        match self.at {
            Some((column, row)) if row == y && column < x => {
                let _ = match x - column {
                    1 => write!(self.bytes, "\x1b[C"),
                    gap => write!(self.bytes, "\x1b[{gap}C"),
                };
            }
            _ if x == 0 => {
                let _ = write!(self.bytes, "\x1b[{}H", y + 1);
            }
            _ => {
                let _ = write!(self.bytes, "\x1b[{};{}H", y + 1, x + 1);
            }
        }
        self.at = Some((x, y));
    }

    /// Prints a cell of so many columns where the cursor stands.
    pub(super) fn print(&mut self, cell: &Cell, columns: u16) {
        let (look, symbol) = self.cheapest(cell);
        let plain = |look: Look| look.bg == Color::Reset && look.modifier.is_empty();
        if let (" ", 1, Some((x, y))) = (symbol, columns, self.at)
            && plain(look)
            && self.look.is_some_and(plain)
        {
            self.blanks += 1;
            self.at = Some((x + 1, y));
            return;
        }
        self.write_blanks();
        self.wear(look, symbol == " ");
        self.bytes.extend_from_slice(symbol.as_bytes());
        // How wide a terminal draws what is more than one plain character is its own affair.
        let plain = columns == 1 && symbol.chars().nth(1).is_none();
        self.at = self.at.filter(|_| plain).map(|(x, y)| (x + 1, y));
    }

    /// Whether `cell` could be printed without a word about its look.
    pub(super) fn wears(&self, cell: &Cell) -> bool {
        self.look == Some(Look { fg: cell.fg, bg: cell.bg, modifier: cell.modifier })
    }

    /// Writes what is no cell; where the cursor stands and how it prints is unknown from then on.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.write_blanks();
        self.bytes.extend_from_slice(bytes);
        (self.at, self.look) = (None, None);
    }

    /// Everything that was written.
    #[must_use]
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.write_blanks();
        self.bytes
    }

    fn write_blanks(&mut self) {
        let count = std::mem::take(&mut self.blanks);
        self.bytes.extend(std::iter::repeat_n(b' ', count.into()));
    }

    /// The look and the symbol that show the cell and cost least: two pixels of one colour are a blank, and two pixels
    /// the other way round are the other half-block.
    fn cheapest<'a>(&self, cell: &'a Cell) -> (Look, &'a str) {
        let look = Look { fg: cell.fg, bg: cell.bg, modifier: cell.modifier };
        let turned = match cell.symbol() {
            "▀" => "▄",
            "▄" => "▀",
            symbol => return (look, symbol),
        };
        if look.fg == look.bg {
            return (look, " ");
        }
        let Some(worn) = self.look else { return (look, cell.symbol()) };
        let agrees = |look: Look| u8::from(look.fg == worn.fg) + u8::from(look.bg == worn.bg);
        let other = Look { fg: look.bg, bg: look.fg, ..look };
        // The terminal's own background is no colour that ink can have.
        if look.bg != Color::Reset && look.modifier.is_empty() && agrees(other) > agrees(look) {
            (other, turned)
        } else {
            (look, cell.symbol())
        }
    }

    /// Puts a look on; for a blank the colour of the ink may stay what it is.
    fn wear(&mut self, look: Look, blank: bool) {
        let mut codes: Vec<u8> = Vec::with_capacity(48);
        let mut worn = match self.look {
            Some(worn) if (worn.modifier - look.modifier).is_empty() => worn,
            _ => {
                codes.extend_from_slice(b"0;");
                PLAIN
            }
        };
        for (modifier, code) in MODIFIERS {
            if (look.modifier - worn.modifier).contains(*modifier) {
                let _ = write!(codes, "{code};");
            }
        }
        worn.modifier = look.modifier;
        if worn.fg != look.fg && (!blank || look.modifier.intersects(SHOWN_ON_SPACES)) {
            color(&mut codes, look.fg, 30);
            worn.fg = look.fg;
        }
        if worn.bg != look.bg {
            color(&mut codes, look.bg, 40);
            worn.bg = look.bg;
        }
        if let Some(b';') = codes.pop() {
            self.bytes.extend_from_slice(b"\x1b[");
            // A lone 0 may be left out.
            self.bytes.extend_from_slice(if codes == b"0" { b"" } else { &codes });
            self.bytes.push(b'm');
        }
        self.look = Some(worn);
    }
}

/// The shorter name of a colour that is exactly one of the 256. Some themes put colours of their own where the cube begins.
fn named(rgb: [u8; 3]) -> Option<u8> {
    let index = ansi_colours::ansi256_from_rgb(rgb);
    let (red, green, blue) = ansi_colours::rgb_from_ansi256(index);
    (index > 21 && [red, green, blue] == rgb).then_some(index)
}

/// The code of a colour, ended by a semicolon; `base` is 30 for the ink and 40 for the background.
fn color(codes: &mut Vec<u8>, color: Color, base: u8) {
    let (normal, bright) = (base, base + 60);
    let _ = match color {
        Color::Reset => write!(codes, "{};", base + 9),
        Color::Rgb(red, green, blue) => match named([red, green, blue]) {
            Some(index) => write!(codes, "{};5;{index};", base + 8),
            None => write!(codes, "{};2;{red};{green};{blue};", base + 8),
        },
        Color::Indexed(index) => write!(codes, "{};5;{index};", base + 8),
        Color::Black => write!(codes, "{normal};"),
        Color::Red => write!(codes, "{};", normal + 1),
        Color::Green => write!(codes, "{};", normal + 2),
        Color::Yellow => write!(codes, "{};", normal + 3),
        Color::Blue => write!(codes, "{};", normal + 4),
        Color::Magenta => write!(codes, "{};", normal + 5),
        Color::Cyan => write!(codes, "{};", normal + 6),
        Color::Gray => write!(codes, "{};", normal + 7),
        Color::DarkGray => write!(codes, "{bright};"),
        Color::LightRed => write!(codes, "{};", bright + 1),
        Color::LightGreen => write!(codes, "{};", bright + 2),
        Color::LightYellow => write!(codes, "{};", bright + 3),
        Color::LightBlue => write!(codes, "{};", bright + 4),
        Color::LightMagenta => write!(codes, "{};", bright + 5),
        Color::LightCyan => write!(codes, "{};", bright + 6),
        Color::White => write!(codes, "{};", bright + 7),
    };
}
