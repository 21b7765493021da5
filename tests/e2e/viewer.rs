//! Browsing, as a user does it.

use crate::persona::{KITTY_41, MUTE, XTERM_SIXEL};
use crate::terminal::Terminal;

const DOWN: &str = "\x1b[B";
const RIGHT: &str = "\x1b[C";
const END: &str = "\x1b[F";

#[test]
fn the_built_in_network_opens_and_is_browsed() {
    let terminal = Terminal::start(MUTE, &["demo"]);
    terminal.wait_for("kernel 0 of 64");
    terminal.wait_for("conv1");
    terminal.send(RIGHT);
    terminal.wait_for("kernel 1 of 64");
    terminal.send(DOWN);
    terminal.send("\x1bOA");
    terminal.send(END);
    terminal.wait_for("kernel 63 of 64");
    terminal.send("12\r");
    terminal.wait_for("kernel 12 of 64");
    terminal.send("m");
    terminal.wait_for("zero mid-grey");
    terminal.send("\r");
    terminal.wait_for("row 0, column 0");
    terminal.send("\x1b");
    terminal.wait("the grid", |terminal| !terminal.text().contains("row 0, column 0"));
    terminal.send("?");
    terminal.wait_for("channel order");
    terminal.send("\x1b");
    terminal.wait("the help to close", |terminal| !terminal.text().contains("channel order"));
    terminal.send("q");
    let (code, log) = terminal.end();
    assert_eq!(code, 0, "{log}");
}

#[test]
fn kernels_are_drawn_in_their_own_colours() {
    let terminal = Terminal::start(MUTE, &[]);
    terminal.wait_for("kernel 0 of 64");
    terminal.wait_for_quiet();
    let screen = terminal.screen();
    // The first kernel begins one pixel inside the pane; its rows are the halves of cells.
    let top =
        (0..40).find(|row| screen.rows(0, 120).nth(*row).unwrap().contains("kernel 0 of 64")).unwrap() as u16;
    let row = screen.rows(0, 120).nth(usize::from(top)).unwrap();
    let left = row.chars().position(|c| c == '┏').unwrap() as u16;
    let mut colours = std::collections::HashSet::new();
    for y in top + 1..top + 5 {
        for x in left + 2..left + 9 {
            let cell = screen.cell(y, x).unwrap();
            assert!(matches!(cell.contents(), "▀" | "▄"), "{:?} at {x}, {y}", cell.contents());
            colours.insert(format!("{:?}", cell.fgcolor()));
        }
    }
    assert!(colours.len() > 10, "a trained kernel has many colours: {colours:?}");
    // The selection and what else is exactly one of the 256 travels by its number.
    assert!(colours.iter().filter(|colour| !colour.starts_with("Rgb")).count() <= 2, "{colours:?}");
}

#[test]
fn a_held_key_ends_at_the_right_kernel_without_a_picture_for_each() {
    let terminal = Terminal::start(KITTY_41, &["demo"]);
    terminal.wait_for("kernel 0 of 64");
    terminal.wait_for_quiet();
    let before = terminal.log_text().matches("a=T").count();
    for _ in 0..40 {
        terminal.send(&RIGHT.repeat(10));
        terminal.send(&"\x1b[D".repeat(10));
    }
    terminal.send(&RIGHT.repeat(17));
    terminal.wait_for("kernel 17 of 64");
    terminal.wait_for_quiet();
    let pictures = terminal.log_text().matches("a=T").count() - before;
    assert!(pictures < 400, "817 keys cost {pictures} pictures");
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn the_mouse_selects_unless_it_is_left_to_the_terminal() {
    let terminal = Terminal::start(MUTE, &["demo"]);
    terminal.wait_for("kernel 0 of 64");
    let screen = terminal.screen();
    let text: Vec<String> = screen.rows(0, 120).collect();
    let top = text.iter().position(|row| row.contains("kernel 0 of 64")).unwrap();
    let left = text[top].chars().position(|c| c == '┏').unwrap();
    // In the last of the first kernel's columns plus the gap: the second kernel, at whatever zoom.
    terminal.send(&format!("\x1b[<0;{};{}M", left + 3 + 16, top + 3));
    terminal.wait("another kernel", |terminal| !terminal.text().contains("kernel 0 of 64"));
    terminal.send("q");
    let (_, log) = terminal.end();
    assert!(log.contains("\x1b[?1000h") && log.contains("\x1b[?1000l"));
    let terminal = Terminal::start(MUTE, &["demo", "--no-mouse"]);
    terminal.wait_for("kernel 0 of 64");
    terminal.send("q");
    assert!(!terminal.end().1.contains("\x1b[?1000h"));
}

#[test]
fn a_resize_draws_everything_anew() {
    let terminal = Terminal::start(XTERM_SIXEL, &["demo"]);
    terminal.wait_for("kernel 0 of 64");
    for (columns, rows) in [(80, 24), (59, 24), (200, 60), (60, 20)] {
        terminal.resize(columns, rows);
        let word = if columns < 60 { "needs a little more room" } else { "kernel 0 of 64" };
        terminal.wait_for(word);
        terminal.wait_for_quiet();
        terminal.wait_for(word);
        let screen = terminal.screen();
        let last = screen.rows(0, columns).nth(usize::from(rows) - 1).unwrap();
        assert_eq!(last.contains("quit"), columns >= 60, "{columns}×{rows}: {last}");
    }
}

#[test]
fn without_colours_nothing_is_coloured() {
    let terminal = Terminal::start(MUTE.with(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]), &["demo"]);
    terminal.wait_for("kernel 0 of 64");
    terminal.wait_for_quiet();
    terminal.send("jj");
    terminal.wait_for_quiet();
    terminal.send("q");
    let (_, log) = terminal.end();
    assert!(!log.contains("38;2;") && !log.contains("38;5;") && !log.contains("48;5;"), "{log:?}");
    // Only the question for truecolor may set a colour, and takes it away at once.
    assert_eq!(log.matches("\x1b[48;2;").count(), log.matches("\x1b[48;2;1;2;3m").count());
}

#[test]
fn an_unknown_terminal_gets_256_colours() {
    let terminal = Terminal::start(MUTE.with(&[("TERM", "xterm-256color")]), &["demo"]);
    terminal.wait_for("kernel 0 of 64");
    terminal.send("q");
    let (_, log) = terminal.end();
    assert!(log.contains("38;5;") && !log.contains("38;2;"));
    assert_eq!(log.matches("48;2;").count(), log.matches("\x1b[48;2;1;2;3m").count());
}

#[test]
fn the_terminals_answer_brings_truecolor() {
    let terminal = Terminal::start(XTERM_SIXEL, &["demo"]);
    terminal.wait("truecolor", |terminal| terminal.log_text().contains("38;2;"));
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_file_that_was_written_anew_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.h5");
    let epoch = |name: &str| std::fs::read(std::path::Path::new("src/demo").join(name)).unwrap();
    std::fs::write(&file, epoch("epoch-001.h5")).unwrap();
    let terminal = Terminal::start(MUTE, &[file.to_str().unwrap()]);
    terminal.wait_for("kernel 0 of 64");
    terminal.wait_for_quiet();
    std::fs::write(&file, [epoch("epoch-002.h5"), vec![0]].concat()).unwrap();
    terminal.send("\x1b[Zj");
    terminal.wait_for("written anew");
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn two_checkpoints_are_compared() {
    let demo = |name: &str| format!("{}/src/demo/{name}", env!("CARGO_MANIFEST_DIR"));
    let (a, b) = (demo("epoch-001.h5"), demo("epoch-010.h5"));
    let terminal = Terminal::start(MUTE, &[&a, "--against", &b]);
    terminal.wait_for("A · kernel 0 of 64");
    terminal.wait_for("relative");
    terminal.send("d");
    terminal.wait_for("B · kernel 0 of 64");
    terminal.send("d");
    terminal.wait_for("B − A · kernel 0 of 64");
    terminal.send("ooooooo");
    terminal.wait_for("by change");
    terminal.send("g");
    terminal.wait("the kernel that changed most", |terminal| !terminal.text().contains("kernel 0 of 64"));
    terminal.send("d");
    terminal.wait("A again", |terminal| terminal.text().contains(" A · kernel"));
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
    let terminal = Terminal::start(MUTE, &[&a, "--against", "nowhere.h5"]);
    let (code, log) = terminal.end();
    assert!(code == 2 && log.contains("nowhere.h5: no such file"), "{code}: {log}");
}
