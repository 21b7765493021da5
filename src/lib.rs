//! convscope shows what the convolution kernels of a trained network have learned.
//!
//! ```text
//! ┌ Layers ────────────┐┌ conv1 · 12 of 64 · 7×7×3 ────────────┐┌ Kernel 12 ────────────┐
//! │ ▸ conv1   7×7×3×64 ││ ▀▀▀▀▀▀▀ ▀▀▀▀▀▀▀ ▀▀▀▀▀▀▀ ▀▀▀▀▀▀▀      ││ min −0.31  max 0.42 … │  weights::statistics
//! │   res2a  1×1×64×64 ││ ▀▀▀▀▀▀▀ ▀▀▀▀▀▀▀ ▀▀▀▀▀▀▀ ▀▀▀▀▀▀▀      ││ ▁▂▅█▆▃▁               │
//! │   …                ││        raster → view::halfblock      │├ Response ─────────────┤
//! │  checkpoint        ││                                      ││ photo → response      │  response, photo
//! └────────────────────┘└──────────────────────────────────────┘└───────────────────────┘
//! ```
//!
//! A functional core in an imperative shell: [`app`] decides (`update(&mut State, Msg) -> Vec<Effect>`), [`view`]
//! draws from `&State`, [`jobs`] do the slow work on threads, [`tui`] is the only place with a terminal and
//! [`checkpoint`] the only place with a file format; [`config`] is what the user prefers. Who may know whom is a table
//! in `tests/it/architecture.rs`:
//!
//! ```text
//! main → config ──────────┐
//!      → cli ─────────────┤
//!      → tui → view ──────┤
//!            → jobs ──────┼→ app → weights, response, raster, photo
//!                 └→ checkpoint ──┘   (jobs and cli only)
//! ```

pub mod app;
pub mod checkpoint;
pub mod cli;
pub mod config;
pub mod demo;
pub mod jobs;
pub mod photo;
pub mod printable;
pub mod raster;
pub mod response;
pub mod tui;
pub mod view;
pub mod weights;
