use ndarray::{Array2, Array3, Array4, array};

use super::*;

fn kernel(values: [f32; 4]) -> Array3<f32> {
    Array3::from_shape_vec((1, 2, 2), values.to_vec()).unwrap()
}

fn greys(values: [f32; 4], normalization: Normalization) -> Vec<u8> {
    let kernel = kernel(values);
    let scale = kernel_scale(kernel.view(), normalization, Scale { low: -4.0, high: 4.0 });
    draw(kernel.view(), Look::Grey(0), scale).pixels.iter().map(|pixel| pixel[0]).collect()
}

#[test]
fn each_normalization_means_what_it_says() {
    assert_eq!(greys([0.0, 1.0, 2.0, 4.0], Normalization::Kernel), [0, 63, 127, 255]);
    assert_eq!(greys([0.0, -1.0, 1.0, 2.0], Normalization::Zero), [127, 63, 191, 255]);
    assert_eq!(greys([0.0, -1.0, 1.0, 2.0], Normalization::Layer), [127, 95, 159, 191]);
}

#[test]
fn what_is_not_finite_has_its_own_colour_and_changes_nothing_else() {
    let values = [f32::NAN, f32::INFINITY, 1.0, 3.0];
    for normalization in Normalization::ALL {
        let kernel = kernel(values);
        let layer = layer_scale(kernel.view().insert_axis(ndarray::Axis(0)));
        let scale = kernel_scale(kernel.view(), normalization, layer);
        let drawn = draw(kernel.view(), Look::Grey(0), scale);
        assert_eq!(drawn.pixels[..2], [NAN_COLOR, INFINITE_COLOR]);
        assert_eq!(drawn.pixels[3], [255; 3]);
    }
    assert_eq!(greys(values, Normalization::Kernel)[2..], [0, 255]);
}

#[test]
fn equal_weights_are_mid_grey_and_extreme_ones_keep_their_range() {
    assert_eq!(greys([7.5; 4], Normalization::Kernel), [127; 4]);
    assert_eq!(greys([0.0; 4], Normalization::Zero), [127; 4]);
    assert_eq!(greys([f32::MIN, 0.0, f32::MAX, f32::MAX], Normalization::Kernel), [0, 127, 255, 255]);
    assert_eq!(greys([f32::NAN; 4], Normalization::Kernel), [255; 4]);
    assert_eq!(layer_scale(Array4::from_elem((2, 1, 2, 2), f32::NAN).view()), Scale { low: 0.0, high: 0.0 });
}

#[test]
fn channels_are_colours_in_the_order_asked_for() {
    let kernel = Array3::from_shape_vec((3, 1, 1), vec![0.0, 0.5, 1.0]).unwrap();
    let scale = Scale { low: 0.0, high: 1.0 };
    assert_eq!(draw(kernel.view(), Look::Color(ChannelOrder::Rgb), scale).pixels, [[0, 127, 255]]);
    assert_eq!(draw(kernel.view(), Look::Color(ChannelOrder::Bgr), scale).pixels, [[255, 127, 0]]);
}

#[test]
fn a_slice_in_colours_has_zero_in_the_middle() {
    let palette = COLOR_MAPS[0].signed_palette();
    let kernel = kernel([0.0, -2.0, 2.0, f32::NEG_INFINITY]);
    let drawn = draw(kernel.view(), Look::Map(0, &palette), Scale { low: -1.0, high: 2.0 });
    let middle = palette[LEVELS / 2];
    assert_eq!(drawn.pixels, [middle, palette[0], palette[LEVELS - 1], INFINITE_COLOR]);
    assert_eq!(
        draw(kernel.view(), Look::Map(9, &palette), Scale { low: 0.0, high: 0.0 }).pixels,
        [[127; 3]; 4]
    );
}

#[test]
fn a_response_is_drawn_about_zero() {
    let response: Array2<f32> = array![[0.0, -4.0, 2.0, 4.0], [f32::NAN, f32::INFINITY, 0.0, 0.0]];
    let limit = response_limit(response.view(), 1.0);
    assert_eq!(limit, 4.0);
    let indices = |mode| Indexed::of_response(response.view(), mode, &COLOR_MAPS[0], limit).indices;
    assert_eq!(indices(ResponseMode::Signed), [126, 0, 189, 252, 255, 254, 126, 126]);
    assert_eq!(indices(ResponseMode::Absolute), [0, 252, 126, 252, 255, 254, 0, 0]);
    assert_eq!(indices(ResponseMode::Rectified), [0, 0, 126, 252, 255, 254, 0, 0]);
    let mut sparse = Array2::zeros((20, 20));
    sparse[(3, 3)] = -2.0;
    assert_eq!(response_limit(sparse.view(), 0.995), 2.0);
    assert_eq!(response_limit(Array2::from_elem((2, 2), f32::NAN).view(), 0.995), 0.0);
}

#[test]
fn pasted_and_enlarged_pictures_stay_inside() {
    let mut canvas = Raster::filled(3, 2, [0; 3]);
    canvas.paste(&Raster::filled(2, 2, [9; 3]), 2, 1);
    assert_eq!(canvas.get(2, 1), Some([9; 3]));
    assert_eq!(canvas.pixels.iter().filter(|pixel| **pixel == [9; 3]).count(), 1);
    let large = canvas.enlarged(3);
    assert_eq!(
        (large.width, large.height, large.get(8, 5), large.get(5, 5)),
        (9, 6, Some([9; 3]), Some([0; 3]))
    );
}

#[test]
fn names_go_round() {
    assert_eq!(Normalization::ALL.map(Normalization::name), ["kernel", "zero", "layer"]);
    assert_eq!(Normalization::Layer.next(), Normalization::Kernel);
    assert_eq!(ResponseMode::Rectified.next().name(), "signed");
    for normalization in Normalization::ALL {
        assert_eq!(NORMALIZATIONS[normalization as usize].0, normalization);
    }
}
