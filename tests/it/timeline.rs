//! A run in the core: epochs come, keys move through them, the history fills in; screens of the timeline.

use convscope::app::effect::Effect;
use convscope::app::layout::{Marks, inside};
use convscope::app::msg::{Mouse, MouseKind, Msg, Opened};
use convscope::app::run::{Condition, EpochId, Study};
use convscope::app::state::{LayerData, Load, Pane};
use convscope::photo::Preprocessing;
use convscope::weights::Layer;

use crate::screens::{dump, screen, text};
use crate::session::{Session, WRONG, conv, dense, epochs};

fn network() -> Vec<Layer> {
    vec![conv("conv1", 7, 3, 12), dense("head"), conv("conv2", 5, 3, 4)]
}

/// A session on a run with these epochs, at the newest.
fn run(labels: &str) -> Session {
    on_screen(labels, 160, 45)
}

fn on_screen(labels: &str, width: u16, height: u16) -> Session {
    let mut session = Session::on(network(), width, height);
    session.epochs(labels);
    session
}

fn at(selected: &str, shown: &str) -> (String, String) {
    (selected.to_owned(), shown.to_owned())
}

/// The selected kernel's norm.
fn norm(session: &Session) -> f64 {
    session.state.described.as_ref().unwrap().statistics.l2
}

#[test]
fn keys_move_through_the_epochs() {
    let cases = [
        ("", "5"),
        (",", "4"),
        (",,", "3"),
        (",.", "5"),
        ("(", "1"),
        ("(.", "2"),
        ("()", "5"),
        ("(,", "1"),
        ("....", "5"),
    ];
    for (keys, epoch) in cases {
        let mut session = run("1 2 3 4 5");
        session.keys(keys);
        assert_eq!(session.at(), at(epoch, epoch), "after {keys:?}");
        let shown = session.state.run.shown.unwrap();
        let LayerData::Kernels(expected) = session.read(shown, &network()[0]).unwrap() else { panic!() };
        assert_eq!(session.state.kernels(), Some(&expected), "the weights are that epoch's");
    }
    let mut session = run("1 2");
    session.keys(".");
    assert_eq!(session.state.message.as_deref(), Some("this is the newest epoch"));
}

#[test]
fn one_file_has_no_timeline_and_says_how_to_have_one() {
    let mut session = Session::on(network(), 160, 45);
    for keys in [".", ",", "(", ")", " "] {
        session.keys(keys);
        let message = session.state.message.clone().unwrap();
        assert!(message.contains("--follow"), "{message}");
        assert!(!session.state.run.playing);
    }
    assert_eq!(session.reads().len(), 1);
    assert_eq!(session.state.panes().unwrap().timeline, None);
    assert!(session.effects.iter().all(|effect| !matches!(effect, Effect::Study { .. })));
    assert!(session.state.run.film.is_empty(), "nothing is kept that nobody can come back to");
}

#[test]
fn the_selection_and_the_look_stay_from_epoch_to_epoch() {
    let mut session = run("1 2 3");
    session.keys("jl").keys("]").keys("m");
    let (kernel, slice) = (session.state.kernel, session.state.slice);
    let before = norm(&session);
    session.keys(",");
    assert_eq!((session.state.kernel, session.state.slice), (kernel, slice));
    assert!(kernel > 0 && slice.is_some() && norm(&session) < before, "but the numbers are others");
    session.keys("}").keys(",");
    assert_eq!(session.state.selected_layer().unwrap().name, "conv2");
    assert_eq!(session.at(), at("1", "1"));
}

#[test]
fn neighbours_are_read_ahead_and_a_step_needs_no_reading() {
    let mut session = run("1 2 3 4 5 6 7 8");
    let reads = session.reads().len();
    session.keys(",,,,,,,.....");
    assert_eq!(session.reads().len(), reads);
    assert_eq!(session.at(), at("6", "6"));
    assert!(session.state.judgement.layer.is_some(), "the verdicts are there at once too");
    let order: Vec<u32> = session
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Study { study, .. } => match &**study {
                Study::Frame { epoch, .. } => Some(epoch.0),
                Study::Change { .. } => None,
            },
            _ => None,
        })
        .collect();
    assert_eq!(order, [7, 6, 5, 4, 3, 2, 1], "from the selected one on, and each once");
    let conv1 = session.state.run.history("conv1");
    assert!(conv1.iter().all(|point| point.is_some_and(|point| point.kernels.len() == 12)));
    let changes: Vec<bool> = conv1.iter().map(|point| point.unwrap().change.is_some()).collect();
    assert_eq!(changes, [false, true, true, true, true, true, true, true], "the first has none before it");
    let growth: Vec<f32> = conv1.iter().filter_map(|point| Some((*point)?.change.as_ref()?.1)).collect();
    assert!(growth.windows(2).all(|pair| pair[0] > pair[1]), "less and less: {growth:?}");
}

#[test]
fn the_epochs_in_memory_are_bounded_by_what_they_take() {
    // 2.4 million weights a layer: 9 MB an epoch.
    let mut session = Session::on(vec![conv("large", 3, 512, 512)], 160, 45);
    session.answer_verdicts = false;
    session.answer_studies = false;
    session.epochs("1 2 3 4 5 6 7 8");
    for _ in 0..7 {
        session.keys(",");
        assert!(session.state.run.film.len() <= 3, "{}", session.state.run.film.len());
    }
    let kept: Vec<u32> = session.state.run.film.keys().map(|(_, epoch)| epoch.0).collect();
    assert_eq!(kept, [1, 2, 3], "the ones around the selected one");
}

#[test]
fn a_hundred_epochs_of_a_first_layer_stay_in_memory() {
    let labels = (1..=100).map(|epoch| epoch.to_string()).collect::<Vec<_>>().join(" ");
    let mut session = Session::on(vec![conv("conv1", 7, 3, 64)], 160, 45);
    session.answer_verdicts = false;
    session.answer_studies = false;
    session.epochs(&labels);
    for _ in 0..100 {
        session.keys(",");
    }
    let run = &session.state.run;
    assert_eq!(run.film.len(), 100);
    let bytes: usize = run.film.values().map(convscope::app::run::Frame::bytes).sum();
    assert!(bytes < 8 << 20, "{bytes}");
}

#[test]
fn while_an_epoch_is_read_the_last_one_stays() {
    let mut session = run("1 2 3 4 5");
    session.keys("}");
    session.answer_reads = false;
    session.answer_studies = false;
    session.state.run.film.clear();
    session.keys(",,");
    assert_eq!(session.at(), at("3", "5"));
    assert!(session.state.kernels().is_some(), "no empty pane");
    assert_eq!(session.unread.len(), 2);
    // The first answer is late: the user has gone on.
    let (late, epoch, layer) = session.unread.remove(0);
    let result = session.read(epoch, &layer);
    session.take(Msg::Read { ticket: late, result });
    assert_eq!(session.at(), at("3", "5"));
    let (ticket, epoch, layer) = session.unread.remove(0);
    let result = session.read(epoch, &layer);
    session.take(Msg::Read { ticket, result });
    assert_eq!(session.at(), at("3", "3"));
}

#[test]
fn the_gain_is_said_again_of_an_epoch_that_one_comes_back_to() {
    let mut session = run("1 2 3");
    let (_, ticket) = session.state.data_of.unwrap();
    session.take(Msg::Gain { ticket, gain: vec![0.5; 12] });
    session.keys(",");
    assert_eq!(session.state.diagnosis(3).unwrap().gain, None);
    session.keys(".");
    assert_eq!(session.state.diagnosis(3).unwrap().gain, Some(0.5));
}

#[test]
fn an_epoch_that_cannot_be_read_leaves_the_last_good_weights_and_is_said() {
    let mut session = Session::on(network(), 160, 45);
    session.unreadable = vec![2];
    session.epochs("1 2 3");
    let before = session.state.kernels().unwrap().clone();
    session.keys(",");
    assert_eq!(session.at(), at("2", "3"));
    assert_eq!(session.state.kernels(), Some(&before));
    let message = session.state.message.clone().unwrap();
    assert!(message.contains("epoch 2 cannot be shown: ckpt-2.h5: is only partly written"), "{message}");
    let reads = session.reads().len();
    session.keys("jkl");
    assert_eq!(session.reads().len(), reads, "not asked for again and again");
    session.unreadable.clear();
    session.keys(",.");
    assert_eq!(session.at(), at("2", "2"), "who comes back finds it");
}

#[test]
fn new_epochs_are_shown_to_who_is_at_the_newest_and_told_to_others() {
    let mut session = run("1 2 3");
    session.epochs("1 2 3 4");
    assert_eq!(session.at(), at("4", "4"));
    assert_eq!(session.state.message, None);
    session.keys(",,").epochs("1 2 3 4 5");
    assert_eq!(session.at(), at("2", "2"));
    assert_eq!(session.state.message.as_deref(), Some("epoch 5 is there: ) goes to it"));
    session.keys(")").epochs("1 2 3 4 5 6");
    assert_eq!(session.at(), at("6", "6"));
}

#[test]
fn epochs_that_go_and_come() {
    let mut session = run("1 2 3 4");
    session.keys(",,").epochs("1 3 4");
    assert_eq!(session.state.message.as_deref(), Some("epoch 2 is gone"));
    assert_eq!(session.at(), at("3", "3"));
    session.epochs("4");
    assert_eq!(session.state.panes().unwrap().timeline, None, "one epoch is no run");
    session.epochs("");
    assert!(session.state.kernels().is_some(), "all gone: the last good weights stay");
    session.epochs("1 2");
    assert_eq!(session.at(), at("2", "2"));
}

#[test]
fn an_epoch_written_anew_is_read_anew_where_the_user_is() {
    let mut session = run("1 2 3");
    session.keys(",");
    let mut listed = epochs("1 2 3");
    listed[1].id = EpochId(7);
    let before = norm(&session);
    session.take(Msg::Epochs { epochs: listed, start: None, watched: true });
    assert_eq!(session.state.run.at, 1);
    assert_eq!(session.state.run.shown, Some(EpochId(7)));
    assert!(norm(&session) > before);
    assert!(session.state.run.film.keys().all(|(_, epoch)| epoch.0 != 2), "the old content is forgotten");
}

#[test]
fn a_file_that_is_overwritten_is_remembered_as_far_as_it_was_seen() {
    let mut session = run("1");
    session.keys("}{").epochs("!1 2").epochs("!1 !2 3");
    assert_eq!(session.at(), at("3", "3"));
    session.keys("(");
    assert_eq!(session.at(), at("1", "1"), "from memory: it cannot be read any more");
    session.keys("}");
    assert_eq!(session.at(), at("1", "1"), "this layer was looked at then too");
    // Nobody looked at anything of the fourth before it was overwritten.
    session.keys(")");
    (session.answer_reads, session.answer_studies) = (false, false);
    session.epochs("!1 !2 !3 4");
    session.epochs("!1 !2 !3 !4 5");
    let labels: Vec<&str> = session.state.run.epochs.iter().map(|epoch| epoch.label.as_str()).collect();
    assert_eq!(labels, ["1", "2", "3", "5"]);
}

#[test]
fn another_network_keeps_the_layer_of_the_same_name() {
    let opened = || Opened { format: "Keras model".to_owned(), name: None };
    let mut session = run("1 2");
    session.keys("}");
    let layers = vec![dense("first"), conv("conv2", 3, 3, 8), conv("last", 3, 8, 8)];
    session.take(Msg::Network { epoch: EpochId(2), layers: layers.clone(), opened: opened() });
    assert_eq!(session.state.message.as_deref(), Some("another network"));
    assert_eq!(session.state.selected_layer().unwrap().name, "conv2");
    assert_eq!(session.state.kernels().unwrap().shape.c_out, 8);
    let layers = vec![dense("first"), conv("new", 3, 3, 8)];
    session.take(Msg::Network { epoch: EpochId(2), layers, opened: opened() });
    assert_eq!(session.state.message.as_deref(), Some("another network: it has no layer conv2"));
    assert_eq!(session.state.selected_layer().unwrap().name, "new");
    let late = Msg::Network { epoch: EpochId(1), layers: network(), opened: opened() };
    session.take(late);
    assert_eq!(session.state.selected_layer().unwrap().name, "new", "of an epoch that is not looked at");
}

#[test]
fn a_newest_epoch_that_is_not_whole_yet_is_left_out_until_it_is() {
    let mut session = Session::on(network(), 120, 36);
    session.epochs("1 2 3").take(Msg::Instead(EpochId(2)));
    assert_eq!(session.at(), at("2", "2"));
    session.epochs("1 2 3");
    assert_eq!(session.at(), at("3", "3"), "who was at the newest is shown the newest");
}

#[test]
fn somebody_waits_for_the_first_checkpoint() {
    let mut session = Session::on(Vec::new(), 120, 36);
    session.effects.clear();
    session.state.index = Load::Idle;
    session.epochs("").take(Msg::Files(Some("run: no checkpoint yet; waiting for the first".to_owned())));
    assert!(text(&screen(&session)).contains("waiting for the first"));
    session.state.index = Load::Pending(session.state.ticket());
    assert!(text(&screen(&session)).contains("│waiting…"));
    session.take(Msg::Files(None)).epochs("1");
    let opened = Opened { format: "Keras model".to_owned(), name: None };
    session.take(Msg::Network { epoch: EpochId(1), layers: network(), opened });
    assert_eq!((session.at(), session.state.message.clone()), (at("1", "1"), None));
    assert!(session.state.kernels().is_some());
}

#[test]
fn the_first_checkpoint_that_was_waited_for_is_opened_as_one_that_was_there() {
    let begun = |layer: &str| {
        let mut session = Session::on(Vec::new(), 120, 36);
        session.effects.clear();
        session.state.index = Load::Pending(session.state.ticket());
        session.state.choices.layer = Some(layer.to_owned());
        session.epochs("1");
        let opened = Opened { format: "Keras model".to_owned(), name: Some("resnet50".to_owned()) };
        session.take(Msg::Network { epoch: EpochId(1), layers: network(), opened });
        session
    };
    let session = begun("conv2");
    assert_eq!(session.state.selected_layer().unwrap().name, "conv2");
    assert_eq!(session.state.preprocessing, Preprocessing::Caffe, "as its name tells");
    assert_eq!(session.reads(), ["conv2"]);
    let failed = begun("conv9").effects.into_iter().find_map(|effect| match effect {
        Effect::Fail(sentence) => Some(sentence),
        _ => None,
    });
    let sentence = failed.expect("a layer that there is none of ends the program");
    assert!(sentence.starts_with("model.h5: ") && sentence.contains("conv9"), "{sentence}");
}

#[test]
fn a_run_plays_to_its_end_one_epoch_a_beat() {
    let mut session = run("1 2 3 4");
    assert_eq!(session.state.run.beat(), None);
    session.keys(" ");
    assert_eq!((session.at().0, session.state.run.playing), ("1".to_owned(), true), "from the start");
    assert_eq!(session.state.run.beat(), Some(500));
    for epoch in ["2", "3", "4"] {
        session.take(Msg::Beat);
        assert_eq!(session.at(), at(epoch, epoch));
    }
    assert!(!session.state.run.playing, "it stops at the end");
    session.keys(",, ").take(Msg::Beat);
    assert_eq!(session.at().0, "3", "from where the user is");
    session.keys(" ").take(Msg::Beat);
    assert_eq!(session.at().0, "3", "it stands");
    session.keys(" ,");
    assert!(!session.state.run.playing, "a step stops it");
}

#[test]
fn playing_waits_for_an_epoch_that_is_not_read_yet() {
    let mut session = run("1 2 3 4");
    session.answer_reads = false;
    session.answer_studies = false;
    session.state.run.film.clear();
    session.keys(" ").take(Msg::Beat).take(Msg::Beat);
    assert_eq!(session.at(), at("1", "4"));
    let (ticket, epoch, layer) = session.unread.pop().unwrap();
    let result = session.read(epoch, &layer);
    session.take(Msg::Read { ticket, result }).take(Msg::Beat);
    assert_eq!(session.at(), at("2", "1"));
}

#[test]
fn the_mouse_goes_to_the_mark_it_clicks() {
    let mut session = run("1 2 3 4 5");
    let room = inside(session.state.panes().unwrap().timeline.unwrap());
    let marks = Marks { width: room.width, count: 5 };
    let mouse = |kind, x| Msg::Mouse(Mouse { kind, x, y: room.y });
    session.take(mouse(MouseKind::Click, room.x + marks.column(1)));
    assert_eq!(session.at(), at("2", "2"));
    session.take(mouse(MouseKind::WheelDown, room.x));
    assert_eq!(session.at(), at("3", "3"));
    session.take(mouse(MouseKind::Click, room.right() - 1));
    assert_eq!(session.at(), at("5", "5"));
    assert_eq!(session.state.focus, Pane::Kernels, "the focus stays");
}

#[test]
fn the_epoch_where_a_layer_goes_wrong_is_known_and_marked() {
    let session = run("7 8 9 10");
    assert_eq!(WRONG, 9);
    let conditions: Vec<Condition> =
        session.state.run.history("conv1").iter().map(|point| point.unwrap().condition).collect();
    assert_eq!(conditions, [Condition::Sound, Condition::Sound, Condition::NotFinite, Condition::Sound]);
    let text = text(&screen(&session));
    assert!(text.contains("▴not finite") || text.contains("not finite▴"), "{text}");
}

#[test]
fn a_run_on_an_ordinary_screen() {
    let mut session = on_screen("1 2 3 4 5 6 7 8 9 10", 120, 42);
    session.keys(",,,");
    insta::assert_snapshot!(dump(&screen(&session)));
}

#[test]
fn a_run_on_small_screens() {
    for (width, height) in [(60, 20), (80, 24), (100, 30)] {
        let session = on_screen("7 8 9 10", width, height);
        insta::assert_snapshot!(format!("run_{width}x{height}"), text(&screen(&session)));
    }
}

#[test]
fn the_health_of_the_layer_over_time() {
    let mut session = on_screen("6 7 8 9 10", 160, 45);
    session.keys("<s-tab>");
    insta::assert_snapshot!(text(&screen(&session)));
}

#[test]
fn a_long_run_shares_columns() {
    let labels = (10..=400).map(|epoch| epoch.to_string()).collect::<Vec<_>>().join(" ");
    let mut session = Session::on(network(), 100, 30);
    session.answer_studies = false;
    session.epochs(&labels).keys("((");
    let shown = text(&screen(&session));
    assert!(shown.contains("Epoch 10 · 1 of 391"), "{shown}");
    session.keys(")");
    assert!(text(&screen(&session)).contains("Epoch 400 · 391 of 391 "));
}

#[test]
fn hostile_labels_are_spelled_out() {
    let mut session = run("1 2");
    session.state.run.epochs[1].label = "a\u{1b}[2Jb".to_owned();
    session.state.run.epochs[1].title = "t\u{9b}".to_owned();
    session.state.run.word = Some("x\u{7}".to_owned());
    let buffer = screen(&session);
    assert!(buffer.content.iter().all(|cell| !cell.symbol().chars().any(char::is_control)));
}

#[test]
fn the_film_is_the_selected_kernels_when_the_selection_rests() {
    let mut session = run("1 2 3");
    let label = |session: &Session| {
        let text = text(&screen(session));
        text.lines().rev().find_map(|line| line.split_once("└ kernel ").map(|(_, rest)| rest[..1].to_owned()))
    };
    assert_eq!(label(&session).as_deref(), Some("0"), "at once");
    let film = |session: &Session| {
        let pane = session.state.panes().unwrap().timeline.unwrap();
        let buffer = screen(session);
        let cells = inside(pane).rows().skip(2).flat_map(|row| row.columns().collect::<Vec<_>>());
        cells.map(|cell| buffer[(cell.x, cell.y)].clone()).collect::<Vec<_>>()
    };
    let of_the_first = film(&session);
    session.keys("ll");
    assert_eq!(session.state.run.film_behind(session.state.kernel), Some(0));
    assert!(film(&session) == of_the_first, "nothing of it travels while the selection moves");
    assert_eq!(label(&session).as_deref(), Some("0"), "it says whose it is");
    session.take(Msg::Rest);
    assert_eq!(session.state.run.film_behind(session.state.kernel), None);
    assert!(film(&session) != of_the_first);
    assert_eq!(label(&session).as_deref(), Some("2"));
    // Of another layer nothing of the old film may stay.
    session.keys("l}");
    assert_eq!(session.state.run.film_behind(session.state.kernel), None);
    // One file has no film to wait for.
    let mut session = Session::on(network(), 160, 45);
    session.keys("ll");
    assert_eq!(session.state.run.film_behind(session.state.kernel), None);
}
