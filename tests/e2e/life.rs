//! Begin and end: errors before the screen, signals, suspension, a lost line, a panic.

use std::io::Read;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::process::Signal;

use crate::persona::{LATE, MUTE, XTERM_SIXEL};
use crate::picture;
use crate::terminal::{Terminal, program};

/// What every end must have said, whatever its cause; and no picture is left in the terminal.
pub(crate) fn left_nothing(log: &str) {
    left_the_terminal(log);
    assert!(log.rfind("\x1b[?2026l") > log.rfind("\x1b[?2026h"), "a frame that never ends");
    assert!(picture::stored(log.as_bytes()).is_empty(), "{:?} are left", picture::stored(log.as_bytes()));
    let past = picture::past_tmux(log.as_bytes());
    assert!(picture::stored(&past).is_empty(), "{:?} are left", picture::stored(&past));
    let after = log.rsplit("\x1b[?1049l").next().unwrap();
    assert!(after.trim().is_empty(), "written after the end: {after:?}");
}

/// What every end must have said.
fn left_the_terminal(log: &str) {
    for (entered, left) in [
        ("\x1b[?1049h", "\x1b[?1049l"),
        ("\x1b[?25l", "\x1b[?25h"),
        ("\x1b[?1000h", "\x1b[?1000l"),
        ("\x1b[?2004h", "\x1b[?2004l"),
        ("\x1b[?7l", "\x1b[?7h"),
        ("\x1b[?1004h", "\x1b[?1004l"),
        ("\x1b[?1006h", "\x1b[?1006l"),
    ] {
        assert!(log.rfind(entered).is_some() && log.rfind(left) > log.rfind(entered), "{left:?} is missing");
    }
}

#[test]
fn what_cannot_be_opened_never_touches_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "no network").unwrap();
    let empty = folder.path().join("empty.h5");
    std::fs::write(&empty, "").unwrap();
    // A folder is a run of checkpoints; one without any is none.
    let bare = folder.path().join("bare");
    std::fs::create_dir(&bare).unwrap();
    for path in [folder.path().join("missing.h5"), bare, text, empty] {
        let path = path.to_str().unwrap();
        let (code, log) = Terminal::start(XTERM_SIXEL, &[path]).end();
        assert_eq!(code, 2, "{log}");
        assert!(log.starts_with("convscope: ") && log.contains(path), "{log:?}");
        assert_eq!(log.trim_end().lines().count(), 1, "one sentence: {log:?}");
        assert!(!log.contains('\x1b'), "{log:?}");
    }
}

#[test]
fn a_configuration_is_heeded_and_the_command_line_wins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let file = file.to_str().unwrap();
    std::fs::write(file, "mouse = false\ngraphics = 'halfblocks'\n[keys]\nnext-kernel = 'x'\n").unwrap();
    let terminal = Terminal::start(XTERM_SIXEL, &["demo", "--config", file]);
    terminal.wait_for("kernel 0 of 64");
    terminal.send("x");
    terminal.wait_for("kernel 1 of 64");
    terminal.wait_for_quiet();
    terminal.send("q");
    let (code, log) = terminal.end();
    assert!(code == 0 && !log.contains("\x1b[?1000h") && crate::picture::sixel(log.as_bytes()).is_none());
    let terminal = Terminal::start(XTERM_SIXEL, &["demo", "--config", file, "--graphics", "auto"]);
    terminal.wait("sixel", |terminal| crate::picture::sixel(&terminal.log()).is_some());
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
    std::fs::write(file, "mouse = 1\n").unwrap();
    let mut command = CommandBuilder::new(program());
    command.arg("demo");
    command.env("CONVSCOPE_CONFIG", file);
    let (code, log) = Terminal::run(MUTE, command, 80, 24).end();
    assert!(code == 2 && log.starts_with("convscope: ") && !log.contains('\x1b'), "{log:?}");
    assert!(log.contains("config.toml:1:9: mouse is true or false"), "{log:?}");
}

#[test]
fn an_unknown_layer_is_one_sentence() {
    let (code, log) = Terminal::start(XTERM_SIXEL, &["demo", "--layer", "conv7"]).end();
    assert_eq!(code, 2);
    assert!(log.contains("did you mean conv1?") && !log.contains("1049h"), "{log:?}");
}

#[test]
fn a_photo_that_does_not_decode_is_one_sentence_after_the_screen_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("photo.png");
    std::fs::write(&photo, "not a picture").unwrap();
    let (code, log) = Terminal::start(XTERM_SIXEL, &["demo", "--image", photo.to_str().unwrap()]).end();
    assert_eq!(code, 2, "{log:?}");
    let said = log.rsplit("\x1b[?1049l").next().unwrap();
    assert!(said.contains("photo.png") && said.trim_end().lines().count() == 1, "{said:?}");
}

#[test]
fn a_dumb_terminal_gets_one_sentence_and_no_escape() {
    for term in ["dumb", ""] {
        let mut command = CommandBuilder::new(program());
        command.arg("demo");
        command.env("TERM", term);
        let (code, log) = Terminal::run(MUTE.with(&[]), command, 80, 24).end();
        assert_eq!(code, 2, "{log}");
        assert!(log.contains("place the cursor") && log.contains("`convscope show`"), "{log:?}");
        assert!(log.trim_end().lines().count() == 1 && !log.contains('\x1b'), "{log:?}");
    }
}

#[test]
fn without_a_terminal_it_says_what_to_do() {
    let output = std::process::Command::new(crate::terminal::program()).arg("demo").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("needs a terminal") && output.stdout.is_empty(), "{said}");
}

/// What ends or stops the program.
enum End {
    Keys(&'static str),
    Signal(Signal),
}

impl End {
    fn happen(&self, terminal: &Terminal) {
        match self {
            Self::Keys(keys) => terminal.send(keys),
            Self::Signal(signal) => terminal.signal(*signal),
        }
    }
}

#[test]
fn every_end_gives_the_terminal_back() {
    for end in [End::Keys("q"), End::Keys("\x03"), End::Signal(Signal::TERM), End::Signal(Signal::HUP)] {
        let terminal = Terminal::start(XTERM_SIXEL, &["demo"]);
        terminal.wait_for("kernel 0 of 64");
        let cooked = |terminal: &Terminal| {
            let modes = terminal.master.as_ref().unwrap().get_termios().unwrap();
            format!("{:?}", modes.local_flags).contains("ICANON")
        };
        assert!(!cooked(&terminal), "raw while it runs");
        end.happen(&terminal);
        terminal
            .wait("the alternate screen to be left", |terminal| terminal.log_text().contains("\x1b[?1049l"));
        terminal.wait("the line discipline to be back", cooked);
        left_the_terminal(&terminal.end().1);
    }
}

#[test]
fn a_lost_line_ends_the_program() {
    // Without the harness, whose thread keeps the terminal's end open: here the last copy of it is dropped.
    let pair = native_pty_system()
        .openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 })
        .unwrap();
    let mut command = CommandBuilder::new(program());
    command.arg("demo");
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&seen).contains("quit") {
        let count = reader.read(&mut buffer).unwrap();
        assert!(count > 0, "it ended before it was shown");
        seen.extend_from_slice(&buffer[..count]);
    }
    drop(reader);
    drop(pair.master);
    let until = Instant::now() + Duration::from_secs(40);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "it goes on without a terminal");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The state letter of a process: `T` when it is stopped.
fn state(id: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

#[cfg(target_os = "linux")]
#[test]
fn it_stops_and_comes_back() {
    let terminal = Terminal::start(XTERM_SIXEL, &["demo"]);
    terminal.wait_for("kernel 0 of 64");
    terminal.wait_for_quiet();
    let id = terminal.child.process_id().unwrap();
    for stop in [End::Keys("\x1a"), End::Signal(Signal::TSTP)] {
        stop.happen(&terminal);
        terminal.wait("the process to stop", |_| state(id) == Some('T'));
        terminal.wait("the screen to be left", |terminal| !terminal.screen().alternate_screen());
        left_the_terminal(&terminal.log_text());
        terminal.signal(Signal::CONT);
        terminal.wait("the screen", |terminal| terminal.screen().alternate_screen());
        terminal.wait_for("kernel 0 of 64");
        terminal.send("l");
        terminal.wait_for("kernel 1 of 64");
        terminal.send("h");
        terminal.wait_for("kernel 0 of 64");
    }
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn answers_that_come_late_are_no_keys() {
    let terminal = Terminal::start(LATE, &["demo"]);
    terminal.wait_for("kernel 0 of 64");
    terminal.send("l");
    terminal.wait_for("kernel 1 of 64");
    terminal.wait("the late answers to bring sixel", |terminal| {
        terminal.log_text().contains("\x1bPq") || terminal.log_text().contains("q\"1;1")
    });
    terminal.wait_for_quiet();
    let text = terminal.text();
    assert!(text.contains("kernel 1 of 64") && text.contains("quit"), "{text}");
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

/// Not a test by itself: the process that panics in [`a_panic_gives_the_terminal_back`].
#[test]
fn panics_when_asked_to() {
    if std::env::var_os("CONVSCOPE_TEST_PANIC").is_none() {
        return;
    }
    convscope::tui::leave_on_panic();
    convscope::tui::terminal::enter(true).unwrap();
    std::thread::spawn(|| panic!("on purpose")).join().unwrap();
}

#[test]
fn a_panic_gives_the_terminal_back() {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "life::panics_when_asked_to", "--nocapture"]);
    command.env("CONVSCOPE_TEST_PANIC", "1");
    let (code, log) = Terminal::run(MUTE, command, 80, 24).end();
    assert_eq!(code, 101);
    left_the_terminal(&log);
    let after = log.rsplit("\x1b[?1049l").next().unwrap();
    assert!(after.contains("on purpose"), "the message can be read: {after:?}");
}
