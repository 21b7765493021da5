//! What is known of the terminal, as data: how it was found out is the shell's business.

/// How many colours the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ColorDepth {
    /// 24 bits.
    True,
    /// The 256 of xterm.
    #[default]
    Indexed,
    /// The terminal's own 16.
    Ansi,
    /// None: characters alone must do.
    None,
}

/// How the terminal shows pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Graphics {
    /// Not known yet: ask for nothing until it is.
    #[default]
    Unknown,
    /// Half-block characters.
    Halfblocks,
    /// The kitty graphics protocol with Unicode placeholders.
    Kitty,
    /// Sixel.
    Sixel,
    /// The iTerm2 inline image protocol.
    Iterm2,
}

/// How much the line to the terminal carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// Whatever is sent, as far as can be measured.
    Fast,
    /// Some 1 Mbit/s, whatever is measured.
    Thin,
}

/// What lies behind the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Background {
    /// A dark colour; also where nobody knows.
    #[default]
    Dark,
    /// A light colour.
    Light,
}

/// What the terminal can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Colours.
    pub color: ColorDepth,
    /// Pictures.
    pub graphics: Graphics,
    /// A cell's width and height in pixels.
    pub cell: (u16, u16),
    /// What lies behind the text.
    pub background: Background,
    /// Whether pictures must be wrapped to pass through tmux.
    pub tmux: bool,
    /// Why there are only half-blocks, and the remedy, where there is one.
    pub hint: Option<String>,
}

impl Facts {
    /// Columns and rows of pixels of a cell, as far as pictures go.
    pub fn pixels(&self) -> (u16, u16) {
        match self.graphics {
            Graphics::Halfblocks | Graphics::Unknown => (1, 2),
            Graphics::Kitty | Graphics::Sixel | Graphics::Iterm2 => self.cell,
        }
    }
}
