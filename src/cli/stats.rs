//! `convscope stats`: the numbers about every kernel of a layer.

use std::io::Write;

use anyhow::Context;

use super::StatsArgs;
use super::layer::{chosen, open, shown};
use super::table::{Cell, Table};
use crate::weights::Weights;
use crate::weights::statistics::{Statistics, layer_statistics};

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
        let numbers = layer_statistics(&weights);
        let rows = numbers.iter().enumerate().map(|(kernel, numbers)| (vec![Cell::Count(kernel)], numbers));
        table(vec!["kernel"], &[PLAIN, OF_KERNELS].concat(), rows)
    } else {
        let numbers: Vec<_> = arrays
            .iter()
            .map(|array| Statistics::of_values(&array.iter().copied().collect::<Vec<_>>()))
            .collect();
        let rows = layer.tensors.iter().zip(&numbers).map(|(tensor, numbers)| {
            (vec![Cell::Text(tensor.name.clone()), Cell::Shape(tensor.shape.clone())], numbers)
        });
        table(vec!["tensor", "shape"], PLAIN, rows)
    };
    match (args.json, args.csv) {
        (true, _) => table.json(out),
        (_, true) => table.csv(out),
        _ => table.aligned(out),
    }
}

fn table<'a>(
    first: Vec<&'static str>,
    columns: &[Column],
    rows: impl Iterator<Item = (Vec<Cell>, &'a Statistics)>,
) -> Table {
    let row = |(mut row, numbers): (Vec<Cell>, &Statistics)| {
        row.extend(columns.iter().map(|column| column.1(numbers)));
        row
    };
    let rows = rows.map(row).collect();
    Table { columns: first.into_iter().chain(columns.iter().map(|column| column.0)).collect(), rows }
}
