//! The orders in which kernels are shown, and the filter.

use convscope::weights::Weights;
use convscope::weights::diagnosis::{Diagnosis, Thresholds, VERDICTS, Verdict, judge};
use convscope::weights::order::{SORTS, Sort, order};
use ndarray::Array4;

use crate::judgement::gaussian;

/// Stripes of all directions, noise, one dead, one broken.
fn layer() -> (Weights, Vec<Option<Diagnosis>>) {
    let mut kernels = gaussian(9, (24, 3, 7, 7)).kernels;
    for index in 0..12 {
        let angle = index as f32 * 0.5;
        let stripes = Array4::from_shape_fn((1, 3, 7, 7), |(_, _, y, x)| {
            ((angle.cos() * x as f32 + angle.sin() * y as f32) * 1.5).sin() * (index + 1) as f32
        });
        kernels.slice_mut(ndarray::s![index..=index, .., .., ..]).assign(&stripes);
    }
    kernels.slice_mut(ndarray::s![20, .., .., ..]).fill(0.0);
    kernels[(21, 0, 0, 0)] = f32::NAN;
    // 23 is 0, upside down in sign and larger.
    let copy = kernels.slice(ndarray::s![0, .., .., ..]).mapv(|weight| weight * -3.0);
    kernels.slice_mut(ndarray::s![23, .., .., ..]).assign(&copy);
    let weights = Weights { kernels, bias: None };
    let gains: Vec<f64> = (0..24).map(|index| f64::from(index % 3)).collect();
    let judged = judge(&weights, Some(&gains), &Thresholds::default(), &|_, _| {}, &|| false).unwrap();
    (weights, judged.kernels.into_iter().map(Some).collect())
}

#[test]
fn every_order_is_a_permutation_and_sorts_by_its_own_number() {
    let (weights, judged) = layer();
    let number = |sort: Sort, index: usize| -> Option<f64> {
        let kernel = judged[index].unwrap();
        match sort {
            Sort::Norm => Some(-kernel.statistics.l2),
            Sort::Gain => kernel.gain.map(|gain| -gain),
            Sort::Frequency => kernel.statistics.frequency,
            Sort::Noise => kernel.structure.map(|test| -test.p),
            _ => None,
        }
    };
    for (sort, name) in SORTS {
        let seen = order(sort, None, &judged, &weights, 0, None);
        let mut sorted = seen.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..24).collect::<Vec<_>>(), "{name}");
        for pair in seen.windows(2) {
            let [a, b] = [pair[0], pair[1]].map(|index| number(sort, index).unwrap_or(f64::INFINITY));
            assert!(
                a < b
                    || (a == b
                        && (pair[0] < pair[1] || sort == Sort::Similarity || sort == Sort::Orientation)),
                "{name} {seen:?}"
            );
        }
    }
    assert_eq!(order(Sort::Index, None, &judged, &weights, 7, None), (0..24).collect::<Vec<_>>());
    assert_eq!(order(Sort::Similarity, None, &judged, &weights, 0, None)[..2], [0, 23]);
    let seen = order(Sort::Similarity, None, &judged, &weights, 20, None);
    assert!(seen[0] == 20 && seen[1..].is_sorted(), "nothing is like zeros: {seen:?}");
    // The striped ones first, by their angle.
    let turned = order(Sort::Orientation, None, &judged, &weights, 0, None);
    let angle = |index: usize| judged[index].unwrap().statistics.orientation.unwrap();
    assert!(turned[..12].windows(2).all(|pair| angle(pair[0]) <= angle(pair[1])));
    assert!(turned[..12].iter().all(|&index| index < 12 || index == 23), "{turned:?}");
}

#[test]
fn the_filter_lets_one_verdict_through_and_what_is_not_judged_waits() {
    let (weights, mut judged) = layer();
    assert_eq!(order(Sort::Norm, Some(Verdict::Dead), &judged, &weights, 0, None), [20]);
    assert_eq!(order(Sort::Index, Some(Verdict::NotFinite), &judged, &weights, 0, None), [21]);
    let of_each: usize =
        VERDICTS.iter().map(|row| order(Sort::Index, Some(row.0), &judged, &weights, 0, None).len()).sum();
    assert_eq!(of_each, 24);
    judged[20] = None;
    assert_eq!(order(Sort::Index, Some(Verdict::Dead), &judged, &weights, 0, None), [0; 0]);
    assert_eq!(order(Sort::Norm, None, &[], &weights, 0, None).len(), 24);
    assert_eq!(order(Sort::Frequency, None, &[], &weights, 99, None), (0..24).collect::<Vec<_>>());
}

#[test]
fn a_key_walks_through_all_orders() {
    let mut sort = Sort::default();
    for (expected, name) in SORTS {
        assert_eq!((sort, sort.name()), (expected, name));
        sort = sort.next();
    }
    assert_eq!(sort, Sort::Index);
}
