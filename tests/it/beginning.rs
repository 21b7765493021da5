//! How a run begins whose newest file a training writes anew in the very moment in which it is opened.

use std::fs::{self, File};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};

use convscope::app::msg::Msg;
use convscope::app::run::EpochId;
use convscope::checkpoint::{self, Series};
use convscope::jobs::read::Reader;
use convscope::jobs::run::Run;
use tempfile::TempDir;

use crate::following::PATIENCE;
use crate::judgement::demo;

/// Opens the run at `path`; as soon as layers of its newest file came, and before the end of its index did, `file` is cut.
fn cut_while_opened(path: &Path, file: &Path) -> (Reader, Receiver<Msg>) {
    checkpoint::set_reader_program(env!("CARGO_BIN_EXE_convscope"));
    let run = Run::of_series(Series::of([path.to_owned()]), true).unwrap();
    let (tell, told) = mpsc::channel();
    let file = file.to_owned();
    let reader = Reader::spawn(run, None, move |msg| {
        if matches!(msg, Msg::Layers { .. }) {
            File::options().write(true).open(&file).unwrap().set_len(20_000).unwrap();
        }
        let _ = tell.send(msg);
    });
    (reader, told)
}

/// Everything told up to the first message that `is_last`, that one too.
fn until(told: &Receiver<Msg>, is_last: impl Fn(&Msg) -> bool) -> Vec<Msg> {
    let mut all = Vec::new();
    loop {
        let msg = told.recv_timeout(PATIENCE).expect("the run goes on");
        let last = is_last(&msg);
        all.push(msg);
        if last {
            return all;
        }
    }
}

fn layers(told: &[Msg]) -> usize {
    told.iter().filter(|msg| matches!(msg, Msg::Layers { .. })).count()
}

#[test]
fn what_was_shown_of_a_file_before_it_was_written_anew_is_an_epoch() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("last.h5");
    fs::copy(demo("epoch-001.h5"), &path).unwrap();
    let (_reader, told) = cut_while_opened(&path, &path);
    let begun = until(&told, |msg| matches!(msg, Msg::Files(Some(word)) if word.contains("trying again")));
    assert_eq!(layers(&begun), 1);
    fs::copy(demo("epoch-002.h5"), &path).unwrap();
    let went_on = until(&told, |msg| matches!(msg, Msg::Network { .. }));
    let epochs = went_on.iter().find_map(|msg| match msg {
        Msg::Epochs { epochs, .. } => Some(epochs),
        _ => None,
    });
    let epochs = epochs.expect("a list of epochs before the network that the second one has");
    let told: Vec<_> = epochs.iter().map(|epoch| (epoch.id, epoch.label.as_str(), epoch.readable)).collect();
    assert_eq!(told, [(EpochId(0), "1", false), (EpochId(1), "2", true)]);
}

#[test]
fn layers_are_told_once_though_an_earlier_epoch_is_opened_instead() {
    let folder = TempDir::new().unwrap();
    for name in ["epoch-001.h5", "epoch-002.h5"] {
        fs::copy(demo(name), folder.path().join(name)).unwrap();
    }
    let (_reader, told) = cut_while_opened(folder.path(), &folder.path().join("epoch-002.h5"));
    let begun = until(&told, |msg| matches!(msg, Msg::Opened(_)));
    assert_eq!(layers(&begun), 1);
    let at = |is: &dyn Fn(&Msg) -> bool| begun.iter().position(is).expect("to be told");
    let instead = at(&|msg| matches!(msg, Msg::Instead(EpochId(0))));
    let network = at(&|msg| matches!(msg, Msg::Network { epoch: EpochId(0), .. }));
    assert!(instead < network, "the screen takes the layers of the epoch that it is at");
    assert!(matches!(begun.last(), Some(Msg::Opened(Ok(_)))), "{begun:?}");
}
