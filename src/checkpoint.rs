//! Checkpoints: what is in a trained network's file, and the weights of one layer of it.
//!
//! The only module that knows file formats. The rest of the program sees a [`Network`] and the [`Checkpoint`] trait.
//!
//! ```text
//! open ── stamp ── child ═══ pipe ═══ serve ── FORMATS ─┬ keras_hdf5 ─┬ keras_h5       (keras_description, keras_config, keras_layer)
//!  the program      │     the reading process            │             ├ keras_store
//!                 error                                  │             └ foreign_h5     (hdf5_file, hdf5_raw, element)
//!                                                        └ keras_zip ── keras_store
//! ```
//!
//! No file is parsed in the program itself: a short-lived process of the same binary does it (see [`serve`]).

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::{Path, PathBuf},
    thread,
};

use ndarray::ArrayD;

use crate::weights::Layer;

mod child;
mod element;
pub mod error;
mod foreign_h5;
#[doc(hidden)]
pub mod fuzzing;
mod hdf5_file;
mod hdf5_image;
mod hdf5_raw;
mod index;
mod keras_config;
mod keras_description;
mod keras_h5;
mod keras_hdf5;
mod keras_layer;
mod keras_store;
mod keras_zip;
mod limits;
mod listing;
mod protocol;
pub mod series;
mod serve;
mod source;
mod stamp;
mod unsupported;

pub use child::set_reader_program;
pub use error::Error;
pub use series::{Epoch, Series};
pub use serve::serve;
pub use stamp::Stamp;

use child::Reader;
use error::{Cause, Fault};
use index::{Index, array, nonsense, size};
use listing::Listing;
use protocol::{Request, frame};
use source::Source;

/// The hidden subcommand that reads files for the rest of the program in a process of its own.
pub const READER_COMMAND: &str = "__read";

/// What takes the frames of an answer: letter and content.
type OnFrame<'a> = dyn FnMut(u8, &[u8]) -> Result<(), Fault> + 'a;

/// What takes the layers of an index as they are found; a fault ends the search.
type OnLayer<'a> = &'a mut dyn FnMut(Layer) -> Result<(), Fault>;

/// What is told of a checkpoint while its index is read: a name, and then layers in network order.
#[derive(Debug)]
pub enum Told<'a> {
    /// The network's own name, where the checkpoint has it.
    Name(Option<&'a str>),
    /// The arrays of the first layer that has kernels, where they are few, as [`Checkpoint::read`] would read them; the layer
    /// itself is told next.
    Kernels(&'a Layer, Vec<ArrayD<f32>>),
    /// The next layers.
    Layers(&'a [Layer]),
}

/// Who is told.
pub type Tell<'a> = &'a mut dyn FnMut(Told<'_>);

/// Hands over the values of each array asked for, by path and shape.
type ReadArrays =
    fn(&Source, &[(String, Vec<usize>)], &mut dyn FnMut(&[f32]) -> Result<(), Fault>) -> Result<(), Fault>;

/// A kind of file that can be opened.
#[derive(Debug)]
pub struct Format {
    /// What it is called.
    pub name: &'static str,
    /// How its files are named, by custom; what is *in* a file decides.
    pub extensions: &'static [&'static str],
    recognise: fn(&Source) -> bool,
    index: fn(&Source, &mut Listing) -> Result<(), Fault>,
    read: ReadArrays,
}

/// Every format, in the order in which they are tried.
pub const FORMATS: &[Format] = &[
    Format {
        name: "HDF5 (Keras .h5 and .weights.h5, or any other)",
        extensions: &["h5", "hdf5"],
        recognise: keras_hdf5::recognise,
        index: keras_hdf5::index,
        read: keras_hdf5::read,
    },
    Format {
        name: "Keras 3 (.keras)",
        extensions: &["keras"],
        recognise: keras_zip::recognise,
        index: keras_zip::index,
        read: keras_zip::read,
    },
];

/// What the index of a checkpoint says about the whole network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// The network's own name, where the checkpoint has it (`resnet50`).
    pub name: Option<String>,
    /// What kind of file it is, for people: `Keras 3 model (.keras)`.
    pub format: String,
    /// The layers that have weights, in network order.
    pub layers: Vec<Layer>,
}

/// An opened checkpoint. No file stays open behind it: every read looks at the file anew.
pub trait Checkpoint: Send + Sync {
    /// What the index says.
    fn network(&self) -> &Network;

    /// The arrays of one layer, in the order of `layer.tensors`, each in its stored shape.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or changed while it was read.
    fn read(&self, layer: &Layer) -> Result<Vec<ArrayD<f32>>, Error>;

    /// What the file looked like when its index was read; `None` for what is built in.
    fn stamp(&self) -> Option<Stamp>;
}

/// Opens the checkpoint at `path`: reads its index, no weight.
///
/// # Errors
/// One sentence that names the path, what is wrong and what to do; see [`Error`].
pub fn open(path: &Path) -> Result<Box<dyn Checkpoint>, Error> {
    read_index(path, Content::File, None)
}

/// The same for a screen, which can show the first layers, and the kernels of one, while the index of a long network is still
/// being read.
///
/// # Errors
/// As [`open`].
pub fn open_telling(path: &Path, tell: Tell) -> Result<Box<dyn Checkpoint>, Error> {
    read_index(path, Content::File, Some(tell))
}

/// Opens a checkpoint that is built into the program; `name` stands for its path in messages.
///
/// # Errors
/// As [`open`].
pub fn open_bytes(name: &str, bytes: &'static [u8]) -> Result<Box<dyn Checkpoint>, Error> {
    read_index(Path::new(name), Content::BuiltIn(bytes), None)
}

/// The same as [`open_telling`] does it.
///
/// # Errors
/// As [`open`].
pub fn open_bytes_telling(
    name: &str,
    bytes: &'static [u8],
    tell: Tell,
) -> Result<Box<dyn Checkpoint>, Error> {
    read_index(Path::new(name), Content::BuiltIn(bytes), Some(tell))
}

/// The arrays of a layer that [`open_telling`] has told, while it still reads the rest of the index: in the order of
/// `layer.tensors`, each in its stored shape.
///
/// # Errors
/// As [`Checkpoint::read`].
pub fn read(path: &Path, layer: &Layer) -> Result<Vec<ArrayD<f32>>, Error> {
    read_layer(path, Content::File, layer)
}

/// The same of a checkpoint that is built into the program.
///
/// # Errors
/// As [`Checkpoint::read`].
pub fn read_bytes(name: &str, bytes: &'static [u8], layer: &Layer) -> Result<Vec<ArrayD<f32>>, Error> {
    read_layer(Path::new(name), Content::BuiltIn(bytes), layer)
}

/// What the reading process is asked for, as in a [`Request`].
struct Wanted {
    arrays: Option<Vec<(String, Vec<usize>)>>,
    kernels: bool,
}

#[derive(Clone, Copy)]
enum Content {
    File,
    BuiltIn(&'static [u8]),
}

/// A checkpoint that the reading process reads.
struct Remote {
    path: PathBuf,
    content: Content,
    network: Network,
    stamp: Stamp,
}

impl Checkpoint for Remote {
    fn network(&self) -> &Network {
        &self.network
    }

    fn read(&self, layer: &Layer) -> Result<Vec<ArrayD<f32>>, Error> {
        read_layer(&self.path, self.content, layer)
    }

    fn stamp(&self) -> Option<Stamp> {
        matches!(self.content, Content::File).then_some(self.stamp)
    }
}

fn read_layer(path: &Path, content: Content, layer: &Layer) -> Result<Vec<ArrayD<f32>>, Error> {
    let arrays: Vec<_> =
        layer.tensors.iter().map(|tensor| (tensor.path.clone(), tensor.shape.clone())).collect();
    let mut values = Vec::with_capacity(arrays.len());
    // A request is an argument, whose length is limited: a layer of very many arrays is read in several goes.
    let mut rest = arrays.as_slice();
    while !rest.is_empty() {
        let mut room = 16_usize << 10;
        let fits = |(path, _): &&(String, Vec<usize>)| {
            let fits = room > 0;
            room = room.saturating_sub(64 + path.len());
            fits
        };
        let (some, more) = rest.split_at(rest.iter().take_while(fits).count());
        read_arrays(path, content, some, &mut values).map_err(|fault| fault.at(path))?;
        rest = more;
    }
    Ok(values)
}

fn read_arrays(
    path: &Path,
    content: Content,
    arrays: &[(String, Vec<usize>)],
    values: &mut Vec<ArrayD<f32>>,
) -> Result<(), Fault> {
    let all = arrays
        .iter()
        .filter_map(|(_, shape)| size(shape))
        .fold(0_u64, |sum, size| sum.saturating_add(size as u64));
    let mut expected = arrays.iter();
    let wanted = Wanted { arrays: Some(arrays.to_vec()), kernels: false };
    ask(path, content, wanted, &|_| all, &mut |letter, content| {
        let (Some((_, shape)), frame::VALUES) = (expected.next(), letter) else { return Err(nonsense()) };
        values.push(array(shape, content)?);
        Ok(())
    })?;
    if expected.next().is_some() { Err(nonsense()) } else { Ok(()) }
}

fn read_index(path: &Path, content: Content, mut tell: Option<Tell>) -> Result<Box<dyn Checkpoint>, Error> {
    let kernels = tell.is_some();
    let mut index = Index::new(|told: Told<'_>| {
        if let Some(tell) = &mut tell {
            tell(told);
        }
    });
    let wanted = |kernels| Wanted { arrays: None, kernels };
    let most = |size| limits::index(size).saturating_add(if kernels { limits::unpacked(size) } else { 0 });
    let mut asked =
        ask(path, content, wanted(kernels), &most, &mut |letter, content| index.note(letter, content));
    // Kernels that nothing can be got out of are no reason not to show the other layers.
    let over_kernels = |fault: &Fault| matches!(fault.cause, Cause::Damaged | Cause::TooCostly);
    if kernels && index.network.layers.is_empty() && asked.as_ref().is_err_and(over_kernels) {
        index.values.clear();
        asked = ask(path, content, wanted(false), &most, &mut |letter, content| index.note(letter, content));
    }
    let stamp = asked.map_err(|fault| fault.at(path))?;
    Ok(Box::new(Remote { path: path.to_owned(), content, network: index.network, stamp }))
}

/// Opens the file, asks the reading process about it, and sees whether it has changed meanwhile.
fn ask(
    path: &Path,
    content: Content,
    wanted: Wanted,
    most: &dyn Fn(u64) -> u64,
    on_frame: &mut OnFrame,
) -> Result<Stamp, Fault> {
    let file = match content {
        Content::File => open_file(path)?,
        Content::BuiltIn(bytes) => source::nameless_with(bytes).map_err(|error| unreadable(&error))?,
    };
    let look = || file.metadata().map(|metadata| Stamp::from(&metadata)).map_err(|error| unreadable(&error));
    let changed = || Fault::new(Cause::Changed, "was written while it was read", "try again");
    let mut before = look()?;
    if matches!(content, Content::File) && before.is_fresh() {
        // What is written next might bear the same time.
        thread::sleep(stamp::TICK);
        before = look()?;
        if before.is_fresh() {
            return Err(changed());
        }
    }
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let request = Request { extension, arrays: wanted.arrays, kernels: wanted.kernels };
    let handed = file.try_clone().map_err(|error| unreadable(&error))?;
    let mut on_frame = |letter, content: &[u8]| {
        // Before the end of a long index, weights may already be on the screen.
        if letter == frame::VALUES && look()? != before {
            return Err(changed());
        }
        on_frame(letter, content)
    };
    let answer = Reader::of_size(before.size())?.ask(handed, &request, most(before.size()), &mut on_frame);
    // Whatever was found in a file that changed under the reading: it is not what is there now.
    if look()? != before {
        return Err(changed());
    }
    answer.map(|()| before)
}

/// Opens a file to be read only, and nothing that is not a file: a pipe would never end, a device do who knows what.
fn open_file(path: &Path) -> Result<File, Fault> {
    check_kind_of(path)?;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let file = opened.map_err(|error| unreadable(&error))?;
    check_kind(path, &file.metadata().map_err(|error| unreadable(&error))?)?;
    Ok(file)
}

/// Whether what is at `path` can be a checkpoint at all.
fn check_kind_of(path: &Path) -> Result<(), Fault> {
    check_kind(path, &path.metadata().map_err(|error| unreadable(&error))?)
}

fn check_kind(path: &Path, metadata: &std::fs::Metadata) -> Result<(), Fault> {
    let kind = metadata.file_type();
    let what = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() && path.join("saved_model.pb").exists() {
        return Err(Fault::unknown(
            "is a TensorFlow SavedModel folder, which convscope does not read",
            "load it with Keras and save it as .keras",
        ));
    } else if kind.is_dir() {
        "is a folder"
    } else if kind.is_fifo() {
        "is a pipe"
    } else if kind.is_socket() {
        "is a socket"
    } else {
        "is a device"
    };
    Err(Fault::new(Cause::Unreadable, what, "name a .keras, .h5 or .weights.h5 file"))
}

fn unreadable(error: &io::Error) -> Fault {
    let (problem, remedy) = match error.kind() {
        io::ErrorKind::NotFound => ("no such file".to_owned(), "check the spelling"),
        io::ErrorKind::PermissionDenied => {
            ("may not be read".to_owned(), "ask its owner for the right to read it")
        }
        io::ErrorKind::NotADirectory => {
            ("no such file: a part of the path is no folder".to_owned(), "check the spelling")
        }
        _ => {
            // The system's words, without its number.
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default().to_lowercase();
            (format!("cannot be read ({text})"), "check the disk or the network, and try again")
        }
    };
    Fault::new(Cause::Unreadable, problem, remedy)
}
