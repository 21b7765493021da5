//! Opening checkpoints in tests, and saying in a line what is in them.

use std::{
    env,
    path::{Path, PathBuf},
};

use convscope::{
    checkpoint::{self, Checkpoint, Error},
    weights::{Layer, Weights},
};

/// Opens a checkpoint through the built program.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Checkpoint>, Error> {
    checkpoint::set_reader_program(env!("CARGO_BIN_EXE_convscope"));
    checkpoint::open(path, &mut |_| {})
}

/// A file of the shared folder; `None`, said aloud, where there is none.
pub(crate) fn shared(file: &str) -> Option<PathBuf> {
    let Some(folder) = env::var_os("CONVSCOPE_SHARED") else {
        eprintln!("skipped: CONVSCOPE_SHARED is not set, so {file} cannot be tested");
        return None;
    };
    Some(Path::new(&folder).join("data").join(file))
}

/// A file that the repository ships.
pub(crate) fn fixture(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/checkpoints").join(file)
}

/// `name kind shape layout`, as `conv1 conv2d 7x7x3x64 HWIO`.
pub(crate) fn line(layer: &Layer) -> String {
    let shape = layer.main_tensor().unwrap().shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x");
    let layout = layer.kernels.map_or("-", |(_, layout)| layout.name());
    let guessed = if layer.layout_guessed { "?" } else { "" };
    format!("{} {} {shape} {layout}{guessed}", layer.name, layer.kind.name())
}

pub(crate) fn lines(checkpoint: &dyn Checkpoint) -> Vec<String> {
    checkpoint.network().layers.iter().map(line).collect()
}

/// The kernels of the layer called `name`.
pub(crate) fn weights(checkpoint: &dyn Checkpoint, name: &str) -> Weights {
    let layer = checkpoint.network().layers.iter().find(|layer| layer.name == name).unwrap();
    Weights::of_layer(layer, checkpoint.read(layer).unwrap()).unwrap()
}
