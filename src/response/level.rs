//! What the processor can do at once, and the tiles that suit it.
//!
//! A tile is a block of sums that stays in registers: so many answers, so many vectors each. It wants enough sums to
//! hide the latency of a multiply-add (eight or more), and registers left for the pixels and a weight.
#![expect(clippy::inline_always, reason = "instructions that are asked for at run time end at a call")]

use std::fmt;

use fearless_simd::{Level as Simd, Simd as Token};

use super::roll::{Band, Roll, Source, roll};
use super::sweep::{Output, Program, Scene, sweep};

/// An instruction set that this processor has.
#[derive(Clone, Copy)]
pub struct Level(Simd);

impl Level {
    /// The widest.
    pub fn best() -> Self {
        Self(Simd::new())
    }

    /// All that there is code for, the widest first.
    pub fn all() -> Vec<Self> {
        let best = Simd::new();
        #[cfg(target_arch = "x86_64")]
        let levels = [
            best.as_avx512().map(Simd::Avx512),
            best.as_avx2().map(Simd::Avx2),
            best.as_sse2().map(Simd::Sse2),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let levels = [Some(best)];
        levels.into_iter().flatten().map(Self).collect()
    }

    /// What `fearless_simd` calls it.
    pub fn simd(self) -> Simd {
        self.0
    }

    /// Numbers in a vector.
    pub fn lanes(self) -> usize {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512(_) => 16,
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2(_) => 8,
            _ => 4,
        }
    }

    /// Whether it has 32 registers, not 16.
    fn has_many_registers(self) -> bool {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512(_) => true,
            #[cfg(target_arch = "aarch64")]
            Simd::Neon(_) => true,
            _ => false,
        }
    }

    /// Kernels that are answered at once.
    pub(super) fn kernels(self) -> usize {
        if self.has_many_registers() { 8 } else { 6 }
    }

    /// Rows of the response that a kernel is answered for at once: at most as many as it has rows itself, `k_h`.
    pub(super) fn rows(self, k_h: usize) -> usize {
        let tiles = if self.has_many_registers() { [7, 5, 3] } else { [6, 5, 3] };
        tiles.into_iter().find(|&rows| rows <= k_h).unwrap_or(1)
    }

    /// Vectors of a tile of a kernel with `k_h` rows that is rolled, the widest first; none if it is faster not to.
    pub(super) fn rolled(self, k_h: usize) -> &'static [usize] {
        match (self.has_many_registers(), k_h) {
            (true, 7) => &[3, 2, 1],
            (true, 5) => &[4, 2],
            (true, 3) => &[6, 3],
            (false, 5) => &[2, 1],
            (false, 3) => &[3, 2],
            _ => &[],
        }
    }

    /// Answers a kernel of so many rows in tiles of so many vectors, one of [`rolled`](Self::rolled).
    pub(super) fn roll(
        self,
        tile: [usize; 2],
        kernel: &Roll<'_>,
        sources: &[Source<'_>],
        band: &mut Band<'_>,
    ) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512(simd) => roll_with_many_registers(simd, tile, kernel, sources, band),
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2(simd) => roll_with_few_registers(simd, tile, kernel, sources, band),
            #[cfg(target_arch = "aarch64")]
            Simd::Neon(simd) => roll_with_many_registers(simd, tile, kernel, sources, band),
            other => {
                fearless_simd::dispatch!(other, simd => roll_with_few_registers(simd, tile, kernel, sources, band));
            }
        }
    }

    /// Answers a program everywhere in a scene.
    pub(super) fn sweep(self, program: &Program<'_>, scene: &Scene<'_>, output: &mut Output<'_, '_>) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512(simd) => with_many_registers(simd, program, scene, output),
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2(simd) => with_few_registers(simd, program, scene, output),
            #[cfg(target_arch = "x86_64")]
            other => {
                let Some(simd) = other.as_sse2() else { unreachable!("every x86-64 processor has SSE2") };
                with_few_registers(simd, program, scene, output);
            }
            #[cfg(target_arch = "aarch64")]
            Simd::Neon(simd) => with_many_registers(simd, program, scene, output),
            #[cfg(not(target_arch = "x86_64"))]
            other => {
                fearless_simd::dispatch!(other, simd => with_few_registers(simd, program, scene, output))
            }
        }
    }
}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512(_) => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2(_) => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Simd::Sse2(_) | Simd::Sse4_2(_) => "SSE2",
            #[cfg(target_arch = "aarch64")]
            Simd::Neon(_) => "NEON",
            _ => "plain",
        })
    }
}

/// The tiles of [`Level::rolled`] for 32 registers.
#[inline(always)]
fn roll_with_many_registers<S: Token>(
    simd: S,
    tile: [usize; 2],
    kernel: &Roll<'_>,
    sources: &[Source<'_>],
    band: &mut Band<'_>,
) {
    match tile {
        [7, 3] => simd.vectorize(
            #[inline(always)]
            || roll::<S, 7, 3>(simd, kernel, sources, band),
        ),
        [7, 2] => simd.vectorize(
            #[inline(always)]
            || roll::<S, 7, 2>(simd, kernel, sources, band),
        ),
        [7, 1] => simd.vectorize(
            #[inline(always)]
            || roll::<S, 7, 1>(simd, kernel, sources, band),
        ),
        [5, 4] => simd.vectorize(
            #[inline(always)]
            || roll::<S, 5, 4>(simd, kernel, sources, band),
        ),
        [5, 2] => simd.vectorize(
            #[inline(always)]
            || roll::<S, 5, 2>(simd, kernel, sources, band),
        ),
        [3, 6] => simd.vectorize(
            #[inline(always)]
            || roll::<S, 3, 6>(simd, kernel, sources, band),
        ),
        _ => simd.vectorize(
            #[inline(always)]
            || roll::<S, 3, 3>(simd, kernel, sources, band),
        ),
    }
}

/// The same for 16 registers.
#[inline(always)]
fn roll_with_few_registers<S: Token>(
    simd: S,
    tile: [usize; 2],
    kernel: &Roll<'_>,
    sources: &[Source<'_>],
    band: &mut Band<'_>,
) {
    match tile {
        [5, 2] => simd.vectorize(
            #[inline(always)]
            || roll::<S, 5, 2>(simd, kernel, sources, band),
        ),
        [5, 1] => simd.vectorize(
            #[inline(always)]
            || roll::<S, 5, 1>(simd, kernel, sources, band),
        ),
        [3, 3] => simd.vectorize(
            #[inline(always)]
            || roll::<S, 3, 3>(simd, kernel, sources, band),
        ),
        _ => simd.vectorize(
            #[inline(always)]
            || roll::<S, 3, 2>(simd, kernel, sources, band),
        ),
    }
}

/// The tiles of [`Level::kernels`] and [`Level::rows`] for 32 registers.
#[inline(always)]
fn with_many_registers<S: Token>(
    simd: S,
    program: &Program<'_>,
    scene: &Scene<'_>,
    output: &mut Output<'_, '_>,
) {
    match program.steps.answers {
        8 => simd.vectorize(
            #[inline(always)]
            || sweep::<S, 8, 3>(simd, program, scene, output),
        ),
        7 => simd.vectorize(
            #[inline(always)]
            || sweep::<S, 7, 3>(simd, program, scene, output),
        ),
        5 => simd.vectorize(
            #[inline(always)]
            || sweep::<S, 5, 4>(simd, program, scene, output),
        ),
        3 => simd.vectorize(
            #[inline(always)]
            || sweep::<S, 3, 7>(simd, program, scene, output),
        ),
        _ => simd.vectorize(
            #[inline(always)]
            || sweep::<S, 1, 8>(simd, program, scene, output),
        ),
    }
}

/// The same for 16 registers.
#[inline(always)]
fn with_few_registers<S: Token>(
    simd: S,
    program: &Program<'_>,
    scene: &Scene<'_>,
    output: &mut Output<'_, '_>,
) {
    match program.steps.answers {
        6 => simd.vectorize(
            #[inline(always)]
            || sweep::<S, 6, 2>(simd, program, scene, output),
        ),
        5 => simd.vectorize(
            #[inline(always)]
            || sweep::<S, 5, 2>(simd, program, scene, output),
        ),
        3 => simd.vectorize(
            #[inline(always)]
            || sweep::<S, 3, 3>(simd, program, scene, output),
        ),
        _ => simd.vectorize(
            #[inline(always)]
            || sweep::<S, 1, 6>(simd, program, scene, output),
        ),
    }
}
