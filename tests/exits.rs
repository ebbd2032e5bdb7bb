//! Every documented exit status through the command line, with a message that says where, what was found, what was expected and what to do;
//! what a stopped run leaves untouched; and the stages one by one.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use luheng_lake::store::lock;
use luheng_lake::store::paths::Work;

use crate::town::{command, contents, fails, luheng, must, project};
use crate::verify::{Court, current, leavings};

const DAY: &str = "2026-06-30";
const BEFORE: &str = "2026-05-31";

/// A court with one published night, which no refusal may touch.
struct Published {
    court: Court,
    run: String,
    lake: String,
}

impl Published {
    fn of(debtors: usize) -> Self {
        let court = Court::of(debtors);
        court.night(BEFORE, &[]);
        let (run, lake) = (current(&court.work), fs::read_to_string(court.work.join("lake/_intake.json")).unwrap());
        Self { court, run, lake }
    }

    /// Tonight is refused with this status and a message of all these parts, and leaves everything as it was.
    fn refuses(&self, status: i32, parts: &[&str]) {
        self.refuses_verb(&["nightly", "--as-of", DAY], status, parts);
    }

    fn refuses_verb(&self, verb: &[&str], status: i32, parts: &[&str]) {
        self.refuses_from(&self.court.exports, verb, status, parts);
    }

    fn refuses_from(&self, input: &Path, verb: &[&str], status: i32, parts: &[&str]) {
        let mut command = command(verb);
        command.args(["--jobs", "1", "--config"]).arg(&self.court.config).arg("--work").arg(&self.court.work).arg("--input").arg(input);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let error = text.lines().skip_while(|line| !line.starts_with("error: ")).collect::<Vec<_>>().join("\n");
        assert_eq!(output.status.code(), Some(status), "{verb:?}\n{text}");
        for part in parts {
            assert!(error.contains(part), "{verb:?}: \"{part}\" is not in:\n{text}");
        }
        assert_eq!(current(&self.court.work), self.run, "{error}");
        assert_eq!(fs::read_to_string(self.court.work.join("lake/_intake.json")).unwrap(), self.lake, "{error}");
        assert!(leavings(&self.court.work).iter().all(|left| left.starts_with(self.court.work.join("runs"))), "{error}");
    }

    /// As [`Self::refuses`], with another text in one of the exports.
    fn refuses_export(&self, name: &str, change: impl Fn(&str) -> String, parts: &[&str]) {
        let path = self.court.exports.join(name);
        let good = fs::read_to_string(&path).unwrap();
        fs::write(&path, change(&good)).unwrap();
        self.refuses(3, parts);
        fs::write(&path, good).unwrap();
    }

    /// As [`Self::refuses`], with other lines at the head of the configuration.
    fn refuses_config(&self, text: &str, status: i32, parts: &[&str]) {
        let good = fs::read_to_string(&self.court.config).unwrap();
        fs::write(&self.court.config, text).unwrap();
        self.refuses(status, parts);
        fs::write(&self.court.config, good).unwrap();
    }
}

#[test]
fn status_2_usage() {
    let published = Published::of(60);
    for (verb, parts) in [
        (vec!["nightly", "--as-of", DAY, "--nonsense"], vec!["--nonsense", "--help"]),
        (vec!["nightlies"], vec!["nightlies", "--help"]),
        (vec!["nightly", "--as-of", "2026-06-31"], vec!["--as-of", "\"2026-06-31\"", "expected a day as YYYY-MM-DD"]),
        (vec!["nightly", "--as-of", DAY, "--memory", "2 cows"], vec!["--memory", "cows", "GiB"]),
        (vec!["stage", "features", "--as-of", DAY, "--bucket", "2/2"], vec!["--bucket", "\"2/2\"", "expected I/N with I from 0 and N = 2"]),
        (vec!["stage", "features", "--as-of", DAY, "--bucket", "0/64"], vec!["--bucket", "\"0/64\"", "N = 2"]),
        (vec!["stage", "features", "--as-of", DAY, "--bucket", "first"], vec!["--bucket", "\"first\"", "expected I/N"]),
        (vec!["stage", "dreams", "--as-of", DAY, "--bucket", "0/2"], vec!["\"dreams\"", "expected one of", "features"]),
        (vec!["explain", "no case"], vec!["\"no case\"", "expected one such as"]),
        (vec!["approve", "0123456789abcdef", "--by", "J", "--on", DAY, "--assessment", "A"], vec!["0123456789abcdef", "luheng train"]),
        (vec!["bucket-of", "D1"], vec!["expected a debtor id of 32"]),
    ] {
        published.refuses_verb(&verb, 2, &parts);
    }
    // The clock is never the date.
    let config = published.court.path("without.toml");
    fs::write(&config, "").unwrap();
    let (exports, work) = (published.court.exports.to_str().unwrap(), published.court.work.to_str().unwrap());
    let (status, text) = fails(&["nightly", "--config", config.to_str().unwrap(), "--input", exports, "--work", work]);
    assert!(status == 2 && text.contains("no day given") && text.contains("--as-of YYYY-MM-DD"), "{text}");
    let (status, text) = fails(&["nightly", "--config", config.to_str().unwrap(), "--as-of", DAY, "--work", work]);
    assert!(status == 2 && text.contains("no folder of exports") && text.contains("--input DIR"), "{text}");
    let nobody = published.court.path("nobody");
    let (status, text) = fails(&["explain", "（2025）浙0106执1号", "--work", nobody.to_str().unwrap()]);
    assert!(status == 2 && text.contains("luheng nightly"), "{text}");
}

#[test]
fn status_3_input() {
    // Enough of them for a model.
    let published = Published::of(150);
    let exports = &published.court.exports;
    published.refuses_from(
        &published.court.path("nowhere"),
        &["nightly", "--as-of", DAY],
        3,
        &["--input", "nowhere", "is not a folder", "name the folder"],
    );

    let parties = fs::read(exports.join("parties.csv")).unwrap();
    fs::remove_file(exports.join("parties.csv")).unwrap();
    published.refuses(3, &["found no file for parties", "expected files named after the tables", "--input"]);
    fs::write(exports.join("parties.csv"), parties).unwrap();

    let header = |from: &'static str, to: &'static str| move |text: &str| text.replacen(from, to, 1);
    published.refuses_export(
        "parties.csv",
        header("known_on", "known"),
        &["parties.csv", "found after_party", "expected also known_on", "[sources.parties]"],
    );
    published.refuses_export("cases.csv", header("court_code", "case_no"), &["cases.csv", "two columns", "case_no"]);
    let blank = |text: &str| {
        text.lines().enumerate().map(|(n, l)| if n == 0 { format!("{l}\n") } else { l.replacen("principal", "chief", 1) + "\n" }).collect()
    };
    published.refuses_export(
        "parties.csv",
        blank,
        &["rows rejected, limit 20", "role", "parties.csv line 2", "expected at most a share of 0.05", "correct the export"],
    );

    // What no reader can take, beside good exports: the broken samples, and a Parquet file cut in two.
    let whole = fs::read(published.court.work.join("current/ratings.parquet")).unwrap();
    let broken = project().join("data-samples/broken");
    for (name, bytes, parts) in [
        ("cases-undecodable.csv", None, ["line 14", "not UTF-8", "expected"]),
        ("cases-unterminated_quote.csv", None, ["line 3", "double quote", "expected"]),
        ("cases-utf16.csv", None, ["UTF-16", "found", "export the file again"]),
        ("cases-truncated.csv.gz", None, ["too early", "expected a whole gzip file", "again"]),
        ("cases-no_parquet.parquet", None, ["found", "expected a whole Parquet file", "again"]),
        ("cases-cut.parquet", Some(whole[..whole.len() / 2].to_vec()), ["found", "expected a whole Parquet file", "again"]),
        ("payments-cut_off.jsonl", None, ["line 2", "breaks off", "expected"]),
        ("payments-missing_amount.jsonl", None, ["found", "expected also amount_fen", "[sources.payments]"]),
    ] {
        fs::write(exports.join(name), bytes.unwrap_or_else(|| fs::read(broken.join(name)).unwrap())).unwrap();
        published.refuses(3, &[&[name], &parts[..]].concat());
        fs::remove_file(exports.join(name)).unwrap();
    }

    // A catalog that asks for other features than those the model in use was trained on.
    let catalog = published.court.path("catalog/ratings");
    fs::create_dir_all(&catalog).unwrap();
    for name in ["capacity.toml", "willingness.toml", "recovery.toml"] {
        let text = fs::read_to_string(project().join("pipeline/catalog/ratings").join(name)).unwrap();
        let start = text.find("features = [").unwrap() + "features = [".len();
        let first = start + text[start..].find(',').unwrap() + 1;
        fs::write(catalog.join(name), format!("{}{}", &text[..start], &text[first..])).unwrap();
    }
    let good = fs::read_to_string(&published.court.config).unwrap();
    fs::write(&published.court.config, format!("catalog = \"catalog\"\ntrain_every_days = 3000\n{good}")).unwrap();
    let output = published.court.command(&["nightly", "--as-of", DAY]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{text}");
    for part in ["error: model ", "found ", "the model was trained on", "train a new model"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(current(&published.court.work), published.run);
}

#[test]
fn status_4_configuration_catalog_and_key() {
    let published = Published::of(60);
    let good = fs::read_to_string(&published.court.config).unwrap();
    let with = |text: &str| format!("{text}\n{good}");
    published.refuses_config(&with("bucketz = 4"), 4, &["luheng.toml", "`bucketz`", "expected one of", "`buckets`"]);
    published.refuses_config(
        &good.replace("buckets = 2", "buckets = 3"),
        4,
        &["luheng.toml", "buckets", "found 3", "expected a power of two"],
    );
    published.refuses_config(
        &with("keep_runs = 0\nencrypt = \"most\""),
        4,
        &["keep_runs", "found 0", "encrypt", "found \"most\"", "expected \"none\""],
    );
    let mapping = format!("{good}\n[sources.cases.columns]\nnumber = \"case_nr\"\n");
    published.refuses_config(&mapping, 4, &["luheng.toml: sources.cases.columns.number", "expected"]);

    // A catalog that overlays the embedded one.
    let catalog = published.court.path("catalog");
    for (name, text, parts) in [
        ("ratings/capacity.toml", "features = [", ["ratings/capacity.toml", "line 1", "expected"]),
        ("tables/cases.toml", "name = \"cases\"\nkind = 7\n", ["tables/cases.toml", "kind", "expected"]),
        ("dreams/cases.toml", "a = 1", ["dreams/cases.toml", "expected one of", "move or rename"]),
    ] {
        fs::create_dir_all(catalog.join(name).parent().unwrap()).unwrap();
        fs::write(catalog.join(name), text).unwrap();
        published.refuses_config(&with("catalog = \"catalog\""), 4, &parts);
        fs::remove_dir_all(&catalog).unwrap();
    }
    published.refuses_config(&with("catalog = \"no catalog\""), 4, &["no catalog"]);

    // Keys: open to others, no key at all, another than the lake's.
    let key = published.court.path("key");
    let keyed = "buckets = 2\n[identity]\nkey_file = \"key\"\n";
    fs::write(&key, "17".repeat(32)).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    published.refuses_config(keyed, 4, &["key", "found mode 644", "expected a file its owner alone can read", "chmod 600"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    published.refuses_config(keyed, 4, &["lake.json", "found key id", "expected key id", "use that key"]);
    fs::write(&key, "17").unwrap();
    published.refuses_config(keyed, 4, &["key", "expected", "64"]);
    let (status, text) = fails(&["nightly", "--config", "/no/such.toml", "--as-of", DAY, "--input", "/tmp", "--work", "/no/work"]);
    assert!(status == 4 && text.contains("/no/such.toml") && text.contains("name a configuration file"), "{text}");
    // What is wrong was only the configuration.
    published.court.night(DAY, &[]);
}

#[test]
fn status_75_in_use() {
    let published = Published::of(60);
    let held = lock::lock(&Work::at(&published.court.work)).unwrap();
    let holder = format!("process {}", std::process::id());
    let parts = ["the work folder is in use", published.court.work.to_str().unwrap(), &holder, "expected it free", "wait until", "--work"];
    for verb in ["nightly", "ingest", "train", "seal"] {
        published.refuses_verb(&[verb, "--as-of", DAY], 75, &parts);
    }
    published.refuses_verb(&["approve", "0123456789abcdef", "--by", "J", "--on", DAY, "--assessment", "A"], 75, &parts);
    // Reading needs no lock.
    must(&["runs", "--work", published.court.work.to_str().unwrap()]);
    drop(held);
    published.court.night(DAY, &[]);
}

#[test]
fn every_verb_has_help_with_an_example() {
    let help = must(&["--help"]);
    let verbs: BTreeSet<&str> =
        help.lines().skip_while(|l| !l.starts_with("Commands:")).skip(1).map_while(|l| l.split_whitespace().next()).collect();
    let contract = "nightly synth check ingest features train score suggest metrics report stage seal bucket-of key catalog approve explain sheet runs verify";
    assert!(contract.split(' ').all(|verb| verbs.contains(verb)), "{verbs:?}");
    for verb in verbs.iter().filter(|verb| **verb != "help") {
        let text = must(&[verb, "--help"]);
        assert!(
            text.contains(&format!("Example: luheng {verb}")) && text.contains("--config") && text.contains("--work"),
            "{verb}:\n{text}"
        );
    }
    assert_eq!(luheng(&["--version"]).status.code(), Some(0));
}

#[test]
fn stages_by_bucket_and_verb_by_verb_give_the_same_night() {
    let court = Court::of(150);
    court.night(DAY, &[]);
    let expected = contents(&court.work);
    let run = |work: &Path, verb: &[&str]| {
        let output = court.command_in(work, &[verb, &["--as-of", DAY]].concat()).output().unwrap();
        assert!(output.status.success(), "{verb:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let work = court.path("by bucket");
    run(&work, &["ingest"]);
    // Haircuts come first: they are of the sales of every bucket.
    run(&work, &["stage", "disposals", "--bucket", "0/2"]);
    let early = court.command_in(&work, &["stage", "targets", "--bucket", "1/2", "--as-of", DAY]).output().unwrap();
    assert_eq!(early.status.code(), Some(3), "{early:?}");
    assert!(String::from_utf8_lossy(&early.stderr).contains("run `luheng stage disposals` on every bucket"), "{early:?}");
    run(&work, &["stage", "disposals", "--bucket", "1/2"]);
    for bucket in ["1/2", "0/2"] {
        assert!(!run(&work, &["stage", "targets", "--bucket", bucket]).contains(" 0 rows"));
    }
    run(&work, &["train"]);
    for bucket in ["1/2", "0/2"] {
        for stage in ["features", "score", "suggest", "sums"] {
            let said = run(&work, &["stage", stage, "--bucket", bucket]);
            assert!(said.contains(&format!("{stage} bucket {bucket}")) && !said.contains(" 0 rows"), "{said}");
        }
    }
    // The same again finds its work done.
    assert!(run(&work, &["stage", "suggest", "--bucket", "1/2"]).contains(" 0 rows"));
    assert!(run(&work, &["seal"]).contains("published"));
    current(&work);
    assert_eq!(contents(&work), expected);
    assert!(leavings(&work).is_empty(), "{:?}", leavings(&work));

    let work = court.path("by verb");
    for verb in ["check", "ingest", "train", "features", "score", "suggest", "metrics", "report", "seal"] {
        run(&work, &[verb]);
    }
    current(&work);
    assert_eq!(contents(&work), expected);
}
