//! Entering and leaving the terminal, and leaving it again on a panic or a signal.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::terminal;

/// Alternate screen, no cursor, no line wrap, pasted text marked as such, focus reported.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h\x1b[?1004h\x1b[2J";
/// The reverse, after the end of a frame that may have been cut off, with every mouse mode off.
const LEAVE: &str =
    "\x1b\\\x1b[?2026l\x1b[0m\x1b[?1006l\x1b[?1000l\x1b[?1004l\x1b[?2004l\x1b[?7h\x1b[2J\x1b[?25h\x1b[?1049l";
/// Button presses and the wheel, with coordinates in decimals; no motion, which would travel for nothing.
pub(super) const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
/// The mouse belongs to the terminal again.
pub(super) const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

static ENTERED: AtomicBool = AtomicBool::new(false);

/// Takes the terminal: raw mode and the alternate screen.
///
/// # Errors
/// When the terminal refuses.
pub fn enter(mouse: bool) -> io::Result<()> {
    terminal::enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    let mut out = io::stdout().lock();
    out.write_all(ENTER.as_bytes())?;
    if mouse {
        out.write_all(MOUSE_ON.as_bytes())?;
    }
    out.flush()
}

/// Writes a frame, in as few pieces as the terminal takes.
///
/// # Errors
/// When the terminal is gone.
pub(super) fn write(mut bytes: &[u8]) -> io::Result<()> {
    let stdout = rustix::stdio::stdout();
    while !bytes.is_empty() {
        match rustix::io::write(stdout, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(rustix::io::Errno::INTR) => {}
            // Somebody else set the terminal to give up at once: wait until it takes more.
            Err(rustix::io::Errno::AGAIN) => {
                let mut fds = [rustix::event::PollFd::new(&stdout, rustix::event::PollFlags::OUT)];
                let _ = rustix::event::poll(&mut fds, None);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Gives the terminal back as it was. Does nothing where that has been done already, so that everyone may call it:
/// the end of the program, a panic on any thread, a signal.
pub fn leave() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // Not through `stdout()`: the thread that holds its lock may be the one that panicked, or hang in a write.
    let _ = rustix::io::write(rustix::stdio::stdout(), LEAVE.as_bytes());
    let _ = terminal::disable_raw_mode();
}

/// A panic leaves the terminal first, so that its message can be read, and then ends the program, whatever thread it
/// came from: with a piece of the program missing, the screen would only pretend to work.
pub fn leave_on_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        leave();
        report(panic);
        #[expect(
            clippy::exit,
            reason = "nothing is left to clean up, and other threads must not draw again"
        )]
        std::process::exit(101);
    }));
}
