//! A run: the timeline of the demo, a folder that grows, a file that is overwritten while it is shown.

use std::fs;
use std::path::{Path, PathBuf};

use convscope::checkpoint;
use convscope::raster::{ChannelOrder, Look, Normalization, Scale, draw, kernel_scale};
use convscope::weights::Weights;
use tempfile::TempDir;

use crate::persona::MUTE;
use crate::terminal::{Terminal, program};

fn demo(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo").join(name)
}

/// Whether the first kernel on the screen is that of this checkpoint: a row of its pixels and the one below.
fn shows(terminal: &Terminal, checkpoint: &str) -> bool {
    checkpoint::set_reader_program(program());
    let opened = checkpoint::open(&demo(checkpoint)).unwrap();
    let layer = opened.network().layers.iter().find(|layer| layer.name == "conv1").unwrap();
    let weights = Weights::of_layer(layer, opened.read(layer).unwrap()).unwrap();
    let kernel = weights.kernel(0);
    let scale = kernel_scale(kernel, Normalization::Kernel, Scale { low: 0.0, high: 0.0 });
    let raster = draw(kernel, Look::Color(ChannelOrder::Rgb), scale);
    let screen = terminal.screen();
    let rows: Vec<String> = screen.rows(0, 120).collect();
    let Some(top) = rows.iter().position(|row| row.contains("kernel 0 of 64")) else { return false };
    let left = rows[top].chars().position(|c| c == '┏').unwrap() as u16;
    let rgb = |[red, green, blue]: [u8; 3]| vt100::Color::Rgb(red, green, blue);
    // Below the frame and the first row: the second and third.
    (0..7).all(|x| {
        let cell = screen.cell(top as u16 + 2, left + 2 + x).unwrap();
        let pixel = |y: usize| rgb(raster.get(usize::from(x), y).unwrap());
        cell.fgcolor() == pixel(1) && cell.bgcolor() == pixel(2)
    })
}

fn wait_to_see(terminal: &Terminal, checkpoint: &str) {
    terminal.wait(checkpoint, |terminal| shows(terminal, checkpoint));
}

/// Files of the folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn the_demos_epochs_are_walked_through_and_the_bad_one_is_found() {
    let terminal = Terminal::start(MUTE, &["demo"]);
    terminal.wait_for("Epoch 10 · 9 of 12");
    wait_to_see(&terminal, "epoch-010.h5");
    terminal.send(",");
    terminal.wait_for("Epoch 8 · 8 of 12");
    wait_to_see(&terminal, "epoch-008.h5");
    terminal.send("(");
    terminal.wait_for("Epoch 0 · 1 of 12");
    wait_to_see(&terminal, "epoch-000.h5");
    // Read in the background, the whole run is judged: the bad epoch is named without going there.
    terminal.wait_for("large weights");
    terminal.wait_for("▴not finite");
    terminal.wait_for("▴structured");
    terminal.send(")");
    terminal.wait_for("Epoch wrong 3 · 12 of 12");
    terminal.wait_for("64 not finite of 64 kernels");
    terminal.send("(");
    terminal.wait_for("Epoch 0 · 1 of 12");
    terminal.send(" ");
    terminal.wait_for("playing");
    terminal.wait_for("Epoch 3 · 4 of 12");
    terminal.send(" ");
    terminal.wait("the run to stand", |terminal| !terminal.text().contains("playing"));
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn two_epochs_of_the_demo_are_compared() {
    let terminal = Terminal::start(MUTE, &["demo"]);
    wait_to_see(&terminal, "epoch-010.h5");
    terminal.send("d");
    terminal.wait_for("compared with epoch 0, the first");
    terminal.wait_for(" epoch 0 · kernel 0 of 64");
    wait_to_see(&terminal, "epoch-000.h5");
    terminal.send("d");
    terminal.wait_for(" 10 − 0 · kernel 0 of 64");
    terminal.send(",");
    terminal.wait_for(" 8 − 0 · kernel 0 of 64");
    terminal.send("d");
    terminal.wait_for(" epoch 8 · kernel 0 of 64");
    wait_to_see(&terminal, "epoch-008.h5");
    terminal.send("D");
    terminal.wait_for("epoch 8 is marked");
    terminal.send("(d");
    terminal.wait_for("· against 8");
    terminal.wait_for(" epoch 8 · kernel 0 of 64");
    wait_to_see(&terminal, "epoch-008.h5");
    terminal.send("\x1b");
    terminal.wait("the end of the comparison", |terminal| !terminal.text().contains("against 8"));
    wait_to_see(&terminal, "epoch-000.h5");
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_marked_epoch_whose_file_vanishes_is_said() {
    let folder = TempDir::new().unwrap();
    for epoch in ["001", "002", "003"] {
        let name = format!("epoch-{epoch}.h5");
        fs::copy(demo(&name), folder.path().join(&name)).unwrap();
    }
    let terminal = Terminal::start(MUTE, &[folder.path().to_str().unwrap()]);
    terminal.wait_for("Epoch 3 · 3 of 3");
    terminal.send("(D)dd");
    terminal.wait_for(" 3 − 1 · kernel 0 of 64");
    fs::remove_file(folder.path().join("epoch-001.h5")).unwrap();
    terminal.wait_for("epoch 1, the marked one, is gone");
    assert!(!terminal.text().contains("come back"), "nobody waits for it:\n{}", terminal.text());
    wait_to_see(&terminal, "epoch-003.h5");
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_followed_file_is_overwritten_in_place_and_by_rename() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("last.h5");
    fs::copy(demo("epoch-001.h5"), &path).unwrap();
    let terminal = Terminal::start(MUTE, &["--follow", path.to_str().unwrap()]);
    wait_to_see(&terminal, "epoch-001.h5");
    // In place, as Keras does it: from nothing up.
    let next = fs::read(demo("epoch-002.h5")).unwrap();
    fs::write(&path, &next[..20_000]).unwrap();
    terminal.wait("a word", |terminal| {
        let text = terminal.text();
        text.contains("cut short") || text.contains("trying again")
    });
    assert!(shows(&terminal, "epoch-001.h5"), "the last good weights stay:\n{}", terminal.text());
    fs::write(&path, &next).unwrap();
    terminal.wait_for("Epoch 2 · 2 of 2");
    wait_to_see(&terminal, "epoch-002.h5");
    // By rename.
    let beside = folder.path().join("last.h5.tmp");
    fs::copy(demo("epoch-003.h5"), &beside).unwrap();
    fs::rename(&beside, &path).unwrap();
    terminal.wait_for("Epoch 3 · 3 of 3");
    wait_to_see(&terminal, "epoch-003.h5");
    // Who looks back is left there, and told.
    terminal.send("(");
    terminal.wait_for("Epoch 1 · 1 of 3");
    wait_to_see(&terminal, "epoch-001.h5");
    fs::copy(demo("epoch-004.h5"), &path).unwrap();
    terminal.wait_for("epoch 4 is there");
    assert!(shows(&terminal, "epoch-001.h5"));
    fs::remove_file(&path).unwrap();
    terminal.wait_for("last.h5 is gone");
    terminal.send(",");
    assert!(shows(&terminal, "epoch-001.h5"));
    fs::copy(demo("epoch-005.h5"), &path).unwrap();
    terminal.wait("the file to be there again", |terminal| !terminal.text().contains("is gone"));
    terminal.send(")");
    wait_to_see(&terminal, "epoch-005.h5");
    assert_eq!(names(folder.path()), ["last.h5"], "nothing is written beside it");
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_folder_grows_and_no_file_stays_open() {
    let folder = TempDir::new().unwrap();
    let put = |name: &str, from: &str| fs::copy(demo(from), folder.path().join(name)).unwrap();
    put("weights.01-0.93.h5", "epoch-001.h5");
    put("weights.02-0.53.h5", "epoch-002.h5");
    let terminal = Terminal::start(MUTE, &[folder.path().to_str().unwrap()]);
    terminal.wait_for("Epoch 2 · 2 of 2");
    wait_to_see(&terminal, "epoch-002.h5");
    put("weights.03-0.61.h5", "epoch-003.h5");
    terminal.wait_for("Epoch 3 · 3 of 3");
    wait_to_see(&terminal, "epoch-003.h5");
    terminal.send("(");
    terminal.wait_for("Epoch 1 · 1 of 3");
    put("weights.10-0.11.h5", "epoch-010.h5");
    terminal.wait_for("epoch 10 is there");
    terminal.wait_for("Epoch 1 · 1 of 4");
    wait_to_see(&terminal, "epoch-001.h5");
    fs::remove_file(folder.path().join("weights.01-0.93.h5")).unwrap();
    terminal.wait_for("epoch 1 is gone");
    wait_to_see(&terminal, "epoch-002.h5");
    terminal.wait_for_quiet();
    if cfg!(target_os = "linux") {
        let id = terminal.child.process_id().unwrap();
        let open = fs::read_dir(format!("/proc/{id}/fd")).unwrap();
        let open: Vec<PathBuf> = open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).collect();
        assert!(!open.is_empty() && open.iter().all(|path| !path.starts_with(folder.path())), "{open:?}");
    }
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn somebody_waits_for_a_run_to_begin() {
    let folder = TempDir::new().unwrap();
    let terminal = Terminal::start(MUTE, &["--follow", folder.path().to_str().unwrap()]);
    terminal.wait_for("waiting for the first");
    fs::copy(demo("epoch-000.h5"), folder.path().join("ckpt-0.h5")).unwrap();
    wait_to_see(&terminal, "epoch-000.h5");
    fs::copy(demo("epoch-001.h5"), folder.path().join("ckpt-1.h5")).unwrap();
    terminal.wait_for("Epoch 1 · 2 of 2");
    wait_to_see(&terminal, "epoch-001.h5");
    // The gain is of the normalisation behind the layer, though no file could be opened at first.
    terminal.wait_for("gain");
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_newest_checkpoint_that_cannot_be_read_yet_is_waited_for_at_the_one_before() {
    let folder = TempDir::new().unwrap();
    let next = fs::read(demo("epoch-002.h5")).unwrap();
    fs::copy(demo("epoch-001.h5"), folder.path().join("ckpt-1.h5")).unwrap();
    fs::write(folder.path().join("ckpt-2.h5"), &next[..20_000]).unwrap();
    let terminal = Terminal::start(MUTE, &[folder.path().to_str().unwrap()]);
    wait_to_see(&terminal, "epoch-001.h5");
    terminal.wait_for("trying again");
    fs::write(folder.path().join("ckpt-2.h5"), &next).unwrap();
    terminal.wait_for("Epoch 2 · 2 of 2");
    wait_to_see(&terminal, "epoch-002.h5");
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}
