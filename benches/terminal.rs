//! What travels: bytes of the first screen, of a key, of a new response and of a layer, for each protocol.
//!
//! `cargo bench --bench terminal` prints the README's table. The terminal is one of the tests' personas behind a PTY of
//! 160×50 cells of 8×16 pixels. No times: this terminal reads more slowly than real ones.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark prints, and may fail loudly"
)]

use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;

#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../tests/e2e/persona.rs"]
mod persona;
#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../tests/e2e/terminal.rs"]
mod terminal;

use persona::{KITTY_41, MUTE, Persona, XTERM_SIXEL};
use terminal::{Terminal, program};

/// As long without a byte, and the update is over.
const SILENCE: Duration = Duration::from_millis(150);

/// Bytes, and time to the last of them.
type Cost = (usize, Duration);

fn settle(terminal: &Terminal, from: usize, since: Instant) -> Cost {
    loop {
        let (bytes, last) = terminal.arrived();
        if last.max(since).elapsed() > SILENCE {
            return (bytes - from, last.saturating_duration_since(since));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn press(terminal: &Terminal, keys: &str) -> Cost {
    let (before, _) = terminal.arrived();
    let since = Instant::now();
    terminal.send(keys);
    settle(terminal, before, since)
}

/// The median of each, one by one.
fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_unstable();
    let bytes = costs[costs.len() / 2].0;
    costs.sort_unstable_by_key(|cost| cost.1);
    (bytes, costs[costs.len() / 2].1)
}

fn start(persona: Persona) -> (Terminal, Cost) {
    let mut command = CommandBuilder::new(program());
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/src/demo/epoch-010.h5"));
    let since = Instant::now();
    let terminal = Terminal::run(persona, command, 160, 50);
    terminal.wait_for("kernel 0 of 64");
    let first = settle(&terminal, 0, since);
    (terminal, first)
}

fn cells((bytes, _): Cost) -> String {
    format!("{:.1} kB", bytes as f64 / 1e3)
}

const RIGHT: &str = "\x1b[C";
const LEFT: &str = "\x1b[D";

fn main() {
    println!(
        "| protocol | first screen | a key, new response | a key, response seen before | a key, no response | next layer |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for (name, persona) in [("kitty", KITTY_41), ("sixel", XTERM_SIXEL), ("half-blocks", MUTE)] {
        let firsts = (0..5).map(|_| start(persona).1).collect();
        let (terminal, _) = start(persona);
        let new = median((0..16).map(|_| press(&terminal, RIGHT)).collect());
        let seen = median((0..8).map(|_| press(&terminal, LEFT)).collect());
        press(&terminal, "\x1b[Z");
        let layer = median(["j", "k", "j", "k"].map(|key| press(&terminal, key)).to_vec());
        press(&terminal, "\t");
        press(&terminal, "p");
        let none = median((0..16).map(|_| press(&terminal, RIGHT)).collect());
        let row = [median(firsts), new, seen, none, layer].map(cells).join(" | ");
        println!("| {name} | {row} |");
    }
}
