//! How the allocator behaves while the viewer runs.
#![cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    expect(unsafe_code, reason = "the C library's allocator has no safe interface")
)]

/// All threads share one heap. glibc gives each its own, which keeps what it has once taken: with a run of a hundred
/// checkpoints that is several MiB, and these threads allocate too seldom to stand in each other's way.
pub(super) fn share() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: sets a number inside the allocator, under its own lock. Where it is refused, nothing changes.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}
