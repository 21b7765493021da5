//! Layers on their way out of the reading process: the first screenful at once, the rest in larger batches.

use std::io::{self, Write};

use super::{
    error::Fault,
    protocol::{Head, frame, write_frame},
    serve::gone,
};
use crate::weights::Layer;

/// So many layers make a first screen.
const FIRST_BATCH: usize = 32;
const LATER_BATCHES: usize = 512;

/// Collects layers and sends them in batches.
pub(super) struct Listing<'a> {
    out: &'a mut dyn Write,
    waiting: Vec<Layer>,
    sent: usize,
    broken: bool,
}

impl<'a> Listing<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, waiting: Vec::new(), sent: 0, broken: false }
    }

    /// Says what the whole network is called and what kind of file it is in; the last word counts.
    pub(super) fn network(&mut self, name: Option<String>, format: &str) -> Result<(), Fault> {
        let head = Head { name: name.filter(|name| !name.is_empty()), format: format.to_owned() };
        let json = serde_json::to_vec(&head).unwrap_or_default();
        write_frame(self.out, frame::HEAD, &json).map_err(|_error: io::Error| gone())
    }

    pub(super) fn push(&mut self, layer: Layer) {
        self.waiting.push(layer);
        if self.waiting.len() >= if self.sent == 0 { FIRST_BATCH } else { LATER_BATCHES } {
            self.send();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sent + self.waiting.len() == 0
    }

    /// Sends what waits.
    pub(super) fn finish(mut self) -> Result<(), Fault> {
        self.send();
        if self.broken { Err(gone()) } else { Ok(()) }
    }

    fn send(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let json = serde_json::to_vec(&self.waiting).unwrap_or_default();
        self.broken |= write_frame(self.out, frame::LAYERS, &json).and_then(|()| self.out.flush()).is_err();
        self.sent += self.waiting.len();
        self.waiting.clear();
    }
}
