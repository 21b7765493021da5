//! A [`Config`] as a file: what is printed can be saved, and gives the same again.

use std::fmt::Write as _;

use super::Config;
use super::read::full;
use super::settings::{SETTINGS, TABLES, Value};
use crate::app::keymap::Binding;

impl Config {
    /// The configuration as commented TOML, with where each value is from.
    pub fn to_toml(&self) -> String {
        let from = match &self.path {
            Some(path) => format!("Read from {}", quoted(&path.to_string_lossy())),
            None => "There is no file: these are the defaults".to_owned(),
        };
        let mut text = format!("# The configuration of convscope's viewer as it is in force. {from}.\n");
        self.settings("", &mut text);
        for table in TABLES {
            let _ = write!(text, "\n[{table}]\n");
            match table {
                "keys" => self.keys(&mut text),
                _ => self.settings(table, &mut text),
            }
        }
        text
    }

    fn origin(&self, name: &str) -> &'static str {
        if self.set.contains(name) { "from the file" } else { "default" }
    }

    fn settings(&self, table: &str, text: &mut String) {
        for setting in SETTINGS.iter().filter(|setting| setting.table == table) {
            let (name, origin) = (setting.name, self.origin(&full(table, setting.name)));
            let _ = write!(text, "\n# {}", setting.about);
            let _ = match &setting.value {
                Value::Word { words, get, .. } => {
                    write!(text, ": {}\n{name} = {}  # {origin}\n", words().join(", "), quoted(get(self)))
                }
                Value::Switch { get, .. } => write!(text, "\n{name} = {}  # {origin}\n", get(self)),
                Value::File { get, .. } => match get(self) {
                    Some(path) => {
                        write!(text, "\n{name} = {}  # {origin}\n", quoted(&path.to_string_lossy()))
                    }
                    None => write!(text, "\n# {name} = \"~/photo.jpg\"  # {origin}: the built-in one\n"),
                },
            };
        }
    }

    /// The actions in the order of the help, each once.
    fn keys(&self, text: &mut String) {
        text.push_str("# A key or a list of keys: characters, ctrl+letter, names such as page-up and space; [] for none\n");
        let mut printed = Vec::new();
        for (heading, rows) in self.keymap.groups() {
            let _ = write!(text, "\n# {heading}\n");
            for row in rows.iter().filter(|row| !row.action.name().is_empty()) {
                if printed.contains(&row.action) {
                    continue;
                }
                printed.push(row.action);
                let keys: Vec<String> = row.keys.iter().map(|key| quoted(&key.name())).collect();
                let line = format!("{} = [{}]", row.action.name(), keys.join(", "));
                let origin = self.origin(&full("keys", row.action.name()));
                let same = rows.iter().filter(|other| other.action == row.action);
                let help: Vec<String> = same.map(Binding::help_shown).collect();
                let _ = writeln!(text, "{line:<36} # {origin}; {}", help.join("; "));
            }
        }
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
