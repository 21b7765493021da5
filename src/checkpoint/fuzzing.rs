//! The readers one by one, in this process and without its limits: for the targets in `fuzz/` only.

use std::{
    fs::File,
    io::Write,
    time::{Duration, Instant},
};

use super::{
    FORMATS, Format, Index, Told, child::Answer, error::Fault, keras_description::Description, limits,
    protocol::write_values, source, source::Source,
};
use crate::weights::{Layer, Weights};

/// Index and first convolution of an HDF5 file; whether they could be read.
pub fn hdf5(bytes: &[u8]) -> bool {
    matches!(read_as(&FORMATS[0], bytes), Some(Ok(())))
}

/// Index and first convolution of a `.keras` file; whether they could be read.
pub fn keras_zip(bytes: &[u8]) -> bool {
    matches!(read_as(&FORMATS[1], bytes), Some(Ok(())))
}

/// The description of a network; how many layers it has.
pub fn keras_config(json: &str) -> Option<usize> {
    let mut description = Description::of_json(json.to_owned())?;
    Some(std::iter::from_fn(|| description.next_layer().ok().flatten()).count())
}

/// An index as it comes from the reading process; returns its layers, if it is whole.
pub fn answer(bytes: &[u8]) -> Option<Vec<Layer>> {
    let mut index = Index::new(|_: Told<'_>| {});
    let deadline = Instant::now() + Duration::from_secs(1);
    let frames = Answer::new(file(bytes)?, deadline);
    let whole = frames.take(limits::index(1 << 20), &mut |letter, content| index.note(letter, content));
    let network = index.network;
    // Whatever the process says, these must not overflow.
    for layer in &network.layers {
        let _ = (layer.parameters(), layer.main_tensor(), layer.kernel_shape());
    }
    whole.ok().flatten().map(|()| network.layers)
}

fn file(bytes: &[u8]) -> Option<File> {
    source::nameless_with(bytes).ok()
}

fn read_as(format: &Format, bytes: &[u8]) -> Option<Result<(), Fault>> {
    let source = Source::new(file(bytes)?, String::new()).ok()?;
    if !(format.recognise)(&source) {
        return None;
    }
    let mut frames = Vec::new();
    let mut listing = super::Listing::new(&mut frames, source.size(), true);
    if let Err(fault) = (format.index)(&source, &mut listing).and_then(|()| listing.finish()) {
        return Some(Err(fault));
    }
    frames.write_all(b"D\0\0\0\0\0\0\0\0").ok()?;
    let layers = answer(&frames)?;
    let layer = layers.iter().find(|layer| layer.kernels.is_some())?;
    let wanted: Vec<_> =
        layer.tensors.iter().map(|tensor| (tensor.path.clone(), tensor.shape.clone())).collect();
    let mut arrays = Vec::new();
    let read = (format.read)(&source, &wanted, &mut |values| {
        let shape = &layer.tensors[arrays.len()].shape;
        write_values(&mut std::io::sink(), values).ok();
        arrays.extend(ndarray::ArrayD::from_shape_vec(shape.as_slice(), values.to_vec()));
        Ok(())
    });
    if read.is_ok() {
        assert!(Weights::of_layer(layer, arrays).is_some(), "arrays that do not fit {layer:?}");
    }
    Some(read)
}
