//! Everything that needs no terminal, in one binary: core, screens, jobs, formats, numerics, commands.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on stops, and says why; its helpers too"
)]

mod architecture;
mod beginning;
mod callback;
mod check;
mod checkpoints;
mod cli;
mod comparing;
mod config;
mod core;
mod damage;
mod delta;
mod diff;
mod following;
mod formats;
mod hostile;
mod judgement;
mod judgement_properties;
mod marking;
mod numerics;
mod order;
mod properties;
mod readme;
mod screens;
mod session;
mod shared;
mod shared_files;
mod sheet;
mod timeline;
mod trainer;
mod watching;
