//! A terminal on the other side of a PTY: it keeps the screen, logs every byte, and answers questions as a real one.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use crate::persona::{CURSOR, Persona, STATUS};

/// How long anything may take before the test says that it hangs. No figure of speed: the machines are shared.
const PATIENCE: Duration = Duration::from_secs(40);

/// What the terminal that the tests run in may have set.
const ELSEWHERE: &[&str] = &[
    "COLORFGBG",
    "COLORTERM",
    "KITTY_WINDOW_ID",
    "NO_COLOR",
    "SSH_CONNECTION",
    "SSH_TTY",
    "STY",
    "TERM_PROGRAM",
    "TMUX",
    "TMUX_PANE",
    "XDG_CONFIG_HOME",
];

/// The program in its terminal.
pub(crate) struct Terminal {
    shared: Arc<Mutex<Shared>>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    pub(crate) child: Box<dyn Child + Send + Sync>,
    pub(crate) master: Option<Box<dyn MasterPty + Send>>,
}

struct Shared {
    screen: vt100::Parser,
    log: Vec<u8>,
    /// When the last of it came.
    last: Instant,
    closed: bool,
}

/// The program under test.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_convscope"))
}

impl Terminal {
    /// Starts convscope with these arguments in a terminal of 120×40 cells of 8×16 pixels.
    pub(crate) fn start(persona: Persona, arguments: &[&str]) -> Self {
        let mut command = CommandBuilder::new(program());
        command.args(arguments);
        Self::run(persona, command, 120, 40)
    }

    /// Runs a command in a terminal of this size.
    pub(crate) fn run(persona: Persona, mut command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: columns * 8, pixel_height: rows * 16 };
        let pair = native_pty_system().openpty(size).unwrap();
        for name in ELSEWHERE {
            command.env_remove(name);
        }
        if command.get_env("CONVSCOPE_CONFIG").is_none() {
            // Not the one of whoever runs the tests.
            command.env("CONVSCOPE_CONFIG", "/dev/null");
        }
        for (name, value) in persona.environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let writer = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let screen = vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0);
        let shared =
            Arc::new(Mutex::new(Shared { screen, log: Vec::new(), last: Instant::now(), closed: false }));
        let reader = pair.master.try_clone_reader().unwrap();
        let keeper = Keeper {
            shared: Arc::clone(&shared),
            answers: answering(persona.delay, Arc::clone(&writer)),
            persona,
            asked: 0,
        };
        std::thread::spawn(move || keeper.keep(reader));
        Self { shared, writer, child, master: Some(pair.master) }
    }

    /// Sends bytes as if typed.
    pub(crate) fn send(&self, keys: &str) {
        self.send_bytes(keys.as_bytes());
    }

    /// Sends bytes that may be no text.
    pub(crate) fn send_bytes(&self, bytes: &[u8]) {
        let mut writer = self.writer.lock().unwrap();
        writer.write_all(bytes).unwrap();
        writer.flush().unwrap();
    }

    /// The text on the screen.
    pub(crate) fn text(&self) -> String {
        self.shared.lock().unwrap().screen.screen().contents()
    }

    /// What the terminal knows, for a closer look.
    pub(crate) fn screen(&self) -> vt100::Screen {
        self.shared.lock().unwrap().screen.screen().clone()
    }

    /// Every byte that came so far.
    pub(crate) fn log(&self) -> Vec<u8> {
        self.shared.lock().unwrap().log.clone()
    }

    /// How many bytes came so far, and when the last of them did.
    pub(crate) fn arrived(&self) -> (usize, Instant) {
        let shared = self.shared.lock().unwrap();
        (shared.log.len(), shared.last)
    }

    /// Every byte that came so far, as text.
    pub(crate) fn log_text(&self) -> String {
        String::from_utf8_lossy(&self.log()).into_owned()
    }

    /// Waits until `holds`, or fails with the screen.
    pub(crate) fn wait(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(self) {
            let closed = self.shared.lock().unwrap().closed;
            assert!(
                Instant::now() < until && !closed || holds(self),
                "waited in vain for {what}; on the screen:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until the screen shows `text`.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait(text, |terminal| terminal.text().contains(text));
    }

    /// Waits until nothing has come for a while.
    pub(crate) fn wait_for_quiet(&self) {
        let begin = Instant::now();
        self.wait("quiet", |terminal| terminal.arrived().1.max(begin).elapsed() > Duration::from_millis(400));
    }

    /// Whether the program has ended and everything it wrote is here.
    pub(crate) fn ended(&self) -> bool {
        self.shared.lock().unwrap().closed
    }

    /// Waits for the end and the exit code.
    pub(crate) fn end(mut self) -> (u32, String) {
        let until = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > until {
                let text = self.text();
                let _ = self.child.kill();
                panic!("the program does not end; on the screen:\n{text}");
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        // What it printed last may still be on its way.
        let until = Instant::now() + Duration::from_secs(2);
        while !self.shared.lock().unwrap().closed && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        (status.exit_code(), self.log_text())
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.child.process_id().and_then(|id| Pid::from_raw(id.cast_signed())).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Gives the window another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.resize_cells(columns, rows, (8, 16));
    }

    /// The same with cells of another size, in pixels.
    pub(crate) fn resize_cells(&self, columns: u16, rows: u16, (width, height): (u16, u16)) {
        let (pixel_width, pixel_height) = (columns * width, rows * height);
        let size = PtySize { rows, cols: columns, pixel_width, pixel_height };
        self.shared
            .lock()
            .unwrap()
            .screen
            .screen_mut()
            .set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
        self.master.as_ref().unwrap().resize(size).unwrap();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// The thread that reads the program's output and answers its questions.
struct Keeper {
    shared: Arc<Mutex<Shared>>,
    answers: Sender<String>,
    persona: Persona,
    /// Up to where the log was searched for questions.
    asked: usize,
}

impl Keeper {
    fn keep(mut self, mut reader: Box<dyn Read + Send>) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            let log = Arc::clone(&self.shared);
            let mut shared = log.lock().unwrap();
            shared.log.extend_from_slice(&buffer[..count]);
            shared.last = Instant::now();
            shared.screen.process(&buffer[..count]);
            let cursor = shared.screen.screen().cursor_position();
            let answers = self.answers(&shared.log, cursor);
            drop(shared);
            if !answers.is_empty() {
                let _ = self.answers.send(answers);
            }
        }
        self.shared.lock().unwrap().closed = true;
    }

    /// The answers to what was asked since the last time, in the order of the questions; half a question may still be
    /// on its way.
    fn answers(&mut self, log: &[u8], (row, column): (u16, u16)) -> String {
        if self.persona.answers.is_empty() {
            return String::new();
        }
        let place = format!("\x1b[{};{}R", row + 1, column + 1);
        let common = [(STATUS, "\x1b[0n"), (CURSOR, &*place)];
        let mut answers = String::new();
        loop {
            let rows = self.persona.answers.iter().chain(&common);
            let found = rows.filter_map(|(question, answer)| {
                let at = position(&log[self.asked..], question.as_bytes())?;
                Some((at, at + question.len(), *answer))
            });
            let Some((_, end, answer)) = found.min() else { return answers };
            self.asked += end;
            answers += answer;
        }
    }
}

/// Types what is sent into it, so much later.
fn answering(delay: Duration, writer: Arc<Mutex<Box<dyn Write + Send>>>) -> Sender<String> {
    let (sender, answers) = mpsc::channel::<String>();
    std::thread::spawn(move || {
        for answer in answers {
            std::thread::sleep(delay);
            let _ = writer.lock().unwrap().write_all(answer.as_bytes());
        }
    });
    sender
}

fn position(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
