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

#[cfg(test)]
mod tests {
    use super::*;

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
