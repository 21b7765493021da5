//! Opening checkpoints in tests, and saying in a line what is in them.

use std::{
    env, fs,
    io::Cursor,
    path::{Path, PathBuf},
    process,
    sync::OnceLock,
};

use convscope::{
    checkpoint::{self, Checkpoint, Error},
    weights::{Layer, Weights},
};

/// Opens a checkpoint through the built program.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Checkpoint>, Error> {
    checkpoint::set_reader_program(env!("CARGO_BIN_EXE_convscope"));
    checkpoint::open(path)
}

/// A file of the shared folder; `None`, said aloud, where there is none.
pub(crate) fn shared(file: &str) -> Option<PathBuf> {
    let Some(folder) = env::var_os("CONVSCOPE_SHARED") else {
        eprintln!("skipped: CONVSCOPE_SHARED is not set, so {file} cannot be tested");
        return None;
    };
    Some(Path::new(&folder).join("data").join(file))
}

/// A small checkpoint that the repository ships, unpacked.
pub(crate) fn fixture(file: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(unpack).join(file)
}

fn unpack() -> PathBuf {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/checkpoints/checkpoints.zip");
    let bytes = fs::read(packed).unwrap();
    // Named by its content's hash, for processes side by side and for the next time.
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &b| (hash ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("checkpoints-{hash:x}"));
    if !folder.exists() {
        let unfinished = folder.with_extension(process::id().to_string());
        zip::ZipArchive::new(Cursor::new(bytes)).unwrap().extract(&unfinished).unwrap();
        // Another process may have been first: its files are the same.
        if fs::rename(&unfinished, &folder).is_err() {
            fs::remove_dir_all(&unfinished).unwrap();
        }
    }
    folder
}

/// `name kind shape layout`, as `conv1 conv2d 7x7x3x64 HWIO`; a guessed layout has a question mark.
pub(crate) fn line(layer: &Layer) -> String {
    let shape =
        layer.main_tensor().unwrap().shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x");
    let layout = layer.kernels.map_or("-", |(_, layout)| layout.name());
    let guessed = if layer.layout_guessed { "?" } else { "" };
    format!("{} {} {shape} {layout}{guessed}", layer.name, layer.kind.name())
}

pub(crate) fn lines(checkpoint: &dyn Checkpoint) -> Vec<String> {
    checkpoint.network().layers.iter().map(line).collect()
}

pub(crate) fn layer<'a>(checkpoint: &'a dyn Checkpoint, name: &str) -> &'a Layer {
    checkpoint.network().layers.iter().find(|layer| layer.name == name).unwrap()
}

/// The kernels of the layer called `name`.
pub(crate) fn weights(checkpoint: &dyn Checkpoint, name: &str) -> Weights {
    let layer = layer(checkpoint, name);
    Weights::of_layer(layer, checkpoint.read(layer).unwrap()).unwrap()
}
