//! Screens as snapshots, with their colours.

use std::fmt::Write as _;

use convscope::app::msg::Msg;
use convscope::app::state::{Background, ColorDepth, Facts};
use convscope::view;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use crate::session::{Session, conv, dense};

pub(crate) fn screen(session: &Session) -> Buffer {
    let (width, height) = session.state.screen;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    view::draw(&mut buffer, &session.state, None);
    buffer
}

fn color(color: Color) -> String {
    match color {
        Color::Reset => "-".to_owned(),
        Color::Rgb(r, g, b) => format!("{r:02x}{g:02x}{b:02x}"),
        other => format!("{other}"),
    }
}

/// The text, and under it each row's colours as runs: `column foreground/background modifiers`.
pub(crate) fn dump(buffer: &Buffer) -> String {
    let mut text = String::new();
    let area = buffer.area;
    for y in 0..area.height {
        let row: String = (0..area.width).map(|x| buffer[(x, y)].symbol()).collect();
        let _ = writeln!(text, "{}", row.trim_end());
    }
    for y in 0..area.height {
        let mut last = (Color::Reset, Color::Reset, Modifier::empty());
        let mut runs = Vec::new();
        for x in 0..area.width {
            let cell = &buffer[(x, y)];
            let style = (cell.fg, cell.bg, cell.modifier);
            if style != last {
                let modifier = if style.2.is_empty() { String::new() } else { format!(" {:?}", style.2) };
                runs.push(format!("{x} {}/{}{modifier}", color(style.0), color(style.1)));
                last = style;
            }
        }
        if !runs.is_empty() {
            let _ = writeln!(text, "{y:>3}: {}", runs.join(", "));
        }
    }
    text
}

pub(crate) fn text(buffer: &Buffer) -> String {
    dump(buffer).lines().take(usize::from(buffer.area.height)).collect::<Vec<_>>().join("\n")
}

fn network() -> Vec<convscope::weights::Layer> {
    vec![conv("conv1", 7, 3, 12), dense("head"), conv("block1/conv2", 3, 16, 100), conv("broken", 5, 3, 4)]
}

#[test]
fn the_smallest_screen() {
    insta::assert_snapshot!(dump(&screen(&Session::on(network(), 60, 20))));
}

#[test]
fn an_ordinary_screen() {
    insta::assert_snapshot!(dump(&screen(Session::on(network(), 120, 36).keys("j>"))));
}

#[test]
fn slices_in_a_diverging_map() {
    insta::assert_snapshot!(dump(&screen(Session::on(network(), 80, 24).keys("}]"))));
}

#[test]
fn one_kernel_and_the_weight_under_the_cursor() {
    insta::assert_snapshot!(dump(&screen(Session::on(network(), 80, 24).keys("<enter>jl"))));
}

#[test]
fn weights_that_are_not_finite_have_a_colour_of_their_own() {
    let mut session = Session::on(network(), 80, 24);
    session.keys("}}");
    let buffer = screen(&session);
    insta::assert_snapshot!(dump(&buffer));
    let has = |color: Color| buffer.content.iter().any(|cell| cell.fg == color || cell.bg == color);
    assert!(has(Color::Rgb(255, 0, 255)) && has(Color::Rgb(0, 255, 255)));
}

#[test]
fn verdicts_are_marks_reasons_and_a_sum() {
    let mut session = Session::on(network(), 160, 45);
    let shown = text(&screen(&session));
    assert!(shown.contains("12 kernels: "), "the sum is out of all kernels:\n{shown}");
    assert!(shown.contains("structured: p ="), "the number behind the verdict:\n{shown}");
    insta::assert_snapshot!(shown);
    session.keys("v");
    let hidden = text(&screen(&session));
    // The marks that no frame is made of.
    let marks = |text: &str| text.matches(['╱', '╲', '◆', '●']).count();
    assert!(marks(&shown) > 5 && marks(&hidden) == 0, "{hidden}");
}

#[test]
fn the_layers_judgement_is_shown_while_the_layers_have_the_focus() {
    let mut session = Session::on(network(), 120, 40);
    session.keys("<s-tab>");
    let shown = text(&screen(&session));
    for words in
        ["Layer conv1", "structured: 0% noise of 12 judged", "near-duplicates", "orthogonality", "% random)"]
    {
        assert!(shown.contains(words), "{words} is missing in\n{shown}");
    }
    insta::assert_snapshot!(shown);
    session.keys("<tab>");
    assert!(text(&screen(&session)).contains(" Kernel 0 "));
}

#[test]
fn the_title_says_how_the_grid_is_ordered() {
    let mut session = Session::on(network(), 160, 45);
    for (keys, words) in
        [("o", "by norm"), ("ooooo", "like 0"), ("O", "kernel 0 of 12 · RGB"), ("t", "only ")]
    {
        session.keys(keys);
        let text = text(&screen(&session));
        assert!(text.contains(words), "after {keys}: {words} is missing in\n{text}");
    }
}

#[test]
fn a_layer_without_kernels_shows_its_arrays() {
    insta::assert_snapshot!(text(&screen(Session::on(network(), 100, 30).keys("<s-tab>j"))));
}

#[test]
fn the_help_is_the_keymap() {
    insta::assert_snapshot!(text(&screen(Session::on(network(), 120, 50).keys("?"))));
}

#[test]
fn a_search_being_typed() {
    insta::assert_snapshot!(text(&screen(Session::on(network(), 60, 20).keys("/conv"))));
}

#[test]
fn a_screen_that_is_too_small_says_so() {
    for (width, height) in [(59, 30), (80, 19), (20, 5), (1, 1)] {
        let buffer = screen(&Session::on(network(), width, height));
        if width >= 20 {
            assert!(text(&buffer).contains("convscope needs"), "{width}×{height}");
        }
    }
    insta::assert_snapshot!(text(&screen(&Session::on(network(), 59, 7))));
}

#[test]
fn fewer_colours_still_say_something() {
    for (depth, name) in [(ColorDepth::Indexed, "256"), (ColorDepth::Ansi, "16"), (ColorDepth::None, "none")]
    {
        let mut session = Session::on(network(), 60, 20);
        let facts = Facts { color: depth, ..session.state.facts.clone() };
        session.take(Msg::Terminal(facts));
        insta::assert_snapshot!(format!("colours_{name}"), dump(&screen(&session)));
    }
}

#[test]
fn a_light_background_has_colours_of_its_own() {
    for (depth, name) in [(ColorDepth::True, "24_bit"), (ColorDepth::Ansi, "16")] {
        let mut session = Session::on(network(), 80, 24);
        session.take(Msg::Terminal(Facts {
            color: depth,
            background: Background::Light,
            ..session.state.facts.clone()
        }));
        session.keys("}");
        insta::assert_snapshot!(format!("light_{name}"), dump(&screen(&session)));
    }
}

#[test]
fn every_screen_from_60_by_20_to_300_by_100_draws_everything() {
    for (width, height) in
        [(60, 20), (79, 24), (80, 25), (99, 30), (100, 31), (140, 40), (200, 60), (300, 100)]
    {
        let mut session = Session::on(network(), width, height);
        for keys in ["", "}", "<enter>", "}", "<esc><tab><enter>", "<s-tab><s-tab>j"] {
            session.keys(keys);
            let text = text(&screen(&session));
            let kernel =
                session.state.kernels().map(|kernels| format!("kernel 0 of {}", kernels.shape.c_out));
            for word in ["Layers", "conv1", "help"].into_iter().chain(kernel.as_deref()) {
                assert!(text.contains(word), "{width}×{height} after {keys:?} lacks {word:?}:\n{text}");
            }
        }
    }
}

#[test]
fn hostile_names_are_spelled_out() {
    let mut session = Session::on(vec![conv("a\u{1b}[2J\u{9b}31mb\u{202e}c", 3, 3, 4)], 200, 30);
    session.state.title = "m\u{7}.h5".to_owned();
    let buffer = screen(&session);
    assert!(text(&buffer).contains("\\u{1b}"));
    assert!(buffer.content.iter().all(|cell| !cell.symbol().chars().any(char::is_control)));
}
