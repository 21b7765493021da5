//! What can be wrong with a checkpoint: always one sentence with the path and the remedy.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::printable::printable;

/// Why a checkpoint cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}; {}", printable(&path.to_string_lossy()), printable(problem), printable(remedy))]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// An [`Error`] whose path the reading process need not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fault {
    pub(crate) cause: Cause,
    pub(crate) problem: String,
    pub(crate) remedy: String,
}

impl Fault {
    pub(crate) fn new(cause: Cause, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { cause, problem: problem.into(), remedy: remedy.into() }
    }

    /// A file of a known format that is not sound: nothing but another copy helps.
    pub(crate) fn damaged(problem: impl Into<String>) -> Self {
        Self::new(Cause::Damaged, problem, "copy it again, or save it again from the training program")
    }

    /// A file that ends before its end: mostly one that is still being written or copied.
    pub(crate) fn incomplete(problem: impl Into<String>) -> Self {
        Self::new(
            Cause::Damaged,
            format!("is only partly written ({})", problem.into()),
            "wait for the trainer to finish it, or copy it again",
        )
    }

    /// A kind of file this program does not show.
    pub(crate) fn unknown(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Cause::UnknownFormat, problem, remedy)
    }

    pub(crate) fn at(self, path: &Path) -> Error {
        Error { path: path.to_owned(), cause: self.cause, problem: self.problem, remedy: self.remedy }
    }
}
