//! Beside a real training: Keras fits a network and saves every epoch, while the program looks on from a terminal.
//!
//! Where there is no Keras, the test says so. `CONVSCOPE_PYTHON` names a Python that has it.

use std::path::Path;
use std::process::{Command, Stdio};

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::terminal::{MUTE, Terminal};

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn python() -> Option<String> {
    let python = std::env::var("CONVSCOPE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let keras = Command::new(&python)
        .args(["-c", "import os; os.environ.setdefault('KERAS_BACKEND', 'jax'); import keras"])
        .stderr(Stdio::null())
        .status();
    if keras.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    eprintln!("SKIPPED: {python} has no keras with jax; CONVSCOPE_PYTHON names one that has");
    None
}

/// The training in a terminal of its own.
fn training(python: &str, folder: &Path, options: &[&str]) -> Terminal {
    let mut command = CommandBuilder::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/training/train.py"));
    command.arg(folder);
    command.args(options);
    Terminal::run(MUTE, command, 100, 30)
}

#[test]
fn every_epoch_of_a_training_is_judged_while_it_runs() {
    let Some(python) = python() else { return };
    let run = TempDir::new().unwrap();
    // The folder comes with the training.
    let folder = run.path().join("run");
    let name = folder.to_str().unwrap();
    let follow = Terminal::start(MUTE, &["check", "--follow", name, "--max-noise", "100%"]);
    follow.wait_for("there is no checkpoint yet; waiting for one");
    let training = training(&python, &folder, &["--epochs", "4", "--seconds", "1"]);
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
    let Some(python) = python() else { return };
    let run = TempDir::new().unwrap();
    let name = run.path().to_str().unwrap();
    let follow =
        Terminal::start(MUTE, &["check", "--follow", "--fail-fast", name, "--exec", "cat > /dev/null"]);
    follow.wait_for("waiting for one");
    let options = ["--epochs", "3", "--seconds", "1", "--rate", "1e6", "--one-file"];
    let training = training(&python, run.path(), &options);
    let (code, log) = follow.end();
    assert_eq!(code, 1, "{log}");
    assert!(log.contains("last.keras: found something in 4 of 4 layers: conv1: not finite:"), "{log}");
    training.wait_for("trained 3 epochs");
    assert_eq!(training.end().0, 0, "the training does not notice");
}
