//! The pictures that were made last: one that the selection comes back to is neither computed nor, where the terminal
//! keeps it, sent again.

use std::collections::VecDeque;
use std::fmt::Write as _;

use ndarray::Axis;

use super::graphics::Encoded;
use crate::app::state::{ResponseFacts, ResponseSpec, Ticket};
use crate::weights::Weights;

/// How many are kept, here and in the terminal's store: what is shown, and a few steps back.
const KEPT: usize = 12;

/// What a picture shows: the request without the names of its weights, and the weights themselves. The same kernel of
/// another layer or epoch gives the same picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    spec: ResponseSpec,
    weights: Vec<u32>,
}

impl Key {
    /// Of a request.
    pub(super) fn of(spec: &ResponseSpec, weights: Option<&Weights>) -> Self {
        let mut spec = ResponseSpec { layer: 0, read: Ticket(0), ..spec.clone() };
        let (Some(how), Some(weights)) = (&mut spec.kernel, weights) else {
            return Self { spec, weights: Vec::new() };
        };
        let mut kernels = vec![std::mem::take(&mut how.kernel)];
        if let Some(sheet) = &mut spec.sheet {
            let count = sheet.kernels.len();
            kernels = std::mem::replace(&mut sheet.kernels, vec![0; count]);
            sheet.page = (0, 0);
        }
        let met = how.input.slices_met(weights.kernels.view());
        let bits = kernels.iter().flat_map(|&kernel| met.index_axis_move(Axis(0), kernel));
        Self { weights: bits.map(|weight| weight.to_bits()).collect(), spec }
    }
}

/// A picture, and the draft that a thin line gets first.
pub(super) struct Made {
    /// What is said about it.
    pub(super) facts: ResponseFacts,
    /// As it should be.
    pub(super) full: Encoded,
    /// Smaller; none where the line is not thin.
    pub(super) draft: Option<Encoded>,
}

/// The pictures that were made last, the one that is shown behind all others.
#[derive(Default)]
pub(super) struct Pictures {
    kept: VecDeque<(Key, Made)>,
    /// The one behind all others is shown.
    shown: bool,
    /// The user rests on it: it may cost what it costs.
    rested: bool,
    /// What tells the terminal to drop images that nothing shows any more.
    superseded: String,
}

impl Pictures {
    /// Shows the picture of `key`, where it is kept.
    pub(super) fn recall(&mut self, key: &Key) -> Option<ResponseFacts> {
        let at = self.kept.iter().position(|(other, _)| other == key)?;
        let found = self.kept.remove(at)?;
        let facts = found.1.facts.clone();
        self.kept.push_back(found);
        (self.shown, self.rested) = (true, false);
        Some(facts)
    }

    /// Keeps a picture and shows it.
    pub(super) fn show(&mut self, key: Key, made: Made) {
        self.kept.push_back((key, made));
        (self.shown, self.rested) = (true, false);
        self.drop_oldest();
    }

    fn drop_oldest(&mut self) {
        while self.kept.len() > KEPT {
            let gone = self.kept.pop_front();
            self.superseded.extend(gone.into_iter().flat_map(|(_, made)| deletions(made)));
        }
    }

    /// Whether the picture of `key` is kept.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.kept.iter().any(|(other, _)| other == key)
    }

    /// Keeps a picture that is not wanted yet, or not any more.
    pub(super) fn keep(&mut self, key: Key, made: Made) {
        if !self.has(&key) {
            // The last one is the one that is shown.
            self.kept.insert(self.kept.len().saturating_sub(usize::from(self.shown)), (key, made));
            self.drop_oldest();
        }
    }

    /// Shows none.
    pub(super) fn hide(&mut self) {
        self.shown = false;
    }

    /// The user rests: the picture as it should be is worth its bytes now.
    pub(super) fn rest(&mut self) {
        self.rested = true;
    }

    /// Whether a draft is shown, which should be followed by the picture as it should be.
    pub(super) fn is_draft(&self) -> bool {
        self.shown && !self.rested && self.kept.back().is_some_and(|(_, made)| made.is_draft_better())
    }

    /// What is to be shown.
    pub(super) fn current(&mut self) -> Option<&mut Encoded> {
        let rested = self.rested;
        let (_, made) = self.kept.back_mut().filter(|_| self.shown)?;
        if !rested && made.is_draft_better() { made.draft.as_mut() } else { Some(&mut made.full) }
    }

    /// What tells the terminal to drop images that nothing shows any more; to be written after the frame.
    pub(super) fn superseded(&mut self) -> String {
        // A draft has done its work once the whole picture is there.
        if let Some((_, made)) = self.kept.back_mut()
            && (self.rested || !made.is_draft_better())
        {
            let done = made.draft.take().and_then(|mut draft| draft.image()?.delete());
            self.superseded.extend(done);
        }
        std::mem::take(&mut self.superseded)
    }

    /// What makes the terminal drop everything; all of it has to be sent again.
    pub(super) fn forget(&mut self) -> String {
        let mut text = std::mem::take(&mut self.superseded);
        for (_, made) in &mut self.kept {
            let images =
                [Some(&mut made.full), made.draft.as_mut()].into_iter().flatten().filter_map(Encoded::image);
            for deletion in images.filter_map(super::kitty::Image::delete) {
                let _ = write!(text, "{deletion}");
            }
        }
        text
    }
}

impl Made {
    /// Whether the draft saves anything: not where the terminal has the whole picture.
    fn is_draft_better(&self) -> bool {
        self.draft.as_ref().is_some_and(|draft| draft.bytes() < self.full.bytes())
    }
}

fn deletions(mut made: Made) -> Vec<String> {
    let images = [Some(&mut made.full), made.draft.as_mut()].into_iter().flatten().filter_map(Encoded::image);
    images.filter_map(super::kitty::Image::delete).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::{Facts, Graphics};
    use crate::jobs::response::Drawn;
    use crate::raster::{COLOR_MAPS, Indexed};
    use crate::tui::graphics::encode;

    fn picture(width: u16) -> (Key, Made) {
        let facts = Facts { graphics: Graphics::Sixel, cell: (1, 1), ..Facts::default() };
        let drawn =
            Drawn::Response(Box::new(Indexed::transparent(width.into(), 6, COLOR_MAPS[0].signed_palette())));
        let full = encode(&drawn, &facts, 1).unwrap();
        let spec = ResponseSpec {
            layer: 0,
            read: Ticket(0),
            kernel: None,
            sheet: None,
            side: crate::app::comparison::Side::A,
            cells: (width, 6),
            facts,
        };
        let facts = ResponseFacts { size: (width.into(), 6), largest: None };
        (Key::of(&spec, None), Made { facts, full, draft: None })
    }

    #[test]
    fn what_is_kept_for_later_does_not_take_the_place_of_what_is_shown() {
        let shown =
            |pictures: &mut Pictures| pictures.current().map(|picture| picture.overlay().unwrap().size.0);
        let mut pictures = Pictures::default();
        let (key, made) = picture(1);
        pictures.keep(key, made);
        assert_eq!(shown(&mut pictures), None);
        let (key, made) = picture(2);
        pictures.show(key, made);
        for width in 3..20 {
            let (key, made) = picture(width);
            pictures.keep(key, made);
            assert_eq!(shown(&mut pictures), Some(2));
        }
        assert_eq!(pictures.kept.len(), KEPT);
        assert!(pictures.recall(&picture(1).0).is_none(), "the oldest gives way");
        assert!(pictures.recall(&picture(19).0).is_some());
        assert_eq!(shown(&mut pictures), Some(19));
    }
}
