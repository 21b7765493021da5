//! How evenly the slices of a layer use their dimensions: the variance entropy of CNN-Filter-DB (Gavrikov & Keuper, CVPR
//! 2022), over what random weights of the same shape have.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use nalgebra::DMatrix;
use ndarray::Axis;
use rand_core::SeedableRng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};
use rand_pcg::Pcg64;
use rayon::prelude::*;

use super::Weights;

/// Slices with more positions are not looked at: the eigenvalues of so large a matrix take too long.
const LARGEST: usize = 256;
/// Random layers behind a null; their entropies differ by about a thousandth.
const DRAWS: usize = 16;
const SEED: u64 = 0x636f_6e76;

/// The variance entropy of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entropy {
    /// H = −Σ p·log₁₀ p over the shares p of the squared singular values of the matrix of slices, (c_out·c_in) × (k_h·k_w):
    /// 0 where all slices are one pattern, log₁₀(k_h·k_w) where all directions are used alike.
    pub value: f64,
    /// The mean of the same of random normal layers of this shape; 0 where there is only one slice or one position.
    pub null: f64,
}

impl Entropy {
    /// H over its null: near 1 a layer is as even as a random one. `None` where the null is 0.
    pub fn ratio(&self) -> Option<f64> {
        (self.null > 0.0).then(|| self.value / self.null)
    }
}

/// The entropy of the kernels `among`; `None` where there is no weight, or slices have more than 256 positions.
pub fn entropy(weights: &Weights, among: &[usize]) -> Option<Entropy> {
    let (_, slices, rows, columns) = weights.kernels.dim();
    let positions = rows * columns;
    if positions == 0 || positions > LARGEST || slices * among.len() == 0 {
        return None;
    }
    let largest = super::statistics::largest(weights.kernels.iter().copied());
    if largest == 0.0 {
        return None;
    }
    // The squared singular values of the slices are the eigenvalues of this matrix. A kernel each, added up in the order of
    // the kernels, so that threads do not show.
    let of_kernel = |&index: &usize| {
        let mut products = vec![0.0; positions * positions];
        for slice in weights.kernel(index).axis_iter(Axis(0)) {
            let slice: Vec<f64> =
                slice.iter().map(|&weight| f64::from(weight) / f64::from(largest)).collect();
            for (p, &here) in slice.iter().enumerate() {
                let row = &mut products[p * positions..(p + 1) * positions];
                row.iter_mut().zip(&slice).for_each(|(product, &there)| *product += here * there);
            }
        }
        products
    };
    let mut products = vec![0.0; positions * positions];
    for some in among.chunks(64) {
        for kernel in some.par_iter().map(of_kernel).collect::<Vec<_>>() {
            products.iter_mut().zip(kernel).for_each(|(sum, product)| *sum += product);
        }
    }
    let value = of_matrix(DMatrix::from_vec(positions, positions, products))?;
    Some(Entropy { value, null: null(slices * among.len(), positions) })
}

/// The entropy of the eigenvalues of a symmetric matrix; `None` where they are all 0.
fn of_matrix(matrix: DMatrix<f64>) -> Option<f64> {
    let values = matrix.symmetric_eigenvalues();
    let total: f64 = values.iter().map(|value| value.max(0.0)).sum();
    let shares = values.iter().map(|value| value / total).filter(|&share| share > 0.0);
    // Never −0.
    (total > 0.0).then(|| shares.map(|share| -share * share.log10()).sum::<f64>().max(0.0))
}

/// The mean entropy of random normal layers of so many slices and positions, simulated once a shape.
fn null(slices: usize, positions: usize) -> f64 {
    static KNOWN: LazyLock<Mutex<HashMap<(usize, usize), f64>>> = LazyLock::new(Mutex::default);
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(&null) = known().get(&(slices, positions)) {
        return null;
    }
    let null = simulated(slices, positions);
    known().insert((slices, positions), null);
    null
}

/// Draws the matrix of products of random slices directly, as L·Lᵀ with normal numbers below the diagonal of L and roots of
/// χ² on it (Bartlett 1933): it costs the same for 200 slices and for 200,000.
fn simulated(slices: usize, positions: usize) -> f64 {
    // X·Xᵀ and Xᵀ·X have the same eigenvalues but for zeros: the smaller one is drawn.
    let (size, freedom) = (slices.min(positions), slices.max(positions));
    let mut random = Pcg64::seed_from_u64(SEED);
    let mut draw = || {
        let mut lower = DMatrix::<f64>::zeros(size, size);
        for row in 0..size {
            for column in 0..row {
                lower[(row, column)] = StandardNormal.sample(&mut random);
            }
            let squared = ChiSquared::new((freedom - row) as f64).ok()?;
            lower[(row, row)] = squared.sample(&mut random).sqrt();
        }
        of_matrix(&lower * lower.transpose())
    };
    (0..DRAWS).filter_map(|_| draw()).sum::<f64>() / DRAWS as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array4;

    #[test]
    fn the_null_is_that_of_random_layers() {
        // METRICS.md: random 7×7 layers of 64×3 slices have 1.633 ± 0.002.
        assert!((null(192, 49) - 1.633).abs() < 0.003, "{}", null(192, 49));
        let mut random = Pcg64::seed_from_u64(3);
        let kernels = Array4::from_shape_simple_fn((64, 3, 3, 3), || StandardNormal.sample(&mut random));
        let seen = entropy(&Weights { kernels, bias: None }, &(0..64).collect::<Vec<_>>()).unwrap();
        assert!((seen.ratio().unwrap() - 1.0).abs() < 0.01, "{seen:?}");
        // More positions than slices, and a single one of either.
        assert!(null(4, 49) < 4_f64.log10() && null(4, 49) > 0.5);
        assert_eq!((null(1, 9), null(9, 1)), (0.0, 0.0));
    }

    #[test]
    fn one_pattern_has_none_and_one_weight_a_slice_each_has_all() {
        let all: Vec<usize> = (0..9).collect();
        let kernels =
            Array4::from_shape_fn((9, 1, 3, 3), |(n, _, y, x)| (n + 1) as f32 * (y * 3 + x) as f32 * 1e36);
        let seen = entropy(&Weights { kernels, bias: None }, &all).unwrap();
        assert!(seen.value < 1e-9, "{seen:?}");
        let kernels = Array4::from_shape_fn((9, 1, 3, 3), |(n, _, y, x)| f32::from(u8::from(n == y * 3 + x)));
        let seen = entropy(&Weights { kernels, bias: None }, &all).unwrap();
        assert!((seen.value - 9_f64.log10()).abs() < 1e-12);
        let none = Weights { kernels: Array4::zeros((9, 1, 3, 3)), bias: None };
        assert_eq!((entropy(&none, &all), entropy(&none, &[])), (None, None));
    }
}
