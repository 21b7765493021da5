//! What there is to say about one layer.

use anyhow::Context;
use ndarray::ArrayD;

use super::Limits;
use crate::checkpoint::Checkpoint;
use crate::cli::layer::gains;
use crate::weights::diagnosis::{LayerDiagnosis, Thresholds, Verdict, Word, brief, judge};
use crate::weights::{Kind, Layer, Weights};

/// Something that is beyond its limit.
#[derive(Debug, serde::Serialize)]
pub(super) struct Finding {
    /// Its stable name.
    #[serde(rename = "finding")]
    pub(super) name: &'static str,
    /// What was measured, as a number that is compared with the limit.
    pub(super) value: f64,
    /// What it may be at most.
    pub(super) limit: f64,
    /// Both in words.
    pub(super) message: String,
}

/// What was seen of one layer.
#[derive(Debug)]
pub(super) struct LayerReport {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Values of all its arrays.
    pub(super) values: usize,
    pub(super) nan: usize,
    pub(super) inf: usize,
    /// The largest finite |value| of all its arrays.
    pub(super) largest: f32,
    pub(super) findings: Vec<Finding>,
    /// Worth saying, though within the limits.
    pub(super) note: Option<String>,
    /// Of a layer with kernels.
    pub(super) diagnosis: Option<LayerDiagnosis>,
}

/// Layers whose numbers are no weights: a variance may be as large as it likes.
const NO_WEIGHTS: [Kind; 2] = [Kind::BatchNormalization, Kind::Other];

impl LayerReport {
    /// Reads and judges a layer; `going` is called now and then. Where `stop` says so, the kernels are not judged.
    pub(super) fn of(
        checkpoint: &dyn Checkpoint,
        index: usize,
        limits: &Limits,
        going: &(dyn Fn() + Sync),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> anyhow::Result<Self> {
        let layer = &checkpoint.network().layers[index];
        let arrays = checkpoint.read(layer)?;
        let mut report = Self::of_arrays(index, layer, &arrays, limits);
        if layer.kernels.is_some() {
            let weights = Weights::of_layer(layer, arrays).context("its arrays do not fit together")?;
            let gains = gains(checkpoint, layer)?;
            let diagnosis = judge(&weights, gains.as_deref(), &Thresholds::default(), &|_, _| going(), stop);
            if let Some(diagnosis) = diagnosis {
                report.take(diagnosis, limits);
            }
        }
        Ok(report)
    }

    /// What can be said of any numbers: whether they are some, and how large.
    fn of_arrays(index: usize, layer: &Layer, arrays: &[ArrayD<f32>], limits: &Limits) -> Self {
        let count = |is: fn(f32) -> bool| arrays.iter().flatten().filter(|&&value| is(value)).count();
        let (nan, inf) = (count(f32::is_nan), count(f32::is_infinite));
        let sizes = arrays.iter().map(|array| crate::weights::statistics::largest(array.iter().copied()));
        let (at, largest) =
            sizes.enumerate().fold((0, 0.0), |best, next| if next.1 > best.1 { next } else { best });
        let values = layer.parameters();
        let mut findings = Vec::new();
        if nan + inf > 0 && !limits.allow_nonfinite {
            findings.push(Finding {
                name: "not_finite",
                value: (nan + inf) as f64,
                limit: 0.0,
                message: format!("not finite: {nan} NaN and {inf} infinite of {values} values"),
            });
        }
        let value = f64::from(largest);
        if value > limits.max_weight && !NO_WEIGHTS.contains(&layer.kind) {
            let array = layer.tensors.get(at).map_or("", |tensor| &tensor.name);
            let message =
                format!("large weights: up to {} in {array}, more than {}", brief(value), limits.max_weight);
            findings.push(Finding { name: "weight", value, limit: limits.max_weight, message });
        }
        let name = layer.name.clone();
        Self {
            index,
            name,
            kind: layer.kind,
            values,
            nan,
            inf,
            largest,
            findings,
            note: None,
            diagnosis: None,
        }
    }

    /// Holds the judgement of the kernels against the limits.
    fn take(&mut self, diagnosis: LayerDiagnosis, limits: &Limits) {
        let (count, judged) = (diagnosis.kernels.len(), diagnosis.judged);
        let mut over = |name, what: &str, number: usize, of: usize, which: &str, limit: f64| {
            let value = number as f64 / of.max(1) as f64;
            if value > limit {
                let message =
                    format!("{what}: {number} of {of} {which} ({} % > {} %)", percent(value), percent(limit));
                self.findings.push(Finding { name, value, limit, message });
            }
            value > limit
        };
        let noise = diagnosis.count(Verdict::Noise);
        let which = "judged kernels cannot be told from noise";
        let word = diagnosis.word.name();
        let found = over("noise", word, noise, judged, which, limits.max_noise);
        over("dead", "dead", diagnosis.count(Verdict::Dead), count, "kernels are dead", limits.max_dead);
        let boards = "judged kernels have Moran's I below −0.5, as of a run that diverges";
        over(
            "checkerboards",
            "checkerboards",
            diagnosis.checkerboards,
            judged,
            boards,
            limits.max_checkerboards,
        );
        if !found && matches!(diagnosis.word, Word::Mixed | Word::Untrained) {
            self.note = Some(format!("{word}: {noise} of {judged} {which}"));
        }
        self.diagnosis = Some(diagnosis);
    }

    /// Kernels of a verdict.
    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.diagnosis.as_ref().map_or(0, |diagnosis| diagnosis.count(verdict))
    }

    /// Lets go of what only `--json` prints: a network has many kernels.
    pub(super) fn forget_kernels(&mut self) {
        if let Some(diagnosis) = &mut self.diagnosis {
            diagnosis.kernels = Vec::new();
        }
    }
}

/// A share in percent, with as many digits as tell it apart from its neighbours.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent.fract().abs() < 1e-9 { format!("{percent:.0}") } else { format!("{percent:.1}") }
}
