//! Where the power of a kernel lies among the spatial frequencies: its stripes' width, strength and direction.
//!
//! Everything depends on the kernel only through the autocorrelation of its mean-removed slices, summed over the
//! slices. That has only four times as many lags as a slice has weights, so the 64×64 zero-padded power spectrum is a
//! separable product of it with a table of cosines, whatever the number of slices, and no Fourier transform of a slice
//! is ever taken.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use ndarray::{ArrayView3, s};

/// Frequencies a side of the spectrum: the zero-padded size, as in METRICS.md.
const N: usize = 64;
/// Columns of the half plane that is computed: the power of real numbers is symmetric about the origin.
const HALF: usize = N / 2 + 1;

/// cos and sin of 2π·n/64.
static CIRCLE: LazyLock<[(f64, f64); N]> = LazyLock::new(|| {
    std::array::from_fn(|n| {
        let angle = TAU * n as f64 / N as f64;
        (angle.cos(), angle.sin())
    })
});

/// What the power spectrum says about a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spectrum {
    /// Cycles a pixel where the power peaks, 0 to √½.
    pub frequency: f64,
    /// 0 where the power lies round, 1 where it is a pure stripe (structure tensor, Bigün & Granlund 1987).
    pub coherence: f64,
    /// Of the stripes, degrees from 0 to 180: 0 is ─, 45 is ╱, 90 is │, 135 is ╲.
    pub orientation: f64,
}

/// The mean-removed slices of `kernel` (`[slice, row, column]`) in `f64`; what is not finite counts as 0.
pub fn centred(kernel: ArrayView3<'_, f32>) -> ndarray::Array3<f64> {
    let mut centred = kernel.mapv(|weight| if weight.is_finite() { f64::from(weight) } else { 0.0 });
    for mut slice in centred.outer_iter_mut() {
        let mean = slice.sum() / slice.len().max(1) as f64;
        slice -= mean;
    }
    centred
}

/// The spectrum of mean-removed slices (`[slice, row, column]`, from [`centred`]); all zeros where they are flat.
///
/// `energy` is the sum of squares of the kernel before its means were taken away. What is left of a flat slice is
/// rounding, so power below 10⁻²⁴ of it counts as none. Kernels larger than 64 are cut to their first 64 rows and
/// columns, as a 64×64 transform does.
pub fn spectrum(centred: ArrayView3<'_, f64>, energy: f64) -> Spectrum {
    let flat = Spectrum { frequency: 0.0, coherence: 0.0, orientation: 0.0 };
    let (_, rows, columns) = centred.dim();
    let cut = centred.slice(s![.., ..rows.min(N), ..columns.min(N)]);
    let left: f64 = cut.iter().map(|z| z * z).sum();
    if left <= 1e-24 * energy {
        return flat;
    }
    moments(&power(&Autocorrelation::of(cut)))
}

/// r(dy, dx) = Σ z[c, y, x]·z[c, y + dy, x + dx], for dy ≥ 0 only: r(−dy, −dx) is the same.
struct Autocorrelation {
    /// dy from 0; each with dx from −(columns − 1) to columns − 1.
    lags: Vec<Vec<f64>>,
    columns: usize,
}

impl Autocorrelation {
    fn of(z: ArrayView3<'_, f64>) -> Self {
        let (slices, rows, columns) = z.dim();
        let z = z.as_standard_layout();
        let flat = z.as_slice().unwrap_or_default();
        let row = |c: usize, y: usize| &flat[(c * rows + y) * columns..][..columns];
        let mut lags = vec![vec![0.0; 2 * columns - 1]; rows];
        for c in 0..slices {
            for (dy, lags) in lags.iter_mut().enumerate() {
                for y in 0..rows - dy {
                    add_products(lags, row(c, y), row(c, y + dy));
                }
            }
        }
        Self { lags, columns }
    }
}

/// Adds to `lags[dx + columns − 1]` the products of `near[x]` and `far[x + dx]`.
fn add_products(lags: &mut [f64], near: &[f64], far: &[f64]) {
    for (x, &here) in near.iter().enumerate() {
        let lags = &mut lags[near.len() - 1 - x..][..far.len()];
        for (lag, &there) in lags.iter_mut().zip(far) {
            *lag += here * there;
        }
    }
}

/// The power at row frequency u (0..64) and column frequency v (0..=32), `[u][v]`.
fn power(r: &Autocorrelation) -> Vec<[f64; HALF]> {
    let circle = &*CIRCLE;
    let mut power = vec![[0.0; HALF]; N];
    for (dy, lags) in r.lags.iter().enumerate() {
        let (mut cosines, mut sines) = ([0.0; HALF], [0.0; HALF]);
        for (at, &lag) in lags.iter().enumerate() {
            // dx modulo 64, so that negative lags find their angle.
            let dx = (at + N + 1 - r.columns) % N;
            for v in 0..HALF {
                let (cos, sin) = circle[v * dx % N];
                cosines[v] += lag * cos;
                sines[v] += lag * sin;
            }
        }
        // Lags with dy > 0 stand for their mirror images too.
        let twice = if dy == 0 { 1.0 } else { 2.0 };
        for (u, row) in power.iter_mut().enumerate() {
            let (cos, sin) = circle[u * dy % N];
            for v in 0..HALF {
                row[v] += twice * (cos * cosines[v] - sin * sines[v]);
            }
        }
    }
    power
}

/// The power plane as a small picture: `[side, side]`, the zero frequency in the middle, the largest block 1.
///
/// Each pixel is the mean of the 64×64 plane's power over its block; all zeros where the kernel (`[slice, row, column]`)
/// is flat. `side` divides 64.
pub fn plane(kernel: ArrayView3<'_, f32>, side: usize) -> ndarray::Array2<f32> {
    let (_, rows, columns) = kernel.dim();
    let centred = centred(kernel);
    let half = power(&Autocorrelation::of(centred.slice(s![.., ..rows.min(N), ..columns.min(N)])));
    // Frequencies −32..31 in rows and columns; the left half is the right one turned by 180°.
    let at = |y: usize, x: usize| {
        let (u, v) = ((y + N / 2) % N, (x + N / 2) % N);
        if v < HALF { half[u][v] } else { half[(N - u) % N][N - v] }
    };
    let block = N / side.clamp(1, N);
    let mut plane = ndarray::Array2::from_shape_fn((side, side), |(row, column)| {
        let cells = (0..block).flat_map(|y| (0..block).map(move |x| (row * block + y, column * block + x)));
        cells.map(|(y, x)| at(y, x).max(0.0)).sum::<f64>() as f32
    });
    let largest = plane.iter().copied().fold(0.0, f32::max);
    if largest > 0.0 {
        plane /= largest;
    }
    plane
}

/// Index to cycles a pixel, −½ to just below ½, as `numpy.fft.fftfreq` has it.
fn cycles(index: usize) -> f64 {
    let signed = if index < N / 2 { index as f64 } else { index as f64 - N as f64 };
    signed / N as f64
}

/// The peak and the second moments of the whole plane, from its half.
fn moments(power: &[[f64; HALF]]) -> Spectrum {
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    let (mut peak, mut frequency) = (0.0, 0.0);
    for (u, row) in power.iter().enumerate() {
        let fy = cycles(u);
        for (v, &power) in row.iter().enumerate() {
            // Rounding may leave a trace below zero where there is no power.
            let power = power.max(0.0);
            let fx = cycles(v);
            // The first and last column are their own mirror images; the others stand for two.
            let own = v == 0 || v == N / 2;
            let times = if own { 1.0 } else { 2.0 };
            xx += times * power * fx * fx;
            yy += times * power * fy * fy;
            // In row 32 the mirror image has the same fy and the other fx: the two cancel. The corner (32, 32) is its own
            // mirror image and counts as (−½, −½), as in METRICS.md: what a kernel has of a checkerboard does not turn
            // with it.
            if own || u != N / 2 {
                xy += times * power * fx * fy;
            }
            if power > peak {
                (peak, frequency) = (power, fx.hypot(fy));
            }
        }
    }
    if xx + yy <= 0.0 {
        return Spectrum { frequency: 0.0, coherence: 0.0, orientation: 0.0 };
    }
    let wave = 0.5 * (2.0 * xy).atan2(xx - yy).to_degrees();
    Spectrum {
        frequency,
        coherence: (xx - yy).hypot(2.0 * xy) / (xx + yy),
        orientation: (90.0 - wave).rem_euclid(180.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    fn grating(fy: f64, fx: f64) -> Spectrum {
        let wave = |y: usize, x: usize| (TAU * (fy * y as f64 + fx * x as f64)).cos() as f32;
        let kernel = Array3::from_shape_fn((3, 15, 15), |(_, y, x)| wave(y, x));
        spectrum(centred(kernel.view()).view(), kernel.iter().map(|w| f64::from(w * w)).sum())
    }

    #[test]
    fn stripes_are_read_as_drawn() {
        // The wave runs across the stripes; rows grow downwards, angles upwards.
        for (fy, fx, degrees) in [(0.25, 0.0, 0.0), (0.0, 0.25, 90.0), (0.2, 0.2, 45.0), (-0.2, 0.2, 135.0)] {
            let seen = grating(fy, fx);
            let off = (seen.orientation - degrees + 90.0).rem_euclid(180.0) - 90.0;
            assert!(off.abs() < 2.0, "{fy} {fx}: {seen:?}");
            assert!(seen.coherence > 0.7, "{seen:?}");
            assert!((seen.frequency - fy.hypot(fx)).abs() < 0.02, "{seen:?}");
        }
    }

    #[test]
    fn the_power_is_that_of_a_plain_transform() {
        let kernel =
            Array3::from_shape_fn((2, 3, 5), |(c, y, x)| ((c * 31 + y * 17 + x * 7) % 11) as f64 - 4.0);
        let power = power(&Autocorrelation::of(kernel.view()));
        for (u, v) in [(0, 0), (5, 3), (63, 1), (32, 32), (40, 17)] {
            let mut expected = 0.0;
            for slice in kernel.outer_iter() {
                let (mut re, mut im) = (0.0, 0.0);
                for ((y, x), z) in slice.indexed_iter() {
                    let angle = TAU * (u * y + v * x) as f64 / 64.0;
                    re += z * angle.cos();
                    im += z * angle.sin();
                }
                expected += re * re + im * im;
            }
            assert!((power[u][v] - expected).abs() < 1e-9, "{u} {v}: {} {expected}", power[u][v]);
        }
    }

    #[test]
    fn flat_and_single_weights_have_no_stripes() {
        for shape in [(1, 1, 1), (3, 7, 7), (2, 1, 9)] {
            let kernel = Array3::from_elem(shape, 0.1_f32);
            let seen = spectrum(centred(kernel.view()).view(), 0.01 * kernel.len() as f64);
            assert_eq!(seen, Spectrum { frequency: 0.0, coherence: 0.0, orientation: 0.0 });
        }
    }
}
