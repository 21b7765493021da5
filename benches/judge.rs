//! What judging a layer costs. `benches/judge_peer.py` runs this and the same work in numpy side by side.

use std::hint::black_box;

use convscope::weights::Weights;
use convscope::weights::diagnosis::{Thresholds, judge};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::Array4;
use rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;

fn gaussian(shape: (usize, usize, usize, usize)) -> Weights {
    let mut random = Pcg64::seed_from_u64(1);
    Weights {
        kernels: Array4::from_shape_simple_fn(shape, || StandardNormal.sample(&mut random)),
        bias: None,
    }
}

fn judging(criterion: &mut Criterion) {
    let thresholds = Thresholds::default();
    let mut group = criterion.benchmark_group("judge");
    group.sample_size(20);
    for shape in [(64, 3, 7, 7), (512, 512, 3, 3)] {
        let weights = gaussian(shape);
        let (c_out, c_in, k_h, k_w) = shape;
        group.bench_function(format!("{c_out}x{c_in}x{k_h}x{k_w}"), |bencher| {
            bencher.iter(|| judge(black_box(&weights), None, &thresholds, &|_, _| {}, &|| false));
        });
    }
    group.finish();
}

criterion_group!(benches, judging);
criterion_main!(benches);
