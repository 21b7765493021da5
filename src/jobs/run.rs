//! The checkpoints of a run, by the numbers that the core knows them by.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ndarray::ArrayD;

use super::read::Source;
use crate::app::run::{Epoch, EpochId};
use crate::checkpoint::{self, Series, Stamp};
use crate::weights::Layer;

/// What the viewer is started on.
#[derive(Clone, Debug)]
pub struct Run {
    /// What it is called on the screen.
    pub title: String,
    /// The checkpoints, in the order of their epochs.
    pub places: Vec<Place>,
    /// The one to begin with.
    pub start: usize,
    /// Where more of them are looked for while the viewer is open.
    pub watched: Option<Series>,
    /// Whether somebody waits for the first of them where none can be read.
    pub waits: bool,
}

/// A checkpoint and what it is called.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where it comes from.
    pub source: Source,
    /// What it is called in the run.
    pub label: String,
    /// What the file looked like; its content is another epoch's when it does not any more. `None`: whatever is there.
    pub stamp: Option<Stamp>,
}

impl Run {
    /// One checkpoint, which nobody watches.
    pub fn of(source: Source) -> Self {
        let title = source.title();
        let place = Place { source, label: title.clone(), stamp: None };
        Self { title, places: vec![place], start: 0, watched: None, waits: false }
    }

    /// The checkpoints that `series` lists now, beginning with the newest, and whatever it lists later.
    ///
    /// # Errors
    /// When there is none, and nobody waits for the first.
    pub fn of_series(series: Series, waits: bool) -> Result<Self, checkpoint::Error> {
        let mut listed = series.list();
        listed.retain(|epoch| !waits || epoch.stamp.is_some());
        if listed.is_empty() && !waits {
            return Err(series.nothing());
        }
        let places: Vec<Place> = listed.into_iter().map(Place::from).collect();
        let start = places.len().saturating_sub(1);
        Ok(Self { title: series.title(), places, start, watched: Some(series), waits })
    }
}

impl From<checkpoint::Epoch> for Place {
    fn from(epoch: checkpoint::Epoch) -> Self {
        Self { source: Source::File(epoch.path), label: epoch.label, stamp: epoch.stamp }
    }
}

/// Where the core's numbers lead. A number stands for one content of one file: a file that is written anew has another.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    places: Arc<Mutex<Vec<Place>>>,
}

impl Shelf {
    /// Puts these checkpoints there; their numbers are their places.
    pub fn of(places: &[Place]) -> Self {
        Self { places: Arc::new(Mutex::new(places.to_vec())) }
    }

    fn places(&self) -> MutexGuard<'_, Vec<Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where an epoch comes from.
    pub fn place(&self, id: EpochId) -> Option<Place> {
        self.places().get(id.0 as usize).cloned()
    }

    /// What the screen is told of all that is there.
    pub fn all(&self) -> Vec<Epoch> {
        let places = self.places().clone();
        let told = |(index, place): (usize, Place)| told(index, &place);
        places.into_iter().enumerate().map(told).collect()
    }

    /// What the screen is told of these epochs; contents that were never seen are given a number.
    pub fn epochs(&self, listed: Vec<checkpoint::Epoch>) -> Vec<Epoch> {
        listed.into_iter().map(|epoch| self.epoch(Place::from(epoch))).collect()
    }

    /// What the screen is told of a checkpoint.
    pub fn epoch(&self, place: Place) -> Epoch {
        let mut places = self.places();
        let same = |known: &Place| known.source.path() == place.source.path() && known.stamp == place.stamp;
        let index = places.iter().position(same).unwrap_or(places.len());
        let told = told(index, &place);
        if index == places.len() {
            places.push(place);
        }
        told
    }

    /// The arrays of a layer of an epoch, in the order of `layer.tensors`.
    ///
    /// # Errors
    /// One sentence: as [`checkpoint::read`], and when the file holds another epoch by now.
    pub fn read(&self, id: EpochId, layer: &Layer) -> Result<Vec<ArrayD<f32>>, String> {
        let Some(place) = self.place(id) else { return Err("there is no such epoch".to_owned()) };
        place.check()?;
        let arrays = place.source.read(layer).map_err(|error| error.to_string())?;
        place.check()?;
        Ok(arrays)
    }

    /// Whether a file still holds this epoch.
    ///
    /// # Errors
    /// One sentence: when it does not.
    pub fn check(&self, id: EpochId) -> Result<(), String> {
        self.place(id).map_or(Ok(()), |place| place.check())
    }
}

impl Place {
    /// Whether the file is still the one that was listed.
    fn check(&self) -> Result<(), String> {
        let (Some(path), Some(stamp)) = (self.source.path(), self.stamp) else { return Ok(()) };
        match Stamp::of(path) {
            Ok(now) if now != stamp => Err(format!("{}: is being written anew", shown(path))),
            // What cannot be looked at cannot be opened either, and that has a better sentence.
            _ => Ok(()),
        }
    }
}

fn told(index: usize, place: &Place) -> Epoch {
    Epoch {
        id: EpochId(index as u32),
        label: place.label.clone(),
        title: place.source.title(),
        readable: true,
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl Source {
    /// The file, where it is one.
    pub fn path(&self) -> Option<&PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::BuiltIn { .. } => None,
        }
    }
}
