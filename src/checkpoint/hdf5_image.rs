//! An HDF5 file that is a part of another file, as the weights inside a `.keras` archive: mapped, not copied.
//!
//! HDF5 can open a file that is in memory. Left to itself it would copy all of it, 100 MB for the names of a few layers;
//! here every copy it asks for is the map itself. Only the reading process does this: if the file is cut under the map, that
//! process dies, and the change of the file is what is told.
#![expect(unsafe_code, reason = "a memory map, and callbacks of the C library; each says what it relies on")]

use std::{
    ffi::{c_int, c_void},
    fs, ptr,
    sync::atomic::{AtomicPtr, Ordering},
};

use hdf5::{File, plist::FileAccess};
use hdf5_sys::{
    h5f::{H5F_ACC_RDONLY, H5Fopen},
    h5fd::{H5FD_file_image_callbacks_t, H5FD_file_image_op_t as Operation},
    h5p::{H5Pset_file_image, H5Pset_file_image_callbacks},
};
use rustix::mm::{MapFlags, ProtFlags, mmap};

/// Where the mapped part begins. The process reads one file and ends, so it is never unmapped.
static IMAGE: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

extern "C" fn allocate(_size: usize, _operation: Operation, _data: *mut c_void) -> *mut c_void {
    IMAGE.load(Ordering::Relaxed)
}

extern "C" fn copy(
    to: *mut c_void,
    _from: *const c_void,
    _size: usize,
    _operation: Operation,
    _data: *mut c_void,
) -> *mut c_void {
    to
}

extern "C" fn resize(
    _image: *mut c_void,
    _size: usize,
    _operation: Operation,
    _data: *mut c_void,
) -> *mut c_void {
    // A file that is only read does not grow.
    ptr::null_mut()
}

extern "C" fn release(_image: *mut c_void, _operation: Operation, _data: *mut c_void) -> c_int {
    0
}

/// Opens the `length` bytes from `offset` of a file as an HDF5 file; `None` where they cannot be mapped or are none.
pub(super) fn open(file: &fs::File, offset: u64, length: u64) -> Option<File> {
    let before = offset % rustix::param::page_size() as u64;
    let (whole, length) = (usize::try_from(length + before).ok()?, usize::try_from(length).ok()?);
    let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
    // SAFETY: a new private map at an address of the kernel's choice; what is written to it never reaches the file.
    let map = unsafe { mmap(ptr::null_mut(), whole, protection, flags, file, offset - before) }.ok()?;
    // SAFETY: `before` bytes lie in front of the part, inside the map.
    let image = unsafe { map.byte_add(usize::try_from(before).ok()?) };
    IMAGE.store(image, Ordering::Relaxed);
    let access = FileAccess::build().core_filebacked(false).finish().ok()?;
    let mut callbacks = H5FD_file_image_callbacks_t {
        image_malloc: Some(allocate),
        image_memcpy: Some(copy),
        image_realloc: Some(resize),
        image_free: Some(release),
        ..H5FD_file_image_callbacks_t::default()
    };
    // SAFETY: the list is open, the callbacks are functions of this program, and the image stays mapped until it ends.
    let set = unsafe {
        H5Pset_file_image_callbacks(access.id(), &raw mut callbacks) >= 0
            && H5Pset_file_image(access.id(), image, length) >= 0
    };
    if !set {
        return None;
    }
    // SAFETY: the name is only a name; a list that is open, and an identifier that nobody else has.
    unsafe {
        let id = H5Fopen(c"weights".as_ptr(), H5F_ACC_RDONLY, access.id());
        if id < 0 { None } else { hdf5::from_id(id).ok() }
    }
}
