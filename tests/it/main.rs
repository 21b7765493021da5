//! Everything that needs no terminal, in one binary.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

mod checkpoints;
mod cli;
mod core;
mod formats;
mod numerics;
mod properties;
mod screens;
mod session;
mod shared;
