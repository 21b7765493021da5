//! Colours by role: for a dark background and for a light one, and for as many colours as the terminal has.

use ratatui::style::{Color, Modifier, Style};

use crate::app::state::{Background, ColorDepth};
use crate::raster::nearest_of_16;

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
    /// A character on the frame around the selected kernel.
    OnSelection,
}

/// A colour, and which of the terminal's own 16 stands for it: the nearest one would often be unreadable.
struct Tone {
    rgb: [u8; 3],
    ansi: Color,
}

/// The colours on one kind of background.
struct Tones {
    border: Tone,
    dim: Tone,
    accent: Tone,
    warning: Tone,
    /// The selected line: text, and what lies under it.
    selected: (Tone, Tone),
    /// The frame around the selected kernel: a colour that neither a kernel in grey nor most in colour have.
    selection: [u8; 3],
    /// What is like the background in a picture.
    ground: [u8; 3],
}

const fn tone(red: u8, green: u8, blue: u8, ansi: Color) -> Tone {
    Tone { rgb: [red, green, blue], ansi }
}

const DARK: Tones = Tones {
    border: tone(128, 128, 128, Color::DarkGray),
    dim: tone(158, 158, 158, Color::Gray),
    accent: tone(255, 175, 0, Color::LightYellow),
    warning: tone(255, 120, 120, Color::LightRed),
    selected: (tone(0, 0, 0, Color::Black), tone(255, 175, 0, Color::Yellow)),
    selection: [255, 175, 0],
    ground: [0, 0, 0],
};

const LIGHT: Tones = Tones {
    border: tone(128, 128, 128, Color::Gray),
    dim: tone(95, 95, 95, Color::DarkGray),
    accent: tone(0, 95, 175, Color::Blue),
    warning: tone(180, 0, 20, Color::Red),
    selected: (tone(0, 0, 0, Color::White), tone(255, 175, 0, Color::Blue)),
    selection: [214, 90, 0],
    ground: [255, 255, 255],
};

/// The colours of the screen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Theme {
    /// How many colours there are.
    pub depth: ColorDepth,
    /// What lies behind them.
    pub background: Background,
}

/// The terminal's own 16 colours in their order.
const ANSI: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

impl Theme {
    fn tones(self) -> &'static Tones {
        match self.background {
            Background::Dark => &DARK,
            Background::Light => &LIGHT,
        }
    }

    /// The nearest colour that the terminal has; none where it has none.
    pub fn color(self, rgb: [u8; 3]) -> Color {
        match self.depth {
            ColorDepth::True => Color::Rgb(rgb[0], rgb[1], rgb[2]),
            ColorDepth::Indexed => Color::Indexed(ansi_colours::ansi256_from_rgb(rgb)),
            ColorDepth::Ansi => ANSI[usize::from(nearest_of_16(rgb))],
            ColorDepth::None => Color::Reset,
        }
    }

    fn shown(self, tone: &Tone) -> Color {
        if self.depth == ColorDepth::Ansi { tone.ansi } else { self.color(tone.rgb) }
    }

    /// The frame around the selected kernel and the cursor in it, as pixels.
    pub fn selection(self) -> [u8; 3] {
        self.tones().selection
    }

    /// What is like the background, as a pixel.
    pub fn ground(self) -> [u8; 3] {
        self.tones().ground
    }

    /// How a role looks.
    pub fn style(self, role: Role) -> Style {
        let plain = Style::new();
        if self.depth == ColorDepth::None {
            return match role {
                Role::Border | Role::Dim => plain.add_modifier(Modifier::DIM),
                Role::FocusedBorder => plain,
                Role::Accent | Role::Warning | Role::OnSelection => plain.add_modifier(Modifier::BOLD),
                Role::Selected => plain.add_modifier(Modifier::REVERSED),
                Role::SelectedElsewhere | Role::Match => plain.add_modifier(Modifier::UNDERLINED),
            };
        }
        let tones = self.tones();
        match role {
            Role::Border => plain.fg(self.shown(&tones.border)),
            Role::Dim => plain.fg(self.shown(&tones.dim)),
            Role::FocusedBorder => plain.fg(self.shown(&tones.accent)),
            Role::Accent => plain.fg(self.shown(&tones.accent)).add_modifier(Modifier::BOLD),
            Role::Selected => plain.fg(self.shown(&tones.selected.0)).bg(self.shown(&tones.selected.1)),
            Role::SelectedElsewhere => plain.add_modifier(Modifier::REVERSED),
            Role::Warning => plain.fg(self.shown(&tones.warning)).add_modifier(Modifier::BOLD),
            Role::Match => plain.add_modifier(Modifier::UNDERLINED),
            Role::OnSelection => plain.fg(self.color([0, 0, 0])).bg(self.color(tones.selection)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::contrast;

    /// Backgrounds that people have: plain ones, and those of widespread themes (Catppuccin, Gruvbox, Solarized, Nord,
    /// Dracula, Tokyo Night, One).
    const DARK_ONES: &[u32] =
        &[0x00_0000, 0x1e_1e2e, 0x28_2828, 0x00_2b36, 0x2e_3440, 0x28_2a36, 0x1a_1b26, 0x28_2c34];
    const LIGHT_ONES: &[u32] = &[0xff_ffff, 0xfd_f6e3, 0xfb_f1c7, 0xef_f1f5, 0xe1_e2e7, 0xfa_fafa];

    fn rgb(color: Color) -> [u8; 3] {
        match color {
            Color::Rgb(red, green, blue) => [red, green, blue],
            Color::Indexed(index) => {
                let color = ansi_colours::rgb_from_ansi256(index);
                [color.0, color.1, color.2]
            }
            other => panic!("{other} is the terminal's own"),
        }
    }

    #[test]
    fn every_role_can_be_read_on_every_background() {
        let cases = [(Background::Dark, DARK_ONES), (Background::Light, LIGHT_ONES)];
        for (background, grounds) in cases {
            for depth in [ColorDepth::True, ColorDepth::Indexed] {
                let theme = Theme { depth, background };
                for ground in grounds {
                    let [_, ground_rgb @ ..] = ground.to_be_bytes();
                    let roles = [
                        (Role::Border, 2.7),
                        (Role::Dim, 3.0),
                        (Role::FocusedBorder, 4.5),
                        (Role::Accent, 4.5),
                        (Role::Warning, 4.5),
                    ];
                    for (role, least) in roles {
                        let ratio = contrast(rgb(theme.style(role).fg.unwrap()), ground_rgb);
                        assert!(ratio >= least, "{role:?} on #{ground:06x} in {depth:?}: {ratio:.2}");
                    }
                    let ratio = contrast(theme.selection(), ground_rgb);
                    assert!(ratio >= 2.7, "the selection on #{ground:06x}: {ratio:.2}");
                }
                for role in [Role::Selected, Role::OnSelection] {
                    let style = theme.style(role);
                    assert!(contrast(rgb(style.fg.unwrap()), rgb(style.bg.unwrap())) >= 4.5, "{role:?}");
                }
            }
        }
    }

    #[test]
    fn of_sixteen_colours_the_terminals_own_are_used() {
        for background in [Background::Dark, Background::Light] {
            let theme = Theme { depth: ColorDepth::Ansi, background };
            let roles =
                [Role::Border, Role::Dim, Role::Accent, Role::Warning, Role::Selected, Role::OnSelection];
            for role in roles {
                let style = theme.style(role);
                let own = |color: Option<Color>| color.is_none_or(|color| ANSI.contains(&color));
                assert!(own(style.fg) && own(style.bg) && style.fg != style.bg, "{role:?}: {style:?}");
            }
        }
    }
}
