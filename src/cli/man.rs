//! The manual page: one page with every subcommand's options and the viewer's keys.
//!
//! clap_mangen by itself only names the subcommands, and would run the rows of the keys together into one paragraph.

use std::io::{self, Write};

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::app::keymap::KEYMAP;

/// What the environment changes.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("NO_COLOR", "Where it is set and not empty, no colour is used unless --color asks for one."),
    ("COLORTERM", "truecolor or 24bit: the terminal shows 24-bit colour."),
    ("TERM", "How many colours the terminal has, where it does not say so itself."),
    ("COLORFGBG", "Whether the background is dark or light, where the terminal does not say so itself."),
    ("CONVSCOPE_CONFIG", "The viewer's configuration, where --config names none."),
    ("COLUMNS", "How wide convscope show prints where its output goes to no terminal."),
];

/// What the exit code means.
const EXIT_STATUS: &[(&str, &str)] = &[
    (
        "0",
        "Done; of check: the checkpoints are sound; of diff: nothing changed; of doctor: nothing is missing.",
    ),
    ("1", "Only of check, diff and doctor: it found something; something changed."),
    ("2", "Could not run: standard error says why."),
];

/// Writes the page.
pub(super) fn write(mut command: Command, out: &mut dyn Write) -> io::Result<()> {
    command.build();
    let man = Man::new(command.clone());
    man.render_title(out)?;
    man.render_name_section(out)?;
    heading("SH", "SYNOPSIS", out)?;
    usage(&mut command, out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    heading("SH", "COMMANDS", out)?;
    // `help` is clap's own, and about the others.
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        heading("SS", &format!("convscope {}", sub.get_name()), out)?;
        let man = Man::new(sub.clone());
        section(out, |out| man.render_description_section(out))?;
        paragraph(out)?;
        usage(&mut sub.clone(), out)?;
        section(out, |out| man.render_options_section(out))?;
    }
    heading("SH", "KEYS OF THE VIEWER", out)?;
    for (name, rows) in KEYMAP {
        heading("SS", name, out)?;
        terms(rows.iter().map(|row| (row.keys_shown(), row.help_shown())), out)?;
    }
    heading("SH", "ENVIRONMENT", out)?;
    terms(ENVIRONMENT.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())), out)?;
    heading("SH", "EXIT STATUS", out)?;
    terms(EXIT_STATUS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())), out)?;
    man.render_version_section(out)
}

fn heading(kind: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut roff = Roff::default();
    roff.control(kind, [text]);
    roff.to_writer(out)
}

/// How it is called, a line each, as the help says it.
fn usage(command: &mut Command, out: &mut dyn Write) -> io::Result<()> {
    let usage = command.render_usage().to_string();
    let mut roff = Roff::default();
    for line in usage.trim_start_matches("Usage:").lines() {
        roff.text([bold(line.trim())]).control("br", []);
    }
    roff.to_writer(out)
}

fn paragraph(out: &mut dyn Write) -> io::Result<()> {
    let mut roff = Roff::default();
    roff.control("PP", []);
    roff.to_writer(out)
}

fn terms(rows: impl Iterator<Item = (String, String)>, out: &mut dyn Write) -> io::Result<()> {
    let mut roff = Roff::default();
    for (name, text) in rows {
        roff.control("TP", []).text([bold(name)]).text([roman(text)]);
    }
    roff.to_writer(out)
}

/// What a section of a subcommand says, without its heading.
fn section(out: &mut dyn Write, render: impl Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut text = Vec::new();
    render(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    for line in text.lines().skip_while(|line| !line.starts_with(".SH")).skip(1) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_option_and_every_key_is_in_it() {
        let mut page = Vec::new();
        write(Cli::command(), &mut page).unwrap();
        let page = String::from_utf8(page).unwrap().replace('\\', "");
        let mut command = Cli::command();
        command.build();
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let from = page.find(&format!(".SS \"convscope {}\"", sub.get_name())).unwrap();
            let own = page[from + 1..].split("\n.SS ").next().unwrap();
            for option in sub.get_arguments().filter_map(clap::Arg::get_long) {
                assert!(own.contains(&format!("--{option}")), "{}: --{option}", sub.get_name());
            }
        }
        for row in KEYMAP.iter().flat_map(|(_, rows)| rows.iter()) {
            assert!(page.contains(&row.help_shown().replace('\'', "*(Aq")), "{}", row.help);
        }
    }
}
