//! Embeds every file of `pipeline/catalog` in the binary, so that a deployment is one file and its catalog is known by hash.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let variable = |name: &str| env::var(name).map_err(io::Error::other);
    let catalog = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../catalog").canonicalize()?;
    // Cargo watches a folder with all that is in it.
    println!("cargo::rerun-if-changed={}", catalog.display());
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    collect(&catalog, &mut files)?;
    files.sort();
    let mut code = String::from("&[\n");
    for file in &files {
        let relative = file.strip_prefix(&catalog).map_err(io::Error::other)?;
        let name: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        let _ = writeln!(code, "    ({:?}, include_str!({:?})),", name.join("/"), file.display().to_string());
    }
    code.push_str("]\n");
    fs::write(Path::new(&variable("OUT_DIR")?).join("catalog_files.rs"), code)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "toml") {
            files.push(path);
        }
    }
    Ok(())
}
