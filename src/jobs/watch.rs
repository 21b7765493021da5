//! Watching the checkpoints of a run while a training writes them.
//!
//! ```text
//! not seen ─▶ writing ──── two equal stamps a poll apart ────▶ opened, same stamp before and after ─▶ an epoch
//!                ▲  └─ another stamp: wait on                   └─ not readable: said, tried again later
//!                └───────────── another stamp: rewritten, shrunk, replaced ──────────────────────────┘
//! ```
//!
//! A poll is one listing: stamps, no file is opened. It works on network file systems, where notification does not. A file
//! is opened only once it has settled, read-only and without a lock, and no file stays open.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::checkpoint::error::Cause;
use crate::checkpoint::{self, Epoch, Error, Network, Series, Stamp};

/// How often the files are looked at.
pub const POLL: Duration = Duration::from_millis(500);
/// How long a file that could not be read is left alone: twice as long each time, up to the second one.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(8));

/// What a poll found.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// A file is being written: it is new, or not what it was.
    Writing {
        /// Which.
        path: PathBuf,
        /// What it was before, where it was known.
        before: Option<Stamp>,
        /// What it is now: smaller where it was cut, with another identity where it was replaced.
        now: Stamp,
    },
    /// A file has settled and its index was read.
    Settled {
        /// The checkpoint.
        epoch: Epoch,
        /// What is in it.
        network: Box<Network>,
    },
    /// A file has settled and cannot be read; it is tried again, and this is said again only if the reason changes.
    NotYet {
        /// Which.
        path: PathBuf,
        /// Why, in one sentence with the path.
        error: Error,
    },
    /// A file is gone.
    Vanished {
        /// Which.
        path: PathBuf,
    },
    /// The checkpoints that can be read, in order: follows whatever changed them.
    Epochs(Vec<Epoch>),
}

/// What is known of a file.
#[derive(Clone, Debug)]
struct Seen {
    /// What it looked like at the last poll.
    stamp: Stamp,
    /// What it looked like when it was last read.
    good: Option<Stamp>,
    /// The reason of the last failure.
    failed: Option<Error>,
    /// When it is tried again.
    again: Duration,
    pause: Duration,
}

impl Seen {
    fn new(stamp: Stamp) -> Self {
        Self { stamp, good: None, failed: None, again: Duration::ZERO, pause: BACKOFF.0 }
    }
}

/// Compares one listing with the one before.
pub struct Watcher<L, O> {
    list: L,
    open: O,
    files: BTreeMap<PathBuf, Seen>,
}

/// A watcher of real files.
pub fn watcher(
    series: Series,
    known: &[Epoch],
) -> Watcher<
    impl FnMut() -> Vec<Epoch> + Send + 'static,
    impl FnMut(&Path) -> Result<Network, Error> + Send + 'static,
> {
    let open = |path: &Path| checkpoint::open(path).map(|opened| opened.network().clone());
    Watcher::new(move || series.list(), open, known)
}

impl<L: FnMut() -> Vec<Epoch>, O: FnMut(&Path) -> Result<Network, Error>> Watcher<L, O> {
    /// Watches what `list` lists and opens it with `open`. What is `known` is an epoch as long as it stays as it is; it is
    /// not opened.
    pub fn new(list: L, open: O, known: &[Epoch]) -> Self {
        let seen =
            |epoch: &Epoch| Some((epoch.path.clone(), Seen { good: epoch.stamp, ..Seen::new(epoch.stamp?) }));
        Self { list, open, files: known.iter().filter_map(seen).collect() }
    }

    /// Looks once; `now` is the time since any moment before the first poll.
    pub fn poll(&mut self, now: Duration) -> Vec<News> {
        let listed = (self.list)();
        let mut news = Vec::new();
        for epoch in &listed {
            if let Some(stamp) = epoch.stamp {
                self.look(epoch, stamp, now, &mut news);
            }
        }
        let there: BTreeSet<&PathBuf> =
            listed.iter().filter(|epoch| epoch.stamp.is_some()).map(|epoch| &epoch.path).collect();
        let gone: Vec<PathBuf> = self.files.keys().filter(|path| !there.contains(path)).cloned().collect();
        let mut changed = news.iter().any(|news| matches!(news, News::Settled { .. }));
        for path in gone {
            changed |= self.files.remove(&path).is_some_and(|seen| seen.good.is_some());
            news.push(News::Vanished { path });
        }
        if changed {
            let readable =
                |epoch: Epoch| Some(Epoch { stamp: Some(self.files.get(&epoch.path)?.good?), ..epoch });
            news.push(News::Epochs(listed.into_iter().filter_map(readable).collect()));
        }
        news
    }

    fn look(&mut self, epoch: &Epoch, stamp: Stamp, now: Duration, news: &mut Vec<News>) {
        let path = &epoch.path;
        let Some(seen) = self.files.get_mut(path) else {
            self.files.insert(path.clone(), Seen::new(stamp));
            return news.push(News::Writing { path: path.clone(), before: None, now: stamp });
        };
        if seen.stamp != stamp {
            // Said once for each time that it is written, and again where it is cut or replaced meanwhile.
            let begins = seen.good == Some(seen.stamp) || seen.failed.is_some();
            let cut = stamp.size() < seen.stamp.size() || stamp.identity() != seen.stamp.identity();
            if begins || cut {
                news.push(News::Writing { path: path.clone(), before: Some(seen.stamp), now: stamp });
            }
            *seen = Seen { good: seen.good, ..Seen::new(stamp) };
        } else if seen.good != Some(stamp) && now >= seen.again {
            let opened = (self.open)(path);
            match opened {
                Ok(network) if Stamp::of(path).is_ok_and(|after| after == stamp) => {
                    *seen = Seen { good: Some(stamp), ..Seen::new(stamp) };
                    let network = Box::new(network);
                    news.push(News::Settled {
                        epoch: Epoch { stamp: Some(stamp), ..epoch.clone() },
                        network,
                    });
                }
                // It went on while it was read: the next poll sees the other stamp.
                Ok(_) => {}
                Err(error) if error.cause == Cause::Changed => {}
                Err(error) => {
                    seen.again = now + seen.pause;
                    seen.pause = (seen.pause * 2).min(BACKOFF.1);
                    if seen.failed.as_ref() != Some(&error) {
                        news.push(News::NotYet { path: path.clone(), error: error.clone() });
                    }
                    seen.failed = Some(error);
                }
            }
        }
    }
}

/// A thread that polls; it ends when this is dropped, or nobody listens any more.
pub struct Watch {
    _end: Sender<()>,
}

/// Polls again and again, until `send` answers that nobody listens or `wait` that it is over. `wait` is told how long: `every`,
/// and longer where looking takes long, so that a slow network file system is not kept busy by it.
pub fn run<L, O>(
    mut watcher: Watcher<L, O>,
    every: Duration,
    mut wait: impl FnMut(Duration) -> bool,
    mut send: impl FnMut(News) -> bool,
) where
    L: FnMut() -> Vec<Epoch>,
    O: FnMut(&Path) -> Result<Network, Error>,
{
    let begin = Instant::now();
    let mut pause = every;
    while wait(pause) {
        let looked = Instant::now();
        let news = watcher.poll(begin.elapsed());
        pause = every.max(looked.elapsed() * 2);
        if !news.into_iter().all(&mut send) {
            return;
        }
    }
}

/// The same on a thread of its own.
pub fn spawn<L, O>(
    watcher: Watcher<L, O>,
    every: Duration,
    send: impl FnMut(News) -> bool + Send + 'static,
) -> Watch
where
    L: FnMut() -> Vec<Epoch> + Send + 'static,
    O: FnMut(&Path) -> Result<Network, Error> + Send + 'static,
{
    let (end, ended) = mpsc::channel::<()>();
    let wait = move |pause| ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout);
    // A thread that cannot be had leaves the run as it was when it was opened.
    let _ = thread::Builder::new().name("watch".to_owned()).spawn(move || run(watcher, every, wait, send));
    Watch { _end: end }
}
