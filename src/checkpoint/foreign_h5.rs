//! An HDF5 file that is not Keras's: its 4-D arrays of floats, by path, each shown as a convolution.
//!
//! Which axes are rows and columns is guessed from the sizes, and the user may switch it.

use std::collections::HashSet;

use hdf5::Group;

use super::{
    OnLayer,
    element::is_float,
    error::Fault,
    hdf5_file::Hdf5,
    keras_layer::{are_kernels, oihw_by_shape},
    keras_store::in_order_of_writing,
    limits,
};
use crate::weights::{Kind, Layer, Layout};

/// Lists the 4-D arrays of the file, in the order of creation where the file keeps it, else by name.
pub(super) fn index(file: &Hdf5, listing: OnLayer) -> Result<(), Fault> {
    let mut walk = Walk { file, listing, groups: HashSet::new(), objects: 0 };
    walk.group(&file.root, "", 0)
}

struct Walk<'a> {
    file: &'a Hdf5,
    listing: OnLayer<'a>,
    /// Addresses of the groups on the way: a hard link may lead back up.
    groups: HashSet<u64>,
    objects: usize,
}

impl Walk<'_> {
    fn group(&mut self, group: &Group, path: &str, depth: usize) -> Result<(), Fault> {
        let links = Hdf5::links(group)?;
        let addresses: Vec<(String, Option<u64>)> =
            links.iter().map(|l| (l.name.clone(), l.address)).collect();
        let addresses: std::collections::HashMap<String, Option<u64>> = addresses.into_iter().collect();
        for (name, _) in in_order_of_writing(links, None) {
            // Soft links lead to what is listed under its own path, external ones out of the file.
            let Some(Some(address)) = addresses.get(&name).copied() else { continue };
            self.objects += 1;
            if self.objects > limits::objects(self.file.size) {
                return Ok(());
            }
            let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            if let Ok(dataset) = group.dataset(&name) {
                self.dataset(&dataset, path)?;
            } else if let Ok(inner) = group.group(&name)
                && depth < limits::DEEPEST
                && self.groups.insert(address)
            {
                self.group(&inner, &path, depth + 1)?;
            }
        }
        Ok(())
    }

    fn dataset(&mut self, dataset: &hdf5::Dataset, path: String) -> Result<(), Fault> {
        if dataset.ndim() != 4 {
            return Ok(());
        }
        // An array that claims too much is none of a network's: the others are shown all the same.
        let Ok(tensor) = self.file.describe(dataset, path.clone()) else { return Ok(()) };
        let layout = if oihw_by_shape(&tensor.shape) { Layout::Oihw } else { Layout::Hwio };
        if !is_float(&tensor.dtype) || !are_kernels(layout, &tensor.shape) {
            return Ok(());
        }
        (self.listing)(Layer {
            name: path,
            kind: Kind::Conv2d,
            tensors: vec![tensor],
            kernels: Some((0, layout)),
            layout_guessed: true,
            geometry: None,
            epsilon: None,
        })
    }
}
