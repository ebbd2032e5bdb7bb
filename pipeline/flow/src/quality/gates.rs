//! Gates: limits of the configuration on data quality. A night that does not pass one is built whole and not published.

use std::collections::BTreeMap;
use std::path::Path;

use luheng_lake::columns::{Day, day};
use luheng_lake::ingest::CheckReport;
use luheng_lake::schema::Schema;

use super::figures::{Broken, Quality};
use super::shift;
use crate::config::{Gates, Limit};
use crate::context::Context;
use crate::error::{Error, Result};

/// Refuses a limit on a table that does not exist.
///
/// # Errors
/// [`Error::Config`], naming the key.
pub fn check_names(gates: &Gates, schema: &Schema) -> Result<()> {
    for (gate, limit) in gates.all() {
        if let Some(Limit::Tables(tables)) = limit
            && let Some(name) = tables.keys().find(|name| *name != Limit::ALL && !schema.tables.contains_key(*name))
        {
            return Err(Error::Config(format!(
                "gates.{gate}.{name}: there is no such table; expected {} or one of the input tables",
                Limit::ALL
            )));
        }
    }
    Ok(())
}

/// The gates that a night does not pass, in the order of the tables.
pub fn broken(gates: &Gates, quality: &Quality) -> Vec<Broken> {
    let mut out = Vec::new();
    for table in &quality.tables {
        let name = table.table.as_str();
        let known = table.sources.iter().filter_map(|s| s.known_days_ago).min();
        of_table(gates, name, (table.rejected, table.read), known, &mut out);
        for column in &table.columns {
            let psi = column.psi.zip(limit(gates.max_psi.as_ref(), name));
            if let Some((found, limit)) = psi.filter(|(found, limit)| found > limit) {
                out.push(Broken { gate: "max_psi".into(), table: name.into(), column: column.column.clone(), found, limit });
            }
        }
    }
    out
}

fn limit(limit: Option<&Limit>, table: &str) -> Option<f64> {
    limit.and_then(|l| l.of(table))
}

/// What can be told from rows read and rejected, and the days since the newest row was known.
fn of_table(gates: &Gates, table: &str, (rejected, read): (u64, u64), known: Option<Day>, out: &mut Vec<Broken>) {
    let share = (read > 0).then(|| rejected as f64 / read as f64);
    let pairs = [("max_reject_share", share, &gates.max_reject_share), ("max_stale_days", known.map(f64::from), &gates.max_stale_days)];
    for (gate, found, of_gate) in pairs {
        if let Some((found, limit)) = found.zip(limit(of_gate.as_ref(), table)).filter(|(found, limit)| found > limit) {
            out.push(Broken { gate: gate.into(), table: table.into(), column: String::new(), found, limit });
        }
    }
}

/// What `luheng check` can say of the gates: shares of tonight's rows, and days since the newest row read or published was known.
///
/// # Errors
/// The figures of the current run cannot be read.
pub fn foretold(ctx: &Context, report: &CheckReport) -> Result<String> {
    let gates = &ctx.config.gates;
    if gates.all().iter().all(|(_, limit)| limit.is_none()) {
        return Ok(String::new());
    }
    let current: Option<Quality> = crate::publish::read_json(&ctx.work.current().join("quality.json"))?;
    let mut newest: BTreeMap<String, Day> = report.newest.clone();
    for table in current.iter().flat_map(|q| &q.tables) {
        let days = table.sources.iter().filter_map(|s| s.newest_known_on.as_deref().and_then(day::parse));
        if let Some(on) = days.filter(|on| *on <= ctx.as_of).max() {
            let slot = newest.entry(table.table.clone()).or_insert(on);
            *slot = on.max(*slot);
        }
    }
    let mut found = Vec::new();
    for (name, counts) in &report.tables {
        of_table(gates, name, (counts.rejected, counts.read), newest.get(name).map(|on| ctx.as_of - on), &mut found);
    }
    let mut text: String = found.iter().map(|b| format!("gate     {}: the night would be held back\n", line(b))).collect();
    if text.is_empty() {
        text += "gate     max_reject_share, max_stale_days: would hold nothing\n";
    }
    if gates.max_psi.is_some() {
        text += "gate     max_psi: known only once the night is built\n";
    }
    Ok(text)
}

fn line(broken: &Broken) -> String {
    let place = if broken.column.is_empty() { broken.table.clone() } else { format!("{}.{}", broken.table, broken.column) };
    let number = |x: f64| format!("{}", (x * 10_000.0).round() / 10_000.0);
    format!("{} {place}: found {}, limit {}", broken.gate, number(broken.found), number(broken.limit))
}

/// The error of a night that is held back.
pub fn held(broken: &[Broken], folder: &Path) -> Error {
    let lines: Vec<String> = broken.iter().map(line).collect();
    Error::Gate(format!(
        "the night was built and is held back by [gates]; nothing was published, current stays:\n  {}\n  look at {} (until the next night); then \
         correct the export and run the night again, or change the gate ({} is watched, {} moved)",
        lines.join("\n  "),
        folder.join("quality.html").display(),
        shift::WATCH,
        shift::SHIFTED
    ))
}
