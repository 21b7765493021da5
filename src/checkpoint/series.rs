//! The checkpoints of one training run: named one by one, by a folder or by a pattern, in the order of their epochs.
//!
//! A listing looks at names and times only (one `readdir` a folder, one `stat` a file) and opens nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::error::{Cause, Error, Fault};
use super::{FORMATS, Stamp};

pub mod order;

use order::{Named, Placed};

/// One checkpoint of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called on the screen: its number where its name says one, else its name. No two of a run are called the
    /// same. May hold any character (show it through [`printable`](crate::printable)).
    pub label: String,
    /// The number in its name that counts the epochs.
    pub number: Option<u64>,
    /// What the file looked like when it was listed; `None` for a file that was named and is not there.
    pub stamp: Option<Stamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Argument {
    File(PathBuf),
    Folder(PathBuf),
    Pattern(glob::Pattern, String),
}

/// Where the checkpoints of a run are looked for: again and again, as a training goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    arguments: Vec<Argument>,
}

impl Series {
    /// A series of files, folders and patterns (`*`, `?`, `[abc]`, `**`) as they stand on a command line. What exists is
    /// itself, whatever its name looks like.
    pub fn of(arguments: impl IntoIterator<Item = PathBuf>) -> Self {
        let argument = |path: PathBuf| {
            if path.is_dir() {
                return Argument::Folder(path);
            }
            let text = path.to_str().filter(|text| text.contains(['*', '?', '[']));
            match text.and_then(|text| Some((glob::Pattern::new(text).ok()?, text.to_owned()))) {
                Some((pattern, text)) if path.symlink_metadata().is_err() => Argument::Pattern(pattern, text),
                _ => Argument::File(path),
            }
        };
        Self { arguments: arguments.into_iter().map(argument).collect() }
    }

    /// The file, where it is just one: whatever is written into it is another epoch. What was not there when it was named
    /// may become a folder when the training begins.
    pub fn one_file(&self) -> Option<&Path> {
        match &self.arguments[..] {
            [Argument::File(path)] if !path.is_dir() => Some(path),
            _ => None,
        }
    }

    /// Whether files may join it: it has a folder or a pattern.
    pub fn grows(&self) -> bool {
        self.arguments.iter().any(|argument| match argument {
            Argument::File(path) => path.is_dir(),
            Argument::Folder(_) | Argument::Pattern(..) => true,
        })
    }

    /// What it is called on the screen: the arguments as they were given, or how many.
    pub fn title(&self) -> String {
        match &self.arguments[..] {
            [Argument::File(path) | Argument::Folder(path)] => path.to_string_lossy().into_owned(),
            [Argument::Pattern(_, text)] => text.clone(),
            several => format!("{} files", several.len()),
        }
    }

    /// The checkpoints there are now, in the order of their epochs.
    ///
    /// Files that were named are always among them; of folders and patterns only files whose names end like a
    /// checkpoint's, that are not hidden, and of one epoch in several formats (`ckpt-01.keras`, `ckpt-01.weights.h5`)
    /// the one that says most.
    pub fn list(&self) -> Vec<Epoch> {
        let mut found: BTreeMap<PathBuf, Option<Stamp>> = BTreeMap::new();
        for argument in &self.arguments {
            match argument {
                Argument::File(path) if !path.is_dir() => {
                    found.insert(path.clone(), Stamp::of(path).ok());
                }
                Argument::File(path) | Argument::Folder(path) => found.extend(looked_up(in_folder(path))),
                Argument::Pattern(_, text) => {
                    found.extend(looked_up(glob::glob(text).into_iter().flatten().flatten()));
                }
            }
        }
        epochs(found.into_iter().collect())
    }

    /// Why there is nothing to show, where [`list`](Self::list) has nothing.
    pub fn nothing(&self) -> Error {
        let remedy = "name a .keras, .h5 or .weights.h5 file, a folder of them or a pattern";
        let (path, problem) = match self.arguments.first() {
            Some(Argument::Folder(path)) => match super::check_kind_of(path) {
                // Another kind of folder, which has a sentence of its own.
                Err(fault) if fault.cause != Cause::Unreadable => return fault.at(path),
                _ => (path.clone(), "has no checkpoint in it"),
            },
            Some(Argument::Pattern(_, text)) => (PathBuf::from(text), "no checkpoint is named like that"),
            Some(Argument::File(path)) => (path.clone(), "no such file"),
            None => (PathBuf::new(), "no checkpoint is named"),
        };
        Fault::new(Cause::Unreadable, problem, remedy).at(&path)
    }
}

fn in_folder(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// Those of the paths that are named like checkpoints and are files, with their stamps; one for each epoch.
fn looked_up(paths: impl Iterator<Item = PathBuf>) -> Vec<(PathBuf, Option<Stamp>)> {
    let mut found: BTreeMap<PathBuf, (usize, PathBuf, Stamp)> = BTreeMap::new();
    for path in paths {
        let Some((name, rank)) = stem(&path) else { continue };
        let Ok(metadata) = path.metadata() else { continue };
        let better = |known: &(usize, PathBuf, Stamp)| (known.0, &known.1) <= (rank, &path);
        if metadata.is_file() && !found.get(&name).is_some_and(better) {
            found.insert(name, (rank, path, Stamp::from(&metadata)));
        }
    }
    // A link to the newest checkpoint is not another one.
    let mut seen = BTreeSet::new();
    let mut found: Vec<_> = found.into_values().map(|(_, path, stamp)| (path, stamp)).collect();
    found.sort_by_key(|(path, _)| path.is_symlink());
    found.retain(|(_, stamp)| seen.insert(stamp.identity()));
    found.into_iter().map(|(path, stamp)| (path, Some(stamp))).collect()
}

/// The path without the extension of a checkpoint, and how little its format says; `None` for what is none.
fn stem(path: &Path) -> Option<(PathBuf, usize)> {
    let name = path.file_name()?.to_str()?;
    let (stem, extension) = name.rsplit_once('.')?;
    let known = |&ending: &&str| extension.eq_ignore_ascii_case(ending);
    let extensions = || FORMATS.iter().flat_map(|format| format.extensions);
    if stem.starts_with('.') || stem.is_empty() || !extensions().copied().any(|ending| known(&ending)) {
        return None;
    }
    // A whole model says more than its weights.
    let (stem, rank) = match stem.strip_suffix(".weights") {
        Some(stem) if !stem.is_empty() => (stem, 2),
        _ => (stem, usize::from(!extension.eq_ignore_ascii_case("keras"))),
    };
    Some((path.with_file_name(stem), rank))
}

/// The files in order, each with a label.
fn epochs(files: Vec<(PathBuf, Option<Stamp>)>) -> Vec<Epoch> {
    let stems: Vec<PathBuf> =
        files.iter().map(|(path, _)| stem(path).map_or_else(|| path.clone(), |(stem, _)| stem)).collect();
    let shared = stems.iter().filter_map(|stem| stem.parent()).fold(None::<PathBuf>, |shared, parent| {
        let common = shared.map(|shared| {
            shared.components().zip(parent.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
        });
        Some(common.unwrap_or_else(|| parent.to_owned()))
    });
    let shared = shared.unwrap_or_default();
    let named: Vec<Named> = stems
        .iter()
        .zip(&files)
        .map(|(stem, (_, stamp))| Named {
            name: stem.strip_prefix(&shared).unwrap_or(stem).to_string_lossy().into_owned(),
            time: stamp.map_or((i64::MAX, 0), |stamp| stamp.modified()),
        })
        .collect();
    let placed = order::order(&named);
    let labels = labels(&placed, &named, &files);
    let listed = placed.into_iter().zip(labels);
    listed
        .map(|(placed, label)| {
            let (path, stamp) = files[placed.index].clone();
            Epoch { path, label, number: placed.number, stamp }
        })
        .collect()
}

/// What tells each file from the others: its number, its name, its whole path.
fn labels(placed: &[Placed], named: &[Named], files: &[(PathBuf, Option<Stamp>)]) -> Vec<String> {
    let ways = |placed: &Placed| {
        let number = placed.number.map_or(String::new(), |number| number.to_string());
        let path = files[placed.index].0.to_string_lossy().into_owned();
        [number, named[placed.index].name.clone(), path]
    };
    let ways: Vec<[String; 3]> = placed.iter().map(ways).collect();
    let mut counts: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for (way, name) in ways.iter().flat_map(|these| these.iter().enumerate()) {
        *counts.entry((way, name)).or_default() += 1;
    }
    let label = |these: &[String; 3]| {
        let alone = |way: &usize| counts.get(&(*way, these[*way].as_str())) == Some(&1);
        let way = (0..2).filter(|way| !these[*way].is_empty()).find(alone).unwrap_or(2);
        these[way].clone()
    };
    ways.iter().map(label).collect()
}

#[cfg(test)]
mod tests;
