//! Files that are not sound: one sentence each, and nothing left behind.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Write,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use convscope::checkpoint::error::Cause;
use tempfile::TempDir;

use crate::checkpoints::{fixture, open};

fn written(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// The sentence about a file, without its path; it must be one line and name the path.
fn sentence(path: &Path) -> (Cause, String) {
    let error = open(path).err().unwrap_or_else(|| panic!("{} opens", path.display()));
    let text = error.to_string();
    let rest = text.strip_prefix(&format!("{}: ", path.display())).unwrap_or_else(|| panic!("{text}"));
    assert!(!text.contains('\n') && !text.contains("HDF5-DIAG") && rest.contains("; "), "{text}");
    (error.cause, rest.to_owned())
}

#[test]
fn a_cut_copy_of_every_format_is_said_to_be_cut() {
    let folder = TempDir::new().unwrap();
    for file in ["zoo.h5", "zoo.weights.h5", "zoo.keras", "nested_deflated.keras", "keras1.h5", "foreign.h5"]
    {
        let whole = fs::read(fixture(file)).unwrap();
        for part in [1, 2, 3] {
            let cut = written(&folder, file, &whole[..whole.len() * part / 4]);
            let (cause, text) = sentence(&cut);
            assert_eq!(cause, Cause::Damaged, "{text}");
            assert!(text.starts_with("is only partly written"), "{text}");
        }
    }
    let (_, text) = sentence(&written(&folder, "empty.h5", b""));
    assert_eq!(
        text,
        "is only partly written (the file is empty); wait for the trainer to finish it, or copy it again"
    );
}

#[test]
fn a_file_that_sends_the_library_into_an_endless_loop_is_given_up() {
    let folder = TempDir::new().unwrap();
    let mut bytes = fs::read(fixture("float16.h5")).unwrap();
    // The size of the first object of the heap that holds the strings: stepping over it steps nowhere.
    let heap = bytes.windows(4).position(|window| window == b"GCOL").unwrap();
    bytes[heap + 24..heap + 32].copy_from_slice(&0xffff_ffff_ffff_fff0_u64.to_le_bytes());
    let start = Instant::now();
    let (cause, text) = sentence(&written(&folder, "loop.h5", &bytes));
    assert_eq!(cause, Cause::TooCostly, "{text}");
    assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
}

#[test]
fn every_flipped_byte_is_an_answer_or_a_sentence() {
    let folder = TempDir::new().unwrap();
    let whole = fs::read(fixture("keras1.h5")).unwrap();
    // A prime apart, so that every sort of structure is hit.
    for at in (0..whole.len()).step_by(331) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        let path = written(&folder, "flipped.h5", &bytes);
        if let Ok(opened) = open(&path) {
            for layer in &opened.network().layers {
                let _ = opened.read(layer);
            }
        } else {
            sentence(&path);
        }
    }
}

#[test]
fn what_is_no_checkpoint_is_called_what_it_is() {
    let folder = TempDir::new().unwrap();
    let mut packed = zip::ZipWriter::new(File::create(folder.path().join("torch.pth")).unwrap());
    packed.start_file("archive/data.pkl", zip::write::SimpleFileOptions::default()).unwrap();
    packed.write_all(b"\x80\x02.").unwrap();
    packed.finish().unwrap();
    for (name, bytes, expected) in [
        ("a.npy", b"\x93NUMPY\x01\x00" as &[u8], "is a NumPy .npy file, which convscope does not read yet"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "is a PNG image, not a checkpoint"),
        (
            "a.h5",
            b"version https://git-lfs.github.com/spec/v1\n",
            "is a Git LFS pointer, not the file itself",
        ),
        ("a.safetensors", b"\x02\0\0\0\0\0\0\0{}    ", "is a safetensors file"),
        ("a.onnx", b"\x08\x07", "is an ONNX file"),
        ("a.json", b"{\"class_name\": 1}", "is a JSON file"),
        ("a.txt", b"hello", "is neither HDF5 nor a .keras file"),
    ] {
        let (cause, text) = sentence(&written(&folder, name, bytes));
        assert!(text.starts_with(expected), "{text}");
        assert_eq!(cause, Cause::UnknownFormat, "{text}");
    }
    assert!(
        sentence(&folder.path().join("torch.pth"))
            .1
            .starts_with("is a PyTorch file, which convscope does not read yet")
    );
}

#[test]
fn what_is_no_file_is_not_opened() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(sentence(&pipe).1, "is a pipe; name a .keras, .h5 or .weights.h5 file");
    assert!(sentence(folder.path()).1.starts_with("is a folder"));
    assert!(sentence(Path::new("/dev/zero")).1.starts_with("is a device"));
    assert_eq!(sentence(&folder.path().join("none.h5")).1, "no such file; check the spelling");
    assert_eq!(sentence(&folder.path().join("none.h5")).0, Cause::Unreadable);
}

#[test]
fn a_name_that_is_no_text_opens() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(OsStr::from_bytes(b"mod\xe8le \x1b[0m.h5"));
    fs::copy(fixture("float16.h5"), &path).unwrap();
    assert_eq!(open(&path).unwrap().network().layers.len(), 1);
    fs::write(&path, "no").unwrap();
    assert!(open(&path).err().unwrap().to_string().contains("mod\u{fffd}le \\u{1b}[0m.h5: "));
}

#[test]
fn a_file_that_is_written_anew_is_read_anew() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, "a.h5", &fs::read(fixture("float16.h5")).unwrap());
    let opened = open(&path).unwrap();
    fs::write(&path, fs::read(fixture("keras2.h5")).unwrap()).unwrap();
    let error = opened.read(&opened.network().layers[0]).unwrap_err();
    assert!(error.to_string().contains("a.h5: its array"), "{error}");
    fs::remove_file(&path).unwrap();
    assert_eq!(opened.read(&opened.network().layers[0]).unwrap_err().cause, Cause::Unreadable);
}

#[test]
fn a_locked_file_is_read_and_a_read_file_is_not_locked() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, "a.h5", &fs::read(fixture("zoo.h5")).unwrap());
    let trainer = File::options().read(true).write(true).open(&path).unwrap();
    rustix::fs::flock(&trainer, rustix::fs::FlockOperation::LockExclusive).unwrap();
    open(&path).unwrap();
    rustix::fs::flock(&trainer, rustix::fs::FlockOperation::Unlock).unwrap();
    // While another thread reads on and on, the lock is free each time it is asked for.
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| (0..20).for_each(|_| drop(open(&path).unwrap())));
        while !reading.is_finished() {
            rustix::fs::flock(&trainer, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
            rustix::fs::flock(&trainer, rustix::fs::FlockOperation::Unlock).unwrap();
        }
    });
}

#[test]
fn a_zip_bomb_is_refused_before_it_is_unpacked() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bomb.keras");
    let mut packed = zip::ZipWriter::new(File::create(&path).unwrap());
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    packed.start_file("config.json", options).unwrap();
    packed.write_all(br#"{"class_name": "Sequential", "config": {"layers": []}}"#).unwrap();
    packed.start_file("model.weights.h5", options).unwrap();
    packed.write_all(&vec![0; 20 << 20]).unwrap();
    packed.finish().unwrap();
    // The honest one: zeros are no HDF5.
    assert_eq!(sentence(&path).0, Cause::Damaged);
    let mut bytes = fs::read(&path).unwrap();
    // The lying one: its size in the list of members says four gigabytes.
    let list = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    bytes[list + 24..list + 28].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    let (cause, text) = sentence(&written(&folder, "liar.keras", &bytes));
    assert_eq!(cause, Cause::Damaged);
    assert!(text.contains("claims 4294967280 bytes"), "{text}");
}

#[test]
fn nothing_is_left_behind() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, "a.keras", &fs::read(fixture("nested_deflated.keras")).unwrap());
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    let opened = open(&path).unwrap();
    opened.read(&opened.network().layers[0]).unwrap();
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
    let links = |folder: &str| {
        fs::read_dir(folder).unwrap().filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
    };
    assert!(links("/proc/self/fd").all(|target| target != path), "the file is still open");
}
