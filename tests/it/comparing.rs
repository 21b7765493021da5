//! Two checkpoints in the viewer: what a key draws, what is asked for, and what the screen says.

use convscope::app::comparison::{Comparison, Other, Side};
use convscope::app::effect::Effect;
use convscope::app::msg::Msg;
use convscope::app::state::{Load, Ticket};
use convscope::weights::Layer;
use convscope::weights::order::Sort;

use crate::screens::{dump, screen, text};
use crate::session::{Session, conv, dense};

fn network() -> Vec<Layer> {
    vec![
        conv("conv1", 7, 3, 12),
        dense("head"),
        conv("old", 3, 16, 8),
        conv("conv3", 5, 4, 6),
        conv("wider", 3, 1, 4),
    ]
}

/// The other one has no `old`, has a `new`, and another order; its `wider` is wider.
fn other() -> Vec<Layer> {
    vec![
        dense("head"),
        conv("new", 3, 16, 8),
        conv("conv1", 7, 3, 12),
        conv("conv3", 5, 4, 6),
        conv("wider", 5, 1, 4),
    ]
}

fn session(width: u16, height: u16) -> Session {
    let mut session = Session::on(network(), width, height);
    session.against(other());
    session
}

/// What was asked of the other checkpoint.
fn asked(session: &Session) -> Vec<&str> {
    let asked = session.effects.iter().filter_map(|effect| match effect {
        Effect::Compare { other: Other::Layer(layer), .. } => Some(layer.name.as_str()),
        _ => None,
    });
    asked.collect()
}

#[test]
fn a_key_walks_through_the_sides_where_there_are_two() {
    for (keys, side) in
        [("", Side::A), ("d", Side::B), ("dd", Side::Difference), ("ddd", Side::A), ("dj}", Side::B)]
    {
        assert_eq!(session(160, 45).keys(keys).state.side(), side, "after {keys:?}");
    }
    let mut alone = Session::on(network(), 160, 45);
    alone.keys("d");
    assert_eq!(alone.state.side(), Side::A);
    assert!(alone.state.message.as_ref().is_some_and(|message| message.contains("--against B")));
}

#[test]
fn each_layer_is_compared_once_with_its_own_name() {
    let mut session = session(160, 45);
    assert_eq!(asked(&session), ["conv1"]);
    session.keys("ddd<right>mrb");
    assert_eq!(asked(&session), ["conv1"], "nothing is read anew for another look");
    session.keys("}");
    assert_eq!(asked(&session), ["conv1"], "only A has `old`");
    let comparison = session.state.comparison.as_ref().unwrap();
    assert_eq!(comparison.compared, Load::Failed("only A has this layer".to_owned()));
    session.keys("}{{");
    assert_eq!(asked(&session), ["conv1", "conv3", "conv1"]);
    // Arrays without kernels have another side, too.
    session.keys("<s-tab>j");
    assert_eq!(asked(&session).last(), Some(&"head"));
}

#[test]
fn what_comes_too_late_is_dropped() {
    let mut session = session(160, 45);
    let before = session.state.comparison.clone();
    session.take(Msg::Compared { ticket: Ticket(1), result: Err("late".to_owned()) });
    assert_eq!(session.state.comparison, before);
    // The other index comes after everything else, or never.
    let mut session = Session::on(network(), 160, 45);
    session.state.comparison = Some(Comparison::with("other.h5".to_owned()));
    session.keys("dj");
    assert!(asked(&session).is_empty() && text(&screen(&session)).contains("reading B…"));
    session.take(Msg::Against(Err("other.h5: no such file; check the spelling".to_owned())));
    assert!(
        matches!(session.effects.last(), Some(Effect::Fail(sentence)) if sentence.contains("no such file"))
    );
}

#[test]
fn kernels_are_sorted_by_what_changed() {
    let mut session = session(160, 45);
    while session.state.ordering.sort != Sort::Change {
        session.keys("o");
    }
    assert_eq!(session.state.order, (0..12).rev().collect::<Vec<_>>(), "kernel n has changed by n %");
    assert!(text(&screen(&session)).contains("by change"));
    let mut alone = Session::on(network(), 160, 45);
    for _ in 0..20 {
        alone.keys("o");
        assert_ne!(alone.state.ordering.sort, Sort::Change, "there is nothing that it could go by");
    }
}

#[test]
fn the_response_is_that_of_the_side_that_is_drawn() {
    let mut session = session(160, 45);
    session.keys("5<enter>dd");
    let weights = session.effects.iter().rev().find_map(|effect| match effect {
        Effect::Respond { spec, weights: Some(weights), .. } => Some((spec.side, weights.clone())),
        _ => None,
    });
    let (side, weights) = weights.unwrap();
    let own = session.state.kernels().unwrap();
    assert_eq!(side, Side::Difference);
    for (difference, own) in weights.kernel(5).iter().zip(own.weights.kernel(5)) {
        assert!((difference - own * 0.05).abs() < 1e-6, "{difference} {own}");
    }
}

#[test]
fn two_epochs_side_by_side() {
    insta::assert_snapshot!(dump(&screen(session(120, 36).keys("5<enter>d"))));
}

#[test]
fn the_difference_is_on_one_scale_about_zero() {
    let shown = dump(&screen(session(160, 45).keys("}}dd>")));
    assert!(shown.contains("B − A · kernel 1 of 6") && shown.contains("one scale"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn colours_of_a_difference_are_grey_where_nothing_changed() {
    insta::assert_snapshot!(dump(&screen(session(80, 24).keys("dd"))));
}

#[test]
fn what_cannot_be_subtracted_is_said() {
    for (keys, said) in
        [("}dd", "only A has this layer"), ("}}}dd", "of another shape"), ("}}}d", "of another shape")]
    {
        let shown = text(&screen(session(160, 45).keys(keys)));
        assert!(shown.contains(said), "{keys}: {shown}");
    }
    // The side of its own is there all the same.
    assert!(!text(&screen(session(160, 45).keys("}"))).contains("only A has"));
}

#[test]
fn layers_of_one_side_only_are_listed_with_a_mark() {
    let shown = text(&screen(&session(160, 45)));
    let lines: Vec<&str> =
        shown.lines().skip(1).take(6).map(|line| line.trim_start_matches(['│', '┃'])).collect();
    let marks: Vec<char> = lines.iter().map(|line| line.chars().next().unwrap()).collect();
    assert_eq!((marks[2], marks[5]), ('A', 'B'), "{shown}");
    assert!(lines[5].contains("new") && shown.contains("+1 in B"), "{shown}");
    assert!(!"AB".contains(marks[0]) && shown.contains("model.h5 against other.h5"), "{shown}");
}
