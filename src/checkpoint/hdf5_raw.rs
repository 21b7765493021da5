//! What the `hdf5` package has no words for, in the words of the C library below it.
//!
//! Strings of any length and encoding, 16-bit floats, and the file addresses of a group's members: read as the bytes
//! that are stored. This file and `hdf5_image.rs` hold the `unsafe` code that runs in the reading process only.
#![expect(unsafe_code, reason = "calls of the C library; each says what it relies on")]

use std::{
    ffi::{CStr, c_char, c_void},
    ptr,
};

use hdf5::{Attribute, Dataset, Datatype, Group, Location};
use hdf5_sys::{
    h5::{H5_index_t, H5_iter_order_t},
    h5a::{H5Aexists, H5Aread},
    h5d::H5Dread,
    h5i::hid_t,
    h5l::{H5L_info2_t, H5L_type_t, H5Literate2, H5Lunregister},
    h5p::H5P_DEFAULT,
    h5s::H5S_ALL,
    h5t::{
        H5T_class_t, H5T_order_t, H5T_sign_t, H5Tget_class, H5Tget_fields, H5Tget_order, H5Tget_sign,
        H5Tget_size, H5Tis_variable_str, H5Treclaim,
    },
};

/// One member of a group.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) name: String,
    /// Where the object's header stands in the file; `None` for links that are not hard.
    pub(super) address: Option<u64>,
    /// When the link was made, where the group keeps count.
    pub(super) created: Option<i64>,
}

/// What a type is, as far as weights go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Bits of the exponent, of the mantissa.
    Float(usize, usize),
    Integer {
        signed: bool,
    },
    Opaque,
    String {
        variable: bool,
    },
    Other,
}

/// A type as it is stored: class, bytes of one value, whether the largest byte comes first.
pub(super) struct StoredType {
    pub(super) class: Class,
    pub(super) size: usize,
    pub(super) big_endian: bool,
}

/// A link to another file is never followed: a checkpoint speaks for itself, and the other file may be anything.
pub(super) fn forbid_external_links() {
    // SAFETY: unregistering a link class touches nothing but the library's own table of them.
    unsafe { H5Lunregister(H5L_type_t::H5L_TYPE_EXTERNAL) };
}

pub(super) fn has_attribute(location: &Location, name: &CStr) -> bool {
    // SAFETY: the handle lives as long as `location`; the name ends with a zero.
    unsafe { H5Aexists(location.id(), name.as_ptr()) > 0 }
}

pub(super) fn stored_type(datatype: &Datatype) -> StoredType {
    let id = datatype.id();
    // SAFETY: the handle lives as long as `datatype`; all of these only look at it.
    unsafe {
        let class = match H5Tget_class(id) {
            H5T_class_t::H5T_FLOAT => {
                let (mut sign, mut e_at, mut e_bits, mut m_at, mut m_bits) = (0, 0, 0, 0, 0);
                H5Tget_fields(
                    id,
                    &raw mut sign,
                    &raw mut e_at,
                    &raw mut e_bits,
                    &raw mut m_at,
                    &raw mut m_bits,
                );
                // Sign, exponent, mantissa from the top without a gap: what IEEE and bfloat16 have in common.
                if m_at == 0 && e_at == m_bits && sign == e_at + e_bits && sign + 1 == 8 * H5Tget_size(id) {
                    Class::Float(e_bits, m_bits)
                } else {
                    Class::Other
                }
            }
            H5T_class_t::H5T_INTEGER => Class::Integer { signed: H5Tget_sign(id) == H5T_sign_t::H5T_SGN_2 },
            H5T_class_t::H5T_OPAQUE => Class::Opaque,
            H5T_class_t::H5T_STRING => Class::String { variable: H5Tis_variable_str(id) > 0 },
            _ => Class::Other,
        };
        StoredType { class, size: H5Tget_size(id), big_endian: H5Tget_order(id) == H5T_order_t::H5T_ORDER_BE }
    }
}

/// The bytes of a dataset as stored (filters undone, no conversion); `None` where the library cannot.
///
/// `size` must be the number of values times the size of one.
pub(super) fn read_dataset(dataset: &Dataset, datatype: &Datatype, size: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).ok()?;
    bytes.resize(size, 0_u8);
    // SAFETY: with the type as stored and the whole dataspace, the library writes exactly `size` bytes.
    let status = unsafe {
        H5Dread(
            dataset.id(),
            datatype.id(),
            H5S_ALL,
            H5S_ALL,
            H5P_DEFAULT,
            bytes.as_mut_ptr().cast::<c_void>(),
        )
    };
    (status >= 0).then_some(bytes)
}

/// The `count` strings of an attribute, without their ends; `None` where they cannot be read.
pub(super) fn read_strings(attribute: &Attribute, count: usize) -> Option<Vec<Vec<u8>>> {
    let datatype = attribute.dtype().ok()?;
    let StoredType { class: Class::String { variable }, size, .. } = stored_type(&datatype) else {
        return None;
    };
    if count == 0 || size == 0 {
        return Some(vec![Vec::new(); count]);
    }
    if !variable {
        let mut bytes = vec![0_u8; count.checked_mul(size)?];
        // SAFETY: the type is the stored one, so the library writes `count` times `size` bytes.
        let status = unsafe { H5Aread(attribute.id(), datatype.id(), bytes.as_mut_ptr().cast::<c_void>()) };
        let ended =
            |text: &[u8]| text.split(|&byte| byte == 0).next().unwrap_or_default().trim_ascii_end().to_vec();
        return (status >= 0).then(|| bytes.chunks_exact(size).map(ended).collect());
    }
    let space = attribute.space().ok()?;
    let mut pointers = vec![ptr::null_mut::<c_char>(); count];
    // SAFETY: a variable-length string is one pointer in memory; the library fills `count` of them with strings it
    // allocates (or null), and frees them again when asked.
    unsafe {
        if H5Aread(attribute.id(), datatype.id(), pointers.as_mut_ptr().cast::<c_void>()) < 0 {
            return None;
        }
        let text = |&at: &*mut c_char| {
            if at.is_null() { Vec::new() } else { CStr::from_ptr(at).to_bytes().to_vec() }
        };
        let strings = pointers.iter().map(text).collect();
        H5Treclaim(datatype.id(), space.id(), H5P_DEFAULT, pointers.as_mut_ptr().cast::<c_void>());
        Some(strings)
    }
}

/// The members of a group by name; `None` where the group cannot be read.
pub(super) fn links(group: &Group) -> Option<Vec<Link>> {
    unsafe extern "C" fn note(
        _: hid_t,
        name: *const c_char,
        info: *const H5L_info2_t,
        links: *mut c_void,
    ) -> i32 {
        // SAFETY: the library hands over a string that ends with a zero, a link's description, and `links` of below.
        let (name, mut info, links) =
            unsafe { (CStr::from_ptr(name), *info, &mut *links.cast::<Vec<Link>>()) };
        // SAFETY: a hard link's description holds a token of 16 bytes; files of the native kind have the address in it,
        // the smallest byte first.
        let address = (info.type_ == H5L_type_t::H5L_TYPE_HARD)
            .then(|| unsafe { u64::from_le_bytes(*info.u.token().cast::<[u8; 8]>()) });
        let created = (info.corder_valid > 0).then_some(info.corder);
        links.push(Link { name: name.to_string_lossy().into_owned(), address, created });
        0
    }
    let mut links: Vec<Link> = Vec::new();
    let (by, order) = (H5_index_t::H5_INDEX_NAME, H5_iter_order_t::H5_ITER_NATIVE);
    // SAFETY: `note` is called with the pointer to `links`, and only until this call returns.
    let status = unsafe {
        H5Literate2(group.id(), by, order, ptr::null_mut(), Some(note), (&raw mut links).cast::<c_void>())
    };
    (status >= 0).then_some(links)
}
