//! Numbers for a narrow pane: four digits that count, the minus of the font.

/// `value` in at most eight characters.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    let text = if !value.is_finite() {
        format!("{value}")
    } else if size == 0.0 {
        "0".to_owned()
    } else if !(0.000_1..99_999.5).contains(&size) {
        format!("{value:.1e}")
    } else {
        let digits = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
        format!("{value:.digits$}")
    };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_stay_short_and_keep_four_digits() {
        let cases = [
            (0.0, "0"),
            (-0.411_783_188, "−0.4118"),
            (14.225_254, "14.23"),
            (1.671_795, "1.672"),
            (0.000_210_893, "0.000211"),
            (0.000_000_012, "1.2e−8"),
            (-123_456.0, "−1.2e5"),
            (64.0, "64.00"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "−inf"),
        ];
        for (value, shown) in cases {
            assert_eq!(short(value), shown);
            assert!(shown.chars().count() <= 8);
        }
    }
}
