//! The whole program in a real PTY: keys in, cells and pictures out.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod answers;
mod doctor;
mod hostile;
mod life;
mod persona;
mod picture;
mod pictures;
mod run;
mod shape;
mod svg;
mod tape;
mod terminal;
mod tmux;
mod training;
mod viewer;
