//! What was found and what is missing, as text and as JSON.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Talk;
use crate::app::state::{Background, ColorDepth, Graphics};
use crate::printable::printable;
use crate::tui::detect::{Evidence, Multiplexer};

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) what: &'static str,
    pub(super) detected: String,
    pub(super) how: String,
}

/// Something that is missing, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) what: &'static str,
    pub(super) remedy: String,
}

/// What the doctor says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) findings: Vec<Finding>,
    pub(super) missing: Vec<Missing>,
    /// Whether the terminal was asked: without that, little is known to be missing.
    pub(super) asked: bool,
}

/// How many colours, in words.
const DEPTHS: [(ColorDepth, &str); 4] = [
    (ColorDepth::True, "24-bit"),
    (ColorDepth::Indexed, "256"),
    (ColorDepth::Ansi, "16"),
    (ColorDepth::None, "none"),
];

/// How pictures are shown, in words.
const PROTOCOLS: [(Graphics, &str); 5] = [
    (Graphics::Kitty, "kitty"),
    (Graphics::Sixel, "sixel"),
    (Graphics::Iterm2, "iTerm2"),
    (Graphics::Halfblocks, "half-blocks"),
    (Graphics::Unknown, "not known"),
];

fn named<T: PartialEq>(names: &[(T, &'static str)], value: &T) -> &'static str {
    names.iter().find(|row| row.0 == *value).map_or("", |row| row.1)
}

impl Report {
    pub(super) fn of(
        evidence: &Evidence,
        talk: Talk,
        config: &Result<(String, String), String>,
        hdf5: Result<Duration, String>,
    ) -> Self {
        let mut report = Self { asked: talk != Talk::NotAsked, ..Self::default() };
        report.terminal(evidence, talk);
        report.screen(evidence, talk);
        report.talk(evidence, talk);
        match config {
            Ok((detected, how)) => report.find("configuration", detected, how),
            Err(sentence) => {
                report.find("configuration", "cannot be used", "read");
                report.miss("configuration", sentence.clone());
            }
        }
        match hdf5 {
            Ok(time) => {
                let time = format!("read in {:.0} ms", time.as_secs_f64() * 1e3);
                report.find("checkpoints", time, "the built-in one, in a process of its own");
            }
            Err(sentence) => {
                report.find("checkpoints", "cannot be read", "the built-in one, in a process of its own");
                report.miss("checkpoints", sentence);
            }
        }
        report
    }

    fn find(&mut self, what: &'static str, detected: impl AsRef<str>, how: impl AsRef<str>) {
        let clean = |text: &str| printable(text).into_owned();
        self.findings.push(Finding { what, detected: clean(detected.as_ref()), how: clean(how.as_ref()) });
    }

    fn miss(&mut self, what: &'static str, remedy: impl Into<String>) {
        self.missing.push(Missing { what, remedy: printable(&remedy.into()).into_owned() });
    }

    /// The terminal, and what stands in between.
    fn terminal(&mut self, evidence: &Evidence, talk: Talk) {
        let environment = &evidence.environment;
        let (name, how) = evidence.names().next().unwrap_or((&environment.term, "TERM"));
        self.find("terminal", if name.is_empty() { "not known" } else { name }, how);
        if environment.is_dumb() {
            let remedy = "TERM is dumb or not set, so the viewer cannot place the cursor: in a real terminal `export \
                          TERM=xterm-256color`; `convscope show`, `stats` and `check` print without that";
            self.miss("terminal", remedy);
        }
        let between = evidence.multiplexer();
        let word = match between.value {
            Multiplexer::None => "none",
            Multiplexer::Tmux => "tmux",
            Multiplexer::FarTmux => "tmux at the near end of the line",
            Multiplexer::Screen => "GNU screen",
            Multiplexer::Either => "tmux or GNU screen",
        };
        let how =
            if between.value == Multiplexer::None { "neither TMUX, STY nor TERM" } else { &between.how };
        self.find("multiplexer", word, how);
        match (evidence.mosh(), environment.ssh) {
            (true, _) => self.find("line", "mosh", "device attributes"),
            (false, true) => self.find("line", "SSH", "SSH_CONNECTION, SSH_TTY"),
            (false, false) => self.find("line", "local", "neither SSH_CONNECTION nor SSH_TTY"),
        }
        if let Some(thin) = evidence.is_thin() {
            self.find("line carries", if thin.value { "little" } else { "much" }, &thin.how);
        }
        if talk == Talk::Silent {
            let remedy = "it answered nothing in two seconds, so only the environment speaks for it: set theme, color \
                          and graphics in the configuration (`convscope config`)";
            self.miss("answers", remedy);
        }
    }

    /// What can be shown.
    fn screen(&mut self, evidence: &Evidence, talk: Talk) {
        let (color, background, cell) = (evidence.color(), evidence.background(), evidence.cell());
        let (graphics, wrapped, _) = evidence.graphics();
        self.find("colours", named(&DEPTHS, &color.value), &color.how);
        let side = if background.value == Background::Light { "light" } else { "dark" };
        self.find("background", side, &background.how);
        let protocol = named(&PROTOCOLS, &graphics.value);
        let protocol = if wrapped { format!("{protocol} through tmux") } else { protocol.to_owned() };
        self.find("pictures", protocol, &graphics.how);
        match &cell {
            Some(cell) => {
                self.find("cell", format!("{}×{} pixels", cell.value.0, cell.value.1), &cell.how);
            }
            None => self.find("cell", "not known", "neither the terminal nor the kernel says"),
        }
        if talk == Talk::NotAsked {
            return;
        }
        let chosen = evidence.forced.color.is_some() || evidence.environment.no_color;
        if color.value != ColorDepth::True && !chosen {
            self.miss("colours", truecolor(evidence));
        }
        if graphics.value == Graphics::Halfblocks && evidence.forced.graphics.is_none() {
            self.miss("pictures", pictures(evidence));
        } else if cell.is_none() && graphics.value != Graphics::Halfblocks {
            let remedy = "the size of a cell is not known, so pictures have the wrong size; xterm says it with \
                          `xterm -xrm '*allowWindowOps: true'`";
            self.miss("cell", remedy);
        }
    }

    /// How the conversation went.
    fn talk(&mut self, evidence: &Evidence, talk: Talk) {
        if let Talk::Answered(_) = talk {
            let held = if evidence.synchronised { "shown whole" } else { "shown as they come" };
            self.find("frames", held, "mode 2026 (DECRQM)");
        }
        match talk {
            Talk::Answered(time) => {
                self.find(
                    "round trip",
                    format!("{:.1} ms", time.as_secs_f64() * 1e3),
                    "question to last answer",
                );
            }
            Talk::Silent => self.find("round trip", "no answer", "waited for two seconds"),
            Talk::NotAsked => self.find("round trip", "not asked", "no terminal that could answer"),
        }
    }

    /// The findings in three columns, no line wider than `width`.
    pub(super) fn findings_as_text(&self, width: usize) -> String {
        let widest = |cell: fn(&Finding) -> &str| self.findings.iter().map(|row| cell(row).width()).max();
        let (first, second) = (widest(|row| row.what).unwrap_or(0), widest(|row| &row.detected).unwrap_or(0));
        let mut text = String::new();
        for row in &self.findings {
            let gap = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()) + 2);
            let line = format!(
                "  {}{}{}{}{}",
                row.what,
                gap(row.what, first),
                row.detected,
                gap(&row.detected, second),
                row.how
            );
            let _ = writeln!(text, "{}", cut(&line, width));
        }
        text
    }

    /// What is missing, a paragraph each, or that nothing is.
    pub(super) fn missing_as_text(&self) -> String {
        if self.missing.is_empty() {
            let sentence = if self.asked {
                "Nothing is missing."
            } else {
                "The terminal was not asked: run it with standard input and output there."
            };
            return format!("\n{sentence}\n");
        }
        let mut text = String::from("\nMissing:\n");
        for missing in &self.missing {
            let _ = writeln!(text, "  {}: {}", missing.what, missing.remedy);
        }
        text
    }

    /// All of it as one JSON object.
    pub(super) fn to_json(&self) -> String {
        let findings = self.findings.iter();
        let findings =
            findings.map(|row| json!({"what": row.what, "detected": row.detected, "how": row.how}));
        let missing = self.missing.iter().map(|row| json!({"what": row.what, "remedy": row.remedy}));
        let report = json!({
            "asked": self.asked,
            "findings": findings.collect::<Vec<_>>(),
            "missing": missing.collect::<Vec<_>>(),
        });
        format!("{report:#}")
    }
}

/// The beginning of a line that is `width` wide at most.
fn cut(line: &str, width: usize) -> String {
    if line.width() <= width {
        return line.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let fits = |c: &char| {
        let needs = c.width().unwrap_or(0);
        left.checked_sub(needs).inspect(|rest| left = *rest).is_some()
    };
    line.chars().take_while(fits).chain(std::iter::once('…')).collect()
}

/// How 24-bit colour could be had.
fn truecolor(evidence: &Evidence) -> String {
    let inside = evidence.multiplexer().value;
    if let Some(tmux) = &evidence.tmux {
        let term = if tmux.term.is_empty() { "*" } else { &tmux.term };
        return format!("`tmux set -as terminal-features ',{term}:RGB'`, then detach and attach again");
    }
    match inside {
        Multiplexer::Screen => {
            let more = if evidence.color().value == ColorDepth::Ansi {
                "`term screen-256color` in ~/.screenrc gives 256; for 24-bit "
            } else {
                ""
            };
            format!(
                "{more}`truecolor on` in ~/.screenrc (GNU screen 5 or later), and color = \"truecolor\" in the \
                 configuration"
            )
        }
        Multiplexer::FarTmux | Multiplexer::Either => {
            "where the multiplexer shows 24-bit colour (tmux: `set -as terminal-features ',*:RGB'`): `export \
             COLORTERM=truecolor`"
                .to_owned()
        }
        _ if evidence.mosh() => "mosh shows 24-bit colour from 1.4 on: `export COLORTERM=truecolor`".to_owned(),
        _ if evidence.environment.ssh => {
            "SSH does not carry COLORTERM: where the terminal shows 24-bit colour, `export COLORTERM=truecolor`"
                .to_owned()
        }
        _ => "where the terminal shows 24-bit colour: `export COLORTERM=truecolor`".to_owned(),
    }
}

/// How pictures in pixels could be had.
fn pictures(evidence: &Evidence) -> String {
    let (_, _, hint) = evidence.graphics();
    if let Some(hint) = hint {
        let hint = hint.strip_prefix("pictures: ").unwrap_or(&hint).to_owned();
        return match evidence.tmux {
            Some(_) => format!("`{hint}` (in ~/.tmux.conf: `set -g allow-passthrough on`)"),
            None => hint,
        };
    }
    if evidence.tmux.is_some() {
        return "tmux from 3.4 on shows sixel, where it was built with it and the terminal around it has it; kitty, \
                Ghostty, WezTerm and iTerm2 want `set -g allow-passthrough on`"
            .to_owned();
    }
    let name = evidence.names().next().map(|(name, _)| name.to_lowercase()).unwrap_or_default();
    if name.starts_with("kitty") || name.starts_with("xterm-kitty") {
        return "kitty shows them in text from 0.28 on".to_owned();
    }
    if evidence.sixel && evidence.cell().is_none() {
        return "the terminal has sixel, but nobody says how large a cell is: `xterm -xrm '*allowWindowOps: true'`"
            .to_owned();
    }
    if name.starts_with("xterm(") {
        return "`xterm -ti vt340` has sixel, where it was built with it".to_owned();
    }
    "half-blocks stand in; kitty, Ghostty, WezTerm, iTerm2, foot and `xterm -ti vt340` show pixels".to_owned()
}

#[cfg(test)]
mod tests;
