//! Which colour map draws what: by default one whose zero is like the terminal's background.

use super::facts::Background;
use crate::raster::{ColorMap, DARK_CENTRE, LIGHT_CENTRE, ResponseMode};

/// The colour maps that were chosen; `None` follows the background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Maps {
    /// Of single slices.
    pub weights: Option<&'static ColorMap>,
    /// Of responses with both signs.
    pub response: Option<&'static ColorMap>,
    /// Of responses without a sign: absolute and rectified.
    pub magnitude: Option<&'static ColorMap>,
}

impl Maps {
    /// The map of single slices.
    pub fn of_weights(self, background: Background) -> &'static ColorMap {
        self.weights.unwrap_or(like(background))
    }

    /// The map of responses that are shown so.
    pub fn of_response(self, mode: ResponseMode, background: Background) -> &'static ColorMap {
        let chosen = if mode == ResponseMode::Signed { self.response } else { self.magnitude };
        chosen.unwrap_or(like(background))
    }
}

fn like(background: Background) -> &'static ColorMap {
    match background {
        Background::Dark => DARK_CENTRE,
        Background::Light => LIGHT_CENTRE,
    }
}
