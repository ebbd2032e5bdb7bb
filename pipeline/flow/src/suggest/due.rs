//! Deadlines of measures: the step the court has scheduled, else the statute's days counted from a fact.

use luheng_lake::columns::Day;
use serde::Deserialize;

use super::facts::{Situation, Verdict};

/// How days are counted.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Calendar days.
    #[default]
    Days,
    /// Days without Saturdays and Sundays. Public holidays move by decree each year and are not known here, so a deadline may come out early,
    /// never late.
    WorkingDays,
}

/// `[due]` of a measure as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Steps (`milestones.node`) whose own deadline wins.
    #[serde(default)]
    pub milestone: Vec<String>,
    /// What the days count from: `filed`, `notice_served`, `as_of`, or a condition the measure requires.
    pub from: Option<String>,
    /// Days.
    pub days: Option<i32>,
    /// How they are counted.
    #[serde(default)]
    pub unit: Count,
}

/// What days count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Filing of the case.
    Filed,
    /// The rating's day.
    AsOf,
    /// The day a condition turns on.
    Condition(usize),
}

/// A deadline rule, checked.
#[derive(Clone, Debug, Default)]
pub struct Due {
    /// Steps whose own deadline wins.
    pub milestone: Vec<String>,
    /// Else days from a fact.
    pub from: Option<(From, i32, Count)>,
}

impl Due {
    /// The deadline for a party, where one can be told.
    pub fn on(&self, s: &Situation<'_>, verdicts: &[Verdict<'_>]) -> Option<Day> {
        let nodes: Vec<&str> = self.milestone.iter().map(String::as_str).collect();
        if let Some(on) = s.pending(&nodes).and_then(|step| step.date("due_on")) {
            return Some(on);
        }
        let (from, days, count) = self.from?;
        let start = match from {
            From::Filed => s.party.case.date("filed_on"),
            From::AsOf => Some(s.day),
            From::Condition(at) => match verdicts.get(at) {
                Some(Verdict::Met(found)) => found.on,
                _ => None,
            },
        }?;
        Some(match count {
            Count::Days => start.saturating_add(days),
            Count::WorkingDays => working_days_after(start, days),
        })
    }
}

/// The n-th working day after a day.
fn working_days_after(start: Day, days: i32) -> Day {
    let (mut on, mut left) = (start, days);
    while left > 0 {
        on = on.saturating_add(1);
        // Day 0 was a Thursday, so Monday is 4.
        if (on - 4).rem_euclid(7) < 5 {
            left -= 1;
        }
    }
    on
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use luheng_lake::columns::day;

    use super::*;

    #[test]
    fn working_days_skip_the_weekend() {
        let friday = day::parse("2025-06-27").unwrap();
        assert_eq!(day::format(working_days_after(friday, 3)), "2025-07-02");
        let monday = day::parse("2025-06-30").unwrap();
        assert_eq!(day::format(working_days_after(monday, 3)), "2025-07-03");
    }
}
