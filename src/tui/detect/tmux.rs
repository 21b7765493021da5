//! What tmux says of itself and of the terminals around it.

use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;
use std::{env, io, thread};

/// How often tmux is asked who shows the pane: it tells nobody when a terminal attaches that is as large as the last.
const EVERY: Duration = Duration::from_secs(2);
/// How soon it is asked again after something changed: a terminal that just attached still answers tmux's questions.
const SETTLING: Duration = Duration::from_millis(250);

/// What tmux says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) struct Tmux {
    /// Whether a pane may talk past it.
    pub(in crate::tui) passthrough: bool,
    /// The outer terminal's own name and version; empty where several differ.
    pub(in crate::tui) name: String,
    /// The outer terminal's `TERM`; empty where several differ.
    pub(in crate::tui) term: String,
    /// What tmux uses of all of them.
    pub(in crate::tui) features: String,
    /// Cell width and height in pixels, the smallest.
    pub(in crate::tui) cell: Option<(u16, u16)>,
    /// Whether one of them is at the far end of an SSH line.
    pub(in crate::tui) far: bool,
    /// The terminals that show the pane.
    pub(in crate::tui) viewers: Vec<Viewer>,
}

/// A terminal that shows the pane, as long as it does and tmux keeps up with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tui) struct Viewer {
    /// The process of tmux in it.
    process: u32,
    /// How many bytes tmux threw away because the terminal took them too slowly: a picture may have been among them.
    discarded: u64,
}

/// One line of tmux for each terminal; the separator is no tab, which tmux writes as `_` outside UTF-8.
const CLIENT: &str = "#{window_id}|#{client_control_mode}|#{client_pid}|#{client_discarded}|#{client_cell_width}|\
                      #{client_cell_height}|#{SSH_CONNECTION}|#{client_termname}|#{client_termfeatures}|\
                      #{client_termtype}";

impl Tmux {
    /// Asks the tmux that this process runs in; a few milliseconds.
    pub(in crate::tui) fn ask() -> Option<Self> {
        let pane = env::var("TMUX_PANE").unwrap_or_default();
        let target: &[&str] = if pane.is_empty() { &[] } else { &["-t", &pane] };
        let own = [&["display-message", "-p"], target, &["#{window_id}|#{allow-passthrough}"]].concat();
        let said = run(&[&*own, &[";", "list-clients", "-F", CLIENT]].concat())?;
        let (own, clients) = said.split_once('\n')?;
        let (window, passthrough) = own.split_once('|')?;
        // Before tmux 3.4 a format does not know options.
        let passthrough = match passthrough {
            "" => run(&["show-options", "-Apv", "allow-passthrough"]).unwrap_or_default(),
            known => known.to_owned(),
        };
        let passthrough = matches!(passthrough.trim(), "on" | "all" | "1" | "2");
        Some(Self { passthrough, ..Self::of_clients(window, clients) })
    }

    /// What the terminals have in common that show this window.
    fn of_clients(window: &str, clients: &str) -> Self {
        let mut common: Option<Self> = None;
        for client in clients.lines() {
            let fields: Vec<&str> = client.splitn(10, '|').collect();
            let &[shown, control, process, discarded, width, height, line, term, features, name] = &*fields
            else {
                continue;
            };
            // A program in control mode shows nothing by itself.
            if shown != window || control == "1" {
                continue;
            }
            let cell = width.parse().ok().zip(height.parse().ok()).filter(|cell| cell.0 > 0 && cell.1 > 0);
            let viewer = Viewer {
                process: process.parse().unwrap_or_default(),
                discarded: discarded.parse().unwrap_or_default(),
            };
            let one = Self {
                passthrough: false,
                name: name.to_owned(),
                term: term.to_owned(),
                features: features.to_owned(),
                cell,
                far: !line.is_empty(),
                viewers: vec![viewer],
            };
            common = Some(match common {
                None => one,
                Some(others) => others.and(one),
            });
        }
        common.unwrap_or_default()
    }

    /// What both have.
    fn and(mut self, other: Self) -> Self {
        let same = |a: String, b: String| if a == b { a } else { String::new() };
        let both: Vec<&str> = self.features.split(',').filter(|feature| other.has(feature)).collect();
        self.viewers.extend(other.viewers);
        Self {
            passthrough: self.passthrough,
            features: both.join(","),
            name: same(self.name, other.name),
            term: same(self.term, other.term),
            cell: self.cell.zip(other.cell).map(|(a, b)| (a.0.min(b.0), a.1.min(b.1))),
            far: self.far || other.far,
            viewers: self.viewers,
        }
    }

    /// Whether tmux uses this feature of the terminal.
    pub(in crate::tui) fn has(&self, feature: &str) -> bool {
        self.features.split(',').any(|has| has == feature)
    }

    /// Whether someone came to look, or lost something, since tmux said `before`.
    pub(in crate::tui) fn has_news_since(&self, before: &Self) -> bool {
        self.viewers.iter().any(|viewer| !before.viewers.contains(viewer))
    }
}

fn run(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("tmux").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Asks tmux again and again, and says what it says whenever that is something else. What is sent into the handle that
/// comes back makes it ask at once.
///
/// # Errors
/// When no thread can be started.
pub(in crate::tui) fn watch(say: impl Fn(Option<Tmux>) -> bool + Send + 'static) -> io::Result<Sender<()>> {
    let (look, looks) = mpsc::channel();
    thread::Builder::new().name("tmux".to_owned()).spawn(move || {
        let mut said = Tmux::ask();
        // A tmux that cannot be asked now never will be.
        if !say(said.clone()) || said.is_none() {
            return;
        }
        let mut last = said.clone();
        loop {
            let wait = if last == said { EVERY } else { SETTLING };
            if looks.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            let now = Tmux::ask();
            if now == last && now != said {
                said.clone_from(&now);
                if !say(said.clone()) {
                    return;
                }
            }
            last = now;
        }
    })?;
    Ok(look)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KITTY: &str = "@1|0|71|0|8|16||xterm-kitty|256,RGB,title|kitty(0.41.1)";
    const FAR_XTERM: &str = "@1|0|72|0|6|13|10.0.0.1 5 10.0.0.2 22|xterm-256color|256,RGB,sixel|XTerm(379)";

    #[test]
    fn what_several_terminals_have_in_common_counts() {
        let one = Tmux::of_clients("@1", KITTY);
        assert_eq!(
            (&*one.name, &*one.term, one.cell, one.far),
            ("kitty(0.41.1)", "xterm-kitty", Some((8, 16)), false)
        );
        let both = Tmux::of_clients("@1", &[KITTY, FAR_XTERM].join("\n"));
        assert_eq!((&*both.name, &*both.term, &*both.features), ("", "", "256,RGB"));
        assert!(both.far && both.cell == Some((6, 13)) && both.viewers.len() == 2);
    }

    #[test]
    fn terminals_that_show_something_else_do_not_count() {
        let control = KITTY.replacen("|0|", "|1|", 1);
        for lines in ["", "@2|0|71|0|8|16||xterm-kitty||kitty", &control, "no such line", "@1|0|1"] {
            assert_eq!(Tmux::of_clients("@1", lines), Tmux::default(), "{lines}");
        }
    }

    #[test]
    fn who_comes_or_loses_something_is_news() {
        let says = |clients: &str| Tmux::of_clients("@1", clients);
        let (kitty, nobody) = (says(KITTY), says(""));
        let both = says(&[KITTY, FAR_XTERM].join("\n"));
        let lost = says(&KITTY.replace("|71|0|", "|71|9000|"));
        assert!(both.has_news_since(&kitty) && kitty.has_news_since(&nobody) && lost.has_news_since(&kitty));
        assert!(
            !kitty.has_news_since(&both) && !nobody.has_news_since(&kitty) && !kitty.has_news_since(&kitty)
        );
    }
}
