//! The checkpoints that the repository ships: every kind of layer in every format, storage and element type.

use convscope::{
    checkpoint::{self, FORMATS, Told},
    weights::{Geometry, Padding},
};

use crate::checkpoints::{fixture, layer, lines, open, weights};

const ZOO: &[&str] = &[
    "z_conv conv2d 3x3x4x4 HWIO",
    "y_bn batch_normalization 4 -",
    "x_grouped conv2d 3x1x2x4 HWIO",
    "w_depthwise depthwise_conv2d 3x3x4x2 HWIM",
    "v_separable separable_conv2d 3x3x8x1 HWIM",
    "u_transposed conv2d_transpose 3x3x2x3 HWOI",
    "s_conv3d conv3d 2x3x3x1x2 DHWIO",
    "r_transposed3d conv3d_transpose 1x2x2x1x2 DHWOI",
    "p_conv1d conv1d 3x3x4 WIO",
    "o_depthwise1d depthwise_conv1d 3x4x1 WIM",
    "n_separable1d separable_conv1d 3x4x1 WIM",
    "m_transposed1d conv1d_transpose 3x2x3 WOI",
    "l_norm other 2 -",
    "k_both recurrent 2x8 -",
    "j_attention other 4x1x2 -",
    "f_embedding embedding 5x2 -",
    "h_gru recurrent 4x6 -",
    "a_head dense 8x2 -",
];

const NESTED: &[&str] = &[
    "each_frame/left_core/conv conv2d 3x3x2x2 HWIO",
    "each_frame/left_core/bn batch_normalization 2 -",
    "each_frame/mix conv2d 1x1x2x2 HWIO",
    "each_conv conv2d 3x3x2x2 HWIO",
    "first conv2d 5x5x2x2 HWIO",
    "right/right_core/conv conv2d 3x3x2x2 HWIO",
    "right/right_core/bn batch_normalization 2 -",
    "right/mix conv2d 1x1x2x2 HWIO",
    "last dense 104x1 -",
];

const FOREIGN: &[&str] = &[
    "net/a_second conv2d 8x4x5x5 OIHW?",
    "net/b_first conv2d 3x3x4x8 HWIO?",
    "net/c9 conv2d 2x2x3x2 HWIO?",
    "net/c10 conv2d 2x2x3x2 HWIO?",
];

const KERAS_1: &[&str] = &[
    "conv1 conv2d 3x3x2x4 HWIO",
    "bn_conv1 batch_normalization 4 -",
    "fire/squeeze conv2d 1x1x4x2 HWIO",
    "a_theano conv2d 6x2x3x3 OIHW?",
];

const KERAS_2: &[&str] = &[
    "stem conv2d 3x3x2x4 HWIO",
    "separable_conv2d_1 separable_conv2d 3x3x4x1 HWIM",
    "up conv2d_transpose 2x2x3x2 HWOI",
    "inner/block_conv conv2d 3x3x3x2 HWIO",
    "inner/block_bn batch_normalization 2 -",
    "a_head dense 8x2 -",
];

#[test]
fn every_file_lists_its_layers_in_network_order() {
    for (file, format, expected) in [
        ("zoo.h5", "Keras 3 whole model (HDF5)", ZOO),
        ("zoo.weights.h5", "Keras 3 weights (.weights.h5)", ZOO),
        ("zoo.keras", "Keras 3 model (.keras)", ZOO),
        ("nested.h5", "Keras 3 whole model (HDF5)", NESTED),
        ("nested.weights.h5", "Keras 3 weights (.weights.h5)", NESTED),
        ("nested.keras", "Keras 3 model (.keras)", NESTED),
        ("nested_deflated.keras", "Keras 3 model (.keras)", NESTED),
        ("keras1.h5", "Keras weights only (HDF5)", KERAS_1),
        ("keras2.h5", "Keras 2 weights only (HDF5)", KERAS_2),
        ("foreign.h5", "HDF5, not Keras's", FOREIGN),
        ("keras213.weights.h5", "Keras 3 weights (.weights.h5)", &["conv2d conv2d 5x5x3x3 HWIO"]),
    ] {
        let opened = open(&fixture(file)).unwrap();
        assert_eq!(opened.network().format, format, "{file}");
        assert_eq!(lines(&*opened), expected, "{file}");
    }
}

#[test]
fn the_same_network_has_the_same_weights_in_every_format() {
    for network in ["zoo", "nested", "float16", "bfloat16"] {
        let first = open(&fixture(&format!("{network}.h5"))).unwrap();
        for ending in ["weights.h5", "keras"] {
            let other = open(&fixture(&format!("{network}.{ending}"))).unwrap();
            for (a, b) in first.network().layers.iter().zip(&other.network().layers) {
                assert_eq!(a.name, b.name, "{network}.{ending}");
                // Keras lists parts of attention layers in another order, and their arrays under other names.
                if a.kernels.is_some() || a.tensors.len() <= 4 {
                    let (read_a, read_b) = (first.read(a).unwrap(), other.read(b).unwrap());
                    assert_eq!(read_a, read_b, "{network}.{ending}: {}", a.name);
                    assert!(read_a.iter().any(|array| array.iter().any(|&value| value != 0.0)), "{}", a.name);
                }
            }
        }
    }
}

#[test]
fn sixteen_bit_floats_keep_their_type() {
    for dtype in ["float16", "bfloat16"] {
        for ending in ["h5", "weights.h5", "keras"] {
            let opened = open(&fixture(&format!("{dtype}.{ending}"))).unwrap();
            assert_eq!(layer(&*opened, "conv_16").tensors[0].dtype, dtype, "{ending}");
            assert_eq!(weights(&*opened, "conv_16").kernels.shape(), [3, 3, 5, 5]);
        }
    }
}

#[test]
fn the_configuration_tells_how_a_layer_is_applied() {
    for file in ["zoo.h5", "zoo.keras"] {
        let opened = open(&fixture(file)).unwrap();
        let geometry = |name| layer(&*opened, name).geometry;
        let strided = Geometry { stride: [2, 1], padding: Padding::Same, dilation: [1, 1], groups: 1 };
        assert_eq!(geometry("z_conv"), Some(strided));
        let grouped = Geometry { stride: [1, 1], padding: Padding::Same, dilation: [2, 2], groups: 2 };
        assert_eq!(geometry("x_grouped"), Some(grouped));
        let along = Geometry { stride: [1, 2], padding: Padding::Valid, dilation: [1, 1], groups: 1 };
        assert_eq!(geometry("n_separable1d"), Some(along));
        assert_eq!(geometry("p_conv1d"), None, "causal padding has no word");
    }
    assert_eq!(layer(&*open(&fixture("zoo.weights.h5")).unwrap(), "z_conv").geometry, None);
}

#[test]
fn arrays_have_the_names_of_today_whatever_the_version() {
    for (file, name, expected) in [
        ("keras1.h5", "conv1", &["kernel", "bias"] as &[_]),
        ("keras1.h5", "bn_conv1", &["gamma", "beta", "moving_mean", "moving_variance"]),
        ("keras2.h5", "separable_conv2d_1", &["depthwise_kernel", "pointwise_kernel"]),
        ("zoo.h5", "y_bn", &["beta", "moving_mean", "moving_variance"]),
        ("zoo.keras", "y_bn", &["beta", "moving_mean", "moving_variance"]),
        ("zoo.weights.h5", "l_norm", &["gamma", "beta"]),
        ("zoo.weights.h5", "h_gru", &["kernel", "recurrent_kernel", "bias"]),
    ] {
        let opened = open(&fixture(file)).unwrap();
        let names: Vec<&str> =
            layer(&*opened, name).tensors.iter().map(|tensor| tensor.name.as_str()).collect();
        assert_eq!(names, expected, "{file}: {name}");
    }
}

#[test]
fn name_kernels_and_layers_are_told_in_this_order() {
    checkpoint::set_reader_program(env!("CARGO_BIN_EXE_convscope"));
    let files = ["zoo.h5", "zoo.weights.h5", "zoo.keras", "keras1.h5", "keras2.h5", "nested_deflated.keras"];
    for file in files {
        let (mut name, mut came, mut layers) = (None, None, Vec::new());
        let opened = checkpoint::open_telling(&fixture(file), &mut |told| match told {
            Told::Name(told) => {
                assert!(layers.is_empty(), "{file}");
                name = told.map(str::to_owned);
            }
            Told::Kernels(layer, arrays) => {
                assert!(!layers.contains(layer), "{file}");
                assert_eq!(came.replace((layer.clone(), arrays)), None, "{file}");
            }
            Told::Layers(told) => layers.extend_from_slice(told),
        });
        let opened = opened.unwrap();
        let network = opened.network();
        assert_eq!(network, open(&fixture(file)).unwrap().network());
        assert_eq!((&name, &layers), (&network.name, &network.layers), "{file}");
        let first = layers.iter().find(|layer| layer.kernels.is_some()).unwrap();
        assert_eq!(came, Some((first.clone(), opened.read(first).unwrap())), "{file}");
    }
}

#[test]
fn a_name_with_control_characters_arrives_as_it_is() {
    let opened = open(&fixture("hostile_name.h5")).unwrap();
    assert_eq!(opened.network().layers[0].name, "red \u{1b}[31mname\u{7}\u{202e}\nand more");
    assert_eq!(opened.read(&opened.network().layers[0]).unwrap().len(), 2);
}

#[test]
fn bytes_that_are_built_in_open_like_a_file() {
    checkpoint::set_reader_program(env!("CARGO_BIN_EXE_convscope"));
    for file in ["float16.h5", "nested_deflated.keras"] {
        let bytes: &'static [u8] = std::fs::read(fixture(file)).unwrap().leak();
        let built_in = checkpoint::open_bytes("the demo", bytes).unwrap();
        let opened = open(&fixture(file)).unwrap();
        assert_eq!(built_in.network(), opened.network());
        let first = &opened.network().layers[0];
        assert_eq!(built_in.read(first).unwrap(), opened.read(first).unwrap());
        assert!(built_in.stamp().is_none() && opened.stamp().is_some());
    }
    let error = checkpoint::open_bytes("the demo", b"nothing").err().unwrap();
    assert!(error.to_string().starts_with("the demo: is neither HDF5"), "{error}");
}

#[test]
fn the_table_of_formats_names_every_ending() {
    let endings: Vec<_> = FORMATS.iter().flat_map(|format| format.extensions).collect();
    assert_eq!(endings, [&"h5", &"hdf5", &"keras"]);
}
