//! A training run as the screen has it: its epochs, the one that is looked at, and what is known of a layer over time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::state::{Health, KernelData, Ticket};
use crate::weights::delta::Delta;
use crate::weights::diagnosis::{Diagnosis, LayerDiagnosis, Verdict, Word};
use crate::weights::{Layer, Weights};

/// A checkpoint of the run: a number that never means another content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochId(pub u32);

/// One mark of the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Epoch {
    /// Which.
    pub id: EpochId,
    /// What it is called: its number, or a name.
    pub label: String,
    /// Its path as the user knows it.
    pub title: String,
    /// Whether it can still be read; one that was overwritten is only what was remembered of it.
    pub readable: bool,
}

/// A layer at one epoch, in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The kernels.
    pub data: KernelData,
    /// The gain of the batch normalisation behind the layer.
    pub gain: Option<Vec<f64>>,
    /// The verdicts, once they are known.
    pub diagnosis: Option<Arc<LayerDiagnosis>>,
}

impl Frame {
    /// How much memory it takes.
    pub fn bytes(&self) -> usize {
        let kernels = self.data.shape.c_out * (size_of::<Diagnosis>() + size_of::<f64>());
        self.data.weights.kernels.len() * size_of::<f32>() + kernels
    }
}

/// What is remembered of a kernel at one epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trace {
    /// Its l2; NaN where a weight is not finite.
    pub norm: f32,
    /// The p of the permutation test; NaN where it was not asked.
    pub p: f32,
    /// The gain behind it; NaN where there is none.
    pub gain: f32,
}

/// How a layer fares, the worst first. Where it changes from one epoch to the next, the timeline says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// A weight is NaN or infinite.
    NotFinite,
    /// A weight is larger than sound ones ever are.
    Large,
    /// Most kernels are checkerboards, as a run that diverges leaves them.
    Checkerboards,
    /// A kernel is dead.
    Dead,
    /// Most kernels cannot be told from noise.
    Noise,
    /// Some cannot.
    Mixed,
    /// All is well, as far as it can be judged.
    Sound,
}

/// A condition, its mark in the timeline, and what it is called.
pub const CONDITIONS: [(Condition, char, &str); 7] = [
    (Condition::NotFinite, '!', "not finite"),
    (Condition::Large, '▲', "large weights"),
    (Condition::Checkerboards, '▚', "checkerboards"),
    (Condition::Dead, '×', "dead kernels"),
    (Condition::Noise, '░', "noise"),
    (Condition::Mixed, '▒', "some noise"),
    (Condition::Sound, '●', "structured"),
];

impl Condition {
    /// Its mark and its name.
    pub fn shown(self) -> (char, &'static str) {
        CONDITIONS.iter().find(|row| row.0 == self).map_or(('●', ""), |row| (row.1, row.2))
    }
}

/// Larger weights are those of a run that diverges: convscope's own line, the default of `convscope check`.
pub const LARGE: f32 = 1000.0;

/// What is remembered of a layer at one epoch, when its weights are not any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Noise, dead, not finite.
    pub health: Health,
    /// In a word.
    pub condition: Condition,
    /// Out of how many kernels.
    pub count: usize,
    /// One a kernel.
    pub kernels: Vec<Trace>,
    /// From which epoch, and how much changed: of the layer, and of each kernel.
    pub change: Option<(EpochId, f32, Vec<f32>)>,
}

impl Point {
    /// What is worth remembering of a layer that was judged.
    pub fn of(diagnosis: &LayerDiagnosis, largest: f32, gain: Option<&[f64]>) -> Self {
        let trace = |(index, kernel): (usize, &Diagnosis)| {
            let gain = gain.and_then(|gain| gain.get(index)).copied().or(kernel.gain);
            let finite = kernel.verdict != Verdict::NotFinite;
            Trace {
                norm: if finite { kernel.statistics.l2 as f32 } else { f32::NAN },
                p: kernel.structure.map_or(f32::NAN, |test| test.p as f32),
                gain: gain.map_or(f32::NAN, |gain| gain as f32),
            }
        };
        let health = Health {
            noise: diagnosis.noise_share(),
            dead: diagnosis.count(Verdict::Dead),
            not_finite: diagnosis.count(Verdict::NotFinite),
        };
        let condition = match diagnosis.word {
            _ if health.not_finite > 0 => Condition::NotFinite,
            _ if largest > LARGE => Condition::Large,
            _ if diagnosis.checkerboards * 2 > diagnosis.judged => Condition::Checkerboards,
            _ if health.dead > 0 => Condition::Dead,
            Word::Untrained => Condition::Noise,
            Word::Mixed => Condition::Mixed,
            Word::Structured | Word::NotJudged => Condition::Sound,
        };
        let kernels = diagnosis.kernels.iter().enumerate().map(trace).collect();
        Self { health, condition, count: diagnosis.kernels.len(), kernels, change: None }
    }
}

/// Work on the run's history, in the background.
#[derive(Clone, Debug, PartialEq)]
pub enum Study {
    /// Read a layer of an epoch, and judge it.
    Frame {
        /// Which epoch.
        epoch: EpochId,
        /// Which layer.
        layer: Layer,
        /// Its kernels, where they need not be read any more.
        known: Option<KernelData>,
    },
    /// Compare a layer of two epochs.
    Change {
        /// The layer's name.
        layer: String,
        /// The epoch before.
        from: EpochId,
        /// The epoch after.
        to: EpochId,
        /// Its weights before.
        before: Arc<Weights>,
        /// Its weights after.
        after: Arc<Weights>,
    },
}

/// What came of a [`Study`].
#[derive(Clone, Debug, PartialEq)]
pub enum Studied {
    /// A layer of an epoch.
    Frame(Box<Frame>),
    /// What changed; `None` where the shapes differ.
    Change(Option<Box<Delta>>),
}

/// The run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// In order; none before it is known, one where only a file is looked at.
    pub epochs: Vec<Epoch>,
    /// The one that the user is at.
    pub at: usize,
    /// Whether files are watched, so that epochs may come and go.
    pub watched: bool,
    /// Whether it plays.
    pub playing: bool,
    /// The epoch that the shown one is compared with, as long as the user wants that.
    pub marked: Option<EpochId>,
    /// Which epoch was asked for last, and the ticket of its weights.
    pub asked: Option<(EpochId, Ticket)>,
    /// Which epoch the numbers on the screen are of.
    pub shown: Option<EpochId>,
    /// Epochs that could not be read, with the sentence; not tried again before the user comes back to them.
    pub failed: BTreeMap<EpochId, String>,
    /// What the files are up to, while that is worth a word.
    pub word: Option<String>,
    /// Layers in memory, by name and epoch.
    pub film: BTreeMap<(String, EpochId), Frame>,
    /// Whose film is shown: a layer, and a kernel of it. Behind the selection while that moves.
    pub filmed: Option<(usize, usize)>,
    /// What is remembered of layers, by name and epoch.
    pub points: BTreeMap<(String, EpochId), Point>,
    /// The study that is under way.
    pub study: Option<(Ticket, Study)>,
    /// Studies that came to nothing: layer, epoch, and for a change the epoch before.
    pub given_up: BTreeSet<(String, EpochId, Option<EpochId>)>,
}

impl Run {
    /// Whether there is a timeline: more than one epoch.
    pub fn is_shown(&self) -> bool {
        self.epochs.len() > 1
    }

    /// The kernel whose film is shown, where another one is selected.
    pub fn film_behind(&self, selected: usize) -> Option<usize> {
        self.filmed.map(|(_, kernel)| kernel).filter(|kernel| self.is_shown() && *kernel != selected)
    }

    /// The epoch that the user is at.
    pub fn selected(&self) -> EpochId {
        self.epochs.get(self.at).map_or(EpochId::default(), |epoch| epoch.id)
    }

    /// Where an epoch stands.
    pub fn position(&self, id: EpochId) -> Option<usize> {
        self.epochs.iter().position(|epoch| epoch.id == id)
    }

    /// What an epoch is called; nothing, where it is not among them.
    pub fn label(&self, id: EpochId) -> &str {
        self.position(id).map_or("", |at| &self.epochs[at].label)
    }

    /// What is remembered of a layer, epoch by epoch.
    pub fn history(&self, layer: &str) -> Vec<Option<&Point>> {
        // A name is owned in the keys; one is enough for all lookups.
        let mut key = (layer.to_owned(), EpochId::default());
        let epochs = self.epochs.iter();
        epochs
            .map(|epoch| {
                key.1 = epoch.id;
                self.points.get(&key)
            })
            .collect()
    }

    /// A layer of an epoch, where it is in memory.
    pub fn frame(&self, layer: &str, epoch: EpochId) -> Option<&Frame> {
        self.film.get(&(layer.to_owned(), epoch))
    }

    /// How long an epoch stands while the run plays, in milliseconds; `None` where it does not play. A long run plays
    /// faster, so that none takes much longer than eight seconds.
    pub fn beat(&self) -> Option<u64> {
        self.playing.then(|| (8000 / self.epochs.len().max(1) as u64).clamp(80, 500))
    }
}
