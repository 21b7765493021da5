//! What a response costs: the two sizes that a key press and a whole layer ask for.

use std::hint::black_box;

use convscope::response::{ConvParams, Padding2d, respond, respond_all};
use convscope::weights::Weights;
use convscope::weights::statistics::layer_statistics;
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::{Array3, Array4};

fn image(size: usize) -> Array3<f32> {
    Array3::from_shape_fn((3, size, size), |(c, y, x)| ((c * 7 + y * 31 + x * 17) % 255) as f32 - 120.0)
}

fn kernels(count: usize) -> Array4<f32> {
    Array4::from_shape_fn((count, 3, 7, 7), |(n, c, i, j)| {
        ((n * 5 + c * 3 + i * 11 + j * 13) % 19) as f32 / 19.0 - 0.5
    })
}

fn convolve(criterion: &mut Criterion) {
    let (large, one) = (image(512), kernels(1));
    let params = ConvParams::same_size([7, 7]);
    criterion.bench_function("1 kernel 7×7×3, 512×512, stride 1", |bencher| {
        bencher.iter(|| respond(black_box(large.view()), one.index_axis(ndarray::Axis(0), 0), &params, 0.0));
    });
    let (small, all) = (image(224), kernels(64));
    let params = ConvParams { stride: [2, 2], padding: Padding2d::zeros(3), dilation: [1, 1] };
    criterion.bench_function("64 kernels 7×7×3, 224×224, stride 2", |bencher| {
        bencher.iter(|| respond_all(black_box(small.view()), all.view(), None, &params, 1, &|| false));
    });
    let weights = Weights { kernels: all, bias: None };
    criterion.bench_function("statistics of 64 kernels 7×7×3", |bencher| {
        bencher.iter(|| layer_statistics(black_box(&weights)));
    });
}

criterion_group!(benches, convolve);
criterion_main!(benches);
