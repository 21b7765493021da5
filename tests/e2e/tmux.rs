//! Inside tmux: what gets past it, and terminals that come and go while the program runs.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use convscope::raster::DARK_CENTRE;
use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::life::left_nothing;
use crate::persona::{KITTY_41, Persona, TMUX_35};
use crate::picture::{self, Picture};
use crate::pictures::{captioned, expected};
use crate::terminal::{Terminal, program};

const KITTY: &str = "@1|0|71|0|8|16||xterm-kitty|256,RGB,title|kitty(0.41.1)";
const OTHER_KITTY: &str = "@1|0|72|0|8|16||xterm-kitty|256,RGB,title|kitty(0.41.1)";
const XTERM: &str = "@1|0|73|0|8|16||xterm-256color|256,RGB,title|XTerm(379)";

/// A program that is called tmux, and says what it is told to.
struct Tmux {
    folder: TempDir,
    passthrough: &'static str,
}

impl Tmux {
    fn says(passthrough: &'static str, clients: &[&str]) -> Self {
        let tmux = Self { folder: TempDir::new().unwrap(), passthrough };
        let path = tmux.folder.path().join("tmux");
        fs::write(&path, "#!/bin/sh\nread -r all < \"${0%/*}/says\"; printf '%b' \"$all\"\n").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        tmux.now_says(clients);
        tmux
    }

    /// Another list of clients.
    fn now_says(&self, clients: &[&str]) {
        let lines = format!("@1|{}\\n{}\\n\n", self.passthrough, clients.join("\\n"));
        let beside = self.folder.path().join("next");
        fs::write(&beside, lines).unwrap();
        fs::rename(beside, self.folder.path().join("says")).unwrap();
    }

    fn start(&self) -> Terminal {
        self.start_with(&[])
    }

    fn start_with(&self, options: &[&str]) -> Terminal {
        let mut command = CommandBuilder::new(program());
        command.arg("demo");
        command.args(options);
        command.env("PATH", format!("{}:/usr/bin:/bin", self.folder.path().display()));
        Terminal::run(TMUX_35, command, 120, 40)
    }
}

/// The last picture that got past tmux.
fn past(log: &[u8]) -> Option<Picture> {
    picture::kitty(&picture::past_tmux(log)).map(|(_, picture)| picture)
}

/// How many pictures got past tmux.
fn count(log: &[u8]) -> usize {
    String::from_utf8_lossy(&picture::past_tmux(log)).matches("a=T").count()
}

/// The begin of each picture that got past tmux: enough to tell them apart.
fn begins(log: &[u8]) -> Vec<String> {
    let past = String::from_utf8_lossy(&picture::past_tmux(log)).into_owned();
    let begin = |sent: &str| sent.split([';', '\x1b']).nth(1).unwrap_or_default().to_owned();
    past.split("a=T").skip(1).map(begin).collect()
}

fn is_right(terminal: &Terminal, log: &[u8]) {
    let (width, height) = captioned(terminal).unwrap();
    let shown = past(log).unwrap().cropped(width, height);
    assert_eq!(shown.difference(&expected(0, width, height, DARK_CENTRE)).0, 0);
}

fn leave(terminal: Terminal) -> String {
    terminal.send("q");
    let (code, log) = terminal.end();
    assert_eq!(code, 0);
    left_nothing(&log);
    log
}

#[test]
fn a_picture_goes_past_tmux_and_nothing_else_does() {
    let tmux = Tmux::says("on", &[KITTY]);
    let sent = || {
        let terminal = tmux.start();
        terminal
            .wait("a picture", |terminal| past(&terminal.log()).is_some() && captioned(terminal).is_some());
        terminal.wait_for_quiet();
        is_right(&terminal, &terminal.log());
        // Where the machine is busy the line seems slow, and a draft goes first; nothing goes twice.
        let sent = begins(&terminal.log());
        let different: BTreeSet<&String> = sent.iter().collect();
        assert!(sent.len() <= 2 && different.len() == sent.len(), "{} pictures were sent", sent.len());
        assert!(sent.iter().all(|begin| begin.len() > 100), "a picture is there to be told from another");
        let log = leave(terminal);
        let (all, wrapped) = (log.matches("\x1b_G").count(), log.matches("\x1bPtmux;\x1b\x1b_G").count());
        assert_eq!(all, wrapped, "tmux takes what is not wrapped for a title");
        let past = String::from_utf8(picture::past_tmux(log.as_bytes())).unwrap();
        assert!(past.split("\x1b\\").all(|command| command.is_empty() || command.starts_with("\x1b_G")));
        sent.len()
    };
    assert!((0..5).any(|_| sent() == 1), "a draft goes first each time");
}

#[test]
fn a_tmux_that_lets_nothing_past_gets_half_blocks_and_a_word() {
    let tmux = Tmux::says("off", &[KITTY]);
    let terminal = tmux.start();
    terminal.wait("half-blocks", |terminal| captioned(terminal).is_some());
    terminal.send("?");
    terminal.wait_for("tmux set -g allow-passthrough on");
    terminal.send("\x1b");
    terminal.wait_for_quiet();
    assert!(!leave(terminal).contains("\x1bPtmux;"));
}

#[test]
fn who_comes_gets_the_picture_and_no_more_than_all_can_show() {
    let tmux = Tmux::says("on", &[KITTY]);
    let terminal = tmux.start();
    terminal.wait("a picture", |terminal| past(&terminal.log()).is_some() && captioned(terminal).is_some());
    terminal.wait_for_quiet();
    // Detached, attached elsewhere; a second one comes; tmux loses bytes of the first.
    let lossy = OTHER_KITTY.replace("|72|0|", "|72|9000|");
    let lists: [&[&str]; 4] = [&[], &[OTHER_KITTY], &[OTHER_KITTY, KITTY], &[&lossy, KITTY]];
    for clients in lists {
        let begin = terminal.log().len();
        tmux.now_says(clients);
        terminal.send("\x1b[I");
        if clients.is_empty() {
            continue;
        }
        terminal.wait("the picture again", |terminal| past(&terminal.log()[begin..]).is_some());
        terminal.wait_for_quiet();
        let new = terminal.log()[begin..].to_vec();
        is_right(&terminal, &new);
        assert_eq!(count(&new), 1, "once for {clients:?}");
        assert!(!String::from_utf8_lossy(&new).contains("\x1b[2J"));
    }
    assert_eq!(picture::stored(&picture::past_tmux(&terminal.log())).len(), 1);
    // One that can show none of it: half-blocks for all; and back.
    tmux.now_says(&[OTHER_KITTY, XTERM]);
    terminal.send("\x1b[I");
    terminal.wait("the pictures to be dropped", |terminal| {
        picture::stored(&picture::past_tmux(&terminal.log())).is_empty()
    });
    terminal.wait("half-blocks", |terminal| !terminal.text().contains('\u{10eeee}'));
    terminal.wait_for_quiet();
    assert!(picture::stored(&picture::past_tmux(&terminal.log())).is_empty());
    let begin = terminal.log().len();
    tmux.now_says(&[KITTY]);
    terminal.send("\x1b[I");
    terminal.wait("the picture again", |terminal| past(&terminal.log()[begin..]).is_some());
    terminal.wait_for_quiet();
    is_right(&terminal, &terminal.log()[begin..]);
    leave(terminal);
}

#[test]
fn past_a_tmux_over_ssh_a_draft_goes_first() {
    let far = KITTY.replace("||xterm", "|10.0.0.1 5 10.0.0.2 22|xterm");
    let tmux = Tmux::says("on", &[&far]);
    let terminal = tmux.start();
    terminal.wait("a picture", |terminal| past(&terminal.log()).is_some() && captioned(terminal).is_some());
    let draft = past(&terminal.log()).unwrap();
    terminal.wait("the whole picture", |terminal| count(&terminal.log()) == 2);
    terminal.wait("all of it", |terminal| {
        past(&terminal.log()).is_some_and(|whole| whole.width > 3 * draft.width)
    });
    is_right(&terminal, &terminal.log());
    leave(terminal);
}

#[test]
fn past_a_tmux_over_ssh_whose_line_is_known_to_be_fast_goes_the_picture() {
    let far = KITTY.replace("||xterm", "|10.0.0.1 5 10.0.0.2 22|xterm");
    let tmux = Tmux::says("on", &[&far]);
    // On a busy machine the line is measured to be slow all the same; what is assumed of tmux over SSH would always be.
    let sent = || {
        let terminal = tmux.start_with(&["--line", "fast"]);
        terminal
            .wait("a picture", |terminal| past(&terminal.log()).is_some() && captioned(terminal).is_some());
        terminal.wait_for_quiet();
        is_right(&terminal, &terminal.log());
        let sent = count(&terminal.log());
        leave(terminal);
        sent
    };
    assert!((0..5).any(|_| sent() == 1), "a draft goes first each time");
}

/// The real one, in a terminal that is taken for kitty.
fn attach(folder: &TempDir, persona: Persona, arguments: &[&str]) -> Terminal {
    let mut command = CommandBuilder::new("tmux");
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    command.args(["-u", "-S", &path("socket"), "-f", &path("conf")]);
    command.args(arguments);
    Terminal::run(persona, command, 120, 40)
}

#[test]
fn a_second_terminal_of_the_real_tmux_gets_the_picture() {
    let version = Command::new("tmux").arg("-V").stderr(Stdio::null()).output();
    let version =
        version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let number = version.trim_start_matches(|c: char| !c.is_ascii_digit());
    if number.is_empty() || number < "3.3" {
        println!("skipped: no tmux from 3.3 on here ({version:?})");
        return;
    }
    let folder = TempDir::new().unwrap();
    let conf = "set -g default-terminal screen-256color\nset -g allow-passthrough on\nset -g status off\nset -as terminal-features ',*:RGB'\n";
    fs::write(folder.path().join("conf"), conf).unwrap();
    // Not kitty's own: not every machine knows its capabilities.
    let kitty = KITTY_41.with(&[("TERM", "xterm-256color"), ("LANG", "C.UTF-8")]);
    let shown = |log: &[u8]| picture::kitty(log).map(|(_, picture)| picture);
    let terminal =
        attach(&folder, kitty, &["new-session", "-s", "here", program().to_str().unwrap(), "demo"]);
    terminal.wait("a picture", |terminal| shown(&terminal.log()).is_some() && captioned(terminal).is_some());
    // A second one beside it, and, with nobody left, a third one.
    for arguments in [&["attach-session", "-t", "here"][..], &["attach-session", "-d", "-t", "here"]] {
        let other = attach(&folder, kitty, arguments);
        other.wait("the picture", |other| shown(&other.log()).is_some() && captioned(other).is_some());
        let (width, height) = captioned(&other).unwrap();
        let picture = shown(&other.log()).unwrap().cropped(width, height);
        assert_eq!(picture.difference(&expected(0, width, height, DARK_CENTRE)).0, 0);
        other.wait("its cells", |other| {
            let text = other.text();
            text.contains("kernel 0 of 64") && text.contains('\u{10eeee}')
        });
        if arguments.contains(&"-d") {
            other.send("q");
            let (_, log) = other.end();
            assert!(picture::stored(log.as_bytes()).is_empty());
        } else {
            other.send("\x02d");
            other.end();
        }
    }
}
