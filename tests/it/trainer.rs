//! Beside a trainer that saves as trainers do, with the real h5py: it never fails, and what is read is whole or refused.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use convscope::checkpoint::{Checkpoint, Error};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::checkpoints::open;
use crate::following::{PATIENCE, lines};
use crate::judgement::demo;

/// How often the trainer saves.
const SAVES: u32 = 400;

/// A Python with h5py, or `None`, which says that the test is skipped.
fn python() -> Option<OsString> {
    let python = std::env::var_os("CONVSCOPE_PYTHON").unwrap_or_else(|| "python3".into());
    let has = Command::new(&python).args(["-c", "import h5py"]).stderr(Stdio::null()).status();
    if has.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    eprintln!(
        "SKIPPED: {} has no h5py (apt-get install python3-h5py, or set CONVSCOPE_PYTHON)",
        python.display()
    );
    None
}

fn trainer(python: &OsString, folder: &Path) -> Child {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trainer/writer.py");
    Command::new(python)
        .arg(script)
        .arg(folder)
        .arg(SAVES.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The one number that a layer is filled with.
///
/// # Panics
/// If there are two: weights of two epochs, or of none, were taken for a layer.
fn epoch_of(values: impl IntoIterator<Item = f32>, what: &str) -> f32 {
    let mut values = values.into_iter();
    let first = values.next().unwrap();
    assert!(first >= 1.0 && first <= SAVES as f32 && first.fract() == 0.0, "{what}: {first} is no epoch");
    for value in values {
        assert!(value == first, "{what} is torn: {first} and {value}");
    }
    first
}

/// Reads all layers of a checkpoint again and again; how many were whole, and what was said of the others.
fn read_on(file: &Path, ended: &AtomicBool) -> (usize, BTreeSet<String>) {
    let (mut whole, mut refused) = (0, BTreeSet::new());
    let mut refuse = |error: Error| {
        let sentence = error.to_string();
        assert!(
            sentence.starts_with(&format!("{}: ", file.display())) && !sentence.contains('\n'),
            "{sentence}"
        );
        refused.insert(error.problem);
    };
    while !ended.load(Ordering::Relaxed) {
        match open(file) {
            Err(error) => refuse(error),
            Ok(opened) => {
                for layer in &opened.network().layers {
                    match Checkpoint::read(&*opened, layer) {
                        Err(error) => refuse(error),
                        Ok(arrays) => {
                            let what = format!("{} of {}", layer.name, file.display());
                            epoch_of(arrays.iter().flatten().copied(), &what);
                            whole += 1;
                        }
                    }
                }
            }
        }
    }
    (whole, refused)
}

/// The epoch that the judgement of a file is about.
fn epoch_judged(line: &str) -> (String, u32) {
    let whole: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let file = &whole["files"][0];
    let path = PathBuf::from(file["file"].as_str().unwrap());
    let layers = file["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 3, "{}", path.display());
    let mut values = Vec::new();
    for layer in layers {
        values.push(layer["largest"].as_f64().unwrap() as f32);
        let weights = layer["values"].as_u64().unwrap();
        if let Some(kernels) = layer.get("kernels") {
            let each = kernels["each"].as_array().unwrap();
            // Without the bias.
            let size = weights / each.len() as u64 - 1;
            let l2 = |kernel: &Value| kernel["l2"].as_f64().unwrap() / (size as f64).sqrt();
            values.extend(each.iter().map(|kernel| (l2(kernel) * 1e4).round() as f32 / 1e4));
        }
    }
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    (name, epoch_of(values, &path.display().to_string()) as u32)
}

/// The files of `folder` that a process has open.
fn open_files(process: &Child, folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(format!("/proc/{}/fd", process.id())).unwrap();
    let files = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    files.filter(|file| file.starts_with(folder)).collect()
}

#[test]
fn a_trainer_is_never_harmed_and_a_torn_kernel_never_shown() {
    let Some(python) = python() else { return };
    let run = TempDir::new().unwrap();
    let folder = run.path();
    let mut follow = Command::new(env!("CARGO_BIN_EXE_convscope"))
        .args(["check", "--follow", "--json"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let judged = lines(follow.stdout.take().unwrap());
    let complaints = lines(follow.stderr.take().unwrap());
    let trainer = trainer(&python, folder);
    let ended = AtomicBool::new(false);
    let names = ["over.h5", "replaced.h5", "cut.h5"];
    let (output, read) = thread::scope(|scope| {
        let ended = &ended;
        let readers = names.map(|name| scope.spawn(move || read_on(&folder.join(name), ended)));
        let output = trainer.wait_with_output().unwrap();
        ended.store(true, Ordering::Relaxed);
        (output, readers.map(|reader| reader.join().unwrap()))
    });
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, format!("saved {SAVES}, failed 0\n"));
    for (name, (whole, refused)) in names.iter().zip(&read) {
        assert!(*whole > 0, "{name} was never whole: {refused:?}");
        eprintln!("{name}: {whole} layers read whole; refused because it {refused:?}");
    }
    // The last save of each, and of the epochs that have a file each the last three.
    let mut last = BTreeMap::from([("over.h5".to_owned(), SAVES), ("replaced.h5".to_owned(), SAVES - 3)]);
    last.insert("cut.h5".to_owned(), SAVES - 2);
    last.extend([1, 5, 9].map(|ago| (format!("epoch-{:04}.h5", SAVES - ago), SAVES - ago)));
    let names: BTreeSet<String> = last.keys().cloned().collect();
    let mut count = 0;
    while !last.is_empty() {
        let (name, epoch) = epoch_judged(&judged.recv_timeout(PATIENCE).expect("a judgement"));
        count += 1;
        assert!(!name.starts_with("epoch-") || name == format!("epoch-{epoch:04}.h5"), "{name}: {epoch}");
        last.retain(|wanted, of| (wanted, &*of) != (&name, &epoch));
    }
    assert!(count > names.len(), "nothing was judged while the trainer ran");
    // Idle: nothing is open, and nothing was left beside the checkpoints.
    assert_eq!(open_files(&follow, folder), Vec::<PathBuf>::new());
    let left = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.collect::<BTreeSet<_>>(), names);
    kill_process(Pid::from_child(&follow), Signal::INT).unwrap();
    // Every kernel of such a network is as good as dead.
    assert_eq!(follow.wait().unwrap().code(), Some(1));
    let complaints: Vec<String> = complaints.iter().collect();
    assert!(complaints.iter().all(|line| line.starts_with("convscope: ")), "{complaints:?}");
    eprintln!("{count} judgements; complaints: {complaints:#?}");
}

/// Linux before 6.13 dates files by a clock that ticks every 4 or 10 ms: a second write within a tick would leave the stamp
/// as it was, so nothing is read before the clock has moved on.
#[test]
fn what_was_written_within_a_tick_of_the_clock_is_not_taken_for_whole() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("hot.h5");
    let bytes = fs::read(demo("epoch-010.h5")).unwrap();
    let since_written = || path.metadata().unwrap().modified().unwrap().elapsed().unwrap();
    let tick = Duration::from_millis(10);
    fs::write(&path, &bytes).unwrap();
    let opened = open(&path).unwrap();
    assert!(since_written() >= tick);
    let layer = &opened.network().layers[0];
    fs::write(&path, &bytes).unwrap();
    opened.read(layer).unwrap();
    assert!(since_written() >= tick);
}
