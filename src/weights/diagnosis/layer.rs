//! What a layer is: the counts of its kernels' verdicts, and how unlike each other its kernels are.

use std::fmt::Write as _;

use super::{Diagnosis, Thresholds, VERDICTS, Verdict};
use crate::weights::Weights;
use crate::weights::entropy::{Entropy, entropy};
use crate::weights::likeness::{Likeness, likeness};

/// Bins of 22.5° that the stripes of oriented kernels are counted in.
pub const BINS: usize = 8;

/// A layer in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// No kernel could be judged.
    NotJudged,
    /// Hardly a kernel is noise.
    Structured,
    /// Some are.
    Mixed,
    /// Most are: as before the training, or too little of it.
    Untrained,
}

/// Every word and how it is written.
pub const WORDS: [(Word, &str); 4] = [
    (Word::NotJudged, "not judged"),
    (Word::Structured, "structured"),
    (Word::Mixed, "mixed"),
    (Word::Untrained, "untrained-looking"),
];

impl Word {
    /// How it is written, on the screen and in JSON.
    pub fn name(self) -> &'static str {
        WORDS.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }
}

/// Everything that is said about a layer as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerDiagnosis {
    /// One a kernel, in the order of the layer.
    pub kernels: Vec<Diagnosis>,
    /// Kernels of each verdict, in the order of [`VERDICTS`].
    pub counts: [usize; VERDICTS.len()],
    /// Kernels that the permutation test was asked about.
    pub judged: usize,
    /// Judged kernels with Moran's I below the threshold: neighbours of opposite sign, as a run that diverges leaves them.
    pub checkerboards: usize,
    /// The layer in a word.
    pub word: Word,
    /// Oriented kernels by the direction of their stripes; the first bin begins at 0°, which is ─.
    pub coverage: [usize; BINS],
    /// Near-duplicates and orthogonality; `None` for fewer than two kernels with weights.
    pub likeness: Option<Likeness>,
    /// The variance entropy of the slices over its random null.
    pub entropy: Option<Entropy>,
}

impl LayerDiagnosis {
    pub(super) fn of(
        weights: &Weights,
        kernels: Vec<Diagnosis>,
        thresholds: &Thresholds,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Option<Self> {
        let mut counts = [0; VERDICTS.len()];
        let mut coverage = [0; BINS];
        for kernel in &kernels {
            counts[kernel.verdict.index()] += 1;
            if let (Verdict::Oriented, Some(degrees)) = (kernel.verdict, kernel.statistics.orientation) {
                coverage[(degrees * BINS as f64 / 180.0) as usize % BINS] += 1;
            }
        }
        let judged = kernels.iter().filter(|kernel| kernel.verdict.is_judged()).count();
        let low =
            |kernel: &&Diagnosis| kernel.structure.is_some_and(|test| test.moran_i < thresholds.checkerboard);
        let checkerboards = kernels.iter().filter(low).count();
        let noise = counts[Verdict::Noise.index()] as f64 / judged as f64;
        let word = match judged {
            0 => Word::NotJudged,
            _ if noise > thresholds.untrained => Word::Untrained,
            _ if noise > thresholds.mixed => Word::Mixed,
            _ => Word::Structured,
        };
        // A kernel that hardly weighs anything has no direction worth comparing.
        let compared: Vec<usize> = (0..kernels.len())
            .filter(|&index| !matches!(kernels[index].verdict, Verdict::NotFinite | Verdict::Dead))
            .collect();
        let likeness = likeness(weights, &compared, thresholds.duplicate, cancelled);
        if cancelled() {
            return None;
        }
        let entropy = entropy(weights, &compared);
        Some(Self { kernels, counts, judged, checkerboards, word, coverage, likeness, entropy })
    }

    /// Kernels of a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.counts[verdict.index()]
    }

    /// The share of noise among the judged kernels, 0..1; `None` where none was judged.
    pub fn noise_share(&self) -> Option<f64> {
        (self.judged > 0).then(|| self.count(Verdict::Noise) as f64 / self.judged as f64)
    }

    /// The share of dead kernels among all, 0..1; 0 where there is none.
    pub fn dead_share(&self) -> f64 {
        self.count(Verdict::Dead) as f64 / self.kernels.len().max(1) as f64
    }

    /// The layer in one line, always out of all kernels: `64 kernels: 31 oriented · 13 colour · 20 blob · 0 noise · 0 dead`.
    pub fn summary(&self) -> String {
        const ALWAYS: [Verdict; 5] =
            [Verdict::Oriented, Verdict::Colour, Verdict::Blob, Verdict::Noise, Verdict::Dead];
        let count = self.kernels.len();
        let mut line = format!("{count} kernel{}: ", if count == 1 { "" } else { "s" });
        let too_small = self.count(Verdict::TooSmall) > 0;
        let said = ALWAYS.into_iter().filter(|&verdict| !too_small || !verdict.is_judged());
        let also =
            [Verdict::NotFinite, Verdict::TooSmall].into_iter().filter(|&verdict| self.count(verdict) > 0);
        for (at, verdict) in said.chain(also).enumerate() {
            let gap = if at == 0 { "" } else { " · " };
            // A string takes everything.
            let _ = write!(line, "{gap}{} {}", self.count(verdict), verdict.name());
        }
        line
    }
}
