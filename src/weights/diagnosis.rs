//! What a kernel is, and why: the verdicts of METRICS.md, in their order.
//!
//! ```text
//! weights ─ statistics ─┬─ not finite? ─ dead? ─ too small? ─┐ no to all
//!                       └─ chroma, coherence ────┐           ▼
//!                                                │   permutation test ─ p > 0.05 ─ noise
//!                                                └──────────────────── p ≤ 0.05 ─ colour ─ oriented ─ blob
//! ```
//!
//! A kernel that reads as noise is not called bad: it *cannot be told from noise* (Gavrikov & Keuper 2023, *The Power of
//! Linear Combinations*). Nor is a structured one said to have learned something: a smooth gradient is structured too.

use ndarray::{ArrayView3, Axis};
use rayon::prelude::*;

use super::Weights;
use super::statistics::{Statistics, layer_statistics};
use super::structure::{LANES, Structure, Test};

pub mod layer;

pub use layer::{LayerDiagnosis, Word};

/// What a kernel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// A NaN or an infinity is in it.
    NotFinite,
    /// It hardly weighs anything beside the others, or all its weights are equal.
    Dead,
    /// It has too few positions for the permutation test.
    TooSmall,
    /// The permutation test cannot tell it from noise.
    Noise,
    /// Most of its energy is off the grey axis.
    Colour,
    /// An edge, bar or grating detector.
    Oriented,
    /// The rest: centre-surround, low-pass.
    Blob,
}

/// One row a verdict: what it is called, and the one-column mark of the grid. The marks of oriented kernels turn with
/// them: [`Diagnosis::mark`].
pub const VERDICTS: [(Verdict, &str, char); 7] = [
    (Verdict::NotFinite, "not finite", '!'),
    (Verdict::Dead, "dead", '×'),
    (Verdict::TooSmall, "too small to judge", '·'),
    (Verdict::Noise, "noise", '░'),
    (Verdict::Colour, "colour", '◆'),
    (Verdict::Oriented, "oriented", '╱'),
    (Verdict::Blob, "blob", '●'),
];

/// Stripes at 0°, 45°, 90° and 135°.
const STRIPES: [char; 4] = ['─', '╱', '│', '╲'];

impl Verdict {
    /// Its row among [`VERDICTS`].
    pub fn index(self) -> usize {
        VERDICTS.iter().position(|row| row.0 == self).unwrap_or(0)
    }

    /// What it is called, on the screen and in JSON.
    pub fn name(self) -> &'static str {
        VERDICTS[self.index()].1
    }

    /// Whether the permutation test has been asked.
    pub fn is_judged(self) -> bool {
        self >= Self::Noise
    }
}

/// Where the lines are drawn. The defaults are METRICS.md's; the ones about layers are convscope's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// A kernel is dead whose l2 is at most this share of the layer's median.
    pub dead: f64,
    /// Fewer positions are too few for the permutation test.
    pub positions: usize,
    /// A larger p is noise.
    pub p: f64,
    /// Of a colour kernel at least this share of the energy is off the grey axis.
    pub chroma: f64,
    /// An oriented kernel is at least so coherent.
    pub coherence: f64,
    /// A layer with a larger share of noise among the judged kernels is [`Word::Mixed`].
    pub mixed: f64,
    /// … and with a share larger than this [`Word::Untrained`].
    pub untrained: f64,
    /// Kernels are near-duplicates whose |cosine| is larger.
    pub duplicate: f64,
    /// A kernel whose Moran's I is lower is a checkerboard: neighbours of opposite sign. Convscope's own line.
    pub checkerboard: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            dead: 0.01,
            positions: 25,
            p: 0.05,
            chroma: 0.5,
            coherence: 0.4,
            mixed: 0.1,
            untrained: 0.5,
            duplicate: 0.95,
            checkerboard: -0.5,
        }
    }
}

/// A kernel's verdict and everything it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diagnosis {
    /// What it is.
    pub verdict: Verdict,
    /// Its numbers.
    pub statistics: Statistics,
    /// The permutation test; `None` where it was not asked, or all slices are flat.
    pub structure: Option<Structure>,
    /// γ/√(σ²+ε) of the batch normalisation behind the layer, where there is one.
    pub gain: Option<f64>,
    /// The median l2 of the layer's kernels, which decides who is dead.
    pub median_l2: f64,
}

impl Diagnosis {
    /// Its one-column mark: a stripe in the nearest of four directions where it is oriented.
    pub fn mark(&self) -> char {
        match (self.verdict, self.statistics.orientation) {
            (Verdict::Oriented, Some(degrees)) => stripe(degrees),
            (verdict, _) => VERDICTS[verdict.index()].2,
        }
    }

    /// The direction of its stripes, where they are strong enough to have one: of oriented kernels, and of colour
    /// kernels that are oriented too.
    pub fn stripes(&self, thresholds: &Thresholds) -> Option<char> {
        let striped = matches!(self.verdict, Verdict::Oriented | Verdict::Colour)
            && self.statistics.coherence.is_some_and(|coherence| coherence >= thresholds.coherence);
        self.statistics.orientation.filter(|_| striped).map(stripe)
    }

    /// Why the verdict is what it is, in one line with the numbers it rests on.
    pub fn reason(&self, thresholds: &Thresholds) -> String {
        let (seen, name) = (&self.statistics, self.verdict.name());
        let number = |number: Option<f64>| brief(number.unwrap_or(0.0));
        match self.verdict {
            Verdict::NotFinite => {
                format!("{name}: {} NaN and {} infinite of {} weights", seen.nan, seen.inf, seen.count)
            }
            Verdict::Dead if seen.count == 0 => format!("{name}: it has no weights"),
            Verdict::Dead if self.is_flat() => format!("{name}: all weights are {}", brief(seen.min)),
            Verdict::Dead => format!(
                "{name}: l2 {} ≤ {} × the layer's median {}",
                brief(seen.l2),
                thresholds.dead,
                brief(self.median_l2)
            ),
            Verdict::TooSmall => format!("{name} one by one: fewer than {} positions", thresholds.positions),
            Verdict::Noise => match self.structure {
                None => format!("{name}: every slice is flat, so the order of its weights says nothing"),
                Some(test) => {
                    format!("{name}: p = {} > {}: cannot be told from noise", brief(test.p), thresholds.p)
                }
            },
            Verdict::Colour => {
                let chroma = number(seen.chroma);
                format!("{name}: {}, chroma {chroma} ≥ {}", self.structured(), thresholds.chroma)
            }
            Verdict::Oriented => {
                let coherence = number(seen.coherence);
                format!("{name}: {}, coherence {coherence} ≥ {}", self.structured(), thresholds.coherence)
            }
            Verdict::Blob => {
                let coherence = number(seen.coherence);
                format!("{name}: {}, coherence {coherence} < {}", self.structured(), thresholds.coherence)
            }
        }
    }

    fn structured(&self) -> String {
        let said = |test: Structure| {
            format!("structured: p = {}, Moran's I = {}", brief(test.p), brief(test.moran_i))
        };
        self.structure.map_or_else(String::new, said)
    }

    fn is_flat(&self) -> bool {
        // A single weight is equal to itself, and that says nothing about it.
        self.statistics.count != 1 && self.statistics.min == self.statistics.max
    }

    fn of(
        statistics: Statistics,
        kernel: ArrayView3<'_, f32>,
        median_l2: f64,
        thresholds: &Thresholds,
    ) -> Self {
        let (_, rows, columns) = kernel.dim();
        let mut diagnosis =
            Self { verdict: Verdict::Blob, statistics, structure: None, gain: None, median_l2 };
        diagnosis.verdict = if statistics.nan + statistics.inf > 0 {
            Verdict::NotFinite
        } else if statistics.l2 <= thresholds.dead * median_l2 || diagnosis.is_flat() {
            Verdict::Dead
        } else if rows * columns < thresholds.positions {
            Verdict::TooSmall
        } else {
            // The test decides: see `tested`.
            Verdict::Noise
        };
        diagnosis
    }

    fn tested(mut self, structure: Option<Structure>, thresholds: &Thresholds) -> Self {
        self.structure = structure;
        let at_least = |number: Option<f64>, line: f64| number.is_some_and(|number| number >= line);
        self.verdict = if structure.is_none_or(|test| test.p > thresholds.p) {
            Verdict::Noise
        } else if at_least(self.statistics.chroma, thresholds.chroma) {
            Verdict::Colour
        } else if at_least(self.statistics.coherence, thresholds.coherence) {
            Verdict::Oriented
        } else {
            Verdict::Blob
        };
        self
    }
}

/// ─, ╱, │ or ╲, whichever is nearest to stripes at so many degrees (0–180, counted from ─ through ╱).
pub fn stripe(degrees: f64) -> char {
    STRIPES[(degrees / 45.0).round().rem_euclid(4.0) as usize]
}

/// A number in few characters: two digits behind the point where that says enough, three or an exponent where not.
pub(crate) fn brief(number: f64) -> String {
    let size = number.abs();
    if !number.is_finite() || number == 0.0 {
        number.to_string()
    } else if !(0.001..1e5).contains(&size) {
        format!("{number:.1e}")
    } else if size < 0.1 {
        format!("{number:.3}")
    } else {
        format!("{number:.2}")
    }
}

/// Judges every kernel of a layer, and the layer.
///
/// `gain` has one number a kernel: see [`gains`](super::gain::gains). `each` is called from several threads, once a kernel,
/// in any order, as soon as the kernel's diagnosis is known; what needs no permutation test comes first. `None` where
/// `cancelled` said so: it is asked from several threads, some thousand times a second.
///
/// The answer is the same with any number of threads.
pub fn judge(
    weights: &Weights,
    gain: Option<&[f64]>,
    thresholds: &Thresholds,
    each: &(dyn Fn(usize, Diagnosis) + Sync),
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<LayerDiagnosis> {
    let statistics = layer_statistics(weights);
    if cancelled() {
        return None;
    }
    let median_l2 = median(statistics.iter().map(|numbers| numbers.l2).collect());
    let mut kernels: Vec<Diagnosis> = statistics
        .into_iter()
        .zip(weights.kernels.axis_iter(Axis(0)))
        .enumerate()
        .map(|(index, (numbers, kernel))| {
            let gain = gain.and_then(|gain| gain.get(index)).copied();
            Diagnosis { gain, ..Diagnosis::of(numbers, kernel, median_l2, thresholds) }
        })
        .collect();
    let (waiting, known): (Vec<usize>, Vec<usize>) =
        (0..kernels.len()).partition(|&index| kernels[index].verdict == Verdict::Noise);
    for index in known {
        each(index, kernels[index]);
    }
    if !waiting.is_empty() {
        let (_, _, rows, columns) = weights.kernels.dim();
        let test = Test::new(rows, columns);
        let groups = waiting.par_chunks(LANES).map(|group| {
            let views: Vec<_> = group.iter().map(|&index| weights.kernel(index)).collect();
            let answers = test.judge(&views, cancelled)?;
            let judged = group.iter().zip(answers).map(|(&index, structure)| {
                let diagnosis = kernels[index].tested(structure, thresholds);
                each(index, diagnosis);
                (index, diagnosis)
            });
            Some(judged.collect::<Vec<_>>())
        });
        for (index, diagnosis) in groups.collect::<Option<Vec<_>>>()?.into_iter().flatten() {
            kernels[index] = diagnosis;
        }
    }
    LayerDiagnosis::of(weights, kernels, thresholds, cancelled)
}

/// The middle one, or the mean of the middle two; 0 where there is none.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match (numbers.len().checked_sub(1), numbers.len() % 2) {
        (None, _) => 0.0,
        (_, 1) => numbers[middle],
        _ => f64::midpoint(numbers[middle - 1], numbers[middle]),
    }
}
