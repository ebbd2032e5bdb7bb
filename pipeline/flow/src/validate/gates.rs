//! Gates: limits of `[validate]` in the configuration. A model that breaks one is not put into use; yesterday's stays. What training itself knows (its
//! assessment on held-out time) is judged at once, the rest by `luheng validate`; `luheng approve` asks for both.

use serde::Deserialize;

use super::figures::{Axis, Gate, Report};
use super::{PAGE, REPORT};
use crate::bundle::Bundle;
use crate::config::Limit;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::progress::Progress;
use crate::publish;

/// The ratings a limit may name, beside `all`.
const AXES: [&str; 4] = ["capacity", "willingness", "recovery", "revival"];
/// Fewest debtors that a group may be told of, whatever the configuration says.
const FEWEST: u64 = 10;

/// Limits on models; none unless set: a number, or one for each rating such as `{ capacity = 0.7, all = 0.6 }`. They change no rating.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Stability index of the newest scores against the rows learned from; one that chance alone explains breaks nothing.
    pub max_psi: Option<Limit>,
    /// Calibration error of the back-test.
    pub max_calibration_error: Option<Limit>,
    /// Calibration gap of any group against all others; one whose interval holds 0 breaks nothing.
    pub max_group_gap: Option<Limit>,
    /// Area under the curve of the back-test.
    pub min_auc: Option<Limit>,
    /// Fewest debtors of a group or place of whom figures are given; at least 10.
    pub min_group: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_psi: None, max_calibration_error: None, max_group_gap: None, min_auc: None, min_group: 100 }
    }
}

impl Limits {
    fn all(&self) -> [(&'static str, Option<&Limit>); 4] {
        let limits = [&self.max_psi, &self.max_calibration_error, &self.max_group_gap, &self.min_auc];
        let [psi, error, gap, auc] = limits.map(Option::as_ref);
        [("max_psi", psi), ("max_calibration_error", error), ("max_group_gap", gap), ("min_auc", auc)]
    }

    /// What is wrong with them, one line a fault.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.min_group < FEWEST {
            faults.push(format!("validate.min_group: found {}, expected at least {FEWEST}", self.min_group));
        }
        for (gate, limit) in self.all() {
            let Some(limit) = limit else { continue };
            if !limit.is_sound() {
                faults.push(format!("validate.{gate}: found {limit:?}, expected numbers from 0"));
            }
            if let Limit::Tables(named) = limit
                && let Some(name) = named.keys().find(|name| *name != Limit::ALL && !AXES.contains(&name.as_str()))
            {
                faults.push(format!("validate.{gate}.{name}: there is no such rating; expected {} or {}", AXES.join(", "), Limit::ALL));
            }
        }
        faults
    }
}

fn limit(limit: Option<&Limit>, axis: &str) -> Option<f64> {
    limit.and_then(|limit| limit.of(axis))
}

/// A gate; a figure that could not be found keeps nothing.
fn gate(name: &str, axis: &str, place: &str, (found, limit): (Option<f64>, f64), is_kept: impl Fn(f64) -> bool) -> Gate {
    let is_broken = !found.is_some_and(is_kept);
    Gate { gate: name.into(), axis: axis.into(), place: place.into(), found, limit, is_broken }
}

/// Every limit on the ratings of a report that have a model, kept or broken.
pub fn of_report(axes: &[Axis], limits: &Limits) -> Vec<Gate> {
    let mut gates = Vec::new();
    for axis in axes.iter().filter(|axis| axis.model.is_some()) {
        let name = axis.axis.as_str();
        if let Some(most) = limit(limits.max_psi.as_ref(), name) {
            let psi = axis.stability.as_ref().map(|s| &s.psi);
            gates.push(gate("max_psi", name, "", (psi.map(|p| p.psi), most), |found| {
                found <= most || psi.is_some_and(|p| found <= p.limit)
            }));
        }
        if let Some(most) = limit(limits.max_calibration_error.as_ref(), name) {
            let found = axis.pooled.as_ref().map(|f| f.calibration_error);
            gates.push(gate("max_calibration_error", name, "", (found, most), |found| found <= most));
        }
        if let Some(most) = limit(limits.max_group_gap.as_ref(), name) {
            gates.push(widest(axis, most));
        }
        if let Some(least) = limit(limits.min_auc.as_ref(), name) {
            let found = axis.pooled.as_ref().and_then(|f| f.auc).map(|a| a.value);
            gates.push(gate("min_auc", name, "", (found, least), |found| found >= least));
        }
    }
    gates
}

/// The widest gap of any group of which it is known on which side of 0 it lies; none so known is a gap of 0.
fn widest(axis: &Axis, most: f64) -> Gate {
    let mut widest = (0.0_f64, String::new());
    for attribute in &axis.groups {
        for group in &attribute.groups {
            let Some(gap) = group.gap.map(|gap| gap.calibration_gap) else { continue };
            let is_sure = gap.low.is_some_and(|low| low > 0.0) || gap.high.is_some_and(|high| high < 0.0);
            if is_sure && gap.value.abs() > widest.0 {
                widest = (gap.value.abs(), format!("{}={}", attribute.attribute, group.group));
            }
        }
    }
    let found = axis.pooled.is_some().then_some(widest.0);
    gate("max_group_gap", &axis.axis, &widest.1, (found, most), |found| found <= most)
}

/// What training can say at once: its assessment on held-out time.
pub fn of_bundle(models: &Bundle, limits: &Limits) -> Vec<Gate> {
    let mut gates = Vec::new();
    for (axis, model) in
        [("capacity", &models.capacity), ("willingness", &models.willingness), ("recovery", &models.recovery), ("revival", &models.revival)]
    {
        let Some(own) = model.as_ref().map(|model| &model.assessment) else { continue };
        if let Some(most) = limit(limits.max_calibration_error.as_ref(), axis) {
            gates.push(gate("max_calibration_error", axis, "", (Some(own.calibration_error), most), |found| found <= most));
        }
        if let Some(least) = limit(limits.min_auc.as_ref(), axis) {
            gates.push(gate("min_auc", axis, "", (own.auc, least), |found| found >= least));
        }
    }
    gates
}

fn lines(gates: &[Gate]) -> Vec<String> {
    let number = |x: f64| format!("{}", (x * 10_000.0).round() / 10_000.0);
    let of = |gate: &Gate| {
        let place = if gate.place.is_empty() { gate.axis.clone() } else { format!("{} {}", gate.axis, gate.place) };
        let found = gate.found.map_or_else(|| "nothing could be judged".to_owned(), number);
        format!("{} {place}: found {found}, limit {}", gate.gate, number(gate.limit))
    };
    gates.iter().filter(|gate| gate.is_broken).map(of).collect()
}

/// The error of a model that is held back; none where every gate is kept.
pub fn held(report: &Report, ctx: &Context) -> Option<Error> {
    let broken = lines(&report.gates);
    let page = ctx.work.model(&report.model_id).join(PAGE);
    (!broken.is_empty()).then(|| {
        Error::Gate(format!(
            "model {} is held back by [validate]:\n  {}\n  look at {}; then train again on better data, or change the gate",
            report.model_id,
            broken.join("\n  "),
            page.display()
        ))
    })
}

/// Tells of a model just trained that breaks a gate: one in use from the first stays a trial model, a proposal is not put into use.
pub fn tell(models: &Bundle, is_in_use: bool, ctx: &Context, progress: &Progress) {
    let broken = lines(&of_bundle(models, &ctx.config.validate));
    if broken.is_empty() {
        return;
    }
    let then = if is_in_use { "it is the first and stays a trial model" } else { "it is not put into use; the model before it stays" };
    progress.tell(&Event::Warned { text: format!("model {} breaks a gate of [validate], {then}: {}", models.id, broken.join("; ")) });
}

/// Refuses to put a model into use that breaks a gate, or of which a gate that is set was never judged.
///
/// # Errors
/// [`Error::Gate`].
pub fn admit(models: &Bundle, ctx: &Context) -> Result<()> {
    let limits = &ctx.config.validate;
    let id = &models.id;
    let mut gates = of_bundle(models, limits);
    let report: Option<Report> = publish::read_json(&ctx.work.model(id).join(REPORT))?;
    match report {
        Some(report) => gates.extend(of_report(&report.axes, limits)),
        None if limits.max_psi.is_some() || limits.max_group_gap.is_some() => {
            return Err(Error::Gate(format!(
                "model {id}: [validate] sets max_psi or max_group_gap, which only a back-test can judge; run `luheng validate --model {id}` first"
            )));
        }
        None => {}
    }
    let broken = lines(&gates);
    if broken.is_empty() {
        return Ok(());
    }
    Err(Error::Gate(format!("model {id} breaks [validate] and is not put into use; the model before it stays:\n  {}", broken.join("\n  "))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::figures::{Attribute, Figures, GroupFigures, GroupRow, Measured, Moved, Shift};
    use super::*;

    fn limits(text: &str) -> Limits {
        toml::from_str(text).unwrap()
    }

    fn sure(value: f64) -> Measured {
        Measured { value, low: Some(value - 0.01), high: Some(value + 0.01) }
    }

    fn axis() -> Axis {
        let group = |group: &str, gap: Measured| GroupRow {
            group: group.into(),
            debtors: Some(200),
            own: None,
            gap: Some(GroupFigures { mean_predicted: gap, mean_outcome: gap, calibration_gap: gap, selection_rate: gap, auc: None }),
        };
        let unsure = Measured { value: 0.4, low: Some(-0.1), high: Some(0.9) };
        Axis {
            axis: "capacity".into(),
            model: Some("m".into()),
            pooled: Some(Figures {
                rows: 1_000,
                debtors: 500,
                base_rate: 0.3,
                mean_predicted: 0.3,
                auc: Some(sure(0.7)),
                ks: None,
                brier: 0.2,
                calibration_error: 0.05,
                calibration_slope: None,
            }),
            stability: Some(Moved {
                learned: 1_000,
                newest: 100,
                psi: Shift { of: "score".into(), psi: 0.2, limit: 0.1 },
                csi: Vec::new(),
            }),
            groups: vec![Attribute {
                attribute: "sex".into(),
                unknown: Some(0),
                groups: vec![group("female", sure(-0.08)), group("male", unsure)],
            }],
            ..Axis::default()
        }
    }

    #[test]
    fn each_gate_holds_on_its_own_side_of_its_limit() {
        let broken = |text: &str| of_report(&[axis()], &limits(text)).iter().map(|g| g.is_broken).collect::<Vec<_>>();
        for (kept, over) in [
            ("min_auc = 0.69", "min_auc = 0.71"),
            ("max_psi = 0.21", "max_psi = 0.19"),
            ("max_calibration_error = 0.05", "max_calibration_error = 0.049"),
            ("max_group_gap = 0.09", "max_group_gap = 0.07"),
        ] {
            assert_eq!((broken(kept), broken(over)), (vec![false], vec![true]), "{kept}");
        }
        let gap = of_report(&[axis()], &limits("max_group_gap = 0.07"));
        assert_eq!((gap[0].place.as_str(), gap[0].found), ("sex=female", Some(0.08)), "of men it is not known on which side of 0");
        assert!(lines(&gap)[0].contains("max_group_gap capacity sex=female: found 0.08, limit 0.07"), "{:?}", lines(&gap));
    }

    #[test]
    fn what_chance_explains_breaks_nothing_and_what_was_not_judged_does() {
        let mut few = axis();
        few.stability.as_mut().unwrap().psi.limit = 0.3;
        assert!(!of_report(&[few], &limits("max_psi = 0.1"))[0].is_broken);
        let unjudged = Axis { pooled: None, stability: None, groups: Vec::new(), ..axis() };
        let all = "max_psi = 1.0\nmin_auc = 0.0\nmax_group_gap = 1.0\nmax_calibration_error = 1.0";
        assert!(of_report(&[unjudged], &limits(all)).iter().all(|g| g.is_broken && g.found.is_none()));
        let unrated = Axis { model: None, ..axis() };
        assert!(of_report(&[unrated], &limits(all)).is_empty());
    }

    #[test]
    fn a_limit_names_a_rating_and_figures_are_of_ten_at_least() {
        let of_axis = limits("min_auc = { willingness = 0.9, all = 0.6 }");
        assert!(!of_report(&[axis()], &of_axis)[0].is_broken && of_axis.faults().is_empty());
        let text = limits("min_group = 3\nmin_auc = { ability = 0.9 }\nmax_psi = -1").faults().join("\n");
        for part in ["validate.min_group: found 3", "validate.min_auc.ability", "validate.max_psi"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
