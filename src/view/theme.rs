//! Colours by role, for as many colours as the terminal has.

use ratatui::style::{Color, Modifier, Style};

use crate::app::state::ColorDepth;

/// What a piece of the screen is, as far as its colour goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The frame of a pane.
    Border,
    /// The frame of the pane that has the focus.
    FocusedBorder,
    /// The name of a number, a key, a hint.
    Dim,
    /// What stands out: the selection, a heading.
    Accent,
    /// The selected line.
    Selected,
    /// The selected line of a pane without the focus.
    SelectedElsewhere,
    /// Something is wrong.
    Warning,
    /// What a search found.
    Match,
}

/// The frame around the selected kernel: amber, which neither a kernel in grey nor most in colour are.
pub const SELECTION: [u8; 3] = [255, 176, 0];

/// Greys that can be read on a dark background and on a light one; a terminal's own bright black often cannot.
const DIM: [u8; 3] = [138, 138, 138];
const BORDER: [u8; 3] = [108, 108, 108];

/// The colours of the screen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Theme {
    /// How many colours there are.
    pub depth: ColorDepth,
}

/// The 16 colours of xterm, for the nearest one.
const ANSI: [([u8; 3], Color); 16] = [
    ([0, 0, 0], Color::Black),
    ([205, 0, 0], Color::Red),
    ([0, 205, 0], Color::Green),
    ([205, 205, 0], Color::Yellow),
    ([0, 0, 238], Color::Blue),
    ([205, 0, 205], Color::Magenta),
    ([0, 205, 205], Color::Cyan),
    ([229, 229, 229], Color::Gray),
    ([127, 127, 127], Color::DarkGray),
    ([255, 0, 0], Color::LightRed),
    ([0, 255, 0], Color::LightGreen),
    ([255, 255, 0], Color::LightYellow),
    ([92, 92, 255], Color::LightBlue),
    ([255, 0, 255], Color::LightMagenta),
    ([0, 255, 255], Color::LightCyan),
    ([255, 255, 255], Color::White),
];

/// How bright a colour is, 0..255 (Rec. 601).
pub fn brightness([red, green, blue]: [u8; 3]) -> u8 {
    ((u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114) / 1000) as u8
}

impl Theme {
    /// The nearest colour that the terminal has; none where it has none.
    pub fn color(self, rgb: [u8; 3]) -> Color {
        match self.depth {
            ColorDepth::True => Color::Rgb(rgb[0], rgb[1], rgb[2]),
            ColorDepth::Indexed => Color::Indexed(ansi_colours::ansi256_from_rgb(rgb)),
            ColorDepth::Ansi => {
                let distance = |other: [u8; 3]| -> i32 {
                    rgb.iter().zip(other).map(|(a, b)| (i32::from(*a) - i32::from(b)).pow(2)).sum()
                };
                ANSI.iter()
                    .min_by_key(|(other, _)| distance(*other))
                    .map_or(Color::Reset, |(_, color)| *color)
            }
            ColorDepth::None => Color::Reset,
        }
    }

    /// How a role looks.
    pub fn style(self, role: Role) -> Style {
        let plain = Style::new();
        if self.depth == ColorDepth::None {
            return match role {
                Role::Border | Role::Dim => plain.add_modifier(Modifier::DIM),
                Role::FocusedBorder => plain,
                Role::Accent | Role::Warning => plain.add_modifier(Modifier::BOLD),
                Role::Selected => plain.add_modifier(Modifier::REVERSED),
                Role::SelectedElsewhere | Role::Match => plain.add_modifier(Modifier::UNDERLINED),
            };
        }
        match role {
            Role::Border => plain.fg(self.color(BORDER)),
            Role::Dim => plain.fg(self.color(DIM)),
            Role::FocusedBorder => plain.fg(self.color(SELECTION)),
            Role::Accent => plain.fg(self.color(SELECTION)).add_modifier(Modifier::BOLD),
            Role::Selected => plain.fg(Color::Black).bg(self.color(SELECTION)),
            Role::SelectedElsewhere => plain.add_modifier(Modifier::REVERSED),
            Role::Warning => plain.fg(Color::LightRed).add_modifier(Modifier::BOLD),
            Role::Match => plain.add_modifier(Modifier::UNDERLINED),
        }
    }
}
