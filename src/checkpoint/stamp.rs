//! Whether a file is still the one that was read: what the file system says about it, compared before and after.
//!
//! Training programs rewrite checkpoints in place, so every size from zero up is seen. A read is good only if the
//! file looks the same before and after it; two equal stamps some time apart mean that the file has settled.

use std::{fs::Metadata, io, os::unix::fs::MetadataExt, path::Path};

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
