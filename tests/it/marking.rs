//! A marked epoch in the core: what it is compared with, what is read for it, and what the screen says.

use convscope::app::comparison::{Other, Side};
use convscope::app::effect::Effect;
use convscope::app::msg::{Msg, Opened};
use convscope::app::run::EpochId;
use convscope::app::state::{KernelData, LayerData, Load};
use convscope::jobs::compare::compared;
use convscope::weights::Layer;
use convscope::weights::order::Sort;

use crate::screens::{dump, screen, text};
use crate::session::{Session, conv, dense, epochs};

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

/// The first layer's kernels at an epoch.
fn kernels(session: &Session, epoch: u32) -> KernelData {
    match session.read(EpochId(epoch), &network()[0]) {
        Ok(LayerData::Kernels(kernels)) => kernels,
        other => panic!("{other:?}"),
    }
}

fn drawn(session: &Session) -> KernelData {
    session.state.kernels_drawn().unwrap().unwrap().clone()
}

fn said(session: &Session) -> &str {
    session.state.message.as_deref().unwrap_or("")
}

/// The epochs that were read to be compared with.
fn read(session: &Session) -> Vec<u32> {
    let read = session.effects.iter().filter_map(|effect| match effect {
        Effect::Compare { other: Other::Epoch(epoch, _), .. } => Some(epoch.0),
        _ => None,
    });
    read.collect()
}

#[test]
fn the_marked_epoch_stays_and_the_other_side_moves() {
    let mut session = run("1 2 3 4 5");
    session.keys("((D");
    assert_eq!(session.state.run.marked, Some(EpochId(1)));
    assert_eq!(session.state.side(), Side::A, "what is shown stays");
    assert_eq!(said(&session), "epoch 1 is marked: go to another, and d compares the two");
    for (keys, epoch) in [(".", 2), ("..", 4), (")", 5), (",", 4)] {
        session.keys(keys);
        assert_eq!(drawn(&session), kernels(&session, epoch), "{keys}");
        session.keys("d");
        assert_eq!(drawn(&session), kernels(&session, 1), "{keys}: the marked one");
        session.keys("d");
        let (delta, difference) = compared(&kernels(&session, 1), &kernels(&session, epoch)).unwrap();
        assert_eq!((drawn(&session), session.state.delta()), (difference, Some(&delta)), "{keys}");
        // With the sides as they are, the next epoch is drawn the same way.
        session.keys(",.");
        assert_eq!(session.state.delta(), Some(&delta));
        session.keys("d");
    }
    assert_eq!(session.state.side(), Side::A);
    assert_eq!(read(&session), [] as [u32; 0], "every epoch was in memory");
}

#[test]
fn the_key_again_or_escape_ends_it() {
    for (keys, marked) in [
        ("D", Some(3)),
        ("DD", None),
        ("D,D", Some(2)),
        ("D,DD", None),
        ("D,d<esc>", None),
        // Escape leads back from what was opened first.
        ("D,d<enter><esc>", Some(3)),
        ("D,d<enter><esc><esc>", None),
        ("D,d<tab><esc>", Some(3)),
        ("D,d<tab><esc><esc>", None),
    ] {
        let mut session = run("1 2 3");
        session.keys(keys);
        assert_eq!(session.state.run.marked, marked.map(EpochId), "after {keys:?}");
        assert_eq!(session.state.comparison.is_some(), marked.is_some(), "after {keys:?}");
        if marked.is_none() {
            assert_eq!(session.state.side(), Side::A, "after {keys:?}");
        }
    }
    assert_eq!(said(run("1 2 3").keys("DD")), "epoch 3 is not marked any more");
}

#[test]
fn without_a_mark_the_first_epoch_is_compared_with() {
    let mut session = run("1 2 3");
    session.keys("d");
    assert_eq!((session.state.run.marked, session.state.side()), (Some(EpochId(1)), Side::B));
    assert_eq!(said(&session), "compared with epoch 1, the first: D marks another one");
    session.keys("d");
    assert_eq!((session.state.side(), said(&session)), (Side::Difference, ""));
    // Who is at the first has nothing to see there.
    let mut session = run("1 2 3");
    session.keys("(d");
    assert_eq!(session.state.run.marked, Some(EpochId(2)));
    assert_eq!(said(&session), "compared with epoch 2: D marks another one");
    session.keys(".d");
    assert!(said(&session).contains("epoch 2 is the marked one: go to another"), "{}", said(&session));
}

#[test]
fn one_epoch_has_nothing_to_be_compared_with() {
    let mut session = run("1");
    for key in ["D", "d"] {
        session.keys(key);
        assert_eq!(said(&session), "no other epoch is known yet");
    }
    session.epochs("1 2");
    assert_eq!(said(&session), "", "by now one is");
    let mut alone = Session::on(network(), 160, 45);
    alone.keys("D");
    assert!(said(&alone).contains("--follow"), "{}", said(&alone));
    for session in [session, alone] {
        assert_eq!((session.state.run.marked, &session.state.comparison), (None, &None));
    }
}

#[test]
fn an_epoch_that_is_not_in_memory_is_read_once_a_layer() {
    let mut session = run("1 2 3 4 5");
    session.answer_studies = false;
    session.state.run.film.clear();
    session.keys("d");
    assert_eq!((read(&session), drawn(&session)), (vec![1], kernels(&session, 1)));
    session.state.run.film.clear();
    session.keys(",,.d");
    assert_eq!(read(&session), [1], "it is held");
    session.keys("}");
    assert_eq!(read(&session), [1, 1]);
    assert_eq!(drawn(&session).shape.c_out, 4);
    session.keys("{<s-tab>j");
    assert_eq!(read(&session), [1, 1, 1], "and nothing for a layer without kernels");
}

#[test]
fn what_comes_too_late_is_dropped() {
    let mut session = run("1 2 3 4");
    session.answer_comparisons = false;
    session.keys("dd");
    assert!(text(&screen(&session)).contains("reading epoch 1…"));
    let asked = |session: &Session| match session.effects.iter().rev().find_map(|effect| match effect {
        Effect::Compare { ticket, other: Other::Known(other), own } => {
            Some((*ticket, other.clone(), own.clone()))
        }
        _ => None,
    }) {
        Some((ticket, other, own)) => {
            let kernels = compared(&other, &own.unwrap());
            let other = LayerData::Kernels(other);
            Msg::Compared {
                ticket,
                result: Ok(Box::new(convscope::app::comparison::Compared { other, kernels })),
            }
        }
        None => panic!("nothing was asked"),
    };
    let late = asked(&session);
    session.keys(",");
    session.take(late);
    assert!(session.state.delta().is_none(), "it is of the epoch before");
    let now = asked(&session);
    session.take(now);
    assert_eq!(
        session.state.delta(),
        compared(&kernels(&session, 1), &kernels(&session, 3)).as_ref().map(|it| &it.0)
    );
    let late = asked(&session);
    session.keys("<esc>").take(late);
    assert_eq!(session.state.comparison, None);
}

#[test]
fn kernels_are_sorted_by_what_changed_since_the_mark() {
    let mut session = run("1 2 3");
    // All kernels grow alike here: only one of them has changed in the marked epoch.
    session.keys("d");
    while session.state.ordering.sort != Sort::Change {
        session.keys("o");
    }
    assert!(text(&screen(&session)).contains("by change"));
    session.answer_comparisons = false;
    let before: Vec<usize> = (0..12).rev().collect();
    session.state.order.clone_from(&before);
    session.keys(",");
    assert_eq!(
        session.state.order, before,
        "the grid does not shuffle itself while the next change is computed"
    );
    session.keys("<esc>");
    assert_eq!((session.state.ordering.sort, &session.state.order), (Sort::Index, &(0..12).collect()));
    for _ in 0..20 {
        session.keys("o");
        assert_ne!(session.state.ordering.sort, Sort::Change, "there is nothing that it could go by");
    }
}

#[test]
fn a_marked_epoch_that_cannot_be_read_or_is_gone_is_said() {
    let mut session = run("1 2 3");
    session.answer_studies = false;
    session.state.run.film.clear();
    session.unreadable = vec![1];
    session.keys("dd");
    assert!(text(&screen(&session)).contains("ckpt-1.h5: is only partly written"));
    // Another epoch asks again.
    session.unreadable.clear();
    session.keys(",");
    assert!(session.state.delta().is_some());
    // A watched run without the file.
    session.epochs("2 3");
    assert_eq!(said(&session), "epoch 1, the marked one, is gone");
    assert_eq!((session.state.run.marked, &session.state.comparison), (None, &None));
    // One that cannot be read is not marked.
    session.unreadable = vec![4];
    session.state.run.film.clear();
    session.epochs("2 3 4").keys(")D");
    session.keys("D");
    assert_eq!(said(&session), "epoch 4 cannot be read, so it cannot be marked");
}

#[test]
fn an_overwritten_epoch_is_compared_as_far_as_it_is_remembered() {
    let mut session = run("1");
    session.epochs("!1 2").epochs("!1 !2 3").keys("dd");
    assert_eq!(session.state.run.marked, Some(EpochId(1)));
    assert!(session.state.delta().is_some(), "from memory");
    session.keys("}");
    let shown = text(&screen(&session));
    assert!(shown.contains("epoch 1 was overwritten before this layer was looked at"), "{shown}");
}

#[test]
fn new_epochs_leave_the_mark_where_it_is() {
    let mut session = run("1 2");
    session.keys("(D)dd").epochs("1 2 3");
    assert_eq!((session.state.run.marked, session.state.side()), (Some(EpochId(1)), Side::Difference));
    assert_eq!(
        session.state.delta(),
        compared(&kernels(&session, 1), &kernels(&session, 3)).as_ref().map(|it| &it.0)
    );
    // Written anew, it is another epoch.
    let mut listed = epochs("1 2 3");
    listed[0].id = EpochId(7);
    session.take(Msg::Epochs { epochs: listed, start: None, watched: true });
    assert!(said(&session).contains("the marked one, is gone"));
}

#[test]
fn a_layer_of_another_shape_or_of_one_epoch_only() {
    let mut session = run("1 2");
    session.keys("dd");
    let layers = vec![conv("conv1", 5, 3, 12), conv("new", 3, 3, 4)];
    let opened = Opened { format: "Keras model".to_owned(), name: None };
    session.take(Msg::Network { epoch: EpochId(2), layers, opened });
    let shown = text(&screen(&session));
    assert!(shown.contains("the kernels of epoch 1 are of another shape"), "{shown}");
    assert!(matches!(session.state.comparison.as_ref().unwrap().compared, Load::Ready(_)));
}

#[test]
fn the_file_that_it_was_compared_with_comes_back() {
    let mut session = run("1 2 3");
    session.against(network()).keys("dd");
    assert!(text(&screen(&session)).contains("B − A · kernel 0"));
    session.keys("(D)dd");
    assert!(text(&screen(&session)).contains("3 − 1 · kernel 0"));
    session.keys("<esc>");
    assert!(text(&screen(&session)).contains("against other.h5"));
    session.keys("d");
    assert!(text(&screen(&session)).contains("B · kernel 0"));
    assert!(session.state.delta().is_some(), "asked anew");
}

#[test]
fn the_response_is_that_of_the_side_that_is_drawn() {
    let mut session = run("1 2 3");
    session.keys("5<enter>dd");
    let asked = session.effects.iter().rev().find_map(|effect| match effect {
        Effect::Respond { spec, weights: Some(weights), .. } => Some((spec.side, weights.clone())),
        _ => None,
    });
    let (side, weights) = asked.unwrap();
    assert_eq!((side, weights), (Side::Difference, drawn(&session).weights));
}

#[test]
fn two_epochs_of_a_run() {
    let mut session = on_screen("1 2 3 4 5 6 7 8 9 10", 120, 42);
    session.keys("..,,,(.D)dd");
    insta::assert_snapshot!(dump(&screen(&session)));
}

#[test]
fn the_mark_on_small_screens() {
    for (width, height) in [(60, 20), (80, 24), (100, 30)] {
        let mut session = on_screen("7 8 9 10", width, height);
        session.keys("(D)d");
        insta::assert_snapshot!(format!("marked_{width}x{height}"), text(&screen(&session)));
    }
}

#[test]
fn hostile_names_of_a_marked_epoch_are_spelled_out() {
    let mut session = run("1 2");
    session.state.run.epochs[0].label = "a\u{1b}[2Jb\u{202e}".to_owned();
    session.state.run.epochs[1].label = "c\u{9b}\u{7}".to_owned();
    for keys in ["d", "d", "d", "D", "D"] {
        let buffer = screen(session.keys(keys));
        let steers = |symbol: &str| symbol.chars().any(|c| c.is_control() || c == '\u{202e}');
        assert!(buffer.content.iter().all(|cell| !steers(cell.symbol())), "after {keys}");
    }
}
