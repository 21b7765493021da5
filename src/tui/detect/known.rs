//! Terminals by their names, and what they can do.

use crate::app::state::Graphics;

/// A terminal known by its own name (XTVERSION), `TERM` or `TERM_PROGRAM`; compared in lower case by its beginning.
pub(super) struct Known {
    pub(super) name: &'static str,
    /// The protocol to use; `None` leaves it to the device attributes (sixel) and half-blocks.
    pub(super) graphics: Option<Graphics>,
    pub(super) truecolor: bool,
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

/// Model, version where it matters, and name of what answers no XTVERSION. The models of tmux and screen are the codes
/// of T and S; mosh's is "a plain VT220".
const MODELS: &[(u16, Option<u16>, &str)] = &[
    (0, Some(276), "xterm.js"),
    (61, None, "vte"),
    (65, None, "vte"),
    (1, Some(10), MOSH),
    (83, None, SCREEN),
    (84, None, TMUX),
];

/// The name of mosh.
pub(super) const MOSH: &str = "mosh";
/// The name of GNU screen.
pub(super) const SCREEN: &str = "GNU screen";
/// The name of tmux.
pub(super) const TMUX: &str = "tmux";

/// What secondary device attributes like these belong to.
pub(super) fn of_model(model: u16, version: u16) -> Option<&'static str> {
    MODELS.iter().find(|row| (row.0, row.1.unwrap_or(version)) == (model, version)).map(|row| row.2)
}

/// The terminal whose name begins so.
pub(super) fn known(name: &str) -> Option<&'static Known> {
    let name = name.to_lowercase();
    TERMINALS.iter().find(|row| name.starts_with(row.name))
}

/// kitty learnt placeholders with 0.28; a name without a version is trusted.
pub(super) fn has_placeholders(name: &str) -> bool {
    let version = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    let mut numbers =
        version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    !name.to_lowercase().starts_with("kitty") || version.is_empty() || (major, minor) >= (0, 28)
}
