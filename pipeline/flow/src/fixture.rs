//! A lake of a few rows for tests: facts of one debtor, written as pairs of column and value.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::{ColumnKind, Columns, day};
use luheng_lake::schema::{Codes, Schema};
use luheng_lake::store::paths::Work;

use crate::config::Config;
use crate::context::Context;
use crate::cutoff::Facts;
use crate::rating::Ratings;

pub const DEBTOR: &str = "00000000000000000000000000000001";
pub const CASE: &str = "（2025）浙0106执1号";

/// One row: its table and its values as text; numbers and days are read by the column's kind.
pub type Fact = (&'static str, Vec<(&'static str, String)>);

pub fn fact(table: &'static str, values: &[(&'static str, &str)]) -> Fact {
    (table, values.iter().map(|(column, value)| (*column, (*value).to_owned())).collect())
}

/// A natural debtor in an open money case of 100,000.00 yuan, filed on 2025-01-06, notice served four days later unless `served` is false.
pub fn plain(served: bool) -> Vec<Fact> {
    let mut case = vec![("status", "open"), ("duty_kind", "money"), ("filed_on", "2025-01-06"), ("principal_fen", "10000000")];
    if served {
        case.push(("notice_served_on", "2025-01-10"));
    }
    vec![
        fact("debtors", &[("kind", "natural")]),
        fact("cases", &case),
        fact("parties", &[("role", "principal"), ("liability", "solidary")]),
    ]
}

/// Every required channel answered `none` a month before the day.
pub fn answered_none() -> Vec<Fact> {
    let channels = context().ratings.capacity.required_channels.clone();
    channels
        .iter()
        .map(|c| fact("inquiries", &[("channel", c), ("sent_on", "2025-05-26"), ("returned_on", "2025-05-30"), ("outcome", "none")]))
        .collect()
}

pub fn act(kind: &str, on: &str, finding: &str) -> Fact {
    fact("conduct", &[("kind", kind), ("happened_on", on), ("document_no", "（2025）浙0106执1号之一"), ("finding", finding)])
}

pub fn context() -> Context {
    let files = CatalogFiles::embedded();
    let config = Config::parse("[means]\nliving_cost_monthly_fen = 120000", "test").unwrap();
    Context {
        ratings: Ratings::load(&files, &config).unwrap(),
        schema: Schema::load(&files).unwrap(),
        codes: Codes::load(&files).unwrap(),
        config,
        files,
        work: Work::at("nowhere"),
        seals: luheng_lake::store::seal::Seals::default(),
        as_of: day::parse("2025-06-30").unwrap(),
        seed: 1,
        buckets: 1,
        range_bytes: luheng_lake::ingest::RANGE_BYTES,
    }
}

fn lake(ctx: &Context, table: &str, rows: &[&Vec<(&'static str, String)>]) -> Columns {
    let described = ctx.schema.table(table).unwrap();
    let mut kinds: BTreeMap<String, ColumnKind> = BTreeMap::new();
    for column in described.columns.iter().filter(|c| !c.identity) {
        let name = if column.name == "debtor_ref" { "debtor_id" } else { column.name.as_str() };
        kinds.insert(name.to_owned(), column.kind.stored());
    }
    for (name, kind) in [
        ("debtor_id", ColumnKind::Text),
        ("row_id", ColumnKind::Text),
        ("void_reason", ColumnKind::Text),
        ("identity_basis", ColumnKind::Text),
        ("known_on_basis", ColumnKind::Text),
        ("link_probability", ColumnKind::Real),
        ("known_on", ColumnKind::Date),
        ("voided_on", ColumnKind::Date),
        ("minor_until_on", ColumnKind::Date),
        ("is_own", ColumnKind::Flag),
        ("is_primary", ColumnKind::Flag),
    ] {
        kinds.insert(name.to_owned(), kind);
    }
    let mut columns = Columns::new();
    for (name, kind) in &kinds {
        let value = |at: usize| -> Option<String> {
            let given = rows[at].iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
            given.or_else(|| match name.as_str() {
                "debtor_id" => Some(DEBTOR.to_owned()),
                "case_no" => Some(CASE.to_owned()),
                "row_id" => Some(format!("{table}{at}")),
                "known_on" => Some("2025-01-11".to_owned()),
                "is_primary" => Some("true".to_owned()),
                _ => None,
            })
        };
        let values: Vec<Option<String>> = (0..rows.len()).map(value).collect();
        columns = match kind {
            ColumnKind::Text => columns.text(name, values),
            ColumnKind::Int => columns.int(name, values.iter().map(|v| v.as_ref().map(|v| v.parse().unwrap()))),
            ColumnKind::Real => columns.real(name, values.iter().map(|v| v.as_ref().map(|v| v.parse().unwrap()))),
            ColumnKind::Date => columns.date(name, values.iter().map(|v| v.as_ref().map(|v| day::parse(v).unwrap()))),
            ColumnKind::Flag => columns.flag(name, values.iter().map(|v| v.as_ref().map(|v| v == "true"))),
        };
    }
    columns
}

/// The facts as the lake holds them.
pub fn held(ctx: &Context, facts: &[Fact]) -> Facts {
    Facts::new(&ctx.schema, |table| {
        let rows: Vec<&Vec<(&'static str, String)>> = facts.iter().filter(|(t, _)| *t == table).map(|(_, values)| values).collect();
        Ok((!rows.is_empty()).then(|| lake(ctx, table, &rows)))
    })
    .unwrap()
}
