//! The settings as a table: what each is called, what it may be, and where in the [`Config`] it stands.

use std::path::{Path, PathBuf};

use super::Config;
use crate::app::state::{Background, ColorDepth, Graphics, Line};
use crate::photo::Preprocessing;
use crate::raster::{COLOR_MAPS, ChannelOrder, ColorMap};

/// One setting.
pub(super) struct Setting {
    /// The table that it stands in; empty for the top.
    pub(super) table: &'static str,
    /// Its name there.
    pub(super) name: &'static str,
    /// What it does.
    pub(super) about: &'static str,
    /// What it may be.
    pub(super) value: Value,
}

/// What a setting may be, and how it is set and asked for.
pub(super) enum Value {
    /// One of some words.
    Word { words: fn() -> Vec<&'static str>, set: fn(&mut Config, &str), get: fn(&Config) -> &'static str },
    /// True or false.
    Switch { set: fn(&mut Config, bool), get: fn(&Config) -> bool },
    /// A file.
    File { set: fn(&mut Config, PathBuf), get: fn(&Config) -> Option<&Path> },
}

/// A word and what it means.
type Words<T> = &'static [(&'static str, T)];

const THEMES: Words<Option<Background>> =
    &[("auto", None), ("dark", Some(Background::Dark)), ("light", Some(Background::Light))];

const COLORS: Words<Option<ColorDepth>> = &[
    ("auto", None),
    ("truecolor", Some(ColorDepth::True)),
    ("256", Some(ColorDepth::Indexed)),
    ("16", Some(ColorDepth::Ansi)),
    ("never", Some(ColorDepth::None)),
];

const GRAPHICS: Words<Option<Graphics>> = &[
    ("auto", None),
    ("kitty", Some(Graphics::Kitty)),
    ("sixel", Some(Graphics::Sixel)),
    ("iterm2", Some(Graphics::Iterm2)),
    ("halfblocks", Some(Graphics::Halfblocks)),
];

const LINES: Words<Option<Line>> = &[("auto", None), ("fast", Some(Line::Fast)), ("thin", Some(Line::Thin))];

const PREPROCESSINGS: Words<Option<Preprocessing>> = &[
    ("auto", None),
    ("caffe", Some(Preprocessing::Caffe)),
    ("torch", Some(Preprocessing::Torch)),
    ("tf", Some(Preprocessing::Tf)),
    ("none", Some(Preprocessing::None)),
];

const CHANNELS: Words<Option<ChannelOrder>> =
    &[("auto", None), ("rgb", Some(ChannelOrder::Rgb)), ("bgr", Some(ChannelOrder::Bgr))];

fn names<T>(words: Words<T>) -> Vec<&'static str> {
    words.iter().map(|row| row.0).collect()
}

fn meaning<T: Copy>(words: Words<Option<T>>, name: &str) -> Option<T> {
    words.iter().find(|row| row.0 == name).and_then(|row| row.1)
}

fn word<T: PartialEq + Copy>(words: Words<Option<T>>, value: Option<T>) -> &'static str {
    words.iter().find(|row| row.1 == value).map_or("auto", |row| row.0)
}

fn maps() -> Vec<&'static str> {
    std::iter::once("auto").chain(COLOR_MAPS.iter().map(|map| map.name)).collect()
}

fn map(chosen: Option<&'static ColorMap>) -> &'static str {
    chosen.map_or("auto", |map| map.name)
}

/// Every setting but the keys, in the order of printing.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        table: "",
        name: "theme",
        about: "What lies behind the text; auto asks the terminal",
        value: Value::Word {
            words: || names(THEMES),
            set: |config, name| config.theme = meaning(THEMES, name),
            get: |config| word(THEMES, config.theme),
        },
    },
    Setting {
        table: "",
        name: "color",
        about: "How many colours the terminal can show",
        value: Value::Word {
            words: || names(COLORS),
            set: |config, name| config.color = meaning(COLORS, name),
            get: |config| word(COLORS, config.color),
        },
    },
    Setting {
        table: "",
        name: "graphics",
        about: "How the terminal shows pictures",
        value: Value::Word {
            words: || names(GRAPHICS),
            set: |config, name| config.graphics = meaning(GRAPHICS, name),
            get: |config| word(GRAPHICS, config.graphics),
        },
    },
    Setting {
        table: "",
        name: "line",
        about: "How much the line to the terminal carries; auto measures it, but takes that of a tmux over SSH for thin",
        value: Value::Word {
            words: || names(LINES),
            set: |config, name| config.line = meaning(LINES, name),
            get: |config| word(LINES, config.line),
        },
    },
    Setting {
        table: "",
        name: "photo",
        about: "The photo that kernels respond to: ~ is the home folder, and a relative path begins at this file's",
        value: Value::File {
            set: |config, path| config.photo = Some(path),
            get: |config| config.photo.as_deref(),
        },
    },
    Setting {
        table: "",
        name: "mouse",
        about: "Whether the mouse selects and scrolls in the viewer, or is left to the terminal",
        value: Value::Switch { set: |config, on| config.mouse = on, get: |config| config.mouse },
    },
    Setting {
        table: "",
        name: "preprocess",
        about: "How networks were fed; auto guesses by their names",
        value: Value::Word {
            words: || names(PREPROCESSINGS),
            set: |config, name| config.preprocess = meaning(PREPROCESSINGS, name),
            get: |config| word(PREPROCESSINGS, config.preprocess),
        },
    },
    Setting {
        table: "",
        name: "channels",
        about: "Which colour a kernel's first channel is",
        value: Value::Word {
            words: || names(CHANNELS),
            set: |config, name| config.channels = meaning(CHANNELS, name),
            get: |config| word(CHANNELS, config.channels),
        },
    },
    Setting {
        table: "colors",
        name: "weights",
        about: "The colour map of single slices; auto takes one whose zero is like the background",
        value: Value::Word {
            words: maps,
            set: |config, name| config.maps.weights = ColorMap::named(name),
            get: |config| map(config.maps.weights),
        },
    },
    Setting {
        table: "colors",
        name: "response",
        about: "The colour map of responses with both signs",
        value: Value::Word {
            words: maps,
            set: |config, name| config.maps.response = ColorMap::named(name),
            get: |config| map(config.maps.response),
        },
    },
    Setting {
        table: "colors",
        name: "magnitude",
        about: "The colour map of responses without a sign: absolute and rectified",
        value: Value::Word {
            words: maps,
            set: |config, name| config.maps.magnitude = ColorMap::named(name),
            get: |config| map(config.maps.magnitude),
        },
    },
];

/// The tables of the file, in the order of printing.
pub(super) const TABLES: [&str; 2] = ["colors", "keys"];
