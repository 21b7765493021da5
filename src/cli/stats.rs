//! `convscope stats`: the numbers about every kernel of a layer.

use std::io::Write;

use anyhow::Context;

use super::StatsArgs;
use super::layer::{chosen, gains, open, shown};
use super::table::{Cell, Table};
use crate::weights::Weights;
use crate::weights::diagnosis::{Diagnosis, Thresholds, judge};
use crate::weights::statistics::Statistics;
use crate::weights::structure::Structure;

/// A number by its name.
type Column = (&'static str, fn(&Statistics) -> Cell);

/// What is said about any array.
const PLAIN: &[Column] = &[
    ("nan", |s| Cell::Count(s.nan)),
    ("inf", |s| Cell::Count(s.inf)),
    ("min", |s| Cell::Number(s.min)),
    ("max", |s| Cell::Number(s.max)),
    ("mean", |s| Cell::Number(s.mean)),
    ("std", |s| Cell::Number(s.std)),
    ("l1", |s| Cell::Number(s.l1)),
    ("l2", |s| Cell::Number(s.l2)),
    ("sparsity", |s| Cell::Number(s.sparsity)),
];

/// What is said about kernels besides.
const OF_KERNELS: &[Column] = &[
    ("dc_share", |s| s.dc_share.into()),
    ("chroma", |s| s.chroma.into()),
    ("frequency", |s| s.frequency.into()),
    ("coherence", |s| s.coherence.into()),
    ("orientation", |s| s.orientation.into()),
];

/// A number of the permutation test by its name.
type TestColumn = (&'static str, fn(&Structure) -> f64);

/// What the permutation test says; absent of kernels that it was not asked about.
const OF_TEST: &[TestColumn] = &[
    ("moran_i", |test| test.moran_i),
    ("moran_p", |test| test.moran_p),
    ("peak", |test| test.peak),
    ("peak_p", |test| test.peak_p),
    ("p", |test| test.p),
];

/// Prints a row a kernel, or a row an array where the layer has no kernels.
pub(super) fn run(args: &StatsArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let file = &args.layer.file;
    let checkpoint = open(file)?;
    let layer = chosen(checkpoint.as_ref(), &args.layer)?;
    let arrays = checkpoint.read(layer)?;
    let table = if layer.kernels.is_some() {
        let weights = Weights::of_layer(layer, arrays).with_context(|| {
            format!("{}: the arrays of {} do not fit together", shown(file), shown(layer.name.as_ref()))
        })?;
        let gains = gains(checkpoint.as_ref(), layer)?;
        let judged = judge(&weights, gains.as_deref(), &Thresholds::default(), &|_, _| {}, &|| false);
        of_kernels(&judged.map(|layer| layer.kernels).unwrap_or_default(), gains.is_some())
    } else {
        let numbers: Vec<_> = arrays
            .iter()
            .map(|array| Statistics::of_values(&array.iter().copied().collect::<Vec<_>>()))
            .collect();
        let rows = layer.tensors.iter().zip(&numbers).map(|(tensor, numbers)| {
            (vec![Cell::Text(tensor.name.clone()), Cell::Shape(tensor.shape.clone())], numbers)
        });
        of_arrays(rows)
    };
    match (args.json, args.csv) {
        (true, _) => table.json(out),
        (_, true) => table.csv(out),
        _ => table.aligned(out),
    }
}

fn of_arrays<'a>(rows: impl Iterator<Item = (Vec<Cell>, &'a Statistics)>) -> Table {
    let row = |(mut row, numbers): (Vec<Cell>, &Statistics)| {
        row.extend(PLAIN.iter().map(|column| column.1(numbers)));
        row
    };
    let rows = rows.map(row).collect();
    Table {
        columns: ["tensor", "shape"].into_iter().chain(PLAIN.iter().map(|column| column.0)).collect(),
        rows,
    }
}

/// The columns of `goldens/kernels.json`, and the gain where there is a batch normalisation.
fn of_kernels(kernels: &[Diagnosis], with_gain: bool) -> Table {
    let row = |(index, kernel): (usize, &Diagnosis)| {
        let mut row = vec![Cell::Count(index)];
        row.extend([PLAIN, OF_KERNELS].into_iter().flatten().map(|column| column.1(&kernel.statistics)));
        row.extend(with_gain.then(|| Cell::from(kernel.gain)));
        row.extend(OF_TEST.iter().map(|column| Cell::from(kernel.structure.as_ref().map(column.1))));
        row.push(Cell::Text(kernel.verdict.name().to_owned()));
        row
    };
    let mut columns = vec!["kernel"];
    columns.extend([PLAIN, OF_KERNELS].into_iter().flatten().map(|column| column.0));
    columns.extend(with_gain.then_some("gain"));
    columns.extend(OF_TEST.iter().map(|column| column.0));
    columns.push("verdict");
    Table { columns, rows: kernels.iter().enumerate().map(row).collect() }
}
