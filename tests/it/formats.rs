//! The checkpoints the repository ships: every kind of layer in every format, and every sort of damage.

use crate::checkpoints::{fixture, lines, open};
#[test]
fn dump() {
    for f in ["zoo.h5","zoo.weights.h5","zoo.keras","nested.h5","nested.weights.h5","nested.keras","nested_deflated.keras","float16.h5","bfloat16.h5","bfloat16.keras","keras1.h5","keras2.h5","hostile_name.h5","foreign.h5","keras213.weights.h5"] {
        match open(&fixture(f)) {
                Ok(c) => {
                    eprintln!("== {f} {:?} {}", c.network().name, c.network().format);
                    for (line, layer) in lines(&*c).into_iter().zip(&c.network().layers) {
                        eprintln!("   {line:?} | {:?} {:?}", layer.tensors.iter().map(|t| &*t.name).collect::<Vec<_>>(), layer.geometry);
                    }
                    for layer in &c.network().layers {
                        c.read(layer).unwrap();
                    }
                }
                Err(e) => eprintln!("!! {e}"),
        }
    }
}
