//! Which of few colours each pixel is drawn with.

use super::BAND;
use crate::raster::{LEVELS, TRANSPARENT};

/// A number for each row of a band; the last two lanes are of no row.
pub(super) type Lanes = [i16; 8];

/// Where a pixel stands that there is none of: near no other.
const NOWHERE: i16 = i16::MAX;

/// What each pixel is drawn with: the nearest of every so many levels, or a neighbour's that is hardly farther away (the
/// rounding alone is off by half a step).
pub(super) struct Choice {
    /// Of each index, where it stands among the others. Its lower byte is the index.
    places: [i16; 256],
    /// Of each index, where it is drawn by itself.
    nearest: [i16; 256],
    /// How far off a neighbour's may be.
    tolerance: i16,
}

impl Choice {
    /// Every pixel is drawn with its own index.
    pub(super) fn own() -> Self {
        let places = std::array::from_fn(place);
        Self { places, nearest: places, tolerance: -1 }
    }

    /// Every pixel is drawn with one of every `step` levels; what is no level is drawn with its own index.
    pub(super) fn of_every(step: u8) -> Self {
        let places: [i16; 256] = std::array::from_fn(place);
        let nearest = |index| if index < LEVELS { nearest(index as u8, step).into() } else { places[index] };
        Self { places, nearest: std::array::from_fn(nearest), tolerance: i16::from(step * 5 / 8) }
    }

    /// What may be drawn for these indices.
    pub(super) fn colors(&self, indices: &[u8]) -> Vec<u8> {
        let mut colors: Vec<u8> =
            indices.iter().map(|index| self.nearest[usize::from(*index)] as u8).collect();
        colors.sort_unstable();
        colors.dedup();
        colors
    }

    /// What the pixels of a band are drawn with, six rows of `width` indices or fewer: row `r` of column `x` is lane `r` of
    /// `x + r`, in the lower byte.
    ///
    /// Each row is a column later than the one above it, so that the neighbours that a pixel asks, to its left and above it,
    /// were both decided one step ago. So all rows are decided at once, and none waits for the end of another.
    pub(super) fn decide(&self, indices: &[u8], width: usize, decided: &mut Vec<Lanes>) {
        decided.clear();
        decided.resize(width + BAND - 1, [self.places[usize::from(TRANSPARENT)]; _]);
        for (row, indices) in indices.chunks_exact(width.max(1)).take(BAND).enumerate() {
            for (index, lanes) in indices.iter().zip(&mut decided[row..]) {
                lanes[row] = self.places[usize::from(*index)];
            }
        }
        let mut last: Lanes = [NOWHERE; _];
        for lanes in decided {
            let nearest = lanes.map(|place| self.nearest[usize::from(place as u8)]);
            let mut above: Lanes = [NOWHERE; _];
            above[1..].copy_from_slice(&last[..last.len() - 1]);
            for (at, own) in lanes.iter_mut().enumerate() {
                // Both are asked at once: which of them serves cannot be foreseen.
                let serves = |place: i16| (place - *own).abs() <= self.tolerance;
                let other = if serves(above[at]) { above[at] } else { nearest[at] };
                *own = if serves(last[at]) { last[at] } else { other };
            }
            last = *lanes;
        }
    }
}

/// Levels stand where they are; everything else is far from them and from each other.
fn place(index: usize) -> i16 {
    let far = index.checked_sub(LEVELS).map_or(0, |at| 1024_usize << at);
    i16::try_from(index + far).unwrap_or(NOWHERE)
}

/// The multiple of `step` that is nearest to a level; the last level is one, and none is beyond it.
pub(in crate::tui) fn nearest(level: u8, step: u8) -> u8 {
    // Half a step more than the last level is no `u8` any more.
    let rest = level % step;
    if rest > step / 2 { level - rest + step } else { level - rest }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is drawn for each pixel, row after row.
    fn drawn(choice: &Choice, indices: &[u8], width: usize) -> Vec<u8> {
        let mut decided = Vec::new();
        choice.decide(indices, width, &mut decided);
        let of = |at: usize| decided[at % width + at / width][at / width] as u8;
        (0..indices.len()).map(of).collect()
    }

    /// The same, pixel by pixel.
    fn one_by_one(indices: &[u8], width: usize, step: u8) -> Vec<u8> {
        let is_level = |index: u8| usize::from(index) < LEVELS;
        let mut drawn = Vec::new();
        for (at, &index) in indices.iter().enumerate() {
            let left = (at % width > 0).then(|| drawn[at - 1]);
            let above = at.checked_sub(width).map(|above| drawn[above]);
            let serves = |other: &u8| is_level(*other) && other.abs_diff(index) <= step * 5 / 8;
            drawn.push(match left.filter(serves).or(above.filter(serves)) {
                _ if !is_level(index) => index,
                Some(neighbour) => neighbour,
                None => nearest(index, step),
            });
        }
        drawn
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn all_rows_at_once_are_drawn_as_one_by_one(
            (width, indices) in (1_usize..20, 1..=BAND).prop_flat_map(|(width, rows)| {
                let index = prop_oneof![9 => 100_u8..130, 1 => 240_u8..];
                (Just(width), proptest::collection::vec(index, width * rows))
            }),
            step in prop_oneof![Just(7_u8), Just(9), Just(14), Just(18)],
        ) {
            prop_assert_eq!(drawn(&Choice::of_every(step), &indices, width), one_by_one(&indices, width, step));
            prop_assert_eq!(drawn(&Choice::own(), &indices, width), indices);
        }
    }

    #[test]
    fn zero_and_the_ends_keep_their_own_colours_with_every_step() {
        for step in super::super::STEPS {
            let last = (LEVELS - 1) as u8;
            assert_eq!([nearest(0, step), nearest(last - 1, step), nearest(last, step)], [0, last, last]);
            let zero = [(LEVELS / 2) as u8; 36];
            assert_eq!(drawn(&Choice::of_every(step), &zero, 6), zero, "step {step}");
            assert_eq!((LEVELS - 1) % usize::from(step), 0, "the ends are colours too");
        }
    }
}
