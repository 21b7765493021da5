//! Real files and reference values, read in place from the folder that `CONVSCOPE_SHARED` names.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a helper of tests: clippy only knows test functions"
)]

use std::path::{Path, PathBuf};

use convscope::weights::{Layer, Weights};
use ndarray::{ArrayD, IxDyn};

use crate::checkpoints::open;

/// The file at `path` in the shared folder, or `None`, which says that the test is skipped, where there is no folder.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("CONVSCOPE_SHARED") else {
        eprintln!("SKIPPED: CONVSCOPE_SHARED does not name the folder with {path}");
        return None;
    };
    let file = Path::new(&folder).join(path);
    assert!(file.exists(), "{}: CONVSCOPE_SHARED is set, but this is not there", file.display());
    Some(file)
}

/// A layer of a checkpoint, with its kernels.
pub(crate) fn kernels(file: &Path, name: &str) -> (Layer, Weights) {
    let checkpoint = open(file).unwrap();
    let layer = checkpoint.network().layers.iter().find(|layer| layer.name == name).unwrap().clone();
    let weights = Weights::of_layer(&layer, checkpoint.read(&layer).unwrap()).unwrap();
    (layer, weights)
}

/// A little-endian float32 array in NumPy's format, version 1.
pub(crate) fn npy(bytes: &[u8]) -> ArrayD<f32> {
    let begin = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..begin]).unwrap();
    assert!(bytes.starts_with(b"\x93NUMPY\x01\x00") && begin % 64 == 0, "{header}");
    assert!(header.contains("'<f4'") && header.contains("'fortran_order': False"), "{header}");
    let sizes = header.split_once('(').unwrap().1.split_once(')').unwrap().0;
    let shape: Vec<usize> = sizes.split(',').filter_map(|size| size.trim().parse().ok()).collect();
    let values = bytes[begin..].chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()));
    ArrayD::from_shape_vec(IxDyn(&shape), values.collect()).unwrap()
}

/// The largest difference between two arrays of one shape.
pub(crate) fn difference(a: &ArrayD<f32>, b: &ArrayD<f32>) -> f32 {
    assert_eq!(a.shape(), b.shape());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
