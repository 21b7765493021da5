//! The nearest of the colours that a terminal has.

/// The levels of red, green and blue in the colour cube of the 256 colours.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// `XTerm`'s 16 colours; terminals differ, but not by much.
const ANSI: [[u8; 3]; 16] = [
    [0, 0, 0],
    [205, 0, 0],
    [0, 205, 0],
    [205, 205, 0],
    [0, 0, 238],
    [205, 0, 205],
    [0, 205, 205],
    [229, 229, 229],
    [127, 127, 127],
    [255, 0, 0],
    [0, 255, 0],
    [255, 255, 0],
    [92, 92, 255],
    [255, 0, 255],
    [0, 255, 255],
    [255; 3],
];

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(&a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

/// The nearest of the 256 colours, 16..=255: the cube or the ramp of greys, which are alike on all terminals.
pub fn nearest_of_256(color: [u8; 3]) -> u8 {
    let level = |value: u8| (0..6_u8).min_by_key(|&n| CUBE[n as usize].abs_diff(value)).unwrap_or(0);
    let cube = color.map(level);
    let mean = color.iter().map(|&value| u32::from(value)).sum::<u32>() / 3;
    // The ramp is 8, 18, … 238.
    let grey = (mean.saturating_sub(3) / 10).min(23) as u8;
    let [in_cube, in_ramp] = [cube.map(|n| CUBE[n as usize]), [8 + 10 * grey; 3]];
    if distance(color, in_ramp) < distance(color, in_cube) {
        232 + grey
    } else {
        16 + 36 * cube[0] + 6 * cube[1] + cube[2]
    }
}

/// The nearest of the 16 colours, 0..=15.
pub fn nearest_of_16(color: [u8; 3]) -> u8 {
    (0..16_u8).min_by_key(|&n| distance(color, ANSI[n as usize])).unwrap_or(0)
}

/// How bright a colour is to the eye, 0..=255 (Rec. 601).
pub fn brightness([red, green, blue]: [u8; 3]) -> u8 {
    ((299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) + 500) / 1000) as u8
}

/// How much light a colour sends out, from 0 for black to 1 for white (relative luminance of WCAG 2.2).
pub fn luminance(color: [u8; 3]) -> f64 {
    let [red, green, blue] = linear(color);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// The contrast of two colours, from 1 to 21 (WCAG 2.2): text wants 4.5, what is only looked at 3.
pub fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// A colour of the screen (sRGB) as amounts of light, 0..=1.
pub(super) fn linear(color: [u8; 3]) -> [f64; 3] {
    color.map(|level| {
        let level = f64::from(level) / 255.0;
        if level <= 0.040_45 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_goes_from_one_to_twenty_one() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
        assert_eq!(contrast([7, 8, 9], [7, 8, 9]), 1.0);
        // The darkest grey that passes for text on white.
        assert!(contrast([118; 3], [255; 3]) >= 4.5 && contrast([119; 3], [255; 3]) < 4.5);
    }

    #[test]
    fn colours_that_the_terminal_has_are_found() {
        assert_eq!(
            [[0; 3], [255; 3], [255, 0, 0], [8; 3], [238; 3]].map(nearest_of_256),
            [16, 231, 196, 232, 255]
        );
        assert_eq!(nearest_of_256([127; 3]), 244);
        for (n, color) in ANSI.into_iter().enumerate() {
            assert_eq!(usize::from(nearest_of_16(color)), n);
        }
    }
}
