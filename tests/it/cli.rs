//! The screenless commands: the real program, its output and its exit code.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::numerics::agree;
use crate::shared::{difference, npy, shared};

pub(crate) fn convscope(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_convscope"));
    // The output must not depend on the terminal that the tests run in.
    for name in ["NO_COLOR", "COLORTERM", "COLUMNS"] {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// What it prints where it succeeds.
pub(crate) fn printed(arguments: &[&str]) -> String {
    let output = convscope(arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// The one sentence that it says where it cannot run.
pub(crate) fn refused(arguments: &[&str]) -> String {
    let output = convscope(arguments);
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {sentence}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed something");
    assert!(
        sentence.starts_with("convscope: ") && sentence.lines().count() == 1,
        "{arguments:?}: {sentence}"
    );
    sentence
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn checkpoint(name: &str) -> Option<PathBuf> {
    shared(&format!("data/checkpoints/{name}"))
}

fn json(arguments: &[&str]) -> Vec<Value> {
    serde_json::from_str(&printed(arguments)).unwrap()
}

#[test]
fn layers_are_listed_for_people_and_for_programs() {
    let Some(file) = checkpoint("resnet50_keras1_head.h5") else { return };
    let rows = json(&["layers", text(&file), "--json"]);
    let conv1 = &rows[0];
    assert_eq!(conv1["index"], 0);
    assert_eq!(conv1["name"], "conv1");
    assert_eq!(conv1["kind"], "conv2d");
    assert_eq!(conv1["shape"], serde_json::json!([7, 7, 3, 64]));
    assert_eq!(conv1["dtype"], "float32");
    assert_eq!(conv1["parameters"], 7 * 7 * 3 * 64 + 64);
    assert_eq!([&conv1["c_out"], &conv1["c_in"], &conv1["k_h"], &conv1["k_w"]], [64, 3, 7, 7]);
    let norm = rows.iter().find(|row| row["name"] == "bn_conv1").unwrap();
    assert!(norm["kind"] == "batch_normalization" && norm.get("c_out").is_none());
    let lines = printed(&["layers", text(&file)]);
    assert_eq!(lines.lines().count(), rows.len() + 1);
    assert!(lines.lines().nth(1).unwrap().contains("7×7×3×64"));
}

#[test]
fn stats_are_the_goldens_in_every_form() {
    let Some(file) = checkpoint("resnet50_keras1_head.h5") else { return };
    let Some(goldens) = shared("goldens/kernels.json") else { return };
    let goldens: Value = serde_json::from_slice(&std::fs::read(goldens).unwrap()).unwrap();
    let base = ["stats", text(&file), "--layer", "conv1"];
    let rows = json(&[&base[..], &["--json"]].concat());
    assert_eq!(rows.len(), 64);
    for (row, golden) in rows.iter().zip(goldens["resnet50 conv1"].as_array().unwrap()) {
        assert_eq!(row["verdict"], golden["verdict"], "{row}");
        // The reference knows no batch normalisation.
        assert!(row["gain"].as_f64().is_some_and(f64::is_finite), "{row}");
        for (name, value) in
            row.as_object().unwrap().iter().filter(|(name, _)| *name != "verdict" && *name != "gain")
        {
            assert!(
                agree(name, value.as_f64().unwrap(), golden[name].as_f64().unwrap()),
                "{name}: {row} {golden}"
            );
        }
        assert_eq!(row.as_object().unwrap().len(), golden.as_object().unwrap().len() + 1);
    }
    let values = printed(&[&base[..], &["--csv"]].concat());
    let mut values = csv::Reader::from_reader(values.as_bytes());
    let names = values.headers().unwrap().clone();
    for (line, row) in values.records().zip(&rows) {
        for (name, value) in names.iter().zip(line.unwrap().iter()) {
            if name == "verdict" {
                assert_eq!(row[name], value);
                continue;
            }
            // serde_json reads numbers to the last digit but one.
            let (value, expected) = (value.parse::<f64>().unwrap(), row[name].as_f64().unwrap());
            assert!((value - expected).abs() <= 1e-14 * expected.abs(), "{name}: {value} {expected}");
        }
    }
    assert_eq!(printed(&base).lines().count(), 65);
    // A layer without kernels: a row an array.
    let rows = json(&["stats", text(&file), "--layer", "bn_conv1", "--json"]);
    assert!(rows.len() == 4 && rows[0]["tensor"].is_string() && rows[0]["std"].is_number());
}

#[test]
fn weights_that_are_no_numbers_are_absent_and_counted() {
    let Some(file) = shared("data/formats/edge_nan_const_inf.h5") else { return };
    let layers = json(&["layers", text(&file), "--json"]);
    for layer in layers.iter().filter(|layer| layer.get("c_out").is_some()) {
        let base = ["stats", text(&file), "--layer", layer["name"].as_str().unwrap()];
        let rows = json(&[&base[..], &["--json"]].concat());
        assert!(rows.iter().any(|row| row["nan"] != 0 || row["inf"] != 0), "{rows:?}");
        printed(&[&base[..], &["--csv"]].concat());
        printed(&base);
        printed(&["show", base[1], "--layer", base[3]]);
    }
}

#[test]
fn the_articles_montage_comes_out_pixel_for_pixel() {
    let Some(file) = checkpoint("resnet50_keras1_head.h5") else { return };
    let Some(golden) = shared("goldens/article_montage.png") else { return };
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("montage.png");
    let options = ["--order", "columns", "--gap", "1", "--scale", "1", "--normalize", "kernel"];
    let base = ["export", text(&file), "--layer", "conv1", "--output", text(&output)];
    assert_eq!(printed(&[&base[..], &options].concat()), "");
    let read = |path: &Path| image::open(path).unwrap().into_rgb8();
    assert_eq!(read(&output), read(&golden));
    // A second time, over the first; nothing is left beside it.
    printed(&base);
    assert_eq!(read(&output).dimensions(), (8 * 57 - 1, 8 * 57 - 1));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn responses_are_the_goldens() {
    let Some(file) = checkpoint("resnet50_keras1_head.h5") else { return };
    let folder = TempDir::new().unwrap();
    let rows: [(&str, &str, &[&str]); 3] = [
        (
            "coffee_cc0.png",
            "response_coffee_conv1_kernel0_stride2",
            &["--kernel", "0", "--stride", "2", "--bias"],
        ),
        ("chelsea_cat_cc0.png", "response_chelsea_conv1_kernel0_stride1", &["--kernel", "0"]),
        (
            "chelsea_cat_cc0.png",
            "response_chelsea_conv1_kernel36_stride1",
            &["--kernel=36", "--padding", "3"],
        ),
    ];
    for (photo, golden, options) in rows {
        let Some(photo) = shared(&format!("data/photos/{photo}")) else { return };
        let Some(golden) = shared(&format!("goldens/{golden}.npy")) else { return };
        let base = ["respond", text(&file), "--layer", "conv1", "--image", text(&photo), "--output"];
        let numbers = folder.path().join("response.npy");
        printed(&[&base[..], &[text(&numbers)], options].concat());
        let expected = npy(&std::fs::read(golden).unwrap());
        assert!(difference(&npy(&std::fs::read(numbers).unwrap()), &expected) < 1e-3);
        let picture = folder.path().join("response.PNG");
        printed(&[&base[..], &[text(&picture)], options].concat());
        let size = image::ImageReader::open(&picture)
            .unwrap()
            .with_guessed_format()
            .unwrap()
            .into_dimensions()
            .unwrap();
        assert_eq!([size.1 as usize, size.0 as usize], expected.shape()[..2]);
    }
}

#[test]
fn kernels_are_shown_in_every_depth_of_colour() {
    let Some(file) = checkpoint("resnet50_keras1_head.h5") else { return };
    let base = ["show", text(&file), "--layer", "conv1"];
    let grid = printed(&base);
    // 80 columns hold ten kernels of seven with a gap: seven bands of four lines.
    assert_eq!(grid.lines().count(), 7 * 4);
    assert!(grid.contains("\x1b[0;38;2;") && grid.contains('▀'));
    assert!(printed(&[&base[..], &["--color", "256"]].concat()).contains(";38;5;"));
    assert!(!printed(&[&base[..], &["--color", "16"]].concat()).contains(";38;"));
    let plain = printed(&[&base[..], &["--color", "never", "--kernel", "12", "--zoom", "1"]].concat());
    assert!(plain.is_ascii() && !plain.contains('\x1b') && plain.lines().count() == 8, "{plain}");
    assert!(printed(&[&base[..], &["--kernel", "12"]].concat()).lines().count() > 7);
    // Sixty-four slices of a deeper kernel, side by side.
    assert!(printed(&["show", text(&file), "--layer", "res2a_branch2b", "--kernel", "0"]).contains('▀'));
}

#[test]
fn what_cannot_be_done_is_one_sentence() {
    let Some(file) = checkpoint("resnet50_keras1_head.h5") else { return };
    let Some(photo) = shared("data/photos/coffee_cc0.png") else { return };
    let (file, photo, folder) = (text(&file), text(&photo), TempDir::new().unwrap());
    let here = |name: &str| text(&folder.path().join(name)).to_owned();
    let (png, npy, jpg) = (here("a.png"), here("a.npy"), here("a.jpg"));
    let nowhere = here("none/a.png");
    let rows: &[(&[&str], &str)] = &[
        (&["layers", "nowhere.h5"], "nowhere.h5"),
        (&["stats", file, "--layer", "conv2"], "did you mean conv1?"),
        (&["stats", file, "--layer", "999"], "layer 999 is out of range: there are"),
        (&["show", file, "--layer", "bn_conv1"], "bn_conv1 has no kernels to draw"),
        (
            &["show", file, "--layer", "conv1", "--kernel", "64"],
            "kernel 64 is out of range: conv1 has 64 kernels, 0 to 63",
        ),
        (&["show", file, "--layer", "conv1", "--slice", "3"], "slice 3 is out of range"),
        (&["export", file, "--layer", "conv1", "--output", &jpg], "ends in .png"),
        (&["export", file, "--layer", "conv1", "--output", &nowhere], "cannot be written"),
        (&["export", file, "--layer", "conv1", "--output", &png, "--scale", "1024"], "smaller --scale"),
        (
            &["respond", file, "--layer", "conv1", "--kernel", "0", "--image", photo, "--output", photo],
            "is the file that is read",
        ),
        (
            &["respond", file, "--layer", "conv1", "--kernel", "0", "--image", "no.png", "--output", &npy],
            "no such photo",
        ),
        (
            &["respond", file, "--layer", "conv1", "--kernel", "0", "--image", file, "--output", &npy],
            "no picture",
        ),
        (
            &[
                "respond",
                file,
                "--layer",
                "res2a_branch2b",
                "--kernel",
                "0",
                "--image",
                photo,
                "--output",
                &npy,
            ],
            "sees 64 channels",
        ),
    ];
    for (arguments, expected) in rows {
        let sentence = refused(arguments);
        assert!(sentence.contains(expected), "{arguments:?}: {sentence}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a refused command left a file");
}

#[test]
fn the_checkpoint_is_never_written_over() {
    let Some(file) = checkpoint("resnet50_conv1_keras3.h5") else { return };
    let folder = TempDir::new().unwrap();
    let [copy, link] = ["x.h5", "link.png"].map(|name| folder.path().join(name));
    std::fs::write(&copy, std::fs::read(&file).unwrap()).unwrap();
    std::os::unix::fs::symlink(&copy, &link).unwrap();
    let sentence = refused(&["export", text(&copy), "--layer", "0", "--output", text(&link)]);
    assert!(sentence.contains("is the file that is read"), "{sentence}");
    assert_eq!(std::fs::read(copy).unwrap(), std::fs::read(file).unwrap());
}

#[test]
fn usage_is_exit_code_two_and_a_closed_pipe_is_silent() {
    assert_eq!(convscope(&["frobnicate"]).status.code(), Some(2));
    assert_eq!(convscope(&["layers"]).status.code(), Some(2));
    assert!(printed(&["--help"]).contains("layers"));
    assert!(printed(&["man"]).contains("convscope"));
    assert!(printed(&["completions", "bash"]).contains("convscope"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_convscope"))
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
