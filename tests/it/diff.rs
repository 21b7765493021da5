//! `convscope diff`: what it compares, what it says, its exit codes and its JSON.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::checkpoints::fixture;
use crate::cli::{convscope, refused, text};
use crate::judgement::demo;
use crate::shared::shared;

/// Exit code and standard output; nothing is said on standard error.
fn diff(arguments: &[&str]) -> (i32, String) {
    let output = convscope(&[&["diff"], arguments].concat());
    assert!(output.stderr.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn json(arguments: &[&str]) -> Value {
    let (exit, out) = diff(&[arguments, &["--json"]].concat());
    let whole: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(whole["exit"], exit);
    whole
}

fn near(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap_or(f64::NAN);
    assert!((value - expected).abs() <= 1e-6 * expected.abs(), "{value} {expected}");
}

#[test]
fn two_epochs_are_compared_as_numpy_does() {
    let [before, after] = ["epoch-008.h5", "epoch-010.h5"].map(demo);
    let (before, after) = (text(&before), text(&after));
    let whole = json(&[before, after]);
    assert_eq!((&whole["a"]["file"], &whole["b"]["network"]), (&before.into(), &"convscope_demo".into()));
    // numpy in float64, the arrays of a layer in a row.
    for (row, name, relative, cosine, largest) in [
        (0, "conv1", 0.045_226_372_781_337_19, 0.999_195_609_493_839_2, 0.026_391_781_866_550_446),
        (1, "bn_conv1", 0.041_766_190_493_790_094, 0.999_372_802_538_884_7, 0.144_997_835_159_301_76),
    ] {
        let layer = &whole["layers"][row];
        assert_eq!((&layer["name"], &layer["state"]), (&name.into(), &"changed".into()));
        near(&layer["relative_change"], relative);
        near(&layer["cosine"], cosine);
        near(&layer["max_change"], largest);
    }
    let arrays = &whole["layers"][1]["arrays"];
    assert_eq!(arrays.as_array().unwrap().len(), 4);
    assert_eq!((&arrays[0]["name"], &arrays[0]["shape_a"]), (&"gamma".into(), &serde_json::json!([64])));
    let (exit, out) = diff(&[before, after]);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!((exit, lines.len()), (1, 4));
    assert_eq!(lines[1], "conv1     7×7×3×64          0.04523  0.9992     0.02639  changed");
    assert_eq!(lines[3], "different: 2 of 2 layers: 2 changed");
    let (exit, out) = diff(&[before, before]);
    assert_eq!((exit, out.lines().last()), (0, Some("equal: 2 layers")));
}

#[test]
fn one_network_in_two_formats_is_equal() {
    for (a, b) in
        [("nested.h5", "nested.keras"), ("nested.keras", "nested_deflated.keras"), ("zoo.h5", "zoo.keras")]
    {
        let (exit, out) = diff(&[text(&fixture(a)), text(&fixture(b))]);
        assert_eq!(exit, 0, "{a} {b}: {out}");
    }
}

#[test]
fn what_only_one_side_has_and_what_does_not_fit_is_listed() {
    let (wide, narrow) = (fixture("keras1.h5"), demo("epoch-010.h5"));
    for (a, b, state, index, none) in [
        (&wide, &narrow, "only_in_a", "index_a", "index_b"),
        (&narrow, &wide, "only_in_b", "index_b", "index_a"),
    ] {
        let whole = json(&[text(a), text(b)]);
        let layers = whole["layers"].as_array().unwrap();
        let alone: Vec<_> = layers.iter().filter(|layer| layer["state"] == state).collect();
        let names: Vec<_> = alone.iter().map(|layer| layer["name"].as_str().unwrap()).collect();
        assert_eq!((names, whole["exit"].as_i64()), (vec!["fire/squeeze", "a_theano"], Some(1)));
        assert_eq!((layers.len(), &whole["counts"][state]), (4, &2.into()));
        assert!(
            alone.iter().all(|layer| layer.get("relative_change").is_none() && layer.get(none).is_none())
        );
        assert_eq!(alone[0][index], 2);
    }
    let Some(squeeze) = shared("data/checkpoints/squeezenet_keras1_weights.h5") else { return };
    let [small, large] = [text(&squeeze).to_owned(), text(&demo("epoch-010.h5")).to_owned()];
    let conv1 = &json(&[&small, &large, "--layers", "conv1"])["layers"];
    assert_eq!((conv1.as_array().unwrap().len(), &conv1[0]["state"]), (1, &"other_shape".into()));
    assert_eq!(conv1[0]["arrays"][0]["shape_b"], serde_json::json!([7, 7, 3, 64]));
    let (exit, out) = diff(&[&small, &large, "--layers", "conv1"]);
    assert!(exit == 1 && out.contains("3×3×3×64 → 7×7×3×64") && out.contains("other shape"), "{out}");
}

#[test]
fn what_is_not_finite_is_equal_to_nothing() {
    let [sound, wrong] = ["epoch-010.h5", "wrong-003.h5"].map(demo);
    for (a, b) in [(&sound, &wrong), (&wrong, &sound), (&wrong, &wrong)] {
        let whole = json(&[text(a), text(b), "--layers", "conv1"]);
        let conv1 = &whole["layers"][0];
        assert_eq!((&conv1["state"], whole["exit"].as_i64()), (&"not_finite".into(), Some(1)));
        assert!(conv1.get("relative_change").is_none() && conv1.get("max_change").is_none(), "{conv1}");
    }
}

#[test]
fn colours_are_for_a_terminal_or_where_they_are_asked_for() {
    let [before, after] = ["epoch-008.h5", "epoch-010.h5"].map(demo);
    let (before, after) = (text(&before), text(&after));
    assert!(!diff(&[before, after]).1.contains('\x1b'));
    assert!(diff(&[before, after, "--color", "16"]).1.contains("\x1b[33mchanged\x1b[0m"));
    assert!(!diff(&[before, after, "--color", "never"]).1.contains('\x1b'));
    // A name from a file steers nothing, in colour or not.
    let hostile = fixture("hostile_name.h5");
    for more in ["--color=16", "--json"] {
        let (_, out) = diff(&[text(&hostile), text(&hostile), more]);
        assert!(out.contains("\\u") && !out.contains("\x1b[31mname") && !out.contains('\u{202e}'), "{out}");
    }
}

#[test]
fn what_cannot_be_compared_is_one_sentence_and_exit_code_two() {
    let folder = TempDir::new().unwrap();
    let half = folder.path().join("half.h5");
    std::fs::write(&half, b"\x89HDF\r\n\x1a\nnothing").unwrap();
    let (sound, stranger) = (demo("epoch-010.h5"), fixture("keras2.h5"));
    let (sound, half) = (text(&sound), text(&half));
    let rows: &[(&[&str], &str)] = &[
        (&[sound, "nowhere.h5"], "nowhere.h5: no such file"),
        (&["nowhere.h5", sound], "nowhere.h5: no such file"),
        (&[sound, half], "half.h5: "),
        (&[sound, sound, "--layers", "dense*"], "no layer matches dense*"),
        (&[sound, text(Path::new("src"))], "src: is a folder"),
        (&[sound, text(&stranger)], "have no layer of the same name"),
        (&[sound, text(&stranger), "--json"], "have no layer of the same name"),
    ];
    for (arguments, expected) in rows {
        let sentence = refused(&[&["diff"], *arguments].concat());
        assert!(sentence.contains(expected), "{arguments:?}: {sentence}");
    }
    assert_eq!(convscope(&["diff", sound]).status.code(), Some(2));
}
