//! From `catalog/tables/*.toml` to a [`Schema`]: every fault of every file is collected before any is reported.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::codes::Codes;
use super::fault::Fault;
use super::table::{BucketBy, Check, Column, Grammar, Kind, Table, Title, Unit};
use super::verify::{check_table, fault};
use crate::catalog::CatalogFiles;

/// The file whose columns every fact table has.
const EVERY_FACT: &str = "tables/_every_fact.toml";

/// All input tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// Tables by name.
    pub tables: BTreeMap<String, Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    name: String,
    title: Title,
    about: String,
    version: u16,
    key: Vec<String>,
    #[serde(default)]
    key_optional: bool,
    bucket_by: BucketBy,
    #[serde(default)]
    fact: bool,
    #[serde(default)]
    needed: bool,
    columns: Vec<ColumnEntry>,
    #[serde(default)]
    checks: Vec<CheckEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EveryFactFile {
    columns: Vec<ColumnEntry>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnEntry {
    name: String,
    kind: Kind,
    title: Title,
    #[serde(default)]
    about: String,
    #[serde(default)]
    unit: Unit,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    identity: bool,
    #[serde(default)]
    masked: bool,
    codes: Option<String>,
    #[serde(default)]
    closed: bool,
    grammar: Option<Grammar>,
    refers: Option<String>,
    revealed_by: Option<String>,
    before: Option<String>,
    #[serde(default)]
    set_in_advance: bool,
    #[serde(default)]
    happening: bool,
    min: Option<f64>,
    max: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckEntry {
    order: Option<[String; 2]>,
    check_digit: Option<CheckDigitEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckDigitEntry {
    number: String,
    kind: String,
}

impl From<ColumnEntry> for Column {
    fn from(e: ColumnEntry) -> Self {
        let money = e.kind == Kind::Money;
        Column {
            name: e.name,
            title: e.title,
            about: e.about,
            kind: e.kind,
            unit: if money { Unit::Fen } else { e.unit },
            required: e.required,
            identity: e.identity,
            masked: e.masked || e.identity,
            codes: e.codes,
            closed: e.closed,
            grammar: e.grammar,
            refers: e.refers,
            revealed_by: e.revealed_by,
            before: e.before,
            set_in_advance: e.set_in_advance,
            happening: e.happening,
            min: e.min.or(money.then_some(0.0)),
            max: e.max,
        }
    }
}

impl Schema {
    /// Reads and checks all tables. Errors: every fault of every file.
    pub fn load(files: &CatalogFiles) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let codes = Codes::load(files).unwrap_or_else(|found| {
            faults.extend(found);
            Codes::default()
        });
        let every_fact = read::<EveryFactFile>(files, EVERY_FACT, &mut faults).map(|f| f.columns).unwrap_or_default();
        let mut schema = Schema::default();
        for (path, _) in files.files("tables/") {
            if path == EVERY_FACT {
                continue;
            }
            let Some(file) = read::<TableFile>(files, path, &mut faults) else { continue };
            let table = build(file, &every_fact);
            check_table(path, &table, &codes, &mut faults);
            schema.tables.insert(table.name.clone(), table);
        }
        schema.check_references(&mut faults);
        if faults.is_empty() { Ok(schema) } else { Err(faults) }
    }

    /// A table by name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(name)
    }

    fn check_references(&self, faults: &mut Vec<Fault>) {
        for table in self.tables.values() {
            for column in &table.columns {
                let Some(to) = &column.refers else { continue };
                if self.tables.get(to).is_none_or(|t| t.key.len() != 1) {
                    faults.push(fault(table, column, "refers", to, "a table with a key of one column"));
                }
            }
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(files: &CatalogFiles, path: &str, faults: &mut Vec<Fault>) -> Option<T> {
    let Some(text) = files.get(path) else {
        faults.push(Fault::new(path, "file", "no such file", "a file of the catalog"));
        return None;
    };
    toml::from_str(text).map_err(|e| faults.push(Fault::toml(path, text, &e))).ok()
}

fn build(file: TableFile, every_fact: &[ColumnEntry]) -> Table {
    let mut columns: Vec<Column> = file.columns.into_iter().map(Column::from).collect();
    if file.fact {
        for entry in every_fact {
            if columns.iter().all(|c| c.name != entry.name) {
                columns.push(entry.clone().into());
            }
        }
    }
    let checks = file.checks.into_iter().flat_map(|c| {
        let order = c.order.map(|[earlier, later]| Check::Order { earlier, later });
        let digit = c.check_digit.map(|d| Check::CheckDigit { number: d.number, kind: d.kind });
        [order, digit].into_iter().flatten()
    });
    Table {
        name: file.name,
        title: file.title,
        about: file.about,
        version: file.version,
        key: file.key,
        key_optional: file.key_optional,
        fact: file.fact,
        required: file.needed,
        bucket_by: file.bucket_by,
        checks: checks.collect(),
        columns,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]
    use std::collections::BTreeSet;

    use super::*;

    fn overlaid(path: &str, text: &str) -> Result<Schema, Vec<Fault>> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
        Schema::load(&CatalogFiles::embedded().overlay(dir.path()).unwrap())
    }

    #[test]
    fn the_catalog_loads_and_has_the_tables_of_the_contract() {
        let schema = Schema::load(&CatalogFiles::embedded()).unwrap_or_else(|f| panic!("{}", Fault::error(&f)));
        let names: Vec<&str> = schema.tables.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "assets",
                "cases",
                "conduct",
                "debtors",
                "decisions",
                "identity_decisions",
                "incomes",
                "inquiries",
                "judgments",
                "listings",
                "measures",
                "milestones",
                "objections",
                "obligations",
                "parties",
                "payments",
                "population",
                "regions",
                "registers",
                "seizures",
                "stays",
                "trajectory",
            ]
        );
        let needed: Vec<&str> = schema.tables.values().filter(|t| t.required).map(|t| t.name.as_str()).collect();
        assert_eq!(needed, ["cases", "debtors", "parties"]);
        for table in schema.tables.values().filter(|t| t.fact) {
            for name in ["known_on", "row_id", "voided_on", "void_reason", "document_no"] {
                assert!(table.column(name).is_some(), "{}.{name}", table.name);
            }
            assert!(table.column("known_on").unwrap().required);
            for key in &table.key {
                let free = table.key_optional || ["creditor_no", "source_a", "source_b"].contains(&key.as_str());
                assert!(free || table.column(key).unwrap().required, "{}.{key}", table.name);
            }
        }
    }

    #[test]
    fn what_a_later_date_reveals_is_as_the_contract_says() {
        let schema = Schema::load(&CatalogFiles::embedded()).unwrap();
        let mut masks = Vec::new();
        for table in schema.tables.values() {
            for c in table.columns.iter().filter(|c| c.name != "void_reason") {
                if let Some(by) = &c.revealed_by {
                    masks.push(format!("{}.{} by {by} before {}", table.name, c.name, c.before.as_deref().unwrap_or("null")));
                }
            }
        }
        assert_eq!(
            masks,
            [
                "assets.disposal_fen by disposed_on before null",
                "assets.disposed_to_related by disposed_on before false",
                "cases.waived_fen by waived_on before null",
                "cases.status by closed_on before open",
                "cases.close_kind by closed_on before null",
                "cases.close_ground by closed_on before null",
                "debtors.status by status_on before null",
                "decisions.decision by decided_on before null",
                "decisions.reason_code by decided_on before null",
                "inquiries.outcome by returned_on before no_reply",
                "judgments.performed_fen by performed_on before null",
                "listings.removal_ground by removed_on before null",
                "measures.result by result_on before null",
                "objections.outcome by decided_on before null",
                "parties.left_reason by left_on before null",
            ]
        );
        let ahead: BTreeSet<&str> = schema
            .tables
            .values()
            .filter(|t| t.fact)
            .flat_map(|t| &t.columns)
            .filter(|c| c.set_in_advance)
            .map(|c| c.name.as_str())
            .collect();
        assert_eq!(Vec::from_iter(ahead), ["due_on", "duty_due_on", "expires_on", "known_on", "suspended_to_on"]);
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let faults = overlaid(
            "tables/stays.toml",
            r#"
name = "stay"
about = "x"
title = { zh = "中止", en = "stays" }
version = 1
key = ["case_no", "nothing"]
bucket_by = "case"
[[columns]]
name = "case_no"
kind = "text"
title = { zh = "案号", en = "case number" }
refers = "payouts"
[[columns]]
name = "amount"
kind = "money"
title = { zh = "金额", en = "amount" }
[[columns]]
name = "reason"
kind = "code"
title = { zh = "事由", en = "reason" }
codes = "no.such"
revealed_by = "amount"
[[checks]]
order = ["from_on", "to_on"]
"#,
        )
        .unwrap_err();
        let places: Vec<&str> = faults.iter().map(|f| f.place.as_str()).collect();
        assert_eq!(
            places,
            [
                "name",
                "columns.amount.name",
                "columns.reason.codes",
                "columns.reason.revealed_by",
                "key",
                "checks",
                "checks",
                "columns.case_no.refers",
            ]
        );
    }

    #[test]
    fn an_unknown_key_says_its_line() {
        let faults = overlaid("tables/stays.toml", "name = \"stays\"\nkolumns = []\n").unwrap_err();
        assert_eq!((faults.len(), faults[0].place.as_str()), (1, "line 2"), "{}", faults[0]);
    }
}
