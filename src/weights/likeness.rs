//! How alike the kernels of a layer are: near-duplicates, and orthogonality (CNN-Filter-DB: Gavrikov & Keuper, CVPR 2022).

use ndarray::{Array2, s};
use rayon::prelude::*;

use super::Weights;

/// Kernels a side of the blocks in which all are compared with all.
const BLOCK: usize = 64;
/// Pairs that are listed; all are counted.
const LISTED: usize = 1000;

/// How alike the kernels of a layer are.
#[derive(Clone, Debug, PartialEq)]
pub struct Likeness {
    /// How many pairs of near-duplicates there are.
    pub duplicates: usize,
    /// The first thousand of them: two indices, the smaller one first, and the cosine, −1..1.
    pub pairs: Vec<(usize, usize, f64)>,
    /// 1 − mean |cosine| between different kernels: 1 where all are orthogonal, 0 where all are the same but for size and sign.
    pub orthogonality: f64,
}

/// Compares the kernels `among` (indices in ascending order) with each other; `duplicate` is the |cosine| above which two
/// are near-duplicates.
///
/// `None` for fewer than two kernels with weights, or where `cancelled` said so. Norms are taken in `f64`, since squares of
/// weights may be beyond `f32`; cosines are sums of `f32` products and good to six digits.
pub fn likeness(
    weights: &Weights,
    among: &[usize],
    duplicate: f64,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<Likeness> {
    let (_, slices, rows, columns) = weights.kernels.dim();
    let finite = |weight: f32| if weight.is_finite() { f64::from(weight) } else { 0.0 };
    let norm =
        |index: usize| weights.kernel(index).iter().map(|&weight| finite(weight).powi(2)).sum::<f64>().sqrt();
    let norms: Vec<(usize, f64)> =
        among.par_iter().map(|&index| (index, norm(index))).filter(|(_, norm)| *norm > 0.0).collect();
    if norms.len() < 2 {
        return None;
    }
    let mut units = Array2::zeros((norms.len(), slices * rows * columns));
    for (mut unit, &(index, norm)) in units.outer_iter_mut().zip(&norms) {
        unit.iter_mut()
            .zip(weights.kernel(index))
            .for_each(|(unit, &weight)| *unit = (finite(weight) / norm) as f32);
    }
    let blocks = norms.len().div_ceil(BLOCK);
    let pairs: Vec<(usize, usize)> = (0..blocks).flat_map(|a| (a..blocks).map(move |b| (a, b))).collect();
    let range = |block: usize| block * BLOCK..norms.len().min((block + 1) * BLOCK);
    let compare = |&(a, b): &(usize, usize)| {
        if cancelled() {
            return None;
        }
        let cosines = units.slice(s![range(a), ..]).dot(&units.slice(s![range(b), ..]).t());
        let (mut sum, mut alike) = (0.0, Vec::new());
        let mut duplicates = 0;
        for ((i, j), &cosine) in cosines.indexed_iter() {
            let (i, j) = (a * BLOCK + i, b * BLOCK + j);
            if i < j {
                let cosine = f64::from(cosine).clamp(-1.0, 1.0);
                sum += cosine.abs();
                if cosine.abs() > duplicate {
                    duplicates += 1;
                    if alike.len() < LISTED {
                        alike.push((norms[i].0, norms[j].0, cosine));
                    }
                }
            }
        }
        Some((sum, duplicates, alike))
    };
    let compared: Vec<_> = pairs.par_iter().map(compare).collect::<Option<_>>()?;
    let count = norms.len() * (norms.len() - 1) / 2;
    // In the order of the blocks, whoever computed them.
    let sum: f64 = compared.iter().map(|block| block.0).sum();
    let mut alike: Vec<_> = compared.iter().flat_map(|block| block.2.iter().copied()).collect();
    alike.sort_unstable_by_key(|pair| (pair.0, pair.1));
    alike.truncate(LISTED);
    let duplicates = compared.iter().map(|block| block.1).sum();
    Some(Likeness { duplicates, pairs: alike, orthogonality: 1.0 - sum / count as f64 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array4;

    #[test]
    fn copies_are_found_and_counted_whatever_their_size_and_sign() {
        // Kernel 0 and 129 are each other's negative; all others have a weight of their own.
        let mut kernels = Array4::zeros((130, 1, 13, 10));
        for index in 0..129 {
            kernels[(index, 0, index / 10, index % 10)] = 1e30;
        }
        kernels[(129, 0, 0, 0)] = -1e-30;
        let weights = Weights { kernels, bias: None };
        let all: Vec<usize> = (0..130).collect();
        let seen = likeness(&weights, &all, 0.95, &|| false).unwrap();
        assert_eq!((seen.duplicates, &seen.pairs[..]), (1, &[(0, 129, -1.0)][..]));
        assert!((seen.orthogonality - (1.0 - 1.0 / (130.0 * 129.0 / 2.0))).abs() < 1e-12);
        assert_eq!(likeness(&weights, &all, 0.95, &|| true), None);
        assert_eq!(likeness(&weights, &[3], 0.95, &|| false), None);
    }

    #[test]
    fn a_layer_of_copies_lists_the_first_thousand() {
        let weights = Weights { kernels: Array4::ones((100, 2, 3, 3)), bias: None };
        let seen = likeness(&weights, &(0..100).collect::<Vec<_>>(), 0.95, &|| false).unwrap();
        assert_eq!((seen.duplicates, seen.pairs.len()), (4950, 1000));
        assert!(seen.orthogonality.abs() < 1e-6);
    }
}
