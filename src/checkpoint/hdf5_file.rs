//! An HDF5 file as checkpoints use it: groups, attributes that are texts, and datasets that are numbers.
//!
//! Every size the file claims is held against the file's real size before memory is taken for it.

use std::{ffi::CString, string::FromUtf8Error};

use hdf5::{Dataset, File, Group, Location, dataset::Layout};

use super::{
    element,
    error::{Cause, Fault},
    hdf5_image,
    hdf5_raw::{self, Class, Link, StoredType},
    limits,
    source::Source,
};
use crate::{printable::quoted, weights::Tensor};

/// An open HDF5 file.
pub(super) struct Hdf5 {
    pub(super) root: Group,
    pub(super) size: u64,
}

impl Hdf5 {
    /// Opens a file to be read only.
    pub(super) fn open(source: &Source) -> Result<Self, Fault> {
        hdf5::silence_errors(true);
        hdf5_raw::forbid_external_links();
        let open = match source.offset() {
            // The library's stdio driver: the usual one resolves the path of a symbolic link, and that of a file which
            // has been replaced, or lives in memory only, leads nowhere.
            0 => File::with_options().with_fapl(|access| access.stdio()).open(source.path()).ok(),
            offset => hdf5_image::open(source.file(), offset, source.size()),
        };
        // A file may name others: as links, for the values of an array, or as parts of it. None is opened.
        source.open_no_other();
        let root = open.and_then(|file| file.group("/").ok());
        let root = root.ok_or_else(|| Fault::damaged("is an HDF5 file whose first group cannot be read"))?;
        Ok(Self { root, size: source.size() })
    }

    /// The texts of attribute `name`; `None` where it is missing or not of texts.
    pub(super) fn texts(&self, location: &Location, name: &str) -> Result<Option<Vec<String>>, Fault> {
        let damaged = || Fault::damaged(format!("its attribute {} cannot be read", quoted(name)));
        let c_name = CString::new(name).map_err(|_error: std::ffi::NulError| damaged())?;
        if !hdf5_raw::has_attribute(location, &c_name) {
            return Ok(None);
        }
        let attribute = location.attr(name).map_err(|_error: hdf5::Error| damaged())?;
        let datatype = attribute.dtype().map_err(|_error: hdf5::Error| damaged())?;
        let stored = hdf5_raw::stored_type(&datatype);
        let count = attribute.size();
        if count == 0 {
            // Keras writes the weight names of a layer without weights as an empty array of float64.
            return Ok(Some(Vec::new()));
        }
        if !matches!(stored.class, Class::String { .. }) {
            return Ok(None);
        }
        if (count as u64).checked_mul(stored.size as u64).is_none_or(|bytes| bytes > self.size) {
            return Err(damaged());
        }
        let strings = hdf5_raw::read_strings(&attribute, count).ok_or_else(damaged)?;
        // Descriptions are megabytes, and nearly always as they should be: looked at quickly first, and not copied.
        let lossy = |error: FromUtf8Error| String::from_utf8_lossy(error.as_bytes()).into_owned();
        let text = |text| String::from_utf8(text).unwrap_or_else(lossy);
        Ok(Some(strings.into_iter().map(text).collect()))
    }

    /// The texts of an attribute that Keras splits into `name0`, `name1`, … where it is too long for one.
    pub(super) fn split_texts(&self, location: &Location, name: &str) -> Result<Option<Vec<String>>, Fault> {
        if let Some(texts) = self.texts(location, name)? {
            return Ok(Some(texts));
        }
        let mut all = None;
        for part in 0.. {
            let Some(texts) = self.texts(location, &format!("{name}{part}"))? else { break };
            all.get_or_insert_with(Vec::new).extend(texts);
        }
        Ok(all)
    }

    /// The single text of attribute `name`.
    pub(super) fn text(&self, location: &Location, name: &str) -> Result<Option<String>, Fault> {
        Ok(self.texts(location, name)?.and_then(|texts| texts.into_iter().next()))
    }

    /// The group `name` of `parent`, which must be there.
    pub(super) fn group(parent: &Group, name: &str) -> Result<Group, Fault> {
        parent.group(name).map_err(|_error: hdf5::Error| {
            Fault::damaged(format!("its group {} is missing or damaged", quoted(name)))
        })
    }

    /// The group `name` of `parent`, where there is such a link.
    pub(super) fn group_if_any(parent: &Group, name: &str) -> Result<Option<Group>, Fault> {
        if parent.link_exists(name) { Self::group(parent, name).map(Some) } else { Ok(None) }
    }

    /// The members of a group.
    pub(super) fn links(group: &Group) -> Result<Vec<Link>, Fault> {
        hdf5_raw::links(group).ok_or_else(|| {
            Fault::damaged(format!("the members of its group {} cannot be read", quoted(&group.name())))
        })
    }

    /// What the file says about dataset `name` of `group`, whose path from the root is `path`.
    pub(super) fn tensor(&self, group: &Group, name: &str, path: String) -> Result<Tensor, Fault> {
        let dataset = group.dataset(name).map_err(|_error: hdf5::Error| missing(&path))?;
        self.describe(&dataset, path)
    }

    /// What the file says about a dataset.
    pub(super) fn describe(&self, dataset: &Dataset, path: String) -> Result<Tensor, Fault> {
        let datatype = dataset.dtype().map_err(|_error: hdf5::Error| missing(&path))?;
        let (shape, stored) = (dataset.shape(), hdf5_raw::stored_type(&datatype));
        let in_memory = bytes(&shape, stored.size.max(size_of::<f32>()));
        if in_memory.is_none_or(|bytes| bytes as u64 > limits::unpacked(self.size)) {
            return Err(too_large(&path, &shape, self.size));
        }
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        Ok(Tensor { path, name, shape, dtype: element_name(&stored) })
    }

    /// The numbers of the dataset at `path`, in stored order.
    pub(super) fn read(&self, path: &str, shape: &[usize]) -> Result<Vec<f32>, Fault> {
        let dataset = self.root.dataset(path).map_err(|_error: hdf5::Error| missing(path))?;
        let datatype = dataset.dtype().map_err(|_error: hdf5::Error| missing(path))?;
        let stored = hdf5_raw::stored_type(&datatype);
        if dataset.shape() != shape {
            return Err(changed(path));
        }
        // Asked before anything is read: values of any length are pointers in memory.
        if !element::is_number(&stored) {
            return Err(not_shown(path, &stored));
        }
        self.describe(&dataset, path.to_owned())?;
        let bytes = bytes(shape, stored.size).ok_or_else(|| too_large(path, shape, self.size))?;
        self.check_storage(&dataset, path, bytes as u64)?;
        let raw =
            hdf5_raw::read_dataset(&dataset, &datatype, bytes).ok_or_else(|| unreadable(&dataset, path))?;
        element::decode(&raw, &stored).ok_or_else(|| not_shown(path, &stored))
    }

    /// Holds the `bytes` that the values of an array are against those that are stored for them.
    fn check_storage(&self, dataset: &Dataset, path: &str, bytes: u64) -> Result<(), Fault> {
        let settings = dataset.create_plist().map_err(|_error: hdf5::Error| missing(path))?;
        let layout = settings.layout();
        if layout == Layout::Virtual || !settings.external().is_empty() {
            return Err(Fault::unknown(
                format!("keeps the values of its array {} in another file", quoted(path)),
                "copy it into one file: h5repack --layout=CONTI old.h5 new.h5",
            ));
        }
        let kept = dataset.storage_size();
        if bytes > 0 && kept == 0 {
            return Err(Fault::damaged(format!(
                "the values of its array {} were never written",
                quoted(path)
            )));
        }
        let chunk =
            settings.chunk().map(|chunk| chunk.iter().fold(4_u64, |a, &b| a.saturating_mul(b as u64)));
        let most = if chunk.is_some() { limits::unpacked(kept) } else { limits::plain(kept) };
        if kept > self.size || bytes > most || chunk.is_some_and(|chunk| chunk > limits::unpacked(self.size))
        {
            return Err(too_large(path, &dataset.shape(), self.size));
        }
        Ok(())
    }
}

/// Bytes of an array of elements of so many bytes; `None` where no machine holds them. An axis of no length does not
/// make the others small.
fn bytes(shape: &[usize], element: usize) -> Option<usize> {
    let most = shape.iter().try_fold(element, |product, &size| product.checked_mul(size.max(1)))?;
    Some(if shape.contains(&0) { 0 } else { most })
}

fn element_name(stored: &StoredType) -> String {
    element::name(stored)
}

fn not_shown(path: &str, stored: &StoredType) -> Fault {
    Fault::unknown(
        format!("its array {} is of a type that is not shown ({})", quoted(path), element_name(stored)),
        "save the weights as float16, bfloat16, float32 or float64",
    )
}

fn missing(path: &str) -> Fault {
    Fault::damaged(format!("its array {} is missing or damaged", quoted(path)))
}

fn changed(path: &str) -> Fault {
    Fault::new(
        Cause::Changed,
        format!("its array {} has another shape than when the file was opened", quoted(path)),
        "open it again",
    )
}

fn too_large(path: &str, shape: &[usize], file: u64) -> Fault {
    let sizes = shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×");
    Fault::damaged(format!(
        "its array {} claims {sizes} values, more than the file's {file} bytes can hold",
        quoted(path)
    ))
}

fn unreadable(dataset: &Dataset, path: &str) -> Fault {
    match dataset.filters().iter().find(|filter| !filter.is_available()) {
        Some(filter) => Fault::unknown(
            format!(
                "its array {} is compressed by HDF5 filter {}, which is not built in",
                quoted(path),
                filter.id()
            ),
            "repack it with gzip: h5repack -f GZIP=4 old.h5 new.h5",
        ),
        None => Fault::damaged(format!("the values of its array {} are damaged or cut off", quoted(path))),
    }
}
