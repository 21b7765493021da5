//! `convscope doctor` in terminals: what it says, what it shows, and that it leaves everything as it was.

use std::process::{Command, Stdio};

use portable_pty::CommandBuilder;
use rustix::process::Signal;
use serde_json::Value;

use crate::persona::{KITTY_41, LATE, LIGHT, MUTE, Persona, XTERM_SIXEL};
use crate::picture;
use crate::terminal::{Terminal, program};

/// Runs it to its end in a terminal whose cursor is known.
fn visit(persona: Persona, arguments: &[&str]) -> (u32, String) {
    let terminal = Terminal::start(persona, &[&["doctor"], arguments].concat());
    let (code, log) = terminal.end();
    assert!(!log.contains("\x1b[?1049h"), "what is printed stays: no alternate screen");
    (code, log)
}

/// What was detected of `what`.
fn detected<'a>(log: &'a str, what: &str) -> &'a str {
    let what = format!("  {what} ");
    log.lines().find(|line| line.contains(&what)).unwrap_or_else(|| panic!("no {what} in\n{log}"))
}

#[test]
fn kitty_lacks_nothing_and_shows_the_picture() {
    let (code, log) = visit(KITTY_41, &[]);
    assert_eq!(code, 0, "{log}");
    assert!(
        detected(&log, "terminal").contains("kitty(0.41.1)") && detected(&log, "pictures").contains("kitty")
    );
    assert!(detected(&log, "round trip").contains(" ms") && log.contains("Nothing is missing."), "{log}");
    let (_, picture) = picture::kitty(log.as_bytes()).unwrap();
    assert!(picture.width > 100 && log.contains('\u{10eeee}'), "the picture has a place on the screen");
    assert!(log.contains("38;2;"), "the swatch is in 24-bit colour");
}

#[test]
fn sixel_is_shown_on_a_light_background_too() {
    let (code, log) = visit(XTERM_SIXEL, &[]);
    assert_eq!(code, 0, "{log}");
    assert!(detected(&log, "pictures").contains("sixel") && picture::sixel(log.as_bytes()).is_some());
    let (_, log) = visit(LIGHT, &[]);
    assert!(detected(&log, "background").contains("light") && log.contains("#fdf6e3"), "{log}");
}

#[test]
fn a_mute_terminal_gets_half_blocks_and_remedies() {
    let (code, log) = visit(MUTE, &[]);
    assert_eq!(code, 1, "{log}");
    assert!(detected(&log, "round trip").contains("no answer") && log.contains("answers: "), "{log}");
    assert!(log.contains('▀') && picture::sixel(log.as_bytes()).is_none() && !log.contains("\x1b[6n"));
}

#[test]
fn tmux_that_cannot_be_asked_is_recognised() {
    let tmux = KITTY_41.with(&[("TERM", "tmux-256color"), ("SSH_CONNECTION", "a 1 b 22")]);
    let (code, log) = visit(tmux, &[]);
    assert_eq!(code, 1);
    assert!(
        detected(&log, "multiplexer").contains("tmux") && detected(&log, "line").contains("SSH"),
        "{log}"
    );
    assert!(!log.contains("\x1b_G") && !log.contains("\x1bP$q"), "tmux would print these: {log:?}");
    let screen = KITTY_41.with(&[("TERM", "screen"), ("STY", "1.pts")]);
    let (code, log) = visit(screen, &[]);
    assert_eq!(code, 1);
    assert!(detected(&log, "multiplexer").contains("GNU screen"), "{log}");
    let asked: Vec<&str> = log.split('\x1b').skip(1).take(2).collect();
    assert!(asked[0] == "[>c" && asked[1].starts_with("[c"), "nothing that screen would hand on: {asked:?}");
}

#[test]
fn json_is_one_object_without_pictures() {
    let (code, log) = visit(KITTY_41, &["--json"]);
    let report: Value = serde_json::from_str(&log[log.find('{').unwrap()..]).unwrap();
    let finding = |what: &str| {
        let rows = report["findings"].as_array().unwrap();
        rows.iter().find(|row| row["what"] == what).unwrap()["detected"].as_str().unwrap().to_owned()
    };
    assert_eq!((code, finding("pictures").as_str(), finding("colours").as_str()), (0, "kitty", "24-bit"));
    assert_eq!((&report["asked"], &report["missing"]), (&Value::Bool(true), &Value::Array(Vec::new())));
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let run = |term: &str| {
        let output = Command::new(program())
            .arg("doctor")
            .env("TERM", term)
            .env("CONVSCOPE_CONFIG", "/dev/null")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = run("xterm-256color");
    assert_eq!(code, Some(0), "{said}");
    assert!(detected(&said, "checkpoints").contains("read in") && !said.contains('\x1b'), "{said:?}");
    let (code, said) = run("dumb");
    assert!(
        code == Some(1) && said.contains("cannot place the cursor") && !said.contains('\x1b'),
        "{said:?}"
    );
}

#[test]
fn a_wrong_configuration_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    std::fs::write(&file, "\nmouse = 'no'").unwrap();
    let (code, log) = visit(KITTY_41, &["--config", file.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(log.contains("c.toml:2:9: mouse is true or false"), "{log}");
}

/// Whether the terminal's line is edited by the kernel, as a shell's command finds it.
fn cooked(terminal: &Terminal) -> bool {
    let modes = terminal.master.as_ref().unwrap().get_termios().unwrap();
    format!("{:?}", modes.local_flags).contains("ICANON")
}

#[test]
fn the_line_is_as_it_was_whatever_happens() {
    for end in ["answered", "\x03", "signal"] {
        let persona = if end == "answered" { KITTY_41 } else { MUTE };
        let terminal = Terminal::start(persona, &["doctor"]);
        if end != "answered" {
            terminal.wait("the question", |terminal| terminal.log_text().contains("\x1b[c"));
            assert!(!cooked(&terminal), "raw while it waits");
            match end {
                "signal" => terminal.signal(Signal::TERM),
                keys => terminal.send(keys),
            }
        }
        terminal.wait("the line to be as it was", |terminal| terminal.ended() && cooked(terminal));
        let (code, log) = terminal.end();
        assert_eq!(code, if end == "answered" { 0 } else { 2 }, "{end:?}: {log}");
    }
}

#[test]
fn late_answers_reach_no_shell() {
    let mut command = CommandBuilder::new("sh");
    let script =
        format!("'{}' doctor > /dev/tty; stty -icanon min 0 time 0; cat > left", program().display());
    command.args(["-c", &script]);
    let folder = tempfile::tempdir().unwrap();
    command.cwd(folder.path());
    let (code, log) = Terminal::run(LATE, command, 120, 40).end();
    assert_eq!(code, 0, "{log}");
    assert!(detected(&log, "pictures").contains("sixel"), "an answer after 900 ms still counts: {log}");
    assert_eq!(std::fs::read_to_string(folder.path().join("left")).unwrap(), "");
}
