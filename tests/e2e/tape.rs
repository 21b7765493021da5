//! `demo.tape` is played against the program: what it shows to people has to be there, and the README's picture is of it.
//!
//! `UPDATE_README=1 cargo test --test e2e tape` draws the picture anew.

use std::path::{Path, PathBuf};

use portable_pty::CommandBuilder;

use crate::persona::MUTE;
use crate::svg;
use crate::terminal::{Terminal, program};

const COLUMNS: u16 = 120;
const ROWS: u16 = 40;

/// What the tape's keys send, by their names there.
const KEYS: &[(&str, &str)] = &[
    ("Enter", "\r"),
    ("Escape", "\x1b"),
    ("Tab", "\t"),
    ("Space", " "),
    ("Backspace", "\x7f"),
    ("Delete", "\x1b[3~"),
    ("Up", "\x1b[A"),
    ("Down", "\x1b[B"),
    ("Right", "\x1b[C"),
    ("Left", "\x1b[D"),
    ("PageUp", "\x1b[5~"),
    ("PageDown", "\x1b[6~"),
];

/// One line of the tape, as far as the test cares.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// These bytes are typed.
    Send(String),
    /// People look at the screen; the test waits until it stands still.
    Sleep,
    /// The text is on the screen, or will soon be.
    Shows(String),
    /// The text leaves the screen.
    Hides(String),
    /// The README's picture.
    Screenshot,
    /// A variable of the shell.
    Env(String, String),
    /// Only for the recorder.
    Nothing,
}

/// What the line says; `Err` is a sentence about it.
fn step(line: &str) -> Result<Step, String> {
    let line = line.trim();
    if let Some(comment) = line.strip_prefix('#') {
        let promise = |word: &str| comment.trim_start().strip_prefix(word).map(|text| text.trim().to_owned());
        return Ok(match (promise("shows:"), promise("hides:")) {
            (Some(text), _) => Step::Shows(text),
            (_, Some(text)) => Step::Hides(text),
            (None, None) => Step::Nothing,
        });
    }
    let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
    let name = command.split('@').next().unwrap_or(command);
    if let Some((_, bytes)) = KEYS.iter().find(|(key, _)| *key == name) {
        let count = if rest.is_empty() {
            1
        } else {
            rest.parse().map_err(|error| format!("how often? {line}: {error}"))?
        };
        return Ok(Step::Send(bytes.repeat(count)));
    }
    match name {
        "" | "Output" | "Require" | "Set" | "Hide" | "Show" => Ok(Step::Nothing),
        "Sleep" => Ok(Step::Sleep),
        "Screenshot" => Ok(Step::Screenshot),
        "Type" => Ok(Step::Send(quoted(rest).ok_or_else(|| format!("no quoted text: {line}"))?.to_owned())),
        "Env" => {
            let (name, value) = rest.split_once(' ').ok_or_else(|| format!("no value: {line}"))?;
            let value = quoted(value).ok_or_else(|| format!("no quoted value: {line}"))?;
            Ok(Step::Env(name.to_owned(), value.to_owned()))
        }
        _ => match command.strip_prefix("Ctrl+").map(str::as_bytes) {
            Some([letter @ (b'A'..=b'Z' | b'a'..=b'z')]) => {
                Ok(Step::Send(char::from(letter & 0x1f).to_string()))
            }
            _ => Err(format!("a command that this test does not know: {line}")),
        },
    }
}

fn quoted(text: &str) -> Option<&str> {
    let text = text.trim();
    ['"', '\'', '`'].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

fn tape() -> Vec<Step> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("demo.tape")).unwrap();
    text.lines().map(step).collect::<Result<_, _>>().unwrap_or_else(|problem| panic!("demo.tape: {problem}"))
}

/// A shell that knows the program by its name and nothing of this user.
fn shell(steps: &[Step]) -> CommandBuilder {
    let mut command = CommandBuilder::new("bash");
    command.args(["--norc", "--noprofile"]);
    let folder = program().parent().unwrap().to_owned();
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&rest))).unwrap();
    command.env("PATH", path);
    command.env("PS1", "> ");
    command.env("HISTFILE", "/dev/null");
    for step in steps {
        if let Step::Env(name, value) = step {
            command.env(name, value);
        }
    }
    command
}

fn picture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/screen.svg")
}

/// What the tape promised and the picture's screen has, the committed picture has too.
fn check_picture(terminal: &Terminal, promised: &[String]) {
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(picture(), svg::of_screen(&terminal.screen())).unwrap();
    }
    let drawn = std::fs::read_to_string(picture()).unwrap();
    let text = terminal.text();
    let promised: Vec<_> = promised.iter().filter(|promise| text.contains(*promise)).collect();
    assert!(!promised.is_empty(), "nothing that was promised is on the picture's screen:\n{text}");
    for promise in promised {
        assert!(
            drawn.contains(&svg::escaped(promise)),
            "the README's picture does not show {promise}; UPDATE_README=1 draws it anew"
        );
    }
    assert!(drawn.len() < 250_000, "{} bytes", drawn.len());
}

#[test]
fn the_demo_keeps_its_promises() {
    let steps = tape();
    let terminal = Terminal::run(MUTE, shell(&steps), COLUMNS, ROWS);
    terminal.wait_for("> ");
    let (mut promised, mut pictures) = (Vec::new(), 0);
    for step in steps {
        match step {
            Step::Send(keys) => terminal.send(&keys),
            Step::Sleep => terminal.wait_for_quiet(),
            Step::Shows(text) => {
                terminal.wait_for(&text);
                promised.push(text);
            }
            Step::Hides(text) => {
                terminal.wait(&format!("`{text}` to go"), |terminal| !terminal.text().contains(&text));
            }
            Step::Screenshot => {
                terminal.wait_for_quiet();
                check_picture(&terminal, &promised);
                pictures += 1;
            }
            Step::Env(..) | Step::Nothing => {}
        }
    }
    assert_eq!(pictures, 1, "the README has one picture");
    assert!(promised.len() > 5, "the tape promises little: {promised:?}");
    terminal.send("exit\r");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_command_that_nobody_knows_is_refused() {
    let fine = [
        ("Type \"a b\"", Step::Send("a b".to_owned())),
        ("Type@200ms 'x'", Step::Send("x".to_owned())),
        ("Right 3", Step::Send("\x1b[C\x1b[C\x1b[C".to_owned())),
        ("Ctrl+C", Step::Send("\x03".to_owned())),
        ("# shows: conv1 · kernel", Step::Shows("conv1 · kernel".to_owned())),
        ("# about something", Step::Nothing),
        ("Env COLORTERM \"truecolor\"", Step::Env("COLORTERM".to_owned(), "truecolor".to_owned())),
    ];
    for (line, expected) in fine {
        assert_eq!(step(line).as_ref(), Ok(&expected), "{line}");
    }
    for line in ["Right often", "Jump 3", "Type a", "Ctrl+Enter", "Home"] {
        assert!(step(line).is_err(), "{line}");
    }
}
