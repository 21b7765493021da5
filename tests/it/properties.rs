//! What must hold for every kernel and image: the fast correlation against a plain loop, and its algebra.

use convscope::response::{
    ConvParams, Level, Padding2d, ResponseError, respond, respond_all, respond_all_at, respond_cancellable,
};
use ndarray::{Array1, Array2, Array3, Array4, ArrayView3, ArrayView4, Axis, s};
use proptest::prelude::*;

/// The definition, term by term, in `f64`, and how far off a sum of `f32` may be.
fn plain(
    image: ArrayView3<'_, f32>,
    kernels: ArrayView4<'_, f32>,
    params: &ConvParams,
    groups: usize,
) -> Array3<(f64, f64)> {
    let (c_out, c_in, k_h, k_w) = kernels.dim();
    let (_, rows, columns) = image.dim();
    let out = (c_out, params.out_h(rows, k_h).unwrap_or(0), params.out_w(columns, k_w).unwrap_or(0));
    // Rows of a kernel that are a stride apart may be taken together: sums of two weights are multiplied with the one
    // row, and a weight with differences of two.
    let stride = params.stride[0];
    let partner = |i: usize| {
        let other = if (i / stride) % 2 == 1 { i - stride } else { i + stride };
        (params.dilation[0] == 1 && other < k_h).then_some(other)
    };
    // Higham, Accuracy and Stability of Numerical Algorithms, section 3.1: n products in any order, a bias, those sums
    // and differences, and one rounding for the comparison.
    let roundings = (c_in * k_h * k_w + 4) as f64 * f64::from(f32::EPSILON) / 2.0;
    Array3::from_shape_fn(out, |(n, y, x)| {
        let first = n / (c_out / groups) * c_in;
        let (mut sum, mut size) = (0.0, 0.0);
        for ((c, i, j), &weight) in kernels.index_axis(Axis(0), n).indexed_iter() {
            let column = (x * params.stride[1] + j * params.dilation[1]).checked_sub(params.padding.left);
            let pixel = |i: usize| {
                let row = (y * stride + i * params.dilation[0]).checked_sub(params.padding.top);
                let pixel = row.zip(column).and_then(|(row, column)| image.get((first + c, row, column)));
                f64::from(pixel.copied().unwrap_or(0.0))
            };
            let weight = f64::from(weight);
            sum += weight * pixel(i);
            size +=
                weight.abs() * (pixel(i).abs() + 2.0 * partner(i).map_or(0.0, |other| pixel(other).abs()));
        }
        (sum, roundings / (1.0 - roundings) * size)
    })
}

/// Whether `seen` is what the plain loop says: as near as rounding allows, and NaN or infinite where it is.
fn agrees(seen: &Array3<f32>, expected: &Array3<(f64, f64)>) -> bool {
    let same = |&seen: &f32, &(sum, bound): &(f64, f64)| {
        let seen = f64::from(seen);
        if sum.is_finite() {
            (seen - sum).abs() <= bound
        } else {
            seen == sum || seen.is_nan() && sum.is_nan()
        }
    };
    seen.dim() == expected.dim() && seen.iter().zip(expected).all(|(seen, expected)| same(seen, expected))
}

/// Numbers that look random and are the same every time.
fn noise(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

#[derive(Clone, Debug)]
struct Case {
    image: Array3<f32>,
    kernels: Array4<f32>,
    params: ConvParams,
    groups: usize,
}

impl Case {
    /// Noise of these sizes: the kernels' `[c_in, k_h, k_w]`, how many groups of how many, the image's rows and columns.
    fn of_noise(
        seed: u64,
        (c_in, k_h, k_w): (usize, usize, usize),
        (groups, per_group): (usize, usize),
        (rows, columns): (usize, usize),
        mut params: ConvParams,
        (kind, zeros): (usize, [usize; 4]),
    ) -> Self {
        let mut noise = noise(seed);
        params.padding = padding(kind, [rows, columns], [k_h, k_w], &params, zeros);
        Self {
            image: Array3::from_shape_simple_fn((c_in * groups, rows, columns), &mut noise),
            kernels: Array4::from_shape_simple_fn((groups * per_group, c_in, k_h, k_w), &mut noise),
            params,
            groups,
        }
    }
}

/// Paddings as people use them, and any others.
fn padding(
    kind: usize,
    image: [usize; 2],
    kernel: [usize; 2],
    params: &ConvParams,
    zeros: [usize; 4],
) -> Padding2d {
    let [rows, columns] = [0, 1].map(|axis| (kernel[axis] - 1) * params.dilation[axis]);
    match kind {
        0 => Padding2d::valid(),
        1 => Padding2d::same(image, kernel, params.stride, params.dilation),
        2 => Padding2d { top: rows, left: columns, bottom: rows, right: columns },
        _ => Padding2d { top: zeros[0], left: zeros[1], bottom: zeros[2], right: zeros[3] },
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let kernel = (1_usize..6, 1_usize..12, 1_usize..12);
    let outer = (1_usize..4, 1_usize..18);
    let image = (1_usize..48, 1_usize..48);
    let moves = ([1_usize..4, 1_usize..4], [1_usize..4, 1_usize..4]);
    let zeros = [0_usize..6, 0_usize..6, 0_usize..6, 0_usize..6];
    (kernel, outer, image, moves, (0_usize..4, zeros), any::<u64>()).prop_map(
        |(kernel, outer, image, (stride, dilation), around, seed)| {
            let params = ConvParams { stride, dilation, padding: Padding2d::valid() };
            Case::of_noise(seed, kernel, outer, image, params, around)
        },
    )
}

/// Many kernels at dilation 1: their rows are taken together in pairs.
fn paired() -> impl Strategy<Value = Case> {
    let kernel = (1_usize..4, 1_usize..9, 1_usize..6);
    let outer = (1_usize..3, 12_usize..35);
    let (image, stride) = ((1_usize..26, 1_usize..40), [1_usize..4, 1_usize..4]);
    let zeros = [0_usize..6, 0_usize..6, 0_usize..6, 0_usize..6];
    (kernel, outer, image, stride, (0_usize..4, zeros), any::<u64>()).prop_map(
        |(kernel, outer, image, stride, around, seed)| {
            let params = ConvParams { stride, dilation: [1, 1], padding: Padding2d::valid() };
            Case::of_noise(seed, kernel, outer, image, params, around)
        },
    )
}

/// Few kernels whose rows are as far apart as those of the response, and images of many rows: these are rolled.
fn rolled() -> impl Strategy<Value = Case> {
    let kernel = (1_usize..4, prop::sample::select(vec![3_usize, 5, 7]), 1_usize..10);
    let outer = (1_usize..4, 1_usize..4);
    let image = (14_usize..120, 14_usize..230);
    let moves = (1_usize..3, 1_usize..4, 1_usize..4);
    let zeros = [0_usize..60, 0_usize..60, 0_usize..60, 0_usize..60];
    (kernel, outer, image, moves, (0_usize..4, zeros), any::<u64>()).prop_map(
        |(kernel, outer, image, (rows, stride, dilation), around, seed)| {
            let params = ConvParams {
                stride: [rows, stride],
                dilation: [rows, dilation],
                padding: Padding2d::valid(),
            };
            Case::of_noise(seed, kernel, outer, image, params, around)
        },
    )
}

/// Numbers that are none, here and there.
fn with_odd_numbers(mut case: Case, places: &[(usize, bool)]) -> Case {
    let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    for (n, &(place, pixel)) in places.iter().enumerate() {
        let numbers = if pixel { case.image.as_slice_mut() } else { case.kernels.as_slice_mut() }.unwrap();
        let at = place % numbers.len();
        numbers[at] = odd[n % odd.len()];
    }
    case
}

fn near(a: &Array3<f32>, b: &Array3<f32>) -> bool {
    a.dim() == b.dim() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4)
}

fn all(case: &Case) -> Result<Array3<f32>, ResponseError> {
    respond_all(case.image.view(), case.kernels.view(), None, &case.params, case.groups, &|| false)
}

fn at(level: Level, Case { image, kernels, params, groups }: &Case) -> Result<Array3<f32>, ResponseError> {
    respond_all_at(level, image.view(), kernels.view(), None, params, *groups, &|| false)
}

proptest! {
    #[test]
    fn the_fast_way_is_the_plain_way(
        case in prop_oneof![cases(), paired(), rolled()],
        odd in prop::collection::vec((any::<usize>(), any::<bool>()), 0..4),
    ) {
        let case = with_odd_numbers(case, &odd);
        let reach = |axis: usize| (case.kernels.shape()[axis + 2] - 1) * case.params.dilation[axis] + 1;
        let Padding2d { top, left, bottom, right } = case.params.padding;
        let (_, rows, columns) = case.image.dim();
        if reach(0) > rows + top + bottom || reach(1) > columns + left + right {
            let refused = matches!(all(&case), Err(ResponseError::TooSmall { .. }));
            prop_assert!(refused);
        } else {
            let expected = plain(case.image.view(), case.kernels.view(), &case.params, case.groups);
            for level in Level::all() {
                prop_assert!(agrees(&at(level, &case).unwrap(), &expected), "{level:?}");
            }
        }
    }

    #[test]
    fn it_does_not_matter_how_an_image_is_laid_out(case in prop_oneof![cases(), paired(), rolled()]) {
        let Ok(expected) = all(&case) else { return Ok(()) };
        // Channels last, rows upwards.
        let mut other = Array3::zeros(case.image.raw_dim()).permuted_axes([1, 2, 0]).as_standard_layout().into_owned();
        other.invert_axis(Axis(0));
        let mut other = other.permuted_axes([2, 0, 1]);
        other.assign(&case.image);
        prop_assert_eq!(all(&Case { image: other, ..case }).unwrap(), expected);
    }

    #[test]
    fn it_is_linear(case in cases(), factor in -3.0_f32..3.0) {
        let Ok(once) = all(&case) else { return Ok(()) };
        let upside_down = case.image.slice(s![.., ..;-1, ..]).to_owned();
        let more = Case { image: &case.image * factor + &upside_down, ..case.clone() };
        let turned = Case { image: upside_down, ..case };
        prop_assert!(near(&all(&more).unwrap(), &(once * factor + all(&turned).unwrap())));
    }

    #[test]
    fn it_moves_with_the_image(case in cases(), down in 0_usize..5, right in 0_usize..5) {
        let params = ConvParams { padding: Padding2d::valid(), ..case.params };
        let [s_h, s_w] = params.stride;
        let Ok(here) = all(&Case { params, ..case.clone() }) else { return Ok(()) };
        let (channels, rows, columns) = case.image.dim();
        let mut moved = Array3::zeros((channels, rows + down * s_h, columns + right * s_w));
        moved.slice_mut(s![.., down * s_h.., right * s_w..]).assign(&case.image);
        let there = all(&Case { params, image: moved, ..case }).unwrap();
        prop_assert!(near(&there.slice(s![.., down.., right..]).to_owned(), &here));
    }

    #[test]
    fn same_gives_tensorflows_size(rows in 1_usize..60, kernel in 1_usize..9, stride in 1_usize..6, dilation in 1_usize..4) {
        let padding = Padding2d::same([rows, 1], [kernel, 1], [stride, 1], [dilation, 1]);
        let params = ConvParams { stride: [stride, 1], padding, dilation: [dilation, 1] };
        prop_assert_eq!(params.out_h(rows, kernel), Ok(rows.div_ceil(stride)));
        prop_assert!(padding.bottom - padding.top <= 1);
    }
}

/// Images that are answered in several bands and strips, in place or from copies, on several threads.
#[test]
fn large_images_are_answered_piece_by_piece() {
    let one = [1, 1];
    let rows = [
        // channels, image, kernels, stride, dilation, groups
        ([3, 400, 700], [1, 7, 7], one, one, 1),
        ([3, 90, 3000], [1, 7, 7], one, one, 1),
        ([3, 1000, 512], [1, 5, 5], one, one, 1),
        ([3, 1200, 620], [2, 3, 3], one, one, 1),
        ([6, 260, 500], [6, 7, 7], one, one, 6),
        ([1, 900, 70], [2, 11, 3], one, [3, 2], 1),
        ([3, 240, 241], [19, 7, 7], [2, 2], one, 1),
        ([4, 520, 180], [24, 3, 3], one, one, 2),
        ([64, 7, 7], [96, 3, 3], one, one, 1),
        ([3, 260, 301], [1, 7, 7], [2, 2], one, 1),
        ([2, 333, 222], [1, 8, 5], [3, 1], [2, 1], 1),
    ];
    for ([channels, height, width], [c_out, k_h, k_w], stride, dilation, groups) in rows {
        for padding in [Padding2d::valid(), Padding2d::same([height, width], [k_h, k_w], stride, dilation)] {
            let mut noise = noise(5);
            let case = Case {
                image: Array3::from_shape_simple_fn((channels, height, width), &mut noise),
                kernels: Array4::from_shape_simple_fn((c_out, channels / groups, k_h, k_w), &mut noise),
                params: ConvParams { stride, padding, dilation },
                groups,
            };
            let expected = plain(case.image.view(), case.kernels.view(), &case.params, groups);
            for level in Level::all() {
                assert!(
                    agrees(&at(level, &case).unwrap(), &expected),
                    "{level:?} {channels}×{height}×{width}"
                );
            }
        }
    }
}

#[test]
fn a_single_one_gives_back_the_image() {
    let image = Array3::from_shape_simple_fn((1, 37, 53), noise(7));
    for (k_h, k_w) in [(1, 1), (3, 3), (7, 5)] {
        let mut kernel = Array3::zeros((1, k_h, k_w));
        kernel[(0, k_h / 2, k_w / 2)] = 1.0;
        let seen = respond(image.view(), kernel.view(), &ConvParams::same_size([k_h, k_w]), 0.0).unwrap();
        assert_eq!(seen, image.index_axis(Axis(0), 0));
    }
}

#[test]
fn bias_is_added_once_and_per_kernel() {
    let image = Array3::zeros((1, 5, 5));
    let kernels = Array4::ones((2, 1, 3, 3));
    let bias = Array1::from_vec(vec![1.5, -2.0]);
    let params = ConvParams::same_size([3, 3]);
    let seen = respond_all(image.view(), kernels.view(), Some(bias.view()), &params, 1, &|| false).unwrap();
    assert!(seen.outer_iter().zip(&bias).all(|(plane, bias)| plane.iter().all(|value| value == bias)));
    let one = respond(image.view(), kernels.index_axis(Axis(0), 0), &params, 4.0).unwrap();
    assert_eq!(one, Array2::from_elem((5, 5), 4.0));
}

#[test]
fn what_does_not_fit_is_an_error() {
    let image = Array3::<f32>::zeros((3, 5, 5));
    let kernel = Array3::<f32>::zeros((3, 7, 7));
    let params = ConvParams::default();
    let error = |kernel: &Array3<f32>, params: &ConvParams| {
        respond(image.view(), kernel.view(), params, 0.0).unwrap_err()
    };
    assert_eq!(error(&kernel, &params), ResponseError::TooSmall { padded: 5, reach: 7 });
    assert_eq!(error(&Array3::zeros((1, 1, 1)), &params), ResponseError::Channels { image: 3, kernel: 1 });
    assert_eq!(error(&Array3::zeros((3, 0, 1)), &params), ResponseError::Zero);
    assert_eq!(error(&kernel, &ConvParams { stride: [0, 1], ..params }), ResponseError::Zero);
    for huge in [100_000, usize::MAX / 2, usize::MAX] {
        assert_eq!(
            error(&kernel, &ConvParams { padding: Padding2d::zeros(huge), ..params }),
            ResponseError::TooLarge
        );
    }
    let kernels = Array4::<f32>::zeros((4, 1, 1, 1));
    let groups =
        |groups| respond_all(image.view(), kernels.view(), None, &params, groups, &|| false).unwrap_err();
    assert_eq!(groups(3), ResponseError::Groups { kernels: 4, groups: 3 });
    assert_eq!(groups(0), ResponseError::Groups { kernels: 4, groups: 0 });
}

#[test]
fn empty_images_and_layers_do_no_harm() {
    let params = ConvParams::default();
    let none = respond(Array3::zeros((3, 0, 0)).view(), Array3::zeros((3, 1, 1)).view(), &params, 0.0);
    assert!(none.is_err());
    let layer = Array4::zeros((0, 3, 3, 3));
    let seen = respond_all(Array3::zeros((3, 9, 9)).view(), layer.view(), None, &params, 1, &|| false);
    assert_eq!(seen.unwrap().dim(), (0, 7, 7));
    // A kernel that sees nothing answers with its bias.
    let blind =
        respond(Array3::zeros((0, 4, 4)).view(), Array3::zeros((0, 3, 3)).view(), &params, 2.0).unwrap();
    assert_eq!(blind, Array2::from_elem((2, 2), 2.0));
}

#[test]
fn a_cancelled_response_is_given_up() {
    let image = Array3::<f32>::zeros((3, 64, 64));
    let kernel = Array3::<f32>::zeros((3, 3, 3));
    let seen = respond_cancellable(image.view(), kernel.view(), &ConvParams::default(), 0.0, &|| true);
    assert_eq!(seen, Err(ResponseError::Cancelled));
}
