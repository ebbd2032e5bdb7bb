//! All that the court knew of one debtor on one day, what is another's left out.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use luheng_lake::columns::Day;

use super::{Dated, Party, Row, TABLES, place};
use crate::conduct;
use crate::procedure::{self, Answers};

/// `identity_basis` of rows that were joined by likeness.
const LINKED: &str = "linked";

/// All that the court knew of one debtor on one day.
#[derive(Debug)]
pub struct View<'a> {
    /// The debtor.
    pub debtor_id: &'a str,
    /// The day.
    pub day: Day,
    /// In the order of [`TABLES`].
    pub(super) rows: [Vec<Row<'a>>; TABLES.len()],
    /// Cases with another party.
    pub(super) shared: BTreeSet<&'a str>,
    /// Assets that are another's now.
    pub(super) left: BTreeSet<&'a str>,
    pub(super) due_all_fen: OnceCell<i64>,
    /// What each channel that was asked has said.
    pub(super) answers: BTreeMap<&'a str, Answers<'a>>,
    pub(super) acts: Vec<Dated<'a>>,
    pub(super) changes: Vec<Dated<'a>>,
}

impl<'a> View<'a> {
    /// The rows of a table that count on the day.
    pub fn rows(&self, table: &'static str) -> &[Row<'a>] {
        place(table).map_or(&[], |at| self.rows[at].as_slice())
    }

    /// Money due over all live cases, in fen; counted once.
    pub fn due_all_fen(&self) -> i64 {
        *self.due_all_fen.get_or_init(|| {
            let live = self.parties().into_iter().filter(|p| p.is_live() && p.is_money());
            live.map(|p| p.due_fen()).fold(0_i64, i64::saturating_add)
        })
    }

    /// The acts that count ([`conduct::counts`]), in every case of the debtor, by day.
    pub fn acts(&self) -> &[Dated<'a>] {
        &self.acts
    }

    /// The documented changes of circumstance, by day.
    pub fn changes(&self) -> &[Dated<'a>] {
        &self.changes
    }

    /// What each channel that was asked has said.
    pub fn answers(&self) -> &BTreeMap<&'a str, Answers<'a>> {
        &self.answers
    }

    /// Has the channel ever answered?
    pub fn has_answered(&self, channel: &str) -> bool {
        self.answers.get(channel).is_some_and(|answers| answers.newest.is_some())
    }

    /// The debtor's own row; one that was only linked to him where there is no other.
    pub fn debtor(&self) -> Option<Row<'a>> {
        let rows = self.rows("debtors");
        rows.iter().rev().find(|row| row.text("identity_basis") != Some(LINKED)).or(rows.last()).copied()
    }

    /// What says who the debtor is: `number`, `ref`, or `linked` where any of the rows were joined by likeness; with the least probability of those.
    pub fn identity(&self) -> (Option<&'a str>, Option<f64>) {
        let linked = self.rows("debtors").iter().filter(|row| row.text("identity_basis") == Some(LINKED));
        let least = linked.filter_map(|row| row.real("link_probability")).min_by(f64::total_cmp);
        let basis = if least.is_some() { Some(LINKED) } else { self.debtor().and_then(|row| row.text("identity_basis")) };
        (basis, least)
    }

    /// Every case of this debtor known on the day, by case number; parties who have left are not in it.
    pub fn parties(&self) -> Vec<Party<'_, 'a>> {
        self.parties_ever().into_iter().filter(|p| p.party.date("left_on").is_none()).collect()
    }

    /// As [`Self::parties`], with those who have left: who is looked at on an earlier day must not depend on who left later.
    pub fn parties_ever(&self) -> Vec<Party<'_, 'a>> {
        let mut parties: Vec<Party<'_, 'a>> = self
            .rows("parties")
            .iter()
            .filter_map(|party| {
                let case_no = party.text("case_no")?;
                let case = self.rows("cases").iter().find(|c| c.text("case_no") == Some(case_no))?;
                Some(Party { view: self, case_no, case: *case, party: *party })
            })
            .collect();
        parties.sort_by_key(|p| p.case_no);
        parties.dedup_by_key(|p| p.case_no);
        parties
    }

    /// The party of one case.
    pub fn party(&self, case_no: &str) -> Option<Party<'_, 'a>> {
        self.parties().into_iter().find(|p| p.case_no == case_no)
    }

    /// Is a receipt this debtor's own? One that names no payer is, where the court knew of no other party of the case; else it is nobody's own: it
    /// lowers the due and says nothing of who paid.
    pub fn is_own(&self, receipt: &Row<'_>) -> bool {
        receipt.flag("is_own").unwrap_or_else(|| receipt.text("case_no").is_some_and(|case| self.is_alone(case)))
    }

    /// Did the court know of no other party of the debtor's case? A row that names no debtor, a step, a receipt, is then his.
    pub fn is_alone(&self, case_no: &str) -> bool {
        !self.shared.contains(case_no)
    }

    /// Takes out what is another's: rows of the other parties of the debtor's cases, which say that a case is shared and no more, and holds on assets
    /// that have gone.
    pub(super) fn part_others(&mut self) {
        if let Some(at) = place("parties") {
            let others = |row: &Row<'a>| row.flag("is_own") == Some(false);
            self.shared = self.rows[at].iter().filter(|row| others(row)).filter_map(|row| row.text("case_no")).collect();
            self.rows[at].retain(|row| !others(row));
        }
        if let (Some(at), false) = (place("seizures"), self.left.is_empty()) {
            // A hold stays with the asset.
            let left = &self.left;
            self.rows[at].retain(|hold| hold.text("asset_ref").is_none_or(|asset| !left.contains(asset)));
        }
    }

    /// An asset ends on the day a later answered inquiry of its channel no longer showed it. One that was disposed of had ended before, and stays as
    /// the fact that it was.
    pub(super) fn end_assets(&mut self) {
        let answers = procedure::answers(self);
        if let Some(at) = place("assets") {
            self.rows[at].retain(|asset| {
                let later = asset.text("channel").and_then(|channel| answers.get(channel)?.newest?.date("returned_on"));
                later.is_none_or(|on| on <= asset.known_on()) || asset.date("disposed_on").is_some()
            });
        }
        self.answers = answers;
    }

    /// Lays what counts of acts and changes in order of day: several readers ask for them, and by windows.
    pub(super) fn order_facts(&mut self) {
        let counted = self.rows("conduct").iter().filter(|row| conduct::counts(row)).copied();
        let acts = Dated::in_order(counted, "happened_on", "kind");
        let documented = self.rows("trajectory").iter().filter(|row| row.text("document_no").is_some()).copied();
        let changes = Dated::in_order(documented, "happened_on", "kind");
        (self.acts, self.changes) = (acts, changes);
    }
}
