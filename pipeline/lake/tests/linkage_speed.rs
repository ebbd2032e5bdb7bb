//! Measures linkage for benches/peers/linkage.py: one JSON line a run. Ignored by `cargo test`: `LUHENG_LINKAGE=febrl_3 cargo test --release
//! -p luheng-lake --test linkage_speed -- --ignored --nocapture measure`. Sets: febrl_1, febrl_3, fake_1000, or a number of imaginary records.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod imaginary;
mod linkage_sets;

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Instant;

use imaginary::{Entry, Town};
use linkage_sets::{Counts, Set, evaluate, fake_1000, febrl, id};
use luheng_lake::link::{Model, Pairing, RecordsBuilder, Spec, score, train};

/// The most memory this process had, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// Three of ten records are another register's view of one of the others.
fn entries(records: u64) -> impl Iterator<Item = (u64, Entry)> {
    let people = records * 7 / 10;
    let town = Town::new(11);
    (0..records).map(move |n| (n, if n < people { town.person(n) } else { town.other((n - people) * 7 / 3 % people, 1) }))
}

fn print(set: &str, threshold: f64, counts: Counts, clusters: Option<Counts>, compared: u64, seconds: (f64, f64)) {
    let figure = |c: Counts| format!(r#""precision":{:.4},"recall":{:.4},"f1":{:.4}"#, c.precision(), c.recall(), c.f1());
    let clustered = clusters.map_or(String::new(), |c| format!(r#","cluster_f1":{:.4}"#, c.f1()));
    println!(
        r#"{{"set":"{set}","threshold":{threshold},{}{clustered},"compared":{compared},"train_s":{:.2},"predict_s":{:.2},"peak_mib":{}}}"#,
        figure(counts),
        seconds.0,
        seconds.1,
        peak_mib()
    );
}

fn public(name: &str, threshold: f64) {
    let (set, spec): (Set, Spec) = match name {
        "fake_1000" => (fake_1000().expect("the data"), linkage_sets::fake_spec()),
        _ => (febrl(&format!("{name}.csv")).expect("the data"), linkage_sets::febrl_spec()),
    };
    let start = Instant::now();
    let model: Model = train(&set.records, &spec, Pairing::Within).unwrap().model;
    let trained = start.elapsed().as_secs_f64();
    let compared = score(&set.records, &model, Pairing::Within, 0.5).unwrap().compared;
    let predicted = start.elapsed().as_secs_f64() - trained;
    let measured = evaluate(&set, &model, threshold);
    print(name, threshold, measured.pairs, Some(measured.clustered), compared, (trained, predicted));
}

fn imaginary_people(records: u64, threshold: f64) {
    let start = Instant::now();
    let mut builder = RecordsBuilder::new(&["name", "birth", "region", "address", "phone", "number"]);
    for (n, e) in entries(records) {
        let values = [Some(e.name.as_str()), e.birth.as_deref(), Some(&e.region), e.address.as_deref(), e.phone.as_deref()];
        builder.push(id(n), false, &values);
    }
    let set = builder.finish();
    let model = train(&set, &Spec::person(), Pairing::Within).unwrap();
    let trained = start.elapsed().as_secs_f64();
    let scores = score(&set, &model.model, Pairing::Within, threshold).unwrap();
    let predicted = start.elapsed().as_secs_f64() - trained;
    let people = records * 7 / 10;
    let mut of: Vec<(u64, u64)> = entries(records).map(|(n, e)| (e.person, n)).collect();
    of.sort_unstable();
    let truth: usize = of.chunk_by(|a, b| a.0 == b.0).map(|group| group.len() * (group.len() - 1) / 2).sum();
    let person = |id: [u8; 16]| {
        let n = u128::from_be_bytes(id) as u64;
        if n < people { n } else { (n - people) * 7 / 3 % people }
    };
    let right = scores.pairs.iter().filter(|p| person(p.left) == person(p.right)).count();
    let found: BTreeSet<_> = scores.pairs.iter().map(|p| (p.left, p.right)).collect();
    for warning in model.warnings.iter().chain(&scores.warnings) {
        eprintln!("{warning}");
    }
    let counts = Counts { right, found: found.len(), truth };
    print(&records.to_string(), threshold, counts, None, scores.compared, (trained, predicted));
}

#[test]
#[ignore = "a measurement: benches/peers/linkage.py runs it"]
fn measure() {
    let set = std::env::var("LUHENG_LINKAGE").unwrap_or_else(|_| "febrl_3".to_owned());
    match set.parse::<u64>() {
        Ok(records) => imaginary_people(records, 0.95),
        Err(_) => public(&set, 0.95),
    }
}

/// The same imaginary records as CSV, for another program.
#[test]
#[ignore = "writes a file: benches/peers/linkage.py runs it"]
fn write_people() {
    let records: u64 = std::env::var("LUHENG_LINKAGE").unwrap().parse().unwrap();
    let file = std::fs::File::create(std::env::var("LUHENG_LINKAGE_OUT").unwrap()).unwrap();
    let mut out = std::io::BufWriter::new(file);
    writeln!(out, "unique_id,person,name,birth,region,address,phone").unwrap();
    for (n, e) in entries(records) {
        let of = |v: Option<String>| v.unwrap_or_default();
        writeln!(out, "{n},{},{},{},{},{},{}", e.person, e.name, of(e.birth), e.region, of(e.address), of(e.phone)).unwrap();
    }
}
