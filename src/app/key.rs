//! Keys, as the keymap names them, whatever library read them from the terminal.

use std::fmt;

/// One key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A character, shift already applied.
    Char(char),
    /// Control and a letter (lower case).
    Ctrl(char),
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Backspace.
    Backspace,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Self::Char(' ') => "Space",
            Self::Char(c) => return write!(f, "{c}"),
            Self::Ctrl(c) => return write!(f, "Ctrl-{}", c.to_ascii_uppercase()),
            Self::Up => "↑",
            Self::Down => "↓",
            Self::Left => "←",
            Self::Right => "→",
            Self::Home => "Home",
            Self::End => "End",
            Self::PageUp => "PgUp",
            Self::PageDown => "PgDn",
            Self::Enter => "Enter",
            Self::Esc => "Esc",
            Self::Tab => "Tab",
            Self::BackTab => "Shift-Tab",
            Self::Backspace => "Backspace",
        };
        f.write_str(name)
    }
}

/// What the keys without a character are called in the configuration.
const NAMES: &[(Key, &str)] = &[
    (Key::Char(' '), "space"),
    (Key::Up, "up"),
    (Key::Down, "down"),
    (Key::Left, "left"),
    (Key::Right, "right"),
    (Key::Home, "home"),
    (Key::End, "end"),
    (Key::PageUp, "page-up"),
    (Key::PageDown, "page-down"),
    (Key::Enter, "enter"),
    (Key::Esc, "esc"),
    (Key::Tab, "tab"),
    (Key::BackTab, "shift+tab"),
    (Key::Backspace, "backspace"),
];

/// Control and these letters, for which a terminal sends the byte of another key.
const SAME_BYTE: &[(char, &str)] = &[('i', "tab"), ('m', "enter")];

impl Key {
    /// What the key is called in the configuration: `n`, `N`, `ctrl+n`, `page-up`.
    pub fn name(self) -> String {
        match self {
            Self::Ctrl(letter) => format!("ctrl+{letter}"),
            _ => match (NAMES.iter().find(|row| row.0 == self), self) {
                (Some(row), _) => row.1.to_owned(),
                (None, Self::Char(c)) => c.to_string(),
                (None, _) => self.to_string(),
            },
        }
    }

    /// The key of this name.
    ///
    /// # Errors
    /// A clause that says why there is none.
    pub fn named(name: &str) -> Result<Self, String> {
        let mut chars = name.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return match c {
                ' ' => Ok(Self::Char(' ')),
                c if c.is_control() || c.is_whitespace() => Err("is no key that can be named so".to_owned()),
                c => Ok(Self::Char(c)),
            };
        }
        let lower = name.to_lowercase();
        if let Some(row) = NAMES.iter().find(|row| row.1 == lower) {
            return Ok(row.0);
        }
        let letter = |rest: &str| rest.chars().next().filter(|c| rest.len() == 1 && c.is_ascii_lowercase());
        match lower.split_once('+') {
            Some(("ctrl", rest)) if letter(rest).is_some() => {
                let letter = letter(rest).unwrap_or_default();
                match SAME_BYTE.iter().find(|row| row.0 == letter) {
                    Some((_, other)) => Err(format!("cannot be told from {other} in a terminal")),
                    None => Ok(Self::Ctrl(letter)),
                }
            }
            Some(("shift", rest)) if letter(rest).is_some() => {
                Ok(Self::Char(letter(rest).unwrap_or_default().to_ascii_uppercase()))
            }
            Some(("alt", _)) => Err("cannot be told from Escape and a key in a terminal".to_owned()),
            _ => {
                let names: Vec<&str> = NAMES.iter().map(|row| row.1).collect();
                Err(format!("is no key: a character, ctrl+letter, {}", names.join(", ")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_round() {
        let letters = ('a'..='z').filter(|c| SAME_BYTE.iter().all(|row| row.0 != *c)).map(Key::Ctrl);
        let characters = "aZ+-=[]{}<>:/?'\"\\#é畳".chars().map(Key::Char);
        for key in NAMES.iter().map(|row| row.0).chain(letters).chain(characters) {
            assert_eq!(Key::named(&key.name()), Ok(key), "{}", key.name());
        }
    }

    #[test]
    fn other_spellings_and_what_no_terminal_sends() {
        assert_eq!(Key::named("Ctrl+N"), Ok(Key::Ctrl('n')));
        assert_eq!(Key::named("shift+n"), Ok(Key::Char('N')));
        assert_eq!(Key::named("Page-Up"), Ok(Key::PageUp));
        for (name, why) in [
            ("ctrl+i", "told from tab"),
            ("alt+x", "told from Escape"),
            ("f1", "is no key"),
            ("ctrl+1", "is no key"),
            ("", "is no key"),
            ("\u{1b}", "is no key"),
        ] {
            assert!(Key::named(name).unwrap_err().contains(why), "{name:?}");
        }
    }
}
