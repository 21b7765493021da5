//! Keras 3's `.keras`: a ZIP file of `config.json` and `model.weights.h5`.
//!
//! Members are read by their exact names only, and none is unpacked to disk: the weights go into memory, where the C
//! library opens them. What a member claims to be is held against what it takes in the file.

use std::{
    fs::File,
    io::{BufReader, Read},
};

use zip::{CompressionMethod, ZipArchive, result::ZipError};

use super::{
    Listing,
    error::{Cause, Fault},
    keras_description::Description,
    keras_hdf5, limits,
    source::Source,
};

/// The description of the network.
pub(super) const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.weights.h5";
/// The description of a network is text about layers; that of 3,000 layers is some 5 MB.
const LARGEST_CONFIG: u64 = 64 << 20;

/// Whether the file starts as ZIP files do.
pub(super) fn recognise(source: &Source) -> bool {
    source.bytes(0, 4) == b"PK\x03\x04" || source.bytes(0, 4) == b"PK\x05\x06"
}

/// Lists the layers of a `.keras` file.
pub(super) fn index(source: &Source, listing: &mut Listing) -> Result<(), Fault> {
    let mut archive = archive(source)?;
    if archive.index_for_name(CONFIG).is_none() {
        return Err(other_kind(&archive));
    }
    let json = config(source, &mut archive)?;
    let description =
        Description::of_json(json).ok_or_else(|| Fault::damaged(format!("its {CONFIG} is damaged")))?;
    let version = archive.by_name("metadata.json").ok().and_then(|member| {
        let mut text = String::new();
        member.take(1 << 16).read_to_string(&mut text).ok()?;
        serde_json::from_str::<serde_json::Value>(&text)
            .ok()?
            .get("keras_version")?
            .as_str()
            .map(str::to_owned)
    });
    let major = version.as_deref().and_then(keras_hdf5::major).unwrap_or("3");
    listing.network(Some(description.name.clone()), &format!("Keras {major} model (.keras)"))?;
    keras_hdf5::index_store(&weights(source, &mut archive)?, description, listing)
}

/// Hands over the values of each array.
pub(super) fn read(
    source: &Source,
    arrays: &[(String, Vec<usize>)],
    answer: &mut dyn FnMut(&[f32]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut archive = archive(source)?;
    keras_hdf5::read(&weights(source, &mut archive)?, arrays, answer)
}

type Archive<'a> = ZipArchive<BufReader<&'a File>>;

fn archive(source: &Source) -> Result<Archive<'_>, Fault> {
    ZipArchive::new(BufReader::new(source.file())).map_err(|error| match error {
        ZipError::UnsupportedArchive(_) => Fault::unknown(
            "is a ZIP file of a kind that is not read",
            "save the network again with keras.Model.save",
        ),
        // The list of members stands at a ZIP file's end: without it the file is mostly cut.
        _ => Fault::incomplete(format!(
            "the list of members at the end of the ZIP file is missing; the file ends at {} bytes",
            source.size()
        )),
    })
}

fn config(source: &Source, archive: &mut Archive) -> Result<String, Fault> {
    let damaged = || Fault::damaged(format!("its {CONFIG} is damaged"));
    let member = archive.by_name(CONFIG).map_err(|error| member_fault(&error, CONFIG))?;
    check_claim(source, member.size(), member.compressed_size(), CONFIG)?;
    if member.size() > LARGEST_CONFIG {
        return Err(damaged());
    }
    let mut json = String::with_capacity(usize::try_from(member.size()).unwrap_or(0));
    member.take(LARGEST_CONFIG).read_to_string(&mut json).map_err(|_error: std::io::Error| damaged())?;
    Ok(json)
}

/// The weights as a file of their own: a part of this one, or unpacked into memory.
fn weights(source: &Source, archive: &mut Archive) -> Result<Source, Fault> {
    let damaged = || Fault::damaged(format!("its {WEIGHTS} is damaged or cut off"));
    if archive.index_for_name(WEIGHTS).is_none() {
        let sharded = archive.index_for_name("model.weights.json").is_some();
        let what = if sharded { "in several parts" } else { "not in HDF5" };
        return Err(Fault::unknown(
            format!("is a .keras file whose weights are {what}"),
            "save the network as one .keras file, or with save_weights(\"name.weights.h5\")",
        ));
    }
    let mut member = archive.by_name(WEIGHTS).map_err(|error| member_fault(&error, WEIGHTS))?;
    let (size, stored) = (member.size(), member.compressed_size());
    check_claim(source, size, stored, WEIGHTS)?;
    let unpacked = match (member.compression(), member.data_start()) {
        // Stored members are read where they are. Nobody checks their sum: every layer would cost a reading of the
        // whole file, and HDF5's own structure shows what is cut or shifted.
        (CompressionMethod::Stored, Some(start)) if start.saturating_add(stored) <= source.size() => {
            source.part(start, stored)
        }
        (CompressionMethod::Stored, _) => return Err(damaged()),
        _ => source.in_memory(&mut member, size),
    };
    let unpacked = unpacked.map_err(|error| {
        if error.kind() == std::io::ErrorKind::StorageFull || error.kind() == std::io::ErrorKind::OutOfMemory
        {
            Fault::new(
                Cause::TooCostly,
                format!("has {size} bytes of weights, more than there is memory for"),
                "close other programs",
            )
        } else {
            damaged()
        }
    })?;
    if unpacked.size() == size { Ok(unpacked) } else { Err(damaged()) }
}

fn check_claim(source: &Source, size: u64, stored: u64, member: &str) -> Result<(), Fault> {
    if stored > source.size() {
        return Err(Fault::damaged(format!("its {member} is damaged or cut off")));
    }
    if size > limits::unpacked(stored) {
        return Err(Fault::damaged(format!(
            "its {member} claims {size} bytes, more than its {stored} can hold"
        )));
    }
    Ok(())
}

fn member_fault(error: &ZipError, member: &str) -> Fault {
    match error {
        ZipError::UnsupportedArchive(_) => Fault::unknown(
            format!("has its {member} packed or encrypted in a way that is not read"),
            "pack it again, stored or deflated",
        ),
        _ => Fault::damaged(format!("its {member} is missing or damaged")),
    }
}

/// What a ZIP file without a Keras configuration is.
fn other_kind(archive: &Archive) -> Fault {
    let names = || archive.file_names_raw().take(10_000);
    let any = |end: &[u8]| names().any(|name| name.ends_with(end));
    if any(b"data.pkl") {
        return Fault::unknown(
            "is a PyTorch file, which convscope does not read yet",
            "save its state_dict's arrays with h5py: 4-D arrays of any HDF5 file are shown",
        );
    }
    if any(b".npy") {
        return Fault::unknown(
            "is a NumPy .npz file, which convscope does not read yet",
            "save its arrays with h5py: 4-D arrays of any HDF5 file are shown",
        );
    }
    Fault::unknown(
        format!("is a ZIP file without {CONFIG}, so no .keras file"),
        "name a .keras, .h5 or .weights.h5 file",
    )
}
