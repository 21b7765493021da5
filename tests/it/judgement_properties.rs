//! What must hold for the judgement of every kernel: size, sign, turning and shuffling.

use convscope::weights::Weights;
use convscope::weights::diagnosis::{Diagnosis, Verdict};
use ndarray::{Array2, Array3, Array4, Axis, s};
use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;

use crate::judgement::{gaussian, judged};

fn verdicts(kernels: Array4<f32>) -> Vec<Diagnosis> {
    judged(&Weights { kernels, bias: None }).kernels
}

/// A kernel somewhere between stripes and noise.
fn mixture(seed: u64, channels: usize, side: usize, share: f32, angle: f32) -> Array3<f32> {
    let noise = gaussian(seed, (1, channels, side, side)).kernels.index_axis_move(Axis(0), 0);
    Array3::from_shape_fn(noise.dim(), |(c, y, x)| {
        let along = angle.cos() * x as f32 + angle.sin() * y as f32;
        (1.0 - share) * noise[(c, y, x)] + share * (along * 1.3 + c as f32 * 0.4).sin()
    })
}

/// The kernel turned by 90°.
fn turned(kernel: &Array3<f32>) -> Array3<f32> {
    let mut turned = kernel.clone();
    turned.swap_axes(1, 2);
    turned.slice(s![.., ..;-1, ..]).to_owned()
}

/// The kernel without what a checkerboard has of it: without power at half a cycle a pixel in rows and columns at once.
/// There the transform has one frequency for two directions, (−½, −½), so that this power alone does not turn.
fn without_checkerboard(mut kernel: Array3<f32>) -> Array3<f32> {
    let (_, rows, columns) = kernel.dim();
    let board = Array2::from_shape_fn((rows, columns), |(y, x)| if (y + x) % 2 == 0 { 1.0 } else { -1.0 });
    let board = &board - board.mean().unwrap();
    for mut slice in kernel.outer_iter_mut() {
        let share = (&slice * &board).sum() / (&board * &board).sum();
        slice.scaled_add(-share, &board);
    }
    kernel
}

/// What is left of the 90° by which the orientation ought to turn with the kernel, in degrees, and of the coherence.
fn left_over(kernel: &Array3<f32>) -> (f64, f64) {
    let [before, after] = [kernel.clone(), turned(kernel)].map(|it| verdicts(stacked(&[it]))[0].statistics);
    let moved = (after.orientation.unwrap() - before.orientation.unwrap()).rem_euclid(180.0);
    ((moved - 90.0).abs(), (before.coherence.unwrap() - after.coherence.unwrap()).abs())
}

/// All positions in another order, all channels together.
fn shuffled(kernel: &Array3<f32>, seed: u64) -> Array3<f32> {
    let mut random = Pcg64::seed_from_u64(seed);
    let (_, rows, columns) = kernel.dim();
    let mut order: Vec<usize> = (0..rows * columns).collect();
    order.sort_by_cached_key(|_| random.next_u64());
    Array3::from_shape_fn(kernel.dim(), |(c, y, x)| {
        let place = order[y * columns + x];
        kernel[(c, place / columns, place % columns)]
    })
}

fn stacked(kernels: &[Array3<f32>]) -> Array4<f32> {
    let views: Vec<_> = kernels.iter().map(|kernel| kernel.view()).collect();
    ndarray::stack(Axis(0), &views).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn size_and_sign_do_not_matter(
        seed in any::<u64>(), channels in 1_usize..5, side in 5_usize..9, share in 0.0_f32..1.0, angle in 0.0_f32..6.3,
        power in -60_i32..60, negative in any::<bool>(),
    ) {
        let kernel = mixture(seed, channels, side, share, angle);
        // A power of two is exact, so that nothing is rounded away.
        let factor = 2_f32.powi(power) * if negative { -1.0 } else { 1.0 };
        let seen = verdicts(stacked(std::slice::from_ref(&kernel)))[0];
        let scaled = verdicts(stacked(&[kernel * factor]))[0];
        prop_assert_eq!(seen.verdict, scaled.verdict);
        prop_assert_eq!(seen.structure.map(|test| test.p), scaled.structure.map(|test| test.p));
    }

    #[test]
    fn orientation_turns_with_the_kernel(
        seed in any::<u64>(), channels in 1_usize..5, side in 5_usize..9, share in 0.3_f32..1.0, angle in 0.0_f32..6.3,
    ) {
        let kernel = without_checkerboard(mixture(seed, channels, side, share, angle));
        prop_assume!(verdicts(stacked(std::slice::from_ref(&kernel)))[0].statistics.coherence.unwrap() > 0.1);
        let (degrees, coherence) = left_over(&kernel);
        prop_assert!(degrees < 1e-3 && coherence < 1e-5, "{degrees} {coherence}");
    }
}

/// Found at random: a kernel that is hardly oriented and much of a checkerboard.
#[test]
fn only_a_checkerboards_power_does_not_turn() {
    let kernel = mixture(701_960_544_619_475_689, 1, 7, 0.3, 0.0);
    let (degrees, coherence) = left_over(&kernel);
    assert!((degrees - 1.72).abs() < 0.01 && (coherence - 0.0022).abs() < 1e-4, "{degrees} {coherence}");
    let (degrees, coherence) = left_over(&without_checkerboard(kernel));
    assert!(degrees < 1e-3 && coherence < 1e-5, "{degrees} {coherence}");
}

/// Under the null hypothesis p is uniform: as many permuted kernels lie below each tenth as ought to, within what 400 of
/// them can tell (the Kolmogorov–Smirnov distance at 1 in 1000 is 1.95/√400; p of the two tests are each exact, the
/// combination is conservative).
#[test]
fn noise_stays_noise_under_any_permutation() {
    let noise = gaussian(11, (1, 3, 7, 7)).kernels.index_axis_move(Axis(0), 0);
    let kernels: Vec<_> = (0..400).map(|seed| shuffled(&noise, seed)).collect();
    let seen = verdicts(stacked(&kernels));
    let below = |line: f64, p: fn(&Diagnosis) -> f64| {
        seen.iter().filter(|kernel| p(kernel) <= line).count() as f64 / seen.len() as f64
    };
    for tenth in 1..10 {
        let line = f64::from(tenth) / 10.0;
        let moran = below(line, |kernel| kernel.structure.unwrap().moran_p);
        let peak = below(line, |kernel| kernel.structure.unwrap().peak_p);
        assert!((moran - line).abs() < 0.0975 && (peak - line).abs() < 0.0975, "{line}: {moran} {peak}");
    }
    let structured = below(0.05, |kernel| kernel.structure.unwrap().p);
    assert!(structured < 0.09, "{structured}");
}

#[test]
fn structure_is_lost_when_it_is_shuffled() {
    let stripes: Vec<_> = (0..100).map(|seed| mixture(seed, 3, 7, 0.8, seed as f32 * 0.37)).collect();
    let noise = |kernels: &[Array3<f32>]| {
        verdicts(stacked(kernels)).iter().filter(|kernel| kernel.verdict == Verdict::Noise).count()
    };
    assert_eq!(noise(&stripes), 0);
    let mixed: Vec<_> = stripes.iter().zip(0..).map(|(kernel, seed)| shuffled(kernel, seed)).collect();
    assert!(noise(&mixed) >= 80, "{}", noise(&mixed));
}
