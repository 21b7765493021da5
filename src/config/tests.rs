//! What a configuration says, what is wrong with one, and that what is printed says the same.

use std::path::Path;

use super::read::parse;
use super::settings::{SETTINGS, Value};
use super::{Config, Error};
use crate::app::action::Action;
use crate::app::key::Key;
use crate::app::state::{Background, ColorDepth, Graphics, Pane};
use crate::raster::ColorMap;

const PATH: &str = "/etc/x/config.toml";

fn read(text: &str) -> Result<Config, Error> {
    parse(text, Path::new(PATH), Some(Path::new("/home/u")))
}

/// The settings alone, without where they are from.
fn settings(config: &Config) -> Config {
    Config { path: None, set: std::collections::BTreeSet::new(), ..config.clone() }
}

#[test]
fn settings_are_read() {
    let config = read(
        "theme = 'light'\ncolor = 256\ngraphics = \"sixel\"\nphoto = '~/cat.png'\nmouse = false\n\
         [colors]\nweights = 'grey'\n[keys]\nplay = []\nnext-layer = ['ctrl+n', ' ']\nstride = []\nsort = 'S'",
    )
    .unwrap();
    assert_eq!(config.theme, Some(Background::Light));
    assert_eq!((config.color, config.graphics), (Some(ColorDepth::Indexed), Some(Graphics::Sixel)));
    assert_eq!(config.photo.as_deref(), Some(Path::new("/home/u/cat.png")));
    assert!(!config.mouse);
    assert_eq!((config.maps.weights, config.maps.response), (ColorMap::named("grey"), None));
    let action = |key| config.keymap.action(key, Pane::Kernels);
    assert_eq!(action(Key::Ctrl('n')), Some(Action::NextLayer));
    assert_eq!(action(Key::Char(' ')), Some(Action::NextLayer));
    assert_eq!((action(Key::Char('}')), action(Key::Char('s'))), (None, None));
    assert_eq!((action(Key::Char('S')), action(Key::Char('o'))), (Some(Action::Sort), None));
    assert_eq!(read("").unwrap(), Config::default());
}

#[test]
fn paths_begin_at_home_or_at_the_file() {
    for (given, photo) in [
        ("~", "/home/u"),
        ("~/a b", "/home/u/a b"),
        ("p/c.png", "/etc/x/p/c.png"),
        ("/c", "/c"),
        ("~u", "/etc/x/~u"),
    ] {
        assert_eq!(read(&format!("photo = '{given}'")).unwrap().photo.as_deref(), Some(Path::new(photo)));
    }
}

#[test]
fn every_mistake_has_its_line_and_column_and_says_what_is_allowed() {
    let rows = [
        ("theme = 'drak'", "1:9: theme is auto, dark or light, not \"drak\"; did you mean dark?"),
        ("\n\ntehme = 'dark'", "3:1: there is no setting tehme; did you mean theme?"),
        ("x = 1", "1:1: there is no setting x; `convscope config` prints them all"),
        ("mouse = 'yes'", "1:9: mouse is true or false, not a string"),
        ("theme = true", "1:9: theme is auto, dark or light, not a boolean"),
        ("theme = ['dark']", "1:9: theme is auto, dark or light, not an array"),
        ("color = 8", "1:9: color is auto, truecolor, 256, 16 or never, not \"8\""),
        ("photo = ''", "1:9: photo is a path, and this one is empty"),
        ("photo = 1", "1:9: photo is a path in quotes, not an integer"),
        ("colors = 'grey'", "1:10: colors is a table: it begins with [colors]"),
        ("[colors]\nwieghts = 'grey'", "2:1: there is no setting colors.wieghts; did you mean weights?"),
        (
            "[colors]\nweights = 'gray'",
            "2:11: colors.weights is auto, blue-orange, dark-blue-orange or grey, not \"gray\"; did you mean grey?",
        ),
        ("[keys]\nnxt-layer = 'x'", "2:1: there is no action nxt-layer; did you mean next-layer?"),
        ("[keys]\nnext-layer = ['x', 'f1']", "2:20: \"f1\" is no key: a character, ctrl+letter, "),
        ("[keys]\nnext-layer = 7", "2:14: next-layer wants keys in quotes, such as [\"n\", \"ctrl+n\"]"),
        ("[keys]\nsort = 'alt+s'", "2:8: \"alt+s\" cannot be told from Escape and a key"),
        (
            "[keys]\nzoom-in = ['n']",
            "2:12: \"n\" does next-match already; give next-match other keys, or [] for none",
        ),
        ("[keys]\nzoom-in = 'a'\nzoom-out = 'a'", "2:11: \"a\" does zoom-out already"),
        ("[keys]\nquit = []", "2:8: quit needs a key"),
        ("theme = 'dark'\ntheme = 'light'", "2:1: duplicate key"),
        ("# é\ntheme 'dark'", "2:"),
        ("photo = \"\\q\"", "1:"),
    ];
    for (text, expected) in rows {
        let error = read(text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{PATH}:{expected}")), "{text:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{text:?}: {error}");
    }
    // Columns are characters; of two mistakes the first one is said.
    let error = read("photo = 'é畳'\nmouse = 1\ntheme = 2").unwrap_err();
    assert_eq!(error.at, Some((2, 9)));
    assert_eq!(read("photo = 'é畳' x").unwrap_err().at, Some((1, 14)));
}

#[test]
fn keys_may_be_exchanged() {
    let config = read("[keys]\nnext-match = 'N'\nprevious-match = 'n'\nopen = 'o'\nsort = 'enter'").unwrap();
    assert_eq!(config.keymap.action(Key::Char('N'), Pane::Kernels), Some(Action::NextMatch));
    for pane in Pane::ALL {
        assert_eq!(config.keymap.action(Key::Char('o'), pane), Some(Action::Open));
    }
}

#[test]
fn what_is_printed_says_the_same() {
    let texts = [
        "",
        "theme = 'light'\nmouse = false\nphoto = 'a\"b\\\\c\u{e9}.png'\n[colors]\nresponse = 'grey'",
        "color = 'never'\n[keys]\nplay = []\nsort = ['\"', '\\\\', 'ctrl+o', 'space']\nstride = []\nopen = ['o', 'enter']\n\
         unsort = []\nlayout = []",
    ];
    for text in texts {
        let text = text.replace("'\\\\'", "'\\'");
        let config = read(&text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let printed = config.to_toml();
        let again = read(&printed).unwrap_or_else(|error| panic!("{error} in\n{printed}"));
        assert_eq!(settings(&config), settings(&again), "{printed}");
        let code = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            lines.map(|line| line.split("  # ").next().unwrap_or_default().trim_end().to_owned()).collect()
        };
        assert_eq!(code(&printed), code(&again.to_toml()), "printed a second time");
    }
}

#[test]
fn each_value_says_where_it_is_from() {
    let printed = read("theme = 'dark'\n[keys]\nsort = 'S'").unwrap().to_toml();
    let line =
        |begin: &str| printed.lines().find(|line| line.starts_with(begin)).unwrap_or_default().to_owned();
    assert!(line("theme = \"dark\"").contains("# from the file"), "{printed}");
    assert!(line("mouse = true").contains("# default"));
    assert!(line("sort = [\"S\"]").contains("# from the file; order: "));
    assert!(line("quit = [\"q\", \"ctrl+c\"]").contains("# default; quit"));
}

#[test]
fn every_word_of_every_setting_goes_round() {
    for setting in SETTINGS {
        let Value::Word { words, set, get } = &setting.value else { continue };
        for word in words() {
            let mut config = Config::default();
            set(&mut config, word);
            assert_eq!(get(&config), word, "{}", setting.name);
        }
        assert_eq!(get(&Config::default()), "auto", "{}", setting.name);
    }
}
