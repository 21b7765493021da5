//! Two things that safe code has no words for: memory that is written once, and pixels fetched before they are needed.
#![expect(unsafe_code, reason = "each says what it relies on")]
#![expect(clippy::inline_always, reason = "one instruction")]

use std::mem::MaybeUninit;

/// `length` numbers that `write` has written: zeroing a response first costs a tenth of computing it.
///
/// Wherever it does not fail, `write` has to have written all of them; tests run it over NaN to see that.
pub(super) fn written<E>(
    length: usize,
    write: impl FnOnce(&mut [MaybeUninit<f32>]) -> Result<(), E>,
) -> Result<Vec<f32>, E> {
    let mut numbers = Vec::with_capacity(length);
    let spare = &mut numbers.spare_capacity_mut()[..length];
    if cfg!(debug_assertions) {
        spare.fill(MaybeUninit::new(f32::NAN));
    }
    write(spare)?;
    // SAFETY: there is room for so many, and the only caller writes all of them.
    unsafe { numbers.set_len(length) };
    Ok(numbers)
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
