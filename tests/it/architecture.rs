//! Who may know whom, and how large a file may be: the design as a table.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

mod numbers;

/// Lines of the longest source file.
const LONGEST: usize = 450;

/// What one module must not contain.
struct Rule {
    /// The module, and everything below it.
    module: &'static str,
    /// Paths and words, whole: `crate::app` is not in `crate::application`.
    never: &'static [&'static str],
    /// What is fine although a word of `never` is in it.
    but: &'static [&'static str],
    /// For whoever breaks it.
    because: &'static str,
}

const RULES: &[Rule] = &[
    Rule { module: "weights", never: PURE, but: &[], because: "numbers in, numbers out" },
    Rule { module: "response", never: PURE, but: &[], because: "numbers in, numbers out" },
    Rule { module: "raster", never: PURE, but: &[], because: "numbers to pixels, and nothing else" },
    Rule { module: "printable", never: PURE, but: &[], because: "text in, text out" },
    Rule {
        module: "photo",
        never: &[
            "crate::app",
            "crate::view",
            "crate::tui",
            "crate::jobs",
            "crate::checkpoint",
            "crate::cli",
            "ratatui",
            "clap",
            "std::thread",
        ],
        but: &[],
        because: "a photo is read from its file and made into numbers, whoever asks",
    },
    Rule {
        module: "app",
        never: &[
            "crate::view",
            "crate::tui",
            "crate::jobs",
            "crate::checkpoint",
            "crate::cli",
            "crate::demo",
            "ratatui",
            "clap",
            "image::",
            "std::fs",
            "std::io",
            "std::env",
            "std::net",
            "std::thread",
            "std::time",
            "std::process",
        ],
        but: &["ratatui::layout"],
        because: "the core decides from its state and its messages alone: no widget, file, thread or clock",
    },
    Rule {
        module: "view",
        never: &[
            "crate::tui",
            "crate::jobs",
            "crate::checkpoint",
            "crate::cli",
            "crate::demo",
            "&mut State",
            "clap",
            "std::fs",
            "std::io",
            "std::env",
            "std::thread",
            "std::time",
            "std::process",
        ],
        but: &[],
        because: "the state goes in and cells come out; it never writes back",
    },
    Rule {
        module: "jobs",
        never: &["crate::tui", "crate::view", "crate::cli", "ratatui", "clap"],
        but: &[],
        because: "the work does not know who asked for it",
    },
    Rule {
        module: "checkpoint",
        never: &[
            "crate::app",
            "crate::view",
            "crate::tui",
            "crate::jobs",
            "crate::cli",
            "crate::photo",
            "crate::raster",
            "crate::response",
            "ratatui",
            "clap",
        ],
        but: &[],
        because: "files in, weights out",
    },
    Rule {
        module: "cli",
        never: &["crate::tui", "crate::view", "crate::jobs", "ratatui"],
        // The watcher compares two listings of files, for whoever asks.
        but: &["crate::jobs::watch"],
        because: "the commands have no screen",
    },
    Rule {
        module: "config",
        never: &[
            "crate::view",
            "crate::tui",
            "crate::jobs",
            "crate::checkpoint",
            "crate::cli",
            "crate::demo",
            "ratatui",
            "clap",
            "std::thread",
        ],
        but: &[],
        because: "a file in, the user's choices out, whoever acts on them",
    },
    Rule {
        module: "tui",
        never: &["crate::cli", "crate::config", "clap"],
        but: &[],
        because: "the shell is told its options",
    },
];

/// What the modules of numbers see nothing of.
const PURE: &[&str] = &[
    "crate::app",
    "crate::view",
    "crate::tui",
    "crate::jobs",
    "crate::checkpoint",
    "crate::cli",
    "crate::demo",
    "ratatui",
    "clap",
    "image::",
    "std::fs",
    "std::io",
    "std::env",
    "std::net",
    "std::thread",
    "std::time",
    "std::process",
];

/// A library that only one module sees.
struct Library {
    name: &'static str,
    /// The modules.
    only: &'static [&'static str],
    because: &'static str,
}

const LIBRARIES: &[Library] = &[
    Library {
        name: "crossterm",
        // `convscope show` asks how wide the terminal is, as one question without a screen: it enters nothing.
        only: &["tui", "cli::show"],
        because: "tui is the only place with a terminal",
    },
    Library { name: "terminput", only: &["tui"], because: "tui is the only place with a terminal" },
    Library {
        name: "signal_hook",
        // `convscope check --follow` ends on Ctrl-C with an exit code.
        only: &["tui", "cli::check::follow"],
        because: "tui is the only place with a terminal",
    },
    Library { name: "ratatui_image", only: &["tui"], because: "tui is the only place with a terminal" },
    Library {
        name: "hdf5::",
        only: &["checkpoint"],
        because: "checkpoint is the only place with a file format",
    },
    Library {
        name: "hdf5_sys",
        only: &["checkpoint"],
        because: "checkpoint is the only place with a file format",
    },
    Library {
        name: "zip::",
        only: &["checkpoint"],
        because: "checkpoint is the only place with a file format",
    },
    Library { name: "toml::", only: &["config"], because: "config is the only place with a configuration" },
    Library { name: "clap", only: &["cli", "main"], because: "cli is the only place with a command line" },
];

/// A source file without its comments, line by line, with `super` and braces written out.
struct Source {
    path: PathBuf,
    /// `cli::show`; empty for the crate itself.
    module: String,
    lines: Vec<String>,
}

impl Source {
    fn new(path: &Path, text: &str) -> Self {
        let names: Vec<&str> = path.to_str().unwrap().trim_end_matches(".rs").split('/').skip(1).collect();
        let names: &[&str] = if names == ["lib"] { &[] } else { &names };
        let lines: Vec<String> = text.lines().map(|line| written_out(code(line), names)).collect();
        let lines = (0..lines.len()).map(|at| spread(&lines[at..])).collect();
        Self { path: path.to_owned(), module: names.join("::"), lines }
    }

    fn is_in(&self, module: &str) -> bool {
        self.module == module || self.module.strip_prefix(module).is_some_and(|rest| rest.starts_with("::"))
    }
}

/// A line without its comment.
fn code(line: &str) -> &str {
    let line = line.trim();
    if line.starts_with("//") { "" } else { line.split(" // ").next().unwrap_or(line) }
}

/// `super::super::view` of `app::update::open` is `crate::app::view`; a name alone stays one.
fn written_out(line: &str, module: &[&str]) -> String {
    let Some(at) = line.find("super::") else { return line.to_owned() };
    let mut rest = &line[at..];
    let mut ups = 0;
    while let Some(shorter) = rest.strip_prefix("super::") {
        rest = shorter;
        ups += 1;
    }
    let mut path = String::from("crate::");
    for name in &module[..module.len().saturating_sub(ups)] {
        let _ = write!(path, "{name}::");
    }
    format!("{}{path}{}", &line[..at], written_out(rest, module))
}

/// The first line, and what its `crate::{…}` or `std::{…}` begins with: `use std::{fs, io::Read};` has `std::fs` too.
fn spread(lines: &[String]) -> String {
    let mut all = lines[0].clone();
    for root in ["crate::", "std::"] {
        let Some((_, rest)) = lines[0].split_once(&format!("{root}{{")) else { continue };
        let (mut depth, mut name) = (0, String::new());
        for c in rest.chars().chain(lines[1..].iter().flat_map(|line| line.chars())) {
            match c {
                ',' | '}' if depth == 0 => {
                    let _ = write!(all, " {root}{}", name.trim());
                    name.clear();
                    if c == '}' {
                        break;
                    }
                }
                '{' => depth += 1,
                '}' => depth -= 1,
                _ if depth == 0 => name.push(c),
                _ => {}
            }
        }
    }
    all
}

/// Whether `word` is in `line` with nothing that continues its first or last name.
fn has(line: &str, word: &str) -> bool {
    let named = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(named) && word.starts_with(named);
        let after = line[at + word.len()..].chars().next().is_some_and(named) && word.ends_with(named);
        !before && !after
    })
}

/// What breaks the rules, each with its file, line and rule.
fn broken(source: &Source) -> Vec<String> {
    let mut broken = Vec::new();
    let mut say = |number: usize, line: &str, module: &str, word: &str, because: &str| {
        broken.push(format!(
            "{}:{}: `{line}`\n    {module} must not contain `{word}`: {because}",
            source.path.display(),
            number + 1
        ));
    };
    for (number, line) in source.lines.iter().enumerate() {
        for rule in RULES.iter().filter(|rule| source.is_in(rule.module)) {
            let left = rule.but.iter().fold(line.clone(), |line, fine| line.replace(fine, ""));
            for word in rule.never.iter().filter(|word| has(&left, word)) {
                say(number, line, rule.module, word, rule.because);
            }
        }
        for library in
            LIBRARIES.iter().filter(|library| !library.only.iter().any(|module| source.is_in(module)))
        {
            if has(line, library.name) {
                say(number, line, &source.module, library.name, library.because);
            }
        }
    }
    broken
}

fn texts(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            texts(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_owned(), text));
        }
    }
}

/// Every source file, by its path from the top.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 50, "only {} source files were found", found.len());
    found
}

#[test]
fn every_module_knows_only_whom_it_may() {
    let broken: Vec<String> =
        sources().iter().flat_map(|(path, text)| broken(&Source::new(path, text))).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn every_rule_is_about_a_module_that_there_is() {
    let sources: Vec<Source> = sources().iter().map(|(path, text)| Source::new(path, text)).collect();
    let names = RULES
        .iter()
        .map(|rule| rule.module)
        .chain(numbers::SEEN.iter().map(|(module, _)| *module))
        .chain(LIBRARIES.iter().flat_map(|library| library.only).copied());
    for name in names {
        assert!(sources.iter().any(|source| source.is_in(name)), "there is no module {name}");
    }
}

#[test]
fn the_table_bites() {
    let rows = [
        ("src/app/update.rs", "use ratatui::widgets::Block;", "`ratatui`"),
        ("src/app/update.rs", "use std::time::Instant;", "`std::time`"),
        ("src/app/update/open.rs", "use super::super::super::view::theme;", "`crate::view`"),
        ("src/weights.rs", "use super::checkpoint::open;", "`crate::checkpoint`"),
        ("src/view/status.rs", "pub(super) fn draw(state: &mut State) {", "`&mut State`"),
        ("src/jobs/read.rs", "let size = crossterm::terminal::size();", "`crossterm`"),
        ("src/cli/layers.rs", "use crossterm::terminal;", "`crossterm`"),
        ("src/jobs/read.rs", "hdf5::File::open(path)?;", "`hdf5::`"),
        ("src/weights/find.rs", "use crate::{printable::printable, view};", "`crate::view`"),
        ("src/app/state.rs", "use std::{\n    sync::{Arc, Mutex},\n    fs::File,\n};", "`std::fs`"),
    ];
    for (path, line, word) in rows {
        let broken = broken(&Source::new(Path::new(path), line)).join("\n");
        assert!(
            broken.contains(word) && broken.starts_with(&format!("{path}:1: ")),
            "{path}, {line}: {broken:?}"
        );
    }
    let fine = [
        ("src/app/layout.rs", "use ratatui::layout::Rect;"),
        ("src/app/state.rs", "let pairs = a.iter().zip(b); // as crossterm has it"),
        ("src/app/state.rs", "/// What [`crate::view`] draws."),
        ("src/weights/find.rs", "use super::Layer;"),
        ("src/cli/show.rs", "crossterm::terminal::size().ok()"),
        ("src/photo.rs", "let file = std::fs::File::open(path)?;"),
        ("src/checkpoint/listing.rs", "use super::hdf5_raw::strings;"),
        ("src/weights.rs", "let crate_apple = crate::application();"),
    ];
    for (path, line) in fine {
        let broken = broken(&Source::new(Path::new(path), line));
        assert!(broken.is_empty(), "{broken:?}");
    }
}

#[test]
fn files_are_short_and_finished() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let shown = path.display();
        if path.ends_with("mod.rs") {
            broken.push(format!("{shown}: a module stands in foo.rs beside foo/, never in mod.rs"));
        }
        let count = text.lines().count();
        if count > LONGEST {
            broken.push(format!("{shown}: {count} lines; a file has at most {LONGEST}"));
        }
        for (number, line) in text.lines().enumerate() {
            let found = ["TODO", "FIXME", "todo!", "unimplemented!"].into_iter().find(|word| has(line, word));
            if let Some(word) = found {
                broken.push(format!("{shown}:{}: `{word}`: what is not done is not in here", number + 1));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// What may stand at the top level.
const TOP: &[&str] = &[
    ".ci",
    ".clippy.toml",
    ".github",
    ".gitignore",
    ".rustfmt.toml",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches",
    "demo.tape",
    "examples",
    "fuzz",
    "src",
    "tests",
];

#[test]
fn the_top_level_is_what_the_design_says() {
    let output = std::process::Command::new("git")
        .args(["ls-tree", "--name-only", "HEAD"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    // In an unpacked package there is no git, and cargo adds files of its own.
    let Some(output) = output.ok().filter(|output| output.status.success()) else { return };
    let names = String::from_utf8(output.stdout).unwrap();
    let more: Vec<&str> = names.lines().filter(|name| !TOP.contains(name)).collect();
    assert!(more.is_empty(), "not at the top level: {more:?}");
}
