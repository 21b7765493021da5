//! From what a user types to a layer: by name or by index, with a hint where there is no such layer.

use super::Layer;
use crate::printable::printable;

/// Below this likeness (Jaro–Winkler) a name is no hint.
const ALIKE: f64 = 0.7;

/// The index of the layer that `wanted` means: the one of that name, or else the one of that number.
///
/// # Errors
/// A clause that says what there is instead, without the file's path.
pub fn find(layers: &[Layer], wanted: &str) -> Result<usize, String> {
    if let Some(index) = layers.iter().position(|layer| layer.name == wanted) {
        return Ok(index);
    }
    let Some(last) = layers.len().checked_sub(1) else {
        return Err("there are no layers with weights".to_owned());
    };
    if let Ok(index) = wanted.parse::<usize>() {
        let count = layers.len();
        let error = || format!("layer {index} is out of range: there are {count} layers, 0 to {last}");
        return (index <= last).then_some(index).ok_or_else(error);
    }
    let hint = match nearest(layers.iter().map(|layer| layer.name.as_str()), wanted) {
        Some(name) => format!("did you mean {}?", printable(name)),
        None => "`convscope layers FILE` lists them".to_owned(),
    };
    Err(format!("there is no layer {}; {hint}", printable(wanted)))
}

/// The name most like `wanted`, if any is like it at all.
pub fn nearest<'a>(names: impl Iterator<Item = &'a str>, wanted: &str) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    let rated = names.map(|name| (strsim::jaro_winkler(&name.to_lowercase(), &wanted), name));
    // The first of several that are as like as each other.
    let best = rated.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, name)| name)
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
            epsilon: None,
        };
        names.iter().map(layer).collect()
    }

    #[test]
    fn names_come_before_indices_and_near_ones_are_hints() {
        let layers = layers(&["conv1", "bn_conv1", "0", "res2a_branch2a"]);
        let found = |wanted: &str| find(&layers, wanted).map(|index| layers[index].name.clone());
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
        assert_eq!(find(&[], "x").unwrap_err(), "there are no layers with weights");
    }
}
