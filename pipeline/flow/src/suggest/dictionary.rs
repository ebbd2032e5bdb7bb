//! Measures and law as text, for `luheng catalog`: written from the entries the program runs on, so that the list a judge reviews cannot rot.

use std::fmt::Write as _;

use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::day;

use super::catalog::Catalog;
use super::conditions;
use super::load;
use crate::error::Result;

/// Every measure with what it needs and rests on, and every condition in words.
///
/// # Errors
/// A faulty catalog.
pub fn dictionary(files: &CatalogFiles) -> Result<String> {
    let catalog = load(files)?;
    let mut out = String::from("# 措施目录 / measures\n");
    for measure in catalog.measures() {
        let names = |places: &[usize]| match places {
            [] => "-".to_owned(),
            places => places.iter().filter_map(|at| conditions::all().nth(*at)).map(|c| c.name).collect::<Vec<_>>().join(", "),
        };
        let basis: Vec<String> = measure.legal_basis.iter().map(|a| a.citation()).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\n## `{}` {} / {}\n", measure.id, measure.title.zh, measure.title.en);
        let _ = writeln!(
            out,
            "{}, intrusiveness {}, {} working day(s); for {}; {} asks, {} decides.",
            measure.kind.word(),
            measure.intrusiveness,
            measure.cost_days,
            measure.debtor_kinds.join(", "),
            measure.initiator,
            measure.approver
        );
        let _ = writeln!(out, "- concerns: {}", names(&measure.concerns));
        let _ = writeln!(out, "- requires: {}", names(&measure.requires));
        let _ = writeln!(out, "- excluded by: {}", names(&measure.forbids));
        let _ = writeln!(out, "- law: {}", if basis.is_empty() { "-".to_owned() } else { basis.join("；") });
        let _ = writeln!(out, "- policy: {}", measure.policy_ref);
    }
    out.push_str("\n# 条件 / conditions\n\n| name | 条件 | condition | reads the rating |\n|---|---|---|---|\n");
    for condition in conditions::all() {
        let reads = if condition.reads_rating { "yes" } else { "" };
        let _ = writeln!(out, "| {} | {} | {} | {reads} |", condition.name, condition.zh, condition.en);
    }
    Ok(out)
}

/// Every article with what it says, since when and where it was read.
///
/// # Errors
/// A faulty catalog.
pub fn law_dictionary(files: &CatalogFiles) -> Result<String> {
    let Catalog { law, .. } = load(files)?;
    let mut out =
        String::from("# 依据 / legal basis\n\n| key | 条文 | 内容 | says | in force from | read in |\n|---|---|---|---|---|---|\n");
    for article in law.articles() {
        let from = day::format(article.in_force_from);
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {from} | {} |",
            article.key,
            article.citation(),
            article.wording.zh,
            article.wording.en,
            article.checked
        );
    }
    Ok(out)
}
