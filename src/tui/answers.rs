//! What we ask the terminal, and its answers.
//!
//! Everything is asked in one write, so that it costs one round trip; the device attributes, which every terminal
//! answers, come last: whatever has not been answered by then will not be.

/// The questions, in the order of asking.
const KITTY_GRAPHICS: &str = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";
const NAME: &str = "\x1b[>q";
/// Secondary device attributes: some terminals have no other name.
const MODEL: &str = "\x1b[>c";
const CELL_SIZE: &str = "\x1b[16t";
const WINDOW_SIZE: &str = "\x1b[14t";
/// Sets a background of 24 bits, asks for it back, and takes it away.
const TRUECOLOR: &str = "\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[49m";
const DEVICE_ATTRIBUTES: &str = "\x1b[c";

/// What to write to learn everything. Inside tmux some questions are printed as text, and are left out.
pub(super) fn questions(tmux: bool) -> String {
    if tmux {
        [NAME, MODEL, CELL_SIZE, WINDOW_SIZE, DEVICE_ATTRIBUTES].concat()
    } else {
        [KITTY_GRAPHICS, NAME, MODEL, CELL_SIZE, WINDOW_SIZE, TRUECOLOR, DEVICE_ATTRIBUTES].concat()
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The kitty graphics protocol is understood.
    KittyGraphics,
    /// The terminal's name and version: `kitty(0.41.1)`.
    Name(String),
    /// The numbers of its model and version.
    Model(u16, u16),
    /// A cell's width and height in pixels.
    Cell(u16, u16),
    /// The text area's width and height in pixels.
    Window(u16, u16),
    /// A colour of 24 bits was kept.
    Truecolor,
    /// The device attributes: the last answer. Whether sixel is among them.
    Attributes {
        /// Attribute 4.
        sixel: bool,
    },
    /// Device status: everything before the question has been read.
    Status,
    /// A well-formed answer that says nothing to us.
    Other,
}

impl Answer {
    /// The answer that these bytes are; `None` where they may be a key.
    pub(super) fn parse(piece: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(piece).ok()?;
        if let Some(body) = text.strip_prefix("\x1b_G") {
            return Some(if body.starts_with("i=31;OK") { Self::KittyGraphics } else { Self::Other });
        }
        if let Some(body) = text.strip_prefix("\x1bP") {
            return Some(Self::of_string(body.strip_suffix("\x1b\\").unwrap_or(body)));
        }
        if text.len() > 2 && text.starts_with("\x1b]") {
            return Some(Self::Other);
        }
        let body = text.strip_prefix("\x1b[")?;
        let last = body.chars().last()?;
        let numbers: Vec<u16> = body[..body.len() - last.len_utf8()]
            .trim_start_matches(['?', '>', '='])
            .split(';')
            .filter_map(|number| number.parse().ok())
            .collect();
        match (last, body.as_bytes()[0]) {
            ('n', b'0') => Some(Self::Status),
            ('c', b'?') => {
                Some(Self::Attributes { sixel: numbers.iter().skip(1).any(|number| *number == 4) })
            }
            ('c', b'>') => Some(match numbers.as_slice() {
                [model, version, ..] => Self::Model(*model, *version),
                _ => Self::Other,
            }),
            ('c' | 'n' | 'S' | 'y' | 'R' | 'u', b'?' | b'>' | b'=') => Some(Self::Other),
            ('t', _) => Some(match numbers.as_slice() {
                [6, height, width] => Self::Cell(*width, *height),
                [4, height, width] => Self::Window(*width, *height),
                _ => Self::Other,
            }),
            _ => None,
        }
    }

    fn of_string(body: &str) -> Self {
        if let Some(name) = body.strip_prefix(">|") {
            return Self::Name(name.to_owned());
        }
        if body.starts_with("1$r") && (body.contains("48:2:") || body.contains("48;2;")) {
            return Self::Truecolor;
        }
        Self::Other
    }
}
