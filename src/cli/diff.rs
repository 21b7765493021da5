//! `convscope diff`: what changed from one checkpoint to another, a layer a row.
//!
//! Layers go together by name, and so do the arrays of a layer; every array counts, kernel, bias and statistics alike.
//! Layer after layer is read from both files, so that memory holds one layer of each.
//!
//! The exit code is 0 where nothing changed, 1 where something did or only one side has a layer, 2 where the files could
//! not be compared: one cannot be read, or they have no layer in common.
//!
//! `--json` prints one object. Names are stable; what is not known is left out.
//!
//! ```text
//! {exit, a: {file, format, network?}, b: {file, format, network?},
//!  counts: {unchanged, changed, other_shape, not_finite, only_in_a, only_in_b},
//!  layers: [{name, state, kind, index_a?, index_b?, relative_change?, cosine?, max_change?,
//!            arrays: [{name, state, shape_a?, shape_b?, relative_change?, cosine?, max_change?}]}]}
//! ```

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use ndarray::ArrayD;
use serde::{Serialize, Serializer};

use super::color::words_are_colored;
use super::layer::{matching, open, shown, unchanged};
use super::lines::Out;
use super::progress::Progress;
use super::table::{Cell, Table, escaped};
use super::{DiffArgs, plural};
use crate::checkpoint::{Checkpoint, Network};
use crate::weights::delta::Change;
use crate::weights::pairing::{self, Pair};
use crate::weights::{Layer, Tensor};

/// What became of a layer or an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// The same but for rounding.
    Unchanged,
    Changed,
    /// Its arrays are not of the same shapes: there is nothing to subtract.
    OtherShape,
    /// One side at least has values that are NaN or infinite, and not the other side's.
    NotFinite,
    OnlyInA,
    OnlyInB,
}

/// What each state is called, and how its word is coloured: the parameters of an SGR sequence.
const STATES: [(State, &str, &str); 6] = [
    (State::Unchanged, "unchanged", "2"),
    (State::Changed, "changed", "33"),
    (State::OtherShape, "other shape", "35"),
    (State::NotFinite, "not finite", "1;31"),
    (State::OnlyInA, "only in A", "31"),
    (State::OnlyInB, "only in B", "32"),
];

impl State {
    fn row(self) -> &'static (Self, &'static str, &'static str) {
        STATES.iter().find(|row| row.0 == self).unwrap_or(&STATES[0])
    }
}

/// What is said of a layer, or of one of its arrays.
#[derive(Serialize)]
struct Numbers {
    /// ‖b − a‖ / ‖a‖
    #[serde(skip_serializing_if = "Option::is_none")]
    relative_change: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cosine: Option<f64>,
    /// max |b − a|
    #[serde(skip_serializing_if = "Option::is_none")]
    max_change: Option<f64>,
}

#[derive(Serialize)]
struct ArrayRow {
    name: String,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    shape_a: Option<Vec<usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shape_b: Option<Vec<usize>>,
    #[serde(flatten)]
    numbers: Numbers,
}

#[derive(Serialize)]
struct LayerRow {
    name: String,
    state: State,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index_a: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index_b: Option<usize>,
    #[serde(flatten)]
    numbers: Numbers,
    arrays: Vec<ArrayRow>,
    #[serde(skip)]
    shape: String,
}

#[derive(Serialize)]
struct Side<'a> {
    file: String,
    format: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<&'a str>,
}

/// A checkpoint and where it is from.
struct Opened<'a> {
    file: &'a Path,
    checkpoint: Box<dyn Checkpoint>,
}

impl<'a> Opened<'a> {
    fn open(file: &'a Path) -> anyhow::Result<Self> {
        Ok(Self { file, checkpoint: open(file)? })
    }

    fn network(&self) -> &Network {
        self.checkpoint.network()
    }

    fn side(&self) -> Side<'_> {
        let network = self.network();
        let file = self.file.to_string_lossy().into_owned();
        Side { file, format: &network.format, network: network.name.as_deref() }
    }
}

/// Compares the two checkpoints.
pub(super) fn run(args: &DiffArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let (a, b) = (Opened::open(&args.a)?, Opened::open(&args.b)?);
    let pairs = pairs(&a, &b, args)?;
    let progress = Progress::new(pairs.len());
    let mut rows = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let layers = (layer(&a, pair.a), layer(&b, pair.b));
        if let Some(layer) = layers.0.or(layers.1) {
            progress.at(&layer.name);
            rows.push(compare(&a, &b, pair)?);
        }
        progress.step();
    }
    drop(progress);
    for side in [&a, &b] {
        unchanged(side.file, side.checkpoint.as_ref(), "compared")?;
    }
    let exit = u8::from(rows.iter().any(|row| row.state != State::Unchanged));
    let mut out = Out::new(out);
    if args.json {
        out.all(&json(&a, &b, &rows, exit)?)?;
    } else {
        out.all(&table(&rows, words_are_colored(args.color))?)?;
        out.line(&summary(&rows))?;
    }
    out.flush()?;
    Ok(ExitCode::from(exit))
}

fn layer<'a>(side: &'a Opened<'_>, index: Option<usize>) -> Option<&'a Layer> {
    index.and_then(|index| side.network().layers.get(index))
}

/// The layers to compare: those whose names match, of either side.
fn pairs(a: &Opened<'_>, b: &Opened<'_>, args: &DiffArgs) -> anyhow::Result<Vec<Pair>> {
    let wanted = |side: &Opened<'_>| matching(&side.network().layers, args.layers.as_ref(), side.file);
    let (in_a, in_b) = match (wanted(a), wanted(b)) {
        // Neither has one: the sentence about the first file will do.
        (Err(error), Err(_)) => return Err(error),
        (in_a, in_b) => (in_a.unwrap_or_default(), in_b.unwrap_or_default()),
    };
    let has = |indices: &[usize], index: Option<usize>| {
        index.is_some_and(|index| indices.binary_search(&index).is_ok())
    };
    let pairs = pairing::layers(&a.network().layers, &b.network().layers);
    // Two networks that have nothing to do with each other: every layer as a difference would say less.
    if pairs.iter().all(|pair| pair.a.is_none() || pair.b.is_none()) {
        let (a, b) = (shown(a.file), shown(b.file));
        bail!("{a} and {b} have no layer of the same name; compare two checkpoints of one network");
    }
    Ok(pairs.into_iter().filter(|pair| has(&in_a, pair.a) || has(&in_b, pair.b)).collect())
}

/// Reads a layer of both sides and compares it array by array.
fn compare(a: &Opened<'_>, b: &Opened<'_>, pair: Pair) -> anyhow::Result<LayerRow> {
    let (in_a, in_b) = (layer(a, pair.a), layer(b, pair.b));
    let arrays = |side: &Opened<'_>, layer: Option<&Layer>| match layer {
        // What only one side has is listed from its index alone.
        Some(layer) if in_a.is_some() && in_b.is_some() => Ok(side.checkpoint.read(layer)?),
        _ => Ok::<_, anyhow::Error>(Vec::new()),
    };
    let (values_a, values_b) = rayon::join(|| arrays(a, in_a), || arrays(b, in_b));
    let (values_a, values_b) = (values_a?, values_b?);
    let [tensors_a, tensors_b] = [in_a, in_b].map(|layer| layer.map_or(&[][..], |layer| &layer.tensors));
    let mut same_shape = Vec::new();
    let arrays: Vec<ArrayRow> = pairing::arrays(tensors_a, tensors_b)
        .into_iter()
        .map(|pair| {
            let tensors = (at(tensors_a, pair.a), at(tensors_b, pair.b));
            let values = at(&values_a, pair.a).zip(at(&values_b, pair.b));
            let values = values.filter(|(a, b)| a.shape() == b.shape());
            same_shape.extend(values);
            ArrayRow::of(tensors, values)
        })
        .collect();
    Ok(LayerRow::of(pair, (in_a, in_b), &same_shape, arrays))
}

fn at<T>(items: &[T], index: Option<usize>) -> Option<&T> {
    items.get(index?)
}

/// What changed in arrays that stand for each other, all of them in a row.
fn change(values: &[(&ArrayD<f32>, &ArrayD<f32>)]) -> Change {
    let before = values.iter().flat_map(|(before, _)| before.iter().copied());
    Change::between(before, values.iter().flat_map(|(_, after)| after.iter().copied()))
}

impl State {
    /// Of something that both have, in one shape.
    fn of(change: &Change) -> Self {
        match (change.unchanged, change.not_finite) {
            (true, _) => Self::Unchanged,
            (false, 0) => Self::Changed,
            (false, _) => Self::NotFinite,
        }
    }
}

impl Numbers {
    fn of(change: Option<&Change>) -> Self {
        let finite = |number: Option<f64>| number.filter(|number| number.is_finite());
        Self {
            relative_change: finite(change.and_then(|change| change.relative)),
            cosine: finite(change.and_then(|change| change.cosine)),
            // Without a pair of finite values there is no largest change.
            max_change: change.filter(|change| change.relative.is_some()).map(|change| change.largest),
        }
    }
}

impl ArrayRow {
    fn of((a, b): (Option<&Tensor>, Option<&Tensor>), values: Option<(&ArrayD<f32>, &ArrayD<f32>)>) -> Self {
        let change = values.map(|values| self::change(&[values]));
        let state = match (a, b, &change) {
            (Some(_), None, _) => State::OnlyInA,
            (None, _, _) => State::OnlyInB,
            (Some(_), Some(_), None) => State::OtherShape,
            (Some(_), Some(_), Some(change)) => State::of(change),
        };
        Self {
            name: a.or(b).map(|tensor| tensor.name.clone()).unwrap_or_default(),
            state,
            shape_a: a.map(|tensor| tensor.shape.clone()),
            shape_b: b.map(|tensor| tensor.shape.clone()),
            numbers: Numbers::of(change.as_ref()),
        }
    }
}

impl LayerRow {
    fn of(
        pair: Pair,
        (a, b): (Option<&Layer>, Option<&Layer>),
        values: &[(&ArrayD<f32>, &ArrayD<f32>)],
        arrays: Vec<ArrayRow>,
    ) -> Self {
        // The numbers of a layer are those of all its arrays in a row; of some of them they would be somebody else's.
        let whole = a.is_some() && b.is_some() && values.len() == arrays.len();
        let change = whole.then(|| self::change(values));
        let state = match (a, b, &change) {
            (Some(_), None, _) => State::OnlyInA,
            (None, _, _) => State::OnlyInB,
            (Some(_), Some(_), None) => State::OtherShape,
            (Some(_), Some(_), Some(change)) => State::of(change),
        };
        let [shape_a, shape_b] =
            [a, b].map(|layer| layer.and_then(Layer::main_tensor).map(|tensor| shape(&tensor.shape)));
        let shape = match (shape_a, shape_b) {
            (Some(a), Some(b)) if a != b => format!("{a} → {b}"),
            (a, b) => a.or(b).unwrap_or_default(),
        };
        let one = a.or(b);
        Self {
            name: one.map(|layer| layer.name.clone()).unwrap_or_default(),
            state,
            kind: one.map_or("other", |layer| layer.kind.name()),
            index_a: pair.a,
            index_b: pair.b,
            numbers: Numbers::of(change.as_ref()),
            arrays,
            shape,
        }
    }
}

fn shape(sizes: &[usize]) -> String {
    sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}

/// A row a layer.
fn table(rows: &[LayerRow], colored: bool) -> anyhow::Result<Vec<u8>> {
    let row = |row: &LayerRow| {
        let numbers = &row.numbers;
        vec![
            Cell::Text(row.name.clone()),
            Cell::Text(row.shape.clone()),
            numbers.relative_change.into(),
            numbers.cosine.into(),
            numbers.max_change.into(),
            Cell::Text(row.state.row().1.to_owned()),
        ]
    };
    let columns = vec!["name", "shape", "relative_change", "cosine", "max_change", "state"];
    let last = columns.len() - 1;
    let style =
        |at: usize, column: usize| if column == last && colored { rows[at].state.row().2 } else { "" };
    let mut text = Vec::new();
    Table { columns, rows: rows.iter().map(row).collect() }.colored(&style, &mut text)?;
    Ok(text)
}

/// How many layers are in each state: `different: 3 of 107 layers: 2 changed, 1 only in B`.
fn summary(rows: &[LayerRow]) -> String {
    let counts = STATES.iter().map(|state| (state, count(rows, state.0)));
    let counts: Vec<_> = counts.filter(|(state, count)| state.0 != State::Unchanged && *count > 0).collect();
    let of = plural(rows.len(), "layer");
    if counts.is_empty() {
        return format!("equal: {of}");
    }
    let different: usize = counts.iter().map(|(_, count)| count).sum();
    let words: Vec<_> = counts.iter().map(|(state, count)| format!("{count} {}", state.1)).collect();
    format!("different: {different} of {of}: {}", words.join(", "))
}

fn count(rows: &[LayerRow], state: State) -> usize {
    rows.iter().filter(|row| row.state == state).count()
}

/// The whole comparison as JSON.
fn json(a: &Opened<'_>, b: &Opened<'_>, rows: &[LayerRow], exit: u8) -> anyhow::Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Whole<'a> {
        exit: u8,
        a: Side<'a>,
        b: Side<'a>,
        #[serde(serialize_with = "by_name")]
        counts: &'a [LayerRow],
        layers: &'a [LayerRow],
    }
    let whole = Whole { exit, a: a.side(), b: b.side(), counts: rows, layers: rows };
    Ok((escaped(&serde_json::to_string_pretty(&whole)?) + "\n").into_bytes())
}

fn by_name<S: Serializer>(rows: &&[LayerRow], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(STATES.iter().map(|state| (state.0, count(rows, state.0))))
}
