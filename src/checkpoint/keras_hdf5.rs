//! HDF5 files: is it whole, and which of the layouts is it?

use super::{
    Listing,
    error::{Cause, Fault},
    foreign_h5,
    hdf5_file::Hdf5,
    keras_description::Description,
    keras_h5, keras_store,
    source::Source,
};

const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// Whether the file has HDF5's signature, at its start or behind a user block.
pub(super) fn recognise(source: &Source) -> bool {
    superblock(source).is_some()
}

/// Where the superblock stands: at 0, 512, 1024, 2048, …
fn superblock(source: &Source) -> Option<u64> {
    let places = std::iter::once(0).chain((9..32).map(|power| 1_u64 << power));
    places.take_while(|&at| at < source.size()).find(|&at| source.bytes(at, 8) == SIGNATURE)
}

/// Lists the layers of an HDF5 file of any layout.
pub(super) fn index(source: &Source, listing: &mut Listing) -> Result<(), Fault> {
    check_whole(source)?;
    let file = Hdf5::open(source)?;
    let root = &file.root;
    let description = file.text(root, "model_config")?.and_then(Description::of_json);
    let keras = file.text(root, "keras_version")?;
    if let Some(weights) = Hdf5::group_if_any(root, "model_weights")? {
        let keras = file.text(&weights, "keras_version")?.or(keras);
        listing.network(
            description.as_ref().map(|description| description.name.clone()),
            &described("whole model", keras.as_deref()),
        )?;
        return keras_h5::index(&file, &weights, "model_weights/", description, &mut |layer| {
            listing.push(layer, &file)
        });
    }
    if file.split_texts(root, "layer_names")?.is_some() {
        listing.network(None, &described("weights only", keras.as_deref()))?;
        return keras_h5::index(&file, root, "", description, &mut |layer| listing.push(layer, &file));
    }
    if keras_store::recognise(root)? {
        let name = root.group("vars").ok().and_then(|vars| file.text(&vars, "name").ok().flatten());
        listing.network(name, "Keras 3 weights (.weights.h5)")?;
        keras_store::index(&file, None, &mut |layer| listing.push(layer, &file))?;
    }
    if listing.is_empty() {
        listing.network(None, "HDF5, not Keras's")?;
        foreign_h5::index(&file, &mut |layer| listing.push(layer, &file))?;
    }
    Ok(())
}

/// Lists the layers of a file in the layout of `.weights.h5`, whose description is known from elsewhere.
pub(super) fn index_store(
    source: &Source,
    description: Description,
    listing: &mut Listing,
) -> Result<(), Fault> {
    check_whole(source)?;
    let file = Hdf5::open(source)?;
    keras_store::index(&file, Some(description), &mut |layer| listing.push(layer, &file))
}

/// Hands over the values of each array.
pub(super) fn read(
    source: &Source,
    arrays: &[(String, Vec<usize>)],
    answer: &mut dyn FnMut(&[f32]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    check_whole(source)?;
    let file = Hdf5::open(source)?;
    for (path, shape) in arrays {
        answer(&file.read(path, shape)?)?;
    }
    Ok(())
}

/// The first number of a version; what else may stand there is not told.
pub(super) fn major(version: &str) -> Option<&str> {
    version
        .split('.')
        .next()
        .filter(|major| (1..4).contains(&major.len()) && major.bytes().all(|c| c.is_ascii_digit()))
}

fn described(what: &str, version: Option<&str>) -> String {
    match version.and_then(major) {
        Some(major) => format!("Keras {major} {what} (HDF5)"),
        None => format!("Keras {what} (HDF5)"),
    }
}

/// Holds the end that the superblock names against the file's real end: the C library would say less, and later.
fn check_whole(source: &Source) -> Result<(), Fault> {
    let Some(at) = superblock(source) else { return Ok(()) };
    let head = source.bytes(at, 64);
    let number = |offset: usize, size: usize| -> Option<u64> {
        let bytes = head.get(offset..offset + size)?;
        Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    };
    let byte = |offset: usize| head.get(offset).copied().unwrap_or(0);
    // Versions 0 and 1: base, free space, end; version 1 has four bytes more before. Versions 2 and 3: base,
    // extension, end, behind a shorter head. All sizes are `size of offsets` bytes.
    let (size, addresses) = match byte(8) {
        0 => (usize::from(byte(13)), 24),
        1 => (usize::from(byte(13)), 28),
        2 | 3 => (usize::from(byte(9)), 12),
        version => {
            return Err(Fault::unknown(
                format!("is HDF5 with superblock version {version}, newer than this program reads"),
                "repack it for HDF5 1.14: h5repack --high=4 old.h5 new.h5",
            ));
        }
    };
    if !matches!(size, 2 | 4 | 8) {
        return Err(Fault::damaged("is an HDF5 file with a damaged superblock"));
    }
    if byte(8) == 3 && byte(11) & 0b101 != 0 {
        return Err(Fault::new(
            Cause::Damaged,
            "is an HDF5 file that a program has open for writing, or did not close",
            "wait for the trainer to close it, or clear the mark with: h5clear -s FILE",
        ));
    }
    let (Some(base), Some(end)) = (number(addresses, size), number(addresses + 2 * size, size)) else {
        return Err(Fault::incomplete(format!(
            "the file ends at {} bytes, in its first block",
            source.size()
        )));
    };
    let end = if base == at { end } else { end.saturating_add(at) };
    if end > source.size() {
        return Err(Fault::incomplete(format!("the file ends at {} of {end} bytes", source.size())));
    }
    Ok(())
}
