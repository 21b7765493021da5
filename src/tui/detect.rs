//! What the terminal can do: from the environment, from its answers, from tmux. Each finding says how it was found, for
//! `convscope doctor`.

mod environment;
mod known;
#[cfg(test)]
mod tests;
mod tmux;

pub(super) use environment::{Environment, Multiplexer};
pub(super) use tmux::{Tmux, watch};

use std::ops::RangeInclusive;

use super::answers::Answer;
use crate::app::state::{Background, ColorDepth, Facts, Graphics, Line};
use crate::raster::luminance;
use known::{MOSH, SCREEN, TMUX, has_placeholders, known, of_model};

/// What was learnt so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent answer of the terminal")]
pub(super) struct Evidence {
    /// The environment.
    pub(super) environment: Environment,
    /// What was asked for on the command line or in the configuration.
    pub(super) forced: Forced,
    /// The window in cells and pixels, as the kernel knows it; zeros where it does not.
    pub(super) window: [u16; 4],
    /// The answers.
    pub(super) kitty: bool,
    pub(super) name: Option<String>,
    pub(super) model: Option<(u16, u16)>,
    pub(super) cell: Option<(u16, u16)>,
    pub(super) window_px: Option<(u16, u16)>,
    pub(super) background: Option<[u8; 3]>,
    pub(super) truecolor: bool,
    pub(super) synchronised: bool,
    pub(super) sixel: bool,
    /// All answers that will come are there, or were waited for long enough.
    pub(super) complete: bool,
    /// What tmux says.
    pub(super) tmux: Option<Tmux>,
}

/// What is so whatever the terminal says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forced {
    /// So many colours.
    pub color: Option<ColorDepth>,
    /// Pictures like this.
    pub graphics: Option<Graphics>,
    /// This background.
    pub background: Option<Background>,
    /// A line like this.
    pub line: Option<Line>,
}

/// Something that was found out, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) how: String,
}

fn found<T>(value: T, how: impl Into<String>) -> Found<T> {
    Found { value, how: how.into() }
}

/// Sides of a cell in pixels that are believed.
const CELL_SIDES: RangeInclusive<u16> = 2..=400;

/// How what the user asked for is found.
const FORCED: &str = "asked for";

impl Evidence {
    /// Takes an answer in.
    pub(super) fn learn(&mut self, answer: Answer) {
        match answer {
            Answer::KittyGraphics => self.kitty = true,
            Answer::Name(name) => self.name = Some(name),
            Answer::Model(model, version) => self.model = Some((model, version)),
            Answer::Cell(width, height) if width > 0 && height > 0 => self.cell = Some((width, height)),
            Answer::Window(width, height) if width > 0 && height > 0 => {
                self.window_px = Some((width, height));
            }
            Answer::Background(color) => self.background = Some(color),
            Answer::Truecolor => self.truecolor = true,
            Answer::Synchronised => self.synchronised = true,
            Answer::Attributes { sixel } => {
                self.sixel = sixel;
                self.complete = true;
            }
            Answer::Cell(..) | Answer::Window(..) | Answer::Status | Answer::Other => {}
        }
    }

    /// What all of it comes to.
    pub(super) fn facts(&self) -> Facts {
        let (graphics, tmux, hint) = self.graphics();
        Facts {
            color: self.color().value,
            graphics: graphics.value,
            cell: self.cell().map_or((10, 20), |cell| cell.value),
            background: self.background().value,
            tmux,
            hint,
        }
    }

    /// The name of what answers no XTVERSION.
    fn by_model(&self) -> Option<&'static str> {
        self.model.and_then(|(model, version)| of_model(model, version))
    }

    /// What stands between the terminal and this program.
    pub(super) fn multiplexer(&self) -> Found<Multiplexer> {
        let (guess, variable) = self.environment.multiplexer();
        if matches!(guess, Multiplexer::None | Multiplexer::Either) {
            // Only now that it answered: a `TERM` of another name hides what stands at the near end of an SSH line.
            if self.name.as_ref().is_some_and(|name| name.starts_with(TMUX)) {
                return found(Multiplexer::FarTmux, "XTVERSION");
            }
            match self.by_model() {
                Some(TMUX) => return found(Multiplexer::FarTmux, "device attributes"),
                Some(SCREEN) => return found(Multiplexer::Screen, "device attributes"),
                _ => {}
            }
        }
        found(guess, variable)
    }

    /// Whether mosh carries the line.
    pub(super) fn mosh(&self) -> bool {
        self.by_model() == Some(MOSH)
    }

    /// Whether the line to the terminal is to be taken for a thin one; `None`: it can be measured.
    pub(super) fn is_thin(&self) -> Option<Found<bool>> {
        if let Some(line) = self.forced.line {
            return Some(found(line == Line::Thin, FORCED));
        }
        let far = self.tmux.as_ref().is_some_and(|tmux| tmux.far);
        far.then(|| found(true, "tmux does not say what it carries; `--line fast` says that it is much"))
    }

    /// A cell's width and height in pixels.
    pub(super) fn cell(&self) -> Option<Found<(u16, u16)>> {
        let [columns, rows, width, height] = self.window;
        let of_window = |(width, height): (u16, u16)| {
            let cell = (width.checked_div(columns)?, height.checked_div(rows)?);
            (cell.0 > 0 && cell.1 > 0).then_some(cell)
        };
        // tmux answers for itself; the outer terminal's cells are the ones that pictures are made for.
        let outer = self.tmux.as_ref().and_then(|tmux| tmux.cell);
        let ways = [
            (outer, "tmux"),
            (self.cell, "answer to CSI 16 t"),
            (of_window((width, height)), "the window's pixels (TIOCGWINSZ)"),
            (self.window_px.and_then(of_window), "answer to CSI 14 t"),
        ];
        // A picture is padded to whole cells: one of a nonsensical size would cost gigabytes.
        let sane = |cell: &(u16, u16)| CELL_SIDES.contains(&cell.0) && CELL_SIDES.contains(&cell.1);
        ways.into_iter().find_map(|(cell, how)| Some(found(cell.filter(sane)?, how)))
    }

    /// What lies behind the text: light where black is easier to read on it than white.
    pub(super) fn background(&self) -> Found<Background> {
        let side = |light: bool| if light { Background::Light } else { Background::Dark };
        if let Some(forced) = self.forced.background {
            return found(forced, FORCED);
        }
        if let Some(color @ [red, green, blue]) = self.background {
            let how = format!("answer to OSC 11: #{red:02x}{green:02x}{blue:02x}");
            return found(side(luminance(color) > 0.179), how);
        }
        match self.environment.is_light() {
            Some(light) => found(side(light), "COLORFGBG"),
            None => found(Background::Dark, "assumed; `--theme light` says otherwise"),
        }
    }

    /// The names that the terminal (the one around tmux, inside it) goes by, and where each is from.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let tmux = self.tmux.as_ref();
        let inside = self.multiplexer().value != Multiplexer::None;
        let own = [
            (self.name.as_deref(), "XTVERSION"),
            (self.by_model(), "device attributes"),
            (Some(&*self.environment.term_program), "TERM_PROGRAM"),
            (Some(&*self.environment.term), "TERM"),
        ];
        let outer = [(tmux.map(|tmux| &*tmux.name), "tmux"), (tmux.map(|tmux| &*tmux.term), "tmux")];
        own.into_iter()
            .filter(move |_| !inside)
            .chain(outer)
            .filter_map(|(name, how)| Some((name?, how)))
            .filter(|name| !name.0.is_empty())
    }

    /// How many colours there are.
    pub(super) fn color(&self) -> Found<ColorDepth> {
        let environment = &self.environment;
        if let Some(forced) = self.forced.color {
            return found(forced, FORCED);
        }
        if environment.no_color {
            return found(ColorDepth::None, "NO_COLOR");
        }
        if environment.is_dumb() {
            return found(ColorDepth::None, "TERM");
        }
        if let Some(tmux) = &self.tmux {
            // Without the RGB feature tmux turns truecolor into the 256 colours, silently; kitty, foot and xterm
            // have theirs known to it.
            let depth = if tmux.has("RGB") { ColorDepth::True } else { ColorDepth::Indexed };
            return found(depth, "the terminal's features in tmux");
        }
        let few =
            matches!(environment.term.as_str(), "linux" | "xterm" | "vt100" | "vt220" | "ansi" | "screen");
        let by_term = found(if few { ColorDepth::Ansi } else { ColorDepth::Indexed }, "TERM");
        // screen 4 mangles 24 bits, and screen 5 shows them only where it was told to; COLORTERM is the terminal's
        // that it was started in.
        if self.multiplexer().value == Multiplexer::Screen {
            return by_term;
        }
        if matches!(environment.colorterm.as_str(), "truecolor" | "24bit") {
            return found(ColorDepth::True, "COLORTERM");
        }
        if self.truecolor {
            return found(ColorDepth::True, "a 24-bit colour was kept (DECRQSS)");
        }
        let named = self.names().find(|name| known(name.0).is_some_and(|row| row.truecolor));
        match named {
            Some((_, how)) => found(ColorDepth::True, how),
            None if environment.term.ends_with("-direct") => found(ColorDepth::True, "TERM"),
            None => by_term,
        }
    }

    /// The protocol, whether it is wrapped for tmux, and what could be done about half-blocks.
    pub(super) fn graphics(&self) -> (Found<Graphics>, bool, Option<String>) {
        let inside = self.multiplexer().value;
        if let Some(forced) = self.forced.graphics {
            return (found(forced, FORCED), inside.is_tmux() || inside == Multiplexer::Either, None);
        }
        let waits = !self.complete || (inside == Multiplexer::Tmux && self.tmux.is_none());
        if waits {
            return (found(Graphics::Unknown, "still asking"), false, None);
        }
        // The first name that is known decides: the terminal's own word comes before `TERM`, which has no version.
        let named = self.names().find_map(|(name, how)| known(name).map(|row| (name, how, row.graphics)));
        let by_name = named.and_then(|(name, how, graphics)| {
            let asked = inside != Multiplexer::None || self.kitty;
            let can = graphics != Some(Graphics::Kitty) || (has_placeholders(name) && asked);
            Some(found(graphics.filter(|_| can)?, how))
        });
        let without = |hint: &str| {
            (found(Graphics::Halfblocks, "nothing else gets through"), false, Some(hint.to_owned()))
        };
        match inside {
            Multiplexer::Tmux => self.graphics_in_tmux(by_name),
            Multiplexer::None if self.mosh() => without("pictures: ssh instead of mosh"),
            Multiplexer::None => match by_name {
                Some(graphics) => (graphics, false, None),
                // Pixels can only be placed when the size of a cell is known.
                None if self.sixel && self.cell().is_some() => {
                    (found(Graphics::Sixel, "device attributes"), false, None)
                }
                None => (found(Graphics::Halfblocks, "no other protocol is known here"), false, None),
            },
            Multiplexer::Screen => without("pictures: without GNU screen, or in tmux"),
            // A tmux that cannot be asked does not say whether anything would get through.
            _ => without("pictures: without the multiplexer around ssh, or --graphics"),
        }
    }

    fn graphics_in_tmux(&self, by_name: Option<Found<Graphics>>) -> (Found<Graphics>, bool, Option<String>) {
        let halfblocks = |hint: Option<&str>| {
            (found(Graphics::Halfblocks, "tmux lets nothing else through"), false, hint.map(str::to_owned))
        };
        let Some(tmux) = &self.tmux else { return halfblocks(None) };
        let sixel = tmux.has("sixel") || known(&tmux.name).is_none_or(|row| row.name == "foot");
        match by_name {
            Some(graphics) if tmux.passthrough => (graphics, true, None),
            Some(_) => halfblocks(Some("pictures: tmux set -g allow-passthrough on")),
            // tmux from 3.4 on takes sixel itself, where the terminal around it does.
            None if tmux.has("sixel") && self.sixel && self.cell().is_some() => {
                (found(Graphics::Sixel, "the terminal's features in tmux"), false, None)
            }
            None if sixel && tmux.passthrough && tmux.cell.is_some() && tmux.name.starts_with("foot") => {
                (found(Graphics::Sixel, "tmux"), true, None)
            }
            None => halfblocks(None),
        }
    }
}
