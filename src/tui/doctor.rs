//! `convscope doctor`: one screen that says what was detected and how, shows a swatch and a picture in what was found,
//! and gives the remedy for what is missing.
//!
//! The same questions as the viewer's, in one write, but without the alternate screen: what is printed stays.

mod ask;
mod report;
mod sample;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;

use super::detect::{Environment, Evidence, Forced, Multiplexer, Tmux};
use crate::app::maps::Maps;
use crate::demo;
use report::Report;

/// What is looked at besides the terminal, and how it is said.
#[derive(Clone, Debug)]
pub struct Checkup {
    /// What the configuration says of the terminal.
    pub forced: Forced,
    /// The colour maps of the swatch.
    pub maps: Maps,
    /// The configuration in a few words and how it was found, or what is wrong with it.
    pub config: Result<(String, String), String>,
    /// Print one JSON object.
    pub json: bool,
}

/// Something is missing; 0 is for nothing.
const MISSING: u8 = 1;

/// How long the terminal has to answer: longer than the viewer waits, to tell a slow line from a mute terminal.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// How the conversation with the terminal went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Talk {
    /// There is no terminal to ask.
    NotAsked,
    /// From the question to the last answer.
    Answered(Duration),
    /// It said nothing in time.
    Silent,
}

/// Looks at everything and prints it.
///
/// # Errors
/// When nothing can be printed, or somebody ended it. The terminal is given back in any case.
pub fn run(checkup: &Checkup) -> anyhow::Result<ExitCode> {
    let terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
    let mut evidence = Evidence {
        environment: Environment::read(),
        forced: checkup.forced,
        window: if terminal { super::window() } else { [0; 4] },
        ..Evidence::default()
    };
    let asks = terminal && !evidence.environment.is_dumb();
    let talk = if asks { ask::ask(&mut evidence, ANSWER_TIME)? } else { Talk::NotAsked };
    if evidence.multiplexer().value == Multiplexer::Tmux {
        evidence.tmux = Some(Tmux::ask().unwrap_or_default());
    }
    // What was not answered by now will not be.
    evidence.complete = true;
    let report = Report::of(&evidence, talk, &checkup.config, hdf5());
    print(checkup, &evidence, &report, asks).context("standard output cannot be written")?;
    Ok(if report.missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(MISSING) })
}

fn print(checkup: &Checkup, evidence: &Evidence, report: &Report, pictures: bool) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    if checkup.json {
        writeln!(out, "{}", report.to_json())?;
        return out.flush();
    }
    let facts = evidence.facts();
    // A row is cut rather than wrapped, so that everything stays on one screen.
    let width = if evidence.window[0] > 0 { usize::from(evidence.window[0]) } else { usize::MAX };
    write!(out, "{}", report.findings_as_text(width))?;
    if pictures {
        writeln!(out)?;
        sample::swatch(&facts, checkup.maps, evidence.window[0], &mut out)?;
        out.flush()?;
        sample::picture(&facts, evidence.window, &mut out)?;
    }
    write!(out, "{}", report.missing_as_text())?;
    out.flush()
}

/// Reads the built-in network as every checkpoint is read: in a process that may be killed.
fn hdf5() -> Result<Duration, String> {
    let begin = Instant::now();
    let sentence = |error: crate::checkpoint::Error| error.to_string();
    let network = demo::source().open().map_err(sentence)?;
    let first = network.network().layers.first().ok_or("the built-in network has no layers")?.clone();
    network.read(&first).map_err(sentence)?;
    Ok(begin.elapsed())
}
