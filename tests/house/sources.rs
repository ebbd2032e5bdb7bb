//! What a source file may be named, how long it may be, what it may import, call and say.

use super::{files, none, read};

/// The stages. They meet in tables, never in code.
const STAGES: [&str; 11] =
    ["features", "disposals", "targets", "train", "score", "alike", "suggest", "metrics", "report", "synth", "validate"];

/// What a stage may take from another, with the reason: who, what, why.
const SHARED: [(&str, &str, &str); 9] = [
    ("targets", "features", "a landmark's features come from the very functions of the rating day"),
    ("alike", "features", "closed parties are seen as the model would have seen them, and a likeness is named by its entry"),
    ("score", "features", "a reason is worded by the entry of its feature"),
    ("train", "features", "how far a score leaks into the other axis is told by the families of its entries"),
    ("validate", "targets", "it judges at the landmarks that training learns from"),
    ("validate", "features", "the newest landmarks, and parties without a channel, are seen as the night sees them"),
    ("validate", "score", "without a channel's answers a party is rated by the code of the night"),
    ("metrics", "report::MetricLabel", "a figure's words, in the shape that pages print"),
    ("metrics", "report::sheet_name", "`cases` names the file that the report writes"),
];

/// Where the house may speak: a verb's answer and the driver's events. Everything else returns what it has to say.
const SPEAKS: [&str; 5] = [
    "pipeline/flow/src/cli/",
    "pipeline/flow/src/driver.rs",
    "pipeline/flow/src/progress.rs",
    "pipeline/flow/src/main.rs",
    "models/benches/",
];

/// Where `clippy.toml`'s bans (files, clock, environment, processes) are lifted, and why there.
const MACHINE: [(&str, &str); 6] = [
    ("pipeline/lake/src/store/", "the file code of the house"),
    ("pipeline/lake/src/lib.rs", "lifts them for `store`, where that module is declared"),
    ("pipeline/lake/build.rs", "embeds the catalog at build time"),
    ("pipeline/flow/src/driver.rs", "runs the night: folders, children, timings"),
    ("pipeline/flow/src/cli/", "the edge: arguments, environment, terminal"),
    ("models/benches/", "a program of its own: its clock, its data, its figures"),
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 9] = ["util", "utils", "helper", "helpers", "common", "manager", "misc", "impl", "tools"];

/// Learning knows nothing of courts (architecture.md §1).
const NOT_IN_MODELS: [&str; 8] = ["case", "cases", "court", "courts", "party", "parties", "measure", "measures"];

/// What may never speak for or against a person (contract.md §3), as words of a feature's id or of a column it reads.
const NEVER_FEATURES: [&str; 41] = [
    "ethnicity",
    "ethnic",
    "nationality",
    "religion",
    "sex",
    "gender",
    "marriage",
    "married",
    "spouse",
    "birthplace",
    "hukou",
    "residence",
    "region",
    "home",
    "registered",
    "urban",
    "court",
    "member",
    "special",
    "judge",
    "surname",
    "name",
    "health",
    "illness",
    "disease",
    "disability",
    "relative",
    "relatives",
    "kin",
    "creditor",
    "livelihood",
    "remedy",
    "objection",
    "objections",
    "review",
    "suing",
    "custody",
    "voided",
    "phone",
    "age",
    "born",
];

/// Names that hold such a word and rate nobody by it, with the reason.
const EXCUSED: [(&str, &str); 2] = [
    ("debt_age_days", "the age of the debt, not of the debtor"),
    ("home_owned_n", "a dwelling that can be sold, not where someone is from"),
];

const LONGEST: usize = 450;

/// A Rust file taken apart: code without comments and with empty strings, and the strings by themselves.
struct Parts {
    code: String,
    strings: Vec<String>,
}

fn parts(text: &str) -> Parts {
    let chars: Vec<char> = text.chars().collect();
    let (mut code, mut strings, mut at) = (String::new(), Vec::new(), 0);
    while at < chars.len() {
        let here = chars[at];
        let next = chars.get(at + 1).copied();
        if here == '/' && next == Some('/') {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if here == '/' && next == Some('*') {
            while at < chars.len() && !(chars[at] == '*' && chars.get(at + 1) == Some(&'/')) {
                at += 1;
            }
            at += 2;
        } else if here == '\'' && (next == Some('\\') || chars.get(at + 2) == Some(&'\'')) {
            at += if next == Some('\\') { 3 } else { 2 };
            while at < chars.len() && chars[at] != '\'' {
                at += 1;
            }
            at += 1;
        } else if here == '"' || raw_hashes(&chars, at).is_some() {
            let hashes = raw_hashes(&chars, at);
            let open = hashes.map_or(1, |h| h + 2);
            let (string, end) = string_from(&chars, at + open, hashes);
            strings.push(string);
            code.push_str("\"\"");
            at = end;
        } else {
            code.push(here);
            at += 1;
        }
    }
    Parts { code, strings }
}

/// `r"` and `r#"`: how many hashes, where a raw string begins at `at`.
fn raw_hashes(chars: &[char], at: usize) -> Option<usize> {
    let begins = chars[at] == 'r' && (at == 0 || !is_word(chars[at - 1]));
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    (begins && chars.get(at + 1 + hashes) == Some(&'"')).then_some(hashes)
}

/// The string from `at` (behind the opening quote) and the place behind its closing quote.
fn string_from(chars: &[char], mut at: usize, hashes: Option<usize>) -> (String, usize) {
    let mut string = String::new();
    while at < chars.len() {
        match (chars[at], hashes) {
            ('\\', None) => {
                string.extend(chars.get(at + 1));
                at += 2;
            }
            ('"', None) => return (string, at + 1),
            ('"', Some(n)) if chars[at + 1..].iter().take_while(|c| **c == '#').count() >= n => {
                return (string, at + 1 + n);
            }
            (c, _) => {
                string.push(c);
                at += 1;
            }
        }
    }
    (string, at)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every path that begins with `crate::`, groups in braces written out: `score::Rating`, `score::Reason`.
fn crate_paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let dense: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
    for (at, _) in dense.match_indices("crate::") {
        let before = dense[..at].chars().next_back();
        if !before.is_some_and(|c| is_word(c) || c == '$') {
            let chars: Vec<char> = dense[at + "crate::".len()..].chars().collect();
            branch(&chars, 0, "", &mut paths);
        }
    }
    paths
}

/// One branch of a `use` tree from `at`; returns the place behind it.
fn branch(chars: &[char], mut at: usize, before: &str, paths: &mut Vec<String>) -> usize {
    let mut path = before.to_owned();
    loop {
        while chars.get(at) == Some(&' ') {
            at += 1;
        }
        if chars.get(at) == Some(&'{') {
            at += 1;
            while at < chars.len() && chars[at] != '}' {
                at = branch(chars, at, &path, paths);
                while at < chars.len() && chars[at] != ',' && chars[at] != '}' {
                    at += 1;
                }
                if chars.get(at) == Some(&',') {
                    at += 1;
                }
                while chars.get(at) == Some(&' ') {
                    at += 1;
                }
            }
            return at + 1;
        }
        let start = at;
        while at < chars.len() && is_word(chars[at]) {
            at += 1;
        }
        path.extend(&chars[start..at]);
        if chars.get(at) == Some(&':') && chars.get(at + 1) == Some(&':') && at > start {
            path.push_str("::");
            at += 2;
        } else {
            paths.push(path);
            return at.max(start + 1);
        }
    }
}

/// The part of a file before its tests.
fn before_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

/// `recoveredShare_n` -> recovered, share, n.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in text.chars() {
        if !c.is_ascii_alphabetic() || (c.is_ascii_uppercase() && small) {
            words.push(String::new());
        }
        if c.is_ascii_alphabetic() {
            words.last_mut().expect("never empty").push(c.to_ascii_lowercase());
        }
        small = c.is_ascii_lowercase();
    }
    words.retain(|w| !w.is_empty());
    words
}

fn sources() -> Vec<String> {
    ["pipeline", "models", "tests", "benches"].iter().flat_map(|f| files(f, ".rs")).collect()
}

fn is_test(file: &str) -> bool {
    file.starts_with("tests/") || file.contains("/tests/")
}

fn in_any(path: &str, places: &[&str]) -> bool {
    places.iter().any(|p| path == *p || (p.ends_with('/') && path.starts_with(p)))
}

#[test]
fn this_reader_of_rust_can_read() {
    let text = r##"
        // crate::score in a comment
        use crate::{score::{Rating, reasons::Reason as R}, cutoff::View};
        use crate::train;
        let a = "crate::report \" //"; let b = '"'; let c: &'static str = r#"x"y"#;
        fn f() -> crate::error::Result<()> { $crate::no(); crate::means::of(1) }
    "##;
    let parts = parts(text);
    assert_eq!(parts.strings, ["crate::report \" //", "x\"y"]);
    let paths = crate_paths(&parts.code);
    let wanted = ["score::Rating", "score::reasons::Reason", "cutoff::View", "train"];
    assert_eq!(paths[..4], wanted);
    assert_eq!(paths[4..], ["error::Result", "means::of"]);
    assert_eq!(words("paidShare_n_365d HTTP"), ["paid", "share", "n", "d", "http"]);
}

#[test]
fn stages_meet_in_tables_only() {
    let mut breaches = Vec::new();
    for stage in STAGES {
        let mut paths = files(&format!("pipeline/flow/src/{stage}"), ".rs");
        paths.extend(files("pipeline/flow/src", &format!("/{stage}.rs")));
        for file in paths {
            for path in crate_paths(&parts(&read(&file)).code) {
                let first = path.split("::").next().unwrap_or_default();
                let shared = SHARED.iter().any(|(who, what, _)| *who == stage && (path == *what || path.starts_with(&format!("{what}::"))));
                if STAGES.contains(&first) && first != stage && !shared {
                    breaches.push(format!("{file}: crate::{path}"));
                }
            }
        }
    }
    none("a stage imports another; write a table and read it, or move what both need beside cutoff.rs", breaches);
}

/// Who may name the audit attributes: what derives them, what keeps them, and the back-test that reads them.
const AUDITORS: [&str; 6] = [
    "pipeline/lake/src/store/audit.rs",
    "pipeline/lake/src/store/vault.rs",
    "pipeline/lake/src/ingest/audit.rs",
    "pipeline/lake/src/ingest/settle.rs",
    "pipeline/flow/src/validate/",
    "pipeline/flow/src/validate.rs",
];

#[test]
fn only_validate_reads_audit_attributes() {
    let mut breaches = Vec::new();
    let mut named = Vec::new();
    for file in sources().into_iter().filter(|file| !is_test(file)) {
        let parts = parts(before_tests(&read(&file)));
        let declares = ["mod audit;", "pub mod audit;"].iter().any(|line| parts.code.contains(line));
        let code = parts.code.replace("pub mod audit;", "").replace("mod audit;", "");
        let words = code.split(|c: char| !is_word(c));
        let speaks = words.clone().any(|word| ["audit", "AgeBand", "Attributes"].contains(&word));
        let spells = parts.strings.iter().any(|s| s == "audit" || s.contains("vault/audit") || s.contains("audit/bucket"));
        if !speaks && !spells && !declares {
            continue;
        }
        named.push(file.clone());
        let house = declares && ["pipeline/lake/src/store/mod.rs", "pipeline/lake/src/ingest/mod.rs"].contains(&file.as_str());
        if !in_any(&file, &AUDITORS) && (speaks || spells || !house) {
            breaches.push(file);
        }
    }
    assert!(named.iter().any(|f| f == AUDITORS[0]), "is the reader where this test looks? {named:?}");
    none("sex, age, registration and residence are for the back-test alone (contract.md §3)", breaches);
}

#[test]
fn names_say_what_is_inside() {
    let stem = |p: &String| {
        let name = p.rsplit('/').next().unwrap_or_default();
        name.split('.').next().unwrap_or_default().to_owned()
    };
    let python = files("benches", ".py");
    let all = sources().into_iter().chain(python);
    let bad = all.filter(|p| EMPTY_NAMES.contains(&stem(p).as_str()));
    none("name the file after what it holds", bad.collect());
}

#[test]
fn files_are_short_and_open_with_their_reason() {
    let mut breaches = Vec::new();
    let all = sources();
    assert!(all.len() > 30, "only {} source files found", all.len());
    for file in all {
        let text = read(&file);
        let lines = text.lines().count();
        if lines > LONGEST {
            breaches.push(format!("{file}: {lines} lines, at most {LONGEST}"));
        }
        if !text.starts_with("//!") {
            breaches.push(format!("{file}: its first line says why it exists, with //!"));
        }
    }
    none("split the file where the second thing begins", breaches);
}

#[test]
fn only_the_edge_speaks() {
    let mut breaches = Vec::new();
    for file in sources() {
        if is_test(&file) || in_any(&file, &SPEAKS) || file.ends_with("/build.rs") {
            continue;
        }
        let code = parts(before_tests(&read(&file))).code;
        for call in ["println!", "eprintln!", "print!", "eprint!", "dbg!"] {
            let said = code.match_indices(call).any(|(at, _)| !code[..at].chars().next_back().is_some_and(is_word));
            if said {
                breaches.push(format!("{file}: {call}"));
            }
        }
    }
    none("return it, or send an event through the context; the driver prints", breaches);
}

#[test]
fn the_machine_is_touched_in_few_places() {
    let mut breaches = Vec::new();
    let places: Vec<&str> = MACHINE.iter().map(|(place, _)| *place).collect();
    for file in sources() {
        if is_test(&file) || in_any(&file, &places) {
            continue;
        }
        let code = parts(before_tests(&read(&file))).code;
        if code.contains("clippy::disallowed_methods") || code.contains("clippy::disallowed_types") {
            breaches.push(format!("{file}: lifts a ban of clippy.toml outside {}", places.join(" ")));
        }
    }
    none("pass in what the file needs; or, with a reason, list it in MACHINE", breaches);
}

#[test]
fn models_know_nothing_of_courts() {
    let mut breaches = Vec::new();
    for file in files("models/src", ".rs") {
        let parts = parts(before_tests(&read(&file)));
        for text in std::iter::once(&parts.code).chain(&parts.strings) {
            // SQL has a word for it too.
            for word in words(&text.replace("CASE WHEN", "")) {
                if NOT_IN_MODELS.contains(&word.as_str()) {
                    breaches.push(format!("{file}: {word}"));
                }
            }
        }
    }
    none("luheng-models learns from rows and features; say row, group, label", breaches);
}

#[test]
fn nobody_is_rated_by_what_he_is() {
    let mut breaches = Vec::new();
    let mut read_n = 0;
    let mut judge = |file: &str, text: &str| {
        let name = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !name || text.is_empty() {
            return;
        }
        read_n += 1;
        let excused = EXCUSED.iter().any(|(name, _)| *name == text);
        for word in words(text) {
            if NEVER_FEATURES.contains(&word.as_str()) && !excused {
                breaches.push(format!("{file}: \"{text}\" ({word})"));
            }
        }
    };
    for file in files("pipeline/flow/src/features", ".rs") {
        for string in parts(before_tests(&read(&file))).strings {
            judge(&file, &string);
        }
    }
    for file in files("pipeline/catalog/ratings", ".toml") {
        let table: toml::Table = read(&file).parse().expect("a rating is TOML");
        for feature in table.get("features").and_then(toml::Value::as_array).into_iter().flatten() {
            judge(&file, feature.as_str().unwrap_or_default());
        }
    }
    assert!(read_n > 30, "only {read_n} names found: are the features where this test looks?");
    none("contract.md §3 never lets this be a feature", breaches);
}
