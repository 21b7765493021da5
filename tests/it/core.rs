//! The functional core as tables: keys in, state out.

use convscope::app::effect::Effect;
use convscope::app::maps::Maps;
use convscope::app::msg::{Mouse, MouseKind, Msg, Opened};
use convscope::app::state::{
    Background, Choices, Facts, Graphics, Load, Middle, Mode, Pane, PhotoInput, ResponseFacts, Ticket,
};
use convscope::raster::{ChannelOrder, ColorMap, DARK_CENTRE, LIGHT_CENTRE, Normalization, ResponseMode};
use convscope::weights::{Layer, Layout};

use crate::session::{Session, conv, dense};

fn network() -> Vec<Layer> {
    vec![
        dense("stem"),
        conv("conv1", 7, 3, 64),
        dense("head"),
        conv("conv2", 3, 16, 100),
        conv("gray", 5, 1, 4),
    ]
}

fn wide() -> Session {
    // Kernels pane: 64 kernels of 7×7 at zoom 1 stand 9 in a row, all visible.
    Session::on(network(), 160, 45)
}

#[test]
fn it_begins_at_the_first_layer_with_kernels() {
    let session = wide();
    assert_eq!((session.state.layer, session.state.kernel, session.state.focus), (1, 0, Pane::Kernels));
    assert_eq!(session.reads(), ["stem", "conv1"].map(str::to_owned)[1..].to_vec());
}

#[test]
fn keys_move_the_selected_kernel() {
    let columns = 9;
    let cases = [
        ("", 0),
        ("<right>", 1),
        ("l", 1),
        ("<left>", 0),
        ("<down>", columns),
        ("j", columns),
        ("jk", 0),
        ("<up>", 0),
        ("<end>", 63),
        ("G", 63),
        ("G<right>", 63),
        ("Gg", 0),
        ("G<home>", 0),
        // 63 is alone in the last row: down from the row above a short row goes to the last kernel.
        ("Gkllllj", 63),
        ("<pgdn>", 63),
        ("G<pgup>", 0),
        ("12<enter>", 12),
        (":7<enter>", 7),
        (":<esc>", 0),
        ("63<bs><enter>", 6),
        ("64<enter>", 0),
        (">>>", 3),
        (">>><", 2),
    ];
    for (keys, kernel) in cases {
        assert_eq!(wide().keys(keys).state.kernel, kernel, "after {keys:?}");
    }
}

#[test]
fn a_kernel_that_is_not_there_is_said() {
    let mut session = wide();
    session.keys("64<enter>");
    assert_eq!(session.state.message.as_deref(), Some("no kernel 64: there are 0 to 63"));
    session.keys("j");
    assert_eq!(session.state.message, None, "the next key takes the word away");
}

#[test]
fn keys_move_between_layers() {
    let cases = [
        ("}", "conv2"),
        ("}}", "gray"),
        ("}}}", "gray"),
        ("}{", "conv1"),
        ("<s-tab>j", "head"),
        ("<tab><tab>jj", "conv2"),
        ("<s-tab>G", "gray"),
        ("<s-tab>g", "stem"),
        ("/conv2<enter>", "conv2"),
        ("/CONV2<enter>", "conv2"),
        ("/o", "conv1"),
        ("/on<enter>n", "conv2"),
        ("/on<enter>nn", "conv1"),
        ("/on<enter>N", "conv2"),
        ("/gray<esc>", "conv1"),
        ("/nothing", "conv1"),
        ("/gray<bs><bs><bs><bs><bs>", "conv1"),
    ];
    for (keys, layer) in cases {
        let mut session = wide();
        session.keys(keys);
        assert_eq!(session.state.selected_layer().unwrap().name, layer, "after {keys:?}");
    }
}

#[test]
fn every_layer_is_read_once_when_it_is_selected() {
    let mut session = wide();
    session.keys("}}{").keys("jjj");
    assert_eq!(session.reads(), ["conv1", "conv2", "gray", "conv2"]);
}

#[test]
fn the_selection_is_always_in_sight_and_in_range() {
    let mut session = Session::on(network(), 60, 20);
    for keys in
        ["G", "g", "jjjj", "}", "G", "+", "+", "-", "{", "<pgdn>", "}}", "G", "<enter>", "{", "<s-tab>G"]
    {
        session.keys(keys);
        let state = &session.state;
        let (pane, kernels) = (state.kernels_pane().unwrap(), state.kernels());
        if let Some(kernels) = kernels {
            let room = convscope::app::layout::inside(pane);
            let grid = convscope::app::layout::Grid::of(room, kernels.shape, kernels.shape.c_out, state.zoom);
            let row = state.kernel / grid.columns;
            assert!(state.kernel < kernels.shape.c_out, "{keys}");
            assert!(
                (state.grid_top..state.grid_top + grid.rows).contains(&row),
                "{keys}: row {row} of {state:?}"
            );
        }
    }
}

#[test]
fn one_kernel_fills_the_pane_with_a_cursor_over_its_weights() {
    let cases = [
        ("<enter>", Middle::Kernel { row: 0, column: 0 }),
        ("<enter>jjl", Middle::Kernel { row: 2, column: 1 }),
        ("<enter>G", Middle::Kernel { row: 6, column: 6 }),
        ("<enter>Gjl", Middle::Kernel { row: 6, column: 6 }),
        ("<enter>Ggk", Middle::Kernel { row: 0, column: 0 }),
        ("<enter><enter>", Middle::Grid),
        ("<enter><esc>", Middle::Grid),
        // conv2 is 3×3: the cursor stays on it.
        ("<enter>G}", Middle::Kernel { row: 2, column: 2 }),
        ("<tab><enter>", Middle::Response { of_sheet: false }),
        ("<tab><enter><enter>", Middle::Grid),
        ("<tab><enter><esc>", Middle::Grid),
    ];
    for (keys, middle) in cases {
        assert_eq!(wide().keys(keys).state.middle, middle, "after {keys:?}");
    }
    let mut session = wide();
    session.keys("<enter><pgdn><pgdn><pgup>");
    assert_eq!(session.state.kernel, 1);
}

#[test]
fn what_is_drawn_is_switched_and_kept() {
    let mut session = wide();
    assert_eq!(
        (session.state.normalization, session.state.channels),
        (Normalization::Kernel, ChannelOrder::Rgb)
    );
    session.keys("mb");
    assert_eq!(
        (session.state.normalization, session.state.channels),
        (Normalization::Zero, ChannelOrder::Bgr)
    );
    session.keys("mm").keys("b");
    assert_eq!(
        (session.state.normalization, session.state.channels),
        (Normalization::Kernel, ChannelOrder::Rgb)
    );
    assert_eq!(wide().keys("r").state.response_mode, ResponseMode::default().next());
}

#[test]
fn slices_go_round_and_colours_are_one_of_them() {
    let drawn = |keys: &str| {
        let mut session = wide();
        session.keys(keys);
        session.state.slice_drawn(session.state.kernels().unwrap().shape)
    };
    // conv1: in colour, then slice 0, 1, 2, then in colour again.
    for (keys, slice) in
        [("", None), ("]", Some(0)), ("]]]", Some(2)), ("]]]]", None), ("[", Some(2)), ("][", None)]
    {
        assert_eq!(drawn(keys), slice, "after {keys:?}");
    }
    // conv2 has 16: there is always one drawn.
    for (keys, slice) in [("}", 0), ("}]", 1), ("}[", 15), ("}[]", 0), ("}][", 0)] {
        assert_eq!(drawn(keys), Some(slice), "after {keys:?}");
    }
    assert_eq!(drawn("}}]"), None);
}

#[test]
fn the_depth_of_a_3d_kernel_is_no_colour() {
    let mut layer = conv("conv3d", 3, 1, 8);
    layer.tensors[0].shape = vec![3, 3, 3, 1, 8];
    layer.kernels = Some((0, Layout::Dhwio));
    let session = Session::on(vec![layer], 120, 40);
    let shape = session.state.kernels().unwrap().shape;
    assert_eq!((shape.slices(), shape.is_coloured(), session.state.slice_drawn(shape)), (3, false, Some(0)));
    let kernel = session.state.preview.wanted.as_ref().unwrap().kernel.unwrap();
    assert_eq!(kernel.input, PhotoInput::Grey { slice: 0 });
}

#[test]
fn zoom_stays_within_its_bounds() {
    let fit = wide();
    assert_eq!(fit.state.zoom, None);
    assert_eq!(wide().keys("+").state.zoom, Some(2));
    assert_eq!(wide().keys("---").state.zoom, Some(1));
    assert_eq!(wide().keys("+=").state.zoom, None);
    let mut session = wide();
    for _ in 0..100 {
        session.keys("+");
    }
    assert_eq!(session.state.zoom, Some(32));
}

#[test]
fn a_foreign_layout_is_switched_and_read_anew() {
    let mut guessed = conv("a", 5, 3, 5);
    guessed.layout_guessed = true;
    let mut session = Session::on(vec![guessed], 160, 45);
    assert_eq!(session.state.kernels().unwrap().shape.c_out, 5);
    session.keys("L");
    assert_eq!(session.state.layers[0].kernels, Some((0, Layout::Oihw)));
    assert_eq!(session.reads().len(), 2);
    let mut known = wide();
    known.keys("L");
    assert!(known.state.message.is_some() && known.reads().len() == 1);
}

#[test]
fn the_picture_follows_the_selection_and_nothing_else_asks_for_one() {
    let mut session = wide();
    let before = session.pictures();
    session.keys("j");
    assert_eq!(session.pictures(), before + 1);
    session.keys("k").keys("k").keys("+").keys("?<esc>").keys("m");
    assert_eq!(session.pictures(), before + 2, "only the way back up changed the kernel");
    session.keys("r").keys("f").keys("s").keys("p");
    assert_eq!(session.pictures(), before + 6);
    session.take(Msg::Resize { width: 120, height: 40 });
    assert_eq!(session.pictures(), before + 7);
}

#[test]
fn a_background_that_is_known_late_changes_colours_and_nothing_else() {
    let mut session = wide();
    session.answer_pictures = false;
    let (before, effects) = (session.state.clone(), session.effects.len());
    let map = |session: &Session| session.state.preview.wanted.as_ref().unwrap().kernel.unwrap().map;
    assert_eq!(map(&session), DARK_CENTRE);
    let facts = Facts { background: Background::Light, ..session.state.facts.clone() };
    session.take(Msg::Terminal(facts));
    assert_eq!(map(&session), LIGHT_CENTRE);
    let new = &session.effects[effects..];
    assert!(
        matches!(new, [Effect::Respond { .. }]),
        "the old picture stays until the new one is there: {new:?}"
    );
    assert_eq!(session.state.preview.shown, before.preview.shown);
    assert_eq!((session.state.kernel, &session.state.data), (before.kernel, &before.data));
}

#[test]
fn chosen_colour_maps_stay_whatever_the_background() {
    let grey = ColorMap::named("grey");
    assert!(grey.is_some());
    let maps = Maps { response: grey, ..Maps::default() };
    let choices = Choices { maps, ..Choices::default() };
    let mut session = Session::with_choices(network(), 160, 45, choices);
    let map = |session: &Session| session.state.preview.wanted.as_ref().unwrap().kernel.unwrap().map;
    assert_eq!(Some(map(&session)), grey);
    session.keys("r");
    assert_eq!(map(&session), DARK_CENTRE, "the magnitude has a map of its own");
}

#[test]
fn a_late_picture_is_dropped() {
    let mut session = wide();
    session.answer_pictures = false;
    session.keys("j");
    let first = session.state.preview.pending.unwrap();
    session.keys("j");
    let second = session.state.preview.pending.unwrap();
    assert_ne!(first, second);
    let shown = session.state.preview.shown.clone();
    let facts = |largest| Ok(ResponseFacts { size: (8, 8), largest: Some((largest, largest)) });
    session.take(Msg::Responded { ticket: first, result: facts(1.0) });
    assert_eq!(session.state.preview.shown, shown, "the first answer came too late");
    session.take(Msg::Responded { ticket: second, result: facts(2.0) });
    assert_eq!(session.state.preview.shown.as_ref().unwrap().1.largest, Some((2.0, 2.0)));
}

#[test]
fn a_late_layer_is_dropped() {
    let mut session = wide();
    let stale = Msg::Read { ticket: Ticket(1), result: Err("late".to_owned()) };
    session.take(stale);
    assert!(session.state.kernels().is_some());
}

#[test]
fn slices_meet_a_grey_photo_and_colours_the_networks_own_input() {
    let input = |keys: &str| {
        let mut session = wide();
        session.keys(keys);
        session.state.preview.wanted.clone().unwrap().kernel.map(|kernel| (kernel.input, kernel.stride))
    };
    assert_eq!(input(""), Some((PhotoInput::Colour, [1, 1])));
    assert_eq!(input("s"), Some((PhotoInput::Colour, [2, 2])));
    assert_eq!(input("]]"), Some((PhotoInput::Grey { slice: 1 }, [1, 1])));
    assert_eq!(input("}]"), Some((PhotoInput::Grey { slice: 1 }, [1, 1])));
    assert_eq!(input("p"), None);
    assert_eq!(input("<s-tab>g"), None, "a dense layer shows the photo");
}

#[test]
fn nothing_is_asked_for_before_the_terminal_is_known() {
    let mut session = Session::on(network(), 160, 45);
    session.take(Msg::Terminal(Facts { graphics: Graphics::Unknown, ..session.state.facts.clone() }));
    let before = session.pictures();
    session.keys("jjj");
    assert_eq!(session.pictures(), before);
}

#[test]
fn the_mouse_selects_and_scrolls() {
    let click = |x, y| Msg::Mouse(Mouse { kind: MouseKind::Click, x, y });
    let wheel = |kind, x, y| Msg::Mouse(Mouse { kind, x, y });
    let mut session = wide();
    let panes = session.state.panes().unwrap();
    session.take(click(panes.kernels.x + 2 + 8, panes.kernels.y + 2));
    assert_eq!(session.state.kernel, 1);
    session.take(click(panes.kernels.x + 2 + 8, panes.kernels.y + 2));
    assert_eq!(session.state.middle, Middle::Kernel { row: 0, column: 0 }, "a second click opens it");
    session.keys("<esc>");
    session.take(click(panes.layers.x + 3, panes.layers.y + 1 + 3));
    assert_eq!(
        (session.state.selected_layer().unwrap().name.as_str(), session.state.focus),
        ("conv2", Pane::Layers)
    );
    session.take(wheel(MouseKind::WheelDown, panes.layers.x + 3, panes.layers.y + 1));
    assert_eq!(session.state.selected_layer().unwrap().name, "gray");
    session.keys("{{<tab>");
    session.take(wheel(MouseKind::WheelDown, panes.kernels.x + 3, panes.kernels.y + 3));
    assert!(session.state.kernel > 1);
}

#[test]
fn kernels_are_judged_once_a_layer_is_read_and_late_verdicts_are_dropped() {
    let mut session = wide();
    let judged = |session: &Session| session.state.judgement.kernels.iter().flatten().count();
    assert_eq!(judged(&session), 64);
    assert!(session.state.judgement.layer.is_some() && session.state.health.contains_key(&1));
    session.answer_verdicts = false;
    let old = session.state.judgement.kernels[0].unwrap();
    let ticket = session.state.judgement.ticket;
    session.keys("}");
    assert_eq!(judged(&session), 0, "the next layer's verdicts are on their way");
    session.take(Msg::Judged { ticket, kernels: vec![(0, old)] });
    assert_eq!(judged(&session), 0, "the last layer's come too late");
    let ticket = session.state.judgement.ticket;
    session.take(Msg::Judged { ticket, kernels: vec![(0, old), (1000, old)] });
    assert_eq!(judged(&session), 1, "marks appear as they are known");
}

#[test]
fn the_grid_is_sorted_and_the_selection_stays_on_its_kernel() {
    let mut session = wide();
    session.keys("12<enter>");
    for sort in ["norm", "gain", "orientation", "frequency", "noise", "similarity", "index"] {
        session.keys("o");
        assert_eq!((session.state.ordering.sort.name(), session.state.kernel), (sort, 12));
        let mut all = session.state.order.clone();
        all.sort_unstable();
        assert_eq!(all, (0..64).collect::<Vec<_>>(), "by {sort} every kernel is there once");
    }
    session.keys("o");
    let norm = |kernel: &usize| session.state.diagnosis(*kernel).unwrap().statistics.l2;
    assert!(session.state.order.iter().map(norm).is_sorted_by(|a, b| a >= b), "the heaviest first");
    let first = session.state.order[0];
    session.keys("g");
    assert_eq!(session.state.kernel, first, "Home goes to the first of the order");
    session.keys("l");
    assert_eq!(session.state.kernel, session.state.order[1]);
    session.keys("O");
    assert_eq!(session.state.order, (0..64).collect::<Vec<_>>());
}

#[test]
fn the_most_similar_kernel_is_the_one_that_was_selected() {
    let mut session = wide();
    session.keys("20<enter>oooooo");
    assert_eq!((session.state.ordering.anchor, session.state.order[0]), (20, 20));
    session.keys("ll");
    assert_eq!(session.state.order[0], 20, "moving on does not shuffle the grid");
}

#[test]
fn the_gain_comes_late_and_is_sorted_by() {
    let mut session = wide();
    let (_, ticket) = session.state.data_of.unwrap();
    let gain: Vec<f64> = (0..64).map(|kernel| f64::from((kernel * 37) % 64)).collect();
    session.take(Msg::Gain { ticket: Ticket(0), gain: vec![9.0; 64] });
    assert_eq!(session.state.gain, None, "of another layer");
    session.take(Msg::Gain { ticket, gain: gain.clone() });
    session.keys("oo");
    assert!(session.state.order.iter().map(|kernel| gain[*kernel]).is_sorted_by(|a, b| a >= b));
    assert_eq!(session.state.diagnosis(5).unwrap().gain, Some(gain[5]));
}

#[test]
fn the_filter_walks_through_the_verdicts_that_there_are() {
    let mut session = wide();
    let layer = session.state.judgement.layer.clone().unwrap();
    let mut seen = Vec::new();
    loop {
        session.keys("t");
        let Some(verdict) = session.state.ordering.filter else { break };
        assert_eq!(session.state.order.len(), layer.count(verdict), "{}", verdict.name());
        assert!(session.state.order.iter().all(|kernel| layer.kernels[*kernel].verdict == verdict));
        assert!(session.state.order.contains(&session.state.kernel), "the selection is one of them");
        seen.push(verdict);
    }
    assert_eq!(seen.iter().map(|verdict| layer.count(*verdict)).sum::<usize>(), 64);
    assert_eq!(session.state.order.len(), 64, "after the last, every kernel");
    session.keys("t");
    let hidden = (0..64).find(|kernel| !session.state.order.contains(kernel));
    if let Some(hidden) = hidden {
        session.keys(&format!(":{hidden}<enter>"));
        assert_eq!(
            (session.state.kernel, session.state.ordering.filter),
            (hidden, None),
            "whoever names it sees it"
        );
    }
}

#[test]
fn the_help_opens_scrolls_and_closes() {
    let mut session = Session::on(network(), 80, 24);
    assert_eq!(session.keys("?").state.mode, Mode::Help(0));
    assert_eq!(session.keys("jj").state.mode, Mode::Help(2));
    assert_eq!(session.keys("k").state.mode, Mode::Help(1));
    assert_eq!(session.keys("q").state.mode, Mode::Browse);
    assert!(!session.effects.contains(&Effect::Quit), "q closes the help and no more");
    session.keys("?<c-c>");
    assert!(session.effects.contains(&Effect::Quit), "Ctrl-C leaves from anywhere");
}

#[test]
fn the_program_is_left_and_stopped_from_anywhere() {
    for keys in ["q", "<c-c>", "/x<c-c>", ":1<c-c>", "<enter>q"] {
        let mut session = wide();
        session.keys(keys);
        assert!(session.effects.contains(&Effect::Quit), "{keys:?}");
    }
    let mut session = wide();
    session.keys("/q");
    assert!(!session.effects.contains(&Effect::Quit), "q is a letter here");
    session.keys("<c-z>");
    assert!(session.effects.contains(&Effect::Suspend));
}

#[test]
fn a_layer_is_chosen_by_name_or_index() {
    for (named, layer) in [("conv2", 3), ("4", 4), ("stem", 0)] {
        let choices = Choices { layer: Some(named.to_owned()), ..Choices::default() };
        assert_eq!(Session::with_choices(network(), 160, 45, choices).state.layer, layer, "{named}");
    }
}

#[test]
fn a_chosen_layer_that_is_not_there_ends_with_a_sentence() {
    let choices = Choices { layer: Some("conv3".to_owned()), ..Choices::default() };
    let session = Session::with_choices(network(), 160, 45, choices);
    let sentence = session.effects.iter().find_map(|effect| match effect {
        Effect::Fail(sentence) => Some(sentence.clone()),
        _ => None,
    });
    assert_eq!(sentence.as_deref(), Some("model.h5: there is no layer conv3; did you mean conv1?"));
}

#[test]
fn a_file_that_cannot_be_opened_ends_with_its_sentence_unless_something_is_shown() {
    let fails = |session: &Session| session.effects.iter().any(|effect| matches!(effect, Effect::Fail(_)));
    let mut empty = Session::on(Vec::new(), 100, 30);
    empty.take(Msg::Opened(Err("model.h5: is empty".to_owned())));
    assert!(fails(&empty));
    let mut shown = wide();
    shown.take(Msg::Opened(Err("model.h5: changed".to_owned())));
    assert!(!fails(&shown));
    assert_eq!(shown.state.index, Load::Failed("model.h5: changed".to_owned()));
}

/// Colours that change a moment later would be a flicker of the whole screen.
#[test]
fn the_first_layers_are_shown_in_the_colours_of_the_network() {
    let layers = || vec![conv("conv1", 7, 3, 64), conv("bn_conv1", 7, 3, 64)];
    let order = |network: Option<&str>| {
        let mut session = Session::on(Vec::new(), 100, 30);
        let network = network.map(str::to_owned);
        session.take(Msg::Layers { network: network.clone(), layers: layers() });
        let first = session.state.channels;
        session.take(Msg::Opened(Ok(Opened { name: network, ..Opened::default() })));
        assert_eq!(session.state.channels, first);
        first
    };
    assert_eq!(order(Some("resnet50")), ChannelOrder::Bgr);
    assert_eq!(order(Some("mobilenet")), ChannelOrder::Rgb);
}

#[test]
fn layers_may_come_in_pieces() {
    let mut session = Session::on(vec![dense("a"), dense("b")], 100, 30);
    assert_eq!(session.state.layer, 0);
    session.take(Msg::Layers { network: None, layers: vec![conv("c", 3, 3, 8)] });
    assert_eq!(session.state.layer, 2, "the first kernels are what one came for");
    session.keys("<s-tab>g");
    session.take(Msg::Layers { network: None, layers: vec![conv("d", 3, 3, 8)] });
    assert_eq!(session.state.layer, 0, "but the user's own selection stays");
    session.take(Msg::Opened(Ok(Opened::default())));
}
