//! `luheng validate`: a bundle of models back-tested through time, with its report and model card.

use clap::Args;

use super::Common;
use crate::error::Result;
use crate::validate::{self, Axis, Report};

/// `luheng validate [--model ID]`.
#[derive(Debug, Args)]
pub struct Validate {
    /// Id of a model under models/ [default: the one in use]
    #[arg(long, value_name = "ID")]
    model: Option<String>,
}

impl Validate {
    /// Writes the report and says its figures; a gate that is broken ends it with status 5, the report written.
    pub fn run(&self, common: &Common) -> Result<()> {
        let opened = common.open()?.with_ingest_keys()?;
        let progress = common.progress();
        let _lock = luheng_lake::store::lock::lock(&opened.ctx.work)?;
        let report = validate::validate(&opened.ctx, &common.pool(&opened)?, &progress, self.model.as_deref())?;
        print!("{}", said(&report));
        println!("report       {}", opened.ctx.work.model(&report.model_id).join(validate::PAGE).display());
        validate::gates::held(&report, &opened.ctx).map_or(Ok(()), Err)
    }
}

fn said(report: &Report) -> String {
    let mut text = format!("model        {} ({})\n", report.model_id, report.basis);
    for axis in &report.axes {
        text += &format!("{:<12} {}\n", axis.axis, line(axis));
    }
    let changed = |axis: &str| report.channels.iter().filter(|c| c.axis == axis).max_by_key(|c| c.changed);
    if let Some(channel) = changed("capacity").filter(|c| c.changed > 0) {
        let (n, of) = (channel.changed, report.rated_parties);
        text += &format!("channels     without {} most grades of capacity change: {n} of {of} parties\n", channel.channel);
    }
    let kept = report.gates.iter().filter(|gate| !gate.is_broken).count();
    text + &format!("gates        {kept} of {} kept\n", report.gates.len())
}

fn line(axis: &Axis) -> String {
    let (Some(pooled), Some(first), Some(last)) = (&axis.pooled, axis.periods.first(), axis.periods.last()) else {
        return format!("{}: {}", axis.status, axis.why.clone().unwrap_or_default());
    };
    let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
    let auc = pooled.auc.map_or_else(String::new, |a| format!("AUC {:.3} [{}, {}], ", a.value, shown(a.low), shown(a.high)));
    let held = axis.coverage.map_or_else(String::new, |c| format!(", intervals of {:.0} % held {:.1} %", c.level * 100.0, c.held * 100.0));
    let psi = axis.stability.as_ref().map_or_else(String::new, |s| format!(", PSI of the newest {:.3}", s.psi.psi));
    format!(
        "{} {}s {} to {}, {} rows: {auc}calibration error {:.3}, slope {}{held}{psi}",
        axis.periods.len(),
        axis.span,
        first.period,
        last.period,
        pooled.rows,
        pooled.calibration_error,
        shown(pooled.calibration_slope)
    )
}
