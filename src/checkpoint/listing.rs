//! Layers on their way out of the reading process: the first screenful at once, the rest in larger batches.

use std::{
    io::{self, Write},
    thread,
    time::Duration,
};

use super::{
    error::Fault,
    hdf5_file::Hdf5,
    limits::{self, LONGEST_NAME},
    protocol::{Head, frame, write_frame, write_values},
    serve::gone,
};
use crate::{printable::quoted, weights::Layer};

/// So many layers make a first screen: those of a terminal's usual 24 rows. A higher one is full a moment later.
const FIRST_SCREEN: usize = 24;
const LATER_BATCHES: usize = 512;
/// What is left to the program that draws the first screen, and to whoever carries it to the user, before the other layers
/// are listed: with two processors, they had to wait for one.
const PAUSE: Duration = Duration::from_millis(5);
/// Bytes of kernels that do not delay the first screen.
const FEW: u64 = 1 << 20;

/// Collects layers and sends them in batches.
pub(super) struct Listing<'a> {
    out: &'a mut dyn Write,
    waiting: Vec<Layer>,
    sent: usize,
    /// Whether the arrays of the first layer with kernels are still to be sent, and whether they were.
    kernels: bool,
    came_along: bool,
    /// Whether somebody waits for the first screen.
    for_screen: bool,
    /// Bytes of the file.
    size: u64,
    /// Bytes that may still be sent.
    left: u64,
}

impl<'a> Listing<'a> {
    /// The index of a file of `size` bytes; with `kernels`, the arrays of the first layer that has some come along.
    pub(super) fn new(out: &'a mut dyn Write, size: u64, kernels: bool) -> Self {
        Self {
            out,
            waiting: Vec::new(),
            sent: 0,
            kernels,
            came_along: false,
            for_screen: kernels,
            size,
            left: limits::index(size),
        }
    }

    /// Says what the whole network is called and what kind of file it is in; the last word counts.
    pub(super) fn network(&mut self, name: Option<String>, format: &str) -> Result<(), Fault> {
        let name = name.filter(|name| !name.is_empty() && name.len() <= LONGEST_NAME);
        let head = Head { name, format: format.to_owned() };
        let json = serde_json::to_vec(&head).unwrap_or_default();
        write_frame(self.out, frame::HEAD, &json).map_err(|_error: io::Error| gone())
    }

    /// The next layer, of `file`.
    pub(super) fn push(&mut self, layer: Layer, file: &Hdf5) -> Result<(), Fault> {
        let names = layer.tensors.iter().map(|tensor| &tensor.path).chain([&layer.name]);
        if let Some(name) = names.into_iter().find(|name| name.len() > LONGEST_NAME) {
            let long =
                format!("has a name of {} bytes, longer than any layer's: {}", name.len(), quoted(name));
            return Err(Fault::damaged(long));
        }
        // The arrays of a layer are read together, and one array may be named many times.
        let sizes = layer.tensors.iter().map(|tensor| (tensor.len() as u64).saturating_mul(4));
        let bytes = sizes.fold(0, u64::saturating_add);
        if bytes > limits::unpacked(self.size) {
            let name = quoted(&layer.name);
            let much =
                format!("its layer {name} claims {bytes} bytes, more than the file's {} can hold", self.size);
            return Err(Fault::damaged(much));
        }
        let has_kernels = layer.kernels.is_some();
        if has_kernels && std::mem::take(&mut self.kernels) && bytes <= FEW {
            self.came_along = self.send_arrays(&layer, file)?;
        }
        self.waiting.push(layer);
        let due = match self.sent {
            // The first kernels are what one waits for: where they do not come along, they are read while the rest of the
            // screen is listed.
            0 => has_kernels && !self.came_along || self.waiting.len() >= FIRST_SCREEN,
            sent if sent < FIRST_SCREEN => sent + self.waiting.len() >= FIRST_SCREEN,
            _ => self.waiting.len() >= LATER_BATCHES,
        };
        if due { self.send() } else { Ok(()) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sent + self.waiting.len() == 0
    }

    /// Sends what waits.
    pub(super) fn finish(mut self) -> Result<(), Fault> {
        self.send()
    }

    /// Sends the arrays of a layer, or nothing where one of them cannot be read: it will be asked for, and then told why.
    /// Returns whether they were sent.
    fn send_arrays(&mut self, layer: &Layer, file: &Hdf5) -> Result<bool, Fault> {
        let read = layer.tensors.iter().map(|tensor| file.read(&tensor.path, &tensor.shape));
        let Ok(arrays) = read.collect::<Result<Vec<_>, _>>() else { return Ok(false) };
        let sent = arrays.iter().try_for_each(|values| write_values(self.out, values));
        sent.map(|()| true).map_err(|_error: io::Error| gone())
    }

    fn send(&mut self) -> Result<(), Fault> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let json = serde_json::to_vec(&self.waiting).unwrap_or_default();
        let left = self.left.checked_sub(json.len() as u64);
        self.left =
            left.ok_or_else(|| Fault::damaged("lists more layers than a file of its size can hold"))?;
        let sent = write_frame(self.out, frame::LAYERS, &json).and_then(|()| self.out.flush());
        self.sent += self.waiting.len();
        self.waiting.clear();
        if self.sent >= FIRST_SCREEN && std::mem::take(&mut self.for_screen) {
            thread::sleep(PAUSE);
        }
        sent.map_err(|_error: io::Error| gone())
    }
}
