//! Any file, as the program opens it: through the reading process, with all its limits. Whatever happens there, here
//! there is an answer or a sentence.
//!
//! `CONVSCOPE` names the built program.
#![no_main]

use std::{env, fs, path::PathBuf, sync::LazyLock};

use convscope::{checkpoint, printable::steers, weights::Weights};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FOLDER: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    checkpoint::set_reader_program(env::var_os("CONVSCOPE").expect("CONVSCOPE names the built program"));
    let folder = TempDir::new().expect("a folder for one file");
    let path = folder.path().join("some.h5");
    (folder, path)
});

fuzz_target!(|bytes: &[u8]| {
    let path = &FOLDER.1;
    fs::write(path, bytes).expect("a file that can be written");
    match checkpoint::open(path) {
        Ok(opened) => {
            if let Some(layer) = opened.network().layers.iter().find(|layer| layer.kernels.is_some())
                && let Ok(arrays) = opened.read(layer)
            {
                assert!(Weights::of_layer(layer, arrays).is_some());
            }
        }
        Err(error) => assert!(!error.to_string().contains(steers), "{error:?}"),
    }
});
