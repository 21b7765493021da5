//! The README is held to the program: its tables are printed by it, and every command in it is understood.
//!
//! `UPDATE_README=1 cargo test readme` writes the tables anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use clap::{CommandFactory, Parser};
use convscope::app::keymap;
use convscope::cli::Cli;

fn top(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Held while the README is read or written: the tests run side by side.
static README: Mutex<()> = Mutex::new(());

fn readme() -> String {
    let _held = README.lock().unwrap_or_else(PoisonError::into_inner);
    std::fs::read_to_string(top("README.md")).unwrap()
}

/// Holds what stands between `<!-- name -->` and `<!-- /name -->` to `expected`, or writes it there.
fn hold(name: &str, expected: &str) {
    let readme = readme();
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let from = readme.find(&begin).unwrap_or_else(|| panic!("README.md has no {begin}")) + begin.len();
    let to = from + readme[from..].find(&end).unwrap_or_else(|| panic!("README.md has no {end}"));
    let expected = format!("\n{}\n\n", expected.trim_end());
    if readme[from..to] == expected {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_README").is_some(),
        "README.md: what stands at <!-- {name} --> is not what the program says; UPDATE_README=1 writes it:\n{expected}"
    );
    let _held = README.lock().unwrap_or_else(PoisonError::into_inner);
    std::fs::write(top("README.md"), format!("{}{expected}{}", &readme[..from], &readme[to..])).unwrap();
}

/// How an argument stands on the command line, a space before it.
fn placeholder(argument: &clap::Arg) -> String {
    let value = argument.get_value_names().unwrap_or_default()[0].replace('|', "\\|");
    let many = argument.get_num_args().is_some_and(|count| count.max_values() > 1);
    let value = if argument.is_required_set() { value } else { format!("[{value}]") };
    match argument.get_long() {
        Some(long) => format!(" --{long} {value}"),
        None if many => format!(" {value}..."),
        None => format!(" {value}"),
    }
}

/// A row a subcommand: how it is called, and what it does.
fn commands() -> String {
    let mut command = Cli::command();
    command.build();
    let mut table = String::from("| command | does |\n| --- | --- |\n");
    let about = command.get_about().unwrap().to_string();
    let files: String = command.get_positionals().map(placeholder).collect();
    let _ = writeln!(table, "| `convscope{files}` | {about} |");
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        let arguments = sub.get_arguments().filter(|argument| argument.is_required_set()).map(placeholder);
        let usage = format!("convscope {}{}", sub.get_name(), arguments.collect::<String>());
        let _ = writeln!(table, "| `{usage}` | {} |", sub.get_about().unwrap());
    }
    table
}

// One test for both tables: they are written to one file.
#[test]
fn its_tables_are_what_the_program_says() {
    hold("commands", &commands());
    hold("keys", &keymap::as_markdown());
}

#[test]
fn the_help_ends_with_the_keys() {
    let help = Cli::command().render_long_help().to_string();
    assert!(help.trim_end().ends_with(keymap::as_text().trim_end()), "{help}");
}

/// Every `convscope …` of the README: lines of fenced blocks, and code within the text.
fn command_lines() -> Vec<String> {
    let (mut lines, mut fenced) = (Vec::new(), false);
    let readme = readme();
    // The tables of the program have placeholders in them.
    let tables =
        readme.split("<!-- commands -->").nth(1).unwrap().split("<!-- /commands -->").next().unwrap();
    for line in readme.replace(tables, "").lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            lines.push(line.to_owned());
        } else {
            lines.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    lines.retain(|line| line.starts_with("convscope ") || line.contains("cargo run"));
    lines
}

#[test]
fn every_command_in_it_is_understood() {
    let lines = command_lines();
    assert!(lines.len() > 10, "only {lines:?}");
    for line in lines {
        // What follows is the shell's, or for people.
        let own = line.split(['#', '|', '>', ';']).next().unwrap();
        let own = match own.split_once("cargo run") {
            None => own.to_owned(),
            Some((_, rest)) => format!("convscope {}", rest.split_once(" -- ").map_or("", |(_, own)| own)),
        };
        // A backslash keeps a space, as in a shell; there are no other quotes in the README.
        let own = own.replace("\\ ", "\0");
        let words = own.split_whitespace().map(|word| word.replace('\0', " "));
        if let Err(error) = Cli::try_parse_from(words) {
            let asked = matches!(
                error.kind(),
                clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion
            );
            assert!(asked, "README.md: {line}\n{error}");
        }
    }
}

#[test]
fn its_test_command_is_the_one_that_ci_runs() {
    let script = std::fs::read_to_string(top(".ci/run")).unwrap();
    let lines: Vec<&str> =
        script.lines().filter(|line| line.starts_with("line=") || line.starts_with("tests=")).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(script.contains("step bash -c \"$tests\""));
    let printed = Command::new("bash")
        .args(["-c", &format!("{}; printf '%s\\n%s' \"$line\" \"$tests\"", lines.join("\n"))])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let (whole, tests) = printed.split_once('\n').unwrap();
    assert_eq!(tests, "cargo test --locked");
    assert!(whole.contains("install -y cmake && ") && whole.ends_with(tests), "{whole}");
    assert!(readme().contains(whole));
}

#[test]
fn the_files_that_it_points_at_are_there() {
    let readme = readme();
    let targets = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let local = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    let missing: Vec<&str> = local.filter(|target| !top(target).exists()).collect();
    assert!(missing.is_empty(), "README.md points at {missing:?}");
}
