use std::cmp::Ordering;

use super::{Named, natural, order};

/// The names in order, each with its number; the files are as old as their place in `names`, unless it says `@time`.
fn ordered(names: &[&str]) -> Vec<(String, Option<u64>)> {
    let files: Vec<Named> = (0..)
        .zip(names)
        .map(|(at, name)| match name.split_once('@') {
            Some((name, time)) => Named { name: name.to_owned(), time: (time.parse().unwrap(), 0) },
            None => Named { name: (*name).to_owned(), time: (at, 0) },
        })
        .collect();
    order(&files).into_iter().map(|placed| (files[placed.index].name.clone(), placed.number)).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    ordered(names).into_iter().map(|(name, _)| name).collect()
}

fn numbers(names: &[&str]) -> Vec<Option<u64>> {
    ordered(names).into_iter().map(|(_, number)| number).collect()
}

#[test]
fn the_epoch_counts_however_it_is_written() {
    let cases: &[&[&str]] = &[
        // Keras's own pattern; the loss falls, rises, is negative, is none.
        &["weights.01-0.93", "weights.02-0.41", "weights.10-0.53"],
        &["weights.1-10.5", "weights.2-9.5", "weights.10-0.5"],
        &["weights.01--0.11", "weights.02-0.53", "weights.03--0.75"],
        &["weights.01-nan", "weights.02-0.53", "weights.03-inf"],
        &["weights.01-1e-05", "weights.02-0.53", "weights.03-2e+10"],
        &["weights.07-1", "weights.08-0.53"],
        &["model.1.0.53", "model.2.0.11", "model.10.0.2"],
        &["ckpt-00001", "ckpt-00002", "ckpt-00012"],
        &["ckpt-1", "ckpt-2", "ckpt-12", "ckpt-100"],
        &["resnet50_1", "resnet50_2", "resnet50_10"],
        &["model1", "model2", "model10"],
        &["1", "2", "10"],
        &["epoch_01/model", "epoch_02/model", "epoch_10/model"],
        // Which number counts is said by a word before it, wherever it stands.
        &["loss12_epoch1", "loss11_epoch2", "loss13_epoch10"],
        &["acc97-ep03", "acc12-ep04"],
        &["epoch=1-step=900", "epoch=2-step=100", "epoch=10-step=50"],
        &["epoch=1-step=50", "epoch=1-step=100", "epoch=2-step=150"],
        &["run2-3", "run2-4"],
        &["Epoch3", "Epoch20"],
        &["epoch12,5-03", "epoch11,5-04"],
        &["20240103-120001", "20240103-130000", "20240103-230000"],
        &["2024-01-03_12-00-01", "2024-01-03_13-00-00", "2024-02-01_00-00-00"],
    ];
    for case in cases {
        // Neither the order of the listing nor the times matter.
        let listed: Vec<String> =
            case.iter().rev().enumerate().map(|(at, name)| format!("{name}@{at}")).collect();
        let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
        assert_eq!(names(&listed), *case);
    }
}

#[test]
fn numbers_are_those_of_the_epochs() {
    let some = |numbers: &[u64]| numbers.iter().copied().map(Some).collect::<Vec<_>>();
    assert_eq!(numbers(&["weights.01-0.93", "weights.02-0.41"]), some(&[1, 2]));
    assert_eq!(numbers(&["resnet50_weights.07-0.93"]), some(&[7]));
    assert_eq!(numbers(&["ckpt-00012"]), some(&[12]));
    assert_eq!(numbers(&["loss12_03", "loss11_04"]), some(&[3, 4]));
    assert_eq!(numbers(&["vgg16"]), [None]);
    assert_eq!(numbers(&["ckpt-3f2a91"]), [None], "a hash");
    assert_eq!(numbers(&["model-0.53"]), [None], "a loss");
    assert_eq!(numbers(&["ckpt-99999999999999999999999"]), [None], "larger than a number");
    assert_eq!(numbers(&[]), []);
}

#[test]
fn several_patterns_are_one_run_as_long_as_their_numbers_are_apart() {
    assert_eq!(
        names(&["best-ckpt-3", "ckpt-1", "ckpt-2", "final_ckpt_12"]),
        ["ckpt-1", "ckpt-2", "best-ckpt-3", "final_ckpt_12"]
    );
    assert_eq!(
        names(&["b-2", "a-10", "b-1", "a-2", "a-1"]),
        ["a-1", "a-2", "a-10", "b-1", "b-2"],
        "two networks in one folder are no one run"
    );
}

#[test]
fn names_that_say_nothing_go_by_time() {
    assert_eq!(names(&["b@3", "a@1", "c@2"]), ["a", "c", "b"]);
    assert_eq!(names(&["b@1", "a@1"]), ["a", "b"], "ties by name");
    assert_eq!(names(&["resnet50-b@1", "vgg16@2", "resnet50-a@3"]), ["resnet50-b", "vgg16", "resnet50-a"]);
}

#[test]
fn a_name_without_a_number_stands_where_it_was_written() {
    let run = ["ckpt-1@10", "ckpt-2@20", "ckpt-3@30"];
    let with = |more: &'static str| names(&[&run[..], &[more]].concat());
    assert_eq!(with("best@20"), ["ckpt-1", "ckpt-2", "best", "ckpt-3"]);
    assert_eq!(with("start@5"), ["start", "ckpt-1", "ckpt-2", "ckpt-3"]);
    assert_eq!(with("last@31"), ["ckpt-1", "ckpt-2", "ckpt-3", "last"]);
}

#[test]
fn people_count_so() {
    let cases = [("a2", "a10"), ("a", "a1"), ("a1b2", "a1b10"), ("2", "a"), ("a007", "a8"), ("x-9", "x-10y")];
    for (less, more) in cases {
        assert_eq!((natural(less, more), natural(more, less)), (Ordering::Less, Ordering::Greater), "{less}");
    }
    assert_eq!(natural("a1", "a1"), Ordering::Equal);
    assert_ne!(natural("a01", "a1"), Ordering::Equal, "an order is total");
}
