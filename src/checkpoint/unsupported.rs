//! Files that are something else: what they are, and what to do instead.

use super::{error::Fault, source::Source};

const BY_H5PY: &str = "save its arrays with h5py: 4-D arrays of any HDF5 file are shown";
const NAME_ONE: &str = "name a .keras, .h5 or .weights.h5 file";

/// Beginnings of files, what they are, and the remedy.
const BEGINNINGS: &[(&[u8], &str, &str)] = &[
    (b"\x93NUMPY", "is a NumPy .npy file, which convscope does not read yet", BY_H5PY),
    (b"\x80\x02\x8a\x0a\x6c\xfc", "is a PyTorch file (legacy), which convscope does not read yet", BY_H5PY),
    (b"\x80", "is a Python pickle, which convscope does not read", BY_H5PY),
    (b"\x89PNG", "is a PNG image, not a checkpoint", NAME_ONE),
    (b"\xff\xd8\xff", "is a JPEG image, not a checkpoint", NAME_ONE),
    (b"GIF8", "is a GIF image, not a checkpoint", NAME_ONE),
    (b"\x1f\x8b", "is a gzip file", "unpack it first: gunzip FILE"),
    (b"\x28\xb5\x2f\xfd", "is a zstd file", "unpack it first: zstd -d FILE"),
    (b"\xfd7zXZ", "is an xz file", "unpack it first: unxz FILE"),
    (
        b"CDF",
        "is a classic NetCDF file, which is not HDF5",
        "convert it with: nccopy -k netCDF-4 old.nc new.nc",
    ),
    (
        b"version https://git-lfs",
        "is a Git LFS pointer, not the file itself",
        "fetch the file with: git lfs pull",
    ),
    (b"<!DOCTYPE", "is a web page, not a checkpoint", "download the file itself, not the page about it"),
    (b"<html", "is a web page, not a checkpoint", "download the file itself, not the page about it"),
];

/// Says what the file is, as far as its beginning and its name tell.
pub(super) fn fault(source: &Source) -> Fault {
    if source.size() == 0 {
        return Fault::incomplete("the file is empty");
    }
    let head = source.bytes(0, 64);
    if let Some(row) = BEGINNINGS.iter().find(|row| head.starts_with(row.0)) {
        return Fault::unknown(row.1, row.2);
    }
    if head.get(4..8) == Some(b"TFL3") {
        return Fault::unknown("is a TensorFlow Lite file, which convscope does not read yet", NAME_ONE);
    }
    let header = head.first_chunk::<8>().map(|size| u64::from_le_bytes(*size));
    if header.is_some_and(|size| size < source.size()) && head.get(8) == Some(&b'{') {
        return Fault::unknown("is a safetensors file, which convscope does not read yet", BY_H5PY);
    }
    if source.extension == "onnx" {
        return Fault::unknown("is an ONNX file, which convscope does not read yet", BY_H5PY);
    }
    if source.extension == "pb" {
        return Fault::unknown(
            "is a TensorFlow graph, which convscope does not read",
            "load it with Keras and save it as .keras",
        );
    }
    if head.first() == Some(&b'{') {
        return Fault::unknown("is a JSON file: it may describe a network, but holds no weights", NAME_ONE);
    }
    if matches!(source.extension.as_str(), "h5" | "hdf5" | "keras") && head.iter().all(|&byte| byte == 0) {
        return Fault::incomplete("it begins with zeros");
    }
    Fault::unknown("is neither HDF5 nor a .keras file", NAME_ONE)
}
