//! Damages real checkpoints in many ways and opens each as the program does: reading process, index, first convolution.
//!
//! ```text
//! cargo run --release --example mutate -- --per-format 20000
//! cargo run --release --example mutate -- --format '.weights.h5' --from 1234 --per-format 1 --keep /tmp/found
//! ```
//!
//! Counts what came of it, a table row a format. The same number always gives the same damage. It fails where the program
//! itself panicked, or an answer took longer than the limits of the reading process allow.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a program for developers: it prints a table, and stops where it cannot go on"
)]

use std::{
    collections::BTreeMap,
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use convscope::{
    checkpoint::{self, Error, READER_COMMAND, error::Cause},
    weights::{Layer, Weights},
};
use ndarray::ArrayD;

mod corpus;
mod mutations;

use mutations::Original;

/// Longer than the program waits for any of the files, even where the reading process gets no processor.
const HANG: Duration = Duration::from_secs(35);

/// Damages real checkpoints in many ways, and counts what came of opening them.
#[derive(Parser)]
struct Arguments {
    /// How many damaged files a format
    #[arg(long, default_value_t = 20_000)]
    per_format: u64,
    /// The number of the first
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only the formats whose name contains this
    #[arg(long)]
    format: Option<String>,
    /// How many at a time [default: one a core]
    #[arg(long)]
    threads: Option<usize>,
    /// A folder for those that end or outlast the reading process
    #[arg(long)]
    keep: Option<PathBuf>,
}

fn main() -> ExitCode {
    let mut words = env::args_os().skip(1);
    if words.next().is_some_and(|word| word == READER_COMMAND) {
        return checkpoint::serve(words);
    }
    let arguments = Arguments::parse();
    if let Some(folder) = &arguments.keep {
        fs::create_dir_all(folder).expect("a folder to keep files in");
    }
    let mut bad = 0;
    for (name, originals) in corpus::formats() {
        if arguments.format.as_ref().is_none_or(|part| name.contains(part.as_str())) {
            bad += campaign(name, &originals, &arguments);
        }
    }
    println!("\nlargest reading process: {} MiB at most", largest_child() >> 10);
    if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What came of a damaged file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Equal,
    Different,
    Refused,
    TimeLimit,
    MemoryLimit,
    ReaderDied,
    Panicked,
}

const OUTCOMES: &[Outcome] = &[
    Outcome::Equal,
    Outcome::Different,
    Outcome::Refused,
    Outcome::TimeLimit,
    Outcome::MemoryLimit,
    Outcome::ReaderDied,
    Outcome::Panicked,
];

#[derive(Default)]
struct Counts {
    outcomes: BTreeMap<Outcome, u64>,
    sentences: BTreeMap<String, u64>,
    slowest: Duration,
    hangs: u64,
    /// KiB of the largest reading process so far.
    largest: i64,
}

/// Opens the damaged files of one format and prints what came of it; returns how many broke a promise.
fn campaign(name: &str, originals: &[Original], arguments: &Arguments) -> u64 {
    let folder = tempfile::tempdir().expect("a folder for the damaged files");
    let expected: Vec<Found> = originals
        .iter()
        .map(|original| {
            let path = folder.path().join(format!("whole.{}", original.extension));
            fs::write(&path, &original.bytes).unwrap();
            found(&path).unwrap_or_else(|error| panic!("{} before any damage: {error}", original.name))
        })
        .collect();
    let counts = Mutex::new(Counts::default());
    let next = AtomicU64::new(arguments.from);
    let end = arguments.from + arguments.per_format;
    let threads = arguments.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    thread::scope(|scope| {
        for thread in 0..threads {
            let (next, counts, folder, expected) = (&next, &counts, folder.path(), &expected);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end {
                        return;
                    }
                    let which = usize::try_from(number).unwrap() % originals.len();
                    let original = &originals[which];
                    let path = folder.join(format!("damaged-{thread}.{}", original.extension));
                    let bytes = original.damaged(number);
                    // A new file each time: one that is written in place may look unchanged to its stamp.
                    let _ = fs::remove_file(&path);
                    fs::write(&path, &bytes).unwrap();
                    let result = opened(&path, &expected[which]);
                    if let (Some(keep), true) = (&arguments.keep, result.outcome >= Outcome::TimeLimit) {
                        fs::write(keep.join(format!("{number}-{}", original.name)), &bytes).unwrap();
                    }
                    counts.lock().unwrap().note(name, original, number, result);
                }
            });
        }
    });
    let counts = counts.into_inner().unwrap();
    print(name, &counts);
    counts.hangs + counts.outcomes.get(&Outcome::Panicked).copied().unwrap_or(0)
}

/// What came of one damaged file, and how long that took.
struct Opened {
    outcome: Outcome,
    sentence: Option<String>,
    took: Duration,
}

/// The index of a file, and the arrays of its first convolution.
type Found = (Vec<Layer>, Vec<Vec<u32>>);

fn found(path: &Path) -> Result<Found, Error> {
    let opened = checkpoint::open(path)?;
    let layers = opened.network().layers.clone();
    let Some(layer) = layers.iter().find(|layer| layer.kernels.is_some()) else {
        return Ok((layers, Vec::new()));
    };
    let arrays = opened.read(layer)?;
    let bits = |array: &ArrayD<f32>| array.iter().map(|value| value.to_bits()).collect();
    let values = arrays.iter().map(bits).collect();
    let weights = Weights::of_layer(layer, arrays);
    assert_eq!(weights.is_some(), layer.kernel_shape().is_some(), "arrays that do not fit their layer");
    Ok((layers, values))
}

fn opened(path: &Path, expected: &Found) -> Opened {
    let start = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| found(path)));
    let took = start.elapsed();
    let (outcome, sentence) = match result {
        Err(_) => (Outcome::Panicked, None),
        Ok(Ok(found)) if found == *expected => (Outcome::Equal, None),
        Ok(Ok(_)) => (Outcome::Different, None),
        Ok(Err(error)) => {
            let outcome = match error.cause {
                Cause::TooCostly if error.problem.contains("memory") => Outcome::MemoryLimit,
                Cause::TooCostly => Outcome::TimeLimit,
                _ if error.problem.starts_with("makes the HDF5 library") => Outcome::ReaderDied,
                _ => Outcome::Refused,
            };
            let sentence = if outcome == Outcome::Refused { kind(&error.problem) } else { death(path) };
            (outcome, Some(sentence))
        }
    };
    Opened { outcome, sentence, took }
}

/// A sentence without the names and the numbers in it.
fn kind(problem: &str) -> String {
    let unquoted = problem.split('"').step_by(2).collect::<Vec<_>>().join("…");
    let mut kind = String::new();
    for c in unquoted.chars() {
        match c {
            '0'..='9' if kind.ends_with('N') => {}
            '0'..='9' => kind.push('N'),
            '×' => {
                kind.pop();
            }
            c => kind.push(c),
        }
    }
    kind
}

/// How the reading process of a file ends, in its own words, from another look at it.
fn death(path: &Path) -> String {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let request = format!(r#"{{"extension":"{extension}","arrays":null}}"#);
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.arg(READER_COMMAND).arg(request).stdin(fs::File::open(path).expect("just written"));
    let output = command.stdout(Stdio::null()).stderr(Stdio::piped()).output().expect("this program");
    let words = String::from_utf8_lossy(&output.stderr);
    let first = words.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    format!("{}: {}", output.status, kind(first))
}

impl Counts {
    fn note(&mut self, format: &str, original: &Original, number: u64, opened: Opened) {
        *self.outcomes.entry(opened.outcome).or_default() += 1;
        if let Some(sentence) = opened.sentence {
            *self.sentences.entry(format!("{:?}: {sentence}", opened.outcome)).or_default() += 1;
        }
        self.slowest = self.slowest.max(opened.took);
        let largest = largest_child();
        if largest > self.largest {
            self.largest = largest;
            if largest > 1 << 16 {
                println!("{format}, number {number}, {}: took up to {} MiB", original.name, largest >> 10);
            }
        }
        let hangs = opened.took > HANG;
        self.hangs += u64::from(hangs);
        if hangs || opened.outcome >= Outcome::TimeLimit {
            let Opened { outcome, took, .. } = opened;
            println!("{format}, number {number}, {}: {outcome:?} after {took:.1?}", original.name);
        }
    }
}

fn print(name: &str, counts: &Counts) {
    let outcomes = OUTCOMES
        .iter()
        .map(|outcome| format!("{outcome:?} {}", counts.outcomes.get(outcome).copied().unwrap_or(0)));
    println!(
        "\n| {name} | {} | hangs {} | slowest {:.1?} |",
        outcomes.collect::<Vec<_>>().join(" | "),
        counts.hangs,
        counts.slowest
    );
    let mut sentences: Vec<_> = counts.sentences.iter().collect();
    sentences.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for (sentence, count) in sentences {
        println!("  {count:>6} {sentence}");
    }
}

/// KiB of memory of the largest process that this one has started and seen end.
#[expect(unsafe_code, reason = "a question to the system that no crate in use has words for")]
fn largest_child() -> i64 {
    // SAFETY: the system fills in the whole of a structure in which every value is allowed.
    unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage.ru_maxrss
    }
}
