//! In which order the checkpoints of a training run were written, as far as their names and times tell.
//!
//! ```text
//! weights.07-0.53.h5      the first whole number that differs between the names: 7; a decimal is never an epoch
//! resnet50_ckpt-00012     what stands in a name glued to a word is part of it; `ckpt` says that a number counts
//! best.h5                 no number: after the last numbered file that is not younger than it
//! ```

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// A file as far as its place in a run goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its path below the folder that all files share, without the extension.
    pub name: String,
    /// When it was written: seconds and nanoseconds.
    pub time: (i64, i64),
}

/// A file's place in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Which of the files.
    pub index: usize,
    /// The number in its name that counts; `None` where the name does not say.
    pub number: Option<u64>,
}

/// Words that a counting number follows; the earlier ones win.
const COUNTERS: [&[&str]; 3] = [
    &["epoch", "epochs", "ep"],
    &["step", "steps", "iter", "iteration", "iterations", "batch"],
    &["ckpt", "checkpoint", "cp", "weights", "snapshot", "save"],
];

/// Words whose number measures instead.
const MEASURES: &[&str] = &["loss", "acc", "accuracy", "lr", "seed", "fold", "version", "v"];

/// A piece of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A whole number, and whether a letter stands right before or after it.
    Whole(u64, bool, bool),
    /// Anything with a point, an exponent, or no end: `0.53`, `1e-05`, `nan`.
    Decimal,
}

/// The files in the order of their epochs.
///
/// Files whose names differ in nothing but numbers are ordered by the first whole number that differs, and where a word
/// says which number counts (`epoch`, `step`, `ckpt`), by that one. Several such groups are one run as long as no number
/// is in two of them; else they follow each other. Names without a number go by time.
pub fn order(files: &[Named]) -> Vec<Placed> {
    let parts: Vec<Vec<Part>> = files.iter().map(|file| parts(&file.name)).collect();
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, parts) in parts.iter().enumerate() {
        groups.entry(skeleton(parts)).or_default().push(index);
    }
    let mut numbers: Vec<Option<u64>> = vec![None; files.len()];
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for members in groups.into_values() {
        let Some(column) = counting_column(&members, &parts) else { continue };
        for &index in &members {
            numbers[index] = wholes(&parts[index]).nth(column).map(|(_, number)| number);
        }
        runs.push(members);
    }
    let by_number = |&a: &usize, &b: &usize| {
        let rest = |index: usize| wholes(&parts[index]).map(|(_, number)| number).collect::<Vec<_>>();
        (numbers[a], rest(a))
            .cmp(&(numbers[b], rest(b)))
            .then_with(|| natural(&files[a].name, &files[b].name))
            .then(files[a].time.cmp(&files[b].time))
    };
    let mut ordered = if is_one_run(&runs, &numbers) { vec![runs.concat()] } else { runs };
    for run in &mut ordered {
        run.sort_by(by_number);
    }
    ordered.sort_by(|a, b| natural(&files[a[0]].name, &files[b[0]].name));
    let mut ordered: Vec<usize> = ordered.concat();
    by_time(&mut ordered, &numbers, files);
    ordered.into_iter().map(|index| Placed { index, number: numbers[index] }).collect()
}

/// Whether no number is in two of the groups.
fn is_one_run(runs: &[Vec<usize>], numbers: &[Option<u64>]) -> bool {
    let mut seen = BTreeSet::new();
    runs.iter().all(|run| {
        let own: BTreeSet<u64> = run.iter().filter_map(|&index| numbers[index]).collect();
        own.into_iter().all(|number| seen.insert(number))
    }) && !runs.is_empty()
}

/// Puts the files without a number where their times say.
fn by_time(ordered: &mut Vec<usize>, numbers: &[Option<u64>], files: &[Named]) {
    let mut rest: Vec<usize> = (0..files.len()).filter(|&index| numbers[index].is_none()).collect();
    let age = |index: usize| files[index].time;
    rest.sort_by(|&a, &b| age(a).cmp(&age(b)).then_with(|| natural(&files[a].name, &files[b].name)));
    for index in rest {
        let place = ordered.iter().rposition(|&other| age(other) <= age(index)).map_or(0, |at| at + 1);
        ordered.insert(place, index);
    }
}

/// Which of the whole numbers of these names counts the epochs.
fn counting_column(members: &[usize], parts: &[Vec<Part>]) -> Option<usize> {
    let first = &parts[members[0]];
    let columns: Vec<(usize, u64)> = wholes(first).collect();
    let measures =
        |column: usize| word_before(first, columns[column].0).is_some_and(|word| is_in(&word, MEASURES));
    let differs = |column: usize| {
        let values: BTreeSet<_> = members.iter().map(|&index| wholes(&parts[index]).nth(column)).collect();
        values.len() > 1
    };
    let counter = |column: &usize| {
        let word = word_before(first, columns[*column].0);
        COUNTERS
            .iter()
            .position(|words| word.as_ref().is_some_and(|word| is_in(word, words)))
            .unwrap_or(COUNTERS.len())
    };
    let candidates = (0..columns.len()).filter(|&column| !measures(column));
    // `min_by_key` takes the first of several, so the one that stands first in the name.
    let differing = candidates.clone().filter(|&column| differs(column)).min_by_key(counter);
    let free = |column: &usize| match first[columns[*column].0] {
        Part::Whole(_, glued_before, glued_after) => {
            !glued_after && (!glued_before || counter(column) < COUNTERS.len())
        }
        _ => false,
    };
    differing.or_else(|| candidates.filter(free).min_by_key(counter))
}

fn is_in(word: &str, words: &[&str]) -> bool {
    words.contains(&word)
}

/// The whole numbers of a name, with the places of their parts.
fn wholes(parts: &[Part]) -> impl Iterator<Item = (usize, u64)> {
    parts.iter().enumerate().filter_map(|(at, part)| match part {
        Part::Whole(number, ..) => Some((at, *number)),
        _ => None,
    })
}

/// The last word before part `at`, in small letters.
fn word_before(parts: &[Part], at: usize) -> Option<String> {
    let Part::Text(text) = parts.get(at.checked_sub(1)?)? else { return None };
    text.rsplit(|c: char| !c.is_alphabetic()).find(|word| !word.is_empty()).map(str::to_owned)
}

/// A name with its numbers left out, and separators reduced to one: a loss may be negative.
fn skeleton(parts: &[Part]) -> String {
    let mut skeleton = String::new();
    for part in parts {
        match part {
            Part::Text(text) => {
                let mut last = None;
                for c in text.chars() {
                    let separates = !c.is_alphanumeric();
                    if !(separates && last == Some(true)) {
                        skeleton.push(c);
                    }
                    last = Some(separates);
                }
            }
            Part::Whole(..) => skeleton.push('\u{1}'),
            Part::Decimal => skeleton.push('\u{2}'),
        }
    }
    skeleton
}

/// A name taken to pieces; letters become small.
fn parts(name: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let name = name.to_lowercase();
    let mut rest = name.as_str();
    let mut before: Option<char> = None;
    while let Some(c) = rest.chars().next() {
        let glued = before.is_some_and(char::is_alphabetic);
        let (part, length) = if c.is_ascii_digit() {
            number(rest, before)
        } else if let Some(word) = ["nan", "inf"].into_iter().find(|word| is_word(rest, word) && !glued) {
            (Part::Decimal, word.len())
        } else {
            (Part::Text(c.to_string()), c.len_utf8())
        };
        before = rest[..length].chars().next_back();
        rest = &rest[length..];
        match (parts.last_mut(), part) {
            (Some(Part::Text(text)), Part::Text(more)) => text.push_str(&more),
            (_, part) => parts.push(part),
        }
    }
    parts
}

fn is_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// The number that `text` begins with, and its length: a chain of digits and points is a decimal, or where it has three
/// links a whole number and a decimal (`12.0.53`: the first link).
fn number(text: &str, before: Option<char>) -> (Part, usize) {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut ends = vec![digits(text)];
    while let Some(&end) = ends.last()
        && text[end..].starts_with(['.', ','])
        && let more @ 1.. = digits(&text[end + 1..])
    {
        ends.push(end + 1 + more);
    }
    let end = ends[ends.len() - 1];
    match (ends.len(), exponent(&text[end..])) {
        (1, 0) | (3, _) => whole(text, ends[0], before),
        (_, exponent) => (Part::Decimal, end + exponent),
    }
}

fn whole(text: &str, end: usize, before: Option<char>) -> (Part, usize) {
    let after = text[end..].chars().next();
    let glued = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let part = match text[..end].parse() {
        Ok(number) => Part::Whole(number, glued(before), glued(after)),
        Err(_) => Part::Text(text[..end].to_owned()),
    };
    (part, end)
}

/// The length of the exponent that `text` begins with: `e-05`, but not the beginning of a word.
fn exponent(text: &str) -> usize {
    let Some(rest) = text.strip_prefix('e') else { return 0 };
    let sign = usize::from(rest.starts_with(['-', '+']));
    let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
    let ends = !rest[sign + digits..].starts_with(char::is_alphanumeric);
    if digits > 0 && ends { 1 + sign + digits } else { 0 }
}

/// Names as people order them: digits by their value, everything else by its letters.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (Some(c), Some(d)) = (left.chars().next(), right.chars().next()) else {
            return left.len().cmp(&right.len()).then_with(|| a.cmp(b));
        };
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (m, n) = (digits(left), digits(right));
        let compared = if m > 0 && n > 0 {
            let value = |text: &str, end: usize| text[..end].trim_start_matches('0').to_owned();
            let (x, y) = (value(left, m), value(right, n));
            (left, right) = (&left[m..], &right[n..]);
            x.len().cmp(&y.len()).then_with(|| x.cmp(&y))
        } else {
            (left, right) = (&left[c.len_utf8()..], &right[d.len_utf8()..]);
            c.cmp(&d)
        };
        if compared.is_ne() {
            return compared;
        }
    }
}

#[cfg(test)]
mod tests;
