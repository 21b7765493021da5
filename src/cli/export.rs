//! `convscope export`: a layer's kernels as one PNG.

use anyhow::bail;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::layer::{Chosen, shown};
use super::output;
use super::{ExportArgs, MontageOrder};
use crate::photo::Preprocessing;
use crate::raster::{self, COLOR_MAPS, ChannelOrder, Look, Montage, Order, Raster};

/// Pixels of the largest montage.
const MOST_PIXELS: usize = 256_000_000;

/// Writes the montage.
pub(super) fn run(args: &ExportArgs) -> anyhow::Result<()> {
    if output::extension(&args.output) != "png" {
        bail!("{}: a montage is written as PNG; give a name that ends in .png", shown(&args.output));
    }
    output::check(&args.output, &[&args.layer.file])?;
    let chosen = Chosen::open(&args.layer)?;
    chosen.check_slice(args.slice)?;
    let montage = montage(args, &chosen);
    let [width, height] = montage.size();
    if width.saturating_mul(height) > MOST_PIXELS {
        bail!("the montage would have {width}×{height} pixels; take a smaller --scale or --gap");
    }
    let order = args.channels.or(guessed_order(&chosen, &args.layer.file));
    let palette = COLOR_MAPS[0].signed_palette();
    let kernels = &chosen.weights.kernels;
    let look = Look::of(kernels.dim().1, chosen.is_coloured(), order, args.slice, &palette);
    let layer = raster::layer_scale(kernels.view());
    let tiles = kernels.outer_iter().map(|kernel| {
        let scale = raster::kernel_scale(kernel, args.normalize, layer);
        raster::draw(kernel, look, scale).enlarged(args.scale as usize)
    });
    output::write(&args.output, &png(&montage.compose(tiles, [0; 3]))?)
}

fn montage(args: &ExportArgs, chosen: &Chosen) -> Montage {
    let (count, _, rows, columns) = chosen.weights.kernels.dim();
    let scale = args.scale as usize;
    Montage {
        count,
        // More columns than kernels would only be black.
        columns: args.columns.map_or_else(|| Montage::square(count), |columns| (columns as usize).min(count)),
        order: match args.order {
            MontageOrder::Rows => Order::Rows,
            MontageOrder::Columns => Order::Columns,
        },
        gap: args.gap as usize,
        tile: [columns * scale, rows * scale],
    }
}

/// How the network was fed, from what the checkpoint says.
pub(super) fn guessed(chosen: &Chosen, file: &std::path::Path) -> Preprocessing {
    let network = chosen.checkpoint.network();
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Preprocessing::guess(
        network.name.as_deref(),
        &name,
        network.layers.iter().map(|layer| layer.name.as_str()),
    )
}

/// Which colour the first channel is, from what the checkpoint says.
pub(super) fn guessed_order(chosen: &Chosen, file: &std::path::Path) -> ChannelOrder {
    guessed(chosen, file).channel_order()
}

/// A picture as the bytes of a PNG.
pub(super) fn png(picture: &Raster) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let (width, height) = (u32::try_from(picture.width)?, u32::try_from(picture.height)?);
    PngEncoder::new(&mut bytes).write_image(picture.bytes(), width, height, ExtendedColorType::Rgb8)?;
    Ok(bytes)
}
