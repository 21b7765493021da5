//! What a response costs, and what share of the processor's multiply-adds it uses. `benches/convolve_peer.py` runs this
//! and other programs side by side.
//!
//! Operations are counted as a plain loop does them, so many kernels at once, which take fewer, may be beyond the peak.
//!
//! The peak is that of independent multiply-adds in registers, measured anew between the cases: a machine is not as fast
//! at every moment. Arguments: part of a case's name; `--times CASE THREADS COUNT` prints the milliseconds of one case.
#![expect(clippy::print_stdout, reason = "a table is what it is for")]

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context, Result};
use convscope::response::{ConvParams, Level, Padding2d, respond_all_at};
use fearless_simd::{Simd, dispatch, prelude::*};
use ndarray::{Array3, Array4};
use rayon::prelude::*;

/// Kernels of 7×7×3, with three zeros around the image, so that the response is as large as image / stride.
struct Case {
    name: &'static str,
    kernels: usize,
    rows: usize,
    columns: usize,
    stride: usize,
}

const CASES: [Case; 6] = [
    Case { name: "1 kernel, 512×512", kernels: 1, rows: 512, columns: 512, stride: 1 },
    Case { name: "1 kernel, 1920×1080", kernels: 1, rows: 1080, columns: 1920, stride: 1 },
    Case { name: "64 kernels, 224×224, stride 2", kernels: 64, rows: 224, columns: 224, stride: 2 },
    Case { name: "64 kernels, 512×512, stride 2", kernels: 64, rows: 512, columns: 512, stride: 2 },
    Case { name: "64 kernels, 512×512", kernels: 64, rows: 512, columns: 512, stride: 1 },
    Case { name: "64 kernels, 128×128", kernels: 64, rows: 128, columns: 128, stride: 1 },
];

impl Case {
    /// A multiplication and an addition for each weight and answer.
    fn flops(&self) -> f64 {
        let answers = self.rows.div_ceil(self.stride) * self.columns.div_ceil(self.stride);
        (2 * 7 * 7 * 3 * self.kernels * answers) as f64
    }

    /// Milliseconds of `count` runs.
    fn times(&self, level: Level, count: usize) -> Vec<f64> {
        let image = Array3::from_shape_fn((3, self.rows, self.columns), |(c, y, x)| {
            ((c * 7 + y * 31 + x * 17) % 255) as f32 - 120.0
        });
        let kernels = Array4::from_shape_fn((self.kernels, 3, 7, 7), |(n, c, i, j)| {
            ((n * 5 + c * 3 + i * 11 + j * 13) % 19) as f32 / 19.0 - 0.5
        });
        let stride = [self.stride; 2];
        let params = ConvParams { stride, padding: Padding2d::zeros(3), dilation: [1, 1] };
        let respond = || {
            let begin = Instant::now();
            let seen =
                respond_all_at(level, black_box(image.view()), kernels.view(), None, &params, 1, &|| false);
            let time = begin.elapsed().as_secs_f64() * 1e3;
            assert!(seen.is_ok(), "{}", self.name);
            time
        };
        // The first ones find their memory.
        (0..count + 2).map(|_| respond()).skip(2).collect()
    }
}

/// Multiply-adds that wait for nothing but their own sum, `rounds` of twelve.
#[expect(clippy::inline_always, reason = "instructions that are asked for at run time end at a call")]
#[inline(always)]
fn multiply<S: Simd>(simd: S, rounds: usize) -> usize {
    let [factor, sum] = black_box([0.5, 1.0]).map(|number| S::f32s::splat(simd, number));
    let mut sums = [sum; 12];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, factor);
        }
    }
    for sum in sums {
        black_box(sum.as_slice()[0]);
    }
    2 * rounds * sums.len() * S::f32s::LEN
}

/// Floating-point operations a millisecond of the current threads, all at work.
fn peak(level: Level) -> f64 {
    let once = || {
        let begin = Instant::now();
        let threads = 0..rayon::current_num_threads();
        let done = threads
            .into_par_iter()
            .map(|_| dispatch!(level.simd(), simd => multiply(simd, 400_000)))
            .sum::<usize>();
        done as f64 / (begin.elapsed().as_secs_f64() * 1e3)
    };
    (0..8).map(|_| once()).fold(0.0, f64::max)
}

fn on<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> Result<T> {
    Ok(rayon::ThreadPoolBuilder::new().num_threads(threads).build()?.install(run))
}

fn row(case: &Case, level: Level, threads: usize) -> Result<()> {
    let flops = case.flops();
    // A tenth of a second a row, and the peak on both sides of it.
    let count = (2e10 * threads as f64 / flops).clamp(9.0, 400.0) as usize;
    let (mut times, peak) = on(threads, || {
        let before = peak(level);
        (case.times(level, count), before.max(peak(level)))
    })?;
    times.sort_by(f64::total_cmp);
    let [best, median] = [times[0], times[times.len() / 2]];
    println!(
        "| {} | {level:?} | {threads} | {best:.3} | {median:.3} | {:.0} | {:.0} | {:.0} % | {:.0} % |",
        case.name,
        flops / best / 1e6,
        peak / 1e6,
        flops / best / peak * 100.0,
        flops / median / peak * 100.0
    );
    Ok(())
}

fn main() -> Result<()> {
    // `cargo bench` adds an argument of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["--times", name, threads, count] = words[..] {
        let case = CASES.iter().find(|case| case.name == name).context("no case of this name")?;
        let count = count.parse()?;
        for time in on(threads.parse()?, || case.times(Level::best(), count))? {
            println!("{time}");
        }
        return Ok(());
    }
    println!("| case | level | threads | best ms | median ms | GFLOP/s | peak | of peak, best | median |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for level in Level::all() {
        for case in CASES.iter().filter(|case| words.iter().all(|word| case.name.contains(word))) {
            for threads in [1, 2] {
                row(case, level, threads)?;
            }
        }
    }
    Ok(())
}
