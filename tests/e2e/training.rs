//! Beside a real training: Keras fits a network and saves every epoch, while the program looks on from a terminal.
//!
//! Where there is no Keras, the test says so. `CONVSCOPE_PYTHON` names a Python that has it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::persona::MUTE;
use crate::terminal::Terminal;

/// A Python that has Keras, and the backend that it has.
struct Keras {
    python: String,
    backend: String,
}

/// Looked for once: importing Keras takes seconds.
static KERAS: LazyLock<Option<Keras>> = LazyLock::new(|| {
    let python = std::env::var("CONVSCOPE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let named = std::env::var("KERAS_BACKEND").map(|backend| vec![backend]);
    let backends = named.unwrap_or_else(|_| ["jax", "torch", "tensorflow"].map(str::to_owned).to_vec());
    let has = |backend: &String| {
        let mut keras = Command::new(&python);
        keras.args(["-c", "import keras"]).env("KERAS_BACKEND", backend).stderr(Stdio::null());
        keras.status().is_ok_and(|status| status.success())
    };
    let backend = backends.into_iter().find(has)?;
    Some(Keras { python, backend })
});

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn keras() -> Option<&'static Keras> {
    if KERAS.is_none() {
        eprintln!(
            "SKIPPED: there is no python3 with keras and a backend; CONVSCOPE_PYTHON names one that has"
        );
    }
    KERAS.as_ref()
}

/// The training in a terminal of its own.
fn training(keras: &Keras, folder: &Path, options: &[&str]) -> Terminal {
    let mut command = CommandBuilder::new(&keras.python);
    command.env("KERAS_BACKEND", &keras.backend);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/training/train.py"));
    command.arg(folder);
    command.args(options);
    Terminal::run(MUTE, command, 100, 30)
}

#[test]
fn every_epoch_of_a_training_is_judged_while_it_runs() {
    let Some(keras) = keras() else { return };
    let run = TempDir::new().unwrap();
    // The folder comes with the training.
    let folder = run.path().join("run");
    let name = folder.to_str().unwrap();
    let follow = Terminal::start(MUTE, &["check", "--follow", name, "--max-noise", "100%"]);
    follow.wait_for("there is no checkpoint yet; waiting for one");
    let training = training(keras, &folder, &["--epochs", "4", "--seconds", "1"]);
    follow.wait_for("epoch-001.keras: sound: 4 layers; 16 kernels judged, 16 too small");
    follow.wait_for("epoch-004.keras: sound: 4 layers; 16 kernels judged, 16 too small");
    training.wait_for("trained 4 epochs");
    assert_eq!(training.end().0, 0);
    let text = follow.text();
    assert!(!text.contains("found something") && !text.contains("partly written"), "{text}");
    follow.send("\x03");
    assert_eq!(follow.end().0, 0, "Ctrl-C ends it with the exit code of what was found");
}

#[test]
fn a_training_that_goes_wrong_is_told_at_its_first_epoch() {
    let Some(keras) = keras() else { return };
    let run = TempDir::new().unwrap();
    let name = run.path().to_str().unwrap();
    let follow =
        Terminal::start(MUTE, &["check", "--follow", "--fail-fast", name, "--exec", "cat > /dev/null"]);
    follow.wait_for("waiting for one");
    let options = ["--epochs", "3", "--seconds", "1", "--rate", "1e6", "--one-file"];
    let training = training(keras, run.path(), &options);
    let (code, log) = follow.end();
    assert_eq!(code, 1, "{log}");
    assert!(log.contains("last.keras: found something in 4 of 4 layers: conv1: not finite:"), "{log}");
    training.wait_for("trained 3 epochs");
    assert_eq!(training.end().0, 0, "the training does not notice");
}

/// Waits until the viewer has followed the training to a second epoch at least.
fn wait_for_the_second(viewer: &Terminal) {
    viewer.wait("a second epoch", |viewer| viewer.text().contains("· following"));
}

/// Looks back, is left there and told of what is new, and goes on to the newest.
fn look_back(viewer: &Terminal) {
    viewer.send("(");
    viewer.wait_for("Epoch 1 · 1 of");
    viewer.wait_for("· held back");
    viewer.wait_for("is there: ) goes to it");
    let text = viewer.text();
    assert!(text.contains("Epoch 1 · 1 of"), "who looked back stays there:\n{text}");
    viewer.send(")");
    viewer.wait_for("· following");
}

#[test]
fn the_viewer_follows_a_training_and_stays_where_it_looked_back() {
    let Some(keras) = keras() else { return };
    let run = TempDir::new().unwrap();
    // The folder comes with the training.
    let folder = run.path().join("run");
    let viewer = Terminal::start(MUTE, &["--follow", folder.to_str().unwrap()]);
    viewer.wait_for("waiting for the first");
    let training = training(keras, &folder, &["--epochs", "8", "--seconds", "2"]);
    viewer.wait_for("kernel 0 of 16");
    wait_for_the_second(&viewer);
    look_back(&viewer);
    training.wait_for("trained 8 epochs");
    assert_eq!(training.end().0, 0);
    viewer.wait_for("Epoch 8 · 8 of 8 · following");
    // What became of the first epoch's kernels.
    viewer.send("dd");
    viewer.wait_for(" 8 − 1 · kernel 0 of 16");
    viewer.send("q");
    assert_eq!(viewer.end().0, 0);
}

#[test]
fn the_viewer_follows_one_file_that_a_training_overwrites() {
    let Some(keras) = keras() else { return };
    let run = TempDir::new().unwrap();
    let file = run.path().join("last.keras");
    let viewer = Terminal::start(MUTE, &["--follow", file.to_str().unwrap()]);
    viewer.wait_for("waiting for the first");
    let training = training(keras, run.path(), &["--epochs", "8", "--seconds", "2", "--one-file"]);
    viewer.wait_for("kernel 0 of 16");
    wait_for_the_second(&viewer);
    look_back(&viewer);
    training.wait_for("trained 8 epochs");
    assert_eq!(training.end().0, 0);
    assert!(!viewer.text().contains("cannot be"), "{}", viewer.text());
    // The first content is not in any file any more.
    viewer.send("d");
    viewer.wait_for(" epoch 1 · kernel 0 of 16");
    viewer.send("q");
    assert_eq!(viewer.end().0, 0);
}

#[test]
fn the_epoch_at_which_a_training_goes_wrong_is_marked() {
    let Some(keras) = keras() else { return };
    let run = TempDir::new().unwrap();
    let viewer = Terminal::start(MUTE, &["--follow", run.path().to_str().unwrap()]);
    viewer.wait_for("waiting for the first");
    let training = training(keras, run.path(), &["--epochs", "4", "--seconds", "1", "--wrong-from", "3"]);
    training.wait_for("trained 4 epochs");
    assert_eq!(training.end().0, 0);
    viewer.wait_for("Epoch 4 · 4 of 4 · following");
    viewer.wait_for("16 not finite of 16 kernels");
    // Every epoch is judged: neither those before it nor those behind it are unknown.
    let marks = |viewer: &Terminal| {
        let text = viewer.text();
        let mut lines = text.lines().skip_while(|line| !line.contains("Epoch 4 · 4 of 4"));
        let line = lines.nth(1).unwrap_or_default().to_owned();
        line.chars().filter(|c| "!▲▚×░▒●○".contains(*c)).collect::<String>()
    };
    viewer.wait("the third and the fourth epoch", |viewer| {
        let marks = marks(viewer);
        marks.ends_with("!!") && marks.chars().count() == 4 && !marks.contains('○')
    });
    assert_eq!(marks(&viewer).find('!'), marks(&viewer).rfind("!!"), "the first two are sound");
    viewer.wait_for("▴not finite");
    viewer.send("q");
    assert_eq!(viewer.end().0, 0);
}
