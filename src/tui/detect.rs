//! What the terminal can do: from the environment, from its answers, from tmux.

use std::env;
use std::process::{Command, Stdio};

use super::answers::Answer;
use crate::app::state::{ColorDepth, Facts, Graphics};

/// What was learnt so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent answer of the terminal")]
pub(super) struct Evidence {
    /// The environment.
    pub(super) environment: Environment,
    /// Given on the command line.
    pub(super) forced_color: Option<ColorDepth>,
    /// Given on the command line.
    pub(super) forced_graphics: Option<Graphics>,
    /// The window in cells and pixels, as the kernel knows it; zeros where it does not.
    pub(super) window: [u16; 4],
    /// The answers.
    pub(super) kitty: bool,
    pub(super) name: Option<String>,
    pub(super) model: Option<&'static str>,
    pub(super) cell: Option<(u16, u16)>,
    pub(super) window_px: Option<(u16, u16)>,
    pub(super) truecolor: bool,
    pub(super) sixel: bool,
    /// All answers that will come are there, or were waited for long enough.
    pub(super) complete: bool,
    /// What tmux says.
    pub(super) tmux: Option<Tmux>,
}

/// The variables that say something about the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Environment {
    pub(super) term: String,
    pub(super) colorterm: String,
    pub(super) term_program: String,
    pub(super) no_color: bool,
    pub(super) tmux: bool,
}

impl Environment {
    /// This process's.
    pub(super) fn read() -> Self {
        let var = |name: &str| {
            env::var_os(name).map(|value| value.to_string_lossy().into_owned()).unwrap_or_default()
        };
        Self {
            term: var("TERM"),
            colorterm: var("COLORTERM"),
            term_program: var("TERM_PROGRAM"),
            no_color: !var("NO_COLOR").is_empty(),
            tmux: !var("TMUX").is_empty(),
        }
    }

    /// Whether the program runs inside tmux or screen, here or at the near end of an SSH line.
    pub(super) fn multiplexed(&self) -> bool {
        self.tmux || self.term.starts_with("tmux") || self.term.starts_with("screen")
    }
}

/// What tmux says about itself and the terminal around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tmux {
    /// Whether a pane may talk past it.
    passthrough: bool,
    /// The outer terminal's own name and version.
    name: String,
    /// The outer terminal's `TERM`.
    term: String,
    /// What tmux uses of it.
    features: String,
    /// Cell width and height in pixels.
    cell: Option<(u16, u16)>,
}

impl Tmux {
    /// Asks the tmux that this process runs in; a few milliseconds.
    pub(super) fn ask() -> Option<Self> {
        let format = "#{client_termtype}\t#{client_termname}\t#{client_termfeatures}\t#{client_cell_width}\t\
                      #{client_cell_height}\t#{allow-passthrough}";
        let said = run(&["display-message", "-p", format])?;
        let fields: Vec<&str> = said.trim_end_matches('\n').split('\t').collect();
        let [name, term, features, width, height, passthrough] = fields[..] else { return None };
        let cell =
            width.parse().ok().zip(height.parse().ok()).filter(|(width, height)| *width > 0 && *height > 0);
        // Before tmux 3.4 a format does not know options.
        let passthrough = match passthrough {
            "" => run(&["show-options", "-Apv", "allow-passthrough"]).unwrap_or_default(),
            known => known.to_owned(),
        };
        Some(Self {
            passthrough: matches!(passthrough.trim(), "on" | "all" | "1" | "2"),
            name: name.to_owned(),
            term: term.to_owned(),
            features: features.to_owned(),
            cell,
        })
    }

    fn has(&self, feature: &str) -> bool {
        self.features.split(',').any(|has| has == feature)
    }
}

fn run(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("tmux").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A terminal known by its own name (XTVERSION), `TERM` or `TERM_PROGRAM`; compared in lower case by its beginning.
struct Known {
    name: &'static str,
    /// The protocol to use; `None` leaves it to the device attributes (sixel) and half-blocks.
    graphics: Option<Graphics>,
    truecolor: bool,
}

/// An answer alone proves little: kitty 0.26 and xterm.js say OK to the kitty protocol and cannot do placeholders.
const TERMINALS: &[Known] = &[
    Known { name: "kitty", graphics: Some(Graphics::Kitty), truecolor: true },
    Known { name: "xterm-kitty", graphics: Some(Graphics::Kitty), truecolor: true },
    Known { name: "ghostty", graphics: Some(Graphics::Kitty), truecolor: true },
    Known { name: "xterm-ghostty", graphics: Some(Graphics::Kitty), truecolor: true },
    Known { name: "wezterm", graphics: Some(Graphics::Iterm2), truecolor: true },
    Known { name: "iterm", graphics: Some(Graphics::Iterm2), truecolor: true },
    Known { name: "mintty", graphics: Some(Graphics::Iterm2), truecolor: true },
    Known { name: "foot", graphics: None, truecolor: true },
    Known { name: "contour", graphics: None, truecolor: true },
    Known { name: "konsole", graphics: None, truecolor: true },
    Known { name: "alacritty", graphics: None, truecolor: true },
    Known { name: "vte", graphics: None, truecolor: true },
    Known { name: "xterm.js", graphics: None, truecolor: true },
    Known { name: "vscode", graphics: None, truecolor: true },
    Known { name: "windows terminal", graphics: None, truecolor: true },
    Known { name: "mlterm", graphics: None, truecolor: true },
    Known { name: "rio", graphics: None, truecolor: true },
];

/// Model, version where it matters, and name of terminals that answer no XTVERSION.
const MODELS: &[(u16, Option<u16>, &str)] =
    &[(0, Some(276), "xterm.js"), (61, None, "vte"), (65, None, "vte")];

fn known(name: &str) -> Option<&'static Known> {
    let name = name.to_lowercase();
    TERMINALS.iter().find(|row| name.starts_with(row.name))
}

/// kitty learnt placeholders with 0.28; a name without a version is trusted.
fn has_placeholders(name: &str) -> bool {
    let version = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    let mut numbers =
        version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    !name.to_lowercase().starts_with("kitty") || version.is_empty() || (major, minor) >= (0, 28)
}

impl Evidence {
    /// Takes an answer in.
    pub(super) fn learn(&mut self, answer: Answer) {
        match answer {
            Answer::KittyGraphics => self.kitty = true,
            Answer::Name(name) => self.name = Some(name),
            Answer::Model(model, version) => {
                self.model = MODELS
                    .iter()
                    .find(|row| (row.0, row.1.unwrap_or(version)) == (model, version))
                    .map(|row| row.2);
            }
            Answer::Cell(width, height) if width > 0 && height > 0 => self.cell = Some((width, height)),
            Answer::Window(width, height) if width > 0 && height > 0 => {
                self.window_px = Some((width, height));
            }
            Answer::Truecolor => self.truecolor = true,
            Answer::Attributes { sixel } => {
                self.sixel = sixel;
                self.complete = true;
            }
            Answer::Cell(..) | Answer::Window(..) | Answer::Status | Answer::Other => {}
        }
    }

    /// What all of it comes to.
    pub(super) fn facts(&self) -> Facts {
        let cell = self.cell();
        let (graphics, tmux, hint) = self.graphics(cell.is_some());
        Facts { color: self.color(), graphics, cell: cell.unwrap_or((10, 20)), tmux, hint }
    }

    fn cell(&self) -> Option<(u16, u16)> {
        let [columns, rows, width, height] = self.window;
        let of_window = |(width, height): (u16, u16)| {
            let cell = (width.checked_div(columns)?, height.checked_div(rows)?);
            (cell.0 > 0 && cell.1 > 0).then_some(cell)
        };
        // tmux answers for itself; the outer terminal's cells are the ones that pictures are made for.
        let outer = self.tmux.as_ref().and_then(|tmux| tmux.cell);
        outer
            .or(self.cell)
            .or_else(|| of_window((width, height)))
            .or_else(|| self.window_px.and_then(of_window))
    }

    /// The names that the terminal (the one around tmux, inside it) goes by.
    fn names(&self) -> impl Iterator<Item = &str> {
        let tmux = self.tmux.as_ref();
        let inside = self.environment.multiplexed();
        let own = [
            self.name.as_deref(),
            self.model,
            Some(&*self.environment.term_program),
            Some(&*self.environment.term),
        ];
        let outer = [tmux.map(|tmux| &*tmux.name), tmux.map(|tmux| &*tmux.term)];
        own.into_iter().filter(move |_| !inside).chain(outer).flatten().filter(|name| !name.is_empty())
    }

    fn color(&self) -> ColorDepth {
        if let Some(forced) = self.forced_color {
            return forced;
        }
        let environment = &self.environment;
        if environment.no_color || environment.term == "dumb" {
            return ColorDepth::None;
        }
        if let Some(tmux) = &self.tmux {
            // Without the RGB feature tmux turns truecolor into the 256 colours, silently; kitty, foot and xterm
            // have theirs known to it.
            return if tmux.has("RGB") { ColorDepth::True } else { ColorDepth::Indexed };
        }
        let says_so = matches!(environment.colorterm.as_str(), "truecolor" | "24bit");
        let by_name = self.names().any(|name| known(name).is_some_and(|row| row.truecolor))
            || environment.term.ends_with("-direct");
        match environment.term.as_str() {
            _ if says_so || self.truecolor || by_name => ColorDepth::True,
            "linux" | "xterm" | "vt100" | "vt220" | "ansi" | "screen" => ColorDepth::Ansi,
            _ => ColorDepth::Indexed,
        }
    }

    /// The protocol, whether it is wrapped for tmux, and what could be done about half-blocks.
    fn graphics(&self, cell_known: bool) -> (Graphics, bool, Option<String>) {
        let inside = self.environment.multiplexed();
        if let Some(forced) = self.forced_graphics {
            return (forced, inside, None);
        }
        let waits = !self.complete || (self.environment.tmux && self.tmux.is_none());
        if waits {
            return (Graphics::Unknown, false, None);
        }
        // The first name that is known decides: the terminal's own word comes before `TERM`, which has no version.
        let named = self.names().find_map(|name| known(name).map(|row| (name, row.graphics)));
        let by_name = named.and_then(|(name, graphics)| {
            let can = graphics != Some(Graphics::Kitty) || (has_placeholders(name) && (inside || self.kitty));
            graphics.filter(|_| can)
        });
        if inside {
            return self.graphics_in_tmux(by_name, cell_known);
        }
        match by_name {
            Some(graphics) => (graphics, false, None),
            // Pixels can only be placed when the size of a cell is known.
            None if self.sixel && cell_known => (Graphics::Sixel, false, None),
            None => (Graphics::Halfblocks, false, None),
        }
    }

    fn graphics_in_tmux(
        &self,
        by_name: Option<Graphics>,
        cell_known: bool,
    ) -> (Graphics, bool, Option<String>) {
        let halfblocks = |hint: Option<&str>| (Graphics::Halfblocks, false, hint.map(str::to_owned));
        let Some(tmux) = &self.tmux else { return halfblocks(None) };
        let sixel = tmux.has("sixel") || known(&tmux.name).is_none_or(|row| row.name == "foot");
        match by_name {
            Some(graphics) if tmux.passthrough => (graphics, true, None),
            Some(_) => halfblocks(Some("pictures: tmux set -g allow-passthrough on")),
            // tmux from 3.4 on takes sixel itself, where the terminal around it does.
            None if tmux.has("sixel") && self.sixel && cell_known => (Graphics::Sixel, false, None),
            None if sixel && tmux.passthrough && tmux.cell.is_some() && tmux.name.starts_with("foot") => {
                (Graphics::Sixel, true, None)
            }
            None => halfblocks(None),
        }
    }
}
