//! How far a command is that reads layer after layer.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::printable::printable;

/// Work that takes longer than this shows how far it is.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar on standard error, where that is a terminal, once the work has taken a while.
pub(super) struct Progress {
    bar: ProgressBar,
    begun: Instant,
}

impl Progress {
    pub(super) fn new(layers: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(layers as u64), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} layers, {msg}");
        Self {
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            begun: Instant::now(),
        }
    }

    /// Shows the layer that is looked at.
    pub(super) fn at(&self, layer: &str) {
        self.bar.set_message(printable(layer).into_owned());
        self.show();
    }

    /// Called now and then.
    pub(super) fn show(&self) {
        if self.bar.is_hidden() && self.begun.elapsed() > PATIENCE && io::stderr().is_terminal() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.tick();
    }

    /// One layer is done.
    pub(super) fn step(&self) {
        self.bar.inc(1);
    }

    /// Takes the bar away while something else is printed.
    pub(super) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
