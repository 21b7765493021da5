//! From text to a [`Config`], with a place for everything that is wrong.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::Config;
use super::error::{Error, place};
use super::place::Place;
use super::settings::{SETTINGS, Setting, TABLES, Value};
use crate::app::action::Action;
use crate::app::key::Key;
use crate::weights::find::nearest;

/// No configuration is larger.
const LARGEST: u64 = 1 << 20;

/// Reads the file; one that nobody named may be missing.
pub(super) fn load(wanted: &Place) -> Result<Config, Error> {
    let Some(path) = &wanted.path else { return Ok(Config::default()) };
    let unreadable = |sentence: String| Error { path: path.clone(), at: None, sentence };
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)) {
        Ok(_) if bytes.len() as u64 > LARGEST => {
            return Err(unreadable("is too large for a configuration; name another file".to_owned()));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound && !wanted.named => {
            return Ok(Config::default());
        }
        Err(error) => {
            return Err(unreadable(format!(
                "cannot be read: {error}; `convscope config` prints one to begin with"
            )));
        }
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..before]).into_owned();
            let at = Some(place(&before, before.len()));
            return Err(Error { path: path.clone(), at, sentence: "is no UTF-8 text".to_owned() });
        }
    };
    let mut config = parse(&text, path, wanted.home.as_deref())?;
    config.path = Some(path.clone());
    Ok(config)
}

/// Takes the text of a file at `path`.
pub(super) fn parse(text: &str, path: &Path, home: Option<&Path>) -> Result<Config, Error> {
    let error = |at: Range<usize>, sentence: String| Error {
        path: path.to_owned(),
        at: Some(place(text, at.start)),
        sentence,
    };
    let table = DeTable::parse(text).map_err(|wrong| {
        let sentence = wrong.message().lines().map(str::trim).collect::<Vec<_>>().join(", ");
        error(wrong.span().unwrap_or_default(), sentence)
    })?;
    let mut reader = Reader {
        config: Config::default(),
        folder: path.parent(),
        home,
        wrong: Vec::new(),
        bound: Vec::new(),
    };
    reader.table("", table.get_ref());
    reader.rivals();
    // Of several mistakes, the one that stands first.
    match reader.wrong.into_iter().min_by_key(|(at, _)| at.start) {
        Some((at, sentence)) => Err(error(at, sentence)),
        None => Ok(reader.config),
    }
}

struct Reader<'a> {
    config: Config,
    folder: Option<&'a Path>,
    home: Option<&'a Path>,
    wrong: Vec<(Range<usize>, String)>,
    /// The keys that the file binds, and where.
    bound: Vec<(Action, Key, Range<usize>)>,
}

impl Reader<'_> {
    fn wrong(&mut self, at: Range<usize>, sentence: impl Into<String>) {
        self.wrong.push((at, sentence.into()));
    }

    /// The settings of a table, or of the top.
    fn table(&mut self, table: &str, entries: &DeTable<'_>) {
        for (key, value) in entries {
            let name: &str = key.get_ref();
            if let Some(setting) = SETTINGS.iter().find(|row| row.table == table && row.name == name) {
                self.setting(setting, value);
            } else if let Some(inner) = TABLES.into_iter().find(|inner| table.is_empty() && *inner == name) {
                match value.get_ref() {
                    DeValue::Table(entries) if inner == "keys" => self.keys(entries),
                    DeValue::Table(entries) => self.table(inner, entries),
                    _ => self.wrong(value.span(), format!("{inner} is a table: it begins with [{inner}]")),
                }
            } else {
                self.unknown(table, key);
            }
        }
    }

    fn unknown(&mut self, table: &str, key: &Spanned<DeString<'_>>) {
        let known = SETTINGS.iter().filter(|row| row.table == table).map(|row| row.name);
        let known = known.chain(TABLES.into_iter().filter(|_| table.is_empty()));
        let hint = match nearest(known, key.get_ref()) {
            Some(name) => format!("did you mean {name}?"),
            None => "`convscope config` prints them all".to_owned(),
        };
        self.wrong(key.span(), format!("there is no setting {}; {hint}", full(table, key.get_ref())));
    }

    fn setting(&mut self, setting: &Setting, value: &Spanned<DeValue<'_>>) {
        let name = full(setting.table, setting.name);
        let given = value.get_ref();
        match &setting.value {
            Value::Word { words, set, .. } => {
                let words = words();
                // `color = 256` is understood too.
                let word = match given {
                    DeValue::Integer(number) => Some(number.as_str()),
                    other => other.as_str(),
                };
                match word {
                    Some(word) if words.contains(&word) => set(&mut self.config, word),
                    Some(word) => {
                        let hint = nearest(words.iter().copied(), word);
                        let hint = hint.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
                        self.wrong(value.span(), format!("{name} is {}, not {word:?}{hint}", either(&words)));
                    }
                    None => {
                        let sentence = format!("{name} is {}, not {}", either(&words), kind(given));
                        self.wrong(value.span(), sentence);
                    }
                }
            }
            Value::Switch { set, .. } => match given.as_bool() {
                Some(on) => set(&mut self.config, on),
                None => self.wrong(value.span(), format!("{name} is true or false, not {}", kind(given))),
            },
            Value::File { set, .. } => match given.as_str() {
                Some("") => self.wrong(value.span(), format!("{name} is a path, and this one is empty")),
                Some(path) => match self.resolved(path) {
                    Some(path) => set(&mut self.config, path),
                    None => self.wrong(value.span(), "~ stands for nothing: HOME is not set"),
                },
                None => self.wrong(value.span(), format!("{name} is a path in quotes, not {}", kind(given))),
            },
        }
        self.config.set.insert(name);
    }

    /// `~` is the home folder, and what is relative begins at the file's folder.
    fn resolved(&self, path: &str) -> Option<PathBuf> {
        match path.strip_prefix('~') {
            Some("") => self.home.map(Path::to_owned),
            Some(rest) if rest.starts_with('/') => Some(self.home?.join(rest.trim_start_matches('/'))),
            _ => Some(self.folder.map_or_else(|| PathBuf::from(path), |folder| folder.join(path))),
        }
    }

    fn keys(&mut self, entries: &DeTable<'_>) {
        for (name, value) in entries {
            let Some(action) = Action::named(name.get_ref()) else {
                let hint = match nearest(Action::names(), name.get_ref()) {
                    Some(name) => format!("did you mean {name}?"),
                    None => "`convscope config` prints them all".to_owned(),
                };
                self.wrong(name.span(), format!("there is no action {}; {hint}", name.get_ref()));
                continue;
            };
            let one = std::slice::from_ref(value);
            let listed = match value.get_ref() {
                DeValue::Array(keys) => &**keys,
                _ => one,
            };
            let mut keys = Vec::new();
            for key in listed {
                match key.get_ref().as_str().map(Key::named) {
                    Some(Ok(known)) => {
                        keys.push(known);
                        self.bound.push((action, known, key.span()));
                    }
                    Some(Err(why)) => {
                        let name = key.get_ref().as_str().unwrap_or_default();
                        self.wrong(key.span(), format!("{name:?} {why}"));
                    }
                    None => self.wrong(
                        key.span(),
                        format!("{} wants keys in quotes, such as [\"n\", \"ctrl+n\"]", action.name()),
                    ),
                }
            }
            if listed.is_empty() && action == Action::Quit {
                self.wrong(value.span(), "quit needs a key: there would be no way out");
            }
            self.config.keymap.bind(action, &keys);
            self.config.set.insert(full("keys", action.name()));
        }
    }

    /// Keys that now do two things.
    fn rivals(&mut self) {
        for (action, key, at) in std::mem::take(&mut self.bound) {
            if let Some(other) = self.config.keymap.rival(key, action) {
                let (key, other) = (key.name(), other.name());
                self.wrong(
                    at,
                    format!("{key:?} does {other} already; give {other} other keys, or [] for none"),
                );
            }
        }
    }
}

/// The name of a setting with its table's.
pub(super) fn full(table: &str, name: &str) -> String {
    if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") }
}

/// `a, b or c`
fn either(words: &[&str]) -> String {
    match words {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// What kind of value it is, with its article.
fn kind(value: &DeValue<'_>) -> String {
    let name = value.type_str();
    let article = if name.starts_with(['a', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {name}")
}
