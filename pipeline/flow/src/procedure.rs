//! How far the court's own work has come, as known on the day of the view: which channels answered, which steps are overdue. Facts, read through the
//! masks of [`View`]; quality page, alerts, worklist and `ask_for` take them from here, and no model does.

use std::collections::BTreeMap;

use luheng_lake::columns::Day;

use crate::cutoff::{Party, Row, View};

/// What one channel was asked about a debtor and what it said.
#[derive(Clone, Debug, Default)]
pub struct Answers<'a> {
    /// Inquiries sent.
    pub sent: u64,
    /// Those answered with word, `found` or `none`: a return without reply is no answer.
    pub answered: u64,
    /// Those that found something.
    pub found: u64,
    /// Days from sending to answer, one an answered inquiry.
    pub days: Vec<i32>,
    /// The newest answer, also to an inquiry whose day of sending is unknown.
    pub newest: Option<Row<'a>>,
    /// The day of the newest inquiry that has no answer yet.
    pub waits_since: Option<Day>,
}

/// The answers of each channel that was asked about a debtor, by channel.
pub fn answers<'a>(view: &View<'a>) -> BTreeMap<&'a str, Answers<'a>> {
    let mut channels: BTreeMap<&str, Answers<'a>> = BTreeMap::new();
    for inquiry in view.rows("inquiries") {
        let Some(channel) = inquiry.text("channel") else { continue };
        let answers = channels.entry(channel).or_default();
        let (sent, outcome) = (inquiry.date("sent_on"), inquiry.text("outcome"));
        let returned = inquiry.date("returned_on").filter(|_| matches!(outcome, Some("found" | "none")));
        if let Some(on) = returned {
            let key = |row: &Row<'a>| (row.date("returned_on"), row.row_id());
            if answers.newest.as_ref().is_none_or(|newest| (Some(on), inquiry.row_id()) > key(newest)) {
                answers.newest = Some(*inquiry);
            }
        }
        let Some(sent) = sent else { continue };
        answers.sent += 1;
        match returned {
            Some(on) => {
                answers.answered += 1;
                answers.found += u64::from(outcome == Some("found"));
                answers.days.push(on - sent);
            }
            None => answers.waits_since = answers.waits_since.max(Some(sent)),
        }
    }
    channels
}

/// Steps of the case not done; once it is closed, only those that fall due after: what was not done before can no longer be.
pub fn open_steps<'a>(party: &Party<'_, 'a>) -> Vec<Row<'a>> {
    let closed_on = party.case.date("closed_on").filter(|_| party.case.text("status") == Some("closed"));
    let still_due =
        |m: &Row<'_>| m.date("done_on").is_none() && closed_on.is_none_or(|closed| m.date("due_on").is_some_and(|due| due > closed));
    party.rows("milestones").into_iter().filter(still_due).collect()
}

/// Open steps that fell due before the day.
pub fn overdue_steps<'a>(party: &Party<'_, 'a>) -> Vec<Row<'a>> {
    let day = party.day();
    open_steps(party).into_iter().filter(|step| step.date("due_on").is_some_and(|due| due < day)).collect()
}

/// Steps done after the day they were due.
pub fn late_steps<'a>(party: &Party<'_, 'a>) -> Vec<Row<'a>> {
    let late = |step: &Row<'_>| step.date("done_on").zip(step.date("due_on")).is_some_and(|(done, due)| done > due);
    party.rows("milestones").into_iter().filter(late).collect()
}
