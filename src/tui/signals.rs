//! Signals as messages: the window changed, someone ends or stops the program.

use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;

use crate::app::msg::Msg;

/// How long the loop has to leave by itself: it may hang in a write to a terminal that takes nothing any more.
const LAST_CHANCE: Duration = Duration::from_secs(2);

/// Turns signals into messages on a thread of its own.
///
/// # Errors
/// When the handlers cannot be installed.
pub(super) fn spawn(send: impl Fn(Msg) -> bool + Send + 'static) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            let msg = match signal {
                SIGWINCH => {
                    let Ok((width, height)) = crossterm::terminal::size() else { continue };
                    Msg::Resize { width, height }
                }
                SIGTSTP => Msg::Suspend,
                SIGCONT => continue,
                _ => {
                    thread::spawn(move || {
                        thread::sleep(LAST_CHANCE);
                        super::terminal::leave();
                        #[expect(
                            clippy::exit,
                            reason = "the loop did not leave, and the signal asked for the end"
                        )]
                        std::process::exit(128 + signal);
                    });
                    Msg::Hangup
                }
            };
            if !send(msg) {
                return;
            }
        }
    })?;
    Ok(())
}

/// Stops the process until it is continued.
pub(super) fn stop() {
    let _ = signal_hook::low_level::emulate_default_handler(SIGTSTP);
}
