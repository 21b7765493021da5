//! Pictures taken out of the bytes that a terminal got, as each protocol writes them.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Pixels as the terminal would show them: red, green, blue.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<[u8; 3]>,
}

impl Picture {
    fn of_rgba(width: usize, height: usize, bytes: &[u8]) -> Self {
        assert_eq!(bytes.len(), width * height * 4);
        Self {
            width,
            height,
            pixels: bytes.chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
        }
    }

    fn of_png(bytes: &[u8]) -> Self {
        let image = image::load_from_memory(bytes).unwrap().to_rgba8();
        Self::of_rgba(image.width() as usize, image.height() as usize, image.as_raw())
    }

    /// The upper left part.
    pub(crate) fn cropped(&self, width: usize, height: usize) -> Self {
        assert!(
            width <= self.width && height <= self.height,
            "{width}×{height} of {}×{}",
            self.width,
            self.height
        );
        let rows = self.pixels.chunks(self.width).take(height);
        Self { width, height, pixels: rows.flat_map(|row| row[..width].iter().copied()).collect() }
    }

    /// The part of so many pixels whose upper left corner is at (`x`, `y`).
    pub(crate) fn part(&self, (x, y): (usize, usize), width: usize, height: usize) -> Self {
        let rows = self.pixels.chunks(self.width).skip(y).take(height);
        Self { width, height, pixels: rows.flat_map(|row| row[x..x + width].iter().copied()).collect() }
    }

    /// The largest difference of any channel of any pixel, and the mean one.
    pub(crate) fn difference(&self, other: &Self) -> (u8, f64) {
        assert_eq!((self.width, self.height), (other.width, other.height));
        let channels = self.pixels.as_flattened().iter().zip(other.pixels.as_flattened());
        let differences: Vec<u8> = channels.map(|(a, b)| a.abs_diff(*b)).collect();
        let sum: f64 = differences.iter().map(|difference| f64::from(*difference)).sum();
        (differences.iter().copied().max().unwrap_or(0), sum / differences.len() as f64)
    }
}

/// What reaches the terminal around tmux of what is meant to go past it.
pub(crate) fn past_tmux(log: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(log);
    let mut out = String::new();
    for wrapped in text.split("\x1bPtmux;").skip(1) {
        let mut characters = wrapped.chars();
        while let Some(character) = characters.next() {
            match character {
                // An escape is doubled; a single one begins the end.
                '\x1b' if characters.next() != Some('\x1b') => break,
                character => out.push(character),
            }
        }
    }
    out.into_bytes()
}

/// The images that a kitty still keeps.
pub(crate) fn stored(log: &[u8]) -> BTreeSet<u32> {
    let text = String::from_utf8_lossy(log);
    let mut stored = BTreeSet::new();
    for command in text.split("\x1b_G").skip(1) {
        let keys = command.split([';', '\x1b']).next().unwrap_or_default();
        let id = keys.split(',').find_map(|key| key.strip_prefix("i=")?.parse().ok());
        match (id, keys.split(',').find_map(|key| key.strip_prefix("a="))) {
            (Some(id), Some("T")) => stored.insert(id),
            (Some(id), Some("d")) => stored.remove(&id),
            _ => false,
        };
    }
    stored
}

/// The last image that was transmitted by the kitty protocol, and its id.
pub(crate) fn kitty(log: &[u8]) -> Option<(u32, Picture)> {
    let text = String::from_utf8_lossy(log);
    let mut last = None;
    let mut current: Option<(Vec<(String, String)>, String)> = None;
    for command in text.split("\x1b_G").skip(1) {
        // The last one may still be on its way.
        let Some((command, _)) = command.split_once("\x1b\\") else { break };
        let (keys, data) = command.split_once(';').unwrap_or((command, ""));
        let keys: Vec<(String, String)> = keys
            .split(',')
            .filter_map(|pair| pair.split_once('='))
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect();
        let value = |keys: &[(String, String)], name: &str| {
            keys.iter().find(|key| key.0 == name).map(|key| key.1.clone())
        };
        if value(&keys, "a").as_deref() == Some("T") {
            current = Some((keys.clone(), String::new()));
        }
        let Some((first, collected)) = &mut current else { continue };
        if value(&keys, "a").is_some_and(|action| action != "T") {
            continue;
        }
        collected.push_str(data);
        if value(&keys, "m").as_deref() != Some("1") {
            let bytes = STANDARD.decode(collected.as_bytes()).unwrap();
            assert_eq!(value(first, "f").as_deref(), Some("100"));
            let id = value(first, "i").and_then(|id| id.parse().ok()).unwrap();
            last = Some((id, Picture::of_png(&bytes)));
            current = None;
        }
    }
    last
}

/// The last sixel picture.
pub(crate) fn sixel(log: &[u8]) -> Option<Picture> {
    let begin = log.windows(2).enumerate().filter(|(_, window)| *window == b"\x1bP").map(|(at, _)| at);
    let mut sixel = begin.filter_map(|at| {
        let end = log[at..].windows(2).position(|window| window == b"\x1b\\")?;
        let whole = &log[at..at + end + 2];
        // Parameters, then `q`; other strings begin otherwise.
        let letter = whole[2..].iter().find(|byte| !byte.is_ascii_digit() && **byte != b';')?;
        (*letter == b'q').then_some(whole)
    });
    let image = icy_sixel::SixelImage::decode(sixel.next_back()?).unwrap();
    Some(Picture::of_rgba(image.width, image.height, &image.pixels))
}

/// The last picture of the iTerm2 protocol.
pub(crate) fn iterm2(log: &[u8]) -> Option<Picture> {
    let text = String::from_utf8_lossy(log);
    let last = text.split("\x1b]1337;File=").last().filter(|_| text.contains("\x1b]1337;File="))?;
    let (data, _) = last.split_once(':')?.1.split_once(['\x07', '\x1b'])?;
    Some(Picture::of_png(&STANDARD.decode(data).unwrap()))
}
