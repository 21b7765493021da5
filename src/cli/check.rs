//! `convscope check`: the judgement of whole checkpoints for scripts, cron and training callbacks.
//!
//! ```text
//! wrong.h5: conv1: not finite: 9408 NaN and 0 infinite of 9408 values          a line a finding or note
//! wrong.h5: found something in 2 of 2 layers; 0 kernels judged …               a line a file
//! ```
//!
//! The exit code is 0 where every file is sound, 1 where something is found in one, 2 where one could not be looked at
//! (2 before 1 before 0), also where nobody reads the output any more. With `--follow` it runs beside a training: see `follow.rs`.
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

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use self::findings::LayerReport;
use self::report::{FileReport, Whole};
use super::layer::{matching, open, shown, unchanged};
use super::lines::{Out, complain};
use super::progress::Progress;
use super::table::escaped;
use super::{CheckArgs, plural};
use crate::checkpoint::Stamp;
use crate::printable::printable;
use crate::weights::diagnosis::Verdict;

mod exec;
mod findings;
mod follow;
mod report;

pub use follow::FollowArgs;

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
    if args.following.follow {
        return follow::run(args, out);
    }
    let mut out = Out::new(out);
    let mut files = Vec::new();
    let mut exit = 0;
    for file in &args.files {
        let mut report = FileReport::new(file);
        let eyes =
            Eyes { say: (!args.json).then_some(&mut out), keep: args.json, settled: None, stop: &|| false };
        match check(args, file, &mut report, eyes) {
            Ok(()) => {
                exit = exit.max(u8::from(report.is_found()));
                if !args.json {
                    out.line(&format!("{}: {}", shown(file), report.summary()))?;
                }
            }
            Err(error) => {
                exit = 2;
                let sentence = format!("{error:#}");
                complain(&sentence);
                report.fail(sentence);
            }
        }
        out.flush()?;
        if args.json {
            files.push(report);
        }
    }
    if args.json {
        let whole = Whole { exit, thresholds: args.limits.into(), files: &files };
        out.line(&escaped(&serde_json::to_string_pretty(&whole)?))?;
        out.flush()?;
    }
    Ok(ExitCode::from(exit))
}

/// How a file is looked at.
struct Eyes<'a, 'b> {
    /// Gets what there is to say of each layer as it is judged.
    say: Option<&'a mut Out<'b>>,
    /// Whether the kernels of each layer are to be kept for the report.
    keep: bool,
    /// How the file looked when it had settled; what looks otherwise is not judged.
    settled: Option<Stamp>,
    /// Whether to break it off.
    stop: &'a (dyn Fn() -> bool + Sync),
}

/// Judges the layers of one file.
fn check(
    args: &CheckArgs,
    file: &Path,
    report: &mut FileReport,
    mut eyes: Eyes<'_, '_>,
) -> anyhow::Result<()> {
    let checkpoint = open(file)?;
    if eyes.settled.is_some() && checkpoint.stamp() != eyes.settled {
        bail!("{}: was written anew; wait until it is whole", shown(file));
    }
    let network = checkpoint.network();
    report.describe(network);
    let layers = matching(&network.layers, args.layers.as_ref(), file)?;
    let progress = Progress::new(layers.len());
    for index in layers {
        let layer = &network.layers[index];
        progress.at(&layer.name);
        let going = || progress.show();
        let seen = LayerReport::of(checkpoint.as_ref(), index, &args.limits, &going, eyes.stop)
            .with_context(|| format!("{}: {} cannot be judged", shown(file), printable(&layer.name)));
        let mut seen = seen?;
        if (eyes.stop)() {
            bail!("{}: the judgement was broken off", shown(file));
        }
        if let Some(out) = eyes.say.as_deref_mut() {
            progress.aside(|| said(&seen, file, out))?;
        }
        if !eyes.keep {
            seen.forget_kernels();
        }
        report.add(seen);
        progress.step();
    }
    drop(progress);
    unchanged(file, checkpoint.as_ref(), "checked")
}

/// A line a finding, and one for a note.
fn said(seen: &LayerReport, file: &Path, out: &mut Out<'_>) -> anyhow::Result<()> {
    let lines = seen.findings.iter().map(|finding| finding.message.as_str());
    let note = seen.note.as_deref().map(|note| ("note: ", note));
    for (mark, line) in lines.map(|line| ("", line)).chain(note) {
        out.line(&format!("{}: {}: {mark}{line}", shown(file), printable(&seen.name)))?;
    }
    Ok(())
}

impl FileReport {
    /// Whether anything was found, and in how many layers.
    fn head(&self) -> String {
        let (layers, found) =
            (self.layers.len(), self.layers.iter().filter(|layer| !layer.findings.is_empty()).count());
        match found {
            0 => format!("sound: {}", plural(layers, "layer")),
            _ => format!("found something in {found} of {}", plural(layers, "layer")),
        }
    }

    /// One line about the whole file, with what was not judged.
    fn summary(&self) -> String {
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
        format!("{}; {judged} judged{too_small}", self.head())
    }
}
