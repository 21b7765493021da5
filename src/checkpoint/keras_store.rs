//! The layout of `.weights.h5` and of the weights inside `.keras`: paths by class, arrays by number.
//!
//! ```text
//! /layers/conv2d_1/vars        attribute: name (Keras 3; a Keras-2 .keras has it in config.json only)
//! /layers/conv2d_1/vars/0      kernel
//! /layers/functional/layers/conv2d/vars/0           a nested model
//! /layers/time_distributed/layer/vars/0             a wrapper
//! /layers/bidirectional/forward_layer/cell/vars/0   parts of one layer
//! /optimizer/vars/…            never listed
//! ```
//!
//! With a configuration, the order is its order: Keras counts the layers of each class in it. A `.weights.h5` has
//! none. There the order is that of *writing*, which is Keras's network order: told by the addresses of the objects
//! in the file, and exact among layers of one class, whose counters say it.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use hdf5::Group;

use super::{
    OnLayer,
    error::Fault,
    hdf5_file::Hdf5,
    hdf5_raw::Link,
    keras_config::{Counters, Node},
    keras_description::{Damaged, Description},
    keras_layer::{kind_of_class, layer, names, without_counter},
    keras_zip::CONFIG,
    limits,
};
use crate::weights::Tensor;

/// How the list of a model's layers is called; the second in files of Keras 2.12 and 2.13.
const LISTS: [&str; 2] = ["layers", "_layer_checkpoint_dependencies"];
/// What stands beside the layers of a trained model.
const NOT_LAYERS: &[&str] = &[
    "vars",
    "optimizer",
    "_optimizer",
    "metrics",
    "_metrics",
    "_compile_metrics",
    "compile_metrics",
    "loss_tracker",
    "_loss_tracker",
];
/// Layers made of parts that are shown as one layer, beside the kinds that this program knows.
const COMPOSED: &[&str] = &[
    "multi_head_attention",
    "group_query_attention",
    "grouped_query_attention",
    "stacked_rnn_cells",
    "time_distributed",
    "spectral_normalization",
    "attention",
    "additive_attention",
];
/// The order in which the parts of a layer are told, where the file's is alphabetical.
const PARTS: &[&str] = &[
    "layer",
    "forward_layer",
    "backward_layer",
    "cell",
    "query_dense",
    "key_dense",
    "value_dense",
    "output_dense",
];

/// Whether the file is of this layout.
pub(super) fn recognise(root: &Group) -> Result<bool, Fault> {
    if LISTS.iter().any(|list| root.link_exists(list)) || root.link_exists("vars") {
        return Ok(true);
    }
    // A model written as a class has its layers under the names of its attributes.
    let members = Hdf5::links(root)?;
    Ok(members.iter().take(64).any(|link| root.link_exists(&format!("{}/vars", link.name))))
}

/// The layers of a model as its configuration describes them, in this order.
type Nodes<'a> = dyn Iterator<Item = Result<Cow<'a, Node>, Fault>> + 'a;

/// Lists the layers of the file.
pub(super) fn index(file: &Hdf5, description: Option<Description>, listing: OnLayer) -> Result<(), Fault> {
    let mut store = Store { file, listing, depth: 0, objects: 0 };
    let mut nodes = description.filter(|description| description.has_layers).map(|mut description| {
        let damaged = |Damaged| Fault::damaged(format!("its {CONFIG} is damaged"));
        let next = move || description.next_layer().map_err(damaged).transpose();
        std::iter::from_fn(next).map(|node| node.map(Cow::Owned))
    });
    store.model(&file.root, "", "", nodes.as_mut().map(|nodes| nodes as &mut Nodes))?;
    // What a class of the user's own holds beside, or instead of, a list of layers.
    store.parts(&file.root, "", "")
}

struct Store<'a> {
    file: &'a Hdf5,
    listing: OnLayer<'a>,
    /// Groups within groups, here.
    depth: usize,
    /// Groups looked into so far.
    objects: usize,
}

impl Store<'_> {
    /// Lists the layers in the list of a model; `prefix` is the names of the models around it.
    fn model(
        &mut self,
        group: &Group,
        path: &str,
        prefix: &str,
        mut nodes: Option<&mut Nodes>,
    ) -> Result<(), Fault> {
        for list_name in LISTS {
            if let Some(list) = Hdf5::group_if_any(group, list_name)?.filter(|list| !list.is_empty()) {
                let path = join(path, list_name);
                match nodes.as_deref_mut() {
                    Some(nodes) => self.configured(&list, &path, prefix, nodes)?,
                    None => {
                        for (key, _) in in_order_of_writing(Hdf5::links(&list)?, Some(&list)) {
                            self.unconfigured(&list, &key, &path, prefix)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Lists the layers of a list in the order of the configuration.
    fn configured(&mut self, list: &Group, path: &str, prefix: &str, nodes: &mut Nodes) -> Result<(), Fault> {
        let (mut counters, mut seen, mut by_name) = (Counters::default(), HashSet::new(), None);
        for node in nodes {
            let node = node?;
            let mut key = counters.next(&node.class);
            let mut group = Hdf5::group_if_any(list, &key)?;
            let own = match &group {
                Some(group) => self.own_name(group)?,
                None => None,
            };
            if own.is_some_and(|own| own != node.name) {
                // The counters went another way than Keras's: a class was counted that the configuration spells
                // differently. The name on the arrays decides.
                if by_name.is_none() {
                    by_name = Some(self.keys_by_name(list)?);
                }
                group = None;
                if let Some(found) = by_name.as_ref().and_then(|by_name| by_name.get(&node.name)) {
                    key.clone_from(found);
                    group = Some(Hdf5::group(list, &key)?);
                }
            }
            if let Some(group) = group {
                self.saveable(&group, &join(path, &key), join(prefix, &node.name), Some(&node), &node.class)?;
                seen.insert(key);
            }
        }
        let mut rest = Hdf5::links(list)?;
        rest.retain(|link| !seen.contains(&link.name));
        for (key, _) in in_order_of_writing(rest, Some(list)) {
            self.unconfigured(list, &key, path, prefix)?;
        }
        Ok(())
    }

    fn keys_by_name(&self, list: &Group) -> Result<HashMap<String, String>, Fault> {
        let mut keys = HashMap::new();
        for link in Hdf5::links(list)? {
            if let Some(name) = self.own_name(&Hdf5::group(list, &link.name)?)? {
                keys.insert(name, link.name);
            }
        }
        Ok(keys)
    }

    /// Lists what `key` of `parent` holds, with nothing to go by but the file itself.
    fn unconfigured(&mut self, parent: &Group, key: &str, path: &str, prefix: &str) -> Result<(), Fault> {
        let Ok(group) = parent.group(key) else { return Ok(()) };
        let name = self.own_name(&group)?.unwrap_or_else(|| key.to_owned());
        self.saveable(&group, &join(path, key), join(prefix, &name), None, without_counter(key))
    }

    /// The attribute `name` on the arrays of a layer.
    fn own_name(&self, group: &Group) -> Result<Option<String>, Fault> {
        match group.group("vars") {
            Ok(vars) => self.file.text(&vars, "name"),
            Err(_) => Ok(None),
        }
    }

    /// Lists one object that Keras saves: a layer, a wrapper, or a model.
    fn saveable(
        &mut self,
        group: &Group,
        path: &str,
        name: String,
        node: Option<&Node>,
        class: &str,
    ) -> Result<(), Fault> {
        self.enter()?;
        // In a list, keys are classes; elsewhere they are the names of attributes, and tell nothing.
        let in_list = path.rsplit('/').nth(1).is_some_and(|list| LISTS.contains(&list))
            || kind_of_class(class).is_some();
        let inner = node.map(|node| node.wrapped().unwrap_or(node));
        let mut nodes =
            inner.and_then(Node::layers).map(|nodes| nodes.iter().map(|node| Ok(Cow::Borrowed(node))));
        let nodes = nodes.as_mut().map(|nodes| nodes as &mut Nodes);
        let applied = Hdf5::group_if_any(group, "layer")?;
        if LISTS.iter().any(|list| group.link_exists(list)) {
            self.model(group, path, &name, nodes)?;
        } else if let Some(model) =
            applied.as_ref().filter(|layer| LISTS.iter().any(|list| layer.link_exists(list)))
        {
            self.model(model, &join(path, "layer"), &name, nodes)?;
        } else if kind_of_class(class).is_some()
            || node.is_some_and(|node| node.wrapped().is_some())
            || COMPOSED.contains(&class)
            || node.is_some_and(|node| COMPOSED.contains(&Counters::default().next(&node.class).as_str()))
        {
            let class = match (&applied, inner) {
                (_, Some(inner)) => Some(inner.class.clone()),
                (Some(applied), None) => self.class_by_name(applied)?,
                (None, None) => Some(class.to_owned()),
            };
            let mut tensors = Vec::new();
            self.gather(group, path, "", class.as_deref(), inner, &mut tensors)?;
            self.list(name, class.as_deref(), inner, tensors)?;
        } else {
            // The key of an attribute may be anything; a name that Keras made up tells the class.
            let by_name = if node.is_some() { None } else { self.class_by_name(group)? };
            let class = by_name.as_deref().unwrap_or(class);
            let tensors = self.own(group, path, Some(class), inner)?;
            self.list(name.clone(), Some(class).filter(|_| node.is_some() || in_list), inner, tensors)?;
            self.parts(group, path, &name)?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Goes a group deeper: links may lead back up, or many ways down to the same groups.
    fn enter(&mut self) -> Result<(), Fault> {
        (self.depth, self.objects) = (self.depth + 1, self.objects + 1);
        if self.depth > limits::DEEPEST || self.objects > limits::objects(self.file.size) {
            return Err(Fault::damaged("nests its groups without end"));
        }
        Ok(())
    }

    fn list(
        &mut self,
        name: String,
        class: Option<&str>,
        node: Option<&Node>,
        tensors: Vec<Tensor>,
    ) -> Result<(), Fault> {
        if tensors.is_empty() { Ok(()) } else { (self.listing)(layer(name, class, node, tensors)) }
    }

    /// Lists the objects that a layer, or model, of the user's own class holds.
    fn parts(&mut self, group: &Group, path: &str, prefix: &str) -> Result<(), Fault> {
        let skip = |link: &Link| {
            NOT_LAYERS.contains(&link.name.as_str())
                || LISTS.contains(&link.name.as_str())
                || is_seed(&link.name)
        };
        let links: Vec<Link> = Hdf5::links(group)?.into_iter().filter(|link| !skip(link)).collect();
        for (key, _) in in_order_of_writing(links, Some(group)) {
            self.unconfigured(group, &key, path, prefix)?;
        }
        Ok(())
    }

    /// The class in the name that Keras made up for an object, if it did.
    fn class_by_name(&self, group: &Group) -> Result<Option<String>, Fault> {
        let name = self.own_name(group)?;
        Ok(name.map(|name| without_counter(&name).to_owned()).filter(|class| kind_of_class(class).is_some()))
    }

    /// The arrays of an object itself.
    fn own(
        &self,
        group: &Group,
        path: &str,
        class: Option<&str>,
        node: Option<&Node>,
    ) -> Result<Vec<Tensor>, Fault> {
        let Ok(vars) = group.group("vars") else { return Ok(Vec::new()) };
        let mut keys: Vec<String> = Hdf5::links(&vars)?.into_iter().map(|link| link.name).collect();
        keys.sort_by_cached_key(|key| (key.parse::<usize>().unwrap_or(usize::MAX), key.clone()));
        let mut tensors = Vec::with_capacity(keys.len());
        for key in keys {
            tensors.push(self.file.tensor(&vars, &key, format!("{path}/vars/{key}"))?);
        }
        let shapes: Vec<&[usize]> = tensors.iter().map(|tensor| tensor.shape.as_slice()).collect();
        for (tensor, name) in names(class, node, &shapes).into_iter().enumerate() {
            // A key that is no number is a name already.
            if tensors[tensor].name.parse::<usize>().is_ok() {
                tensors[tensor].name = name;
            }
        }
        Ok(tensors)
    }

    /// The arrays of an object and of everything it is made of.
    fn gather(
        &mut self,
        group: &Group,
        path: &str,
        folder: &str,
        class: Option<&str>,
        node: Option<&Node>,
        tensors: &mut Vec<Tensor>,
    ) -> Result<(), Fault> {
        self.enter()?;
        for tensor in self.own(group, path, class, node)? {
            tensors.push(Tensor { name: join(folder, &tensor.name), ..tensor });
        }
        let mut parts: Vec<String> = Hdf5::links(group)?.into_iter().map(|link| link.name).collect();
        parts.retain(|part| part != "vars" && !is_seed(part));
        parts.sort_by_key(|part| PARTS.iter().position(|known| known == part).unwrap_or(PARTS.len()));
        for part in parts {
            let Ok(group) = group.group(&part) else { continue };
            let transparent = matches!(part.as_str(), "cell" | "layer");
            let folder = if transparent { folder.to_owned() } else { join(folder, &part) };
            let recurrent = part == "cell" || part.ends_with("ward_layer");
            let class = if transparent || recurrent { class } else { None };
            self.gather(&group, &join(path, &part), &folder, class, node.filter(|_| transparent), tensors)?;
        }
        self.depth -= 1;
        Ok(())
    }
}

/// The state of a random generator is no weight.
fn is_seed(key: &str) -> bool {
    key.contains("seed_generator")
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}

/// The keys of a list, and where they were written, in the order of writing.
///
/// Objects are placed one behind another as they are made, but a gap that something else left may be filled later: an
/// address can be too small, never too large. So the largest address of a layer's own objects counts, and within a
/// class, where the counters tell the order, never less than that of the layer before.
pub(super) fn in_order_of_writing(links: Vec<Link>, parent: Option<&Group>) -> Vec<(String, u64)> {
    if links.len() > 1 && links.iter().all(|link| link.created.is_some()) {
        let mut links = links;
        links.sort_by_key(|link| link.created);
        return links.into_iter().map(|link| (link.name, 0)).collect();
    }
    let mut classes: HashMap<String, Vec<(usize, String, u64)>> = HashMap::new();
    for link in links {
        let class = without_counter(&link.name);
        let counter = link.name.get(class.len() + 1..).and_then(|count| count.parse().ok()).unwrap_or(0);
        let written = parent.map_or(0, |parent| last_address(parent, &link));
        classes.entry(class.to_owned()).or_default().push((counter, link.name, written));
    }
    let mut order = Vec::new();
    for class in classes.values_mut() {
        class.sort();
        let mut latest = 0;
        for (_, name, written) in class.drain(..) {
            latest = latest.max(written);
            order.push((name, latest));
        }
    }
    // Stable by name where two say the same.
    order.sort_by_cached_key(|(name, written)| (*written, natural(name)));
    order
}

/// A key that sorts `c9` before `c10`: texts and the numbers behind them, by turns.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let digits = rest[text..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - text);
        let number = rest[text..text + digits].parse().unwrap_or(u64::MAX);
        parts.push((rest[..text].to_owned(), number));
        rest = &rest[text + digits..];
    }
    parts
}

fn last_address(parent: &Group, link: &Link) -> u64 {
    let own = link.address.unwrap_or(0);
    let vars = parent.group(&format!("{}/vars", link.name)).ok().and_then(|vars| Hdf5::links(&vars).ok());
    vars.unwrap_or_default().iter().filter_map(|link| link.address).fold(own, u64::max)
}
