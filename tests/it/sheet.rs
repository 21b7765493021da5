//! The contact sheet: the keys that lead there, what it asks for, what is computed, and how it looks.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::mpsc;

use convscope::app::comparison::Side;
use convscope::app::layout::inside;
use convscope::app::msg::{Mouse, MouseKind, Msg};
use convscope::app::state::{
    ColorDepth, Facts, Graphics, KernelOnPhoto, Middle, Pane, PhotoInput, ResponseFacts, ResponseSpec,
    SheetOnPhoto, Ticket,
};
use convscope::jobs::response::{self, COLORED, Drawn, Request};
use convscope::photo::{Photo, Preprocessing};
use convscope::raster::{COLOR_MAPS, Indexed, ResponseMode, TRANSPARENT, response_limit};
use convscope::response::{ConvParams, respond};
use convscope::view::{self, Picture, theme::Theme};
use convscope::weights::{Layer, Weights};
use ndarray::{Array2, Array4, ArrayView2, Axis, concatenate, s};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::screens::dump;
use crate::session::{Session, conv, dense, stripes};

fn network() -> Vec<Layer> {
    vec![conv("conv1", 7, 3, 64), dense("head"), conv("conv2", 3, 16, 1000)]
}

/// In a terminal with pictures: tiles may be small.
fn wide() -> Session {
    let mut session = Session::on(network(), 160, 45);
    let facts = Facts { graphics: Graphics::Kitty, cell: (8, 16), ..session.state.facts.clone() };
    session.take(Msg::Terminal(facts));
    session
}

fn asked(session: &Session) -> ResponseSpec {
    session.state.preview.wanted.clone().unwrap()
}

fn sheet(session: &Session) -> SheetOnPhoto {
    asked(session).sheet.unwrap()
}

#[test]
fn a_key_leads_there_and_back() {
    let cases = [
        ("R", Middle::Responses, Pane::Response),
        ("RR", Middle::Grid, Pane::Kernels),
        ("R<esc>", Middle::Grid, Pane::Kernels),
        ("<tab>R<esc>", Middle::Grid, Pane::Kernels),
        // Who walks through the layers goes on walking.
        ("<s-tab>R", Middle::Responses, Pane::Layers),
        ("<s-tab>RR", Middle::Grid, Pane::Layers),
        ("R<enter>", Middle::Response { of_sheet: true }, Pane::Response),
        ("R<enter>R", Middle::Responses, Pane::Response),
        // From a large response back to the sheet, as it was opened from there.
        ("R<enter><enter>", Middle::Responses, Pane::Response),
        ("R<enter><esc>", Middle::Responses, Pane::Response),
        ("R<enter>5<enter>", Middle::Responses, Pane::Response),
        ("R<enter><enter>R", Middle::Grid, Pane::Kernels),
        ("R<enter><esc><esc>", Middle::Grid, Pane::Kernels),
        ("<tab><enter>R<esc>", Middle::Grid, Pane::Kernels),
        ("R5<enter>", Middle::Responses, Pane::Response),
        ("R<tab><tab><enter>", Middle::Kernel { row: 0, column: 0 }, Pane::Kernels),
    ];
    for (keys, middle, focus) in cases {
        let mut session = wide();
        session.keys(keys);
        assert_eq!((session.state.middle, session.state.focus), (middle, focus), "after {keys:?}");
    }
}

#[test]
fn moving_the_selection_costs_no_picture_until_it_leaves_the_page() {
    let mut session = wide();
    session.keys("R");
    let (first, before) = (sheet(&session), session.pictures());
    assert_eq!(first.kernels, (0..64).collect::<Vec<_>>());
    assert_eq!(first.page, (0, 1));
    for (keys, kernel) in [("j", first.layout.columns), ("l", first.layout.columns + 1), ("G", 63), ("g", 0)]
    {
        session.keys(keys);
        assert_eq!(session.state.kernel, kernel, "after {keys:?}");
    }
    assert_eq!(session.pictures(), before, "the words alone move");
    // conv2 has more kernels than fit.
    session.keys("}R<esc>R");
    let on_a_page = sheet(&session).layout.on_a_page();
    assert_eq!(sheet(&session).layout.tile, (4, 2));
    session.keys("<pgdn>");
    let second = sheet(&session);
    assert_eq!((session.state.kernel, second.page.0), (on_a_page, 1));
    assert_eq!(second.kernels, (on_a_page..(2 * on_a_page).min(1000)).collect::<Vec<_>>());
    session.keys("<left>");
    assert_eq!(sheet(&session).page.0, 0, "the page goes with the selection");
}

#[test]
fn a_change_of_the_layer_or_the_order_asks_for_the_new_sheet_at_once() {
    let mut session = wide();
    session.keys("R");
    let before = session.pictures();
    session.keys("}");
    assert_eq!(session.pictures(), before + 1);
    assert_eq!((asked(&session).layer, sheet(&session).kernels[0]), (2, 0));
    session.keys("{o");
    assert_eq!(sheet(&session).kernels, session.state.order, "as the grid is sorted");
    session.keys("Ot");
    assert_eq!(sheet(&session).kernels, session.state.order, "and filtered");
    assert!(!sheet(&session).one_scale);
    session.keys("mm");
    assert!(sheet(&session).one_scale, "per layer");
    session.keys("<tab>gj");
    assert_eq!((asked(&session).kernel, asked(&session).sheet), (None, None), "a layer without kernels");
}

#[test]
fn a_click_selects_and_the_next_one_opens() {
    let mut session = wide();
    session.keys("R");
    let (sheet, room) = (sheet(&session), inside(session.state.response_pane().unwrap()));
    let tile = sheet.layout.tile(12);
    let left = sheet.layout.left(room.width, sheet.kernels.len());
    let click = Msg::Mouse(Mouse { kind: MouseKind::Click, x: room.x + left + tile.x, y: room.y + tile.y });
    session.take(click);
    assert_eq!((session.state.kernel, session.state.middle), (12, Middle::Responses));
    let click = Msg::Mouse(Mouse { kind: MouseKind::Click, x: room.x + left + tile.x, y: room.y + tile.y });
    session.take(click);
    assert_eq!((session.state.kernel, session.state.middle), (12, Middle::Response { of_sheet: true }));
}

/// A photo of rings: edges of every direction.
fn photo() -> Photo {
    let (width, height) = (420, 280);
    let brightness = |at: usize| {
        let (x, y) = ((at / 3 % width) as f32 - 200.0, (at / 3 / width) as f32 - 140.0);
        (127.0 + 120.0 * ((x * x + y * y) / 900.0 + (at % 3) as f32).sin()) as u8
    };
    Photo { width, height, rgb: (0..width * height * 3).map(brightness).collect() }
}

/// Of each block the response that is farthest from zero.
fn pooled(response: ArrayView2<'_, f32>, pool: usize) -> Array2<f32> {
    let (rows, columns) = response.dim();
    Array2::from_shape_fn((rows.div_ceil(pool), columns.div_ceil(pool)), |(row, column)| {
        let block = response.slice(s![
            row * pool..((row + 1) * pool).min(rows),
            column * pool..((column + 1) * pool).min(columns)
        ]);
        block.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap()
    })
}

fn answered(spec: ResponseSpec, weights: Weights) -> (Indexed, ResponseFacts) {
    let (sender, answers) = mpsc::channel();
    let worker = response::spawn(photo, move |_, result| sender.send(result).unwrap());
    worker.submit(Request { ticket: Ticket(1), spec, weights: Some(Arc::new(weights)) });
    match answers.recv().unwrap().unwrap() {
        (Drawn::Response(picture), facts) => (*picture, facts),
        (Drawn::Photo(_), _) => panic!("a photo instead of responses"),
    }
}

#[test]
fn each_tile_is_the_response_of_its_kernel() {
    let mut session = wide();
    let weights = || Weights { kernels: stripes(&network()[0]), bias: None };
    for (keys, one_scale, slice) in [("R", false, None), ("omm", true, None), ("Om]", false, Some(0))] {
        session.keys(keys);
        let (spec, sheet) = (asked(&session), sheet(&session));
        assert_eq!(sheet.one_scale, one_scale);
        let (width, height) = (usize::from(sheet.layout.tile.0) * 8, usize::from(sheet.layout.tile.1) * 16);
        let pool = (224 / width.max(height)).min(4);
        let fitted = photo().fitted(width * pool, height * pool);
        let response = |&kernel: &usize| {
            let (kernels, input) = (
                weights().kernels,
                match slice {
                    None => spec.kernel.unwrap().preprocessing.apply(&fitted),
                    Some(_) => (fitted.grey() / 127.5 - 1.0).insert_axis(Axis(0)),
                },
            );
            let kernel = match slice {
                None => kernels.slice(s![kernel, .., .., ..]),
                Some(slice) => kernels.slice(s![kernel, slice..=slice, .., ..]),
            };
            let response = respond(input.view(), kernel, &ConvParams::same_size([7, 7]), 0.0).unwrap();
            pooled(response.view(), pool)
        };
        let responses: Vec<Array2<f32>> = sheet.kernels.iter().map(response).collect();
        let views: Vec<_> = responses.iter().map(|response| response.view()).collect();
        let all = response_limit(concatenate(Axis(0), &views).unwrap().view(), COLORED);
        let (picture, facts) = answered(spec, weights());
        assert_eq!(facts.largest.is_some(), one_scale);
        let mut drawn = HashSet::new();
        for (place, response) in responses.iter().enumerate() {
            let limit = if one_scale { all } else { response_limit(response.view(), COLORED) };
            let tile = Indexed::of_response(response.view(), ResponseMode::Signed, &COLOR_MAPS[0], limit);
            assert_eq!(facts.size, (tile.width as u32, tile.height as u32));
            let (left, top) = sheet.layout.origin(place, (8, 16), (tile.width, tile.height));
            for (at, level) in tile.indices.iter().enumerate() {
                let at = (top + at / tile.width) * picture.width + left + at % tile.width;
                // Many kernels at once are not summed up in the order of one.
                let near = picture.indices[at].abs_diff(*level) <= 1;
                assert!(near, "kernel {} of {keys:?}", sheet.kernels[place]);
                drawn.insert(at);
            }
        }
        let rest = picture.indices.iter().enumerate().filter(|(at, _)| !drawn.contains(at));
        assert!(rest.clone().count() > 1000 && rest.into_iter().all(|(_, level)| *level == TRANSPARENT));
    }
}

#[test]
fn a_sheet_of_half_blocks_is_made_too_and_one_of_many_kernels() {
    for (layer, graphics) in [(0, Graphics::Halfblocks), (2, Graphics::Sixel)] {
        let mut session = wide();
        session.take(Msg::Terminal(Facts { graphics, ..session.state.facts.clone() }));
        session.keys(if layer == 0 { "R" } else { "}R" });
        let (cell, sheet) = (session.state.facts.pixels(), sheet(&session));
        let weights = Weights { kernels: stripes(&network()[layer]), bias: None };
        let (picture, _) = answered(asked(&session), weights);
        let size = (picture.width / usize::from(cell.0), picture.height / usize::from(cell.1));
        assert_eq!((size.0 as u16, size.1 as u16), sheet.size(), "{graphics:?}");
    }
}

#[test]
fn weights_that_are_not_finite_are_seen_on_their_tile() {
    let mut kernels = Array4::from_elem((2, 3, 3, 3), 0.5);
    kernels[(1, 0, 1, 1)] = f32::NAN;
    let layout = convscope::app::layout::Sheet { tile: (6, 3), columns: 2, rows: 1 };
    let how = KernelOnPhoto {
        map: &COLOR_MAPS[0],
        kernel: 0,
        input: PhotoInput::Colour,
        mode: ResponseMode::Signed,
        preprocessing: Preprocessing::Torch,
        stride: [1, 1],
    };
    let spec = ResponseSpec {
        side: Side::A,
        layer: 0,
        read: Ticket(1),
        kernel: Some(how),
        sheet: Some(SheetOnPhoto { layout, kernels: vec![0, 1], page: (0, 1), one_scale: true }),
        cells: (13, 4),
        facts: Facts { graphics: Graphics::Kitty, cell: (8, 16), ..Facts::default() },
    };
    let (picture, facts) = answered(spec, Weights { kernels, bias: None });
    let counted = |half: usize| {
        let row = picture.indices.chunks(picture.width).flat_map(|row| &row[half * 56..half * 56 + 48]);
        row.filter(|level| **level == u8::MAX).count()
    };
    assert_eq!(counted(0), 0, "the other kernel is drawn as ever");
    assert!(counted(1) > 1000 && facts.largest.unwrap().1.is_finite());
}

/// A picture of this size, drawn as dots.
struct Dots((u16, u16));

impl Picture for Dots {
    fn size(&self) -> (u16, u16) {
        self.0
    }

    fn render(&self, area: Rect, buffer: &mut Buffer, _: Theme) {
        for position in area.positions() {
            buffer[position].set_symbol("·");
        }
    }
}

#[test]
fn the_screen_says_which_kernel_each_response_is_of() {
    let mut session = Session::on(vec![conv("conv1", 7, 3, 12)], 100, 30);
    session.keys("Rl");
    let mut draw = |keys: &str, color: ColorDepth| {
        session.keys(keys);
        session.state.facts.color = color;
        let mut buffer = Buffer::empty(Rect::new(0, 0, 100, 30));
        view::draw(&mut buffer, &session.state, Some(&Dots(sheet(&session).size())));
        dump(&buffer)
    };
    insta::assert_snapshot!(draw("", ColorDepth::True));
    insta::assert_snapshot!("sheet_without_colours", draw("jvmm", ColorDepth::None));
}
