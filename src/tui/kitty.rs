//! Images in kitty's store: sent once, shown by placeholders, deleted by name.
//!
//! <https://sw.kovidgoyal.net/kitty/graphics-protocol/>

use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ratatui::layout::Size;

/// Base64 characters in one command.
const CHUNK: usize = 4096;

/// An image, and whether the terminal has it.
pub(super) struct Image {
    id: u32,
    tmux: bool,
    /// What puts it into the store.
    transmission: String,
    sent: bool,
}

impl Image {
    /// A PNG that is to fill so many cells.
    pub(super) fn new(png: &[u8], size: Size, tmux: bool) -> Self {
        let id = next_id();
        Self { id, tmux, transmission: transmission(png, id, size, tmux), sent: false }
    }

    /// Its name: 24 bits, which are the colour of its placeholders, and never 0.
    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// What has to be written before its placeholders show it; nothing once it was.
    pub(super) fn send(&mut self) -> Option<&str> {
        (!std::mem::replace(&mut self.sent, true)).then_some(&*self.transmission)
    }

    /// What is left to send, in bytes.
    pub(super) fn bytes(&self) -> usize {
        if self.sent { 0 } else { self.transmission.len() }
    }

    /// What makes the terminal drop it and free its memory; it has to be sent again then.
    pub(super) fn delete(&mut self) -> Option<String> {
        let id = self.id;
        std::mem::take(&mut self.sent)
            .then(|| through_tmux(format!("\x1b_Ga=d,d=I,i={id},q=2\x1b\\"), self.tmux))
    }
}

fn next_id() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let base = std::process::id() << 10;
    (base.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) & 0x00ff_ffff).max(1)
}

/// A PNG into the store as `id`, with a virtual placement for the placeholders.
fn transmission(png: &[u8], id: u32, size: Size, tmux: bool) -> String {
    let data = STANDARD.encode(png);
    let Size { width, height } = size;
    let mut text = String::with_capacity(data.len() + data.len() / 64 + 64);
    let count = data.len().div_ceil(CHUNK);
    for (at, chunk) in data.as_bytes().chunks(CHUNK).enumerate() {
        let first =
            if at == 0 { format!("i={id},a=T,U=1,f=100,t=d,c={width},r={height},") } else { String::new() };
        let more = u8::from(at + 1 < count);
        // Base64 is ASCII.
        let chunk = str::from_utf8(chunk).unwrap_or_default();
        text.push_str(&through_tmux(format!("\x1b_Gq=2,{first}m={more};{chunk}\x1b\\"), tmux));
    }
    text
}

/// A sequence wrapped so that tmux hands it on.
pub(super) fn through_tmux(sequence: String, tmux: bool) -> String {
    if tmux { format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b")) } else { sequence }
}
