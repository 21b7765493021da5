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
            // Soft hyphen, joiners, direction marks, embeddings, overrides and isolates; separators of lines.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
            // Letters that show nothing.
            | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}'
            // Variation selectors, tags, and beams and slurs of notes.
            | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}' | '\u{1d173}'..='\u{1d17a}'
            // Where kitty puts a picture.
            | '\u{10eeee}')
}

/// A name from a file within a sentence: [`printable`], and only the beginning of one that no sentence holds.
pub fn quoted(name: &str) -> String {
    const MOST: usize = 200;
    let shown = printable(name);
    match shown.char_indices().nth(MOST) {
        Some((end, _)) => format!("\"{}…\"", &shown[..end]),
        None => format!("\"{shown}\""),
    }
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
        for c in "\0\t\r\u{7f}\u{80}\u{9f}\u{200b}\u{200d}\u{200f}\u{2066}\u{2069}\u{2028}\u{feff}".chars() {
            assert!(steers(c), "{c:?}");
            assert!(!printable(&c.to_string()).contains(c), "{c:?}");
        }
        // What is shown is not escaped again: a sentence may go through twice.
        assert_eq!(printable(&printable("\u{1b}")), "\\u{1b}");
    }

    #[test]
    fn a_name_that_no_sentence_holds_is_cut() {
        assert_eq!(quoted("conv\n1"), "\"conv\\n1\"");
        assert_eq!(quoted(&"é".repeat(1 << 20)), format!("\"{}…\"", "é".repeat(200)));
    }
}
