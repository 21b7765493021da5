//! The file as the reading process has it: open on its standard input, and opened anew from there by the C library.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    os::fd::{AsRawFd, OwnedFd},
    os::unix::fs::FileExt,
};

use rustix::process::{Resource, Rlimit};

/// An open file without a name that matters.
pub(super) struct Source {
    file: File,
    size: u64,
    /// Where it begins in `file`.
    offset: u64,
    /// Whether the process is there for this file only.
    alone: bool,
    /// How the path of the file ended, in small letters: it decides only what a message says.
    pub(super) extension: String,
}

impl Source {
    pub(super) fn new(file: File, extension: String) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self { file, size, offset: 0, alone: false, extension })
    }

    /// The only file that this process reads: see [`open_no_other`](Self::open_no_other).
    pub(super) fn alone(self) -> Self {
        Self { alone: true, ..self }
    }

    /// From now on the process can open no file at all, whoever asks for it, if it is there for this one only.
    pub(super) fn open_no_other(&self) {
        if !self.alone {
            return;
        }
        // A new file takes the lowest number that is free: with no number left below the limit, there is none.
        let Ok(next) = rustix::io::dup(&self.file) else { return };
        let limit = u64::try_from(next.as_raw_fd()).ok();
        let maximum = rustix::process::getrlimit(Resource::Nofile).maximum;
        // Where it cannot be set, links to other files are refused all the same, as are arrays kept in them.
        let _ = rustix::process::setrlimit(Resource::Nofile, Rlimit { current: limit, maximum });
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Where it begins in [`file`](Self::file): not at 0 where it is a part.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Up to `length` bytes from `offset`.
    pub(super) fn bytes(&self, offset: u64, length: usize) -> Vec<u8> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = length.min(left);
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while filled < length {
            match self.file.read_at(&mut bytes[filled..], self.offset + offset + filled as u64) {
                Ok(0) | Err(_) => break,
                Ok(read) => filled += read,
            }
        }
        bytes.truncate(filled);
        bytes
    }

    /// A path that opens this very file, whatever its name has come to mean since.
    pub(super) fn path(&self) -> String {
        if cfg!(target_os = "linux") {
            format!("/proc/self/fd/{}", self.file.as_raw_fd())
        } else {
            format!("/dev/fd/{}", self.file.as_raw_fd())
        }
    }

    /// A file in memory that holds what `content` gives, at most `limit` bytes of it.
    pub(super) fn in_memory(&self, content: &mut dyn Read, limit: u64) -> io::Result<Self> {
        let mut file = nameless()?;
        io::copy(&mut content.take(limit), &mut file)?;
        Ok(Self { alone: self.alone, ..Self::new(file, String::new())? })
    }

    /// `length` bytes of this file from `offset` on, as a file of their own; nothing is copied.
    pub(super) fn part(&self, offset: u64, length: u64) -> io::Result<Self> {
        let file = self.file.try_clone()?;
        let (offset, alone) = (self.offset + offset, self.alone);
        Ok(Self { file, size: length, offset, alone, extension: String::new() })
    }
}

/// An empty file that no folder lists: it is gone with the last process that has it open.
pub(super) fn nameless() -> io::Result<File> {
    #[cfg(target_os = "linux")]
    let descriptor: OwnedFd = rustix::fs::memfd_create("convscope", rustix::fs::MemfdFlags::CLOEXEC)?;
    #[cfg(not(target_os = "linux"))]
    let descriptor: OwnedFd = {
        let folder = std::env::temp_dir();
        let clock = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |time| time.as_nanos());
        let path = folder.join(format!(".convscope-{}-{clock}", std::process::id()));
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        std::fs::remove_file(&path)?;
        file.into()
    };
    Ok(File::from(descriptor))
}

/// Fills a nameless file with bytes of the program's own, and goes back to its start.
pub(super) fn nameless_with(bytes: &[u8]) -> io::Result<File> {
    let mut file = nameless()?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}
