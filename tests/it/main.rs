//! Everything that is tested from outside, in one binary: core, screens, jobs, formats, numerics, commands.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    reason = "a test that cannot go on stops, and says why"
)]

mod checkpoints;
mod cli;
mod formats;
mod numerics;
mod properties;
mod shared;
