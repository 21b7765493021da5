//! `convscope check` from a shell loop and from a training: the scripts of `tests/fixtures/callback`, run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::cli::text;
use crate::judgement::demo;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/callback").join(name)
}

/// Runs a program that finds the built convscope by its name.
fn run(program: &str, arguments: &[&str]) -> Output {
    let own = Path::new(env!("CARGO_BIN_EXE_convscope")).parent().unwrap();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let paths: OsString =
        std::env::join_paths(std::iter::once(own.to_owned()).chain(std::env::split_paths(&paths))).unwrap();
    Command::new(program)
        .args(arguments)
        .env("PATH", paths)
        .env("PYTHONPATH", fixture(""))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect(program)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Whether `python3` can do this.
fn python_can(statement: &str) -> bool {
    Command::new("python3").args(["-c", statement]).output().is_ok_and(|output| output.status.success())
}

#[test]
fn the_shell_loop_says_which_checkpoints_are_wrong() {
    let folder = TempDir::new().unwrap();
    let put = |name: &str, from: &str| std::fs::copy(demo(from), folder.path().join(name)).unwrap();
    let script = fixture("check-folder.sh");
    let check = |options: &[&str]| run("sh", &[&[text(&script), text(folder.path())], options].concat());
    assert_eq!(check(&[]).status.code(), Some(0), "an empty folder");
    put("epoch 1.h5", "epoch-001.h5");
    put("epoch 2.h5", "epoch-010.h5");
    let sound = check(&[]);
    assert_eq!((sound.status.code(), said(&sound).as_str()), (Some(0), ""));
    std::fs::write(folder.path().join("half.h5"), b"\x89HDF\r\n\x1a\n").unwrap();
    assert_eq!(check(&[]).status.code(), Some(2));
    put("epoch 3.h5", "wrong-001.h5");
    let wrong = check(&[]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(said(&wrong).contains("epoch 3.h5: conv1: large weights") && said(&wrong).contains("half.h5"));
    assert!(!said(&wrong).contains("epoch 2.h5"), "{}", said(&wrong));
    std::fs::remove_file(folder.path().join("half.h5")).unwrap();
    let options = ["--max-weight", "1e30", "--max-checkerboards", "1"];
    assert_eq!(check(&options).status.code(), Some(0), "options are handed on");
}

#[test]
fn the_callbacks_question_is_answered_without_keras() {
    if !python_can("pass") {
        eprintln!("SKIPPED: there is no python3");
        return;
    }
    let ask = "import sys; from convscope_check import check; code, said = check(*sys.argv[1:2], sys.argv[2:]); print(code, said)";
    let answer = |arguments: &[&str]| said(&run("python3", &[&["-c", ask], arguments].concat()));
    let [trained, start, wrong] = ["epoch-010.h5", "epoch-000.h5", "wrong-002.h5"].map(demo);
    assert!(answer(&[text(&trained)]).starts_with("0 "), "{}", answer(&[text(&trained)]));
    assert!(answer(&[text(&start)]).starts_with("1 "));
    assert!(answer(&[text(&start), "--max-noise", "100%"]).starts_with("0 "));
    assert!(answer(&[text(&wrong), "--max-noise", "100%"]).starts_with("1 "));
    assert!(answer(&["nowhere.h5"]).starts_with("2 convscope: nowhere.h5"));
    let missing = "from convscope_check import check; print(*check('x.h5', program='no-such-program'))";
    assert_eq!(said(&run("python3", &["-c", missing])), "2 no-such-program: No such file or directory\n");
}

#[test]
fn keras_stops_a_training_that_has_gone_wrong() {
    if !python_can("import keras") {
        eprintln!("SKIPPED: python3 has no keras; its callback was not run, only its question to convscope");
        return;
    }
    let folder = TempDir::new().unwrap();
    let model = folder.path().join("last.keras");
    let output = run("python3", &[text(&fixture("keras_callback.py")), text(&model)]);
    let said = said(&output);
    assert!(output.status.success() && said.contains("stopped after"), "{said}");
    assert!(said.contains("conv1: "), "{said}");
}
