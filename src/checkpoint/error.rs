//! What can be wrong with a checkpoint: always one sentence with the path and the remedy.

use std::path::PathBuf;

use crate::printable::printable;

/// Why a checkpoint cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}; {remedy}", printable(&path.to_string_lossy()))]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, for the program.
    pub cause: Cause,
    /// What is wrong, in words.
    pub problem: String,
    /// What the user can do.
    pub remedy: String,
}

/// What is wrong with a file, told apart because the program acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is not there, or may not be read.
    Unreadable,
    /// It is no format this program knows.
    UnknownFormat,
    /// It is of a known format, but damaged or incomplete.
    Damaged,
    /// It was written while it was read: worth another try.
    Changed,
    /// Reading it took more time or memory than any sound file of its size needs.
    TooCostly,
}
