//! The functional core: what is on the screen, and what a key, a mouse click or finished work does to it.
//!
//! Everything here is plain data and plain functions: no terminal, no file, no thread and no clock. The shell feeds
//! [`Msg`](msg::Msg)s into [`update`](update::update), carries out the [`Effect`](effect::Effect)s it answers with, and
//! lets [`view`](crate::view) draw the [`State`](state::State).

pub mod action;
pub mod comparison;
pub mod effect;
pub mod facts;
pub mod key;
pub mod keymap;
pub mod layout;
pub mod maps;
pub mod msg;
pub mod run;
pub mod state;
pub mod update;
