//! The judgement as JSON: what `convscope check --json` prints. The schema stands in the module above.

use std::path::Path;

use serde::{Serialize, Serializer};

use super::Limits;
use super::findings::{Finding, LayerReport};
use crate::checkpoint::Network;
use crate::weights::diagnosis::{Diagnosis, LayerDiagnosis, Thresholds, VERDICTS, Verdict};

/// All files.
#[derive(Serialize)]
pub(super) struct Whole<'a> {
    pub(super) exit: u8,
    pub(super) thresholds: Limited,
    pub(super) files: &'a [FileReport],
}

/// The limits that were asked for.
#[derive(Serialize)]
pub(super) struct Limited {
    max_noise: f64,
    max_dead: f64,
    max_weight: f64,
    max_checkerboards: f64,
    allow_nonfinite: bool,
}

impl From<Limits> for Limited {
    fn from(limits: Limits) -> Self {
        let Limits { max_noise, max_dead, max_weight, max_checkerboards, allow_nonfinite } = limits;
        Self { max_noise, max_dead, max_weight, max_checkerboards, allow_nonfinite }
    }
}

/// One file.
#[derive(Serialize)]
pub(super) struct FileReport {
    file: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<String>,
    /// Kernels that the permutation test was asked about.
    pub(super) judged: usize,
    /// Kernels that it cannot be asked about.
    pub(super) too_small: usize,
    pub(super) layers: Vec<LayerReport>,
}

impl FileReport {
    pub(super) fn new(file: &Path) -> Self {
        Self {
            file: file.to_string_lossy().into_owned(),
            outcome: "sound",
            error: None,
            format: None,
            network: None,
            judged: 0,
            too_small: 0,
            layers: Vec::new(),
        }
    }

    pub(super) fn describe(&mut self, network: &Network) {
        self.format = Some(network.format.clone());
        self.network.clone_from(&network.name);
    }

    pub(super) fn add(&mut self, layer: LayerReport) {
        self.judged += layer.diagnosis.as_ref().map_or(0, |diagnosis| diagnosis.judged);
        self.too_small += layer.count(Verdict::TooSmall);
        if !layer.findings.is_empty() {
            self.outcome = "found";
        }
        self.layers.push(layer);
    }

    pub(super) fn fail(&mut self, sentence: String) {
        (self.outcome, self.error) = ("error", Some(sentence));
    }

    pub(super) fn is_found(&self) -> bool {
        self.outcome == "found"
    }
}

impl Serialize for LayerReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            index: usize,
            name: &'a str,
            kind: &'static str,
            values: usize,
            nan: usize,
            inf: usize,
            largest: f32,
            findings: &'a [Finding],
            #[serde(skip_serializing_if = "Option::is_none")]
            note: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            kernels: Option<Kernels<'a>>,
        }
        let Self { index, name, kind, values, nan, inf, largest, findings, note, diagnosis } = self;
        Written {
            index: *index,
            name,
            kind: kind.name(),
            values: *values,
            nan: *nan,
            inf: *inf,
            largest: *largest,
            findings,
            note: note.as_deref(),
            kernels: diagnosis.as_ref().map(Kernels::of),
        }
        .serialize(serializer)
    }
}

/// The kernels of a layer.
#[derive(Serialize)]
struct Kernels<'a> {
    count: usize,
    #[serde(serialize_with = "by_name")]
    counts: &'a LayerDiagnosis,
    judged: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    noise_share: Option<f64>,
    word: &'static str,
    summary: String,
    checkerboards: usize,
    coverage: &'a [usize],
    #[serde(skip_serializing_if = "Option::is_none")]
    near_duplicates: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairs: Option<&'a [(usize, usize, f64)]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    orthogonality: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entropy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entropy_null: Option<f64>,
    each: Vec<Kernel>,
}

impl<'a> Kernels<'a> {
    fn of(diagnosis: &'a LayerDiagnosis) -> Self {
        let likeness = diagnosis.likeness.as_ref();
        Self {
            count: diagnosis.kernels.len(),
            counts: diagnosis,
            judged: diagnosis.judged,
            noise_share: diagnosis.noise_share(),
            word: diagnosis.word.name(),
            summary: diagnosis.summary(),
            checkerboards: diagnosis.checkerboards,
            coverage: &diagnosis.coverage,
            near_duplicates: likeness.map(|likeness| likeness.duplicates),
            pairs: likeness.map(|likeness| likeness.pairs.as_slice()),
            orthogonality: likeness.map(|likeness| likeness.orthogonality),
            entropy: diagnosis.entropy.map(|entropy| entropy.value),
            entropy_null: diagnosis.entropy.map(|entropy| entropy.null),
            each: diagnosis.kernels.iter().enumerate().map(Kernel::of).collect(),
        }
    }
}

/// The counts as an object with the names of the verdicts, in their order.
fn by_name<S: Serializer>(diagnosis: &LayerDiagnosis, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(VERDICTS.iter().map(|row| (row.1, diagnosis.count(row.0))))
}

/// One kernel.
#[derive(Serialize)]
struct Kernel {
    #[serde(rename = "kernel")]
    index: usize,
    verdict: &'static str,
    reason: String,
    mark: char,
    l2: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dc_share: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chroma: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coherence: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    orientation: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gain: Option<f64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    test: Option<Tested>,
}

/// The permutation test.
#[derive(Serialize)]
struct Tested {
    moran_i: f64,
    moran_p: f64,
    peak: f64,
    peak_p: f64,
    p: f64,
}

impl Kernel {
    fn of((index, seen): (usize, &Diagnosis)) -> Self {
        let statistics = &seen.statistics;
        Self {
            index,
            verdict: seen.verdict.name(),
            reason: seen.reason(&Thresholds::default()),
            mark: seen.mark(),
            l2: statistics.l2,
            dc_share: statistics.dc_share,
            chroma: statistics.chroma,
            frequency: statistics.frequency,
            coherence: statistics.coherence,
            orientation: statistics.orientation,
            gain: seen.gain.filter(|gain| gain.is_finite()),
            test: seen.structure.map(|test| Tested {
                moran_i: test.moran_i,
                moran_p: test.moran_p,
                peak: test.peak,
                peak_p: test.peak_p,
                p: test.p,
            }),
        }
    }
}
