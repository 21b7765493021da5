//! What the reading process tells, taken in: an index frame by frame, and arrays. Nothing of it is believed: the process has
//! read an untrusted file.

use ndarray::{ArrayD, IxDyn};

use super::{
    Network, Told,
    error::Fault,
    protocol::{Head, frame},
};
use crate::weights::Layer;

/// An index as far as it has come.
pub(super) struct Index<T> {
    pub(super) network: Network,
    /// Arrays of a layer that is still to be told.
    pub(super) values: Vec<Vec<u8>>,
    tell: T,
}

impl<T: FnMut(Told<'_>)> Index<T> {
    pub(super) fn new(tell: T) -> Self {
        Self { network: Network::default(), values: Vec::new(), tell }
    }

    /// Takes in one frame.
    pub(super) fn note(&mut self, letter: u8, content: &[u8]) -> Result<(), Fault> {
        let wrong = |_error: serde_json::Error| nonsense();
        match letter {
            frame::HEAD => {
                let head: Head = serde_json::from_slice(content).map_err(wrong)?;
                (self.network.name, self.network.format) = (head.name, head.format);
                (self.tell)(Told::Name(self.network.name.as_deref()));
            }
            frame::VALUES => self.values.push(content.to_vec()),
            frame::LAYERS => {
                let layers: Vec<Layer> = serde_json::from_slice(content).map_err(wrong)?;
                if !layers.iter().all(is_sound) {
                    return Err(nonsense());
                }
                let values = std::mem::take(&mut self.values);
                if !values.is_empty() {
                    let first = layers.iter().find(|layer| layer.kernels.is_some());
                    let first = first.filter(|layer| layer.tensors.len() == values.len());
                    let first = first.ok_or_else(nonsense)?;
                    let arrays = first.tensors.iter().zip(&values);
                    let arrays: Result<_, Fault> =
                        arrays.map(|(tensor, values)| array(&tensor.shape, values)).collect();
                    (self.tell)(Told::Kernels(first, arrays?));
                }
                (self.tell)(Told::Layers(&layers));
                self.network.layers.extend(layers);
            }
            _ => return Err(nonsense()),
        }
        Ok(())
    }
}

/// Whether a layer keeps what its type promises: the process that told it has read an untrusted file.
fn is_sound(layer: &Layer) -> bool {
    // An axis of no length does not make the others small.
    let counted =
        |shape: &[usize]| shape.iter().try_fold(4_usize, |product, &size| product.checked_mul(size.max(1)));
    let sizes = layer.tensors.iter().map(|tensor| counted(&tensor.shape));
    let total = sizes.reduce(|sum, size| sum?.checked_add(size?)).flatten();
    total.is_some() && (layer.kernels.is_none() || layer.kernel_shape().is_some())
}

/// Bytes of an array of `f32`.
pub(super) fn size(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(4_usize, |bytes, &size| bytes.checked_mul(size))
}

/// The array that a frame of values holds.
pub(super) fn array(shape: &[usize], content: &[u8]) -> Result<ArrayD<f32>, Fault> {
    if size(shape) != Some(content.len()) {
        return Err(nonsense());
    }
    let numbers = content.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    ArrayD::from_shape_vec(IxDyn(shape), numbers).map_err(|_error: ndarray::ShapeError| nonsense())
}

/// What is said of an answer that cannot be one.
pub(super) fn nonsense() -> Fault {
    Fault::damaged("makes the HDF5 library fail")
}
