//! Encryption at rest: what a stolen disk tells, what each key opens, and that none of it changes a result.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use luheng_lake::store::keyring::{self, Keyring};
use luheng_lake::store::paths::Work;
use luheng_lake::store::seal::{Encrypt, Seal, Seals};
use luheng_lake::store::{atomic, manifest, parquet};

use crate::quality::change;
use crate::town::{MASTER_KEY, contents, files, table, texts};
use crate::verify::{Court, current, leavings};

const DAY: &str = "2026-06-30";
const NEW_KEY: &str = "11d0c0b0a09080706050403020100f0e0d0c0b0a090807060504030201004b4d";

/// A court whose configuration says how much is encrypted.
fn court(debtors: usize, encrypt: &str) -> Court {
    let court = Court::of(debtors);
    configure(&court, encrypt);
    court
}

fn configure(court: &Court, encrypt: &str) {
    let text = fs::read_to_string(&court.config).unwrap();
    let rest: Vec<&str> = text.lines().filter(|line| !line.starts_with("encrypt = ")).collect();
    fs::write(&court.config, format!("encrypt = \"{encrypt}\"\n{}\n", rest.join("\n"))).unwrap();
}

fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "parquet")
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|w| w == word)
}

/// The seals a work folder's own keys give to whoever has the master key.
fn seals(court: &Court, work: &Path, master: &str) -> Seals {
    keyring::open(&Work::at(work), Encrypt::None, Some(&key_file(court, "master of the tests", master))).unwrap()
}

fn key_file(court: &Court, name: &str, hex: &str) -> PathBuf {
    let path = court.path(name);
    fs::write(&path, format!("{hex}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

/// What a command says that must end with a status. No key may be in it.
fn refused(command: &mut Command, status: i32) -> String {
    let output = command.output().unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(status), "{text}");
    assert!(!text.contains(&MASTER_KEY[..12]) && !text.contains(&NEW_KEY[..12]), "a key was shown: {text}");
    text
}

fn master_id(work: &Path) -> String {
    Keyring::read(&Work::at(work)).unwrap().unwrap().master_id().to_owned()
}

fn first_case(plain: &Path) -> String {
    texts(&table(plain, "ratings"), "case_no")[0].clone().unwrap()
}

/// A night in the clear, and the same night with everything encrypted in `court.work`.
fn two_nights(debtors: usize) -> (Court, PathBuf) {
    let court = court(debtors, "none");
    let (plain, _) = nights_of(&court);
    (court, plain)
}

/// The work folder of the night in the clear, and what the night told in which everything is encrypted.
fn nights_of(court: &Court) -> (PathBuf, String) {
    let plain = court.path("plain");
    court.night_in(&plain, DAY, &[]);
    configure(court, "all");
    let (_, told) = court.night(DAY, &[]);
    (plain, told)
}

#[test]
fn an_encrypted_night_is_the_same_night() {
    let (court, plain) = two_nights(150);
    assert_eq!(current(&court.work), current(&plain));
    let of = |work: &Path| {
        let mut files = contents(work);
        files.retain(|name, _| !name.starts_with("sheets/"));
        files
    };
    assert_eq!(of(&court.work), of(&plain));
    assert!(of(&plain).len() >= 12 && contents(&plain).len() > of(&plain).len() + 60);
    // Its tables are those of the plain lake, row by row.
    let seals = seals(&court, &court.work, MASTER_KEY);
    let mut compared = 0;
    for path in files(&plain.join("lake")).iter().filter(|p| is_parquet(p)) {
        let there = court.work.join(path.strip_prefix(&plain).unwrap());
        let (a, b) = (parquet::read(path, &Seal::none()).unwrap(), parquet::read(&there, &seals.lake).unwrap());
        assert_eq!(a.content_hash(), b.content_hash(), "{}", there.display());
        compared += 1;
    }
    assert!(compared > 30, "{compared}");

    // Sheets are made on demand, and say what the plain night's say.
    let case_no = first_case(&plain);
    let (sheet, of_plain) = (court.path("sheet.html"), court.path("plain.html"));
    for (work, out) in [(&court.work, &sheet), (&plain, &of_plain)] {
        succeeds(court.command_in(work, &["sheet", &case_no, "--out", out.to_str().unwrap()]).env_remove("LUHENG_KEY"));
    }
    assert_eq!(fs::read_to_string(&sheet).unwrap(), fs::read_to_string(&of_plain).unwrap());
    assert!(plain.join("current/sheets").is_dir() && !court.work.join("current/sheets").exists());

    // Asked for again it is there; built anew it is the same, though no encrypted file has the bytes it had.
    assert!(court.night(DAY, &[]).0.contains("already published"));
    let files_of = |work: &Path| manifest::read(&work.join("current")).unwrap().files;
    let first = files_of(&court.work);
    court.night(DAY, &["--again"]);
    assert!(current(&court.work).ends_with(".2"));
    let again = files_of(&court.work);
    assert_eq!(first["ratings.parquet"].content, again["ratings.parquet"].content);
    assert_ne!(first["ratings.parquet"].file, again["ratings.parquet"].file);
}

/// Words that tell something of somebody: case numbers, debtors' ids, columns of any table.
fn telling(plain: &Path) -> BTreeSet<String> {
    let (ratings, mut words) = (table(plain, "ratings"), BTreeSet::new());
    for name in ["case_no", "debtor_id"] {
        words.extend(texts(&ratings, name).into_iter().flatten());
    }
    assert!(words.len() > 100);
    words
}

fn column_names(plain: &Path) -> BTreeSet<String> {
    let tables = files(plain).into_iter().filter(|p| is_parquet(p) && !p.starts_with(plain.join("vault")));
    // Short names may stand in any bytes by chance.
    tables
        .flat_map(|p| parquet::read(&p, &Seal::none()).unwrap().names().map(str::to_owned).collect::<Vec<_>>())
        .filter(|n| n.len() > 6)
        .collect()
}

#[test]
fn a_stolen_work_folder_tells_nothing_of_anybody() {
    let court = court(150, "none");
    // A column shifted by mistake: in the first rows the number of a case stands where its cause should.
    let number = |line: usize| format!("(2023)测9901执9{line}号");
    change(&court.exports, "cases.csv", "cause", |line, found| if line <= 5 { number(line) } else { found.to_owned() });
    let shifted: BTreeSet<String> = (1..=5).map(number).collect();
    let (plain, told) = nights_of(&court);
    let (mut words, columns) = (telling(&plain), column_names(&plain));
    words.extend(shifted.iter().cloned());
    assert!(columns.len() > 100, "{}", columns.len());
    let (mut tables, mut others) = (0, 0);
    for path in files(&court.work) {
        let bytes = fs::read(&path).unwrap();
        if is_parquet(&path) {
            assert!(bytes.starts_with(b"PARE") && bytes.ends_with(b"PARE"), "{} is in the clear", path.display());
            assert_eq!(parquet::read(&path, &Seal::none()).unwrap_err().exit_status(), 4, "{}", path.display());
            if tables % 7 == 0 {
                assert!(columns.iter().all(|name| !holds(&bytes, name.as_bytes())), "a column's name is in {}", path.display());
            }
            tables += 1;
        } else {
            // Nothing else is packed, so its text is all there is to find.
            let text = String::from_utf8(bytes).unwrap_or_else(|_| panic!("{} is no text", path.display()));
            let found = words.iter().find(|word| text.contains(word.as_str()));
            assert_eq!(found, None, "in {}", path.display());
            assert!(!text.contains(MASTER_KEY), "the master key is in {}", path.display());
            others += 1;
        }
    }
    assert!(tables > 40 && others >= 9, "{tables} {others}");
    // Warnings say where to look, and a check that has no lake to pass unchanged files over, and writes nothing, what stands there.
    let warned = |work: &Path| manifest::read(&work.join("current")).unwrap().warnings.join("\n");
    let place = "cases: unknown_code cause (cases.csv, 5 rows): ";
    assert!(warned(&court.work).contains(place) && told.contains(place), "{told}");
    assert_eq!(shifted.iter().filter(|number| told.contains(number.as_str())).count(), 0, "{told}");
    let checked = succeeds(&mut court.command_in(&court.path("empty"), &["check", "--as-of", DAY]));
    for number in &shifted {
        let line = format!("cases: unknown_code cause {number} (cases.csv, 1 rows): ");
        assert!(checked.contains(&line) && warned(&plain).contains(&line), "{line}");
    }
    // The same search finds them in the clear where they are.
    assert!(files(&plain).iter().any(|p| fs::read_to_string(p).is_ok_and(|text| words.iter().any(|word| text.contains(word.as_str())))));
    assert!(files(&plain).iter().filter(|p| is_parquet(p)).any(|p| holds(&fs::read(p).unwrap(), b"debtor_id")));
}

/// Whether any frame of a spill is zstd as it stands.
fn is_in_the_clear(bytes: &[u8]) -> bool {
    bytes.len() > 20 && bytes[16..20] == [0x28, 0xb5, 0x2f, 0xfd]
}

#[test]
fn a_disk_stolen_during_the_night_tells_no_more() {
    let court = court(150, "lake");
    for encrypt in ["none", "lake"] {
        configure(&court, encrypt);
        let work = court.path(encrypt);
        let mut met = (0, 0);
        let mut dies_before = |n: u64| -> bool {
            let output = court.command_in(&work, &["ingest", "--as-of", DAY]).env(atomic::ABORT_AT, n.to_string()).output().unwrap();
            for path in leavings(&work).iter().filter(|p| p.is_dir()).flat_map(|p| files(p)) {
                let bytes = fs::read(&path).unwrap();
                if path.extension().is_some_and(|e| e == "rows") {
                    assert_eq!(is_in_the_clear(&bytes), encrypt == "none", "{}", path.display());
                    met.0 += 1;
                } else if is_parquet(&path) {
                    // What goes to the vault always is encrypted.
                    let of_vault = path.components().any(|c| c.as_os_str() == "identities" || c.as_os_str() == "vault");
                    assert_eq!(bytes.starts_with(b"PAR1"), encrypt == "none" && !of_vault, "{}", path.display());
                    met.1 += usize::from(!of_vault);
                }
            }
            output.status.code().is_none()
        };
        // It dies at some moments of its first pass, in which rows lie in spills, and at each of the last, when the rejects are written.
        let after = (20..).step_by(12).find(|n| !dies_before(*n)).unwrap();
        for n in after - 12..after {
            dies_before(n);
        }
        assert!(met.0 > 20 && met.1 > 0, "{met:?}");
    }
}

#[test]
fn a_rotation_changes_one_file_and_which_key_opens_it() {
    let (court, plain) = two_nights(60);
    let case_no = first_case(&plain);
    let explain = |key: &str| {
        let mut command = court.command(&["explain", &case_no]);
        command.env("LUHENG_MASTER_KEY", key);
        command
    };
    // The lock names the process that last held it.
    let tables = || files(&court.work).into_iter().filter(|p| !p.ends_with(".lock"));
    let read_all = || tables().map(|p| (p.clone(), fs::read(p).unwrap())).collect::<Vec<_>>();
    let (before, old_id) = (read_all(), master_id(&court.work));
    // Without a new key there is nothing to change to.
    assert!(refused(&mut court.command(&["key", "rotate"]), 2).contains("LUHENG_NEW_MASTER_KEY"));
    let text = succeeds(court.command(&["key", "rotate"]).env("LUHENG_NEW_MASTER_KEY", NEW_KEY));
    let new_id = master_id(&court.work);
    assert!(text.contains(&old_id) && text.contains(&new_id) && old_id != new_id, "{text}");
    for ((path, was), (_, is)) in before.iter().zip(read_all()) {
        assert_eq!(*was == is, !path.ends_with("keys.json"), "{}", path.display());
    }
    assert_eq!(tables().count(), before.len());

    let text = refused(&mut explain(MASTER_KEY), 4);
    assert!(
        text.contains(&format!("found master key id {old_id}")) && text.contains(&format!("expected master key id {new_id}")),
        "{text}"
    );
    assert_eq!(succeeds(&mut explain(NEW_KEY)), succeeds(&mut court.command_in(&plain, &["explain", &case_no])));
    // The next night goes on with the new key, and not with the old one.
    let next = ["nightly", "--as-of", "2026-07-31"];
    assert!(refused(&mut court.command(&next), 4).contains(&new_id));
    succeeds(court.command(&next).env("LUHENG_MASTER_KEY", NEW_KEY));
    // Asked for once more it says so; a file serves as well as the environment; and back again.
    let file = key_file(&court, "new.key", NEW_KEY);
    let with_file = ["key", "rotate", "--new-key-file", file.to_str().unwrap()];
    assert!(succeeds(&mut court.command(&with_file)).contains("already"));
    succeeds(court.command(&["key", "rotate"]).env("LUHENG_MASTER_KEY", NEW_KEY).env("LUHENG_NEW_MASTER_KEY", MASTER_KEY));
    succeeds(&mut explain(MASTER_KEY));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(refused(&mut court.command(&with_file), 4).contains("chmod 600"));
}

#[test]
fn a_rotation_may_die_before_any_operation() {
    let court = court(60, "all");
    let (plain, state) = (court.path("plain"), court.path("state"));
    configure(&court, "none");
    court.night_in(&plain, DAY, &[]);
    configure(&court, "all");
    let case_no = first_case(&plain);
    let expected = succeeds(&mut court.command_in(&plain, &["explain", &case_no]));
    // Keys of the user's state folder: made by the first night, made anew by the rotation.
    let on_its_own = |verb: &[&str]| {
        let mut command = court.command(verb);
        command.env_remove("LUHENG_MASTER_KEY").env("XDG_STATE_HOME", &state);
        command
    };
    succeeds(&mut on_its_own(&["nightly", "--as-of", DAY]));
    let (first, mut deaths) = (master_id(&court.work), 0);
    let before: BTreeSet<PathBuf> = files(&court.work).into_iter().collect();
    for n in 1.. {
        let output = on_its_own(&["key", "rotate"]).env(atomic::ABORT_AT, n.to_string()).output().unwrap();
        // Whatever it died before: what was readable is, with nothing to mend, and no data key lies about.
        assert_eq!(succeeds(&mut on_its_own(&["explain", &case_no])), expected, "operation {n}");
        assert_eq!(
            fs::read_dir(state.join("luheng"))
                .unwrap()
                .filter(|e| e.as_ref().unwrap().metadata().unwrap().permissions().mode() & 0o077 != 0)
                .count(),
            0
        );
        // What it may leave in the work folder is the keyring on its way, every key of it wrapped, and the one that was there.
        assert!(before.iter().all(|path| path.exists()), "operation {n}");
        for path in files(&court.work).into_iter().filter(|path| !before.contains(path)) {
            let text = fs::read_to_string(&path).unwrap();
            assert!(
                text.is_empty() || path.to_string_lossy().contains("keys.json") && text.contains("\"wrapped\""),
                "{}: {text}",
                path.display()
            );
        }
        if output.status.success() {
            break;
        }
        deaths += 1;
        assert_eq!(output.status.code(), None, "operation {n}: {}", said(&output));
        assert_eq!(master_id(&court.work), first, "operation {n}");
    }
    assert!(deaths >= 5, "{deaths}");
    let last = master_id(&court.work);
    assert_ne!(last, first);
    // The key that was made is the one that is needed; without it the error names it.
    let made = state.join(format!("luheng/master-key.{last}"));
    fs::rename(&made, court.path("put away")).unwrap();
    let text = refused(&mut on_its_own(&["explain", &case_no]), 4);
    assert!(text.contains(&last) && !text.contains(fs::read_to_string(court.path("put away")).unwrap().trim()), "{text}");
    fs::remove_file(state.join("luheng/master-key")).unwrap();
    let text = refused(&mut on_its_own(&["nightly", "--as-of", DAY]), 4);
    assert!(text.contains("the master key is missing") && text.contains(&last), "{text}");
    assert!(!state.join("luheng/master-key").exists(), "a key was made that opens nothing");
}

#[test]
fn a_wrong_or_missing_key_is_said_and_a_changed_byte_is_found() {
    let (court, plain) = two_nights(60);
    let (case_no, needed) = (first_case(&plain), master_id(&court.work));
    let case = case_no.as_str();
    for verb in [
        &["nightly", "--as-of", DAY][..],
        &["ingest", "--as-of", DAY],
        &["explain", case],
        &["stage", "features", "--bucket", "0/2", "--as-of", DAY],
        &["key"],
    ] {
        let text = refused(court.command(verb).env("LUHENG_MASTER_KEY", NEW_KEY), 4);
        assert!(text.contains(&format!("expected master key id {needed}")) && text.contains("LUHENG_MASTER_KEY"), "{verb:?}: {text}");
        let text = refused(court.command(verb).env("LUHENG_MASTER_KEY", "4d4b00"), 4);
        assert!(text.contains("expected 64 hexadecimal digits"), "{text}");
    }
    // Re-hashing needs no key, and finds what was changed.
    let run = court.work.join("current");
    succeeds(court.command(&["verify", "current"]).env("LUHENG_MASTER_KEY", NEW_KEY));
    let path = run.join("ratings.parquet");
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    fs::write(&path, &bad).unwrap();
    assert!(refused(&mut court.command(&["verify", "current"]), 1).contains("changed: ratings.parquet"));
    assert!(refused(&mut court.command(&["explain", case]), 3).contains("ratings.parquet"));
    fs::write(&path, &good).unwrap();
    // A table in the clear among encrypted ones is not taken for the court's.
    let lake = files(&court.work.join("lake")).into_iter().find(|p| p.to_string_lossy().contains("cases/bucket=000")).unwrap();
    fs::copy(plain.join(lake.strip_prefix(&court.work).unwrap()), &lake).unwrap();
    let text = refused(&mut court.command(&["stage", "disposals", "--bucket", "0/2", "--as-of", DAY]), 4);
    assert!(text.contains("cases") && text.contains("not encrypted"), "{text}");
    // Without the wrapped keys the master key opens nothing.
    fs::remove_file(court.work.join("keys.json")).unwrap();
    assert!(refused(&mut court.command(&["stage", "features", "--bucket", "0/2", "--as-of", DAY]), 4).contains("keys.json"));
    assert!(refused(&mut court.command(&["explain", case]), 4).contains("which is not among the keys at hand"));
}

#[test]
fn another_choice_of_encryption_is_a_whole_lake_never_a_mix() {
    let court = court(60, "none");
    let lake = court.work.join("lake");
    let kinds = |folder: &Path| -> BTreeSet<Vec<u8>> {
        files(folder).iter().filter(|p| is_parquet(p)).map(|p| fs::read(p).unwrap()[..4].to_vec()).collect()
    };
    court.night(DAY, &[]);
    let (run, plain) = (current(&court.work), contents(&court.work));
    assert_eq!(kinds(&lake), [b"PAR1".to_vec()].into());
    for (encrypt, magic) in [("lake", b"PARE"), ("all", b"PARE"), ("none", b"PAR1"), ("all", b"PARE")] {
        configure(&court, encrypt);
        let text = refused(&mut court.command(&["features", "--as-of", DAY]), 4);
        assert!(text.contains("luheng ingest"), "{encrypt}: {text}");
        succeeds(&mut court.command(&["ingest", "--as-of", DAY]));
        assert_eq!(kinds(&lake), [magic.to_vec()].into(), "{encrypt}");
        let info = fs::read_to_string(lake.join("lake.json")).unwrap();
        assert!(info.contains(&format!("\"encrypt\": \"{encrypt}\"")), "{info}");
        assert_eq!(kinds(&court.work.join("vault")), [b"PARE".to_vec()].into());
    }
    // The run in the clear is not the run asked for: it is built beside it, compared, and what stays in the clear is said.
    let (_, told) = court.night(DAY, &[]);
    assert_eq!(current(&court.work), format!("{run}.2"));
    assert!(told.contains("1 earlier runs are in the clear") && told.contains(&run), "{told}");
    assert_eq!(kinds(&court.work.join("current/")), [b"PARE".to_vec()].into());
    let mut encrypted = contents(&court.work);
    encrypted.append(&mut plain.iter().filter(|(name, _)| name.starts_with("sheets/")).map(|(n, c)| (n.clone(), c.clone())).collect());
    assert_eq!(encrypted, plain);
    assert!(court.night(DAY, &[]).0.contains("already published"));
}

#[test]
fn national_algorithms_give_other_pseudonyms_and_a_lake_keeps_to_its_own() {
    let court = court(60, "none");
    court.night(DAY, &[]);
    let text = fs::read_to_string(&court.config).unwrap();
    fs::write(&court.config, text.replace("[identity]", "[identity]\npseudonym = \"hmac-sm3\"")).unwrap();
    let refusal = refused(&mut court.command(&["nightly", "--as-of", DAY]), 4);
    assert!(refusal.contains("found hmac-sm3; expected hmac-sha256"), "{refusal}");
    let national = court.path("national");
    court.night_in(&national, DAY, &[]);
    assert!(fs::read_to_string(national.join("lake/lake.json")).unwrap().contains("\"pseudonym\": \"hmac-sm3\""));
    let of = |work: &Path, name: &str| texts(&table(work, "ratings"), name).into_iter().flatten().collect::<BTreeSet<String>>();
    assert_eq!(of(&national, "case_no"), of(&court.work, "case_no"));
    assert!(of(&national, "debtor_id").is_disjoint(&of(&court.work, "debtor_id")));
    assert_ne!(current(&national), current(&court.work));
}
