//! `--follow`: a judgement of every checkpoint as soon as it is whole, beside the training that writes them.
//!
//! ```text
//! run/epoch-001.h5: sound: 2 layers; 64 kernels judged                                      a line a checkpoint
//! run/epoch-002.h5: found something in 2 of 2 layers: conv1: not finite: … (and 1 more)
//! ```
//!
//! What is there already is judged first, in the order of the epochs, then whatever is new or written anew. A file counts
//! as whole when it looks the same at two looks; it is looked at from outside, and opened only then.
//!
//! `--json` prints for each checkpoint what `convscope check --json` prints, on one line.
//!
//! The exit code is 1 where something was found, 2 where not one file could be judged or none ever came, else 0.

use std::collections::HashSet;
use std::fmt::Display;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::exec::{Notice, Notifier};
use super::report::{FileReport, Whole};
use super::{Eyes, check};
use crate::checkpoint::{self, Epoch, Series, Stamp};
use crate::cli::layer::shown;
use crate::cli::lines::{Out, complain};
use crate::cli::table::escaped;
use crate::cli::{CheckArgs, plural};
use crate::jobs::watch::{News, POLL, Watcher};
use crate::printable::printable;

/// How checkpoints are followed.
#[derive(Clone, Debug, Default, Args)]
pub struct FollowArgs {
    /// Go on beside a training: judge what is there, then every new checkpoint as soon as it is whole, a line each; FILE may
    /// be a folder or a pattern too
    #[arg(long)]
    pub follow: bool,
    /// With --follow: leave out the checkpoints that are there already
    #[arg(long, requires = "follow")]
    pub only_new: bool,
    /// With --follow: leave with exit code 1 at the first checkpoint in which something is found
    #[arg(long, requires = "follow")]
    pub fail_fast: bool,
    /// With --follow: run this command (by `sh -c`) for every checkpoint, with its judgement on standard input as --json
    /// prints it, and CONVSCOPE_CHECKPOINT and CONVSCOPE_EXIT in its environment
    #[arg(long, value_name = "CMD", requires = "follow")]
    pub exec: Option<String>,
    /// With --follow: leave once there was nothing new for so long
    #[arg(long, value_name = "SECONDS", requires = "follow")]
    pub idle: Option<u64>,
}

/// Follows the files until somebody ends it.
pub(super) fn run(args: &CheckArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let end = End::listen().context("signals cannot be listened to")?;
    let options = &args.following;
    let notifier = options.exec.clone().map(Notifier::spawn).transpose();
    let notifier = notifier.context("no thread can be had for --exec")?;
    let mut following = Following { args, end, out: Out::new(out), notifier, seen: Seen::default() };
    // Anew each time: what is named may become a folder only when the training begins.
    let files = args.files.clone();
    let list = move || Series::of(files.iter().cloned()).list();
    let there: Vec<Epoch> = list().into_iter().filter(|epoch| epoch.stamp.is_some()).collect();
    let waiting = match there.len() {
        0 => Some("there is no checkpoint yet; waiting for one".to_owned()),
        1 if options.only_new => Some("1 checkpoint is passed over; waiting for a new one".to_owned()),
        count if options.only_new => {
            Some(format!("{count} checkpoints are passed over; waiting for a new one"))
        }
        _ => None,
    };
    if let Some(waiting) = waiting {
        complain(&format!("{}: {waiting}", shown(&args.files[0])));
    }
    let open = |path: &Path| checkpoint::open(path).map(|opened| opened.network().clone());
    let mut watcher = Watcher::new(list, open, if options.only_new { &there } else { &[] });
    let begun = Instant::now();
    let mut last = begun;
    loop {
        let news = watcher.poll(begun.elapsed());
        if !news.is_empty() {
            last = Instant::now();
        }
        if following.take(news)?.is_break() {
            break;
        }
        let idle = options.idle.is_some_and(|seconds| last.elapsed() >= Duration::from_secs(seconds));
        if idle || following.end.comes_within(POLL) {
            break;
        }
    }
    if let Some(notifier) = following.notifier {
        notifier.finish();
    }
    // Who wants only what is new is content with nothing.
    Ok(ExitCode::from(following.seen.exit(options.only_new)))
}

/// What goes on between two looks.
struct Following<'a> {
    args: &'a CheckArgs,
    end: End,
    out: Out<'a>,
    notifier: Option<Notifier>,
    seen: Seen,
}

/// What was found so far.
#[derive(Default)]
struct Seen {
    found: bool,
    sound: bool,
    /// Files that could not be judged, of which the user was told.
    unreadable: HashSet<PathBuf>,
}

impl Seen {
    fn exit(&self, nothing_will_do: bool) -> u8 {
        match (self.found, self.sound) {
            (true, _) => 1,
            (false, true) => 0,
            (false, false) if nothing_will_do && self.unreadable.is_empty() => 0,
            (false, false) => 2,
        }
    }
}

impl Following<'_> {
    /// Judges what has settled; breaks where there is a reason to leave.
    fn take(&mut self, news: Vec<News>) -> anyhow::Result<ControlFlow<()>> {
        for news in news {
            match news {
                News::Settled { epoch, .. } => self.judge(&epoch)?,
                News::NotYet { path, error } => self.not_yet(&path, &error),
                News::Writing { .. } | News::Vanished { .. } | News::Epochs(_) => {}
            }
            let enough = self.args.following.fail_fast && self.seen.found;
            if enough || self.end.has_come() || self.out.is_closed() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Says once of a file why it cannot be judged; it may be whole later.
    fn not_yet(&mut self, file: &Path, why: &dyn Display) {
        if !self.end.has_come() && self.seen.unreadable.insert(file.to_owned()) {
            complain(&format!("{why:#}"));
        }
    }

    /// Judges a file and says so.
    fn judge(&mut self, epoch: &Epoch) -> anyhow::Result<()> {
        let (args, file) = (self.args, &epoch.path);
        let mut report = FileReport::new(file);
        let come = &self.end.come;
        let keep = args.json || self.notifier.is_some();
        let eyes = Eyes { say: None, keep, settled: epoch.stamp, stop: &|| come.load(Ordering::Relaxed) };
        if let Err(error) = check(args, file, &mut report, eyes) {
            // What was written meanwhile settles again.
            if Stamp::of(file).ok() == epoch.stamp {
                self.not_yet(file, &error);
            }
            return Ok(());
        }
        let exit = u8::from(report.is_found());
        *(if report.is_found() { &mut self.seen.found } else { &mut self.seen.sound }) = true;
        let whole = Whole { exit, thresholds: args.limits.into(), files: std::slice::from_ref(&report) };
        self.out.line(&if args.json {
            escaped(&serde_json::to_string(&whole)?)
        } else {
            format!("{}: {}", shown(file), report.in_a_line())
        })?;
        self.out.flush()?;
        if let Some(notifier) = &mut self.notifier {
            let json = escaped(&serde_json::to_string_pretty(&whole)?);
            notifier.tell(Notice { checkpoint: file.clone(), exit, json });
        }
        Ok(())
    }
}

impl FileReport {
    /// The whole judgement in one line: what was found first, and how much more.
    fn in_a_line(&self) -> String {
        let found = || {
            self.layers.iter().flat_map(|layer| layer.findings.iter().map(move |finding| (layer, finding)))
        };
        let Some((layer, finding)) = found().next() else {
            let small = match self.too_small {
                0 => String::new(),
                count => format!(", {count} too small to judge one by one"),
            };
            return format!("{}; {} judged{small}", self.head(), plural(self.judged, "kernel"));
        };
        let more = match found().count() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        format!("{}: {}: {}{more}", self.head(), printable(&layer.name), finding.message)
    }
}

/// Ctrl-C and its like: the judgement that runs is broken off, and the exit code tells what was found until then.
struct End {
    come: Arc<AtomicBool>,
    bell: Receiver<()>,
}

impl End {
    fn listen() -> io::Result<Self> {
        let come = Arc::new(AtomicBool::new(false));
        let (ring, bell) = mpsc::channel();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        thread::Builder::new().name("signals".to_owned()).spawn({
            let come = Arc::clone(&come);
            move || {
                for signal in signals.forever() {
                    // Whoever asks a second time does not want to wait.
                    if come.swap(true, Ordering::Relaxed) {
                        let _ = signal_hook::low_level::emulate_default_handler(signal);
                    }
                    let _ = ring.send(());
                }
            }
        })?;
        Ok(Self { come, bell })
    }

    fn has_come(&self) -> bool {
        self.come.load(Ordering::Relaxed)
    }

    /// Waits so long, or until the end.
    fn comes_within(&self, time: Duration) -> bool {
        let _ = self.bell.recv_timeout(time);
        self.has_come()
    }
}
