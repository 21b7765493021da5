//! Which libraries the modules of numbers see: those that this table names, of all that `Cargo.toml` does.

use std::path::Path;

use super::{Source, has, sources};

/// The libraries that the modules of numbers see, and no others; a part of a module sees those of the whole too.
pub(super) const SEEN: &[(&str, &[&str])] = &[
    ("weights", &["nalgebra", "ndarray", "rand_core", "rand_distr", "rand_pcg", "rayon", "serde"]),
    // Eight kernels go through the permutation test side by side.
    ("weights::structure", &["fearless_simd"]),
    // The layer whose name is most like the one that was asked for.
    ("weights::find", &["strsim"]),
    ("response", &["fearless_simd", "ndarray", "rayon"]),
    // Large pages are asked for.
    ("response::memory", &["rustix"]),
    ("raster", &["ndarray"]),
];

/// What `Cargo.toml` depends on, as the code calls it.
fn dependencies() -> Vec<String> {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let all = manifest.split("\n[dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let names = all.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = "));
    let names: Vec<String> = names.map(|(name, _)| name.replace('-', "_")).collect();
    assert!(names.len() > 20, "only {names:?}");
    names
}

/// The libraries that a module of numbers sees and should not.
fn strangers(source: &Source, dependencies: &[String]) -> Vec<String> {
    let tables: Vec<_> = SEEN.iter().filter(|(module, _)| source.is_in(module)).collect();
    let known =
        |name: &str| tables.is_empty() || tables.iter().any(|(_, libraries)| libraries.contains(&name));
    let strange: Vec<&String> = dependencies.iter().filter(|name| !known(name)).collect();
    let path = source.path.display();
    let lines = source.lines.iter().enumerate();
    lines
        .flat_map(|(number, line)| strange.iter().map(move |name| (number + 1, line, name)))
        .filter(|(_, line, name)| has(line, &format!("{name}::")))
        .map(|(number, line, name)| {
            format!("{path}:{number}: `{line}`\n    {name} is not in its row of SEEN")
        })
        .collect()
}

#[test]
fn numbers_see_no_other_libraries() {
    let dependencies = dependencies();
    let strange = |path: &str, text: &str| strangers(&Source::new(Path::new(path), text), &dependencies);
    let broken: Vec<String> =
        sources().iter().flat_map(|(path, text)| strange(path.to_str().unwrap(), text)).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    assert_eq!(strange("src/response/plan.rs", "rustix::mm::madvise()").len(), 1);
    assert_eq!(strange("src/weights/delta.rs", "use fearless_simd::Level;").len(), 1);
    assert_eq!(strange("src/response/memory.rs", "use rustix::mm::madvise;"), [""; 0]);
    assert_eq!(strange("src/jobs/read.rs", "use rustix::mm::madvise;"), [""; 0]);
}
