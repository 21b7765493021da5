//! The program: parse, dispatch, one sentence on standard error where something is wrong, exit code.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use clap::{CommandFactory, Parser};
use convscope::app::state::Choices;
use convscope::checkpoint::{self, Series};
use convscope::cli::{
    self, ChannelChoice, Cli, ColorChoice, Command, DoctorArgs, GraphicsChoice, LineChoice, PreprocessChoice,
    ThemeChoice, ViewArgs,
};
use convscope::config::{Config, Place};
use convscope::demo;
use convscope::jobs::read::Source;
use convscope::jobs::run::Run;
use convscope::printable::{printable, steers};
use convscope::tui::doctor::Checkup;
use convscope::tui::{self, Forced, Options};

/// Could not run; 0 is success, and 1 is left for commands that find something.
const COULD_NOT_RUN: u8 = 2;

fn main() -> ExitCode {
    // The process that reads files for another one of this program: nothing else may be set up before.
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|argument| argument == checkpoint::READER_COMMAND) {
        return checkpoint::serve(arguments);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    match dispatch(cli) {
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

/// Says what is wrong with the command line as clap does, which quotes it as it is: a shell's `*` puts names of files
/// there, and what steers the terminal in them is spelled out.
fn refuse(error: &clap::Error) -> ExitCode {
    if !std::env::args_os().any(|argument| argument.to_string_lossy().contains(steers)) {
        error.exit();
    }
    for line in error.render().to_string().lines() {
        let _ = writeln!(io::stderr(), "{}", printable(line));
    }
    ExitCode::from(COULD_NOT_RUN)
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        None => view(&cli.view),
        Some(Command::Demo(screen)) => view(&ViewArgs { screen, ..ViewArgs::default() }),
        Some(Command::Doctor(args)) => doctor(&args),
        Some(command) => cli::run(command),
    }
}

/// What the viewer shows: the built-in run, one file, or a run of files.
fn run_of(args: &ViewArgs) -> anyhow::Result<Run> {
    let series = || Series::of(args.files.iter().cloned());
    // What stands behind an option is taken for a file.
    let command = |name: &&str| Cli::command().find_subcommand(name).is_some() && !Path::new(name).exists();
    if !args.follow
        && let Some(name) = args.files.first().and_then(|file| file.to_str()).filter(command)
    {
        bail!("{name}: no such file; for the command, put it before the options: `convscope {name} …`");
    }
    match &args.files[..] {
        [] => Ok(demo::run()),
        [file] if !args.follow && series().one_file().is_some() => Ok(Run::of(Source::File(file.clone()))),
        _ => Ok(Run::of_series(series(), args.follow)?),
    }
}

/// Opens the viewer, on the built-in network where no file is given. The command line wins over the configuration.
fn view(args: &ViewArgs) -> anyhow::Result<ExitCode> {
    let screen = &args.screen;
    let config = Config::load(screen.config.path.as_deref())?;
    // How the built-in network was fed is known: the configuration is about the user's own.
    let known = args.files.is_empty().then_some(demo::PREPROCESSING);
    let preprocessing = known.or(config.preprocess);
    tui::leave_on_panic();
    tui::run(Options {
        run: run_of(args)?,
        against: args.against.clone(),
        photo: screen.image.clone().or(config.photo),
        choices: Choices {
            layer: screen.layer.clone(),
            preprocessing: screen.preprocess.map_or(preprocessing, PreprocessChoice::chosen).or(known),
            channels: screen.channels.map_or(config.channels, ChannelChoice::chosen),
            mouse: config.mouse && !screen.no_mouse,
            maps: config.maps,
            keymap: config.keymap,
        },
        forced: Forced {
            background: screen.theme.map_or(config.theme, ThemeChoice::chosen),
            color: screen.color.map_or(config.color, ColorChoice::chosen),
            graphics: screen.graphics.map_or(config.graphics, GraphicsChoice::chosen),
            line: screen.line.map_or(config.line, LineChoice::chosen),
        },
    })
}

/// Looks at the terminal; a configuration that is wrong is one of the findings.
fn doctor(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let named = args.config.path.as_deref();
    let loaded = Config::load(named);
    let config = match (&loaded, Place::here(named).path) {
        (Ok(Config { path: Some(path), .. }), _) => Ok((path.display().to_string(), "read".to_owned())),
        (Ok(_), Some(path)) => Ok(("none".to_owned(), format!("looked for at {}", path.display()))),
        (Ok(_), None) => Ok(("none".to_owned(), "HOME is not set".to_owned())),
        (Err(error), _) => Err(error.to_string()),
    };
    let settings = loaded.unwrap_or_default();
    let Config { color, graphics, theme: background, line, .. } = settings;
    let forced = Forced { color, graphics, background, line };
    tui::doctor::run(&Checkup { forced, maps: settings.maps, config, json: args.json })
}
