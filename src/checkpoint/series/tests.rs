use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::Series;

fn folder(files: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Of different sizes, so that no two are taken for one.
        fs::write(path, file).unwrap();
    }
    folder
}

fn listed(series: &Series, folder: &Path) -> Vec<(String, String)> {
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
    series.list().into_iter().map(|epoch| (name(&epoch.path), epoch.label)).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(path, label)| ((*path).to_owned(), (*label).to_owned())).collect()
}

#[test]
fn a_folder_has_its_checkpoints_and_nothing_else() {
    let folder = folder(&[
        "weights.10-0.53.h5",
        "weights.02-0.93.h5",
        "weights.01-0.13.h5",
        "weights.03-0.13.h5.tmp",
        ".weights.04-0.13.h5",
        "log.csv",
        "h5",
        "deeper/weights.05-0.13.h5",
    ]);
    fs::create_dir(folder.path().join("weights.06-0.1.h5")).unwrap();
    let series = Series::of([folder.path().to_owned()]);
    let expected =
        pairs(&[("weights.01-0.13.h5", "1"), ("weights.02-0.93.h5", "2"), ("weights.10-0.53.h5", "10")]);
    assert_eq!(listed(&series, folder.path()), expected);
    assert!(series.grows() && series.one_file().is_none());
    fs::write(folder.path().join("weights.11-0.1.h5"), "new").unwrap();
    assert_eq!(series.list().len(), 4);
}

#[test]
fn one_epoch_in_several_formats_is_one_epoch() {
    let folder = folder(&[
        "ckpt-01.weights.h5",
        "ckpt-01.h5",
        "ckpt-02.weights.h5",
        "ckpt-03.h5",
        "ckpt-03.keras",
        "ckpt-04.H5",
    ]);
    let series = Series::of([folder.path().to_owned()]);
    let expected =
        [("ckpt-01.h5", "1"), ("ckpt-02.weights.h5", "2"), ("ckpt-03.keras", "3"), ("ckpt-04.H5", "4")];
    assert_eq!(listed(&series, folder.path()), pairs(&expected));
    let both = ["ckpt-01.weights.h5", "ckpt-01.h5"].map(|name| folder.path().join(name));
    let named = listed(&Series::of(both), folder.path());
    assert_eq!(named.len(), 2, "what is named is shown");
    assert_ne!(named[0].1, named[1].1);
}

#[test]
fn a_link_to_the_newest_is_not_another_one() {
    let folder = folder(&["ckpt-1.h5", "ckpt-2.h5"]);
    std::os::unix::fs::symlink("ckpt-2.h5", folder.path().join("a-latest.h5")).unwrap();
    let series = Series::of([folder.path().to_owned()]);
    assert_eq!(listed(&series, folder.path()), pairs(&[("ckpt-1.h5", "1"), ("ckpt-2.h5", "2")]));
}

#[test]
fn patterns_and_folders_of_folders() {
    let folder = folder(&["epoch_1/model.h5", "epoch_2/model.h5", "epoch_10/model.h5", "epoch_10/notes.txt"]);
    let series = Series::of([folder.path().join("*/*")]);
    let expected = [("epoch_1/model.h5", "1"), ("epoch_2/model.h5", "2"), ("epoch_10/model.h5", "10")];
    assert_eq!(listed(&series, folder.path()), pairs(&expected));
    let odd = folder.path().join("odd[1].h5");
    fs::write(&odd, "odd").unwrap();
    assert_eq!(Series::of([odd.clone()]).one_file(), Some(odd.as_path()), "what exists is itself");
}

#[test]
fn files_that_are_named_are_listed_there_or_not() {
    let folder = folder(&["b.h5", "a.h5"]);
    let paths = ["a.h5", "b.h5", "gone.h5"].map(|name| folder.path().join(name));
    let series = Series::of(paths.clone());
    let there: Vec<bool> = series.list().iter().map(|epoch| epoch.stamp.is_some()).collect();
    assert_eq!(there, [true, true, false]);
    let one = Series::of([paths[0].clone()]);
    assert_eq!((one.one_file(), one.grows()), (Some(paths[0].as_path()), false));
    assert_eq!(listed(&one, folder.path()), pairs(&[("a.h5", "a")]));
}

#[test]
fn nothing_is_said_with_the_path_and_the_remedy() {
    let folder = folder(&["log.csv"]);
    let sentence = |path: &Path| Series::of([path.to_owned()]).nothing().to_string();
    assert!(sentence(folder.path()).contains("has no checkpoint in it; name a .keras"));
    assert!(sentence(&folder.path().join("*.h5")).contains("no checkpoint is named like that"));
    fs::write(folder.path().join("saved_model.pb"), "").unwrap();
    assert!(sentence(folder.path()).contains("SavedModel"), "{}", sentence(folder.path()));
}

#[test]
fn what_is_named_before_it_is_there_may_become_a_folder() {
    let folder = folder(&[]);
    let run = folder.path().join("run");
    let series = Series::of([run.clone()]);
    assert_eq!((series.one_file(), series.grows()), (Some(run.as_path()), false));
    fs::create_dir(&run).unwrap();
    assert_eq!((series.one_file(), series.grows()), (None, true));
    fs::write(run.join("ckpt-1.h5"), "one").unwrap();
    fs::write(run.join("ckpt-2.h5"), "another").unwrap();
    assert_eq!(listed(&series, &run), pairs(&[("ckpt-1.h5", "1"), ("ckpt-2.h5", "2")]));
}
