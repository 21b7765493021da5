//! Names from files made fit for a screen: a layer's name is data, and its control characters are shown, never sent.

use std::borrow::Cow;

/// `text` with every character that could steer a terminal or hide itself written as its escape (`\u{1b}`).
///
/// Escaped are the control characters (C0, DEL, C1), the bidirectional controls and the invisible format characters;
/// everything else, combining marks and wide characters included, stays as it is.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if steers(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Whether a character could steer a terminal or hide itself.
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}' | '\u{10eeee}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_borrowed_and_controls_are_spelled_out() {
        assert!(matches!(printable("conv1/kernel:0"), Cow::Borrowed(_)));
        assert!(matches!(printable("畳み込み"), Cow::Borrowed(_)));
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(printable("x\u{202e}y\u{9b}31m"), "x\\u{202e}y\\u{9b}31m");
    }
}
