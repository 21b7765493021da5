//! The configuration file: what the viewer does where the command line says nothing.
//!
//! One table of settings is read, checked and printed; the keys are those of the keymap. The command line
//! wins over the file, and the file over what is guessed.

mod error;
mod place;
mod print;
mod read;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub use error::Error;
pub use place::Place;

use crate::app::keymap::Keymap;
use crate::app::maps::Maps;
use crate::app::state::{Background, ColorDepth, Graphics, Line};
use crate::photo::Preprocessing;
use crate::raster::ChannelOrder;

/// What the file says, or the defaults where there is none. `None` is "auto": guessed, or asked of the terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// What lies behind the text.
    pub theme: Option<Background>,
    /// How many colours there are.
    pub color: Option<ColorDepth>,
    /// How pictures are shown.
    pub graphics: Option<Graphics>,
    /// How much the line to the terminal carries.
    pub line: Option<Line>,
    /// The photo that kernels respond to; `None`: the built-in one.
    pub photo: Option<PathBuf>,
    /// Whether the mouse belongs to the viewer.
    pub mouse: bool,
    /// How networks were fed.
    pub preprocess: Option<Preprocessing>,
    /// Which colour a kernel's first channel is.
    pub channels: Option<ChannelOrder>,
    /// The colour maps.
    pub maps: Maps,
    /// The keys.
    pub keymap: Keymap,
    /// The file that was read.
    pub path: Option<PathBuf>,
    /// What the file sets: `theme`, `colors.weights`, `keys.quit`.
    set: BTreeSet<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            theme: None,
            color: None,
            graphics: None,
            line: None,
            photo: None,
            mouse: true,
            preprocess: None,
            channels: None,
            maps: Maps::default(),
            keymap: Keymap::default(),
            path: None,
            set: BTreeSet::new(),
        }
    }
}

impl Config {
    /// Reads the file at its [`Place`], with `named` as the command line gave it.
    ///
    /// # Errors
    /// One sentence with the path, and the line and column where one is to blame. A file that is only looked for may be
    /// missing, one that was named may not.
    pub fn load(named: Option<&Path>) -> Result<Self, Error> {
        read::load(&Place::of(named, |name| std::env::var_os(name)))
    }
}
