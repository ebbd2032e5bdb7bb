//! `worklist`: what each judge does next, in a plain order that anyone can check by hand.
//!
//! One row is one suggestion: every mandatory step of a party, and the best-ranked discretionary measure. Order within a judge's list: overdue mandatory
//! steps, oldest first; then claims for a livelihood; then mandatory steps to come, by day; then the rest by expected gain per day of work. Ratings
//! reach only the last of these, through the gain.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, Day};

use crate::error::Result;
use crate::frame;

const SUGGESTION: [&str; 9] = ["case_no", "debtor_id", "rank", "measure", "kind", "eligible", "due_on", "gain_fen", "cost_days"];

/// The table `worklist` from the suggestions, the parties' standing and the cases.
///
/// # Errors
/// A column that a table lacks.
pub fn worklist(suggestions: &Columns, standing: &Columns, cases: &Columns, as_of: Day) -> Result<Columns> {
    let facts = standing.select(&["case_no", "debtor_id", "court_code", "judge_code", "livelihood", "overdue_steps_n"])?;
    let with_facts = frame::beside(&suggestions.select(&SUGGESTION)?, &facts, &["case_no", "debtor_id"])?;
    let table = frame::beside(&with_facts, &cases.select(&["case_no", "lane"])?, &["case_no"])?;
    let mut tasks: Vec<Task> = Vec::new();
    for row in frame::rows(&table, &SUGGESTION)? {
        if let (Some(case_no), Some(debtor_id), Some(rank), Some(true)) =
            (row.owned("case_no"), row.owned("debtor_id"), row.int("rank"), row.flag("eligible"))
        {
            tasks.push(Task {
                case_no,
                debtor_id,
                rank,
                measure: row.owned("measure").unwrap_or_default(),
                is_mandatory: row.text("kind") == Some("mandatory"),
                due_on: row.date("due_on"),
                gain_fen: row.int("gain_fen"),
                cost_days: row.real("cost_days"),
                court_code: row.owned("court_code"),
                judge_code: row.owned("judge_code"),
                livelihood: row.owned("livelihood"),
                lane: row.owned("lane"),
                overdue_steps_n: row.int("overdue_steps_n").unwrap_or(0),
            });
        }
    }
    Ok(columns(placed(chosen(tasks), as_of), as_of))
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Task {
    case_no: String,
    debtor_id: String,
    rank: i64,
    measure: String,
    is_mandatory: bool,
    due_on: Option<Day>,
    gain_fen: Option<i64>,
    cost_days: Option<f64>,
    court_code: Option<String>,
    judge_code: Option<String>,
    livelihood: Option<String>,
    lane: Option<String>,
    /// Steps of the case due and not done.
    overdue_steps_n: i64,
}

/// Where a task stands in the plain order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tier {
    Overdue,
    Livelihood,
    Mandatory,
    Rest,
}

impl Task {
    fn tier(&self, as_of: Day) -> Tier {
        if self.is_mandatory && self.due_on.is_some_and(|on| on < as_of) {
            Tier::Overdue
        } else if self.livelihood.as_deref().is_some_and(|l| l != "none") {
            Tier::Livelihood
        } else if self.is_mandatory {
            Tier::Mandatory
        } else {
            Tier::Rest
        }
    }

    /// Expected gain per day of work; less than a day counts as one.
    fn gain_per_day(&self) -> f64 {
        self.gain_fen.unwrap_or(0) as f64 / self.cost_days.unwrap_or(1.0).max(1.0)
    }

    fn before(&self, other: &Self, as_of: Day) -> Ordering {
        let by_day = |t: &Self| t.due_on.unwrap_or(Day::MAX);
        (&self.court_code, &self.judge_code, self.tier(as_of), !self.is_mandatory)
            .cmp(&(&other.court_code, &other.judge_code, other.tier(as_of), !other.is_mandatory))
            .then_with(|| by_day(self).cmp(&by_day(other)))
            .then_with(|| other.gain_per_day().total_cmp(&self.gain_per_day()))
            .then_with(|| (&self.case_no, &self.debtor_id, self.rank).cmp(&(&other.case_no, &other.debtor_id, other.rank)))
    }

    fn why(&self, as_of: Day) -> String {
        let due = self.due_on.map(|on| (on, luheng_lake::columns::day::format_zh(on), luheng_lake::columns::day::format(on)));
        let why = match (self.tier(as_of), due) {
            (Tier::Overdue, Some((on, zh, en))) => {
                let days = as_of - on;
                format!("法定步骤应于{zh}完成，已逾期{days}天 / statutory step due {en}, {days} days overdue")
            }
            (Tier::Livelihood, _) => "涉民生案件优先 / claim for a livelihood, taken first".to_owned(),
            (Tier::Mandatory, Some((_, zh, en))) => format!("法定步骤，应于{zh}前完成 / statutory step, due {en}"),
            (Tier::Mandatory, None) => "法定步骤 / statutory step".to_owned(),
            _ => "同类事项中每个工作日预期收益排序 / ordered by expected gain per day of work".to_owned(),
        };
        match self.overdue_steps_n {
            0 => why,
            n => format!("{why}；本案已有{n}个节点逾期 / {n} steps of the case are overdue"),
        }
    }
}

/// Every mandatory step of a party, and its best-ranked discretionary measure.
fn chosen(tasks: Vec<Task>) -> Vec<Task> {
    let mut best: BTreeMap<(String, String), i64> = BTreeMap::new();
    for task in tasks.iter().filter(|t| !t.is_mandatory) {
        let rank = best.entry((task.case_no.clone(), task.debtor_id.clone())).or_insert(task.rank);
        *rank = task.rank.min(*rank);
    }
    let first = |t: &Task| best.get(&(t.case_no.clone(), t.debtor_id.clone())) == Some(&t.rank);
    tasks.into_iter().filter(|t| t.is_mandatory || first(t)).collect()
}

/// Each task with its place in its judge's list, from 1.
fn placed(mut tasks: Vec<Task>, as_of: Day) -> Vec<(i64, Task)> {
    tasks.sort_by(|a, b| a.before(b, as_of));
    let mut position = 0;
    let mut list: Option<(Option<String>, Option<String>)> = None;
    let mut out = Vec::with_capacity(tasks.len());
    for task in tasks {
        let own = (task.court_code.clone(), task.judge_code.clone());
        position = if list.as_ref() == Some(&own) { position + 1 } else { 1 };
        list = Some(own);
        out.push((position, task));
    }
    out
}

fn columns(mut rows: Vec<(i64, Task)>, as_of: Day) -> Columns {
    rows.sort_by(|(_, a), (_, b)| (&a.case_no, &a.debtor_id, a.rank).cmp(&(&b.case_no, &b.debtor_id, b.rank)));
    Columns::new()
        .date("as_of", rows.iter().map(|_| Some(as_of)))
        .text("court_code", rows.iter().map(|(_, t)| t.court_code.as_ref()))
        .text("judge_code", rows.iter().map(|(_, t)| t.judge_code.as_ref()))
        .text("case_no", rows.iter().map(|(_, t)| Some(&t.case_no)))
        .text("debtor_id", rows.iter().map(|(_, t)| Some(&t.debtor_id)))
        .int("position", rows.iter().map(|(position, _)| Some(*position)))
        .text("lane", rows.iter().map(|(_, t)| t.lane.as_ref()))
        .text("measure", rows.iter().map(|(_, t)| Some(&t.measure)))
        .date("due_on", rows.iter().map(|(_, t)| t.due_on))
        .text("why", rows.iter().map(|(_, t)| Some(t.why(as_of))))
        .real("cost_days", rows.iter().map(|(_, t)| t.cost_days))
        .int("gain_fen", rows.iter().map(|(_, t)| t.gain_fen))
        .text("livelihood", rows.iter().map(|(_, t)| t.livelihood.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Day = 20_000;

    fn task(case_no: &str, rank: i64, is_mandatory: bool, due_on: Option<Day>, gain_fen: i64) -> Task {
        Task {
            case_no: case_no.into(),
            debtor_id: "d".into(),
            rank,
            is_mandatory,
            due_on,
            gain_fen: Some(gain_fen),
            cost_days: Some(2.0),
            livelihood: Some("none".into()),
            ..Task::default()
        }
    }

    #[test]
    fn the_order_is_the_plain_one() {
        let wages = Task { livelihood: Some("wages".into()), ..task("wages", 1, false, None, 1) };
        let tasks = vec![
            task("small", 1, false, None, 100),
            task("large", 1, false, None, 900),
            task("soon", 1, true, Some(TODAY + 3), 0),
            wages,
            task("late", 1, true, Some(TODAY - 1), 0),
            task("later", 1, true, Some(TODAY - 9), 0),
        ];
        let order: Vec<_> = placed(tasks, TODAY).into_iter().map(|(position, t)| (position, t.case_no)).collect();
        let names: Vec<_> = order.iter().map(|o| o.1.as_str()).collect();
        assert_eq!(names, ["later", "late", "wages", "soon", "large", "small"]);
        assert_eq!(order.iter().map(|o| o.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_party_shows_all_mandatory_steps_and_one_measure() {
        let tasks =
            vec![task("a", 1, true, None, 0), task("a", 2, true, None, 0), task("a", 3, false, None, 5), task("a", 4, false, None, 9)];
        assert_eq!(chosen(tasks).iter().map(|t| t.rank).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn each_judge_has_a_list_of_his_own() {
        let of = |judge: &str, case: &str| Task { judge_code: Some(judge.into()), ..task(case, 1, false, None, 1) };
        let order = placed(vec![of("j2", "b"), of("j1", "a"), of("j2", "c")], TODAY);
        assert_eq!(order.iter().map(|o| o.0).collect::<Vec<_>>(), [1, 1, 2]);
    }
}
