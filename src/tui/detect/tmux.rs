//! What tmux says of itself and of the terminal around it.

use std::process::{Command, Stdio};

/// What tmux says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) struct Tmux {
    /// Whether a pane may talk past it.
    pub(in crate::tui) passthrough: bool,
    /// The outer terminal's own name and version.
    pub(in crate::tui) name: String,
    /// The outer terminal's `TERM`.
    pub(in crate::tui) term: String,
    /// What tmux uses of it.
    pub(in crate::tui) features: String,
    /// Cell width and height in pixels.
    pub(in crate::tui) cell: Option<(u16, u16)>,
}

impl Tmux {
    /// Asks the tmux that this process runs in; a few milliseconds.
    pub(in crate::tui) fn ask() -> Option<Self> {
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

    /// Whether tmux uses this feature of the terminal.
    pub(in crate::tui) fn has(&self, feature: &str) -> bool {
        self.features.split(',').any(|has| has == feature)
    }
}

fn run(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("tmux").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
