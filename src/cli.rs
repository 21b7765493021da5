//! The command line: clap's definitions, and one file a subcommand.
//!
//! The same core as the viewer, without a screen. Pipelines rely on the names printed here, so they are stable.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::builder::PossibleValue;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::app::keymap;
use crate::raster::Normalization;

pub mod check;
mod choices;
mod color;
mod config;
mod diff;
mod export;
pub mod layer;
mod layers;
mod lines;
mod man;
mod output;
mod progress;
mod respond;
mod show;
mod stats;
mod table;

pub use choices::{
    ChannelChoice, ColorChoice, GraphicsChoice, LineChoice, MontageOrder, PreprocessChoice, ThemeChoice,
};

/// See what the convolution kernels of a trained network have learned, in the terminal.
#[derive(Debug, Parser)]
#[command(name = "convscope", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(after_help = "The keys of the viewer: convscope --help, or ? in the viewer")]
#[command(after_long_help = keymap::as_text())]
pub struct Cli {
    /// What to do; without one, the viewer opens.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What the viewer shows.
    #[command(flatten)]
    pub view: ViewArgs,
}

/// What the viewer shows and how.
#[derive(Clone, Debug, Default, Args)]
pub struct ViewArgs {
    /// The checkpoint: Keras .h5, .hdf5, .weights.h5 or .keras, or any HDF5 file. A folder, a pattern or several files are
    /// a run: its epochs are a timeline, and new ones appear as they are written [default: the built-in run]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Follow the file while a training overwrites it: each content becomes an epoch; wait for it where it is not there yet
    #[arg(long, requires = "files")]
    pub follow: bool,
    /// Another checkpoint to compare it with, layer by layer: its kernels, or the difference to them
    #[arg(long, value_name = "B", requires = "files")]
    pub against: Option<PathBuf>,
    /// The options that the demo has too.
    #[command(flatten)]
    pub screen: ScreenArgs,
}

/// How the viewer uses the terminal. What is not said here is as the configuration says, or else guessed.
#[derive(Clone, Debug, Default, Args)]
pub struct ScreenArgs {
    /// The photo that kernels respond to [default: the built-in one]
    #[arg(long, value_name = "PHOTO")]
    pub image: Option<PathBuf>,
    /// The layer to begin with: a name, or an index as `convscope layers` prints it
    #[arg(long, value_name = "LAYER")]
    pub layer: Option<String>,
    /// How the network was fed
    #[arg(long, value_enum)]
    pub preprocess: Option<PreprocessChoice>,
    /// Which colour a kernel's first channel is
    #[arg(long, value_enum)]
    pub channels: Option<ChannelChoice>,
    /// What lies behind the text: the colours of the screen and of the maps fit it
    #[arg(long, value_enum)]
    pub theme: Option<ThemeChoice>,
    /// How many colours the terminal can show
    #[arg(long, value_enum)]
    pub color: Option<ColorChoice>,
    /// How the terminal shows pictures
    #[arg(long, value_enum)]
    pub graphics: Option<GraphicsChoice>,
    /// How much the line to the terminal carries
    #[arg(long, value_enum)]
    pub line: Option<LineChoice>,
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub no_mouse: bool,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// Which configuration.
#[derive(Clone, Debug, Default, Args)]
pub struct ConfigFile {
    /// The configuration [default: CONVSCOPE_CONFIG, or convscope/config.toml in XDG_CONFIG_HOME or ~/.config]
    #[arg(long = "config", value_name = "FILE")]
    pub path: Option<PathBuf>,
}

/// What convscope does besides viewing.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the layers of a checkpoint
    Layers(LayersArgs),
    /// Print the statistics of every kernel of a layer
    Stats(StatsArgs),
    /// Judge checkpoints in a script: exit code 0 where they are sound, 1 where something is found, 2 where one cannot be
    /// looked at
    Check(CheckArgs),
    /// Say what changed from one checkpoint to another: exit code 0 where nothing did, 1 where something did, 2 where they
    /// could not be compared
    Diff(DiffArgs),
    /// Print a layer's kernels, or one of them, as half-blocks
    Show(ShowArgs),
    /// Write a layer's kernels as one PNG
    Export(ExportArgs),
    /// Write a kernel's response to a photo, as a picture or as exact numbers
    Respond(RespondArgs),
    /// Open the viewer on the built-in network
    Demo(ScreenArgs),
    /// Print the viewer's configuration as it is in force, fit to be saved as its file
    Config(ConfigArgs),
    /// Say what was detected of the terminal and how, show a picture in it, and what to do about what is missing: exit
    /// code 0 where nothing is, 1 where something is
    Doctor(DoctorArgs),
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// `convscope config`
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Print where the file is looked for
    #[arg(long = "path")]
    pub place: bool,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `convscope doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// A layer of a checkpoint.
#[derive(Clone, Debug, Args)]
pub struct LayerArgs {
    /// The checkpoint
    pub file: PathBuf,
    /// The layer: a name, or an index as `convscope layers` prints it
    #[arg(long)]
    pub layer: String,
}

/// `convscope layers`
#[derive(Debug, Args)]
pub struct LayersArgs {
    /// The checkpoint
    pub file: PathBuf,
    /// Print a JSON array of objects
    #[arg(long)]
    pub json: bool,
}

/// `convscope stats`
#[derive(Debug, Args)]
pub struct StatsArgs {
    /// The layer
    #[command(flatten)]
    pub layer: LayerArgs,
    /// Print a JSON array of objects
    #[arg(long)]
    pub json: bool,
    /// Print comma-separated values
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

/// `convscope check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The checkpoints, judged one after another; the worst one decides the exit code. With --follow also folders and patterns
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Only the layers whose names match this pattern (`*`, `?`, `[abc]`)
    #[arg(long, value_name = "GLOB")]
    pub layers: Option<glob::Pattern>,
    /// What is found
    #[command(flatten)]
    pub limits: check::Limits,
    /// Beside a training
    #[command(flatten)]
    pub following: check::FollowArgs,
    /// Print the whole judgement as one JSON object; with --follow one a line
    #[arg(long)]
    pub json: bool,
}

/// `convscope diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The checkpoint before
    pub a: PathBuf,
    /// The checkpoint after
    pub b: PathBuf,
    /// Only the layers whose names match this pattern (`*`, `?`, `[abc]`)
    #[arg(long, value_name = "GLOB")]
    pub layers: Option<glob::Pattern>,
    /// Print the whole comparison as one JSON object, with every array of a layer
    #[arg(long)]
    pub json: bool,
    /// Whether the words are coloured
    #[arg(long, value_enum, default_value_t)]
    pub color: ColorChoice,
}

/// `convscope show`
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The layer
    #[command(flatten)]
    pub layer: LayerArgs,
    /// Only this kernel
    #[arg(long, value_name = "N")]
    pub kernel: Option<usize>,
    /// Draw only this slice (input channel), in colours about zero [default: three slices are one colour picture, one
    /// is grey; of any other number the first is drawn, and with --kernel all of them]
    #[arg(long, value_name = "N")]
    pub slice: Option<usize>,
    /// Characters that a weight is wide [default: 1 for a grid, what fits for one kernel]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub zoom: Option<u16>,
    /// How weights become brightness
    #[arg(long, value_enum, default_value_t)]
    pub normalize: Normalization,
    /// Which colour a kernel's first channel is
    #[arg(long, value_enum, default_value_t)]
    pub channels: ChannelChoice,
    /// How many colours to use
    #[arg(long, value_enum, default_value_t)]
    pub color: ColorChoice,
}

/// `convscope export`
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The layer
    #[command(flatten)]
    pub layer: LayerArgs,
    /// The PNG to write
    #[arg(long, short, value_name = "OUT.png")]
    pub output: PathBuf,
    /// How the kernels follow each other
    #[arg(long, value_enum, default_value_t)]
    pub order: MontageOrder,
    /// Kernels in a row [default: as square as possible]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_535))]
    pub columns: Option<u32>,
    /// Black pixels between kernels
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=1024))]
    pub gap: u32,
    /// Pixels that a weight is wide and high
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub scale: u32,
    /// Which slice (input channel) to draw of kernels that have neither three of them (a colour picture) nor one (a grey
    /// one)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub slice: usize,
    /// How weights become brightness
    #[arg(long, value_enum, default_value_t)]
    pub normalize: Normalization,
    /// Which colour a kernel's first channel is
    #[arg(long, value_enum, default_value_t)]
    pub channels: ChannelChoice,
}

/// `convscope respond`
#[derive(Debug, Args)]
pub struct RespondArgs {
    /// The layer
    #[command(flatten)]
    pub layer: LayerArgs,
    /// The kernel
    #[arg(long, value_name = "N")]
    pub kernel: usize,
    /// The photo
    #[arg(long, value_name = "PHOTO")]
    pub image: PathBuf,
    /// The picture, or the numbers as a float32 array
    #[arg(long, short, value_name = "OUT.png|OUT.npy")]
    pub output: PathBuf,
    /// Pixels from one answer to the next, across and down
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub stride: u32,
    /// Zeros on every side: a number, `same` (half the kernel) or `valid` (none)
    #[arg(long, value_name = "N|same|valid", default_value = "same")]
    pub padding: respond::PaddingChoice,
    /// Add the kernel's bias
    #[arg(long)]
    pub bias: bool,
    /// How the network was fed
    #[arg(long, value_enum, default_value_t)]
    pub preprocess: PreprocessChoice,
}

impl ValueEnum for Normalization {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.meaning()))
    }
}

/// `1 layer`, `2 layers`.
fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Whether an error only says that nobody reads the output any more.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(closed))
}

/// Runs a subcommand that needs no screen; the exit code is 0, or 2 where it could not run. `check` and `diff` have a 1 besides.
///
/// # Errors
/// One sentence for the user, with the path and the remedy.
pub fn run(command: Command) -> anyhow::Result<ExitCode> {
    let out = &mut io::BufWriter::new(io::stdout().lock());
    match command {
        Command::Layers(args) => layers::run(&args, out)?,
        Command::Stats(args) => stats::run(&args, out)?,
        // These say what they found by their exit code, even where nobody reads the rest.
        Command::Check(args) => return check::run(&args, out),
        Command::Diff(args) => return diff::run(&args, out),
        Command::Show(args) => show::run(&args, out)?,
        Command::Export(args) => export::run(&args)?,
        Command::Respond(args) => respond::run(&args)?,
        Command::Config(args) => config::run(&args, out)?,
        Command::Completions { shell } => {
            // The generator panics where it cannot write, and a closed pipe is no reason to.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "convscope", &mut script);
            out.write_all(&script)?;
        }
        Command::Man => man::write(Cli::command(), out)?,
        Command::Demo(_) | Command::Doctor(_) => unreachable!("main has the terminal"),
    }
    out.flush().context("standard output cannot be written")?;
    Ok(ExitCode::SUCCESS)
}
