//! The program: parse, dispatch, one sentence on standard error where something is wrong, exit code.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use convscope::checkpoint::{READER_COMMAND, serve};
use convscope::cli::{self, Cli, Command, ViewArgs};
use convscope::printable::printable;

/// Could not run; 0 is success, and 1 is left for commands that find something.
const COULD_NOT_RUN: u8 = 2;

fn main() -> ExitCode {
    // A process that reads a file for another one limits itself first of all.
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_some_and(|argument| argument == READER_COMMAND) {
        return serve(arguments);
    }
    match dispatch(Cli::parse()) {
        Ok(code) => code,
        // `convscope layers x.h5 | head -1` has what it wanted.
        Err(error) if cli::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is closed too, the exit code has to say it.
            let _ = writeln!(io::stderr(), "convscope: {}", printable(&format!("{error:#}")));
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        None => view(&cli.view),
        Some(Command::Demo(screen)) => view(&ViewArgs { file: None, screen }),
        Some(command) => cli::run(command),
    }
}

/// Opens the viewer.
fn view(_args: &ViewArgs) -> anyhow::Result<ExitCode> {
    // TODO: tui::run(args)
    anyhow::bail!("the viewer is not built yet; see `convscope help` for the commands")
}
