//! What can be wrong with a configuration: always with the path, and with the line and column where there is one.

use std::path::PathBuf;

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{place}: {sentence}", path.display(), place = shown(*at))]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// Line and column, from 1 on, in characters.
    pub at: Option<(usize, usize)>,
    /// What is wrong, and what is allowed.
    pub sentence: String,
}

fn shown(at: Option<(usize, usize)>) -> String {
    at.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default()
}

/// Line and column of a byte of `text`, from 1 on, in characters.
pub(super) fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let begin = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[begin..].chars().count() + 1)
}
