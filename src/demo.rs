//! What is built into the program: a small network at several epochs of its training, and a photo.
//!
//! How they were made stands in `src/demo/README.md`.

use crate::jobs::read::Source;
use crate::jobs::run::{Place, Run};
use crate::photo::{Photo, Preprocessing};

/// What stands for the path of the built-in checkpoint.
pub const NAME: &str = "built-in network";

/// How the built-in network was fed.
pub const PREPROCESSING: Preprocessing = Preprocessing::Tf;

/// What an epoch is called, and its file.
type Epoch = (&'static str, &'static [u8]);

/// The training, and after it what became of the same network at a learning rate that is far too high.
const EPOCHS: [Epoch; 12] = [
    ("0", include_bytes!("demo/epoch-000.h5")),
    ("1", include_bytes!("demo/epoch-001.h5")),
    ("2", include_bytes!("demo/epoch-002.h5")),
    ("3", include_bytes!("demo/epoch-003.h5")),
    ("4", include_bytes!("demo/epoch-004.h5")),
    ("5", include_bytes!("demo/epoch-005.h5")),
    ("6", include_bytes!("demo/epoch-006.h5")),
    ("8", include_bytes!("demo/epoch-008.h5")),
    ("10", include_bytes!("demo/epoch-010.h5")),
    ("wrong 1", include_bytes!("demo/wrong-001.h5")),
    ("wrong 2", include_bytes!("demo/wrong-002.h5")),
    ("wrong 3", include_bytes!("demo/wrong-003.h5")),
];

/// The end of the training that went well.
const TRAINED: usize = 8;

/// The built-in network after its training.
pub fn source() -> Source {
    Source::BuiltIn { name: NAME, bytes: EPOCHS[TRAINED].1 }
}

/// The built-in run, beginning with the network after its training.
pub fn run() -> Run {
    let place = |&(label, bytes): &Epoch| Place {
        source: Source::BuiltIn { name: NAME, bytes },
        label: label.to_owned(),
        stamp: None,
    };
    Run {
        title: NAME.to_owned(),
        places: EPOCHS.iter().map(place).collect(),
        start: TRAINED,
        watched: None,
        waits: false,
    }
}

/// What the photo is called on the screen.
pub const PHOTO_NAME: &str = "built-in photo";

const PHOTO: &[u8] = include_bytes!("demo/photo.jpg");

/// The built-in photo.
pub fn photo() -> Photo {
    Photo::decode(PHOTO, PHOTO_NAME).unwrap_or_else(|_| Photo { width: 1, height: 1, rgb: vec![127; 3] })
}
