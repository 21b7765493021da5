//! `convscope check --follow`: what it says of checkpoints as they come, and how it ends.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{convscope, text};
use crate::judgement::demo;

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A running `convscope check --follow`.
struct Following {
    child: Child,
    out: Receiver<String>,
    errors: Receiver<String>,
}

/// The lines of a pipe as they come.
pub(crate) fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (send, lines) = mpsc::channel();
    thread::spawn(move || {
        BufReader::new(pipe).lines().map_while(Result::ok).all(|line| send.send(line).is_ok())
    });
    lines
}

impl Following {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_convscope"))
            .args(["check", "--follow"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (out, errors) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, out, errors }
    }

    /// The next line of standard output.
    fn said(&self) -> String {
        self.out.recv_timeout(PATIENCE).expect("a line")
    }

    /// The next line of standard error.
    fn complained(&self) -> String {
        self.errors.recv_timeout(PATIENCE).expect("a complaint")
    }

    fn signal(&self, signal: Signal) {
        let id = Pid::from_child(&self.child);
        kill_process(id, signal).unwrap();
    }

    /// Its exit code, and what it said that nobody asked for.
    fn end(mut self) -> (Option<i32>, Vec<String>) {
        let code = self.child.wait().unwrap().code();
        (code, self.out.iter().chain(self.errors.iter()).collect())
    }

    fn interrupted(self) -> (Option<i32>, Vec<String>) {
        self.signal(Signal::INT);
        self.end()
    }
}

struct Run {
    folder: TempDir,
}

impl Run {
    fn with(epochs: &[(&str, &str)]) -> Self {
        let run = Self { folder: TempDir::new().unwrap() };
        for (name, from) in epochs {
            run.save(name, from);
        }
        run
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// As a careful trainer: under another name first.
    fn save(&self, name: &str, from: &str) {
        let unfinished = self.path("saving");
        fs::copy(demo(from), &unfinished).unwrap();
        fs::rename(unfinished, self.path(name)).unwrap();
    }

    fn name(&self) -> &str {
        text(self.folder.path())
    }
}

#[test]
fn what_is_there_comes_first_and_then_every_new_epoch() {
    let run = Run::with(&[("epoch-10.h5", "epoch-010.h5"), ("epoch-2.h5", "epoch-002.h5")]);
    let following = Following::start(&[run.name()]);
    assert_eq!(following.said(), format!("{}/epoch-2.h5: sound: 2 layers; 64 kernels judged", run.name()));
    assert!(following.said().contains("epoch-10.h5: sound"));
    run.save("epoch-11.h5", "wrong-003.h5");
    let line = following.said();
    assert!(
        line.contains("epoch-11.h5: found something in 2 of 2 layers: conv1: not finite: 9408 NaN"),
        "{line}"
    );
    assert!(line.ends_with("(and 1 more)"), "{line}");
    // Written over, in place and by another file.
    fs::copy(demo("epoch-001.h5"), run.path("epoch-11.h5")).unwrap();
    assert!(following.said().contains("epoch-11.h5: sound"));
    run.save("epoch-10.h5", "wrong-001.h5");
    assert!(following.said().contains("epoch-10.h5: found something in 1 of 2 layers: conv1: large weights"));
    assert_eq!(following.interrupted(), (Some(1), vec![]));
}

#[test]
fn the_exit_code_is_what_was_found() {
    for (from, signal, code) in [
        ("epoch-001.h5", Signal::TERM, 0),
        ("epoch-000.h5", Signal::HUP, 1),
        ("epoch-000.h5", Signal::INT, 1),
    ] {
        let run = Run::with(&[("last.h5", from)]);
        let following = Following::start(&[text(&run.path("last.h5"))]);
        following.said();
        following.signal(signal);
        assert_eq!(following.end(), (Some(code), vec![]), "{from}");
    }
    let run = Run::with(&[]);
    fs::write(run.path("half.h5"), b"\x89HDF\r\n\x1a\n").unwrap();
    let following = Following::start(&[run.name()]);
    assert!(following.complained().contains("half.h5: "));
    assert_eq!(following.interrupted(), (Some(2), vec![]));
}

#[test]
fn the_first_bad_one_ends_it_where_that_is_asked_for() {
    let run = Run::with(&[("epoch-0.h5", "epoch-000.h5"), ("epoch-1.h5", "epoch-001.h5")]);
    let following = Following::start(&[run.name(), "--fail-fast"]);
    assert!(following.said().contains("epoch-0.h5: found"));
    assert_eq!(following.end(), (Some(1), vec![]), "without a word on the next one");
    // What is there already may be left out.
    let following = Following::start(&[run.name(), "--fail-fast", "--only-new"]);
    assert!(following.complained().ends_with("2 checkpoints are passed over; waiting for a new one"));
    run.save("epoch-2.h5", "epoch-002.h5");
    let line = following.said();
    assert!(line.contains("epoch-2.h5: sound"), "{line}");
    run.save("epoch-3.h5", "wrong-002.h5");
    assert!(following.said().contains("epoch-3.h5: found"));
    assert_eq!(following.end(), (Some(1), vec![]));
}

#[test]
fn what_is_not_whole_yet_is_said_once_and_judged_when_it_is() {
    let run = Run::with(&[]);
    let later = run.path("later");
    let following = Following::start(&[text(&later)]);
    assert!(following.complained().contains("later: there is no checkpoint yet; waiting for one"));
    fs::create_dir(&later).unwrap();
    let bytes = fs::read(demo("epoch-002.h5")).unwrap();
    let epoch = later.join("epoch-1.h5");
    fs::write(&epoch, &bytes[..3000]).unwrap();
    let complaint = following.complained();
    assert!(
        complaint.contains("epoch-1.h5: is only partly written (the file ends at 3000 of"),
        "{complaint}"
    );
    fs::write(&epoch, &bytes[..4000]).unwrap();
    fs::write(later.join("notes.txt"), "no checkpoint").unwrap();
    fs::write(&epoch, &bytes).unwrap();
    assert!(following.said().contains("epoch-1.h5: sound"));
    assert_eq!(following.interrupted(), (Some(0), vec![]));
    assert_eq!(fs::read_dir(&later).unwrap().count(), 2, "something was left beside the checkpoint");
}

#[test]
fn json_is_an_object_a_line_and_the_one_of_check() {
    let run = Run::with(&[("epoch-1.h5", "epoch-001.h5")]);
    let following = Following::start(&[run.name(), "--json"]);
    let line: Value = serde_json::from_str(&following.said()).unwrap();
    let checked = convscope(&["check", "--json", text(&run.path("epoch-1.h5"))]).stdout;
    assert_eq!(line, serde_json::from_slice::<Value>(&checked).unwrap());
    assert_eq!(following.interrupted(), (Some(0), vec![]));
}

#[test]
fn a_command_is_told_each_judgement() {
    let run = Run::with(&[("epoch-1.h5", "epoch-001.h5")]);
    let told = run.path("told");
    fs::create_dir(&told).unwrap();
    let command = format!(
        "echo \"told $CONVSCOPE_EXIT\"; cat > '{0}/unfinished'; mv '{0}/unfinished' '{0}/'$(basename \"$CONVSCOPE_CHECKPOINT\").json; exit 3",
        told.display()
    );
    let following = Following::start(&[run.name(), "--exec", &command]);
    assert!(following.said().contains("epoch-1.h5: sound"));
    // What the command prints is no output of convscope's, and that it fails is said once.
    assert_eq!(following.complained(), "told 0");
    let complaint = following.complained();
    assert!(complaint.contains("--exec: the command ended with exit status: 3"), "{complaint}");
    run.save("epoch-2.h5", "wrong-003.h5");
    assert!(following.said().contains("epoch-2.h5: found"));
    assert_eq!(following.complained(), "told 1");
    assert_eq!(following.interrupted(), (Some(1), vec![]));
    for name in ["epoch-1.h5", "epoch-2.h5"] {
        let told: Value =
            serde_json::from_slice(&fs::read(told.join(format!("{name}.json"))).unwrap()).unwrap();
        let checked = convscope(&["check", "--json", text(&run.path(name))]).stdout;
        assert_eq!(told, serde_json::from_slice::<Value>(&checked).unwrap(), "{name}");
    }
}

#[test]
fn a_command_that_takes_its_time_or_reads_nothing_stops_nothing() {
    let run = Run::with(&[("epoch-1.h5", "epoch-001.h5")]);
    let gate = run.path("gate");
    rustix::fs::mkfifoat(rustix::fs::CWD, &gate, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    // Open both ways, so that no side ever waits for the other one to open it.
    let mut open = fs::OpenOptions::new().read(true).write(true).open(&gate).unwrap();
    let command = format!("read line < '{}'; echo >&2 through", gate.display());
    let following = Following::start(&[run.name(), "--fail-fast", "--exec", &command]);
    assert!(following.said().contains("epoch-1.h5"));
    run.save("epoch-2.h5", "wrong-003.h5");
    assert!(following.said().contains("epoch-2.h5: found"), "the first command still runs");
    std::io::Write::write_all(&mut open, b"\n\n").unwrap();
    assert_eq!(following.end(), (Some(1), vec!["through".to_owned(); 2]), "the commands are waited for");
}

#[test]
fn where_nothing_ever_came_nothing_was_judged() {
    let run = Run::with(&[]);
    for (options, code) in [(&["--idle", "1"][..], 2), (&["--idle", "1", "--only-new"], 0)] {
        let end = Following::start(&[&[run.name()], options].concat()).end();
        assert_eq!(end.0, Some(code), "{options:?}: {end:?}");
    }
}

#[test]
fn it_leaves_where_nothing_comes_or_nobody_reads() {
    let run = Run::with(&[("epoch-1.h5", "epoch-001.h5")]);
    let following = Following::start(&[run.name(), "--idle", "1"]);
    following.said();
    assert_eq!(following.end(), (Some(0), vec![]));
    let mut child = Command::new(env!("CARGO_BIN_EXE_convscope"))
        .args(["check", "--follow", run.name()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    // As after `| head -n 1`: the second line finds nobody.
    run.save("epoch-2.h5", "wrong-003.h5");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    for options in [["--fail-fast"], ["--only-new"]] {
        assert_eq!(convscope(&[&["check", run.name()], &options[..]].concat()).status.code(), Some(2));
    }
}
