//! A short conversation with the terminal in raw mode, which ends with the mode that there was before.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use crossterm::terminal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{QueueSelector, tcflush};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::Talk;
use crate::app::key::Key;
use crate::app::msg::Msg;
use crate::tui::answers;
use crate::tui::detect::Evidence;
use crate::tui::input::{Decoder, Input};

/// Raw mode until this is dropped; a signal meanwhile ends the conversation instead of the program.
struct Raw {
    /// Whether signals do what they do by default.
    by_default: Arc<AtomicBool>,
    signalled: Arc<AtomicBool>,
}

impl Raw {
    fn enter() -> io::Result<Self> {
        let (by_default, signalled) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&by_default))?;
            signal_hook::flag::register(signal, Arc::clone(&signalled))?;
        }
        let raw = Self { by_default, signalled };
        terminal::enable_raw_mode()?;
        Ok(raw)
    }

    /// What the terminal says before `until`; `None` when that has passed.
    fn read(&self, until: Instant) -> anyhow::Result<Option<Vec<u8>>> {
        let stdin = rustix::stdio::stdin();
        let mut buffer = [0_u8; 4096];
        loop {
            if self.signalled.load(Ordering::Relaxed) {
                bail!("interrupted");
            }
            let left = until.saturating_duration_since(Instant::now());
            let wait =
                Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: i64::from(left.subsec_nanos()) };
            match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&wait)) {
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error).context("the terminal cannot be read"),
                Ok(0) => return Ok(None),
                Ok(_) => match rustix::io::read(stdin, &mut buffer) {
                    Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                    Err(error) => return Err(error).context("the terminal cannot be read"),
                    Ok(0) => bail!("the terminal is gone"),
                    Ok(count) => return Ok(Some(buffer[..count].to_vec())),
                },
            }
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // What came too late must not reach the shell as typed text.
        let _ = tcflush(rustix::stdio::stdin(), QueueSelector::IFlush);
        let _ = terminal::disable_raw_mode();
        self.by_default.store(true, Ordering::Relaxed);
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("the terminal cannot be written to")
}

/// Asks everything in one write, and learns what is answered in `time`.
pub(super) fn ask(evidence: &mut Evidence, time: Duration) -> anyhow::Result<Talk> {
    let raw = Raw::enter().context("the terminal cannot be used")?;
    let begin = Instant::now();
    say(&answers::questions(&evidence.environment))?;
    let (mut decoder, mut talk) = (Decoder::default(), Talk::Silent);
    let mut until = begin + time;
    while let Some(bytes) = raw.read(until)? {
        for input in decoder.feed(&bytes) {
            match input {
                Input::Answer(answer) => evidence.learn(answer),
                Input::Msg(Msg::Key(Key::Ctrl('c'))) => bail!("interrupted"),
                Input::Msg(_) | Input::Focus => {}
            }
        }
        if evidence.complete && talk == Talk::Silent {
            let trip = begin.elapsed();
            talk = Talk::Answered(trip);
            // What a multiplexer handed on is answered by the terminal around it, after the multiplexer's own answers.
            until = Instant::now() + trip.min(time / 4);
        }
    }
    // Whoever printed a question instead of answering it did so here.
    say("\r\x1b[K")?;
    Ok(talk)
}

/// The row of the cursor, from 0 on; `None` where the terminal does not say.
pub(super) fn cursor_row(time: Duration) -> anyhow::Result<Option<u16>> {
    let raw = Raw::enter().context("the terminal cannot be used")?;
    say("\x1b[6n")?;
    let (mut said, until) = (Vec::new(), Instant::now() + time);
    while let Some(bytes) = raw.read(until)? {
        said.extend(bytes);
        if let Some(row) = row_in(&said) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// The row of a report of the cursor's position, `CSI row ; column R`.
fn row_in(said: &[u8]) -> Option<u16> {
    let said = String::from_utf8_lossy(said);
    said.split("\x1b[").skip(1).find_map(|piece| {
        let (row, column) = piece.split_once('R')?.0.split_once(';')?;
        column.parse::<u16>().ok()?;
        row.parse::<u16>().ok()?.checked_sub(1)
    })
}

#[cfg(test)]
mod tests {
    use super::row_in;

    #[test]
    fn the_cursors_row_is_found_between_keys() {
        assert_eq!(row_in(b"\x1b[24;1R"), Some(23));
        assert_eq!(row_in(b"q\x1b[Ax\x1b[1;120R"), Some(0));
        for not_yet in [&b"\x1b[24;1"[..], b"\x1b[24", b"24;1R", b"\x1b[0;1R", b"\x1b[;R", b""] {
            assert_eq!(row_in(not_yet), None, "{not_yet:?}");
        }
    }
}
