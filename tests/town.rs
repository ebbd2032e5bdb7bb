//! Nights for tests: how the program is run, and one night of the sample town that every reading test shares.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::UNIX_EPOCH;

use luheng_lake::columns::Columns;
use luheng_lake::store::paths::Work;
use luheng_lake::store::seal::Seal;
use luheng_lake::store::{lake, parquet, tables};
use tempfile::TempDir;

/// The program, built by cargo with the tests.
pub const LUHENG: &str = env!("CARGO_BIN_EXE_luheng-under-test");

/// The master key of all tests.
pub const MASTER_KEY: &str = "4d4b000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d";

/// The project's folder.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file below a folder, links left out.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = waiting.pop() {
        for path in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| !p.is_symlink()) {
            if path.is_dir() { waiting.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// The sample town's folder.
pub fn sample_town() -> PathBuf {
    project().join("data-samples/town")
}

/// Runs luheng with these arguments.
pub fn luheng<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Output {
    command(arguments).output().unwrap()
}

/// A command of luheng that takes no key from this machine.
pub fn command<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(LUHENG);
    command.args(arguments).env_remove("LUHENG_KEY").env_remove("LUHENG_NEW_MASTER_KEY").current_dir(project());
    // No key of a test is kept on this machine.
    command.env("LUHENG_MASTER_KEY", MASTER_KEY);
    command
}

/// Runs luheng, which must succeed; gives what it printed.
pub fn must<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> String {
    let output = luheng(arguments);
    assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The exit status and the message of a run that must fail.
pub fn fails<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> (i32, String) {
    let output = luheng(arguments);
    assert!(!output.status.success(), "succeeded");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The configuration of the sample town; serves every town of the generator.
pub fn configuration() -> PathBuf {
    sample_town().join("luheng.toml")
}

/// A night over a folder of exports, in a work folder; more arguments may follow.
pub fn night(input: &Path, work: &Path, more: &[&str]) {
    let (config, input, work) = (configuration(), input.to_owned(), work.to_owned());
    let mut arguments: Vec<std::ffi::OsString> = vec!["nightly".into(), "--config".into(), config.into(), "--input".into(), input.into()];
    arguments.extend(["--work".into(), work.into()]);
    arguments.extend(more.iter().map(Into::into));
    must(&arguments);
}

/// A made town of so many debtors, in a folder of its own.
pub fn town(debtors: usize, more: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (count, out) = (debtors.to_string(), folder.path().display().to_string());
    let mut arguments = vec!["synth", "--debtors", &count, "--seed", "7", "--out", &out];
    arguments.extend(more);
    must(&arguments);
    fs::remove_file(folder.path().join("truth.parquet")).unwrap();
    folder
}

/// One night of the sample town, run once for this very program and shared by every test that only reads.
pub fn shared_work() -> PathBuf {
    let built = fs::metadata(LUHENG).unwrap().modified().unwrap().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("town-{built}"));
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let work = folder.join("work");
    if !work.join("current/manifest.json").is_file() {
        night(&sample_town(), &work, &["--jobs", "2"]);
    }
    work
}

/// A table of the current run of a work folder.
pub fn table(work: &Path, name: &str) -> Columns {
    parquet::read(&work.join("current").join(format!("{name}.parquet")), &Seal::none()).unwrap()
}

/// Every row of a lake table, over all buckets.
pub fn lake(work: &Path, name: &str) -> Columns {
    let buckets = lake::read(&Work::at(work)).unwrap().unwrap().buckets;
    let parts: Vec<Columns> = (0..buckets).filter_map(|b| tables::read(&work.join("lake"), name, b, &Seal::none()).unwrap()).collect();
    Columns::concat(&parts).unwrap()
}

/// The content of every published file but those that name lines of the input, by name.
pub fn contents(work: &Path) -> std::collections::BTreeMap<String, String> {
    let manifest = luheng_lake::store::manifest::read(&work.join("current")).unwrap();
    let names_lines = |name: &str| name.starts_with("rejects") || name.starts_with("quality");
    manifest.files.into_iter().filter(|(name, _)| !names_lines(name)).map(|(name, entry)| (name, entry.content)).collect()
}

/// A text column.
pub fn texts(table: &Columns, name: &str) -> Vec<Option<String>> {
    let column = table.require(name).unwrap();
    (0..table.len()).map(|at| column.text_at(at).map(str::to_owned)).collect()
}

/// A column of reals.
pub fn reals(table: &Columns, name: &str) -> Vec<Option<f64>> {
    let column = table.require(name).unwrap();
    (0..table.len()).map(|at| column.real_at(at)).collect()
}
