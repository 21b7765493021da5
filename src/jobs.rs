//! Work away from the screen: opening and reading checkpoints, computing responses.
//!
//! Each kind of work has a thread of its own that only ever cares for the newest request (see [`latest`]); answers
//! come back as messages in the one inbox of the shell, with the ticket of their request.

pub mod compare;
pub mod diagnose;
pub mod follow;
pub mod latest;
pub mod read;
pub mod response;
pub mod run;
pub mod study;
pub mod watch;
