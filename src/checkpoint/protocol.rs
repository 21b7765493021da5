//! What the program and its reading process say to each other.
//!
//! The request is one argument (JSON); the file is open on the reading process's standard input. The answer comes on
//! its standard output as frames: a letter, the length (u64, little-endian), and so many bytes.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

/// What is asked of the reading process.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    /// The end of the file's name, in small letters.
    pub(super) extension: String,
    /// Paths and shapes of the arrays to read; `None` asks for the index.
    pub(super) arrays: Option<Vec<(String, Vec<usize>)>>,
    /// Whether the arrays of the first layer that has kernels are to come with the index.
    pub(super) kernels: bool,
}

/// What the index says first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) name: Option<String>,
    pub(super) format: String,
}

/// The letters of the frames.
pub(super) mod frame {
    /// A [`Head`](super::Head), as JSON.
    pub(in super::super) const HEAD: u8 = b'H';
    /// Some layers, as JSON.
    pub(in super::super) const LAYERS: u8 = b'L';
    /// The values of one array, as little-endian `f32`. In an index, those of the first layer with kernels among the next
    /// layers, each of its arrays.
    pub(in super::super) const VALUES: u8 = b'V';
    /// A fault, as JSON: the last frame.
    pub(in super::super) const FAULT: u8 = b'F';
    /// The last frame of an answer that is whole.
    pub(in super::super) const DONE: u8 = b'D';
}

/// Bytes of a frame before its content.
pub(super) const FRAME_HEAD: usize = 9;

/// Writes one frame.
pub(super) fn write_frame(out: &mut dyn Write, letter: u8, content: &[u8]) -> io::Result<()> {
    write_head(out, letter, content.len())?;
    out.write_all(content)
}

/// Writes the values of one array, without a copy of all of them.
pub(super) fn write_values(out: &mut dyn Write, values: &[f32]) -> io::Result<()> {
    write_head(out, frame::VALUES, size_of_val(values))?;
    let mut bytes = Vec::with_capacity(1 << 16);
    for some in values.chunks(1 << 14) {
        bytes.clear();
        bytes.extend(some.iter().flat_map(|value| value.to_le_bytes()));
        out.write_all(&bytes)?;
    }
    Ok(())
}

fn write_head(out: &mut dyn Write, letter: u8, length: usize) -> io::Result<()> {
    out.write_all(&[letter])?;
    out.write_all(&(length as u64).to_le_bytes())
}
