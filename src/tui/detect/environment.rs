//! What the environment says of the terminal, and of what may stand between it and this program.

use std::env;

/// The variables that say something about the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each says whether one variable is set")]
pub(in crate::tui) struct Environment {
    pub(in crate::tui) term: String,
    pub(in crate::tui) colorterm: String,
    pub(in crate::tui) term_program: String,
    /// Foreground and background as numbers of the 16 colours: `15;0`.
    pub(in crate::tui) colorfgbg: String,
    pub(in crate::tui) no_color: bool,
    pub(in crate::tui) tmux: bool,
    /// GNU screen's `STY`.
    pub(in crate::tui) screen: bool,
    pub(in crate::tui) ssh: bool,
}

/// What stands between the terminal and this program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) enum Multiplexer {
    /// Nothing that is known.
    #[default]
    None,
    /// tmux, on this machine: it can be asked.
    Tmux,
    /// tmux at the near end of an SSH line.
    FarTmux,
    /// GNU screen, here or there.
    Screen,
    /// tmux or GNU screen at the near end of an SSH line: `TERM` does not tell.
    Either,
}

impl Multiplexer {
    /// Whether it is tmux.
    pub(in crate::tui) fn is_tmux(self) -> bool {
        matches!(self, Self::Tmux | Self::FarTmux)
    }
}

impl Environment {
    /// This process's.
    pub(in crate::tui) fn read() -> Self {
        Self::of(|name| {
            env::var_os(name).map(|value| value.to_string_lossy().into_owned()).unwrap_or_default()
        })
    }

    /// With these variables; one that is not set is empty.
    pub(in crate::tui) fn of(variable: impl Fn(&str) -> String) -> Self {
        let set = |name: &str| !variable(name).is_empty();
        Self {
            term: variable("TERM"),
            colorterm: variable("COLORTERM"),
            term_program: variable("TERM_PROGRAM"),
            colorfgbg: variable("COLORFGBG"),
            no_color: set("NO_COLOR"),
            tmux: set("TMUX"),
            screen: set("STY"),
            ssh: set("SSH_CONNECTION") || set("SSH_TTY"),
        }
    }

    /// Whether the cursor cannot be placed.
    pub(in crate::tui) fn is_dumb(&self) -> bool {
        self.term.is_empty() || self.term == "dumb"
    }

    /// What stands in between, as far as the environment tells, and which variable does.
    pub(in crate::tui) fn multiplexer(&self) -> (Multiplexer, &'static str) {
        // Whichever of the two runs inside the other, nothing gets through screen.
        match self.term.as_str() {
            term if term.starts_with("screen.") => (Multiplexer::Screen, "TERM"),
            _ if self.screen => (Multiplexer::Screen, "STY"),
            _ if self.tmux => (Multiplexer::Tmux, "TMUX"),
            term if term.starts_with("tmux") => (Multiplexer::FarTmux, "TERM"),
            term if term.starts_with("screen") => (Multiplexer::Either, "TERM"),
            _ => (Multiplexer::None, ""),
        }
    }

    /// Whether the background is light, by `COLORFGBG`: of the 16 colours, white and the bright ones.
    pub(in crate::tui) fn is_light(&self) -> Option<bool> {
        let number = self.colorfgbg.rsplit(';').next()?.parse::<u8>().ok()?;
        (number < 16).then_some(number == 7 || number > 8)
    }
}
