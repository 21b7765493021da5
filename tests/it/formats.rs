//! Every format opens and lists what its files hold; every damage gives one sentence.

use crate::checkpoints::{lines, open, shared};

#[test]
fn dump() {
    for folder in ["checkpoints", "formats", "damaged"] {
        let Some(folder) = shared(folder) else { return };
        let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            match open(&file) {
                Ok(c) => {
                    eprintln!("== {} {:?} {}", file.display(), c.network().name, c.network().format);
                    for (line, layer) in lines(&*c).into_iter().zip(&c.network().layers) {
                        eprintln!("   {line} | {:?} {:?}", layer.tensors.iter().map(|t| &*t.name).collect::<Vec<_>>(), layer.geometry);
                    }
                    for layer in &c.network().layers {
                        c.read(layer).unwrap();
                    }
                }
                Err(e) => eprintln!("!! {e}"),
            }
        }
    }
}
