//! What is fuzzed: bytes in, no panic, no hang, and sums that close. The targets call these under libFuzzer; `pipeline/lake/tests/fuzz.rs` replays
//! the corpus through them on stable.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use luheng_lake::catalog::CatalogFiles;
use luheng_lake::ingest::discover::{InputFile, form};
use luheng_lake::ingest::mapping::{Mapping, sources};
use luheng_lake::ingest::reader::{ReadOptions, read_file};
use luheng_lake::ingest::suggest::suggest;
use luheng_lake::ingest::{case_no as numbers, identity_no as identities};
use luheng_lake::schema::{Codes, Schema};

/// Mappings that use every form there is, beside the empty one. The headers are short, so that a fuzzer meets them.
const WIDE: &str = r#"
[assets]
known_on = "export"
unit = "wan_yuan"
only_if = { from = "a", not = ["x"] }
columns.debtor_ref = { from = "b", part = { by = "/", at = 2 } }
columns.acquired_on = { from = "d", format = "%d/%m/%Y %H" }
columns.necessary_home = { from = "f", values = { "Y" = "true" } }
columns.lien_for_case = "n"
[[assets.repeat]]
asset_ref = { template = "{a}-{g}-1" }
class = { from = "g", values = { "房" = "real_estate" } }
gross_fen = { from = "h", unit = "yuan" }
[[assets.repeat]]
asset_ref = { template = "{a}-{i}-2" }
class = "i"
gross_fen = "j"
[debtors]
known_on = { from = "established_on", lag_days = 3 }
columns.debtor_ref = "a"
columns.id_no = "b"
columns.id_kind = { from = "b", part = "id_kind" }
columns.kind = { from = "b", part = "debtor_kind" }
columns.born_on = { from = "b", part = "birth_date" }
columns.home_region = { from = "b", part = "home_region" }
columns.established_on = "d"
[cases]
[payments]
"#;

struct Catalog {
    files: CatalogFiles,
    schema: Schema,
    codes: Codes,
    wide: BTreeMap<String, Mapping>,
}

fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let files = CatalogFiles::embedded();
        let (schema, codes) = (Schema::load(&files).unwrap(), Codes::load(&files).unwrap());
        let user: BTreeMap<String, Mapping> = toml::from_str(WIDE).unwrap();
        let wide = sources(&files, &codes, &schema, &user, "fuzz").unwrap();
        Catalog { files, schema, codes, wide }
    })
}

/// Reads a file of one table through one mapping, and holds its sums together.
fn read(path: &Path, table: &str, mapping: &Mapping) {
    let catalog = catalog();
    let table = catalog.schema.table(table).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let (format, pack) = form(&name).unwrap();
    let file = InputFile { table: table.name.clone(), path: path.to_path_buf(), name, format, pack, shared: None };
    let (mut good, mut rejected) = (0, 0);
    let options = ReadOptions { as_of: 20_000, seen_on: None };
    let read = read_file(&file, table, mapping, &catalog.codes, &options, &mut |chunk| {
        assert_eq!(chunk.columns.len(), chunk.lines.len());
        good += chunk.lines.len() as u64;
        rejected += chunk.rejects.len() as u64;
        Ok(())
    });
    match read {
        Ok(report) => assert_eq!((report.rows, report.good, report.rejected), (good + rejected, good, rejected)),
        // Exit 1 is a fault of the program, which no input may cause.
        Err(error) => assert_ne!(error.exit_status(), 1, "{error}"),
    }
}

/// The bytes as a file of this name, read as a table of its own and through the wide mappings.
fn file(name: &str, table: &str, data: &[u8]) {
    thread_local!(static FOLDER: RefCell<Option<tempfile::TempDir>> = const { RefCell::new(None) });
    FOLDER.with_borrow_mut(|folder| {
        let folder = folder.get_or_insert_with(|| tempfile::tempdir().unwrap());
        let path = folder.path().join(name);
        std::fs::write(&path, data).unwrap();
        each(&path, table, data.len());
    });
}

/// A file that is there already.
pub fn existing(path: &Path, table: &str) {
    each(path, table, 0);
}

fn each(path: &Path, table: &str, size: usize) {
    let catalog = catalog();
    read(path, table, &Mapping::default());
    for wide in ["assets", "debtors"] {
        read(path, wide, &catalog.wide[wide]);
    }
    // The draft weighs every header against every column: slow beside the rest, so not for every input.
    if size.is_multiple_of(8)
        && let Ok(draft) = suggest(path, &catalog.files, &catalog.schema, &catalog.codes)
    {
        let table: toml::Table = toml::from_str(&draft).unwrap_or_else(|e| panic!("{e}\n{draft}"));
        assert!(table.keys().all(|key| key == "sources"), "{draft}");
    }
}

pub fn csv(data: &[u8]) {
    file("cases.csv", "cases", data);
}

pub fn json(data: &[u8]) {
    file("payments.jsonl", "payments", data);
}

pub fn parquet(data: &[u8]) {
    file("assets.parquet", "assets", data);
}

pub fn mapping(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let catalog = catalog();
    if let Ok(user) = toml::from_str::<BTreeMap<String, Mapping>>(text)
        && let Err(faults) = sources(&catalog.files, &catalog.codes, &catalog.schema, &user, "fuzz")
    {
        assert!(faults.iter().all(|f| !f.place.is_empty() && !f.expected.is_empty()), "{faults:?}");
    }
}

pub fn case_no(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(normal) = numbers::normalise(text) {
        assert_eq!(numbers::normalise(&normal).as_ref(), Some(&normal), "a normal form is its own");
        assert_eq!(numbers::normalise_document(&normal), normal);
    }
    let document = numbers::normalise_document(text);
    assert_eq!(numbers::normalise_document(&document), document);
    if let Some(court) = numbers::court(text) {
        assert_eq!(numbers::court_code(&court), Some(court));
    }
    let _ = numbers::court_code(text);
}

pub fn identity_no(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for kind in ["resident_id", "uscc", "passport", "other"] {
        if let Ok(normal) = identities::normalise(kind, text) {
            assert_eq!(identities::normalise(kind, &normal).as_ref(), Ok(&normal), "a normal form is its own");
        }
    }
    if let Some(resident) = identities::resident(text) {
        assert!(identities::born_on(&resident).is_some(), "{resident}");
    }
}
