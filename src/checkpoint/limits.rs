//! What a file of a given size may claim, and what reading it may cost: every number in a file is a claim.
//!
//! Each limit is a few times what the most expensive sound file of the size needs, measured or known from the format.

use std::time::Duration;

/// Deflate makes at most 1032 bytes of one; other filters of HDF5 make less.
const LARGEST_RATIO: u64 = 1032;
/// Bytes that are never too many, whatever the file's size.
const ALWAYS_ALLOWED: u64 = 1 << 16;
/// Weights that compress better than four to one fit here all the same, as those of a layer that is all zeros.
const ALWAYS_UNPACKED: u64 = 64 << 20;
/// No name or path in a file is longer: a file system's are not either.
pub(super) const LONGEST_NAME: usize = 4096;
/// Groups within groups; a network of networks has some ten.
pub(super) const DEEPEST: usize = 64;

/// The most bytes that `stored` compressed ones can be, as far as they are unpacked at all.
pub(super) fn unpacked(stored: u64) -> u64 {
    let possible = stored.saturating_mul(LARGEST_RATIO).saturating_add(ALWAYS_ALLOWED);
    possible.min(stored.saturating_mul(4).saturating_add(ALWAYS_UNPACKED))
}

/// The most bytes that `stored` uncompressed ones can be: as many, but for what counts as nothing.
pub(super) fn plain(stored: u64) -> u64 {
    stored.saturating_add(ALWAYS_ALLOWED)
}

/// Objects that can be met in an HDF5 file of `size` bytes, where each has a header of its own: more are a circle, or
/// the same ones by many ways.
pub(super) fn objects(size: u64) -> usize {
    usize::try_from(64 + size / 64).unwrap_or(usize::MAX)
}

/// Bytes of the whole index of a file of `size` bytes, as it is told to the program.
pub(super) fn index(size: u64) -> u64 {
    size.saturating_mul(8).saturating_add(16 << 20)
}

/// Seconds of processor time that reading a file of `size` bytes may take: inflating takes a second for some 100 MB,
/// and an index of 3,000 layers in 15 MB a fifth of one.
pub(super) fn cpu_seconds(size: u64) -> u64 {
    1 + size / (20 << 20)
}

/// Bytes of address space that reading a file of `size` bytes may take: an array as it is stored and as numbers, and
/// the program itself.
pub(super) fn memory(size: u64) -> u64 {
    size.saturating_mul(8).saturating_add(2 * ALWAYS_UNPACKED + (96 << 20))
}

/// How long to wait for a file of `size` bytes. Processor time is the limit that counts, and the reading process keeps
/// to it itself. This one is for a file system that does not answer: a slow network's 5 MB/s are waited for.
pub(super) fn patience(size: u64) -> Duration {
    Duration::from_secs(30 + size / (5 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_megabyte_of_zip_bomb_is_no_gigabyte() {
        assert_eq!(unpacked(0), 1 << 16);
        assert_eq!(unpacked(1000), 1_032_000 + (1 << 16));
        assert_eq!(unpacked(1 << 20), (4 << 20) + (64 << 20));
        assert_eq!(unpacked(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_small_file_is_given_up_after_a_second_and_a_large_one_is_waited_for() {
        assert_eq!(cpu_seconds(1 << 20), 1);
        assert!(patience(100 << 20) >= Duration::from_secs(50));
    }
}
