//! The one place where a key is bound and described.
//!
//! `convscope --help`, the manual page and the README's table are printed from [`KEYMAP`]; what the viewer does and shows
//! follows a [`Keymap`], which begins as that table and may be changed by the configuration.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::action::{Action, Step};
use super::key::Key;
use super::state::Pane;

/// Where a key means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In every pane; a pane's own rows win.
    Anywhere,
    /// Only in this pane.
    In(Pane),
}

/// One row: these keys, there, do this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The keys, the one to show first.
    pub keys: Cow<'static, [Key]>,
    /// Where.
    pub scope: Scope,
    /// What.
    pub action: Action,
    /// In words, for the help.
    pub help: &'static str,
}

const fn bind(keys: &'static [Key], scope: Scope, action: Action, help: &'static str) -> Binding {
    Binding { keys: Cow::Borrowed(keys), scope, action, help }
}

use Action as A;
use Key::{BackTab, Char, Ctrl, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab, Up};
use Scope::{Anywhere, In};

/// A heading of the help and its rows.
pub type Group = (&'static str, &'static [Binding]);

/// Every key there is, by the headings of the help.
pub const KEYMAP: &[Group] = &[
    (
        "Moving",
        &[
            bind(
                &[Up, Char('k')],
                Anywhere,
                A::Move(Step::Up),
                "up: kernel above, layer above, weight above",
            ),
            bind(&[Down, Char('j')], Anywhere, A::Move(Step::Down), "down"),
            bind(&[Left, Char('h')], Anywhere, A::Move(Step::Left), "left"),
            bind(&[Right, Char('l')], Anywhere, A::Move(Step::Right), "right"),
            bind(&[Home, Char('g')], Anywhere, A::Move(Step::First), "first"),
            bind(&[End, Char('G')], Anywhere, A::Move(Step::Last), "last"),
            bind(
                &[PageUp, Ctrl('b')],
                Anywhere,
                A::Move(Step::PageUp),
                "a page up; the kernel before, when one fills the pane",
            ),
            bind(&[PageDown, Ctrl('f')], Anywhere, A::Move(Step::PageDown), "a page down; the next kernel"),
            bind(&[Tab], Anywhere, A::NextPane, "next pane"),
            bind(&[BackTab], Anywhere, A::PreviousPane, "pane before"),
            bind(&[Char('}')], Anywhere, A::NextLayer, "next layer that has kernels"),
            bind(&[Char('{')], Anywhere, A::PreviousLayer, "layer with kernels before"),
            bind(&[Char('>')], Anywhere, A::NextKernel, "next kernel"),
            bind(&[Char('<')], Anywhere, A::PreviousKernel, "kernel before"),
            bind(
                &[Char(':')],
                Anywhere,
                A::Jump,
                "jump to a kernel: type its number (a digit begins it too)",
            ),
            bind(&[Char('/')], Anywhere, A::Search, "search the layers as you type"),
            bind(&[Char('n')], Anywhere, A::NextMatch, "next layer that was searched for"),
            bind(&[Char('N')], Anywhere, A::PreviousMatch, "the one before"),
        ],
    ),
    (
        "Kernels",
        &[
            bind(&[Enter], In(Pane::Layers), A::Open, "go to the layer's kernels"),
            bind(&[Enter], In(Pane::Kernels), A::Open, "one kernel fills the pane; back to the grid"),
            bind(
                &[Enter],
                In(Pane::Response),
                A::Open,
                "the response fills the middle; back to where it was opened",
            ),
            bind(&[Esc], Anywhere, A::Back, "back"),
            bind(&[Char('+')], Anywhere, A::ZoomIn, "larger kernels"),
            bind(&[Char('-')], Anywhere, A::ZoomOut, "smaller kernels"),
            bind(&[Char('=')], Anywhere, A::ZoomFit, "as large as the whole layer fits"),
            bind(&[Char('m')], Anywhere, A::Normalization, "normalisation: kernel, zero, layer"),
            bind(&[Char('b')], Anywhere, A::ChannelOrder, "channel order: RGB, BGR"),
            bind(&[Char(']')], Anywhere, A::NextSlice, "next slice (input channel)"),
            bind(
                &[Char('[')],
                Anywhere,
                A::PreviousSlice,
                "slice before; before the first one: the colours again",
            ),
            bind(
                &[Char('d')],
                Anywhere,
                A::Side,
                "of two checkpoints or epochs: the one, the other, their difference",
            ),
            bind(&[Char('v')], Anywhere, A::Marks, "verdicts in the grid: shown, hidden"),
            bind(
                &[Char('o')],
                Anywhere,
                A::Sort,
                "order: index, norm, gain, orientation, frequency, noise, similarity, change",
            ),
            bind(&[Char('t')], Anywhere, A::Filter, "only one verdict: the next that there is, all"),
            bind(&[Char('O')], Anywhere, A::Unsort, "every kernel in the layer's own order"),
            bind(&[Char('L')], Anywhere, A::Layout, "layout of a foreign file: HWIO, OIHW"),
        ],
    ),
    (
        "Epochs",
        &[
            bind(&[Char('.')], Anywhere, A::NextEpoch, "next epoch of the run"),
            bind(&[Char(',')], Anywhere, A::PreviousEpoch, "epoch before"),
            bind(&[Char('(')], Anywhere, A::FirstEpoch, "first epoch"),
            bind(&[Char(')')], Anywhere, A::LastEpoch, "newest epoch; new ones are shown as they come"),
            bind(&[Char(' ')], Anywhere, A::Play, "play the run from here; stop"),
            bind(
                &[Char('D')],
                Anywhere,
                A::Mark,
                "mark this epoch, to compare the others with it; again: no more",
            ),
        ],
    ),
    (
        "Response",
        &[
            bind(
                &[Char('R')],
                Anywhere,
                A::Responses,
                "the responses of all kernels at once; back to the kernels",
            ),
            bind(&[Char('r')], Anywhere, A::ResponseMode, "response: signed, absolute, rectified"),
            bind(&[Char('p')], Anywhere, A::Photo, "the photo itself"),
            bind(&[Char('s')], Anywhere, A::Stride, "stride: 1, the layer's own"),
            bind(&[Char('f')], Anywhere, A::Preprocessing, "how the network was fed: caffe, torch, tf, none"),
        ],
    ),
    (
        "Program",
        &[
            bind(&[Char('?')], Anywhere, A::Help, "this help"),
            bind(&[Char('M')], Anywhere, A::ToggleMouse, "mouse: taken, left to the terminal"),
            bind(&[Ctrl('l')], Anywhere, A::Redraw, "draw the screen anew"),
            bind(&[Ctrl('z')], Anywhere, A::Suspend, "suspend; `fg` comes back"),
            bind(&[Char('q'), Ctrl('c')], Anywhere, A::Quit, "quit"),
        ],
    ),
];

/// The keys in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    groups: Vec<(&'static str, Vec<Binding>)>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self { groups: KEYMAP.iter().map(|(heading, rows)| (*heading, rows.to_vec())).collect() }
    }
}

impl Keymap {
    /// The headings of the help and their rows, with those that no key does.
    pub fn groups(&self) -> &[(&'static str, Vec<Binding>)] {
        &self.groups
    }

    fn rows(&self) -> impl Iterator<Item = &Binding> {
        self.groups.iter().flat_map(|(_, rows)| rows)
    }

    /// What `key` does in `pane`.
    pub fn action(&self, key: Key, pane: Pane) -> Option<Action> {
        let rows = || self.rows().filter(|row| row.keys.contains(&key));
        rows()
            .find(|row| row.scope == In(pane))
            .or_else(|| rows().find(|row| row.scope == Anywhere))
            .map(|row| row.action)
    }

    /// The key to show for an action; `None` where no key does it.
    pub fn key(&self, action: Action) -> Option<Key> {
        self.rows().find(|row| row.action == action)?.keys.first().copied()
    }

    /// From now on these keys and no others do `action`, wherever it is bound.
    pub fn bind(&mut self, action: Action, keys: &[Key]) {
        for row in self.groups.iter_mut().flat_map(|(_, rows)| rows).filter(|row| row.action == action) {
            row.keys = Cow::Owned(keys.to_vec());
        }
    }

    /// Another action that `key` does where it also does `action`.
    pub fn rival(&self, key: Key, action: Action) -> Option<Action> {
        let rows = || self.rows().filter(|row| row.keys.contains(&key));
        rows().filter(|row| row.action == action).find_map(|row| {
            rows().find(|other| other.action != action && other.scope == row.scope).map(|other| other.action)
        })
    }

    /// How many lines the help overlay has.
    pub fn help_lines(&self) -> u16 {
        self.groups.iter().map(|(_, rows)| rows.iter().filter(|row| row.is_bound()).count() as u16 + 2).sum()
    }
}

impl Binding {
    /// Whether any key does it.
    pub fn is_bound(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Its keys as the help shows them, and where they count if not everywhere.
    pub fn keys_shown(&self) -> String {
        self.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    /// What it does in words, with the pane where it is not everywhere.
    pub fn help_shown(&self) -> String {
        match self.scope {
            Anywhere => self.help.to_owned(),
            In(pane) => format!("{}: {}", pane.name(), self.help),
        }
    }
}

/// The keys as plain text, two columns under headings: the end of `convscope --help`.
pub fn as_text() -> String {
    let mut text = String::from("Keys of the viewer:\n");
    for (heading, rows) in KEYMAP {
        let _ = write!(text, "\n  {heading}\n");
        for row in *rows {
            let _ = writeln!(text, "    {:<12} {}", row.keys_shown(), row.help_shown());
        }
    }
    text
}

/// The keys as a Markdown table: the README's.
pub fn as_markdown() -> String {
    let mut text = String::from("| key | does |\n| --- | --- |\n");
    for (heading, rows) in KEYMAP {
        let _ = writeln!(text, "| **{heading}** | |");
        for row in *rows {
            let keys: Vec<String> = row.keys.iter().map(|key| format!("`{key}`")).collect();
            let _ = writeln!(text, "| {} | {} |", keys.join(" "), row.help_shown());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_bound_twice_in_one_scope() {
        let rows: Vec<_> = KEYMAP.iter().flat_map(|(_, rows)| rows.iter()).collect();
        for (at, row) in rows.iter().enumerate() {
            for other in &rows[at + 1..] {
                let clash = row.scope == other.scope && row.keys.iter().any(|key| other.keys.contains(key));
                assert!(!clash, "{} and {}", row.help, other.help);
            }
        }
    }

    #[test]
    fn digits_are_left_to_the_jump() {
        for digit in '0'..='9' {
            assert_eq!(Keymap::default().action(Char(digit), Pane::Kernels), None);
        }
    }

    #[test]
    fn every_action_of_the_table_has_a_name_of_its_own() {
        let mut names: Vec<&str> = Action::names().collect();
        for row in KEYMAP.iter().flat_map(|(_, rows)| rows.iter()) {
            assert_eq!(Action::named(row.action.name()), Some(row.action), "{} has no name", row.help);
            names.retain(|name| *name != row.action.name());
        }
        assert!(names.is_empty(), "no row does {names:?}");
    }

    #[test]
    fn bound_anew_the_old_keys_do_nothing() {
        let mut keymap = Keymap::default();
        let lines = keymap.help_lines();
        keymap.bind(A::NextMatch, &[Ctrl('n')]);
        keymap.bind(A::Open, &[Char(' ')]);
        keymap.bind(A::Stride, &[]);
        assert_eq!(keymap.action(Char('n'), Pane::Kernels), None);
        assert_eq!(keymap.action(Ctrl('n'), Pane::Layers), Some(A::NextMatch));
        for pane in Pane::ALL {
            assert_eq!(keymap.action(Char(' '), pane), Some(A::Open), "in every pane");
        }
        assert_eq!((keymap.key(A::NextMatch), keymap.key(A::Stride)), (Some(Ctrl('n')), None));
        assert_eq!(keymap.help_lines(), lines - 1, "what no key does is not in the help");
    }

    #[test]
    fn rivals_are_found_in_the_same_place_only() {
        let mut keymap = Keymap::default();
        keymap.bind(A::ZoomIn, &[Char('n'), Enter]);
        assert_eq!(keymap.rival(Char('n'), A::ZoomIn), Some(A::NextMatch));
        assert_eq!(keymap.rival(Char('n'), A::NextMatch), Some(A::ZoomIn));
        // A pane's own row wins over one for anywhere.
        assert_eq!(keymap.rival(Enter, A::ZoomIn), None);
    }
}
