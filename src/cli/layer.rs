//! From `--layer` to a layer: by name or by index, with a hint where there is no such layer.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use glob::Pattern;

use super::LayerArgs;
use crate::checkpoint::{self, Checkpoint, Stamp};
use crate::printable::printable;
use crate::weights::find::find;
use crate::weights::{Layer, Weights, gain};

/// Opens a checkpoint and waits for its whole index.
pub(super) fn open(file: &Path) -> anyhow::Result<Box<dyn Checkpoint>> {
    Ok(checkpoint::open(file)?)
}

/// The layer that the arguments name.
pub(super) fn chosen<'a>(checkpoint: &'a dyn Checkpoint, args: &LayerArgs) -> anyhow::Result<&'a Layer> {
    let layers = &checkpoint.network().layers;
    let index = find(layers, &args.layer).map_err(|problem| anyhow!("{}: {problem}", shown(&args.file)))?;
    Ok(&layers[index])
}

/// The gain of the batch normalisation behind a layer, a number a kernel; `None` where there is none, or one in doubt.
pub(super) fn gains(checkpoint: &dyn Checkpoint, layer: &Layer) -> anyhow::Result<Option<Vec<f64>>> {
    let network = checkpoint.network();
    let index = network.layers.iter().position(|other| std::ptr::eq(other, layer));
    let Some(norm) = index.and_then(|index| gain::behind(&network.layers, index)) else { return Ok(None) };
    let norm = &network.layers[norm];
    let epsilon = gain::epsilon(norm, network.name.as_deref());
    Ok(gain::gains(norm, &checkpoint.read(norm)?, epsilon))
}

/// A layer of an opened checkpoint, with its kernels.
pub(super) struct Chosen {
    /// The checkpoint it is from.
    pub(super) checkpoint: Box<dyn Checkpoint>,
    /// The layer.
    pub(super) layer: Layer,
    /// Its kernels.
    pub(super) weights: Weights,
}

impl Chosen {
    /// Opens the checkpoint, finds the layer and reads its kernels.
    pub(super) fn open(args: &LayerArgs) -> anyhow::Result<Self> {
        let checkpoint = open(&args.file)?;
        let layer = chosen(checkpoint.as_ref(), args)?.clone();
        let name = printable(&layer.name);
        let Some(shape) = layer.kernel_shape() else {
            let kind = layer.kind.name();
            bail!(
                "{}: {name} has no kernels to draw, it is of kind {kind}; \
                 `convscope layers` lists the layers that have",
                shown(&args.file)
            );
        };
        if shape.c_out == 0 || shape.slices() == 0 || shape.k_h == 0 || shape.k_w == 0 {
            bail!("{}: the kernels of {name} are empty; choose another layer", shown(&args.file));
        }
        let arrays = checkpoint.read(&layer)?;
        let weights = Weights::of_layer(&layer, arrays)
            .with_context(|| format!("{}: the arrays of {name} do not fit together", shown(&args.file)))?;
        Ok(Self { checkpoint, layer, weights })
    }

    /// Whether its kernels are drawn in colour.
    pub(super) fn is_coloured(&self) -> bool {
        self.layer.kernel_shape().is_some_and(|shape| shape.is_coloured())
    }

    /// Checks that there is a kernel of this number.
    pub(super) fn check_kernel(&self, kernel: usize) -> anyhow::Result<()> {
        let (count, name) = (self.weights.len(), printable(&self.layer.name));
        if kernel < count {
            return Ok(());
        }
        bail!("kernel {kernel} is out of range: {name} has {count} kernels, 0 to {}", count.saturating_sub(1))
    }

    /// Checks that its kernels have a slice of this number.
    pub(super) fn check_slice(&self, slice: usize) -> anyhow::Result<()> {
        let (count, name) = (self.weights.kernels.dim().1, printable(&self.layer.name));
        if slice < count {
            return Ok(());
        }
        bail!(
            "slice {slice} is out of range: a kernel of {name} has {count} slices, 0 to {}",
            count.saturating_sub(1)
        )
    }
}

/// The indices of the layers whose names match the pattern, of all layers without one.
///
/// # Errors
/// When there is none.
pub(super) fn matching(
    layers: &[Layer],
    pattern: Option<&Pattern>,
    file: &Path,
) -> anyhow::Result<Vec<usize>> {
    let wanted = |name: &str| pattern.is_none_or(|pattern| pattern.matches(name));
    let indices: Vec<usize> = (0..layers.len()).filter(|&index| wanted(&layers[index].name)).collect();
    match (indices.is_empty(), pattern) {
        (true, Some(pattern)) => {
            let pattern = printable(pattern.as_str());
            bail!("{}: no layer matches {pattern}; `convscope layers` lists them", shown(file))
        }
        (true, None) => bail!("{}: there are no layers with weights", shown(file)),
        _ => Ok(indices),
    }
}

/// Each layer is read by itself: a file that is overwritten meanwhile would give the layers of two epochs.
pub(super) fn unchanged(file: &Path, checkpoint: &dyn Checkpoint, done: &str) -> anyhow::Result<()> {
    let now = Stamp::of(file).ok();
    if checkpoint.stamp().is_some() && now != checkpoint.stamp() {
        bail!("{}: was written while it was {done}; try it again once it is whole", shown(file));
    }
    Ok(())
}

/// A path for a message.
pub(super) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}
