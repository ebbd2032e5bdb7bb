//! What the manifests promise: who depends on whom, under which licence, with which lints.

use super::{files, none, read, root};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The crates of the house and which of them each may depend on. The leaves know nobody.
const HOUSE: [(&str, &[&str]); 5] = [
    ("luheng", &["luheng-lake", "luheng-models", "luheng-sheet"]),
    ("luheng-lake", &[]),
    ("luheng-models", &[]),
    ("luheng-sheet", &[]),
    ("luheng-tests", &["luheng", "luheng-lake", "luheng-models", "luheng-sheet"]),
];

/// Packages with one home. The tests' crate ships nothing and may read what anybody wrote. A name ending in `*` stands for every name that begins so.
const HOMES: [(&str, &[&str]); 20] = [
    ("polars*", &["luheng"]),
    ("arrow*", &["luheng-lake"]),
    ("parquet", &["luheng-lake"]),
    ("csv", &["luheng-lake"]),
    ("encoding_rs", &["luheng-lake"]),
    ("hmac", &["luheng-lake"]),
    ("sha2", &["luheng-lake"]),
    ("ring", &["luheng-lake"]),
    ("sm3", &["luheng-lake"]),
    ("getrandom", &["luheng-lake"]),
    ("zstd", &["luheng-lake"]),
    ("ndarray", &["luheng-models"]),
    ("linfa*", &["luheng-models"]),
    ("smartcore", &["luheng-models"]),
    ("askama", &["luheng-sheet"]),
    ("clap", &["luheng"]),
    ("indicatif", &["luheng"]),
    ("miette", &["luheng"]),
    // Nobody: results need no dice and no clock of their own (polars brings `rand` for itself).
    ("rand*", &[]),
    ("chrono", &[]),
];

/// A closed network needs no client: these never reach the binary, whatever feature would bring them.
const NEVER: [&str; 8] = ["reqwest", "hyper", "rustls", "native-tls", "openssl", "curl", "object_store", "ureq"];

/// Licences a court may ship inside a program of its own, and what each asks of us. `deny.toml` repeats the list.
const LICENCES: [(&str, &str); 11] = [
    ("Apache-2.0", "our own licence; keep notices"),
    ("Apache-2.0 WITH LLVM-exception", "asks less than Apache-2.0"),
    ("MIT", "keep the notice"),
    ("BSD-2-Clause", "keep the notice"),
    ("BSD-3-Clause", "keep the notice, do not advertise with names"),
    ("BSL-1.0", "keep the notice in source copies"),
    ("CC0-1.0", "public domain"),
    ("ISC", "keep the notice"),
    ("Unicode-3.0", "keep the notice; data tables of Unicode"),
    ("Unlicense", "public domain"),
    ("Zlib", "do not claim to be the author"),
];

fn cargo(arguments: &[&str]) -> String {
    let run = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(run.status.success(), "cargo {}: {}", arguments.join(" "), String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).expect("cargo prints UTF-8")
}

/// `cargo metadata` for this machine's platform: others' packages were never downloaded here.
fn metadata() -> Value {
    let version = Command::new("rustc").args(["-vV"]).current_dir(root()).output().expect("rustc runs");
    let version = String::from_utf8(version.stdout).expect("rustc prints UTF-8");
    let host = version.lines().find_map(|l| l.strip_prefix("host: ")).expect("rustc names its host");
    let text = cargo(&["metadata", "--format-version", "1", "--locked", "--filter-platform", host]);
    serde_json::from_str(&text).expect("cargo metadata is JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Our crates, each with the names of all its direct dependencies (tests' own included).
fn direct() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let ours = packages.iter().filter(|p| p["source"].is_null());
    ours.map(|p| {
        let needs = p["dependencies"].as_array().expect("dependencies");
        (text(p, "name").to_owned(), needs.iter().map(|d| text(d, "name").to_owned()).collect())
    })
    .collect()
}

#[test]
fn leaves_never_import_each_other_or_the_hub() {
    let mut breaches = Vec::new();
    let direct = direct();
    let known: Vec<&str> = direct.keys().map(String::as_str).collect();
    let listed: Vec<&str> = HOUSE.iter().map(|(name, _)| *name).collect();
    assert_eq!(known, listed, "a new crate takes its place in HOUSE, with whom it may import");
    for (name, may) in HOUSE {
        for needed in direct[name].iter().filter(|n| n.starts_with("luheng") && !may.contains(&n.as_str())) {
            breaches.push(format!("{name} depends on {needed}"));
        }
    }
    none("crates meet in the hub only; move what both need down, or pass it as an argument", breaches);
}

#[test]
fn heavy_packages_have_one_home() {
    let mut breaches = Vec::new();
    for (name, needs) in direct().into_iter().filter(|(name, _)| name != "luheng-tests") {
        for (package, homes) in HOMES {
            let is = |n: &String| package.strip_suffix('*').map_or(n == package, |start| n.starts_with(start));
            if needs.iter().any(is) && !homes.contains(&name.as_str()) {
                breaches.push(format!("{name} depends on {package}, at home in: {}", homes.join(" ")));
            }
        }
    }
    none("a package has one home, so that a leaf builds without the others' weight", breaches);
}

#[test]
fn the_binary_holds_no_network_client() {
    let tree = cargo(&["tree", "--locked", "-p", "luheng", "-e", "normal", "--prefix", "none", "-f", "{p}"]);
    let names: BTreeSet<&str> = tree.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert!(names.contains("luheng-lake"), "cargo tree prints one package a line");
    let found = NEVER.iter().filter(|n| names.contains(*n)).map(|n| format!("{n}: cargo tree -p luheng -i {n}"));
    none("some feature brings what a closed network has no use for", found.collect());
}

/// Whether an SPDX expression can be satisfied from LICENCES. Old manifests write `/` for OR.
fn allowed(expression: &str) -> bool {
    let plain = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = plain.split_whitespace().collect();
    let mut at = 0;
    let fits = any(&tokens, &mut at);
    fits && at == tokens.len()
}

fn any(tokens: &[&str], at: &mut usize) -> bool {
    let mut fits = all(tokens, at);
    while tokens.get(*at) == Some(&"OR") {
        *at += 1;
        let right = all(tokens, at);
        fits = fits || right;
    }
    fits
}

fn all(tokens: &[&str], at: &mut usize) -> bool {
    let mut fits = one(tokens, at);
    while tokens.get(*at) == Some(&"AND") {
        *at += 1;
        let right = one(tokens, at);
        fits = fits && right;
    }
    fits
}

fn one(tokens: &[&str], at: &mut usize) -> bool {
    let Some(&first) = tokens.get(*at) else {
        return false;
    };
    *at += 1;
    if first == "(" {
        let fits = any(tokens, at);
        *at += 1;
        return fits;
    }
    let mut name = first.to_owned();
    if tokens.get(*at) == Some(&"WITH") {
        name = format!("{first} WITH {}", tokens.get(*at + 1).copied().unwrap_or_default());
        *at += 2;
    }
    LICENCES.iter().any(|(licence, _)| *licence == name)
}

#[test]
fn licences_are_read_as_they_are_written() {
    for good in ["MIT", "MIT/GPL-3.0", "(MIT OR GPL-3.0) AND Unicode-3.0", "GPL-3.0 OR Apache-2.0 WITH LLVM-exception"] {
        assert!(allowed(good), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Zlib) AND GPL-3.0", "Apache-2.0 WITH Classpath-exception-2.0", ""] {
        assert!(!allowed(bad), "{bad}");
    }
}

#[test]
fn every_dependency_has_a_licence_a_court_may_ship() {
    let metadata = metadata();
    let nodes = metadata["resolve"]["nodes"].as_array().expect("resolve");
    let used: BTreeSet<&str> = nodes.iter().map(|n| text(n, "id")).collect();
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(used.len() > 100, "only {} packages: is the graph whole?", used.len());
    let bad = packages.iter().filter(|p| used.contains(text(p, "id")) && !allowed(text(p, "license")));
    let bad = bad.map(|p| format!("{} {}: {}", text(p, "name"), text(p, "version"), p["license"]));
    none("a licence outside LICENCES; leave the package out, or add the licence with what it asks", bad.collect());
}

#[test]
fn cargo_deny_knows_the_same_licences() {
    let deny: toml::Table = read("deny.toml").parse().expect("deny.toml is TOML");
    let allow = deny["licenses"]["allow"].as_array().expect("licenses.allow");
    let theirs: BTreeSet<&str> = allow.iter().filter_map(toml::Value::as_str).collect();
    let ours: BTreeSet<&str> = LICENCES.iter().map(|(name, _)| *name).collect();
    assert_eq!(theirs, ours, "deny.toml [licenses] allow and LICENCES differ");
}

#[test]
fn lints_are_the_workspaces_and_everyone_takes_them() {
    let workspace: toml::Table = read("Cargo.toml").parse().expect("Cargo.toml is TOML");
    let lints = &workspace["workspace"]["lints"];
    assert_eq!(lints["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for lint in ["unwrap_used", "expect_used", "panic"] {
        assert_eq!(lints["clippy"][lint].as_str(), Some("deny"), "{lint}");
    }
    let mut breaches = Vec::new();
    for member in workspace["workspace"]["members"].as_array().expect("members") {
        let path = format!("{}/Cargo.toml", member.as_str().unwrap_or_default());
        let manifest: toml::Table = read(&path).parse().expect("a manifest is TOML");
        let inherits = manifest.get("lints").and_then(|l| l.get("workspace")).and_then(toml::Value::as_bool);
        if inherits != Some(true) {
            breaches.push(format!("{path}: [lints] workspace = true is missing"));
        }
        if manifest.contains_key("profile") {
            breaches.push(format!("{path}: profiles belong to the workspace"));
        }
    }
    let profiles: Vec<&String> = workspace["profile"].as_table().expect("profile").keys().collect();
    if profiles != ["release"] {
        breaches.push(format!("Cargo.toml: profiles {profiles:?}; one profile serves all, or polars is built twice"));
    }
    for leaf in ["pipeline/lake", "pipeline/sheet", "models"] {
        if !read(&format!("{leaf}/src/lib.rs")).contains("#![deny(missing_docs)]") {
            breaches.push(format!("{leaf}/src/lib.rs: #![deny(missing_docs)] is missing"));
        }
    }
    none("lints are set once and taken by all", breaches);
}

#[test]
fn the_toolchain_is_the_one_the_manifest_names() {
    let toolchain: toml::Table = read("rust-toolchain.toml").parse().expect("rust-toolchain.toml is TOML");
    let channel = toolchain["toolchain"]["channel"].as_str().unwrap_or_default().to_owned();
    let workspace: toml::Table = read("Cargo.toml").parse().expect("Cargo.toml is TOML");
    let wanted = workspace["workspace"]["package"]["rust-version"].as_str().unwrap_or_default();
    assert!(channel.starts_with(wanted), "rust-toolchain.toml says {channel}, Cargo.toml says {wanted}");
    // Fuzz targets are a workspace of their own: they need a nightly toolchain.
    let mut manifests = files("", "Cargo.toml");
    manifests.retain(|path| path != "fuzz/Cargo.toml");
    assert_eq!(manifests.len(), HOUSE.len() + 1, "a manifest outside the workspace: {manifests:?}");
}
