//! What we ask the terminal, and its answers.
//!
//! Everything is asked in one write, so that it costs one round trip; the device attributes, which every terminal
//! answers, come last: whatever has not been answered by then will not be.

use super::detect::{Environment, Multiplexer};

/// The questions, in the order of asking.
const KITTY_GRAPHICS: &str = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";
const NAME: &str = "\x1b[>q";
/// Secondary device attributes: some terminals have no other name.
const MODEL: &str = "\x1b[>c";
const CELL_SIZE: &str = "\x1b[16t";
const WINDOW_SIZE: &str = "\x1b[14t";
const BACKGROUND: &str = "\x1b]11;?\x1b\\";
/// Sets a background of 24 bits, asks for it back, and takes it away.
const TRUECOLOR: &str = "\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[49m";
/// Whether output can be held back until a frame is whole.
const SYNCHRONISED: &str = "\x1b[?2026$p";
const DEVICE_ATTRIBUTES: &str = "\x1b[c";

/// What to write to learn everything that can be learnt there.
///
/// * tmux prints DCS and APC as text, and answers the rest itself.
/// * GNU screen hands DCS and OSC 11 on to the terminal around it, whose answer comes after screen's own device
///   attributes, maybe to the next program; APC goes into its status line.
/// * Where `TERM` could mean either, only what both take is asked.
/// * The consoles of old print what they do not know.
pub(super) fn questions(environment: &Environment) -> String {
    let asked: &[&str] = match environment.multiplexer().0 {
        _ if is_console(&environment.term) => &[],
        Multiplexer::None => {
            &[KITTY_GRAPHICS, NAME, MODEL, CELL_SIZE, WINDOW_SIZE, BACKGROUND, TRUECOLOR, SYNCHRONISED]
        }
        Multiplexer::Tmux | Multiplexer::FarTmux => {
            &[NAME, MODEL, CELL_SIZE, WINDOW_SIZE, BACKGROUND, SYNCHRONISED]
        }
        Multiplexer::Either => &[NAME, MODEL, CELL_SIZE, WINDOW_SIZE],
        Multiplexer::Screen => &[MODEL],
    };
    asked.concat() + DEVICE_ATTRIBUTES
}

fn is_console(term: &str) -> bool {
    matches!(term, "linux" | "vt100" | "vt102" | "vt220" | "ansi" | "cons25")
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
    /// The background's colour.
    Background([u8; 3]),
    /// A colour of 24 bits was kept.
    Truecolor,
    /// Output can be held back until a frame is whole.
    Synchronised,
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
        if let Some(body) = text.strip_prefix("\x1b]").filter(|body| !body.is_empty()) {
            let body = body.strip_suffix("\x1b\\").or_else(|| body.strip_suffix('\x07')).unwrap_or(body);
            let color = body.strip_prefix("11;").and_then(color);
            return Some(color.map_or(Self::Other, Self::Background));
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
            ('y', b'?') if body.starts_with("?2026;") && (1..=3).contains(&mode(body)) => {
                Some(Self::Synchronised)
            }
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

/// The number behind the first semicolon of a mode's report: 0 is a mode that is not known, 4 one that cannot be set.
fn mode(report: &str) -> u8 {
    let number = report.split(';').nth(1).map(|rest| rest.trim_end_matches("$y"));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// A colour as X11 names it: `rgb:1e1e/1e1e/2e2e` with one to four digits a channel, `rgba:…`, or `#1e1e2e`.
fn color(name: &str) -> Option<[u8; 3]> {
    let level = |digits: &str| {
        if !(1..=4).contains(&digits.len()) {
            return None;
        }
        let largest = (1 << (4 * digits.len())) - 1;
        let value = u32::from_str_radix(digits, 16).ok()?;
        Some((value * 255 / largest) as u8)
    };
    let channels: Vec<&str> = match name.strip_prefix('#') {
        Some(digits) if digits.is_ascii() && digits.len() % 3 == 0 => {
            let each = digits.len() / 3;
            (0..3).map(|channel| &digits[channel * each..(channel + 1) * each]).collect()
        }
        Some(_) => return None,
        None => {
            name.strip_prefix("rgb:").or_else(|| name.strip_prefix("rgba:"))?.split('/').take(3).collect()
        }
    };
    let [red, green, blue] = channels[..] else { return None };
    Some([level(red)?, level(green)?, level(blue)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let rows = [
            ("\x1b]11;rgb:1010/1010/1414\x1b\\", Answer::Background([16, 16, 20])),
            ("\x1b]11;rgb:fdfd/f6f6/e3e3\x07", Answer::Background([0xfd, 0xf6, 0xe3])),
            ("\x1b]11;rgb:1e/1e/2e\x07", Answer::Background([0x1e, 0x1e, 0x2e])),
            ("\x1b]11;rgba:ffff/ffff/ffff/8080\x1b\\", Answer::Background([255; 3])),
            ("\x1b]11;#ffffff\x07", Answer::Background([255; 3])),
            ("\x1b]11;rgb:zz/zz/zz\x07", Answer::Other),
            ("\x1b]11;rgb:00000/0/0\x07", Answer::Other),
            ("\x1b]11;rgb:/\x07", Answer::Other),
            ("\x1b]11;rgb:101010101/0/0\x07", Answer::Other),
            ("\x1b]11;#000000000000000000000000000\x07", Answer::Other),
            ("\x1b]11;#é\x07", Answer::Other),
            ("\x1b]10;rgb:ffff/ffff/ffff\x07", Answer::Other),
            ("\x1b[?2026;2$y", Answer::Synchronised),
            ("\x1b[?2026;0$y", Answer::Other),
            ("\x1b[?2026;4$y", Answer::Other),
            ("\x1b[?80;2$y", Answer::Other),
            ("\x1b[>1;10;0c", Answer::Model(1, 10)),
            ("\x1b[?63;1;2;4;6c", Answer::Attributes { sixel: true }),
            ("\x1b[?62;c", Answer::Attributes { sixel: false }),
            ("\x1b[6;17;8t", Answer::Cell(8, 17)),
            ("\x1bP>|foot(1.13.1)\x1b\\", Answer::Name("foot(1.13.1)".to_owned())),
            ("\x1bP1$r0;48:2::1:2:3m\x1b\\", Answer::Truecolor),
        ];
        for (bytes, answer) in rows {
            assert_eq!(Answer::parse(bytes.as_bytes()), Some(answer), "{bytes:?}");
        }
        assert_eq!(Answer::parse(b"\x1b[A"), None, "a key");
    }

    #[test]
    fn nothing_is_asked_that_would_be_printed_or_come_back_too_late() {
        let asked = |term: &str, variable: &str| {
            let value = |name: &str| match name {
                "TERM" => term.to_owned(),
                _ => {
                    if name == variable {
                        "1".to_owned()
                    } else {
                        String::new()
                    }
                }
            };
            questions(&Environment::of(value))
        };
        let rows = [
            // TERM, what else is set, strings (DCS, OSC, APC), whether the background is asked
            ("xterm-256color", "", true, true),
            ("xterm-256color", "TMUX", false, true),
            ("tmux-256color", "", false, true),
            ("screen-256color", "TMUX", false, true),
            ("screen-256color", "", false, false),
            ("screen-256color", "STY", false, false),
            ("xterm-256color", "STY", false, false),
            ("screen.xterm-256color", "", false, false),
            ("linux", "", false, false),
        ];
        for (term, variable, strings, background) in rows {
            let asked = asked(term, variable);
            assert_eq!(asked.contains("\x1bP") || asked.contains("\x1b_"), strings, "{term} {variable}");
            assert_eq!(asked.contains("\x1b]11;?"), background, "{term} {variable}");
            assert!(asked.ends_with(DEVICE_ATTRIBUTES), "{term} {variable}: the fence comes last");
        }
    }
}
