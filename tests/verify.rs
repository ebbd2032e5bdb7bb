//! What `verify` finds in a published night, and what asking for a night twice does.

use std::fs;
use std::path::{Path, PathBuf};

use luheng_lake::store::manifest;
use tempfile::TempDir;

use crate::town::{command, configuration, contents, fails, luheng, must, shared_work, town};

/// A folder with all in it, links as links.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if path.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path).unwrap(), &target).unwrap();
        } else if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// A court of its own for tests that change what they look at: exports of a made town, two buckets, one child.
pub struct Court {
    folder: TempDir,
    pub exports: PathBuf,
    pub config: PathBuf,
    pub work: PathBuf,
}

impl Court {
    pub fn of(debtors: usize) -> Self {
        let (folder, made) = (tempfile::tempdir().unwrap(), town(debtors, &[]));
        let [exports, config, work] = ["exports", "luheng.toml", "work"].map(|name| folder.path().join(name));
        copy(made.path(), &exports);
        fs::write(&config, format!("buckets = 2\n{}", fs::read_to_string(configuration()).unwrap())).unwrap();
        Self { folder, exports, config, work }
    }

    /// A path in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A verb on the court's configuration, exports and work folder; a later argument of the same name is clap's to refuse.
    pub fn command(&self, verb: &[&str]) -> std::process::Command {
        self.command_in(&self.work, verb)
    }

    pub fn command_in(&self, work: &Path, verb: &[&str]) -> std::process::Command {
        let mut command = command(verb);
        command.args(["--jobs", "1", "--config"]).arg(&self.config).arg("--input").arg(&self.exports).arg("--work").arg(work);
        command
    }

    /// A night that must succeed; gives what it printed and what it told.
    pub fn night(&self, as_of: &str, more: &[&str]) -> (String, String) {
        self.night_in(&self.work, as_of, more)
    }

    pub fn night_in(&self, work: &Path, as_of: &str, more: &[&str]) -> (String, String) {
        let output = self.command_in(work, &[&["nightly", "--as-of", as_of], more].concat()).output().unwrap();
        let [said, told] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(output.status.success(), "{}\n{told}", output.status);
        (said, told)
    }
}

/// The run that `current` names; it is complete, and `verify` finds nothing wrong with it.
pub fn current(work: &Path) -> String {
    let link = fs::read_link(work.join("current")).unwrap();
    let id = link.strip_prefix("runs").unwrap().to_str().unwrap().to_owned();
    let record = manifest::read(&work.join("current")).unwrap();
    assert_eq!((record.run_id.as_str(), record.outcome.as_str()), (id.as_str(), "complete"));
    must(&["verify", "current", "--work", work.to_str().unwrap()]);
    id
}

/// Every hidden file or folder in a work folder but its lock: what a run that died may leave, and no other.
pub fn leavings(work: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![work.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name.starts_with('.') && name != ".lock" {
                found.push(path);
            } else if path.is_dir() && !path.is_symlink() {
                waiting.push(path);
            }
        }
    }
    found
}

/// A copy of the shared night that a test may break.
fn copied() -> (TempDir, PathBuf) {
    let (folder, shared) = (tempfile::tempdir().unwrap(), shared_work());
    let link = fs::read_link(shared.join("current")).unwrap();
    copy(&shared.join(&link), &folder.path().join(&link));
    std::os::unix::fs::symlink(&link, folder.path().join("current")).unwrap();
    let run = folder.path().join(link);
    (folder, run)
}

fn breaches(work: &Path) -> String {
    let (status, text) = fails(&["verify", "current", "--work", work.to_str().unwrap()]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("--again"), "says what to do: {text}");
    text
}

fn a_sheet(run: &Path) -> String {
    let names = fs::read_dir(run.join("sheets")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    format!("sheets/{}", names.filter(|n| n.ends_with(".html")).min().unwrap())
}

#[test]
fn a_flipped_byte_a_missing_and_an_added_file_are_named() {
    let (folder, run) = copied();
    let work = folder.path();
    current(work);
    let sheet = a_sheet(&run);
    for name in ["ratings.parquet", "regional.csv", &sheet, "manifest.json"] {
        let good = fs::read(run.join(name)).unwrap();
        // Ends and inner places: in the manifest these are braces, names, digits and line ends.
        for at in [0, 1, good.len() / 3, good.len() / 2, good.len() - 2, good.len() - 1] {
            for bit in [1, 0x80] {
                let mut bad = good.clone();
                bad[at] ^= bit;
                fs::write(run.join(name), bad).unwrap();
                assert!(breaches(work).contains(&format!("changed: {name}")), "{name} byte {at}");
            }
        }
        fs::write(run.join(name), [&good[..], b"\n"].concat()).unwrap();
        assert!(breaches(work).contains(&format!("changed: {name}")), "{name} with a byte more");
        fs::write(run.join(name), good).unwrap();
    }
    current(work);

    fs::rename(run.join("reasons.parquet"), work.join("aside")).unwrap();
    assert!(breaches(work).contains("missing: reasons.parquet"));
    fs::rename(work.join("aside"), run.join("reasons.parquet")).unwrap();
    for name in ["sheets/more.html", ".hidden", "parts/more.parquet"] {
        fs::create_dir_all(run.join(name).parent().unwrap()).unwrap();
        fs::write(run.join(name), "more").unwrap();
        let text = breaches(work);
        assert!(text.contains(&format!("added: {name}")) && text.contains("1 breaches"), "{text}");
        fs::remove_file(run.join(name)).unwrap();
    }
    current(work);
}

#[test]
fn all_breaches_are_named_at_once_and_a_run_that_is_not_there_is_said_so() {
    let (folder, run) = copied();
    let work = folder.path();
    fs::write(run.join("worklist.parquet"), "no table").unwrap();
    fs::remove_file(run.join("alerts.parquet")).unwrap();
    let text = breaches(work);
    assert!(text.contains("changed: worklist.parquet") && text.contains("missing: alerts.parquet"), "{text}");
    let (status, text) = fails(&["verify", "2026-01-01-000000000000", "--work", work.to_str().unwrap()]);
    assert!(status == 2 && text.contains("no such run") && text.contains("luheng runs"), "{text}");
    let by_id = luheng(&["verify", run.file_name().unwrap().to_str().unwrap(), "--work", work.to_str().unwrap()]);
    assert_eq!(by_id.status.code(), Some(1));
}

#[test]
fn a_finished_night_is_not_built_twice_unless_asked_and_then_it_is_the_same() {
    let court = Court::of(150);
    court.night("2026-05-31", &[]);
    let may = current(&court.work);
    court.night("2026-06-30", &[]);
    let june = current(&court.work);
    let first = contents(&court.work);
    assert_eq!(manifest::read(&court.work.join("current")).unwrap().previous, Some(may.clone()));
    let runs = || {
        let mut names: Vec<String> =
            fs::read_dir(court.work.join("runs")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let models = || fs::read_dir(court.work.join("models")).unwrap().map(|e| e.unwrap().metadata().unwrap().modified().unwrap()).max();

    // Asked again: found, and nothing is made.
    let (before, built) = (models(), fs::metadata(court.work.join("current/manifest.json")).unwrap().modified().unwrap());
    let (said, told) = court.night("2026-06-30", &[]);
    assert!(said.contains(&format!("already published: {june}")), "{said}");
    for stage in ["train", "features", "score", "metrics", "report"] {
        assert!(!told.lines().any(|line| line.trim_start().starts_with(&format!("{stage} "))), "{stage} ran:\n{told}");
    }
    assert_eq!((models(), fs::metadata(court.work.join("current/manifest.json")).unwrap().modified().unwrap()), (before, built));
    assert_eq!(runs(), [may.clone(), june.clone()]);

    // An earlier night asked for again becomes current again, and the later one stays.
    court.night("2026-05-31", &[]);
    assert_eq!(current(&court.work), may);
    court.night("2026-06-30", &[]);

    // Built anew: the same content and, but for what names lines of the input or the run itself, the same bytes.
    for again in [".2", ".3"] {
        let (said, _) = court.night("2026-06-30", &["--again"]);
        assert_eq!(current(&court.work), format!("{june}{again}"));
        assert!(said.contains(again), "{said}");
        assert_eq!(contents(&court.work), first);
        for name in first.keys() {
            let [one, other] =
                [court.work.join("runs").join(&june), court.work.join("current")].map(|run| fs::read(run.join(name)).unwrap());
            assert!(one == other, "{name}");
        }
    }
    assert_eq!(runs(), [may, june.clone(), format!("{june}.2"), format!("{june}.3")]);
    assert!(leavings(&court.work).is_empty());
    let list = must(&["runs", "--work", court.work.to_str().unwrap()]);
    assert_eq!((list.lines().count(), list.matches("<- current").count()), (4, 1), "{list}");
}

#[test]
fn a_night_built_again_that_differs_is_a_fault_that_names_the_table() {
    let court = Court::of(40);
    court.night("2026-06-30", &[]);
    let run = fs::canonicalize(court.work.join("current")).unwrap();
    // As if an earlier build of this release had rated otherwise: only the record of what it wrote is changed, and sealed again.
    let mut record = manifest::read(&run).unwrap();
    record.files.get_mut("ratings.parquet").unwrap().content = "0".repeat(64);
    manifest::write(&run, &record).unwrap();
    let first = current(&court.work);
    for build in [".2", ".3"] {
        let output = court.command(&["nightly", "--as-of", "2026-06-30", "--again"]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && text.contains("differs") && text.contains("ratings.parquet"), "{text}");
        // Nobody reads a build that is not trusted; it stays beside the other, whole, to be looked at.
        let other = format!("{first}{build}");
        assert!(text.contains(&other) && text.contains("nothing was published"), "{text}");
        assert_eq!(current(&court.work), first);
        must(&["verify", &other, "--work", court.work.to_str().unwrap()]);
    }
    let (said, _) = court.night("2026-06-30", &[]);
    assert!(said.contains(&format!("already published: {first}")), "{said}");
}

#[test]
fn old_runs_go_after_a_night_built_again_and_the_newest_builds_stay() {
    let court = Court::of(40);
    let config = fs::read_to_string(&court.config).unwrap();
    let keep = |runs: u32| fs::write(&court.config, format!("keep_runs = {runs}\n{config}")).unwrap();
    let runs = || {
        let mut names: Vec<String> =
            fs::read_dir(court.work.join("runs")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    keep(2);
    court.night("2026-05-31", &[]);
    let may = current(&court.work);
    let builds = |builds: [&str; 2]| builds.map(|n| format!("{may}{n}"));
    // The first build goes in its turn; the next is compared with the earliest there is, and never takes a name that was used.
    for kept in [["", ".2"], [".2", ".3"], [".3", ".4"]] {
        court.night("2026-05-31", &["--again"]);
        assert_eq!(runs(), builds(kept));
        assert_eq!(current(&court.work), builds(kept)[1]);
    }
    // What a night was compared with is gone: it cannot be built the same, and says so instead of finding a fault.
    court.night("2026-06-30", &[]);
    let june = current(&court.work);
    assert_eq!(runs(), [builds([".4", ""])[0].clone(), june.clone()]);
    court.night("2026-06-30", &["--again"]);
    assert_eq!(runs(), [june.clone(), format!("{june}.2")]);
    let output = court.command(&["nightly", "--as-of", "2026-06-30", "--again"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && text.contains(&may) && text.contains("keep_runs"), "{text}");
    assert_eq!(current(&court.work), format!("{june}.2"));
}
