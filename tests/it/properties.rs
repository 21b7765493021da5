//! What must hold for every kernel and image: the fast correlation against a plain loop, and its algebra.

use convscope::response::{ConvParams, Padding2d, ResponseError, respond, respond_all, respond_cancellable};
use ndarray::{Array1, Array2, Array3, Array4, ArrayView3, ArrayView4, Axis, s};
use proptest::prelude::*;

/// The definition, term by term, in `f64`.
fn plain(
    image: ArrayView3<'_, f32>,
    kernels: ArrayView4<'_, f32>,
    params: &ConvParams,
    groups: usize,
) -> Array3<f32> {
    let (c_out, c_in, k_h, k_w) = kernels.dim();
    let (_, rows, columns) = image.dim();
    let out = (c_out, params.out_h(rows, k_h).unwrap_or(0), params.out_w(columns, k_w).unwrap_or(0));
    Array3::from_shape_fn(out, |(n, y, x)| {
        let first = n / (c_out / groups) * c_in;
        let mut sum = 0.0;
        for ((c, i, j), &weight) in kernels.index_axis(Axis(0), n).indexed_iter() {
            let row = (y * params.stride[0] + i * params.dilation[0]).checked_sub(params.padding.top);
            let column = (x * params.stride[1] + j * params.dilation[1]).checked_sub(params.padding.left);
            let pixel = row.zip(column).and_then(|(row, column)| image.get((first + c, row, column)));
            sum += f64::from(weight) * f64::from(pixel.copied().unwrap_or(0.0));
        }
        sum as f32
    })
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

fn cases() -> impl Strategy<Value = Case> {
    let kernel = (1_usize..4, 1_usize..8, 1_usize..8);
    let outer = (1_usize..4, 1_usize..4);
    let image = (1_usize..40, 1_usize..40);
    let moves = ([1_usize..5, 1_usize..5], [1_usize..4, 1_usize..4]);
    let padding = [0_usize..6, 0_usize..6, 0_usize..6, 0_usize..6];
    (kernel, outer, image, moves, padding, any::<u64>()).prop_map(
        |(
            (c_in, k_h, k_w),
            (groups, per_group),
            (rows, columns),
            (stride, dilation),
            [top, left, bottom, right],
            seed,
        )| {
            let mut noise = noise(seed);
            Case {
                image: Array3::from_shape_simple_fn((c_in * groups, rows, columns), &mut noise),
                kernels: Array4::from_shape_simple_fn((groups * per_group, c_in, k_h, k_w), &mut noise),
                params: ConvParams { stride, dilation, padding: Padding2d { top, left, bottom, right } },
                groups,
            }
        },
    )
}

fn near(a: &Array3<f32>, b: &Array3<f32>) -> bool {
    a.dim() == b.dim() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4)
}

fn all(case: &Case) -> Result<Array3<f32>, ResponseError> {
    respond_all(case.image.view(), case.kernels.view(), None, &case.params, case.groups, &|| false)
}

proptest! {
    #[test]
    fn the_fast_way_is_the_plain_way(case in cases()) {
        let reach = |axis: usize| (case.kernels.shape()[axis + 2] - 1) * case.params.dilation[axis] + 1;
        let Padding2d { top, left, bottom, right } = case.params.padding;
        let (_, rows, columns) = case.image.dim();
        if reach(0) > rows + top + bottom || reach(1) > columns + left + right {
            let refused = matches!(all(&case), Err(ResponseError::TooSmall { .. }));
            prop_assert!(refused);
        } else {
            let expected = plain(case.image.view(), case.kernels.view(), &case.params, case.groups);
            prop_assert!(near(&all(&case).unwrap(), &expected));
        }
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
