//! What a watched run's files are up to, in the words of the screen.

use std::path::PathBuf;

use super::run::{Place, Shelf};
use super::watch::News;
use crate::app::msg::{Msg, Opened};
use crate::app::run::{Epoch, EpochId};
use crate::checkpoint::{Network, Series};
use crate::weights::Layer;

/// Turns news of files into messages.
pub struct Teller {
    shelf: Shelf,
    series: Series,
    /// Of a run that is one file written again and again: every content so far.
    contents: Vec<Epoch>,
    /// The file that something was said about last.
    about: Option<PathBuf>,
    /// The layers that the screen knows.
    layers: Vec<Layer>,
    /// What settled since the last list of epochs.
    settled: Vec<(Place, Network)>,
}

impl Teller {
    /// The teller of a run whose screen knows these layers for good, and has shown kernels of the epoch `shown`.
    pub fn new(series: &Series, shelf: Shelf, shown: Option<EpochId>, layers: Vec<Layer>) -> Self {
        let first = |id: EpochId| {
            let place = shelf.place(id)?;
            Some(Epoch { id, label: "1".to_owned(), title: place.source.title(), readable: true })
        };
        let contents = shown.and_then(first).into_iter().collect();
        Self { shelf, series: series.clone(), contents, about: None, layers, settled: Vec::new() }
    }

    /// What the screen is told.
    pub fn tell(&mut self, news: News) -> Vec<Msg> {
        match news {
            News::Writing { path, before, now } => {
                let what = match before {
                    Some(before) if before.identity() != now.identity() => "was replaced",
                    Some(before) if now.size() < before.size() => "was cut short; waiting for the rest",
                    _ => "is being written",
                };
                vec![self.said(path, what)]
            }
            News::NotYet { path, error } => {
                vec![self.said(path, &format!("{}; trying again", error.problem))]
            }
            // A training may keep only its last checkpoints: nobody waits for the others.
            News::Vanished { path } if self.series.grows() => {
                let told = self.about.take_if(|about| *about == path);
                told.map(|_| Msg::Files(None)).into_iter().collect()
            }
            News::Vanished { path } => vec![self.said(path, "is gone; waiting for it to come back")],
            News::Settled { epoch, network } => {
                self.settled.push((Place::from(epoch), *network));
                vec![Msg::Files(None)]
            }
            News::Epochs(listed) => {
                let epochs = self.shelf.epochs(listed);
                let epochs = self.with_earlier_contents(epochs);
                let mut told = vec![Msg::Epochs { epochs, start: None, watched: true }];
                for (place, network) in std::mem::take(&mut self.settled) {
                    if network.layers != self.layers {
                        let epoch = self.shelf.epoch(place).id;
                        self.layers.clone_from(&network.layers);
                        let opened = Opened { format: network.format, name: network.name };
                        told.push(Msg::Network { epoch, layers: network.layers, opened });
                    }
                }
                told
            }
        }
    }

    /// A file that is overwritten has an epoch for each content; only the last can be read.
    fn with_earlier_contents(&mut self, epochs: Vec<Epoch>) -> Vec<Epoch> {
        if self.series.one_file().is_none() {
            return epochs;
        }
        let contents = &mut self.contents;
        for content in contents.iter_mut() {
            content.readable = epochs.iter().any(|epoch| epoch.id == content.id);
        }
        for epoch in epochs {
            if contents.iter().all(|content| content.id != epoch.id) {
                // Counted on, whatever was forgotten meanwhile.
                let next = contents.last().and_then(|last| last.label.parse::<u32>().ok()).unwrap_or(0) + 1;
                contents.push(Epoch { label: next.to_string(), ..epoch });
            }
        }
        let more = contents.len().saturating_sub(LONGEST);
        contents.drain(..more);
        contents.clone()
    }

    fn said(&mut self, path: PathBuf, what: &str) -> Msg {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let said = format!("{name} {what}");
        self.about = Some(path);
        Msg::Files(Some(said))
    }
}

/// So many contents of one file are told of; what of them is still in memory is the core's to know.
const LONGEST: usize = 1000;
