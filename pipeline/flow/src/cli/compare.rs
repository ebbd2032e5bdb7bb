//! `luheng compare`: what changed between two runs, and by what.

use std::path::PathBuf;

use clap::Args;
use luheng_lake::store::{manifest, parquet, text};

use super::Common;
use crate::compare::{AXES, Change, Comparison, Night, PARTS, compare};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::features;
use crate::learn;

/// Changes printed for each axis; all are in the file of `--out`.
const SHOWN: usize = 10;
/// Features named of a change.
const NAMED: usize = 3;

/// `luheng compare RUN_A RUN_B`.
#[derive(Debug, Args)]
pub struct Compare {
    /// The earlier run: an id, or `current`
    run_a: String,
    /// The later run
    #[arg(default_value = "current")]
    run_b: String,
    /// File for every changed grade, .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A run as it is compared.
struct Read {
    id: String,
    as_of: String,
    model: String,
    night: Night,
}

impl Compare {
    /// Prints the comparison.
    pub fn run(&self, common: &Common) -> Result<()> {
        let ctx = common.open_reading()?.with_reading_keys()?.ctx;
        let (a, b) = (read(&ctx, &self.run_a)?, read(&ctx, &self.run_b)?);
        let found = compare(&a.night, &b.night)?;
        print!("{}", page(&a, &b, &found));
        if let Some(path) = &self.out {
            text::write_text(path, &csv(&found))?;
            println!("\n{}", path.display());
        }
        Ok(())
    }
}

fn read(ctx: &Context, run: &str) -> Result<Read> {
    let folder = if run == "current" { ctx.work.current() } else { ctx.work.run(run) };
    if !folder.join(manifest::MANIFEST_FILE).is_file() {
        return Err(Error::Usage(format!("{run}: no such run; `luheng runs` lists them")));
    }
    let record = manifest::read(&folder)?;
    let table = |name: &str| parquet::read(&folder.join(format!("{name}.parquet")), &ctx.seals.runs);
    let model = record.models.get("bundle").cloned().unwrap_or_default();
    let night = Night { ratings: table("ratings")?, features: table("features")?, models: learn::model(ctx, &model)? };
    Ok(Read { id: record.run_id, as_of: record.as_of, model, night })
}

fn page(a: &Read, b: &Read, found: &Comparison) -> String {
    let both = found.axes[0].len();
    let models = if a.model == b.model { format!("{}（未变 same）", a.model) } else { format!("{} → {}", a.model, b.model) };
    let mut text = format!(
        "运行 runs      {} → {}\n评估日 as of   {} → {}\n模型 models    {models}\n被执行人 parties  两次都有 in both {both}，新增 come {}，不再评 gone {}\n",
        a.id, b.id, a.as_of, b.as_of, found.come, found.gone
    );
    for ((axis, zh), changes) in AXES.iter().zip(&found.axes) {
        text.push_str(&of_axis(axis, zh, changes));
    }
    text
}

fn of_axis(axis: &str, zh: &str, changes: &[Change]) -> String {
    let mut changed: Vec<&Change> = changes.iter().filter(|c| c.is_changed()).collect();
    let by = |code: &str| changed.iter().filter(|c| c.cause() == Some(code)).count();
    let causes: Vec<String> = PARTS.iter().map(|(code, zh)| format!("{zh} {code} {}", by(code))).collect();
    let without = changed.iter().filter(|c| c.parts.is_none()).count();
    let mut text = format!(
        "\n{zh} {axis}：等级改变 grades changed {}；主要由于 mostly by {}；仅一次有评级 rated in one alone {without}\n",
        changed.len(),
        causes.join("，")
    );
    text.push_str(&migration(changes));
    changed.sort_by(|a, b| size(b).total_cmp(&size(a)).then_with(|| (&a.case_no, &a.debtor_id).cmp(&(&b.case_no, &b.debtor_id))));
    for change in changed.iter().take(SHOWN) {
        text.push_str(&line(change));
    }
    if changed.len() > SHOWN {
        text.push_str(&format!("  …另有 {} 项，见 --out；{} more with --out\n", changed.len() - SHOWN, changed.len() - SHOWN));
    }
    text
}

/// Points by which a score moved; what has no score in a night comes last.
fn size(change: &Change) -> f64 {
    change.parts.map_or(-1.0, |parts| parts.iter().sum::<f64>().abs())
}

fn line(change: &Change) -> String {
    let grade = |at: usize| change.grade[at].as_deref().unwrap_or("–");
    let id: String = change.debtor_id.chars().take(8).collect();
    let mut text = format!("  {} {id}  {} → {}", change.case_no, grade(0), grade(1));
    if let (Some(parts), [Some(from), Some(to)]) = (change.parts, change.score) {
        let parts: Vec<String> = PARTS.iter().zip(parts).map(|((code, zh), points)| format!("{zh} {code} {points:+.1}")).collect();
        text.push_str(&format!("  分 score {from:.1} → {to:.1} = {}", parts.join("，")));
    }
    let titles: Vec<&str> = features::all().filter(|f| change.moved.iter().any(|id| id == f.id)).map(|f| f.zh).take(NAMED).collect();
    if !titles.is_empty() {
        let more = change.moved.len().saturating_sub(titles.len());
        text.push_str(&format!(
            "\n      变动 moved: {}{}",
            titles.join("；"),
            if more > 0 { format!(" 等{}项", change.moved.len()) } else { String::new() }
        ));
    }
    text.push('\n');
    text
}

/// How many went from each grade to each.
fn migration(changes: &[Change]) -> String {
    let mut grades: Vec<&str> = changes.iter().flat_map(|c| c.grade.iter().map(|g| g.as_deref().unwrap_or("–"))).collect();
    grades.sort_unstable();
    grades.dedup();
    if grades.is_empty() {
        return String::new();
    }
    let mut text = format!("  {:>6}{}\n", "从↓到→", grades.iter().map(|g| format!("{g:>7}")).collect::<String>());
    for from in &grades {
        let count = |to: &str| {
            let of = |c: &&Change| [0, 1].map(|at| c.grade[at].as_deref().unwrap_or("–")) == [*from, to];
            changes.iter().filter(of).count()
        };
        text.push_str(&format!("  {from:>6}{}\n", grades.iter().map(|to| format!("{:>7}", count(to))).collect::<String>()));
    }
    text
}

/// Every changed grade, a line each.
fn csv(found: &Comparison) -> String {
    let mut text =
        String::from("axis,case_no,debtor_id,before,after,score_before,score_after,time_points,facts_points,model_points,cause,moved\n");
    for ((axis, _), changes) in AXES.iter().zip(&found.axes) {
        for change in changes.iter().filter(|c| c.is_changed()) {
            let number = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
            let [before, after] = [0, 1].map(|at| change.grade[at].clone().unwrap_or_default());
            let parts = [0, 1, 2].map(|at| number(change.parts.map(|p| p[at])));
            let cells = [
                (*axis).to_owned(),
                change.case_no.clone(),
                change.debtor_id.clone(),
                before,
                after,
                number(change.score[0]),
                number(change.score[1]),
                parts.join(","),
                change.cause().unwrap_or_default().to_owned(),
                change.moved.join(";"),
            ];
            text.push_str(&cells.join(","));
            text.push('\n');
        }
    }
    text
}
