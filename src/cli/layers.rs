//! `convscope layers`: what is in a checkpoint.

use std::io::Write;

use super::LayersArgs;
use super::layer::open;
use super::table::{Cell, Table};
use crate::weights::{Kind, Layer};

/// Prints a line a layer.
pub(super) fn run(args: &LayersArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let checkpoint = open(&args.file)?;
    let table = table(&checkpoint.network().layers, args.json);
    if args.json { table.json(out) } else { table.aligned(out) }
}

/// Shape and type are those of the tensor that stands for the layer, as stored; the sizes of its kernels are for
/// programs, which then need not know the layout.
fn table(layers: &[Layer], sizes: bool) -> Table {
    let mut columns = vec!["index", "name", "kind", "shape", "dtype", "parameters"];
    if sizes {
        columns.extend(["c_out", "c_in", "k_d", "k_h", "k_w"]);
    }
    let row = |(index, layer): (usize, &Layer)| {
        let tensor = layer.main_tensor();
        let mut row = vec![
            Cell::Count(index),
            Cell::Text(layer.name.clone()),
            Cell::Text(layer.kind.name().to_owned()),
            tensor.map_or(Cell::Absent, |tensor| Cell::Shape(tensor.shape.clone())),
            tensor.map_or(Cell::Absent, |tensor| Cell::Text(tensor.dtype.clone())),
            Cell::Count(layer.parameters()),
        ];
        if sizes {
            let shape = layer.kernel_shape();
            let deep = matches!(layer.kind, Kind::Conv3d | Kind::Conv3dTranspose);
            row.extend([
                shape.map(|shape| shape.c_out).into(),
                shape.map(|shape| shape.c_in).into(),
                shape.filter(|_| deep).map(|shape| shape.k_d).into(),
                shape.map(|shape| shape.k_h).into(),
                shape.map(|shape| shape.k_w).into(),
            ]);
        }
        row
    };
    Table { columns, rows: layers.iter().enumerate().map(row).collect() }
}
