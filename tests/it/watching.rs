//! Watching a folder that is written into: real files, a clock of the test's own, no sleeping.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use convscope::checkpoint::{self, Epoch, Error, Network, Series};
use convscope::jobs::watch::{News, Watcher, spawn};
use tempfile::TempDir;

use crate::judgement::demo;

type List = Box<dyn FnMut() -> Vec<Epoch>>;
type Open = Box<dyn FnMut(&Path) -> Result<Network, Error>>;

/// A watched folder. The clock goes on by a second a poll.
struct Folder {
    place: TempDir,
    watcher: Watcher<List, Open>,
    seconds: u64,
    /// What was opened, file by file.
    opened: Rc<RefCell<Vec<String>>>,
}

fn open(path: &Path) -> Result<Network, Error> {
    checkpoint::set_reader_program(env!("CARGO_BIN_EXE_convscope"));
    checkpoint::open(path).map(|opened| opened.network().clone())
}

impl Folder {
    /// A folder with these files of the demo, `name=from`, known from the start.
    fn with(files: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        for file in files {
            let (name, from) = file.split_once('=').unwrap();
            fs::copy(demo(from), folder.path().join(name)).unwrap();
        }
        let series = Series::of([folder.path().to_owned()]);
        let known = series.list();
        let opened: Rc<RefCell<Vec<String>>> = Rc::default();
        let log = Rc::clone(&opened);
        let open = move |path: &Path| {
            log.borrow_mut().push(path.file_name().unwrap().to_string_lossy().into_owned());
            open(path)
        };
        let watcher = Watcher::new(Box::new(move || series.list()) as List, Box::new(open) as Open, &known);
        Self { place: folder, watcher, seconds: 0, opened }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn poll(&mut self) -> Vec<String> {
        self.seconds += 1;
        self.watcher.poll(Duration::from_secs(self.seconds)).iter().map(|news| self.said(news)).collect()
    }

    /// News in a line.
    fn said(&self, news: &News) -> String {
        let name = |path: &Path| path.strip_prefix(self.place.path()).unwrap().to_string_lossy().into_owned();
        match news {
            News::Writing { path, before: None, .. } => format!("{} is new", name(path)),
            News::Writing { path, before: Some(before), now } if before.identity() != now.identity() => {
                format!("{} is another file", name(path))
            }
            News::Writing { path, before: Some(before), now } if now.size() < before.size() => {
                format!("{} shrank", name(path))
            }
            News::Writing { path, .. } => format!("{} is written", name(path)),
            News::Settled { epoch, network } => {
                format!("{} has {} layers", name(&epoch.path), network.layers.len())
            }
            News::NotYet { path, error } => format!("{} {}", name(path), error.problem),
            News::Vanished { path } => format!("{} is gone", name(path)),
            News::Epochs(epochs) => {
                let labels: Vec<&str> = epochs.iter().map(|epoch| epoch.label.as_str()).collect();
                format!("epochs {}", labels.join(" "))
            }
        }
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_new_checkpoint_is_an_epoch_once_it_has_settled() {
    let mut run = Folder::with(&["ckpt-1.h5=epoch-001.h5"]);
    assert_eq!(run.poll(), NOTHING);
    assert_eq!(*run.opened.borrow(), NOTHING, "what is known is not opened");
    let whole = fs::read(demo("epoch-002.h5")).unwrap();
    fs::write(run.path("ckpt-2.h5"), &whole[..1000]).unwrap();
    assert_eq!(run.poll(), ["ckpt-2.h5 is new"]);
    fs::write(run.path("ckpt-2.h5"), &whole[..30_000]).unwrap();
    assert_eq!(run.poll(), NOTHING, "it grows");
    fs::write(run.path("ckpt-2.h5"), &whole).unwrap();
    assert_eq!(run.poll(), NOTHING, "two stamps that differ have not settled");
    assert_eq!(*run.opened.borrow(), NOTHING);
    assert_eq!(run.poll(), ["ckpt-2.h5 has 2 layers", "epochs 1 2"]);
    assert_eq!(run.poll(), NOTHING);
    assert_eq!(*run.opened.borrow(), ["ckpt-2.h5"], "opened once");
}

#[test]
fn what_cannot_be_read_yet_is_said_once_and_tried_again_less_and_less() {
    let mut run = Folder::with(&["ckpt-1.h5=epoch-001.h5"]);
    let whole = fs::read(demo("epoch-002.h5")).unwrap();
    fs::write(run.path("ckpt-2.h5"), &whole[..20_000]).unwrap();
    assert_eq!(run.poll(), ["ckpt-2.h5 is new"]);
    let said = run.poll();
    assert!(said.len() == 1 && said[0].contains("partly written"), "{said:?}");
    for _ in 0..20 {
        assert_eq!(run.poll(), NOTHING);
    }
    let tries = run.opened.borrow().len();
    assert!((4..=7).contains(&tries), "{tries} tries in 21 s");
    fs::write(run.path("ckpt-2.h5"), &whole).unwrap();
    assert_eq!(run.poll(), ["ckpt-2.h5 is written"]);
    assert_eq!(
        run.poll(),
        ["ckpt-2.h5 has 2 layers", "epochs 1 2"],
        "at once, however long it was left alone"
    );
}

#[test]
fn a_file_that_is_cut_and_written_anew_stays_an_epoch() {
    let mut run = Folder::with(&["a.h5=epoch-001.h5"]);
    let whole = fs::read(demo("epoch-002.h5")).unwrap();
    fs::write(run.path("a.h5"), b"").unwrap();
    assert_eq!(run.poll(), ["a.h5 shrank"]);
    let said = run.poll();
    assert!(said.len() == 1 && said[0].starts_with("a.h5 "), "{said:?}");
    fs::write(run.path("a.h5"), &whole).unwrap();
    assert_eq!(run.poll(), ["a.h5 is written"]);
    assert_eq!(run.poll(), ["a.h5 has 2 layers", "epochs a"]);
}

#[test]
fn a_file_replaced_by_rename_is_another_one() {
    let mut run = Folder::with(&["a.h5=epoch-001.h5"]);
    fs::copy(demo("epoch-002.h5"), run.path("a.h5.tmp")).unwrap();
    assert_eq!(run.poll(), NOTHING, "what is not named like a checkpoint is none");
    fs::rename(run.path("a.h5.tmp"), run.path("a.h5")).unwrap();
    assert_eq!(run.poll(), ["a.h5 is another file"]);
    assert_eq!(run.poll(), ["a.h5 has 2 layers", "epochs a"]);
}

#[test]
fn a_file_that_vanishes_and_comes_back() {
    let mut run = Folder::with(&["a.h5=epoch-001.h5", "b.h5=epoch-002.h5"]);
    fs::remove_file(run.path("a.h5")).unwrap();
    assert_eq!(run.poll(), ["a.h5 is gone", "epochs b"]);
    assert_eq!(run.poll(), NOTHING);
    fs::copy(demo("epoch-003.h5"), run.path("a.h5")).unwrap();
    assert_eq!(run.poll(), ["a.h5 is new"]);
    let said = run.poll();
    assert_eq!(said[0], "a.h5 has 2 layers");
    fs::remove_dir_all(run.place.path()).unwrap();
    assert_eq!(run.poll(), ["a.h5 is gone", "b.h5 is gone", "epochs "], "the folder too");
}

#[test]
fn another_network_is_handed_over_with_its_layers() {
    let mut run = Folder::with(&["a.h5=epoch-001.h5"]);
    fs::copy(crate::checkpoints::fixture("nested.h5"), run.path("a.h5")).unwrap();
    assert_eq!(run.poll().len(), 1);
    let said = run.poll();
    assert!(said[0].starts_with("a.h5 has ") && said[0] != "a.h5 has 2 layers", "{said:?}");
}

#[test]
fn a_read_that_the_writer_overtakes_counts_for_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.h5");
    fs::copy(demo("epoch-001.h5"), &path).unwrap();
    let series = Series::of([folder.path().to_owned()]);
    let writes = RefCell::new(0);
    let overtaken = |path: &Path| {
        let network = open(path);
        if *writes.borrow() < 1 {
            *writes.borrow_mut() += 1;
            fs::write(path, "another").unwrap();
            fs::copy(demo("epoch-002.h5"), path).unwrap();
        }
        network
    };
    let mut watcher = Watcher::new(|| series.list(), overtaken, &[]);
    let mut settled = Vec::new();
    for second in 0..6 {
        let news = watcher.poll(Duration::from_secs(second));
        settled.push(news.iter().any(|news| matches!(news, News::Settled { .. })));
    }
    // New; read and overtaken; another stamp; read. The copy may be as large as what was there and as old, as far as the
    // clock of the file system tells, so only the reads count.
    assert_eq!(settled.iter().filter(|settled| **settled).count(), 1, "{settled:?}");
    assert!(!settled[1], "{settled:?}");
}

#[test]
fn the_thread_tells_until_nobody_listens() {
    let folder = TempDir::new().unwrap();
    fs::copy(demo("epoch-001.h5"), folder.path().join("a.h5")).unwrap();
    let series = Series::of([folder.path().to_owned()]);
    let (sender, news) = mpsc::channel();
    let watcher = Watcher::new(move || series.list(), |path: &Path| open(path), &[]);
    let watch = spawn(watcher, Duration::from_millis(1), move |news| sender.send(news).is_ok());
    assert!(matches!(news.recv(), Ok(News::Writing { .. })));
    assert!(matches!(news.recv(), Ok(News::Settled { .. })));
    assert!(matches!(news.recv(), Ok(News::Epochs(epochs)) if epochs.len() == 1));
    drop(watch);
    assert!(news.recv().is_err(), "the thread and its sender are gone");
}
