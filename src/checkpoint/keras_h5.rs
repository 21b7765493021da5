//! Keras's older HDF5 layout: weights-only files of Keras 1 and 2, and whole-model `.h5` files up to Keras 3.
//!
//! ```text
//! /                          attributes: model_config (whole model only)
//! └ model_weights            attributes: layer_names, in network order     (the root itself where weights only)
//!   ├ conv1                  attributes: weight_names
//!   │ └ conv1/kernel:0       a dataset; where it stands is what weight_names says
//!   └ inner                  a nested model: the arrays of all its layers, trainable ones first
//! ```
//!
//! HDF5 lists groups by name, so the order is taken from the attributes alone; `optimizer_weights` is never looked at.

use std::collections::{HashMap, HashSet};

use hdf5::Group;

use super::{
    OnLayer,
    error::Fault,
    hdf5_file::Hdf5,
    keras_config::Node,
    keras_description::Description,
    keras_layer::{kind_of_class, layer, without_counter},
};
use crate::weights::{Layer, Tensor};

/// Lists the layers under `weights`, whose path from the root is `base` (empty, or ending in a slash).
pub(super) fn index(
    file: &Hdf5,
    weights: &Group,
    base: &str,
    description: Option<Description>,
    listing: OnLayer,
) -> Result<(), Fault> {
    let names = file.split_texts(weights, "layer_names")?.unwrap_or_default();
    let mut nodes = Nodes { description, passed: HashMap::new() };
    for name in names {
        let group = Hdf5::group(weights, &name)?;
        list(file, &group, &format!("{base}{name}"), &name, nodes.take(&name).as_ref(), listing)?;
    }
    // The weights of the model itself, outside of any layer.
    let own = "top_level_model_weights";
    if let Some(group) = Hdf5::group_if_any(weights, own)? {
        list(file, &group, &format!("{base}{own}"), own, None, listing)?;
    }
    Ok(())
}

/// The layers of a description by name. They stand there in about the order in which they are asked for.
struct Nodes {
    description: Option<Description>,
    /// Those that came before one that was asked for.
    passed: HashMap<String, Node>,
}

impl Nodes {
    /// The layer of that name; `None` where there is none, or where the description is damaged before it.
    fn take(&mut self, name: &str) -> Option<Node> {
        if let Some(node) = self.passed.remove(name) {
            return Some(node);
        }
        while let Ok(Some(node)) = self.description.as_mut()?.next_layer() {
            if node.name == name {
                return Some(node);
            }
            self.passed.insert(node.name.clone(), node);
        }
        None
    }
}

/// Lists the layer, or the layers of the nested model, that `group` holds.
fn list(
    file: &Hdf5,
    group: &Group,
    path: &str,
    name: &str,
    node: Option<&Node>,
    listing: OnLayer,
) -> Result<(), Fault> {
    let weight_names = file.split_texts(group, "weight_names")?.unwrap_or_default();
    let mut arrays = Vec::with_capacity(weight_names.len());
    for weight in weight_names {
        let tensor = file.tensor(group, &weight, format!("{path}/{weight}"))?;
        arrays.push((weight, tensor));
    }
    if arrays.is_empty() {
        return Ok(());
    }
    let model = node.map(|node| node.wrapped().unwrap_or(node)).filter(|node| node.layers().is_some());
    match (model, node) {
        (Some(model), _) => nested(name, Some(model), arrays, listing)?,
        (None, None) if looks_nested(&arrays) => nested(name, None, arrays, listing)?,
        (None, _) => listing(single(name.to_owned(), node, arrays))?,
    }
    Ok(())
}

/// One layer of all these arrays.
fn single(name: String, node: Option<&Node>, arrays: Vec<(String, Tensor)>) -> Layer {
    let common = common_parent(&arrays);
    let own = name.rsplit('/').next().unwrap_or_default().to_owned();
    let mut tensors: Vec<Tensor> = arrays
        .into_iter()
        .map(|(weight, tensor)| Tensor {
            name: short(weight.get(common..).unwrap_or(&weight), &own),
            ..tensor
        })
        .collect();
    drop_folders(&mut tensors);
    name_the_only_kernel(&mut tensors);
    let node = node.map(|node| node.wrapped().unwrap_or(node));
    // Without a configuration, a name that Keras made up still tells the class.
    let hint = without_counter(&own);
    let class =
        node.map(|node| node.class.as_str()).or_else(|| kind_of_class(hint).is_some().then_some(hint));
    layer(name, class, node, tensors)
}

/// Keeps the folders in the names of arrays only where they tell two arrays apart.
fn drop_folders(tensors: &mut [Tensor]) {
    let last = |tensor: &Tensor| tensor.name.rsplit('/').next().unwrap_or_default().to_owned();
    let names: HashSet<String> = tensors.iter().map(last).collect();
    if names.len() == tensors.len() {
        for tensor in tensors {
            tensor.name = last(tensor);
        }
    }
}

/// Early converters left names such as `uniform1`: beside a bias, the only array of several axes is the kernel.
fn name_the_only_kernel(tensors: &mut [Tensor]) {
    let others_are_biases = |at: usize| {
        tensors
            .iter()
            .enumerate()
            .all(|(i, tensor)| i == at || tensor.name == "bias" && tensor.shape.len() == 1)
    };
    let several_axes = |tensor: &Tensor| tensor.shape.len() >= 3;
    if let Some(at) = tensors.iter().position(several_axes).filter(|&at| others_are_biases(at))
        && !tensors[at].name.ends_with("kernel")
    {
        "kernel".clone_into(&mut tensors[at].name);
    }
}

/// The layers of a nested model: its arrays sorted by the layer their names speak of.
fn nested(
    name: &str,
    model: Option<&Node>,
    arrays: Vec<(String, Tensor)>,
    listing: OnLayer,
) -> Result<(), Fault> {
    let mut leaves = Vec::new();
    if let Some(model) = model {
        collect_leaves(model, name, &mut leaves);
    }
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, (_, node)) in leaves.iter().enumerate() {
        by_name.entry(node.name.as_str()).or_default().push(at);
    }
    // Sorted by the place in the configuration; layers it does not know come behind, in the order of the file.
    let mut units: Vec<Unit> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (weight, tensor) in arrays {
        let parent = parent(&weight);
        let leaf = find_leaf(&parent, &leaves, &by_name);
        let (place, unit, node) = match leaf {
            Some(at) => (at, leaves[at].0.clone(), Some(leaves[at].1)),
            None => (
                usize::MAX,
                format!("{name}/{}", parent.strip_prefix(&format!("{name}/")).unwrap_or(&parent)),
                None,
            ),
        };
        let at = *known.entry(unit.clone()).or_insert_with(|| {
            units.push(Unit { place, name: unit, node, arrays: Vec::new() });
            units.len() - 1
        });
        units[at].arrays.push((weight, tensor));
    }
    units.sort_by_key(|unit| unit.place);
    for Unit { name, node, arrays, .. } in units {
        listing(single(name, node, arrays))?;
    }
    Ok(())
}

/// One layer of a nested model, and its place in the configuration.
struct Unit<'a> {
    place: usize,
    name: String,
    node: Option<&'a Node>,
    arrays: Vec<(String, Tensor)>,
}

/// Every layer inside `model` that is no model itself, with its name behind those of the models around it.
fn collect_leaves<'a>(model: &'a Node, prefix: &str, leaves: &mut Vec<(String, &'a Node)>) {
    for node in model.layers().unwrap_or_default() {
        let name = format!("{prefix}/{}", node.name);
        let inner = node.wrapped().unwrap_or(node);
        if inner.layers().is_some() {
            collect_leaves(inner, &name, leaves);
        } else {
            leaves.push((name, node));
        }
    }
}

/// The layer that the path of an array speaks of: the last part that is a layer's name, and of layers of the same
/// name in several models the one with the most of the path around it.
fn find_leaf(parent: &str, leaves: &[(String, &Node)], by_name: &HashMap<&str, Vec<usize>>) -> Option<usize> {
    let parts: Vec<&str> = parent.split('/').collect();
    // TensorFlow 1 made names unique by a counter that the layer's own name does not have.
    let found = |part: &str| by_name.get(part).or_else(|| by_name.get(without_counter(part)));
    let candidates = by_name.get(parent).or_else(|| parts.iter().rev().find_map(|part| found(part)))?;
    let shared = |&&at: &&usize| leaves[at].0.split('/').filter(|part| parts.contains(part)).count();
    candidates.iter().rev().max_by_key(shared).copied()
}

/// Without a configuration: whether the arrays of one group are those of several layers.
fn looks_nested(arrays: &[(String, Tensor)]) -> bool {
    let parents: Vec<String> = arrays.iter().map(|(weight, _)| parent(weight)).collect();
    let several = parents.iter().any(|parent| *parent != parents[0]);
    let one_layer = arrays.iter().any(|(weight, _)| weight.contains("recurrent_kernel"))
        || ["query", "key", "value"].iter().all(|part| parents.iter().any(|parent| parent.ends_with(part)))
        || arrays.iter().any(|(weight, _)| !weight.contains('/') && parent(weight).is_empty());
    several && !one_layer
}

/// How Keras 1 ends the names of arrays, and how Keras calls them since.
const KERAS_1: &[(&str, &str)] = &[
    ("_running_mean", "moving_mean"),
    ("_running_std", "moving_variance"),
    ("_gamma", "gamma"),
    ("_beta", "beta"),
    ("_W", "kernel"),
    ("_U", "recurrent_kernel"),
    ("_b", "bias"),
];

/// The path of the layer that an array belongs to: `inner/conv/kernel:0` → `inner/conv`, `conv_W:0` → `conv`.
fn parent(weight: &str) -> String {
    let weight = without_output(weight);
    if let Some((layer, _)) = KERAS_1.iter().find_map(|(end, now)| Some((weight.strip_suffix(end)?, now))) {
        return layer.to_owned();
    }
    weight.rsplit_once('/').map(|(layer, _)| layer.to_owned()).unwrap_or_default()
}

/// The short name of an array: `conv1_W:0` of layer `conv1` → `kernel`.
fn short(weight: &str, layer: &str) -> String {
    let weight = without_output(weight);
    let (folders, last) = weight.rsplit_once('/').map_or(("", weight), |(folders, last)| (folders, last));
    let ending = last.strip_prefix(layer).filter(|ending| ending.starts_with('_'));
    let found = KERAS_1.iter().find(|row| ending == Some(row.0) || last.ends_with(row.0) && ending.is_none());
    let name = match (found, ending) {
        (Some(row), _) if ending.is_some() || row.1 != "gamma" && row.1 != "beta" => row.1,
        (_, Some(ending)) => ending.trim_start_matches('_'),
        _ => last,
    };
    if folders.is_empty() { name.to_owned() } else { format!("{folders}/{name}") }
}

/// TensorFlow's names of outputs end in `:0`.
fn without_output(weight: &str) -> &str {
    match weight.rsplit_once(':') {
        Some((name, output)) if output.bytes().all(|c| c.is_ascii_digit()) => name,
        _ => weight,
    }
}

/// How many bytes of folders all names have in common.
fn common_parent(arrays: &[(String, Tensor)]) -> usize {
    let Some((first, _)) = arrays.first() else { return 0 };
    let ends = first.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| at + 1);
    ends.take_while(|&end| arrays.iter().all(|(weight, _)| weight.starts_with(&first[..end])))
        .last()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_version_come_out_the_same() {
        assert_eq!(short("conv1_W:0", "conv1"), "kernel");
        assert_eq!(short("conv1_b:0", "conv1"), "bias");
        assert_eq!(short("squeeze1x1_W:0", "squeeze1x1"), "kernel");
        assert_eq!(short("kernel:0", "conv1"), "kernel");
        assert_eq!(short("bn_running_std", "bn"), "moving_variance");
        assert_eq!(short("forward_lstm/lstm_cell/kernel", "bi"), "forward_lstm/lstm_cell/kernel");
        assert_eq!(short("depthwise_kernel", "sep"), "depthwise_kernel");
        assert_eq!(parent("inner/conv/kernel:0"), "inner/conv");
        assert_eq!(parent("block1_conv1_W:0"), "block1_conv1");
    }
}
