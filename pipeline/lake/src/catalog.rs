//! The catalog: what a judge or a clerk reviews, as TOML. Embedded by `build.rs`, replaceable file by file from a folder, hashed into manifests.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{Result, explain};
use crate::store::{input, text};

static EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/catalog_files.rs"));

/// What may stand at the top of a catalog folder. Anything else there is a mistyped name that would be silently without effect.
const TOPS: [&str; 8] = ["codes", "legal.toml", "measures", "ratings", "retention.toml", "sources", "synonyms.toml", "tables"];

/// Every file of the catalog by its path below `pipeline/catalog`, with `/` between folders.
#[derive(Clone, Debug)]
pub struct CatalogFiles {
    files: BTreeMap<String, Cow<'static, str>>,
    overridden: Vec<String>,
}

impl CatalogFiles {
    /// The catalog as it was when this binary was built.
    pub fn embedded() -> Self {
        let files = EMBEDDED.iter().map(|(path, text)| ((*path).to_owned(), Cow::Borrowed(*text))).collect();
        Self { files, overridden: Vec::new() }
    }

    /// A catalog read from a folder alone: for development, where editing a measure should rebuild nothing.
    ///
    /// Errors: an unreadable folder, a file that belongs nowhere in a catalog.
    pub fn from_folder(folder: &Path) -> Result<Self> {
        Self { files: BTreeMap::new(), overridden: Vec::new() }.read(folder, false)
    }

    /// This catalog with the folder's files over it, file by file; a file of a new name is added. Both are listed by [`Self::overridden`].
    ///
    /// Errors: an unreadable folder, a file that belongs nowhere in a catalog.
    pub fn overlay(self, folder: &Path) -> Result<Self> {
        self.read(folder, true)
    }

    fn read(mut self, folder: &Path, listed: bool) -> Result<Self> {
        for path in input::files_below(folder)? {
            if path.extension().is_none_or(|e| e != "toml") {
                continue;
            }
            let relative = path.strip_prefix(folder).unwrap_or(&path);
            let name = relative.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
            let top = name.split('/').next().unwrap_or_default();
            if !TOPS.contains(&top) {
                return Err(explain("this file belongs nowhere in a catalog")
                    .at(path.display())
                    .found(top)
                    .expected(format!("one of {}", TOPS.join(", ")))
                    .remedy("move or rename it")
                    .config());
            }
            self.files.insert(name.clone(), Cow::Owned(text::read_to_string(&path)?));
            if listed {
                self.overridden.push(name);
            }
        }
        self.overridden.sort();
        self.overridden.dedup();
        Ok(self)
    }

    /// Path and text of the files whose path begins with `prefix` (`"measures/"`), in order of path.
    pub fn files<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files.iter().filter(move |(path, _)| path.starts_with(prefix)).map(|(p, t)| (p.as_str(), t.as_ref()))
    }

    /// The text of one file (`"legal.toml"`).
    pub fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(Cow::as_ref)
    }

    /// Paths of the files that came from an overlay, sorted.
    pub fn overridden(&self) -> &[String] {
        &self.overridden
    }

    /// blake3 (hex) over paths and texts: the catalog's part in a run's identity.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (path, text) in &self.files {
            for part in [path.as_bytes(), text.as_bytes()] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]
    use super::*;

    #[test]
    fn an_overlay_replaces_one_file_and_is_listed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("codes")).unwrap();
        std::fs::write(dir.path().join("codes/industry.toml"), "# shorter\n").unwrap();
        let plain = CatalogFiles::embedded();
        let over = plain.clone().overlay(dir.path()).unwrap();
        assert_eq!(over.overridden(), ["codes/industry.toml"]);
        assert_eq!(over.get("codes/industry.toml"), Some("# shorter\n"));
        assert_eq!(over.files("tables/").count(), plain.files("tables/").count());
        assert_ne!(over.hash(), plain.hash());
    }

    #[test]
    fn a_mistyped_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("table")).unwrap();
        std::fs::write(dir.path().join("table/cases.toml"), "").unwrap();
        let error = CatalogFiles::embedded().overlay(dir.path()).unwrap_err();
        assert_eq!(error.exit_status(), 4);
        assert!(error.to_string().contains("found table"), "{error}");
    }

    #[test]
    fn the_folder_and_the_embedded_catalog_are_the_same() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalog");
        assert_eq!(CatalogFiles::from_folder(&folder).unwrap().hash(), CatalogFiles::embedded().hash());
    }
}
