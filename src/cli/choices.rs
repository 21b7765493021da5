//! What can be chosen by a word, and what it means.

use clap::ValueEnum;

use crate::app::state::{Background, ColorDepth, Graphics, Line};
use crate::photo::Preprocessing;
use crate::raster::ChannelOrder;

/// How many colours to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// As many as the terminal says it can
    #[default]
    Auto,
    /// 24-bit colour
    Truecolor,
    /// The 256 colours
    #[value(name = "256")]
    Indexed,
    /// The terminal's own 16 colours
    #[value(name = "16")]
    Ansi,
    /// No colour at all
    Never,
}

impl ColorChoice {
    /// The depth asked for; `None`: what the terminal says.
    pub fn chosen(self) -> Option<ColorDepth> {
        match self {
            Self::Auto => None,
            Self::Truecolor => Some(ColorDepth::True),
            Self::Indexed => Some(ColorDepth::Indexed),
            Self::Ansi => Some(ColorDepth::Ansi),
            Self::Never => Some(ColorDepth::None),
        }
    }
}

/// What lies behind the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ThemeChoice {
    /// What the terminal says; dark where it says nothing
    #[default]
    Auto,
    /// A dark background
    Dark,
    /// A light background
    Light,
}

impl ThemeChoice {
    /// The background asked for; `None`: what the terminal says.
    pub fn chosen(self) -> Option<Background> {
        match self {
            Self::Auto => None,
            Self::Dark => Some(Background::Dark),
            Self::Light => Some(Background::Light),
        }
    }
}

/// How to show pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphicsChoice {
    /// The best that the terminal says it can
    #[default]
    Auto,
    /// The kitty graphics protocol
    Kitty,
    /// Sixel
    Sixel,
    /// The iTerm2 inline image protocol
    Iterm2,
    /// Half-block characters
    Halfblocks,
}

impl GraphicsChoice {
    /// The protocol asked for; `None`: the best that there is.
    pub fn chosen(self) -> Option<Graphics> {
        match self {
            Self::Auto => None,
            Self::Kitty => Some(Graphics::Kitty),
            Self::Sixel => Some(Graphics::Sixel),
            Self::Iterm2 => Some(Graphics::Iterm2),
            Self::Halfblocks => Some(Graphics::Halfblocks),
        }
    }
}

/// How much the line to the terminal carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LineChoice {
    /// What is measured; in a tmux over SSH, which lets nobody measure, as thin
    #[default]
    Auto,
    /// Much: whole pictures at once, and each frame of a key that is held down
    Fast,
    /// Some 1 Mbit/s: small pictures first, and fewer frames
    Thin,
}

impl LineChoice {
    /// What was said of the line; `None`: it is to be measured.
    pub fn chosen(self) -> Option<Line> {
        match self {
            Self::Auto => None,
            Self::Fast => Some(Line::Fast),
            Self::Thin => Some(Line::Thin),
        }
    }
}

/// Which colour a kernel's first channel is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ChannelChoice {
    /// Guessed from the network
    #[default]
    Auto,
    /// Red first
    Rgb,
    /// Blue first, as Keras's ResNet and VGG networks are fed
    Bgr,
}

impl ChannelChoice {
    /// The order asked for; `None`: to be guessed.
    pub fn chosen(self) -> Option<ChannelOrder> {
        match self {
            Self::Auto => None,
            Self::Rgb => Some(ChannelOrder::Rgb),
            Self::Bgr => Some(ChannelOrder::Bgr),
        }
    }

    /// The order asked for, or the guess.
    pub fn or(self, guess: ChannelOrder) -> ChannelOrder {
        self.chosen().unwrap_or(guess)
    }
}

/// How the network was fed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PreprocessChoice {
    /// Guessed from the network
    #[default]
    Auto,
    /// BGR, 0..255 minus the mean of ImageNet
    Caffe,
    /// 0..1 minus the mean of ImageNet, over its deviation
    Torch,
    /// −1..1
    Tf,
    /// 0..1
    None,
}

impl PreprocessChoice {
    /// The preprocessing asked for; `None`: to be guessed.
    pub fn chosen(self) -> Option<Preprocessing> {
        match self {
            Self::Auto => None,
            Self::Caffe => Some(Preprocessing::Caffe),
            Self::Torch => Some(Preprocessing::Torch),
            Self::Tf => Some(Preprocessing::Tf),
            Self::None => Some(Preprocessing::None),
        }
    }

    /// The preprocessing asked for, or the guess.
    pub fn or(self, guess: Preprocessing) -> Preprocessing {
        self.chosen().unwrap_or(guess)
    }
}

/// The order in which the montage lays its kernels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MontageOrder {
    /// Row after row
    #[default]
    Rows,
    /// Column after column
    Columns,
}
