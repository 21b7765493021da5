//! What is built into the program: a small network at several epochs of its training, and a photo.
//!
//! How they were made stands in `src/demo/README.md`.

use crate::jobs::read::Source;
use crate::photo::{Photo, Preprocessing};

/// What stands for the path of the built-in checkpoint.
pub const NAME: &str = "built-in network";

/// How the built-in network was fed.
pub const PREPROCESSING: Preprocessing = Preprocessing::Tf;

const LAST_EPOCH: &[u8] = include_bytes!("demo/epoch-010.h5");

/// The built-in network after its training.
pub fn source() -> Source {
    Source::BuiltIn { name: NAME, bytes: LAST_EPOCH }
}

/// What the photo is called on the screen.
pub const PHOTO_NAME: &str = "built-in photo";

const PHOTO: &[u8] = include_bytes!("demo/photo.jpg");

/// The built-in photo.
pub fn photo() -> Photo {
    Photo::decode(PHOTO, PHOTO_NAME).unwrap_or_else(|_| Photo { width: 1, height: 1, rgb: vec![127; 3] })
}
