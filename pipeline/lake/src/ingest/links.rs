//! The vault's list of links: every merge with its explanation and the day it was made, those undone with the day they ended, and the pairs left to a
//! person. Beside it the models. All of it pseudonyms, shares and bits; it lies in the vault because it says which of the court's keys are one person.

use std::collections::BTreeMap;

use super::record::hex;
use crate::columns::{Columns, Day};
use crate::error::Result;
use crate::link;
use crate::store::hash_bytes;
use crate::store::vault::Vault;

const MODELS: &str = "link-model";
const STANDING: &str = "link-now";
/// The decisions that merge.
const MERGES: [&str; 3] = ["linked", "grouped", "declared"];

/// One row of the list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Listed {
    left: String,
    right: String,
    probability: f64,
    bits: f64,
    steps: String,
    decision: String,
    model: String,
    decided_on: Option<Day>,
    undone_on: Option<Day>,
}

impl Listed {
    /// A row of tonight, made with the model of this hash.
    pub(super) fn of(row: link::Row, model: &str) -> Listed {
        let step = |s: &link::Step| format!("{}{}{} {:+.2}", s.field, if s.level.is_empty() { "" } else { " " }, s.level, s.bits);
        Listed {
            left: hex(&row.left),
            right: hex(&row.right),
            probability: row.probability,
            bits: row.bits,
            steps: row.steps.iter().map(step).collect::<Vec<_>>().join("; "),
            decision: row.decision.code().to_owned(),
            model: model.to_owned(),
            decided_on: None,
            undone_on: None,
        }
    }

    fn merges(&self) -> bool {
        MERGES.contains(&self.decision.as_str())
    }

    fn read(rows: &Columns, at: usize) -> Listed {
        let text = |name: &str| rows.get(name).and_then(|c| c.text_at(at)).unwrap_or_default().to_owned();
        let real = |name: &str| rows.get(name).and_then(|c| c.real_at(at)).unwrap_or_default();
        let day = |name: &str| rows.get(name).and_then(|c| c.date_at(at));
        Listed {
            left: text("left"),
            right: text("right"),
            probability: real("probability"),
            bits: real("bits"),
            steps: text("steps"),
            decision: text("decision"),
            model: text("model"),
            decided_on: day("decided_on"),
            undone_on: day("undone_on"),
        }
    }
}

/// A model kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    /// The `training` it was asked for with.
    pub training: i64,
    /// The document.
    pub json: String,
}

/// The models by what they link.
pub(super) type Models = BTreeMap<String, Kept>;

/// What a model is known by in the list.
pub(super) fn hash_of(json: &str) -> String {
    hash_bytes(json.as_bytes())
}

/// Debtors linked: own pseudonym to the one they are gathered under, and the probability as the lake has it.
pub(super) type Standing = BTreeMap<String, (String, f64)>;

/// The links that stand in a lake: `vault/link-now.parquet`. Not in the lake's own record: that is in the clear, and this says who is one person.
pub(super) fn standing(vault: &Vault) -> Result<Standing> {
    let Some(rows) = vault.read_list(STANDING)? else { return Ok(Standing::new()) };
    let text = |name: &str, at: usize| rows.get(name).and_then(|c| c.text_at(at)).unwrap_or_default().to_owned();
    let probability = |at: usize| rows.get("link_probability").and_then(|c| c.real_at(at)).unwrap_or_default();
    Ok((0..rows.len()).map(|at| (text("debtor_id_unlinked", at), (text("debtor_id", at), probability(at)))).collect())
}

/// The models kept in a vault: `vault/link-model.parquet`.
pub(super) fn models(vault: &Vault) -> Result<Models> {
    let Some(rows) = vault.read_list(MODELS)? else { return Ok(Models::new()) };
    let text = |name: &str, at: usize| rows.get(name).and_then(|c| c.text_at(at)).unwrap_or_default().to_owned();
    let kept = |at: usize| Kept { training: rows.get("training").and_then(|c| c.int_at(at)).unwrap_or_default(), json: text("model", at) };
    Ok((0..rows.len()).map(|at| (text("links", at), kept(at))).collect())
}

/// Writes tonight's list and the models into the new vault. A merge that goes on keeps its day; one that is no more is ended on `as_of`.
pub(super) fn write((old, new): (&Vault, &Vault), tonight: Vec<Listed>, now: &Standing, models: &Models, as_of: Day) -> Result<()> {
    if !now.is_empty() {
        let columns = Columns::new()
            .text("debtor_id_unlinked", now.keys().map(Some))
            .text("debtor_id", now.values().map(|(to, _)| Some(to)))
            .real("link_probability", now.values().map(|(_, probability)| Some(*probability)));
        new.write_list(STANDING, &columns)?;
    }
    let held = old.links()?.unwrap_or_default();
    let rows = ended((0..held.len()).map(|at| Listed::read(&held, at)).collect(), tonight, as_of);
    if !rows.is_empty() {
        new.write_links(&table(&rows))?;
    }
    if !models.is_empty() {
        let columns = Columns::new()
            .text("links", models.keys().map(Some))
            .int("training", models.values().map(|m| Some(m.training)))
            .text("hash", models.values().map(|m| Some(hash_of(&m.json))))
            .text("model", models.values().map(|m| Some(&m.json)));
        new.write_list(MODELS, &columns)?;
    }
    Ok(())
}

fn ended(held: Vec<Listed>, mut tonight: Vec<Listed>, as_of: Day) -> Vec<Listed> {
    let open = |row: &Listed| row.merges() && row.undone_on.is_none();
    let pair = |row: &Listed| (row.left.clone(), row.right.clone());
    let mut standing: BTreeMap<(String, String), Listed> = held.iter().filter(|r| open(r)).map(|r| (pair(r), r.clone())).collect();
    for row in tonight.iter_mut().filter(|row| row.merges()) {
        let before = standing.remove(&pair(row));
        row.decided_on = before.and_then(|b| b.decided_on).or(Some(as_of));
    }
    let gone = standing.into_values().map(|row| Listed { undone_on: Some(as_of), ..row });
    tonight.extend(held.into_iter().filter(|row| row.undone_on.is_some()).chain(gone));
    tonight.sort_by(|a, b| (&a.left, &a.right, a.decided_on, a.undone_on).cmp(&(&b.left, &b.right, b.decided_on, b.undone_on)));
    tonight
}

fn table(rows: &[Listed]) -> Columns {
    let text = |f: fn(&Listed) -> &str| rows.iter().map(move |r| Some(f(r)));
    Columns::new()
        .text("left", text(|r| &r.left))
        .text("right", text(|r| &r.right))
        .real("probability", rows.iter().map(|r| Some(r.probability)))
        .real("bits", rows.iter().map(|r| Some(r.bits)))
        .text("steps", text(|r| &r.steps))
        .text("decision", text(|r| &r.decision))
        .text("model", text(|r| &r.model))
        .date("decided_on", rows.iter().map(|r| r.decided_on))
        .date("undone_on", rows.iter().map(|r| r.undone_on))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(left: &str, decision: &str, decided_on: Option<Day>, undone_on: Option<Day>) -> Listed {
        let (left, right) = (left.to_owned(), "k".to_owned());
        let (steps, model, decision) = (String::new(), String::new(), decision.to_owned());
        Listed { left, right, probability: 0.99, bits: 7.0, steps, decision, model, decided_on, undone_on }
    }

    #[test]
    fn a_merge_keeps_its_day_and_its_end() {
        let first = ended(Vec::new(), vec![row("a", "linked", None, None), row("b", "review", None, None)], 1);
        assert_eq!(first, [row("a", "linked", Some(1), None), row("b", "review", None, None)]);
        let second = ended(first.clone(), vec![row("a", "linked", None, None)], 2);
        assert_eq!(second, [row("a", "linked", Some(1), None)]);
        let third = ended(second, Vec::new(), 3);
        assert_eq!(third, [row("a", "linked", Some(1), Some(3))]);
        assert_eq!(ended(third.clone(), Vec::new(), 4), third, "what has ended stays as it ended");
        let again = ended(third, vec![row("a", "declared", None, None)], 5);
        assert_eq!(again, [row("a", "linked", Some(1), Some(3)), row("a", "declared", Some(5), None)]);
    }
}
