//! What a reader is told must be so: commands exist, files named are there, the catalog parses, samples hold nobody's number.

use super::{files, none, read, root};
use std::collections::BTreeSet;

const DOCUMENTS: [&str; 5] = ["README.md", "CONTRIBUTING.md", "pipeline/README.md", "notebooks-export/README.md", "benches/README.md"];

/// Lines of the fenced `sh` blocks of a document.
fn commands(path: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut shell = false;
    for line in read(path).lines() {
        if let Some(language) = line.trim().strip_prefix("```") {
            shell = !shell && language == "sh";
        } else if shell && !line.trim().is_empty() {
            lines.push(line.trim().to_owned());
        }
    }
    lines
}

/// Text in backticks, outside fenced blocks.
fn quoted(path: &str) -> Vec<String> {
    let text = read(path);
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

#[test]
fn make_targets_named_exist() {
    let makefile = read("Makefile");
    let targets: BTreeSet<&str> = makefile
        .lines()
        .filter(|l| !l.starts_with(['\t', '#', '.', ' ']))
        .filter_map(|l| l.split_once(':').map(|(name, _)| name))
        .collect();
    let mut breaches = Vec::new();
    for document in DOCUMENTS {
        let said = commands(document).into_iter().chain(quoted(document));
        for text in said {
            let mut words = text.split_whitespace();
            let target = match (words.next(), words.next()) {
                (Some("make"), Some(target)) => target,
                _ => continue,
            };
            if !target.contains('=') && !targets.contains(target) {
                breaches.push(format!("{document}: make {target}"));
            }
        }
    }
    for target in ["run", "test", "check", "bench", "golden", "outside", "audit"] {
        if !targets.contains(target) {
            breaches.push(format!("Makefile: no target {target}"));
        }
    }
    none("a document names a target the Makefile has not", breaches);
}

#[test]
fn the_readme_begins_with_two_commands() {
    let commands = commands("README.md");
    assert_eq!(commands.iter().take(2).collect::<Vec<_>>(), ["make run", "make test"]);
}

/// The verbs of the command line, from the enum that clap reads; hidden ones are not for people.
fn verbs() -> BTreeSet<String> {
    let text = read("pipeline/flow/src/cli/mod.rs");
    let list = text.split("enum Verb {").nth(1).and_then(|t| t.split("\n}").next()).expect("enum Verb");
    let mut verbs = BTreeSet::new();
    let mut hidden = false;
    for line in list.lines().map(str::trim) {
        if line.starts_with("#[") {
            hidden = line.contains("hide = true");
        } else if line.starts_with(char::is_uppercase) {
            let name = line.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            let mut verb = String::new();
            for c in name.chars() {
                if c.is_uppercase() && !verb.is_empty() {
                    verb.push('-');
                }
                verb.push(c.to_ascii_lowercase());
            }
            if !hidden {
                verbs.insert(verb);
            }
            hidden = false;
        }
    }
    verbs
}

#[test]
fn the_readme_knows_every_verb_and_no_other() {
    let verbs = verbs();
    assert!(verbs.contains("nightly") && verbs.contains("bucket-of"), "{verbs:?}");
    let readme = read("README.md");
    let rows = readme.lines().skip_while(|l| !l.starts_with("| verb |")).skip(2).take_while(|l| l.starts_with('|'));
    let first = rows.filter_map(|l| l.split('|').nth(1));
    let told: BTreeSet<String> =
        first.flat_map(|c| c.split('`').skip(1).step_by(2)).filter_map(|t| t.split_whitespace().next()).map(str::to_owned).collect();
    assert_eq!(told, verbs, "README.md's table of verbs and the command line differ");
    let mut breaches = Vec::new();
    for document in DOCUMENTS {
        for text in commands(document).into_iter().chain(quoted(document)) {
            let mut words = text.split_whitespace();
            let is_ours = words.next().is_some_and(|w| w == "luheng" || w.ends_with("release/luheng"));
            if let (true, Some(verb)) = (is_ours, words.next())
                && verb.chars().all(|c| c.is_ascii_lowercase() || c == '-')
                && !verb.starts_with('-')
                && !verbs.contains(verb)
            {
                breaches.push(format!("{document}: luheng {verb}"));
            }
        }
    }
    none("a document names a verb that the program has not", breaches);
}

/// Backticked text with a slash and an ending is a path of this repository, unless it is one of a work folder or a pattern.
#[test]
fn files_named_are_there() {
    let mut breaches = Vec::new();
    for document in DOCUMENTS {
        let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
        for text in quoted(document) {
            let path = text.trim_end_matches('/');
            let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            let elsewhere = ["work/", "target/", "../", "/", "runs/", "lake/lake.json", "sheets/"];
            if !plain || !path.contains('/') || elsewhere.iter().any(|e| path.starts_with(e)) {
                continue;
            }
            if !root().join(path).exists() && !root().join(folder).join(path).exists() {
                breaches.push(format!("{document}: `{text}`"));
            }
        }
    }
    none("a document names a file that is not there", breaches);
}

#[test]
fn every_toml_parses() {
    let mut breaches = Vec::new();
    let mut all = files("pipeline/catalog", ".toml");
    assert!(all.len() > 20, "only {} catalog files found", all.len());
    all.extend(files("data-samples", ".toml").into_iter().filter(|f| !f.starts_with("data-samples/broken/")));
    all.extend(["clippy.toml", "deny.toml", "rust-toolchain.toml"].map(str::to_owned));
    for file in all {
        match read(&file).parse::<toml::Table>() {
            Ok(table) if table.is_empty() => breaches.push(format!("{file}: empty")),
            Ok(_) => {}
            Err(error) => breaches.push(format!("{file}: {error}")),
        }
    }
    none("TOML that does not parse", breaches);
}

/// Numbers in samples are of division 99, which the country has not: an identity number begins with it, a credit code has it behind its two letters of
/// authority and kind. Packed tables are not opened: identity numbers stand in `debtors` and `registers` alone, which are plain.
#[test]
fn samples_hold_nobodys_number() {
    let mut breaches = Vec::new();
    let mut numbers = 0;
    for file in files("data-samples", "") {
        let bytes = std::fs::read(root().join(&file)).expect("a readable sample");
        for word in bytes.split(|b| !b.is_ascii_alphanumeric()) {
            let digits = word.iter().take_while(|b| b.is_ascii_digit()).count();
            let is_number = matches!((word.len(), digits), (15, 15) | (18, 8..));
            if is_number {
                numbers += 1;
                let imaginary = word.starts_with(b"99") || (word.len() == 18 && word[0] == b'9' && word[2..].starts_with(b"99"));
                if !imaginary {
                    breaches.push(format!("{file}: a number of {} signs that begins {}", word.len(), String::from_utf8_lossy(&word[..4])));
                }
            }
        }
    }
    breaches.sort();
    breaches.dedup();
    assert!(numbers > 100, "only {numbers} identity numbers found: is the town readable here?");
    none("a number that may be somebody's", breaches);
}

#[test]
fn the_changelog_knows_this_version() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("Cargo.toml is TOML");
    let version = manifest["workspace"]["package"]["version"].as_str().expect("a version").to_owned();
    assert!(read("CHANGELOG.md").contains(&format!("## {version}")), "CHANGELOG.md has no heading for {version}");
}

#[test]
fn decisions_are_found_from_the_design() {
    let design = read("pipeline/README.md");
    let decisions = files("pipeline/decisions", ".md");
    assert!(!decisions.is_empty(), "pipeline/decisions is empty");
    let lost = decisions.into_iter().filter(|d| !design.contains(d.trim_start_matches("pipeline/")));
    none("pipeline/README.md does not name the decision", lost.collect());
}

#[test]
fn the_licence_is_the_one_the_manifest_names() {
    let manifest = read("Cargo.toml");
    assert!(manifest.contains("license = \"Apache-2.0\""));
    assert!(read("LICENSE").contains("Apache License\n                           Version 2.0"));
}
