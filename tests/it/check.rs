//! `convscope check`: what it finds, what it says, its exit codes and its JSON.

use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{convscope, printed, text};
use crate::judgement::demo;
use crate::shared::shared;

/// Exit code, standard output, standard error.
fn check(arguments: &[&str]) -> (i32, String, String) {
    let output = convscope(&[&["check"], arguments].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&check(&[arguments, &["--json"]].concat()).1).unwrap()
}

#[test]
fn the_built_in_runs_are_told_apart() {
    let rows: &[(&str, i32, &[&str])] = &[
        ("epoch-000.h5", 1, &["conv1: untrained-looking: ", "judged kernels cannot be told from noise ("]),
        ("epoch-001.h5", 0, &["sound: 2 layers; 64 kernels judged"]),
        ("epoch-010.h5", 0, &["sound: 2 layers; 64 kernels judged"]),
        (
            "wrong-001.h5",
            1,
            &["large weights: up to 8.2e14 in kernel", "checkerboards: 64 of 64 judged kernels"],
        ),
        ("wrong-002.h5", 1, &["large weights: up to 3.0e29", "bn_conv1: not finite: 0 NaN and 64 infinite"]),
        (
            "wrong-003.h5",
            1,
            &["conv1: not finite: 9408 NaN", "found something in 2 of 2 layers; 0 kernels judged"],
        ),
    ];
    for (name, code, said) in rows {
        let (exit, out, error) = check(&[text(&demo(name))]);
        assert_eq!((exit, error.as_str()), (*code, ""), "{name}: {out}");
        assert!(said.iter().all(|said| out.contains(said)), "{name}: {out}");
        assert!(!out.contains("bad"));
    }
}

#[test]
fn the_worst_file_decides_and_all_are_looked_at() {
    let folder = TempDir::new().unwrap();
    let broken = folder.path().join("broken\u{1b}[2J.h5");
    std::fs::write(&broken, b"\x89HDF\r\n\x1a\nnothing").unwrap();
    let [sound, wrong] = ["epoch-010.h5", "wrong-003.h5"].map(demo);
    let (sound, wrong, broken) = (text(&sound), text(&wrong), text(&broken));
    let rows: &[(&[&str], i32)] = &[
        (&[sound], 0),
        (&[sound, wrong, sound], 1),
        (&[broken, wrong, sound], 2),
        (&["nowhere.h5"], 2),
        (&[sound, "--layers", "nothing*"], 2),
        (&[wrong, "--layers", "conv[2-9]"], 2),
    ];
    for (arguments, code) in rows {
        assert_eq!(check(arguments).0, *code, "{arguments:?}");
    }
    let (_, out, error) = check(&[broken, wrong, sound]);
    assert!(out.contains("wrong-003.h5: found") && out.contains("epoch-010.h5: sound"), "{out}");
    assert!(
        error.starts_with("convscope: ") && error.lines().count() == 1 && !error.contains('\x1b'),
        "{error}"
    );
    let seen = json(&[broken, wrong, sound]);
    assert_eq!(seen["exit"], 2);
    let outcomes: Vec<_> = seen["files"].as_array().unwrap().iter().map(|file| &file["outcome"]).collect();
    assert_eq!(outcomes, ["error", "found", "sound"]);
    assert!(seen["files"][0]["error"].as_str().unwrap().contains("broken"));
}

#[test]
fn thresholds_are_options() {
    let [start, diverged, nan] = ["epoch-000.h5", "wrong-001.h5", "wrong-003.h5"].map(demo);
    let (start, diverged, nan) = (text(&start), text(&diverged), text(&nan));
    let rows: &[(&[&str], i32)] = &[
        (&[start, "--max-noise", "100%"], 0),
        (&[start, "--max-noise", "0.99"], 0),
        (&[start, "--max-noise", "90 %"], 1),
        (&[diverged, "--max-weight", "1e20"], 1),
        (&[diverged, "--max-weight", "1e20", "--max-checkerboards", "1"], 0),
        (&[nan, "--allow-nonfinite"], 0),
        (&[nan, "--layers", "bn*"], 1),
        (&[diverged, "--layers", "bn_*"], 0),
        (&[start, "--max-noise", "50"], 2),
        (&[start, "--max-noise", "nan"], 2),
        (&[start, "--max-weight", "-1"], 2),
        (&[start, "--layers", "[a"], 2),
        (&[], 2),
    ];
    for (arguments, code) in rows {
        assert_eq!(check(arguments).0, *code, "{arguments:?}");
    }
    // Within the limit, but still worth a word.
    let (_, out, _) = check(&[start, "--max-noise", "1"]);
    assert!(out.contains("conv1: note: untrained-looking: "), "{out}");
}

#[test]
fn what_is_too_small_to_judge_is_said() {
    let Some(file) = shared("data/checkpoints/cifar10_keras3.keras") else { return };
    let (exit, out, _) = check(&[text(&file)]);
    assert_eq!(exit, 0);
    assert!(out.contains("0 kernels judged; 160 kernels of 3 layers too small to judge one by one"), "{out}");
    let seen = &json(&[text(&file)])["files"][0];
    assert_eq!((&seen["judged"], &seen["too_small"]), (&Value::from(0), &Value::from(160)));
    // Dead and broken kernels are found in any size.
    let Some(file) = shared("data/formats/edge_nan_const_inf.h5") else { return };
    let (exit, out, _) = check(&[text(&file)]);
    assert!(
        exit == 1 && out.contains("not finite: 147 NaN and 1 infinite") && out.contains("kernels are dead"),
        "{out}"
    );
}

#[test]
fn json_has_the_whole_judgement_under_stable_names() {
    let file = demo("epoch-010.h5");
    let seen = json(&[text(&file), "--max-dead", "10%"]);
    assert_eq!(seen["exit"], 0);
    assert_eq!(
        seen["thresholds"],
        serde_json::json!({
            "max_noise": 0.5, "max_dead": 0.1, "max_weight": 1000.0, "max_checkerboards": 0.5, "allow_nonfinite": false
        })
    );
    let file = &seen["files"][0];
    assert_eq!(
        (&file["judged"], &file["too_small"], &file["outcome"]),
        (&64.into(), &0.into(), &"sound".into())
    );
    let [conv, norm] = [&file["layers"][0], &file["layers"][1]];
    assert_eq!(
        (&conv["name"], &conv["kind"], &conv["values"]),
        (&"conv1".into(), &"conv2d".into(), &9408.into())
    );
    assert_eq!(conv["findings"], serde_json::json!([]));
    assert!(norm.get("kernels").is_none());
    let kernels = &conv["kernels"];
    let counts = kernels["counts"].as_object().unwrap();
    assert_eq!(counts.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), 64);
    assert_eq!((&kernels["word"], &kernels["noise_share"]), (&"structured".into(), &0.0.into()));
    assert_eq!(kernels["coverage"].as_array().unwrap().len(), 8);
    for name in ["orthogonality", "entropy", "entropy_null", "near_duplicates"] {
        assert!(kernels[name].is_number(), "{name}");
    }
    let first = &kernels["each"][0];
    for name in [
        "l2",
        "dc_share",
        "chroma",
        "frequency",
        "coherence",
        "orientation",
        "gain",
        "moran_i",
        "peak_p",
        "p",
    ] {
        assert!(first[name].is_number(), "{name}: {first}");
    }
    assert!(first["reason"].as_str().unwrap().contains("structured: p = 0.002"), "{first}");
    // What is broken is an object too.
    let broken = &json(&[text(&demo("wrong-003.h5"))])["files"][0]["layers"][0];
    assert_eq!(broken["findings"][0]["finding"], "not_finite");
    assert_eq!(broken["kernels"]["each"][0]["verdict"], "not finite");
    assert!(broken["kernels"].get("noise_share").is_none());
}

#[test]
fn a_closed_pipe_is_silent_and_does_not_change_the_exit_code() {
    for (name, code) in [("wrong-001.h5", 1), ("epoch-010.h5", 0)] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_convscope"))
            .args(["check", "--json", text(&demo(name))])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(code), 0));
    }
    assert!(printed(&["check", "--help"]).contains("--max-noise"));
}
