//! Damaged and hostile files in the viewer: one sentence, and no byte of theirs that steers the terminal.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use tempfile::TempDir;
use zip::ZipArchive;

use crate::persona::XTERM_SIXEL;
use crate::terminal::Terminal;

/// A file out of one of the archives of fixtures.
fn fixture(archive: &str, file: &str) -> Vec<u8> {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(archive);
    let mut bytes = Vec::new();
    let mut archive = ZipArchive::new(File::open(packed).unwrap()).unwrap();
    archive.by_name(file).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

fn written(folder: &TempDir, name: &str, bytes: &[u8]) -> String {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_file_that_the_library_never_ends_with_is_one_sentence() {
    let folder = TempDir::new().unwrap();
    let mut bytes = fixture("checkpoints/checkpoints.zip", "float16.weights.h5");
    // The size of an object in the heap of the strings: a step of none, for ever.
    bytes[2120] = 0;
    let path = written(&folder, "loop.weights.h5", &bytes);
    let (code, log) = Terminal::start(XTERM_SIXEL, &[&path]).end();
    assert_eq!(code, 2, "{log}");
    let said = log.rsplit("\x1b[?1049l").next().unwrap();
    assert!(said.contains(&path) && said.contains("never gets to the end of; copy it again"), "{said:?}");
}

#[test]
fn names_that_would_steer_the_terminal_are_spelled_out() {
    let folder = TempDir::new().unwrap();
    let bytes = fixture("hostile/hostile.zip", "controls.keras");
    let path = written(&folder, "a\u{1b}]0;titled\u{7}\u{202e}.keras", &bytes);
    let terminal = Terminal::start(XTERM_SIXEL, &[&path]);
    terminal.wait_for("\\u{202e}.keras");
    terminal.wait_for("4 kernels");
    terminal.send("q");
    let (code, log) = terminal.end();
    assert_eq!(code, 0, "{log:?}");
    for raw in ["\x1b]0;", "\u{202e}", "\u{2066}", "\u{200b}", "\u{9b}", "\u{7}"] {
        assert!(!log.contains(raw), "{raw:?} reached the terminal");
    }
}

#[test]
fn a_name_that_is_no_option_is_spelled_out() {
    let (code, log) = Terminal::start(XTERM_SIXEL, &["layers", "--\u{1b}]0;titled\u{7}"]).end();
    assert_eq!(code, 2, "{log:?}");
    assert!(log.contains("error: ") && !log.contains('\u{1b}') && !log.contains('\u{7}'), "{log:?}");
}
