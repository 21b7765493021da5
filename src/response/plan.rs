//! Over which pieces of the image the sums are taken, on which thread, and from where.
//!
//! A piece is a band of rows, one job, and within it a strip of columns whose pixels stay in the first cache. Pixels
//! are read where they are, if they are all inside an image that is laid out plainly; else the piece is copied first,
//! with zeros around and its columns sorted by stride.

use std::mem::MaybeUninit;
use std::ops::Range;

use ndarray::{ArrayView1, ArrayView3, ArrayView4, s};
use rayon::prelude::*;

use super::layout::{Layout, inside};
use super::level::Level;
use super::memory::Room;
use super::rolled::Rolled;
use super::steps::{Order, Steps};
use super::sweep::{Offsets, Output, Program, Scene};
use super::{ConvParams, ResponseError};

/// Multiplications below which a second thread costs more than it saves: about 0.6 ms. Where nothing else is going on, it
/// has to be woken, and that takes a good part of this.
const WORTH_A_THREAD: usize = 35_000_000;
/// Jobs a thread, so that one that is held up is helped by the others.
const JOBS: usize = 6;
/// Vectors that a job has at least, a row of a plane: some tiles.
const LEAST: usize = 24;
/// Numbers of the image that stay in the first cache (32 of its 48 kB) under a row of tiles.
const NEAR: usize = 8 << 10;
/// Numbers of the image that are copied at once, for the second cache (512 kB).
const COPIED: usize = 128 << 10;

/// What all jobs share.
pub(super) struct Plan<'a> {
    level: Level,
    image: ArrayView3<'a, f32>,
    params: ConvParams,
    /// Rows and columns of a kernel with its dilation.
    reach: [usize; 2],
    /// Rows and columns of the response.
    out: [usize; 2],
    /// For several kernels at a time, and for one.
    steps: [Steps; 2],
    /// Channels of a copy: those of the image, and perhaps as many differences.
    channels: usize,
    tasks: Vec<Task>,
    bands: Vec<Range<usize>>,
    strips: Vec<Range<usize>>,
    /// The image as it is, where it can be read in place, and the outputs along each axis that see nothing else.
    in_place: Option<(View<'a>, [Range<usize>; 2])>,
    copy: View<'a>,
    /// Instead of the views and strips, where all kernels are rolled one by one.
    rolled: Option<Rolled>,
    threads: usize,
}

/// Pixels, how they are laid out, and where the steps of each kind find theirs.
struct View<'a> {
    layout: Layout,
    offsets: [Box<Offsets>; 2],
    pixels: &'a [f32],
}

/// A kernel, or several, and where their answers go.
struct Task {
    /// Which of the plan's steps.
    kind: usize,
    weights: Vec<f32>,
    bias: Vec<f32>,
    /// The first channel of the image that they see.
    channel: usize,
    /// The planes of the response that they write.
    planes: Range<usize>,
}

/// A band of the response for some of the tasks.
struct Job<'b> {
    tasks: Range<usize>,
    rows: Range<usize>,
    planes: Vec<&'b mut [MaybeUninit<f32>]>,
}

impl<'a> Plan<'a> {
    /// For kernels `[c_out, c_in, k_h, k_w]` and a response of `out` rows and columns.
    pub(super) fn of(
        level: Level,
        image: ArrayView3<'a, f32>,
        kernels: ArrayView4<'_, f32>,
        bias: Option<ArrayView1<'_, f32>>,
        params: &ConvParams,
        groups: usize,
        out: [usize; 2],
    ) -> Result<Self, ResponseError> {
        let (c_out, c_in, k_h, k_w) = kernels.dim();
        let (channels, rows, columns) = image.dim();
        let channels = channels.max(1);
        let reach = [(k_h - 1) * params.dilation[0] + 1, (k_w - 1) * params.dilation[1] + 1];
        let [stride_h, stride_w] = params.stride;
        let few = kernels.len().saturating_mul(out[0] * out[1]) < WORTH_A_THREAD;
        let threads = if few { 1 } else { rayon::current_num_threads() };
        let lanes = level.lanes();
        let together = together(c_out / groups, level.kernels());
        let rolled =
            if together == 0 { Rolled::of(level, &image, [c_in, k_h, k_w], params, out) } else { None };
        // Without channels there are no steps: what is not wanted is not worked out.
        let shape = |wanted: bool| [if wanted { c_in } else { 0 }, k_h, k_w];
        // Copies cost nothing to speak of where several kernels share them.
        let shared = c_out / groups >= 2 * level.kernels();
        let paired = shared && can_be_paired(&image, &kernels, params);
        let copied_channels = if paired { 2 * channels } else { channels };
        let several = shape(together > 0);
        let steps = [
            if paired {
                Steps::of_pairs(level.kernels(), several, params, channels)
            } else {
                Steps::of_kernels(level.kernels(), several, params)
            },
            Steps::of_rows(
                |k_h| level.rows(k_h),
                shape(together < c_out / groups && rolled.is_none()),
                params,
            ),
        ];
        let weights = |kind: usize, kernels: &[f32]| match &rolled {
            Some(rolled) => rolled.weights(kernels),
            None => steps[kind].weights(kernels),
        };
        let tasks = tasks(&steps, weights, kernels, bias, groups, together);
        let unit = tasks.iter().map(|task| steps[task.kind].rows()).max().unwrap_or(1);

        let in_place = Layout::of(&image).filter(|_| stride_w == 1 && !shared).map(|(layout, pixels)| {
            let padding = [params.padding.top, params.padding.left];
            let inside = [0, 1].map(|axis| {
                inside(out[axis], [rows, columns][axis], reach[axis], params.stride[axis], padding[axis])
            });
            (layout, pixels, inside)
        });
        let inside = in_place.as_ref().map_or([0..0, 0..0], |(_, _, inside)| inside.clone());

        // Kernels that share pixels read them from the second cache as fast as they can use them.
        let under_tiles = ((unit - 1) * stride_h + reach[0]) * channels * stride_w;
        let near = if shared { out[1] } else { (NEAR / under_tiles).max(4 * lanes) };
        let strips = cuts(out[1], &inside[1], lanes, near.next_multiple_of(lanes));
        let strip = strips.iter().map(Range::len).max().unwrap_or(1);

        let copied = COPIED / (copied_channels * (strip * stride_w + reach[1]));
        let copied = copied.saturating_sub(reach[0]) / stride_h / unit * unit;
        let least = LEAST.div_ceil(out[1].div_ceil(lanes)).next_multiple_of(unit);
        let fair = out[0].div_ceil(threads * JOBS).next_multiple_of(unit);
        let bands = if let Some(rolled) = &rolled {
            let [fewest, most] = rolled.rows(COPIED);
            cuts(out[0], &(0..0), 1, out[0].div_ceil(threads * JOBS).min(most).max(least).max(fewest))
        } else {
            cuts(out[0], &inside[0], unit, fair.min(copied).max(least))
        };

        let longest = bands.iter().map(Range::len).max().unwrap_or(1);
        let band = steps.iter().map(|steps| longest.next_multiple_of(steps.rows())).max().unwrap_or(longest);
        let across = strip.next_multiple_of(lanes) + (reach[1] - 1) / stride_w;
        let copy = Layout::copy((band - 1) * stride_h + reach[0], across, stride_w.min(reach[1]));
        let view = |layout: Layout, pixels| {
            let [several, one] = &steps;
            Ok(View { layout, offsets: [several.offsets(&layout)?, one.offsets(&layout)?], pixels })
        };
        let copy = view(copy, &[])?;
        let in_place =
            in_place.map(|(layout, pixels, inside)| Ok((view(layout, pixels)?, inside))).transpose()?;
        Ok(Self {
            level,
            image,
            params: *params,
            reach,
            out,
            in_place,
            copy,
            steps,
            channels: copied_channels,
            tasks,
            bands,
            strips,
            rolled,
            threads,
        })
    }

    /// Writes all of `out`, `[c_out, row, column]`.
    pub(super) fn run(
        &self,
        out: &mut [MaybeUninit<f32>],
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), ResponseError> {
        let jobs = self.jobs(out);
        let work = |copy: &mut Room, job| self.work(job, copy, cancelled);
        if self.threads == 1 {
            let mut copy = Room::default();
            jobs.into_iter().try_for_each(|job| work(&mut copy, job))
        } else {
            jobs.into_par_iter().try_for_each_init(Room::default, work)
        }
    }

    /// The bands, and where they are too few the tasks apart from each other.
    fn jobs<'b>(&self, out: &'b mut [MaybeUninit<f32>]) -> Vec<Job<'b>> {
        let [height, width] = self.out;
        let parts = if self.threads == 1 { 1 } else { (self.threads * JOBS).div_ceil(self.bands.len()) };
        let part = self.tasks.len().div_ceil(parts).max(1);
        let mut jobs = Vec::new();
        let mut planes = out.chunks_exact_mut(height * width);
        for first in (0..self.tasks.len()).step_by(part) {
            let tasks = first..self.tasks.len().min(first + part);
            let count = self.tasks[tasks.clone()].iter().map(|task| task.planes.len()).sum();
            let begin = jobs.len();
            jobs.extend(self.bands.iter().map(|rows| Job {
                tasks: tasks.clone(),
                rows: rows.clone(),
                planes: Vec::with_capacity(count),
            }));
            for mut plane in planes.by_ref().take(count) {
                for job in &mut jobs[begin..] {
                    let (rows, rest) = plane.split_at_mut(job.rows.len() * width);
                    job.planes.push(rows);
                    plane = rest;
                }
            }
        }
        jobs
    }

    fn work(
        &self,
        mut job: Job<'_>,
        copy: &mut Room,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), ResponseError> {
        if let Some(rolled) = &self.rolled {
            return self.roll(rolled, job, copy, cancelled);
        }
        for columns in &self.strips {
            let patch = self.patch(&job, columns);
            let (view, pixels) = if let Some(found) = self.in_place(&job.rows, columns, patch) {
                found
            } else {
                // Once as long as it will ever be; lanes beyond the last row read on.
                let layout = &self.copy.layout;
                let copy = copy.of(self.channels * layout.channel + layout.row);
                let phases = [
                    patch[0],
                    columns.len().next_multiple_of(self.level.lanes())
                        + (self.reach[1] - 1) / self.params.stride[1],
                ];
                layout.fill(
                    self.level,
                    &self.image,
                    &self.params,
                    [job.rows.start, columns.start],
                    phases,
                    copy,
                );
                let channels = self.image.dim().0;
                if self.steps[0].order == Order::Pairs {
                    layout.differences(self.level, [channels, patch[0]], self.params.stride[0], copy);
                }
                (&self.copy, &copy[..])
            };
            let mut planes = &mut job.planes[..];
            for Task { kind, weights, bias, channel, planes: these } in &self.tasks[job.tasks.clone()] {
                if cancelled() {
                    return Err(ResponseError::Cancelled);
                }
                let (these, rest) = planes.split_at_mut(these.len());
                planes = rest;
                let program =
                    Program { steps: &self.steps[*kind], offsets: &view.offsets[*kind], weights, bias };
                let pixels = &pixels[channel * view.layout.channel..];
                let scene = Scene { pixels, row: self.params.stride[0] * view.layout.row };
                let mut output = Output { planes: these, width: self.out[1], columns: columns.clone() };
                self.level.sweep(&program, &scene, &mut output);
            }
        }
        Ok(())
    }

    /// The same, kernel by kernel.
    fn roll(
        &self,
        rolled: &Rolled,
        job: Job<'_>,
        copy: &mut Room,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), ResponseError> {
        let mut copied = None;
        for (Task { weights, bias, channel, .. }, plane) in self.tasks[job.tasks].iter().zip(job.planes) {
            if cancelled() {
                return Err(ResponseError::Cancelled);
            }
            let image = self.image.slice(s![*channel..*channel + rolled.channels(), .., ..]);
            if copied.replace(*channel) != Some(*channel) {
                rolled.copy(&image, &job.rows, copy);
            }
            rolled.answer(&image, copy.numbers(), (weights, bias[0]), &job.rows, plane);
        }
        Ok(())
    }

    /// Rows and columns of the image under a piece, with those under what its last tiles compute beyond it.
    fn patch(&self, job: &Job<'_>, columns: &Range<usize>) -> [usize; 2] {
        let tasks = &self.tasks[job.tasks.clone()];
        let covered =
            tasks.iter().map(|task| job.rows.len().next_multiple_of(self.steps[task.kind].rows())).max();
        let outputs = [covered.unwrap_or(1), columns.len().next_multiple_of(self.level.lanes())];
        [0, 1].map(|axis| (outputs[axis] - 1) * self.params.stride[axis] + self.reach[axis])
    }

    /// The image from a piece's first pixel on, if none of it is outside, and memory goes on to the end of its patch.
    fn in_place(
        &self,
        rows: &Range<usize>,
        columns: &Range<usize>,
        [height, width]: [usize; 2],
    ) -> Option<(&View<'a>, &'a [f32])> {
        let (view, [inside_rows, inside_columns]) = self.in_place.as_ref()?;
        if !within(rows, inside_rows) || !within(columns, inside_columns) {
            return None;
        }
        let row = rows.start * self.params.stride[0] - self.params.padding.top;
        let begin = view.layout.offset([0, row, columns.start - self.params.padding.left]);
        let last = view.layout.offset([self.image.dim().0.max(1) - 1, height - 1, width - 1]);
        let pixels = view.pixels.get(begin..)?;
        (last < pixels.len()).then_some((view, pixels))
    }
}

/// Whether kernels can be answered as [`Steps::of_pairs`] does: rows of the kernel have to meet the same rows of the
/// image at neighbouring rows of the response, and sums and differences have to stay numbers.
fn can_be_paired(image: &ArrayView3<'_, f32>, kernels: &ArrayView4<'_, f32>, params: &ConvParams) -> bool {
    /// The product of a thousand such is a number.
    const LARGE: f32 = 1e15;
    let (_, _, k_h, _) = kernels.dim();
    params.dilation[0] == 1
        && k_h > params.stride[0]
        && kernels.iter().all(|weight| weight.abs() < LARGE)
        && match image.as_slice() {
            Some(pixels) => pixels.iter().fold(true, |small, pixel| small & (pixel.abs() < LARGE)),
            None => image.iter().all(|pixel| pixel.abs() < LARGE),
        }
}

/// How many kernels of a group are answered `at_once` with others: a tile that is mostly empty is slower than kernel by
/// kernel.
fn together(per_group: usize, at_once: usize) -> usize {
    let rest = per_group % at_once;
    if rest * 2 > at_once { per_group } else { per_group - rest }
}

/// What kernels `[c_out, c_in, k_h, k_w]` take, of which each group answers the first `together` together.
fn tasks(
    steps: &[Steps; 2],
    weights: impl Fn(usize, &[f32]) -> Vec<f32>,
    kernels: ArrayView4<'_, f32>,
    bias: Option<ArrayView1<'_, f32>>,
    groups: usize,
    together: usize,
) -> Vec<Task> {
    let (c_out, c_in, k_h, k_w) = kernels.dim();
    let per_group = c_out / groups;
    let at_once = steps[0].answers;
    let standard = kernels.as_standard_layout();
    let numbers = standard.as_slice().unwrap_or_default();
    let one = c_in * k_h * k_w;
    let mut tasks = Vec::new();
    for group in 0..groups {
        let task = |(kind, first, end): (usize, usize, usize)| {
            let planes = group * per_group + first..group * per_group + end;
            let weights = weights(kind, &numbers[planes.start * one..planes.end * one]);
            let bias = (0..steps[kind].answers)
                .map(|answer| bias.and_then(|bias| bias.get(planes.start + answer * (1 - kind)).copied()))
                .map(Option::unwrap_or_default)
                .collect();
            Task { kind, weights, bias, channel: group * c_in, planes }
        };
        let several = (0..together).step_by(at_once).map(|n| (0, n, per_group.min(n + at_once)));
        tasks.extend(several.chain((together..per_group).map(|n| (1, n, n + 1))).map(task));
    }
    tasks
}

fn within(part: &Range<usize>, whole: &Range<usize>) -> bool {
    whole.start <= part.start && part.end <= whole.end
}

/// Cuts `0..length` into pieces of `piece`, a multiple of `unit`, so that most are either inside or outside of `inside`.
fn cuts(length: usize, inside: &Range<usize>, unit: usize, piece: usize) -> Vec<Range<usize>> {
    let begin = inside.start.next_multiple_of(unit).min(length);
    let end = begin + inside.end.saturating_sub(begin) / unit * unit;
    let pieces = |part: Range<usize>| {
        // As equal as whole units can be, and none larger than asked for.
        let units = part.len().div_ceil(unit);
        let count = units.div_ceil((piece / unit).max(1));
        let cut = move |n: usize| part.end.min(part.start + units * n / count * unit);
        (0..count).map(move |n| cut(n)..cut(n + 1))
    };
    if end > begin {
        pieces(0..begin).chain(pieces(begin..end)).chain(pieces(end..length)).collect()
    } else {
        pieces(0..length).collect()
    }
}
