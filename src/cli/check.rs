//! `convscope check`: the judgement of whole checkpoints for scripts, cron and training callbacks.
//!
//! ```text
//! wrong.h5: conv1: not finite: 9408 NaN and 0 infinite of 9408 values          a line a finding or note
//! wrong.h5: found something in 2 of 2 layers; 0 kernels judged …               a line a file
//! ```
//!
//! The exit code is 0 where every file is sound, 1 where something is found in one, 2 where one could not be looked at
//! (2 before 1 before 0), also where nobody reads the output any more.
//!
//! `--json` prints one object. Names are stable; what is not known is left out.
//!
//! ```text
//! {exit, thresholds: {max_noise, max_dead, max_weight, max_checkerboards, allow_nonfinite},
//!  files: [{file, outcome: "sound" | "found" | "error", error?, format?, network?,
//!           judged, too_small,                                 kernels, of all layers
//!           layers: [{index, name, kind, values, nan, inf, largest,
//!                     findings: [{finding, value, limit, message}], note?,
//!                     kernels?: {count, counts: {verdict: n, …}, judged, noise_share?, word, summary, checkerboards,
//!                                coverage: [8 bins of 22.5°], near_duplicates?, pairs?: [[a, b, cosine], …],
//!                                orthogonality?, entropy?, entropy_null?,
//!                                each: [{kernel, verdict, reason, mark, l2, dc_share?, chroma?, frequency?, coherence?,
//!                                        orientation?, gain?, moran_i?, moran_p?, peak?, peak_p?, p?}]}}]}]}
//! ```
//!
//! `finding` is one of `not_finite` (values that are NaN or infinite), `weight` (the largest |weight|), `noise` (share of the
//! judged kernels), `dead` (share of all kernels), `checkerboards` (share of the judged kernels with Moran's I below −0.5).
//! The first, third and fourth are METRICS.md's; the other two are convscope's own, for runs that diverge: such a run makes
//! huge checkerboards, which are no noise.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use glob::Pattern;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::findings::LayerReport;
use self::report::{FileReport, Whole};
use super::CheckArgs;
use super::layer::{open, shown};
use super::table::escaped;
use crate::checkpoint::{Checkpoint, Stamp};
use crate::printable::printable;
use crate::weights::diagnosis::Verdict;

mod findings;
mod report;

/// Work that takes longer than this shows how far it is.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is too much.
#[derive(Clone, Copy, Debug, Args)]
pub struct Limits {
    /// Most kernels of a layer that may be noise, of those that can be judged: 0.5 or 50%
    #[arg(long, value_name = "SHARE", default_value = "0.5", value_parser = share)]
    pub max_noise: f64,
    /// Most kernels of a layer that may be dead: 0.25 or 25% (convscope's own line)
    #[arg(long, value_name = "SHARE", default_value = "0.25", value_parser = share)]
    pub max_dead: f64,
    /// The largest |weight| of a layer that is no normalisation; sound ones stay far below the default, a run that
    /// diverges soon leaves it behind (convscope's own line)
    #[arg(long, value_name = "WEIGHT", default_value = "1000", value_parser = size)]
    pub max_weight: f64,
    /// Most kernels of a layer that may be checkerboards (Moran's I below −0.5), of those that can be judged; they are no
    /// noise, but a run that diverges makes them (convscope's own line)
    #[arg(long, value_name = "SHARE", default_value = "0.5", value_parser = share)]
    pub max_checkerboards: f64,
    /// Let values be NaN or infinite
    #[arg(long)]
    pub allow_nonfinite: bool,
}

/// A share as `0.5` or `50%`.
fn share(text: &str) -> Result<f64, String> {
    let (number, unit) = text.strip_suffix('%').map_or((text, 1.0), |number| (number.trim_end(), 100.0));
    let share = number.parse::<f64>().map_or(f64::NAN, |number| number / unit);
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("a share is a number from 0 to 1, or from 0% to 100%".to_owned())
    }
}

fn size(text: &str) -> Result<f64, String> {
    let size = text.parse::<f64>().unwrap_or(f64::NAN);
    if size >= 0.0 { Ok(size) } else { Err("a weight's size is a number from 0 up".to_owned()) }
}

/// Checks every file; errors about files are said on standard error and are no errors here.
pub(super) fn run(args: &CheckArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut out = Out { out, closed: false };
    let mut files = Vec::new();
    let mut exit = 0;
    for file in &args.files {
        let mut report = FileReport::new(file);
        match check(args, file, &mut report, &mut out) {
            Ok(()) => {
                exit = exit.max(u8::from(report.is_found()));
                if !args.json {
                    out.line(&format!("{}: {}", shown(file), report.summary()))?;
                }
            }
            Err(error) => {
                exit = 2;
                let sentence = format!("{error:#}");
                // Where standard error is closed too, the exit code has to say it.
                let _ = writeln!(io::stderr(), "convscope: {}", printable(&sentence));
                report.fail(sentence);
            }
        }
        out.flush()?;
        if args.json {
            files.push(report);
        }
    }
    if args.json {
        let whole = serde_json::to_string_pretty(&Whole { exit, thresholds: args.limits.into(), files })?;
        out.line(&escaped(&whole))?;
        out.flush()?;
    }
    Ok(ExitCode::from(exit))
}

/// Judges the layers of one file, and says of each what there is to say.
fn check(args: &CheckArgs, file: &Path, report: &mut FileReport, out: &mut Out<'_>) -> anyhow::Result<()> {
    let checkpoint = open(file)?;
    let network = checkpoint.network();
    report.describe(network);
    let wanted = |name: &str| args.layers.as_ref().is_none_or(|pattern: &Pattern| pattern.matches(name));
    let layers: Vec<usize> =
        (0..network.layers.len()).filter(|&index| wanted(&network.layers[index].name)).collect();
    match (layers.is_empty(), &args.layers) {
        (true, Some(pattern)) => {
            bail!("{}: no layer matches {}; `convscope layers` lists them", shown(file), pattern.as_str())
        }
        (true, None) => bail!("{}: there are no layers with weights", shown(file)),
        _ => {}
    }
    let progress = Progress::new(layers.len());
    for index in layers {
        let layer = &network.layers[index];
        progress.at(&layer.name);
        let seen = LayerReport::of(checkpoint.as_ref(), index, &args.limits, &|| progress.show())
            .with_context(|| format!("{}: {} cannot be judged", shown(file), printable(&layer.name)));
        let mut seen = seen?;
        if !args.json {
            let said = || {
                let lines = seen.findings.iter().map(|finding| finding.message.as_str());
                let note = seen.note.as_deref().map(|note| ("note: ", note));
                for (mark, line) in lines.map(|line| ("", line)).chain(note) {
                    out.line(&format!("{}: {}: {mark}{line}", shown(file), printable(&layer.name)))?;
                }
                Ok::<(), anyhow::Error>(())
            };
            progress.bar.suspend(said)?;
            seen.forget_kernels();
        }
        report.add(seen);
        progress.bar.inc(1);
    }
    progress.bar.finish_and_clear();
    unchanged(file, checkpoint.as_ref())
}

/// Each layer is read by itself: a file that is overwritten meanwhile would give the layers of two epochs.
fn unchanged(file: &Path, checkpoint: &dyn Checkpoint) -> anyhow::Result<()> {
    let now = Stamp::of(file).ok();
    if checkpoint.stamp().is_some() && now != checkpoint.stamp() {
        bail!("{}: was written while it was checked; check it again once it is whole", shown(file));
    }
    Ok(())
}

/// Output that somebody may stop to read: the judgement goes on, for the exit code.
struct Out<'a> {
    out: &'a mut dyn Write,
    closed: bool,
}

impl Out<'_> {
    fn line(&mut self, line: &str) -> anyhow::Result<()> {
        let written = if self.closed { Ok(()) } else { writeln!(self.out, "{line}") };
        self.took(written)
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        let written = if self.closed { Ok(()) } else { self.out.flush() };
        self.took(written)
    }

    fn took(&mut self, written: io::Result<()>) -> anyhow::Result<()> {
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.closed = true,
            other => other.context("standard output cannot be written")?,
        }
        Ok(())
    }
}

/// A bar on standard error, where that is a terminal, once the work has taken a while.
struct Progress {
    bar: ProgressBar,
    begun: Instant,
}

impl Progress {
    fn new(layers: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(layers as u64), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} layers, {msg}");
        Self {
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            begun: Instant::now(),
        }
    }

    fn at(&self, layer: &str) {
        self.bar.set_message(printable(layer).into_owned());
        self.show();
    }

    fn show(&self) {
        if self.bar.is_hidden() && self.begun.elapsed() > PATIENCE && io::stderr().is_terminal() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.tick();
    }
}

impl FileReport {
    /// One line about the whole file, with what was not judged.
    fn summary(&self) -> String {
        let (layers, found) =
            (self.layers.len(), self.layers.iter().filter(|layer| !layer.findings.is_empty()).count());
        let plural =
            |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        let head = match found {
            0 => format!("sound: {}", plural(layers, "layer")),
            _ => format!("found something in {found} of {}", plural(layers, "layer")),
        };
        let judged = plural(self.judged, "kernel");
        let too_small = match self.too_small {
            0 => String::new(),
            count => format!(
                "; {} of {} too small to judge one by one (fewer than 25 positions: looked at for what is not finite, \
                 dead or large only)",
                plural(count, "kernel"),
                plural(
                    self.layers.iter().filter(|layer| layer.count(Verdict::TooSmall) > 0).count(),
                    "layer"
                ),
            ),
        };
        format!("{head}; {judged} judged{too_small}")
    }
}
