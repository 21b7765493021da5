//! From `--layer` to a layer: by name or by index, with a hint where there is no such layer.

use std::path::Path;

use anyhow::{Context, anyhow, bail};

use super::LayerArgs;
use crate::checkpoint::{self, Checkpoint};
use crate::printable::printable;
use crate::weights::{Layer, Weights};

/// Below this likeness (Jaro–Winkler) a name is no hint.
const ALIKE: f64 = 0.7;

/// The layer of these that `wanted` means: the one of that name, or else the one of that index.
///
/// # Errors
/// One sentence that says what there is instead.
pub fn resolve<'a>(layers: &'a [Layer], wanted: &str) -> anyhow::Result<&'a Layer> {
    if let Some(layer) = layers.iter().find(|layer| layer.name == wanted) {
        return Ok(layer);
    }
    let Some(last) = layers.len().checked_sub(1) else { bail!("there are no layers with weights") };
    if let Ok(index) = wanted.parse::<usize>() {
        let count = layers.len();
        return layers
            .get(index)
            .ok_or_else(|| anyhow!("layer {index} is out of range: there are {count} layers, 0 to {last}"));
    }
    let (likeness, nearest) = nearest(layers, wanted);
    let hint = if likeness >= ALIKE {
        format!("did you mean {}?", printable(&nearest.name))
    } else {
        "`convscope layers FILE` lists them".to_owned()
    };
    bail!("there is no layer {}; {hint}", printable(wanted))
}

fn nearest<'a>(layers: &'a [Layer], wanted: &str) -> (f64, &'a Layer) {
    let wanted = wanted.to_lowercase();
    let likeness = |layer: &Layer| strsim::jaro_winkler(&layer.name.to_lowercase(), &wanted);
    let first = (likeness(&layers[0]), &layers[0]);
    layers[1..].iter().fold(first, |best, layer| {
        let likeness = likeness(layer);
        if likeness > best.0 { (likeness, layer) } else { best }
    })
}

/// Opens a checkpoint and waits for its whole index.
pub(super) fn open(file: &Path) -> anyhow::Result<Box<dyn Checkpoint>> {
    Ok(checkpoint::open(file, &mut |_| {})?)
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
        let layer =
            resolve(&checkpoint.network().layers, &args.layer).with_context(|| shown(&args.file))?.clone();
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

/// A path for a message.
pub(super) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Kind;

    fn layers(names: &[&str]) -> Vec<Layer> {
        let layer = |name: &&str| Layer {
            name: (*name).to_owned(),
            kind: Kind::Other,
            tensors: Vec::new(),
            kernels: None,
            layout_guessed: false,
            geometry: None,
        };
        names.iter().map(layer).collect()
    }

    #[test]
    fn names_come_before_indices_and_near_ones_are_hints() {
        let layers = layers(&["conv1", "bn_conv1", "0", "res2a_branch2a"]);
        let found = |wanted: &str| {
            resolve(&layers, wanted).map(|layer| layer.name.clone()).map_err(|e| e.to_string())
        };
        let rows: &[(&str, Result<&str, &str>)] = &[
            ("conv1", Ok("conv1")),
            ("1", Ok("bn_conv1")),
            ("0", Ok("0")),
            ("4", Err("layer 4 is out of range: there are 4 layers, 0 to 3")),
            ("conv2", Err("there is no layer conv2; did you mean conv1?")),
            ("Res2a", Err("there is no layer Res2a; did you mean res2a_branch2a?")),
            ("zzz\u{1b}", Err("there is no layer zzz\\u{1b}; `convscope layers FILE` lists them")),
            ("-1", Err("there is no layer -1; `convscope layers FILE` lists them")),
        ];
        for (wanted, expected) in rows {
            assert_eq!(found(wanted), expected.map(str::to_owned).map_err(str::to_owned), "{wanted}");
        }
        assert_eq!(resolve(&[], "x").unwrap_err().to_string(), "there are no layers with weights");
    }
}
