//! What one debtor owes in one case on one day: what is live, what was received, what is due, since when the debt runs.

use luheng_lake::columns::Day;

use crate::cutoff::{Row, View};

/// One debtor in one case on one day: the unit of rating.
#[derive(Clone, Copy, Debug)]
pub struct Party<'v, 'a> {
    /// Everything known of the debtor.
    pub view: &'v View<'a>,
    /// The case number.
    pub case_no: &'a str,
    /// The case's row.
    pub case: Row<'a>,
    /// The party's row.
    pub party: Row<'a>,
}

impl<'v, 'a> Party<'v, 'a> {
    /// The day of the view.
    pub fn day(&self) -> Day {
        self.view.day
    }

    /// Rows of this debtor in this case.
    pub fn rows(&self, table: &'static str) -> Vec<Row<'a>> {
        self.view.rows(table).iter().filter(|r| r.text("case_no") == Some(self.case_no)).copied().collect()
    }

    /// Is the case open, stayed, or closed for want of property, and not carried on under a new number?
    pub fn is_live(&self) -> bool {
        let state = match self.case.text("status") {
            Some("closed") => self.case.text("close_kind") == Some("no_property"),
            _ => true,
        };
        state && !self.view.rows("cases").iter().any(|c| c.text("resumed_from") == Some(self.case_no))
    }

    /// Is money owed here, as far as the kind of duty says?
    pub fn is_money(&self) -> bool {
        !matches!(self.case.text("duty_kind"), Some("delivery" | "act"))
    }

    /// The day the enforcement notice was served.
    pub fn notice_served_on(&self) -> Option<Day> {
        self.case.date("notice_served_on")
    }

    /// First filing of the debt: the clock runs through resumptions.
    pub fn debt_filed_on(&self) -> Option<Day> {
        let (mut case, mut first) = (self.case, self.case.date("filed_on"));
        for _ in 0..self.view.rows("cases").len() {
            let Some(earlier) = case.text("resumed_from") else { break };
            let Some(found) = self.view.rows("cases").iter().find(|c| c.text("case_no") == Some(earlier)) else { break };
            case = *found;
            first = case.date("filed_on").or(first);
        }
        first
    }

    /// This case number and those the debt had before it was resumed under it.
    pub fn chain(&self) -> Vec<&'a str> {
        let mut chain = vec![self.case_no];
        let mut case = self.case;
        while let Some(earlier) = case.text("resumed_from").filter(|earlier| !chain.contains(earlier)) {
            chain.push(earlier);
            let Some(found) = self.view.rows("cases").iter().find(|c| c.text("case_no") == Some(earlier)) else { break };
            case = *found;
        }
        chain
    }

    /// The number the debt was first enforced under: what all its cases and parties share.
    pub fn debt_no(&self) -> &'a str {
        self.chain().last().copied().unwrap_or(self.case_no)
    }

    /// What was received on the case by the day, reversed receipts left out; also under an earlier number of the debt since this one was filed, for
    /// what the case states as due is the debt on its own filing day.
    pub fn receipts(&self) -> Vec<Row<'a>> {
        let (chain, filed) = (self.chain(), self.case.date("filed_on"));
        let counts = |p: &&Row<'_>| {
            let Some(case) = p.text("case_no").filter(|case| chain.contains(case)) else { return false };
            let Some(paid) = p.date("paid_on") else { return false };
            p.date("reversed_on").is_none() && (case == self.case_no || filed.is_some_and(|filed| paid >= filed))
        };
        self.view.rows("payments").iter().filter(counts).copied().collect()
    }

    /// Is the receipt this debtor's own? See [`View::is_own`].
    pub fn is_own(&self, receipt: &Row<'_>) -> bool {
        self.view.is_own(receipt)
    }

    /// Due on the whole case: principal, fixed interest and costs (the claim where no principal is stated), less receipts and waivers. In fen, never below 0.
    pub fn case_due_fen(&self) -> i64 {
        self.case_due_after(&self.receipts())
    }

    fn case_due_after(&self, receipts: &[Row<'_>]) -> i64 {
        let stated = match self.case.fen("principal_fen") {
            Some(principal) => {
                principal.saturating_add(self.case.fen("interest_fen").unwrap_or(0)).saturating_add(self.case.fen("costs_fen").unwrap_or(0))
            }
            None => self.case.fen("claim_fen").unwrap_or(0),
        };
        let received = receipts.iter().filter_map(|p| p.fen("amount_fen")).fold(0_i64, i64::saturating_add);
        stated.saturating_sub(received).saturating_sub(self.case.fen("waived_fen").unwrap_or(0)).max(0)
    }

    /// Due by this party: the case's due within the limits of its liability. In fen.
    pub fn due_fen(&self) -> i64 {
        self.due_after(&self.receipts())
    }

    /// As [`Self::due_fen`], the [`Self::receipts`] being at hand.
    pub fn due_after(&self, receipts: &[Row<'_>]) -> i64 {
        let due = self.case_due_after(receipts);
        let own = || receipts.iter().filter(|r| self.is_own(r)).filter_map(|p| p.fen("amount_fen")).fold(0_i64, i64::saturating_add);
        let cap = match self.party.text("liability") {
            Some("by_share") => self.party.fen("share_fen"),
            Some("limited_amount" | "limited_asset" | "limited_estate") => self.party.fen("limit_fen"),
            _ => None,
        };
        cap.map_or(due, |cap| due.min(cap.saturating_sub(own()).max(0)))
    }
}
