//! Lines on standard output for commands whose exit code says something, and sentences on standard error.

use std::io::{self, Write};

use anyhow::Context;

use crate::printable::printable;

/// Output that somebody may stop to read: the work goes on, for the exit code.
pub(super) struct Out<'a> {
    out: &'a mut dyn Write,
    closed: bool,
}

impl<'a> Out<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, closed: false }
    }

    /// Whether nobody reads it any more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn line(&mut self, line: &str) -> anyhow::Result<()> {
        self.all(line.as_bytes())?;
        self.all(b"\n")
    }

    /// Writes what ends its lines itself.
    pub(super) fn all(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let written = if self.closed { Ok(()) } else { self.out.write_all(bytes) };
        self.took(written)
    }

    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        let written = if self.closed { Ok(()) } else { self.out.flush() };
        self.took(written)
    }

    fn took(&mut self, written: io::Result<()>) -> anyhow::Result<()> {
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.closed = true,
            other => other.context("standard output cannot be written")?,
        }
        Ok(())
    }
}

/// Says a sentence on standard error; where that is closed too, the exit code has to say it.
pub(super) fn complain(sentence: &str) {
    let _ = writeln!(io::stderr(), "convscope: {}", printable(sentence));
}
