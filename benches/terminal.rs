//! What travels, and how long it takes to the last byte: the first screen, a key, a response, a layer, by protocol.
//!
//! `cargo bench --bench terminal` prints the README's table, and puts the programs of [`PEERS`] that it finds on the PATH
//! beside it; with checkpoints as arguments, how long they take to open. The terminal is a PTY of 160×50 cells of 10×20
//! pixels that answers questions and draws nothing, so that its own work is no part of the times; for the large response it
//! has 62 rows.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may fail loudly")]

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use image::{Rgb, RgbImage};
use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

const COLUMNS: u16 = 160;
const ROWS: u16 = 50;
/// So many have room for the large photo, pixel by pixel.
const MANY_ROWS: u16 = 62;
/// Columns and rows of the large photo, and of the response to it.
const LARGE: u32 = 448;
const CHECKPOINT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/demo/epoch-010.h5");

/// As long without a byte, and an update is over.
const SILENCE: Duration = Duration::from_millis(120);
/// The same for a start: Python programs think in between.
const START_SILENCE: Duration = Duration::from_millis(700);
/// A program that has shown nothing until then does not work here.
const PATIENCE: Duration = Duration::from_secs(15);

const RIGHT: &str = "\x1b[C";
const LEFT: &str = "\x1b[D";
const DOWN: &str = "\x1b[B";

/// Question and answer.
type Answers = &'static [(&'static str, &'static str)];

/// What every terminal answers.
const STATUS: (&str, &str) = ("\x1b[5n", "\x1b[0n");
const CELL: (&str, &str) = ("\x1b[16t", "\x1b[6;20;10t");
const WINDOW: (&str, &str) = ("\x1b[14t", "\x1b[4;1000;1600t");
const CURSOR: (&str, &str) = ("\x1b[6n", "\x1b[1;1R");
const KITTY: Answers = &[
    STATUS,
    CELL,
    WINDOW,
    CURSOR,
    ("\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\", "\x1b_Gi=31;OK\x1b\\"),
    ("\x1b[>q", "\x1bP>|kitty(0.41.1)\x1b\\"),
    ("\x1b[c", "\x1b[?62;c"),
];
const SIXEL: Answers =
    &[STATUS, CELL, WINDOW, CURSOR, ("\x1b[>q", "\x1bP>|foot(1.16.2)\x1b\\"), ("\x1b[c", "\x1b[?62;4;22c")];
const TEXT: Answers = &[STATUS, CURSOR, ("\x1b[c", "\x1b[?62;22c")];

/// A protocol, what the terminal says, and what is said to convscope.
const PROTOCOLS: [(&str, Answers, &[&str]); 4] = [
    ("kitty", KITTY, &[]),
    ("sixel", SIXEL, &[]),
    ("iTerm2", SIXEL, &["--graphics", "iterm2"]),
    ("half-blocks", TEXT, &["--graphics", "halfblocks"]),
];

/// Other programs that show such a file in a terminal: the command, and where it comes from.
const PEERS: [(&str, &str); 2] = [("h5v", "cargo install h5v"), ("h5tui", "pip install h5tui")];

/// Bytes, and the time to the last of them.
type Cost = (usize, Duration);

struct Arrived {
    bytes: usize,
    last: Instant,
    /// When the first frame had ended, where the program says so (mode 2026).
    frame: Option<Instant>,
}

const FRAME_END: &[u8] = b"\x1b[?2026l";

/// A terminal that counts.
struct Terminal {
    arrived: Arc<Mutex<Arrived>>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    child: Box<dyn Child + Send + Sync>,
}

impl Terminal {
    /// Starts the command; answers with what its first screen cost, if it has one.
    fn start(mut command: CommandBuilder, answers: Answers, rows: u16) -> Option<(Self, Cost)> {
        let size = PtySize { rows, cols: COLUMNS, pixel_width: COLUMNS * 10, pixel_height: rows * 20 };
        let pair = native_pty_system().openpty(size).unwrap();
        for name in
            ["COLORFGBG", "KITTY_WINDOW_ID", "NO_COLOR", "SSH_CONNECTION", "STY", "TERM_PROGRAM", "TMUX"]
        {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("CONVSCOPE_CONFIG", "/dev/null");
        let since = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let arrived = Arc::new(Mutex::new(Arrived { bytes: 0, last: since, frame: None }));
        let writer = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (count, answer) = (Arc::clone(&arrived), Arc::clone(&writer));
        std::thread::spawn(move || {
            // The end of the last piece: a question may be cut in two.
            let (mut held, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
            let mut framed = false;
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                let now = Instant::now();
                held.extend_from_slice(&buffer[..read]);
                framed |= held.windows(FRAME_END.len()).any(|bytes| bytes == FRAME_END);
                {
                    let mut arrived = count.lock().unwrap();
                    arrived.bytes += read;
                    arrived.last = now;
                    arrived.frame = arrived.frame.or(framed.then_some(now));
                }
                let said = answers_to(&mut held, answers);
                if !said.is_empty() {
                    let _ = answer.lock().unwrap().write_all(said.as_bytes());
                }
            }
            // Not before: the program would be hung up.
            drop(pair.master);
        });
        let terminal = Self { arrived, writer, child };
        let first = terminal.settle(0, since, START_SILENCE)?;
        Some((terminal, first))
    }

    /// What came since, when nothing comes any more; `None` where nothing comes at all.
    fn settle(&self, from: usize, since: Instant, silence: Duration) -> Option<Cost> {
        loop {
            std::thread::sleep(Duration::from_millis(5));
            let (bytes, last) = {
                let arrived = self.arrived.lock().unwrap();
                (arrived.bytes - from, arrived.last)
            };
            // Questions alone are no screen.
            let patience = if silence == START_SILENCE && bytes < 1000 { PATIENCE } else { silence };
            if last.max(since).elapsed() > patience {
                return (bytes > 0 && patience == silence)
                    .then(|| (bytes, last.saturating_duration_since(since)));
            }
        }
    }

    /// What a key costs; nothing where nothing comes.
    fn press(&self, keys: &str) -> Cost {
        let from = self.arrived.lock().unwrap().bytes;
        let since = Instant::now();
        self.writer.lock().unwrap().write_all(keys.as_bytes()).unwrap();
        self.settle(from, since, SILENCE).unwrap_or_default()
    }

    /// The median of so many keys.
    fn median_of(&self, keys: &[&str]) -> Cost {
        median(keys.iter().map(|keys| self.press(keys)).collect())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answers to the questions in `held`, of which only an unfinished end is left.
fn answers_to(held: &mut Vec<u8>, answers: Answers) -> String {
    let mut said = String::new();
    let mut keep = held.len();
    for at in (0..held.len()).filter(|at| held[*at] == 0x1b) {
        let here = &held[at..];
        if let Some((_, answer)) = answers.iter().find(|row| here.starts_with(row.0.as_bytes())) {
            said += answer;
        } else if answers.iter().any(|row| row.0.as_bytes().starts_with(here)) {
            keep = at;
            break;
        }
    }
    held.drain(..keep);
    said
}

/// The median of each, one by one.
fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_unstable();
    let bytes = costs[costs.len() / 2].0;
    costs.sort_unstable_by_key(|cost| cost.1);
    (bytes, costs[costs.len() / 2].1)
}

fn cell((bytes, time): Cost) -> String {
    if bytes == 0 {
        return "–".to_owned();
    }
    format!("{:.1} kB, {:.1} ms", bytes as f64 / 1e3, time.as_secs_f64() * 1e3)
}

fn convscope(answers: Answers, arguments: &[&str], rows: u16) -> Option<(Terminal, Cost)> {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_convscope"));
    command.args([&[CHECKPOINT], arguments].concat());
    Terminal::start(command, answers, rows)
}

/// A square photo: the built-in one with its mirror images beside it and below.
fn large_photo() -> RgbImage {
    let photo = convscope::demo::photo();
    let mirrored = |at: u32, length: usize| {
        let at = at as usize % (2 * length);
        at.min(2 * length - 1 - at)
    };
    RgbImage::from_fn(LARGE, LARGE, |x, y| {
        let at = mirrored(y, photo.height) * photo.width + mirrored(x, photo.width);
        Rgb([0, 1, 2].map(|channel| photo.rgb[3 * at + channel]))
    })
}

/// First screen, a key without a response, a new response, a large one, one that was seen before, another layer.
fn measure(answers: Answers, arguments: &[&str], photo: &str) -> [Cost; 6] {
    let first = median((0..5).filter_map(|_| Some(convscope(answers, arguments, ROWS)?.1)).collect());
    let (terminal, _) = convscope(answers, &[arguments, &["--image", photo]].concat(), MANY_ROWS).unwrap();
    let large = terminal.median_of(&[RIGHT; 16]);
    drop(terminal);
    let (terminal, _) = convscope(answers, arguments, ROWS).unwrap();
    let new = terminal.median_of(&[RIGHT; 16]);
    let seen = terminal.median_of(&[LEFT; 8]);
    terminal.press("\x1b[Z");
    let layer = terminal.median_of(&["j", "k", "j", "k", "j", "k"]);
    terminal.press("\t");
    terminal.press("p");
    let none = terminal.median_of(&[RIGHT; 16]);
    [first, none, new, large, seen, layer]
}

/// First screen, and a key down.
fn measure_peer(name: &str) -> Option<(Cost, Cost)> {
    let mut command = CommandBuilder::new(name);
    command.arg(CHECKPOINT);
    let (terminal, first) = Terminal::start(command, KITTY, ROWS)?;
    Some((first, terminal.median_of(&[DOWN, "\x1b[A", DOWN, "\x1b[A", DOWN])))
}

/// How long a file takes to open, and how much memory: until the end of the first frame, until everything is there.
fn open(name: &str, file: &str) -> Option<String> {
    let once = || {
        let mut command = CommandBuilder::new(name);
        command.arg(file);
        let since = Instant::now();
        let (terminal, (_, all)) = Terminal::start(command, KITTY, ROWS)?;
        let frame = terminal.arrived.lock().unwrap().frame.map(|frame| frame - since).unwrap_or_default();
        let status = format!("/proc/{}/status", terminal.child.process_id()?);
        let status = std::fs::read_to_string(status).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        Some((peak?.parse().ok()?, frame, all))
    };
    let runs: Vec<(usize, Duration, Duration)> = (0..9).filter_map(|_| once()).collect();
    if runs.is_empty() {
        return None;
    }
    let (kib, frame) = median(runs.iter().map(|run| (run.0, run.1)).collect());
    let (_, all) = median(runs.iter().map(|run| (run.0, run.2)).collect());
    let time = |time: Duration| match time.as_secs_f64() * 1e3 {
        0.0 => "–".to_owned(),
        time => format!("{time:.1} ms"),
    };
    Some(format!("{} | {} | {:.1} MiB", time(frame), time(all), kib as f64 / 1024.0))
}

fn print_openings(files: &[String]) {
    println!("| file | program | first frame | everything | peak memory |");
    println!("| --- | --- | --- | --- | --- |");
    let peers = PEERS.iter().map(|row| row.0).filter(|name| is_on_path(name));
    let programs: Vec<&str> = [env!("CARGO_BIN_EXE_convscope")].into_iter().chain(peers).collect();
    for path in files {
        for program in &programs {
            let [file, name] = [path, *program].map(|path| path.rsplit('/').next().unwrap_or_default());
            let cost = open(program, path).unwrap_or_else(|| "– | does not open it | –".to_owned());
            println!("| {file} | {name} | {cost} |");
        }
    }
}

fn is_on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

fn main() {
    let files: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if !files.is_empty() {
        return print_openings(&files);
    }
    let photo = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
    large_photo().save(photo.path()).unwrap();
    println!(
        "| | first screen | a key, no response | a key, new response | the same, {LARGE}×{LARGE} | \
         a key, response seen before | next layer |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (name, answers, arguments) in PROTOCOLS {
        let costs = measure(answers, arguments, photo.path().to_str().unwrap());
        println!("| {name} | {} |", costs.map(cell).join(" | "));
    }
    let mut missing = Vec::new();
    for (name, source) in PEERS {
        if !is_on_path(name) {
            missing.push(format!("{name} is not on the PATH, so it is not measured: {source}"));
        } else if let Some((first, key)) = measure_peer(name) {
            println!("| {name} | {} | {} | – | – | – | – |", cell(first), cell(key));
        } else {
            missing.push(format!("{name} shows nothing here"));
        }
    }
    for sentence in missing {
        println!("\n{sentence}");
    }
}
