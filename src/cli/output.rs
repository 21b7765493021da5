//! Files that are whole or not there at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::layer::shown;

/// The ending of a path in small letters.
pub(super) fn extension(path: &Path) -> String {
    path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Checks, before any work is done, that `output` may be written and is none of the files that are read.
pub(super) fn check(output: &Path, inputs: &[&Path]) -> anyhow::Result<()> {
    if output.is_dir() {
        bail!("{}: is a directory; give the name of a file", shown(output));
    }
    for input in inputs {
        if same_file(output, input) {
            bail!("{}: is the file that is read; give another name for the output", shown(output));
        }
    }
    Ok(())
}

/// Whether both names lead to one file, links of either kind included.
fn same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

/// Writes `bytes` under another name beside `output`, then gives it its own: whoever looks sees the old file or the
/// new one. What is no regular file (`/dev/stdout`) is written to directly.
pub(super) fn write(output: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let cannot = || format!("{}: cannot be written", shown(output));
    // A link stays a link: the file it leads to is replaced.
    let target = fs::canonicalize(output).unwrap_or_else(|_| output.to_owned());
    if fs::metadata(&target).is_ok_and(|about| !about.is_file()) {
        return fs::OpenOptions::new()
            .write(true)
            .open(&target)
            .and_then(|mut to| to.write_all(bytes))
            .with_context(cannot);
    }
    let unfinished = Unfinished(beside(&target).with_context(cannot)?);
    let written = File::create_new(&unfinished.0).and_then(|mut file| {
        file.write_all(bytes)?;
        // On a full disk some file systems say so only now.
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&unfinished.0, &target)).with_context(cannot)
}

/// A name of this process beside `target`.
fn beside(target: &Path) -> io::Result<PathBuf> {
    let name = target.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let name = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
    Ok(target.with_file_name(name))
}

/// Takes the unfinished file away, whatever went wrong; once renamed, it is no longer there.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
