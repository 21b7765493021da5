//! Damage done to real files, aimed at where their structure stands; the same number always gives the same damage.

use std::io::{Cursor, Read, Write};

use rand_core::Rng;
use rand_pcg::Pcg64;
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// What begins a structure of HDF5 or ZIP.
const SIGNATURES: &[&[u8]] = &[
    b"\x89HDF",
    b"TREE",
    b"HEAP",
    b"SNOD",
    b"GCOL",
    b"OHDR",
    b"OCHK",
    b"FRHP",
    b"FHDB",
    b"FHIB",
    b"BTHD",
    b"BTLF",
    b"BTIN",
    b"FADB",
    b"FAHD",
    b"EAHD",
    b"SMTB",
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"PK\x05\x06",
];
/// The weights in a `.keras` file.
const WEIGHTS: &str = "model.weights.h5";

/// A real file, and where its structures begin.
pub(crate) struct Original {
    /// Its name, for messages.
    pub(crate) name: String,
    /// How its copies' names end.
    pub(crate) extension: String,
    /// What is in it.
    pub(crate) bytes: Vec<u8>,
    structures: Vec<usize>,
    /// The members of a packed `.keras` file, unpacked: damage inside them is packed again, with sums that are right.
    members: Vec<(String, Self)>,
}

impl Original {
    /// A file of these bytes.
    pub(crate) fn new(name: String, extension: &str, bytes: Vec<u8>) -> Self {
        let found = |at: &usize| SIGNATURES.iter().any(|signature| bytes[*at..].starts_with(signature));
        let structures = (0..bytes.len()).filter(found).collect();
        let members = if extension == "keras" { members(&bytes) } else { Vec::new() };
        Self { name, extension: extension.to_owned(), bytes, structures, members }
    }

    /// The file with damage number `number`.
    pub(crate) fn damaged(&self, number: u64) -> Vec<u8> {
        let mut random = Random(Pcg64::new(u128::from(number), 0xc0_ffee));
        if self.members.is_empty() || random.below(2) == 0 {
            return self.hit(&mut random);
        }
        let target = if random.below(8) == 0 { random.below(self.members.len()) } else { 0 };
        let deflated = random.below(2) == 0;
        self.packed(target, &self.members[target].1.hit(&mut random), deflated)
    }

    fn hit(&self, random: &mut Random) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        for _ in 0..=random.below(4) {
            if !bytes.is_empty() {
                let at = self.place(random, bytes.len());
                damage(&mut bytes, at, random);
            }
        }
        bytes
    }

    /// Most of the time near a structure's beginning, or among the first ones of the file.
    fn place(&self, random: &mut Random, length: usize) -> usize {
        let at = match random.below(20) {
            0..12 if !self.structures.is_empty() => {
                let begin = self.structures[random.below(self.structures.len())];
                (begin + random.below(160)).saturating_sub(16)
            }
            12..17 => {
                let first = if random.below(2) == 0 { 4 << 10 } else { 16 << 10 };
                random.below(length.min(first))
            }
            _ => random.below(length),
        };
        at.min(length - 1)
    }

    /// A `.keras` file of the members, one of them replaced.
    fn packed(&self, target: usize, damaged: &[u8], deflated: bool) -> Vec<u8> {
        let method = if deflated { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (at, (name, original)) in self.members.iter().enumerate() {
            let content = if at == target { damaged } else { &original.bytes };
            archive
                .start_file(name, SimpleFileOptions::default().compression_method(method))
                .expect("a new member");
            archive.write_all(content).expect("memory takes everything");
        }
        archive.finish().expect("memory takes everything").into_inner()
    }
}

fn members(bytes: &[u8]) -> Vec<(String, Original)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("a sound .keras file");
    let mut members = Vec::new();
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).expect("a sound .keras file");
        let mut content = Vec::new();
        member.read_to_end(&mut content).expect("a sound .keras file");
        let name = member.name().expect("a sound .keras file").into_owned();
        members.push((name.clone(), Original::new(name, "h5", content)));
    }
    // Nearly all damage goes to the weights.
    members.sort_by_key(|(name, _)| name != WEIGHTS);
    members
}

fn damage(bytes: &mut Vec<u8>, at: usize, random: &mut Random) {
    let length = bytes.len();
    let most = 1 << random.below(10);
    let block = (1 + random.below(most)).min(length - at);
    match random.below(16) {
        0..3 => bytes[at] ^= 1 << random.below(8),
        3 => bytes[at] = 0,
        4 => bytes[at] = 0xff,
        5 => bytes[at] = random.below(256) as u8,
        6..8 => write(bytes, at, &(number(random, length) as u32).to_le_bytes()),
        // Addresses and sizes stand at multiples of four or eight.
        8..10 => write(bytes, at & !7, &number(random, length).to_le_bytes()),
        10 => write(bytes, at & !1, &(number(random, length) as u16).to_le_bytes()),
        11 => bytes[at..at + block].fill(if random.below(2) == 0 { 0 } else { 0xff }),
        12 => {
            let from = random.below(length - block + 1);
            bytes.copy_within(from..from + block, at);
        }
        13 => {
            let other = random.below(length - block + 1);
            for offset in 0..block {
                bytes.swap(at + offset, other + offset);
            }
        }
        14 => bytes.truncate(if random.below(2) == 0 { at } else { length - random.below(length.min(64)) }),
        _ => bytes.extend(std::iter::repeat_n(random.below(2) as u8 * 0xff, random.below(4096))),
    }
}

fn write(bytes: &mut [u8], at: usize, number: &[u8]) {
    for (byte, new) in bytes[at..].iter_mut().zip(number) {
        *byte = *new;
    }
}

/// A number that some arithmetic does not expect.
fn number(random: &mut Random, length: usize) -> u64 {
    let length = length as u64;
    let few = random.below(64) as u64;
    let extremes = [
        0,
        1,
        7,
        8,
        u64::MAX,
        u64::MAX - 15,
        1 << 63,
        (1 << 63) - 1,
        0xffff_ffff,
        0x7fff_ffff,
        0x8000_0000,
        0xffff,
        0x8000,
        1 << 32,
        length,
        length - 1,
        length + 1,
        length / 2,
        length.wrapping_neg(),
        1 << 30,
        1 << 40,
    ];
    match random.below(4) {
        0 => few,
        1 => random.below(length as usize) as u64 & !7,
        _ => extremes[random.below(extremes.len())].wrapping_add(if random.below(4) == 0 { few } else { 0 }),
    }
}

/// Numbers below a limit.
struct Random(Pcg64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        (self.0.next_u64() % limit.max(1) as u64) as usize
    }
}
