//! What each protocol shows is the response, computed here a second time from the library's own parts.

use convscope::app::layout::{Panes, Sheet, inside};
use convscope::checkpoint;
use convscope::demo;
use convscope::jobs::response::COLORED;
use convscope::photo::Photo;
use convscope::raster::{ColorMap, DARK_CENTRE, Indexed, LIGHT_CENTRE, ResponseMode, response_limit};
use convscope::response::{ConvParams, respond};
use convscope::weights::Weights;
use ndarray::Array2;
use portable_pty::CommandBuilder;

use crate::life::left_nothing;
use crate::persona::{KITTY_26, KITTY_41, LIGHT, MUTE, Persona, XTERM_SIXEL};
use crate::picture::{self, Picture};
use crate::terminal::{Terminal, program};

/// The signed response of the built-in conv1's kernel to the built-in photo, fitted into so many pixels.
pub(crate) fn expected(kernel: usize, width: usize, height: usize, map: &ColorMap) -> Picture {
    expected_pooled(kernel, width, height, 1, map)
}

/// The same of a photo so many times larger, the strongest response of each block shown.
fn expected_pooled(kernel: usize, width: usize, height: usize, pool: usize, map: &ColorMap) -> Picture {
    // The reading process is this program, not the test.
    checkpoint::set_reader_program(program());
    let demo = demo::source().open().unwrap();
    let layer = demo.network().layers[0].clone();
    let weights = Weights::of_layer(&layer, demo.read(&layer).unwrap()).unwrap();
    let input = demo::PREPROCESSING.apply(&demo::photo().fitted(width * pool, height * pool));
    let response =
        respond(input.view(), weights.kernel(kernel), &ConvParams::same_size([7, 7]), 0.0).unwrap();
    let blocks = response.exact_chunks((pool, pool));
    let strongest = blocks
        .into_iter()
        .map(|block| block.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap());
    let size = (response.nrows() / pool, response.ncols() / pool);
    let response = Array2::from_shape_vec(size, strongest.collect()).unwrap();
    let limit = response_limit(response.view(), COLORED);
    let indexed = Indexed::of_response(response.view(), ResponseMode::Signed, map, limit);
    let pixels = indexed.indices.iter().map(|index| indexed.palette[usize::from(*index)]).collect();
    Picture { width: indexed.width, height: indexed.height, pixels }
}

/// The picture's size, from the caption.
pub(crate) fn captioned(terminal: &Terminal) -> Option<(usize, usize)> {
    let text = terminal.text();
    let caption = &text[text.find("signed ±")?..];
    let mut sizes = caption.split([' ', '│', '┃', '▐']).filter_map(|word| word.split_once('×'));
    sizes.find_map(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)))
}

/// Browses to kernel 5 and gives the picture that is there then.
fn shown(
    persona: Persona,
    arguments: &[&str],
    map: &ColorMap,
    decode: impl Fn(&[u8]) -> Option<Picture>,
) -> (Picture, Picture, String) {
    let terminal = Terminal::start(persona, &[&["demo"], arguments].concat());
    terminal.wait("the first picture", |terminal| {
        decode(&terminal.log()).is_some() && captioned(terminal).is_some()
    });
    terminal.wait_for_quiet();
    terminal.send("5\r");
    terminal.wait_for("kernel 5 of 64");
    terminal.wait_for_quiet();
    let size = captioned(&terminal).unwrap();
    let picture = decode(&terminal.log()).unwrap();
    terminal.send("q");
    let (code, log) = terminal.end();
    assert_eq!(code, 0);
    left_nothing(&log);
    (picture.cropped(size.0, size.1), expected(5, size.0, size.1, map), log)
}

#[test]
fn kitty_shows_the_response_and_forgets_old_pictures() {
    let (picture, expected, log) =
        shown(KITTY_41, &[], DARK_CENTRE, |log| picture::kitty(log).map(|(_, picture)| picture));
    assert_eq!(picture.difference(&expected).0, 0, "kitty loses nothing");
    assert!(log.matches("a=T").count() >= 2);
}

#[test]
fn a_light_terminal_gets_light_colours_without_being_cleared() {
    let (picture, expected, log) =
        shown(LIGHT, &[], LIGHT_CENTRE, |log| picture::kitty(log).map(|(_, picture)| picture));
    assert_eq!(picture.difference(&expected).0, 0);
    let while_it_ran = log.split("\x1b[?1049l").next().unwrap();
    let cleared = while_it_ran.matches("\x1b[2J").count();
    assert!(cleared <= 2, "once at the beginning and once at the end, not {cleared} times");
    // The same by hand, whatever the terminal says.
    let (picture, expected, _) = shown(LIGHT, &["--theme", "dark"], DARK_CENTRE, |log| {
        picture::kitty(log).map(|(_, picture)| picture)
    });
    assert_eq!(picture.difference(&expected).0, 0);
}

#[test]
fn sixel_shows_the_response() {
    let (picture, expected, _) = shown(XTERM_SIXEL, &[], DARK_CENTRE, picture::sixel);
    let (_, mean) = picture.difference(&expected);
    // 256 colours, each channel in percent.
    assert!(mean < 4.0, "{mean}");
}

#[test]
fn iterm2_shows_the_response() {
    let (picture, expected, _) = shown(XTERM_SIXEL, &["--graphics", "iterm2"], DARK_CENTRE, picture::iterm2);
    assert_eq!(picture.difference(&expected).0, 0);
}

#[test]
fn half_blocks_show_the_response_where_nothing_better_is_known() {
    for (persona, arguments) in
        [(MUTE, &[][..]), (KITTY_26, &[]), (XTERM_SIXEL, &["--graphics", "halfblocks"])]
    {
        let terminal = Terminal::start(persona, &[&["demo", "--color", "truecolor"], arguments].concat());
        terminal.wait("the caption", |terminal| captioned(terminal).is_some());
        terminal.wait_for_quiet();
        let log = terminal.log();
        assert!(
            picture::kitty(&log).is_none()
                && picture::sixel(&log).is_none()
                && picture::iterm2(&log).is_none()
        );
        let (screen, (width, height)) = (terminal.screen(), captioned(&terminal).unwrap());
        let row = screen.rows(0, 120).position(|row| row.contains("┌ Response")).unwrap() as u16 + 1;
        let column = screen.rows(0, 120).nth(usize::from(row)).unwrap();
        let left = column.chars().position(|c| c == '▀' || c == '▄').unwrap();
        // Every cell of the picture holds two pixels of the palette.
        let mut seen = std::collections::HashSet::new();
        let colored = |x: &u16| matches!(screen.cell(row, *x).unwrap().bgcolor(), vt100::Color::Rgb(..));
        let begin = (0..120).rev().find(colored).unwrap() + 1 - width as u16;
        for y in row..row + height as u16 / 2 {
            for x in begin..begin + width as u16 {
                let cell = screen.cell(y, x).unwrap();
                // Two equal pixels are a blank, and two the other way round the other half-block.
                assert!(
                    ["▀", "▄", " "].contains(&cell.contents()),
                    "at {x}, {y} (kernels end before {left})"
                );
                seen.insert(format!("{:?}", cell.bgcolor()));
            }
        }
        assert!(seen.len() > 20, "a response has many shades: {}", seen.len());
        terminal.send("q");
        assert_eq!(terminal.end().0, 0);
    }
}

#[test]
fn all_responses_at_once_are_one_picture_with_words_on_it() {
    for (persona, decode, tolerance) in [
        (KITTY_41, (|log| picture::kitty(log).map(|(_, picture)| picture)) as fn(&[u8]) -> _, 2.0),
        (XTERM_SIXEL, picture::sixel, 9.0),
    ] {
        let terminal = Terminal::start(persona, &["demo"]);
        terminal.wait("the first picture", |terminal| {
            decode(&terminal.log()).is_some() && captioned(terminal).is_some()
        });
        terminal.wait_for_quiet();
        terminal.send("R");
        terminal.wait_for("each on its own scale");
        terminal.wait_for_quiet();
        let sheet = decode(&terminal.log()).unwrap();
        let (width, height) = captioned_sheet(&terminal).unwrap();
        let room = inside(Panes::of(120, 40, true).unwrap().kernels);
        let layout = Sheet::of((room.width, room.height - 2), 64, (8, 16), (420, 280)).unwrap();
        assert_eq!((width, height), (usize::from(layout.tile.0) * 8, usize::from(layout.tile.1) * 16));
        for kernel in [0, 5, 40, 63] {
            let tile = sheet.part(layout.origin(kernel, (8, 16), (width, height)), width, height);
            let (_, mean) =
                tile.difference(&expected_pooled(kernel, width, height, 224 / width, DARK_CENTRE));
            assert!(mean < tolerance, "kernel {kernel}: {mean}");
            let words = layout.words(kernel);
            let left = layout.left(room.width, 64);
            let screen = terminal.screen();
            let row = screen.rows(room.x + left + words.x, words.width).nth((room.y + words.y).into());
            assert!(row.unwrap().trim().starts_with(&kernel.to_string()), "{}", terminal.text());
        }
        // The selection moves by words alone.
        let before = terminal.log().len();
        terminal.send("l");
        terminal.wait_for("kernel 1 of 64");
        terminal.wait_for_quiet();
        assert!(decode(&terminal.log()[before..]).is_none(), "no picture is sent again");
        terminal.send("\x1b");
        terminal.wait_for("signed ±");
        terminal.wait_for_quiet();
        assert!(!terminal.text().contains("each on its own scale"));
        terminal.send("q");
        assert_eq!(terminal.end().0, 0);
    }
}

/// The size of one response on the sheet, from the caption.
fn captioned_sheet(terminal: &Terminal) -> Option<(usize, usize)> {
    let text = terminal.text();
    let caption = &text[text.find("each on its own scale")?..];
    let mut sizes = caption.split([' ', '│', '┃', '▐']).filter_map(|word| word.split_once('×'));
    sizes.find_map(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)))
}

#[test]
fn the_photo_itself_is_on_a_key() {
    let terminal = Terminal::start(KITTY_41, &["demo"]);
    terminal.wait("the first picture", |terminal| picture::kitty(&terminal.log()).is_some());
    terminal.wait_for_quiet();
    terminal.send("p");
    terminal.wait_for("the photo ·");
    terminal.wait_for_quiet();
    let (_, shown) = picture::kitty(&terminal.log()).unwrap();
    let photo: Photo = demo::photo();
    let fitted = photo.fitted(shown.width, shown.height);
    let pixels = fitted.rgb.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    let expected = Picture { width: fitted.width, height: fitted.height, pixels };
    // In a few colours of its own.
    let (largest, mean) = shown.cropped(fitted.width, fitted.height).difference(&expected);
    assert!(largest <= 48 && mean < 3.0, "off by {largest}, by {mean} in the mean");
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn the_help_hides_the_picture_and_gives_it_back() {
    for (persona, decode) in [
        (XTERM_SIXEL, (|log| picture::sixel(log).is_some()) as fn(&[u8]) -> bool),
        (KITTY_41, |log| picture::kitty(log).is_some()),
    ] {
        let terminal = Terminal::start(persona, &["demo"]);
        terminal.wait("the first picture", |terminal| decode(&terminal.log()));
        terminal.wait_for_quiet();
        terminal.send("?");
        terminal.wait_for("channel order");
        terminal.wait_for_quiet();
        let before = terminal.log().len();
        terminal.send("\x1b");
        terminal.wait("the help to close", |terminal| !terminal.text().contains("channel order"));
        terminal.wait_for_quiet();
        let after = terminal.log()[before..].to_vec();
        let text = String::from_utf8_lossy(&after);
        assert!(decode(&after) || text.contains('\u{10eeee}'), "the picture is drawn again");
        terminal.send("q");
        assert_eq!(terminal.end().0, 0);
    }
}

/// What these keys send, until nothing comes any more.
fn cost(terminal: &Terminal, keys: &str) -> usize {
    let (before, _) = terminal.arrived();
    terminal.send(keys);
    terminal.wait("an answer", |terminal| terminal.arrived().0 > before);
    terminal.wait_for_quiet();
    terminal.arrived().0 - before
}

fn median(mut costs: Vec<usize>) -> usize {
    costs.sort_unstable();
    costs[costs.len() / 2]
}

#[test]
fn a_key_sends_no_more_than_the_benchmark_says() {
    const RIGHT: &str = "\x1b[C";
    const LEFT: &str = "\x1b[D";
    let cases = [
        (KITTY_41, &[][..], true, 145_000),
        (XTERM_SIXEL, &[], false, 185_000),
        (XTERM_SIXEL, &["--graphics", "iterm2"], false, 170_000),
        (MUTE, &[], false, 100_000),
    ];
    for (persona, arguments, keeps, most) in cases {
        let mut command = CommandBuilder::new(program());
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/src/demo/epoch-010.h5"));
        command.args(arguments);
        let terminal = Terminal::run(persona, command, 160, 50);
        terminal.wait("the caption", |terminal| captioned(terminal).is_some());
        terminal.wait_for_quiet();
        // Drawn once: in other colours a moment later, every kernel would travel again.
        let first = terminal.log().len();
        assert!(first <= most, "the first screen: {first} with {arguments:?}");
        let new: Vec<usize> = (0..5).map(|_| cost(&terminal, RIGHT)).collect();
        assert!(new.iter().all(|bytes| *bytes <= 120_000), "a new response: {new:?} with {arguments:?}");
        if keeps {
            let seen: Vec<usize> = (0..4).map(|_| cost(&terminal, LEFT)).collect();
            assert!(seen.iter().all(|bytes| *bytes <= 8_000), "a response that the terminal has: {seen:?}");
        }
        terminal.send("p");
        terminal.wait_for("the photo ·");
        terminal.wait_for_quiet();
        let none: Vec<usize> = (0..9).map(|_| cost(&terminal, RIGHT)).collect();
        assert!(none.iter().all(|bytes| *bytes <= 2_400), "no response: {none:?}");
        assert!(median(none.clone()) <= 2_000, "no response: {none:?}");
        terminal.send("q");
        assert_eq!(terminal.end().0, 0);
    }
}
