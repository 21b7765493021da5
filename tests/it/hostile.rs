//! Files that claim, name or repeat more than they have, and names that would steer the terminal.

use std::{
    fs::{self, File},
    io::{Cursor, Write},
    path::{Path, PathBuf},
};

use convscope::app::msg::{Msg, Opened};
use convscope::checkpoint::{self, Told, error::Cause};
use convscope::printable::steers;
use convscope::view;
use ratatui::{buffer::Buffer, layout::Rect};
use tempfile::TempDir;
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::checkpoints::{fixture, open};
use crate::cli::{convscope, printed, refused, text};
use crate::session::Session;

/// The files of `tests/fixtures/hostile/make.py`.
fn hostile() -> TempDir {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hostile/hostile.zip");
    let folder = TempDir::new().unwrap();
    ZipArchive::new(File::open(packed).unwrap()).unwrap().extract(folder.path()).unwrap();
    folder
}

/// What is said about a file that does not open, or whose first layer cannot be read.
fn sentence(path: &Path) -> (Cause, String) {
    let read = open(path).and_then(|opened| opened.read(&opened.network().layers[0]));
    let error = read.err().unwrap_or_else(|| panic!("{} is read", path.display()));
    (error.cause, error.to_string())
}

#[test]
fn an_index_comes_without_kernels_that_cannot_be_read() {
    let folder = hostile();
    // The last one's end the reading process: it is asked again, without them.
    for file in ["claims_chunk.h5", "claims_pointers.h5", "costs_kernels.h5"] {
        let path = folder.path().join(file);
        let opened = open(&path).unwrap();
        let mut came = 0;
        let index = checkpoint::open_telling(&path, &mut |told| {
            came += usize::from(matches!(told, Told::Kernels(..)));
        });
        let index = index.unwrap();
        assert_eq!((index.network(), came), (opened.network(), 0), "{file}");
    }
}

#[test]
fn what_a_file_claims_is_held_against_its_size() {
    let folder = hostile();
    for (file, cause, expected) in [
        ("claims_values.h5", Cause::Damaged, "claims 1048576×1048576×3×4 values, more than the file's"),
        ("claims_nothing.h5", Cause::Damaged, "claims 0×2147483648×2147483648×4 values"),
        ("claims_packed.h5", Cause::Damaged, "claims 1024×1024×4×4 values, more than the file's"),
        (
            "claims_together.h5",
            Cause::Damaged,
            "its layer \"a\" claims 1677721600 bytes, more than the file's",
        ),
        // The array is small, but 128 MiB would be unpacked for it.
        ("claims_chunk.h5", Cause::Damaged, "its array \"a/kernel\" claims"),
        ("claims_pointers.h5", Cause::UnknownFormat, "is of a type that is not shown (other)"),
        ("names_repeated.h5", Cause::TooCostly, "needs more memory to read than a file of its size should"),
        ("name_too_long.h5", Cause::Damaged, "has a name of 60007 bytes, longer than any layer's"),
        ("circle.weights.h5", Cause::Damaged, "nests its groups without end"),
        ("ways.weights.h5", Cause::Damaged, "nests its groups without end"),
        ("ways_within.weights.h5", Cause::Damaged, "nests its groups without end"),
    ] {
        let (found, text) = sentence(&folder.path().join(file));
        assert!(text.contains(expected), "{file}: {text}");
        assert_eq!(found, cause, "{file}: {text}");
        assert!(text.len() < 700, "{file}: {text}");
    }
    // In circles, but with something to show.
    let circle = open(&folder.path().join("circle.h5")).unwrap();
    assert!(circle.network().layers.iter().any(|layer| layer.name == "own"));
    assert!(circle.network().layers.len() < 3);
}

#[test]
fn a_million_kernels_in_a_few_bytes_are_an_array() {
    let folder = hostile();
    let opened = open(&folder.path().join("claims_kernels.h5")).unwrap();
    let layer = &opened.network().layers[0];
    assert_eq!(layer.kernel_shape(), None);
    assert_eq!(opened.read(layer).unwrap()[0].len(), 1 << 20);
}

#[test]
fn no_other_file_is_opened() {
    // The files it names are there: tests run where Cargo.toml and the built-in checkpoints are.
    assert!(Path::new("Cargo.toml").exists() && Path::new("src/demo/epoch-000.h5").exists());
    let folder = hostile();
    let opened = open(&folder.path().join("elsewhere.h5")).unwrap();
    let layers = &opened.network().layers;
    let names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["own", "stored", "virtual"]);
    assert_eq!(opened.read(&layers[0]).unwrap()[0].len(), 108);
    for layer in &layers[1..] {
        let error = opened.read(layer).unwrap_err().to_string();
        assert!(error.contains("in another file; copy it into one file"), "{error}");
    }
}

#[test]
fn settings_that_no_convolution_has_are_passed_over() {
    let folder = hostile();
    let path = folder.path().join("odd_geometry.h5");
    let opened = open(&path).unwrap();
    let known: Vec<bool> = opened.network().layers.iter().map(|layer| layer.geometry.is_some()).collect();
    assert_eq!(known, [false, false, false, false, false, true]);
    let out = folder.path().join("out.png");
    for layer in &opened.network().layers {
        let base = ["respond", text(&path), "--layer", &layer.name, "--kernel", "0", "--output", text(&out)];
        let output = convscope(&[&base[..], &["--image", "src/demo/photo.jpg"]].concat());
        assert!(matches!(output.status.code(), Some(0 | 2)), "{}: {output:?}", layer.name);
    }
}

/// Damage to the repository's own files, found by `examples/mutate`, that the library never gets to the end of.
const LOOPS: &[(&str, usize, &[u8])] = &[
    // Sizes of objects in the heap that holds the strings: a step of none.
    ("float16.weights.h5", 2120, &[0]),
    ("nested.weights.h5", 2208, &[0; 17]),
    ("bfloat16.h5", 3520, &[0x18, 0x09]),
];

#[test]
fn endless_loops_that_were_found_are_one_sentence_from_the_program() {
    let folder = TempDir::new().unwrap();
    for (file, at, damage) in LOOPS {
        let mut bytes = fs::read(fixture(file)).unwrap();
        bytes[*at..at + damage.len()].copy_from_slice(damage);
        let path = folder.path().join(file);
        fs::write(&path, bytes).unwrap();
        let expected = format!(
            "convscope: {}: is damaged in a way that the HDF5 library never gets to the end of; copy it again, or save it \
             again from the training program\n",
            path.display()
        );
        assert_eq!(refused(&["layers", text(&path)]), expected);
    }
}

/// A `.keras` file of these members, deflated.
fn keras(folder: &TempDir, name: &str, members: &[(&str, &[u8])]) -> PathBuf {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        archive.start_file(*name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    let path = folder.path().join(name);
    fs::write(&path, archive.finish().unwrap().into_inner()).unwrap();
    path
}

#[test]
fn descriptions_that_are_deep_or_large_or_elsewhere_are_refused() {
    const CONFIG: &[u8] = br#"{"class_name": "Sequential", "config": {"layers": []}}"#;
    let folder = TempDir::new().unwrap();
    let weights = fs::read(fixture("float16.weights.h5")).unwrap();
    let deep = format!(r#"{{"class_name": "A", "config": {{"layers": {}}}}}"#, "[".repeat(1 << 20));
    let deep =
        keras(&folder, "deep.keras", &[("config.json", deep.as_bytes()), ("model.weights.h5", &weights)]);
    assert!(sentence(&deep).1.contains("its config.json is damaged"));
    // Broken off behind its first layer: what comes before it was told already.
    let torn =
        br#"{"class_name": "A", "config": {"name": "n", "layers": [{"class_name": "Conv2D"}, {"class_"#;
    let torn = keras(&folder, "torn.keras", &[("config.json", torn), ("model.weights.h5", &weights)]);
    assert!(sentence(&torn).1.contains("its config.json is damaged"));
    let large = vec![b' '; 65 << 20];
    let large = keras(&folder, "large.keras", &[("config.json", &large), ("model.weights.h5", &weights)]);
    assert!(sentence(&large).1.contains("its config.json claims"));
    // Three bytes a layer in the file, and a hundred times as many in memory.
    let many =
        format!(r#"{{"class_name": "A", "config": {{"layers": [{}]}}}}"#, vec!["{}"; 10 << 20].join(","));
    let many =
        keras(&folder, "many.keras", &[("config.json", many.as_bytes()), ("model.weights.h5", &weights)]);
    assert_eq!(sentence(&many).0, Cause::TooCostly, "{}", sentence(&many).1);
    // Names that lead out of a folder are names like any other: nothing is unpacked.
    let members: &[(&str, &[u8])] =
        &[("../../config.json", CONFIG), ("/tmp/model.weights.h5", &weights), ("../evil.h5", b"x")];
    let out = keras(&folder, "out.keras", members);
    assert!(sentence(&out).1.contains("is a ZIP file without config.json"));
    assert!(!folder.path().parent().unwrap().join("evil.h5").exists());
    assert_eq!(folder.path().read_dir().unwrap().count(), 5);
}

#[test]
fn every_reader_can_be_called_on_its_own() {
    use convscope::checkpoint::fuzzing;
    assert!(fuzzing::hdf5(&fs::read(fixture("keras1.h5")).unwrap()));
    assert!(fuzzing::hdf5(&fs::read(fixture("float16.weights.h5")).unwrap()));
    assert!(fuzzing::keras_zip(&fs::read(fixture("float16.keras")).unwrap()));
    assert!(!fuzzing::hdf5(b"\x89HDF\r\n\x1a\n") && !fuzzing::keras_zip(b"PK\x03\x04"));
    assert_eq!(fuzzing::keras_config(r#"{"class_name": "A", "config": {"layers": [{}, {}]}}"#), Some(2));
    assert_eq!(fuzzing::keras_config("["), None);
    // A frame that claims a terabyte, an end without a beginning, and layers that cannot be.
    assert_eq!(fuzzing::answer(b"L\0\0\0\0\0\x01\0\0[]"), None);
    assert_eq!(fuzzing::answer(b"D\0\0\0\0\0\0\0\0"), Some(Vec::new()));
    let impossible = br#"[{"name":"a","kind":"conv2d","tensors":[{"path":"k","name":"k","dtype":"float32",
        "shape":[0,9223372036854775807,9223372036854775807,4]}],"kernels":null,"layout_guessed":false}]"#;
    let frame =
        [b"L", &(impossible.len() as u64).to_le_bytes()[..], impossible, b"D\0\0\0\0\0\0\0\0"].concat();
    assert_eq!(fuzzing::answer(&frame), None);
}

/// What must not leave the program, but for the ends of lines.
fn raw(text: &str) -> Option<char> {
    text.chars().find(|&c| steers(c) && c != '\n')
}

/// Without the colours that the program itself writes.
fn uncolored(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (codes, rest) = part.split_once('m').unwrap_or(("?", part));
        assert!(
            codes.bytes().all(|c| c.is_ascii_digit() || c == b';'),
            "an escape sequence of the file's: {part:?}"
        );
        plain.push_str(rest);
    }
    plain
}

const CONTROLS: &[&str] = &[
    "controls_weights.h5",
    "controls_model.h5",
    "controls.weights.h5",
    "controls.keras",
    "controls_other.h5",
    "controls_missing.h5",
    "controls_cut.h5",
];

#[test]
fn no_command_lets_control_characters_out() {
    let folder = hostile();
    // A name of a file, too.
    let named = folder.path().join("a\u{1b}[31m\u{202e}\u{9b}2J.h5");
    fs::copy(folder.path().join("controls_model.h5"), &named).unwrap();
    let missing = folder.path().join("\u{1b}]0;x\u{7}.h5");
    let (out, array) = (folder.path().join("o\u{1b}[1m.png"), folder.path().join("o\u{7}.npy"));
    let files = CONTROLS.iter().map(|file| folder.path().join(file));
    let mut spelled_out = 0;
    for file in files.chain([named, missing]) {
        let (file, photo) = (text(&file).to_owned(), "src/demo/photo.jpg");
        let (out, array, hidden) = (text(&out), text(&array), "\u{1b}[2J\u{200b}");
        for arguments in [
            vec!["layers", &file],
            vec!["layers", &file, "--json"],
            vec!["stats", &file, "--layer", "0"],
            vec!["stats", &file, "--layer", "0", "--json"],
            vec!["stats", &file, "--layer", "0", "--csv"],
            vec!["stats", &file, "--layer", hidden],
            vec!["check", &file],
            vec!["check", &file, "--json"],
            vec!["check", &file, "--layers", hidden],
            vec!["show", &file, "--layer", "0", "--color", "truecolor"],
            vec!["show", &file, "--layer", "0", "--kernel", "99"],
            vec!["export", &file, "--layer", "0", "--output", out],
            vec!["export", &file, "--layer", "0", "--output", "."],
            vec!["respond", &file, "--layer", "0", "--kernel", "0", "--image", photo, "--output", array],
            vec!["respond", &file, "--layer", "0", "--kernel", "0", "--image", &file, "--output", out],
            vec![
                "respond", &file, "--layer", "0", "--kernel", "0", "--image", photo, "--output", out,
                "--bias",
            ],
            // What clap says itself.
            vec!["layers", &file, hidden],
            vec!["stats", &file, "--layer", "0", "--\u{1b}[2J"],
            vec!["show", &file, "--layer", "0", "--zoom", hidden],
        ] {
            let output = convscope(&arguments);
            assert!(matches!(output.status.code(), Some(0..=2)), "{arguments:?}: {output:?}");
            for text in [output.stdout, output.stderr] {
                let text = String::from_utf8(text).unwrap();
                let plain = if arguments[0] == "show" { uncolored(&text) } else { text };
                assert_eq!(raw(&plain), None, "{arguments:?}: {plain:?}");
                spelled_out += plain.matches("\\u{1b}").count() + plain.matches("\\u001b").count();
            }
        }
    }
    assert!(spelled_out > 100, "the names were spelled out only {spelled_out} times");
}

#[test]
fn json_keeps_the_names_as_they_are() {
    let folder = hostile();
    let rows: Vec<serde_json::Value> =
        serde_json::from_str(&printed(&["layers", text(&folder.path().join("controls.keras")), "--json"]))
            .unwrap();
    assert_eq!(
        rows[0]["name"],
        "c\u{1b}[2J\u{1b}]0;owned\u{7}\t\r\n\u{9b}31m\u{202e}\u{2066}\u{200b}\u{200f}\u{7f}1"
    );
}

#[test]
fn no_screen_lets_control_characters_out() {
    let folder = hostile();
    for file in CONTROLS {
        let path = folder.path().join(file);
        let mut session = match open(&path) {
            Ok(opened) => {
                let network = opened.network();
                let mut session = Session::on(network.layers.clone(), 160, 45);
                let facts = Opened { format: network.format.clone(), name: network.name.clone() };
                session.take(Msg::Opened(Ok(facts)));
                session.state.title = "m\u{7}\u{1b}[2J\u{202e}.h5".to_owned();
                session
            }
            Err(error) => {
                let mut session = Session::on(Vec::new(), 160, 45);
                session.take(Msg::Opened(Err(error.to_string())));
                // Whoever words an error, the screen spells it out.
                session.take(Msg::Notice("\u{1b}[2J\u{9b}\u{202e}".to_owned()));
                session
            }
        };
        for keys in ["", "<s-tab>", "/c\u{202e}", "<enter>", "<enter>", "}", "?"] {
            session.keys(keys);
            let (width, height) = session.state.screen;
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
            view::draw(&mut buffer, &session.state, None);
            let raw = buffer.content.iter().find(|cell| cell.symbol().chars().any(steers));
            assert!(raw.is_none(), "{file} after {keys:?}: {:?}", raw.map(ratatui::buffer::Cell::symbol));
        }
    }
}
