//! Colour maps as tables of stops, and the palettes sampled from them.

use super::{INFINITE_COLOR, NAN_COLOR};

/// The colours of an indexed picture: [`LEVELS`] levels from the lowest value to the highest, then the colours of what
/// is not finite.
pub type Palette = [[u8; 3]; 256];

/// How many entries of a [`Palette`] are levels: an odd number, so that zero has a colour of its own in the middle.
pub const LEVELS: usize = 253;
/// The entry of no pixel: what lies there is seen through the picture.
pub const TRANSPARENT: u8 = LEVELS as u8;
/// The entry of infinite values.
const INFINITE: u8 = 254;
/// The entry of NaN.
const NAN: u8 = 255;

/// Colours for numbers with a sign, and for numbers without one.
#[derive(Debug, PartialEq, Eq)]
pub struct ColorMap {
    /// Its name in the configuration.
    pub name: &'static str,
    /// From the most negative value through zero (the middle stop) to the most positive, evenly spaced.
    pub signed: &'static [[u8; 3]],
    /// From zero to the largest, evenly spaced.
    pub unsigned: &'static [[u8; 3]],
}

/// The default on a light background, and of pictures in files.
pub const LIGHT_CENTRE: &ColorMap = &COLOR_MAPS[0];
/// The default on a dark background.
pub const DARK_CENTRE: &ColorMap = &COLOR_MAPS[1];

/// Every colour map. Blue and orange are told apart by colour-blind people too, and in every
/// map brightness falls or rises steadily from zero, so that it can be read without any colour.
pub const COLOR_MAPS: &[ColorMap] = &[
    ColorMap {
        name: "blue-orange",
        signed: &[
            [16, 48, 105],
            [45, 110, 170],
            [140, 188, 220],
            [246, 245, 242],
            [246, 190, 120],
            [208, 112, 30],
            [110, 48, 8],
        ],
        unsigned: &[[250, 249, 246], [250, 214, 160], [236, 158, 78], [190, 94, 26], [96, 40, 8]],
    },
    ColorMap {
        name: "dark-blue-orange",
        signed: &[
            [150, 215, 255],
            [58, 140, 220],
            [24, 62, 120],
            [10, 10, 14],
            [120, 56, 14],
            [222, 124, 36],
            [255, 214, 140],
        ],
        unsigned: &[[10, 10, 14], [96, 44, 16], [190, 94, 24], [244, 162, 66], [255, 236, 190]],
    },
    ColorMap { name: "grey", signed: &[[0; 3], [127; 3], [255; 3]], unsigned: &[[0; 3], [255; 3]] },
];

impl ColorMap {
    /// The map of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        COLOR_MAPS.iter().find(|map| map.name == name)
    }

    /// The palette of numbers with a sign; zero is its middle level.
    pub fn signed_palette(&self) -> Palette {
        sampled(self.signed)
    }

    /// The palette of numbers without a sign; zero is its first level.
    pub fn unsigned_palette(&self) -> Palette {
        sampled(self.unsigned)
    }
}

/// Straight lines between the stops.
fn sampled(stops: &[[u8; 3]]) -> Palette {
    let mut palette = [[0; 3]; 256];
    let spans = stops.len().saturating_sub(1);
    for (level, entry) in palette.iter_mut().enumerate() {
        let place = level.min(LEVELS - 1) as f32 / (LEVELS - 1) as f32 * spans as f32;
        let below = (place as usize).min(spans.saturating_sub(1));
        let (from, to) = (stops[below], stops[(below + 1).min(spans)]);
        let share = place - below as f32;
        *entry = std::array::from_fn(|c| {
            // To the nearest: `round` is a call on old processors.
            (f32::from(from[c]) * (1.0 - share) + f32::from(to[c]) * share + 0.5) as u8
        });
    }
    palette[INFINITE as usize] = INFINITE_COLOR;
    palette[NAN as usize] = NAN_COLOR;
    palette
}

/// The entry of `value`, where `place` puts finite ones between −1 and 1.
pub(super) fn signed_index(value: f32, place: impl Fn(f32) -> f32) -> u8 {
    let half = (LEVELS / 2) as f32;
    index(value, |value| half + half * place(value))
}

/// The entry of `value`, where `place` puts finite ones between 0 and 1.
pub(super) fn unsigned_index(value: f32, place: impl Fn(f32) -> f32) -> u8 {
    index(value, |value| (LEVELS - 1) as f32 * place(value))
}

/// `level` is between 0 and the last one of finite values.
fn index(value: f32, level: impl Fn(f32) -> f32) -> u8 {
    /// Numbers from here on have no places behind the point, and what they are above it in their lowest bits: a sum with it
    /// is rounded to the nearest, and a picture's worth of them takes a third of the time that casts take.
    const WHOLE: f32 = (1 << 23) as f32;
    let finite = (level(value) + WHOLE).to_bits() as u8;
    let index = if value.is_infinite() { INFINITE } else { finite };
    if value.is_nan() { NAN } else { index }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_and_the_middle_are_the_stops() {
        for map in COLOR_MAPS {
            let palette = map.signed_palette();
            assert_eq!(palette[0], map.signed[0], "{}", map.name);
            assert_eq!(palette[LEVELS / 2], map.signed[map.signed.len() / 2], "{}", map.name);
            assert_eq!(Some(&palette[LEVELS - 1]), map.signed.last(), "{}", map.name);
            assert_eq!(map.unsigned_palette()[0], map.unsigned[0], "{}", map.name);
            assert!(map.signed.len() % 2 == 1, "{} has no middle", map.name);
        }
    }

    #[test]
    fn brightness_goes_one_way_from_zero() {
        let brightness = |c: &[u8; 3]| 299 * u32::from(c[0]) + 587 * u32::from(c[1]) + 114 * u32::from(c[2]);
        let steady = |stops: &[[u8; 3]]| {
            let levels: Vec<_> = stops.iter().map(brightness).collect();
            levels.is_sorted_by(|a, b| a < b) || levels.is_sorted_by(|a, b| a > b)
        };
        for map in COLOR_MAPS {
            let middle = map.signed.len() / 2;
            assert!(steady(&map.signed[..=middle]) && steady(&map.signed[middle..]), "{}", map.name);
            assert!(steady(map.unsigned), "{}", map.name);
        }
    }

    /// How light is seen by people without one kind of cone: Machado, Oliveira, Fernandes, "A physiologically-based
    /// model for simulation of color vision deficiency" (2009), severity 1, on linear RGB.
    const EYES: [(&str, [[f64; 3]; 3]); 4] = [
        ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
        ),
        (
            "tritanopia",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];

    /// sRGB's primaries and white (D65) as CIE XYZ, over that white.
    const XYZ: [[f64; 3]; 3] = [
        [0.433_953, 0.376_219, 0.189_828],
        [0.212_673, 0.715_152, 0.072_175],
        [0.017_758, 0.109_477, 0.872_765],
    ];

    fn times(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
    }

    /// A colour as such eyes see it, in CIE L*a*b*: lightness, and the two axes of hue.
    fn seen(eyes: &[[f64; 3]; 3], color: [u8; 3]) -> [f64; 3] {
        let light =
            times(eyes, crate::raster::terminal_colors::linear(color)).map(|part| part.clamp(0.0, 1.0));
        let [x, y, z] = times(&XYZ, light).map(|part| {
            if part > 216.0 / 24_389.0 { part.cbrt() } else { (24_389.0 / 27.0 * part + 16.0) / 116.0 }
        });
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn colour_blind_people_tell_the_signs_apart() {
        for map in [LIGHT_CENTRE, DARK_CENTRE] {
            let palette = map.signed_palette();
            let zero = LEVELS / 2;
            for (name, eyes) in &EYES {
                for level in [zero / 4, zero / 2, zero] {
                    let (below, above) =
                        (seen(eyes, palette[zero - level]), seen(eyes, palette[zero + level]));
                    let hues = (below[1] - above[1]).hypot(below[2] - above[2]);
                    assert!(hues >= 15.0, "{}, {name}: ±{level} differ by {hues:.1}", map.name);
                }
                let lightness: Vec<f64> =
                    palette[..LEVELS].iter().map(|&color| seen(eyes, color)[0]).collect();
                let steady = |arm: &[f64]| {
                    // Rounding to 8 bits may hold it for a level, and no longer.
                    arm.is_sorted_by(|a, b| *a <= b + 0.2) || arm.is_sorted_by(|a, b| *a >= b - 0.2)
                };
                assert!(steady(&lightness[..=zero]) && steady(&lightness[zero..]), "{}, {name}", map.name);
                let range = |end: usize| (lightness[end] - lightness[zero]).abs();
                assert!(range(0).min(range(LEVELS - 1)) > 60.0, "{}, {name}: too even", map.name);
            }
        }
    }
}
