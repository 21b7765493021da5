//! Real files of the shared folder, where there is one: what their README says of them.

use std::{fs, path::Path};

use ndarray::{ArrayD, IxDyn};

use crate::checkpoints::{layer, lines, open, shared};

fn listed(file: &str) -> Option<Vec<String>> {
    let opened = open(&shared(file)?).unwrap_or_else(|error| panic!("{error}"));
    for layer in &opened.network().layers {
        opened.read(layer).unwrap_or_else(|error| panic!("{error}"));
    }
    Some(lines(&*opened))
}

#[test]
fn checkpoints_list_what_is_in_them() {
    for (file, count, first, last) in [
        ("cifar10_keras3.keras", 5, "conv2d conv2d 3x3x3x32 HWIO", "dense_1 dense 64x10 -"),
        (
            "fer2013_mini_keras2_model.hdf5",
            29,
            "conv2d_1 conv2d 3x3x1x8 HWIO",
            "conv2d_7 conv2d 3x3x128x7 HWIO",
        ),
        (
            "lanes_keras2_model.h5",
            15,
            "batch_normalization_1 batch_normalization 3 -",
            "Final conv2d_transpose 3x3x1x16 HWOI",
        ),
        ("resnet50_conv1_keras3.h5", 2, "conv1 conv2d 7x7x3x64 HWIO", "bn_conv1 batch_normalization 64 -"),
        (
            "resnet50_conv1_keras3.weights.h5",
            2,
            "conv1 conv2d 7x7x3x64 HWIO",
            "bn_conv1 batch_normalization 64 -",
        ),
        ("resnet50_conv1_keras3.keras", 2, "conv1 conv2d 7x7x3x64 HWIO", "bn_conv1 batch_normalization 64 -"),
        (
            "resnet50_keras1_head.h5",
            22,
            "conv1 conv2d 7x7x3x64 HWIO",
            "bn2c_branch2c batch_normalization 256 -",
        ),
        (
            "squeezenet_keras1_weights.h5",
            25,
            "conv1 conv2d 3x3x3x64 HWIO",
            "fire9/expand3x3 conv2d 3x3x64x256 HWIO",
        ),
    ] {
        let Some(lines) = listed(&format!("checkpoints/{file}")) else { return };
        assert_eq!(
            (lines.len(), lines[0].as_str(), lines[lines.len() - 1].as_str()),
            (count, first, last),
            "{file}"
        );
    }
}

#[test]
fn formats_list_what_is_in_them() {
    let conv1: &[&str] = &["conv1 conv2d 7x7x3x64 HWIO"];
    let zoo: &[&str] = &[
        "conv11 conv2d 11x11x3x4 HWIO",
        "dw5 depthwise_conv2d 5x5x3x2 HWIM",
        "sep3 separable_conv2d 3x3x3x1 HWIM",
        "deconv4 conv2d_transpose 4x4x4x3 HWOI",
        "group3 conv2d 3x3x1x6 HWIO",
        "rect3x9 conv2d 3x9x3x3 HWIO",
        "pw1 conv2d 1x1x27x1 HWIO",
        "conv1d conv1d 5x16x3 WIO",
        "lstm recurrent 4x16 -",
        "head dense 31x3 -",
    ];
    for (file, expected) in [
        ("big_endian_f8.h5", conv1),
        ("chunked_edge.h5", conv1),
        ("gzip_shuffle_fletcher.h5", conv1),
        ("latest_superblock3.h5", conv1),
        ("userblock512.h5", conv1),
        ("chan_gray.h5", &["conv_gray conv2d 5x5x1x4 HWIO"]),
        ("chan_rgba.h5", &["conv_rgba conv2d 5x5x4x4 HWIO"]),
        ("dtype_bfloat16.keras", &["conv_bfloat16 conv2d 7x7x3x4 HWIO"]),
        ("dtype_float16.h5", &["conv_float16 conv2d 7x7x3x4 HWIO"]),
        ("edge_nan_const_inf.h5", &["conv_edge conv2d 7x7x3x4 HWIO"]),
        ("no_conv.h5", &["dense_1 dense 4x2 -"]),
        (
            "tiny_cnn_adam.h5",
            &[
                "conv_rgb7 conv2d 7x7x3x8 HWIO",
                "conv3 conv2d 3x3x8x16 HWIO",
                "batch_normalization batch_normalization 16 -",
                "dense dense 16x10 -",
            ],
        ),
        ("zoo_layers.h5", zoo),
    ] {
        let Some(lines) = listed(&format!("formats/{file}")) else { return };
        assert_eq!(lines, expected, "{file}");
    }
}

/// A little-endian float32 array of version 1, as `numpy` writes it.
fn npy(path: &Path) -> ArrayD<f32> {
    let bytes = fs::read(path).unwrap();
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let values =
        bytes[10 + header..].as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect();
    ArrayD::from_shape_vec(IxDyn(&[7, 7, 3, 64]), values).unwrap()
}

#[test]
fn conv1_is_the_same_to_the_bit_in_every_format_and_storage() {
    let Some(reference) = shared("formats/resnet50_conv1.npy") else { return };
    let reference = npy(&reference);
    for file in [
        "checkpoints/resnet50_keras1_head.h5",
        "checkpoints/resnet50_conv1_keras3.h5",
        "checkpoints/resnet50_conv1_keras3.weights.h5",
        "checkpoints/resnet50_conv1_keras3.keras",
        "formats/big_endian_f8.h5",
        "formats/chunked_edge.h5",
        "formats/gzip_shuffle_fletcher.h5",
        "formats/latest_superblock3.h5",
        "formats/userblock512.h5",
    ] {
        let opened = open(&shared(file).unwrap()).unwrap();
        let read = opened.read(layer(&*opened, "conv1")).unwrap();
        assert!(read[0].iter().zip(&reference).all(|(a, b)| a.to_bits() == b.to_bits()), "{file}");
        assert_eq!(read[0].shape(), reference.shape(), "{file}");
    }
}

#[test]
fn damaged_files_get_one_sentence() {
    for (file, expected) in [
        ("empty.h5", "is only partly written (the file is empty)"),
        ("not_hdf5.h5", "is a Git LFS pointer, not the file itself"),
        (
            "resnet50_notop_first_1MiB.h5",
            "is only partly written (the file ends at 1048576 of 94653016 bytes)",
        ),
        ("truncated_half.h5", "is only partly written (the file ends at 23380 of 46760 bytes)"),
    ] {
        let Some(path) = shared(&format!("damaged/{file}")) else { return };
        let error = open(&path).err().unwrap().to_string();
        assert!(error.starts_with(&format!("{}: {expected}; ", path.display())), "{error}");
    }
}
