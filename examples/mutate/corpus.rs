//! The real files that are damaged, by format.

use std::{
    env, fs,
    io::{Cursor, Read},
    path::Path,
};

use zip::ZipArchive;

use crate::mutations::Original;

/// A format, how the names of its files end, its files in the repository's fixtures, and those of the folder that
/// `CONVSCOPE_SHARED` names, where there is one.
type Row = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const FORMATS: &[Row] = &[
    (
        "Keras 1 .h5",
        "h5",
        &["keras1.h5"],
        &["checkpoints/resnet50_keras1_head.h5", "checkpoints/squeezenet_keras1_weights.h5"],
    ),
    (
        "Keras 2 .h5",
        "h5",
        &["keras2.h5"],
        &["checkpoints/fer2013_mini_keras2_model.hdf5", "checkpoints/lanes_keras2_model.h5"],
    ),
    (
        "Keras 3 .h5",
        "h5",
        &["zoo.h5", "nested.h5", "float16.h5", "bfloat16.h5", "hostile_name.h5"],
        &["checkpoints/resnet50_conv1_keras3.h5", "formats/tiny_cnn_adam.h5"],
    ),
    (
        ".weights.h5",
        "h5",
        &["zoo.weights.h5", "nested.weights.h5", "keras213.weights.h5", "float16.weights.h5"],
        &["checkpoints/resnet50_conv1_keras3.weights.h5"],
    ),
    (
        ".keras, stored",
        "keras",
        &["zoo.keras", "nested.keras", "float16.keras", "bfloat16.keras"],
        &["checkpoints/resnet50_conv1_keras3.keras", "checkpoints/cifar10_keras3.keras"],
    ),
    (".keras, deflated", "keras", &["nested_deflated.keras"], &[]),
    (
        "other HDF5",
        "h5",
        &["foreign.h5"],
        &[
            "formats/big_endian_f8.h5",
            "formats/chunked_edge.h5",
            "formats/gzip_shuffle_fletcher.h5",
            "formats/latest_superblock3.h5",
            "formats/userblock512.h5",
        ],
    ),
];

/// Every format with its files.
pub(crate) fn formats() -> Vec<(&'static str, Vec<Original>)> {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/checkpoints/checkpoints.zip");
    let bytes = fs::read(&packed).unwrap_or_else(|error| panic!("{}: {error}", packed.display()));
    let mut fixtures = ZipArchive::new(Cursor::new(bytes)).expect("the repository's fixtures");
    let shared = env::var_os("CONVSCOPE_SHARED").map(|folder| Path::new(&folder).join("data"));
    let mut formats = Vec::new();
    for (name, extension, own, others) in FORMATS {
        let mut originals = Vec::new();
        for file in *own {
            let mut bytes = Vec::new();
            let mut member = fixtures.by_name(file).expect("one of the fixtures");
            member.read_to_end(&mut bytes).expect("one of the fixtures");
            originals.push(Original::new((*file).to_owned(), extension, bytes));
        }
        for file in others.iter().filter_map(|file| Some(shared.as_ref()?.join(file))) {
            let bytes = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            originals.push(Original::new(name, extension, bytes));
        }
        formats.push((*name, originals));
    }
    formats
}
