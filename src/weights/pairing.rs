//! Which layer, and which array, of one checkpoint stands for which of another: by name.

use std::collections::HashMap;

use super::{Layer, Tensor};

/// Where something of two checkpoints stands in each of them; one side at least is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Its index in the first.
    pub a: Option<usize>,
    /// Its index in the second.
    pub b: Option<usize>,
}

/// The layers of both networks: those of the first in its order, then what only the second has, in its order.
///
/// Layers of one name that is there several times go together in their order.
pub fn layers(a: &[Layer], b: &[Layer]) -> Vec<Pair> {
    by_name(a.iter().map(|layer| layer.name.as_str()), b.iter().map(|layer| layer.name.as_str()))
}

/// The arrays of two layers that go together by name; where the two name them quite differently, as formats do, by place,
/// as long as the shapes are the same.
pub fn arrays(a: &[Tensor], b: &[Tensor]) -> Vec<Pair> {
    let pairs =
        by_name(a.iter().map(|tensor| tensor.name.as_str()), b.iter().map(|tensor| tensor.name.as_str()));
    let strangers = pairs.iter().all(|pair| pair.a.is_none() || pair.b.is_none());
    let same_shapes = a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.shape == b.shape);
    if strangers && same_shapes {
        return (0..a.len()).map(|at| Pair { a: Some(at), b: Some(at) }).collect();
    }
    pairs
}

fn by_name<'a>(a: impl Iterator<Item = &'a str>, b: impl Iterator<Item = &'a str>) -> Vec<Pair> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut count = 0;
    for (index, name) in b.enumerate() {
        places.entry(name).or_default().push(index);
        count += 1;
    }
    // The first of a name is taken first.
    for places in places.values_mut() {
        places.reverse();
    }
    let mut only_b = vec![true; count];
    let mut pairs: Vec<Pair> = a
        .enumerate()
        .map(|(index, name)| Pair { a: Some(index), b: places.get_mut(name).and_then(Vec::pop) })
        .collect();
    for index in pairs.iter().filter_map(|pair| pair.b) {
        only_b[index] = false;
    }
    pairs.extend((0..count).filter(|index| only_b[*index]).map(|index| Pair { a: None, b: Some(index) }));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(a: &[&str], b: &[&str]) -> Vec<(Option<usize>, Option<usize>)> {
        by_name(a.iter().copied(), b.iter().copied()).iter().map(|pair| (pair.a, pair.b)).collect()
    }

    #[test]
    fn what_both_have_comes_first_in_the_order_of_the_first() {
        assert_eq!(
            names(&["conv", "bn", "head"], &["new", "head", "conv"]),
            [(Some(0), Some(2)), (Some(1), None), (Some(2), Some(1)), (None, Some(0))]
        );
        assert_eq!(names(&[], &["x"]), [(None, Some(0))]);
    }

    #[test]
    fn one_name_several_times_goes_in_order() {
        assert_eq!(
            names(&["c", "c"], &["c", "c", "c"]),
            [(Some(0), Some(0)), (Some(1), Some(1)), (None, Some(2))]
        );
    }

    #[test]
    fn arrays_of_other_names_go_by_place_where_they_fit() {
        let tensor = |name: &str, shape: &[usize]| Tensor {
            path: String::new(),
            name: name.to_owned(),
            shape: shape.to_owned(),
            dtype: "float32".to_owned(),
        };
        let keras = [tensor("kernel", &[3, 3, 1, 8]), tensor("bias", &[8])];
        let torch = [tensor("weight_of_0", &[3, 3, 1, 8]), tensor("0", &[8])];
        let both = |at| Pair { a: Some(at), b: Some(at) };
        assert_eq!(arrays(&keras, &torch), [both(0), both(1)]);
        let other = [tensor("weight_of_0", &[5, 5, 1, 8]), tensor("0", &[8])];
        assert_eq!(arrays(&keras, &other).len(), 4);
        // One name in common: the others are something else.
        let half = [tensor("kernel", &[3, 3, 1, 8]), tensor("scale", &[8])];
        assert_eq!(
            arrays(&keras, &half),
            [both(0), Pair { a: Some(1), b: None }, Pair { a: None, b: Some(1) }]
        );
    }
}
