//! Pictures as characters, with as many colours as the terminal has, and whether words are coloured.

use std::io::{self, IsTerminal, Write};

use super::ColorChoice;
use super::show::Band;
use crate::raster::{brightness, nearest_of_16, nearest_of_256};

/// Characters from dark to bright, for terminals without colours.
const RAMP: &[u8; 10] = b" .:-=+*#%@";

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// 24 bits.
    True,
    /// The cube and the greys.
    Indexed,
    /// The first 16.
    Ansi,
    /// None: brightness by characters.
    None,
}

impl Depth {
    /// What is asked for, or what the terminal says of itself.
    pub(super) fn of(choice: ColorChoice) -> Self {
        match choice {
            ColorChoice::Truecolor => Self::True,
            ColorChoice::Indexed => Self::Indexed,
            ColorChoice::Ansi => Self::Ansi,
            ColorChoice::Never => Self::None,
            ColorChoice::Auto => Self::guess(|name| std::env::var(name).ok(), io::stdout().is_terminal()),
        }
    }

    /// `NO_COLOR` always counts (no-color.org). A pipe or a file gets every colour: a picture without is none, and
    /// `TERM` says nothing about where it will be looked at.
    fn guess(variable: impl Fn(&str) -> Option<String>, terminal: bool) -> Self {
        if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            return Self::None;
        }
        if !terminal || variable("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit") {
            return Self::True;
        }
        match variable("TERM").unwrap_or_default() {
            term if term.is_empty() || term == "dumb" => Self::None,
            term if term.contains("direct") || term.contains("kitty") || term.contains("ghostty") => {
                Self::True
            }
            term if term.contains("256") => Self::Indexed,
            _ => Self::Ansi,
        }
    }

    /// Prints pictures side by side, and the gap below.
    pub(super) fn print(self, band: &Band, out: &mut dyn Write) -> io::Result<()> {
        if self == Self::None {
            return characters(band, out);
        }
        // With the gap below, an odd last row shares its line with it.
        for y in (0..band.height + band.gap).step_by(2) {
            self.line(band, y, out)?;
        }
        Ok(())
    }

    /// Two rows of pixels as one line of `▀`: its colour is the upper pixel's, the background the lower one's.
    fn line(self, band: &Band, y: usize, out: &mut dyn Write) -> io::Result<()> {
        let mut shown = (None, None);
        for x in 0..band.width() {
            let (above, below) = (band.get(x, y), band.get(x, y + 1));
            // What is bare below keeps the terminal's own background, and what is bare above its foreground unseen.
            let (glyph, wanted) = match (above, below) {
                (None, None) => (" ", (None, None)),
                (None, below) => ("▄", (below, None)),
                (above, below) => ("▀", (above, below)),
            };
            if wanted != shown {
                write!(out, "\x1b[0")?;
                self.parameter(38, wanted.0, out)?;
                self.parameter(48, wanted.1, out)?;
                write!(out, "m")?;
                shown = wanted;
            }
            write!(out, "{glyph}")?;
        }
        let end = if shown == (None, None) { "" } else { "\x1b[0m" };
        writeln!(out, "{end}")
    }

    /// The parameter of an SGR sequence for the foreground (38) or the background (48).
    fn parameter(self, ground: u8, color: Option<[u8; 3]>, out: &mut dyn Write) -> io::Result<()> {
        let Some(color) = color else { return Ok(()) };
        let [red, green, blue] = color;
        match self {
            Self::True => write!(out, ";{ground};2;{red};{green};{blue}"),
            Self::Indexed => write!(out, ";{ground};5;{}", nearest_of_256(color)),
            Self::Ansi => {
                let nearest = nearest_of_16(color);
                let first = if nearest < 8 { ground - 8 } else { ground + 44 };
                write!(out, ";{}", first + nearest)
            }
            Self::None => Ok(()),
        }
    }
}

/// Whether words are printed in the terminal's own colours. Unlike a picture, a word is none the worse without: into a pipe
/// or a file colours go only where they are asked for.
pub(super) fn words_are_colored(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Auto => io::stdout().is_terminal() && Depth::of(choice) != Depth::None,
        choice => choice != ColorChoice::Never,
    }
}

/// A pixel as two characters of a line.
fn characters(band: &Band, out: &mut dyn Write) -> io::Result<()> {
    for y in 0..band.height {
        let character =
            |x| band.get(x, y).map_or(b' ', |pixel| RAMP[brightness(pixel) as usize * RAMP.len() / 256]);
        let line: Vec<u8> = (0..band.width()).flat_map(|x| [character(x); 2]).collect();
        writeln!(out, "{}", String::from_utf8_lossy(line.trim_ascii_end()))?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::Raster;

    fn printed(depth: Depth) -> String {
        let left = Raster { width: 1, height: 3, pixels: vec![[255, 0, 0], [0, 0, 0], [255; 3]] };
        let right = Raster::filled(1, 3, [255; 3]);
        let mut out = Vec::new();
        depth.print(&Band { pictures: vec![left, right], gap: 1, height: 3 }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn two_pixels_a_character_in_every_depth() {
        let first = |depth| printed(depth).lines().next().unwrap().to_owned();
        assert_eq!(
            first(Depth::True),
            "\x1b[0;38;2;255;0;0;48;2;0;0;0m▀\x1b[0m \x1b[0;38;2;255;255;255;48;2;255;255;255m▀\x1b[0m"
        );
        assert!(first(Depth::Indexed).starts_with("\x1b[0;38;5;196;48;5;16m▀"));
        assert!(first(Depth::Ansi).starts_with("\x1b[0;91;40m▀"));
        // The third row shares its line with the gap: nothing behind it.
        assert_eq!(
            printed(Depth::True).lines().nth(1).unwrap(),
            "\x1b[0;38;2;255;255;255m▀\x1b[0m \x1b[0;38;2;255;255;255m▀\x1b[0m"
        );
        assert_eq!(printed(Depth::None), "::  @@\n    @@\n@@  @@\n\n");
    }

    #[test]
    fn the_terminal_is_believed_and_a_pipe_gets_all() {
        let guess = |terminal: bool, variables: &[(&str, &str)]| {
            let find = |name: &str| variables.iter().find(|row| row.0 == name).map(|row| row.1.to_owned());
            Depth::guess(find, terminal)
        };
        assert_eq!(guess(true, &[("COLORTERM", "truecolor"), ("TERM", "xterm-256color")]), Depth::True);
        assert_eq!(guess(true, &[("TERM", "screen-256color")]), Depth::Indexed);
        assert_eq!(guess(true, &[("TERM", "linux")]), Depth::Ansi);
        assert_eq!(guess(true, &[]), Depth::None);
        assert_eq!(guess(false, &[("TERM", "dumb")]), Depth::True);
        assert_eq!(guess(false, &[("NO_COLOR", "1")]), Depth::None);
        assert_eq!(guess(true, &[("NO_COLOR", ""), ("TERM", "xterm")]), Depth::Ansi);
    }
}
