//! Whether a file is still the one that was read: what the file system says about it, compared before and after.
//!
//! Training programs rewrite checkpoints in place, so every size from zero up is seen. A read is good only if the
//! file looks the same before and after it; two equal stamps some time apart mean that the file has settled.

use std::{
    fs::Metadata,
    io,
    os::unix::fs::MetadataExt,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The clock that dates files ticks as seldom as every 10 ms on Linux before 6.13, and may be a tick behind: of two writes
/// closer together than this, the second one can leave the stamp as it was.
pub(super) const TICK: Duration = Duration::from_millis(20);

/// A file's identity and age, as cheap to take on a network file system as a directory listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified_s: i64,
    modified_ns: i64,
}

impl Stamp {
    /// Looks at the file behind `path` without opening it; symbolic links are followed.
    ///
    /// # Errors
    /// When there is no such file, or its folder may not be searched.
    pub fn of(path: &Path) -> io::Result<Self> {
        path.metadata().map(|metadata| Self::from(&metadata))
    }

    /// The file's size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// When it was written last: seconds and nanoseconds.
    pub fn modified(&self) -> (i64, i64) {
        (self.modified_s, self.modified_ns)
    }

    /// Which file it is, whatever its content: device and inode.
    pub fn identity(&self) -> (u64, u64) {
        (self.device, self.inode)
    }
}

impl Stamp {
    /// Whether the file was written so short a time ago that another write might not show.
    pub(super) fn is_fresh(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i128::try_from(now.as_nanos()).unwrap_or(i128::MAX);
        let written = i128::from(self.modified_s) * 1_000_000_000 + i128::from(self.modified_ns);
        // Files from the future, as of a server whose clock is ahead, cannot be told.
        (0..TICK.as_nanos().cast_signed()).contains(&(now - written))
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified_s: metadata.mtime(),
            modified_ns: metadata.mtime_nsec(),
        }
    }
}
