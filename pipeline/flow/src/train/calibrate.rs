//! Making a model's probabilities come true, and saying how sure they are, on rows it never saw.
//!
//! Of none, Platt, beta and isotonic the simplest is taken whose held-out loss lies within one standard error of the least (`calibrate::choose`; folds by
//! case). A model that is a table of points (scorecard, additive, logistic) keeps a line where that costs no more held-out loss than the catalog's
//! `line_price`: under a line a value is worth the same points in every case, which a court may print as a table; but a probability that does not come true
//! is worth less than a table. The price is told. Trees have no table to lose, so they bend where it helps. Reasons add up to the score under either.

use luheng_models::calibrate::{Choice, Kind, choose};
use luheng_models::{Calibration, Conformal, Model, Params, RateInterval, TrainingSet};
use serde::Serialize;

use super::fit::{LEVEL, sigmoid};
use crate::error::Result;

/// Folds of the choice, by case.
const FOLDS: u32 = 5;
/// Most bins of the prediction in an interval.
const BINS: usize = 5;
/// Kinds that keep a table of points.
const LINES: [Kind; 2] = [Kind::None, Kind::Platt];

/// Which calibration, and what it was chosen from.
#[derive(Debug, Serialize)]
pub struct Calibrated {
    pub(super) kind: &'static str,
    pub(super) why: String,
    pub(super) candidates: Vec<Candidate>,
}

/// One kind of calibration on folds it was not fitted on.
#[derive(Debug, Serialize)]
pub struct Candidate {
    pub(super) kind: &'static str,
    pub(super) log_loss: f64,
    /// How much greater that is than the least, and its standard error by case.
    pub(super) behind: f64,
    pub(super) error: f64,
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::None => "none",
        Kind::Platt => "platt",
        Kind::Beta => "beta",
        Kind::Isotonic => "isotonic",
    }
}

/// Chooses and fits the calibration of a model on held-out rows.
///
/// # Errors
/// A model of other features.
pub fn calibrated(part: &TrainingSet, model: &Model, params: &Params, (line_price, seed): (f64, u64)) -> Result<(Calibration, Calibrated)> {
    let logit = model.logit(part.design())?;
    let of = |kinds: &[Kind]| choose((&logit, part.label(), part.weight()), part.group(), kinds, FOLDS, seed.wrapping_add(2));
    let is_table = params.traits().additive;
    let Ok(all) = of(&Kind::ALL) else {
        // A fold of a single class calibrates nothing: a line on all rows, or the model's own probabilities.
        let line = Calibration::fit(&logit, part.label(), part.weight());
        let kind = if line.is_ok() { "platt" } else { "none" };
        let why = "too few held-out rows of both outcomes to choose".to_owned();
        return Ok((line.unwrap_or(Calibration::None), Calibrated { kind, why, candidates: Vec::new() }));
    };
    let bends = |choice: &Choice| !LINES.contains(&choice.kind);
    let line = if is_table && bends(&all) { Some(of(&LINES)?) } else { None };
    let chosen = line.filter(|line| price(line.kind, &all) <= line_price).unwrap_or_else(|| all.clone());
    let candidates =
        all.candidates.iter().map(|c| Candidate { kind: name(c.kind), log_loss: c.loss, behind: c.behind, error: c.error }).collect();
    let calibrated = Calibrated { kind: name(chosen.kind), why: why(&chosen, &all, is_table), candidates };
    Ok((chosen.calibration, calibrated))
}

/// Held-out loss by which a kind lies behind the one chosen from all.
fn price(kind: Kind, all: &Choice) -> f64 {
    let loss = |kind: Kind| all.candidates.iter().find(|c| c.kind == kind).map_or(0.0, |c| c.loss);
    loss(kind) - loss(all.kind)
}

fn why(chosen: &Choice, all: &Choice, is_table: bool) -> String {
    if chosen.kind != all.kind {
        let price = price(chosen.kind, all);
        return format!(
            "a line, so that a value is worth the same points in every case; {} would have saved {price:.5} of held-out log loss",
            name(all.kind)
        );
    }
    let simplest = "the simplest within one standard error of the least held-out loss";
    if is_table && !LINES.contains(&all.kind) {
        return format!("{simplest}; a line would have cost {:.5}, more than a table of points is worth", price(Kind::Platt, all));
    }
    simplest.to_owned()
}

/// The interval of a share, or of the rate of rows alike, from held-out rows.
///
/// # Errors
/// A model of other features.
pub fn intervals(
    part: &TrainingSet,
    model: &Model,
    calibration: &Calibration,
    is_share: bool,
) -> Result<(Option<Conformal>, Option<RateInterval>)> {
    let p: Vec<f64> = model.logit(part.design())?.iter().map(|l| sigmoid(calibration.apply(*l))).collect();
    if is_share {
        return Ok((Some(Conformal::fit(&p, part.label(), LEVEL, BINS)?), None));
    }
    Ok((None, Some(RateInterval::fit(&p, part.label(), part.weight(), part.group(), 2 * BINS)?)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use luheng_models::{AdditiveParams, BoostParams};

    use super::*;
    use crate::fixture::context;
    use crate::train::Rows;
    use crate::train::sample::Sample;
    use crate::train::sample::tests::{ROWS, draw, rows, spec};

    /// A model too sure at both ends alike, and what came: true probabilities bend away from its own.
    #[test]
    fn a_table_of_points_keeps_a_line_at_a_price_and_trees_may_bend() {
        let ctx = context();
        let truth = |x: f64| if x < 0.5 { 0.02 } else { 0.55 + 0.1 * x };
        let label = |of: &dyn Fn(f64) -> f64| -> Vec<Option<f64>> {
            (0..ROWS).map(|at| Some(f64::from(u8::from(draw(at, "luck") < of(draw(at, "x")))))).collect()
        };
        let set = |labels: Vec<Option<f64>>| {
            let table = rows(|_| 0).without("recovery_label").real("recovery_label", labels);
            let sample = Sample::read(&table, &spec(&ctx), &ctx).unwrap();
            sample.training_set(&Rows::held(table.clone()), &spec(&ctx), vec![1.0; ROWS]).unwrap()
        };
        let (learned, held) = (set(label(&|x| x)), set(label(&truth)));
        let kind = |params: Params, price: f64| {
            let model = params.check().unwrap().fit(&learned, 1).unwrap();
            let (calibration, told) = calibrated(&held, &model, &params, (price, 1)).unwrap();
            assert_eq!((calibration.line().is_ok(), told.candidates.len()), (["none", "platt"].contains(&told.kind), 4));
            (told.kind, told.why)
        };
        let additive = Params::Additive(AdditiveParams { bags: 2, ..AdditiveParams::default() });
        let (table, why) = kind(additive, 1.0);
        assert!(table == "platt" && why.contains("would have saved"), "{table}: {why}");
        let (table, why) = kind(additive, 0.0001);
        assert!(["beta", "isotonic"].contains(&table) && why.contains("would have cost"), "{table}: {why}");
        let (trees, why) = kind(Params::Boost(BoostParams::default()), 1.0);
        assert!(["beta", "isotonic"].contains(&trees), "{trees}: {why}");
    }
}
