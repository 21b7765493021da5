//! Two things that safe code has no words for: memory that is written once, and pixels fetched before they are needed.
#![expect(unsafe_code, reason = "each says what it relies on")]
#![expect(clippy::inline_always, reason = "one instruction")]

use std::mem::MaybeUninit;

use ndarray::{Array1, s};

/// Numbers in a line of the cache.
const LINE: usize = 64 / size_of::<f32>();

/// `length` numbers that `write` has written: zeroing a response first costs a tenth of computing it.
///
/// The first stands at the beginning of a line of the cache: vectors that are stored across two lines cost another tenth.
///
/// Wherever it does not fail, `write` has to have written all of them; tests run it over NaN to see that.
pub(super) fn written<E>(
    length: usize,
    write: impl FnOnce(&mut [MaybeUninit<f32>]) -> Result<(), E>,
) -> Result<Array1<f32>, E> {
    let mut numbers = Vec::with_capacity(length + LINE);
    in_large_pages(numbers.spare_capacity_mut());
    let before = to_a_line(numbers.as_ptr());
    let (unused, rest) = numbers.spare_capacity_mut().split_at_mut(before);
    unused.fill(MaybeUninit::new(0.0));
    let rest = &mut rest[..length];
    if cfg!(debug_assertions) {
        rest.fill(MaybeUninit::new(f32::NAN));
    }
    write(rest)?;
    // SAFETY: there is room for so many, the first ones were just written, and the only caller writes all others.
    unsafe { numbers.set_len(before + length) };
    Ok(Array1::from_vec(numbers).slice_move(s![before..]))
}

/// Numbers from the first to one that a line of the cache begins with.
fn to_a_line(numbers: *const f32) -> usize {
    numbers.align_offset(LINE * size_of::<f32>()).min(LINE)
}

/// Room for copies of pixels, each as long as the longest so far; it begins with a line of the cache.
#[derive(Default)]
pub(super) struct Room(Vec<f32>);

impl Room {
    /// At least `length` numbers, whatever they are.
    pub(super) fn of(&mut self, length: usize) -> &mut [f32] {
        self.0.resize(self.0.len().max(length + LINE), 0.0);
        let before = to_a_line(self.0.as_ptr());
        &mut self.0[before..]
    }

    /// What was written there last.
    pub(super) fn numbers(&self) -> &[f32] {
        &self.0[to_a_line(self.0.as_ptr()).min(self.0.len())..]
    }
}

/// Asks for pages of 2 MiB where there is room for several of them: to be given the pages of a large response one by one
/// takes longer than to compute it.
fn in_large_pages(numbers: &mut [MaybeUninit<f32>]) {
    /// Numbers in a page.
    const PAGE: usize = (2 << 20) / size_of::<f32>();
    if numbers.len() < 2 * PAGE {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::mm::{Advice, madvise};
        let before = numbers.as_ptr().align_offset(PAGE * size_of::<f32>()).min(numbers.len());
        let (pages, _) = numbers[before..].as_chunks_mut::<PAGE>();
        // SAFETY: whole pages of memory that is ours; the advice changes nothing that is in them.
        let advised =
            unsafe { madvise(pages.as_mut_ptr().cast(), size_of_val(pages), Advice::LinuxHugepage) };
        // A kernel without large pages gives small ones.
        advised.ok();
    }
}

/// Asks for the cache line `offset` numbers from the beginning of `numbers`, which may be beyond their end.
#[inline(always)]
pub(super) fn prefetch(numbers: &[f32], offset: usize) {
    let line = numbers.as_ptr().wrapping_add(offset);
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which reads nothing and never faults.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(line.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}
