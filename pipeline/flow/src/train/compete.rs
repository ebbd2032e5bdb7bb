//! Champion and challengers: several algorithms learn the same rows, and held-out rows that no figure reported later is from say which is used.
//!
//! The catalog lists them from the most to the least explainable. The first whose area under the curve and Brier score lie within the stated margins of
//! the best is the champion. An algorithm is measured without what it cannot do, and that is told; one that cannot keep the directions of features is a
//! yardstick and never the champion: with it, another finding of evasion could raise a rating, and no path to a better grade could be promised.

use luheng_models::{Calibration, Direction, Model, Params, TrainingSet, assess, split};
use rayon::prelude::*;
use serde::Serialize;

use super::fit::sigmoid;
use crate::error::{Error, Result};
use crate::rating::Spec;

/// Level of the interval of the difference of two areas.
const LEVEL: f64 = 0.95;

/// How one algorithm did.
#[derive(Clone, Debug, Serialize)]
pub struct Entrant {
    /// As in the catalog.
    pub(super) algorithm: &'static str,
    /// `champion`, `challenger`, or `baseline`.
    pub(super) role: &'static str,
    /// What it was spared because it cannot do it: `directions`, `weights`.
    pub(super) waived: Vec<&'static str>,
    /// Why it was not fitted, or may not win.
    pub(super) why_not: Option<String>,
    /// On the rows that chose.
    pub(super) chosen_on: Option<Figures>,
    /// On the rows that assess, which had no say.
    pub(super) assessed_on: Option<Figures>,
}

/// Figures of one algorithm on some rows.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    pub(super) rows: usize,
    pub(super) auc: Option<f64>,
    pub(super) gini: Option<f64>,
    /// Calibrated by a line on one half of the choosing cases and judged on the other; on the assessing rows calibrated on all choosing rows.
    pub(super) brier: f64,
    /// The champion's area less this one's, by the paired test of DeLong with cases as subjects.
    pub(super) champion_ahead: Option<Ahead>,
}

/// A difference of two areas.
#[derive(Clone, Debug, Serialize)]
pub struct Ahead {
    pub(super) auc: f64,
    pub(super) low95: Option<f64>,
    pub(super) high95: Option<f64>,
    pub(super) p_value: Option<f64>,
}

/// One algorithm with its model and what it says of the choosing rows.
struct Runner {
    params: Params,
    entrant: Entrant,
    model: Option<Model>,
    logit: Vec<f64>,
    calibration: Calibration,
}

/// The field after the race.
pub struct Field {
    runners: Vec<Runner>,
    winner: usize,
    /// Why the winner, in one sentence.
    pub why: String,
    /// Were all rows that train used, so that the winner's model stands as it is?
    pub whole: bool,
}

/// Fits every algorithm of the rating and chooses. Rows above the bound of the catalog are thinned by hash of the case, for all alike.
///
/// # Errors
/// A parameter out of its range; no algorithm that can be fitted.
pub fn compete(train: &TrainingSet, choose: Option<&TrainingSet>, spec: &Spec, seed: u64) -> Result<Field> {
    let all: Vec<usize> = (0..train.rows()).collect();
    let kept = split::thinned(&all, |at| &train.group()[at], spec.competition.most_rows, ("competition", seed));
    let thinned = train.take(&kept)?;
    // Without rows to choose by there is nothing to compete for: the first of the catalog stands.
    let challengers = choose.iter().flat_map(|_| spec.challengers.iter().chain(&[Params::Baseline]));
    let mut all: Vec<Params> = [&spec.params].into_iter().chain(challengers).copied().collect();
    for params in &all {
        params.check().map_err(|e| Error::Config(format!("catalog/ratings/{}.toml: {}: {e}", spec.id, params.name())))?;
    }
    let first = all.remove(0);
    // The others wait for the first, whose shapes take all threads; then they run side by side.
    let mut runners = vec![run(first, &thinned, choose, seed)];
    runners.extend(all.into_par_iter().map(|params| run(params, &thinned, choose, seed)).collect::<Vec<Runner>>());
    let (winner, why) = choose_of(&runners, spec)?;
    let mut field = Field { runners, winner, why, whole: kept.len() == train.rows() };
    field.runners[winner].entrant.role = "champion";
    if let Some(rows) = choose {
        field.tell(rows, |runner| runner.logit.clone(), |entrant, figures| entrant.chosen_on = figures);
    }
    Ok(field)
}

/// A set without what an algorithm cannot do, and what that was.
///
/// # Errors
/// None in practice: the set was one.
pub fn spared(params: &Params, set: &TrainingSet) -> luheng_models::Result<(TrainingSet, Vec<&'static str>)> {
    let (traits, mut waived, mut set) = (params.traits(), Vec::new(), set.clone());
    let first = set.weight().first().copied().unwrap_or(1.0);
    if !traits.weights && set.weight().iter().any(|w| *w != first) {
        let (label, group, day) = (set.label().to_vec(), set.group().to_vec(), set.day().to_vec());
        set = TrainingSet::new(set.design().clone(), label, vec![1.0; set.rows()], group, day)?;
        waived.push("weights");
    }
    if !traits.monotone && set.design().features().iter().any(|f| f.direction != Direction::Free) {
        set = set.without_directions();
        waived.push("directions");
    }
    Ok((set, waived))
}

fn run(params: Params, train: &TrainingSet, choose: Option<&TrainingSet>, seed: u64) -> Runner {
    let role = if params == Params::Baseline { "baseline" } else { "challenger" };
    let entrant = Entrant { algorithm: params.name(), role, waived: Vec::new(), why_not: None, chosen_on: None, assessed_on: None };
    let mut runner = Runner { params, entrant, model: None, logit: Vec::new(), calibration: Calibration::None };
    let fitted = || -> luheng_models::Result<(Vec<&'static str>, Model, Vec<f64>)> {
        let (set, waived) = spared(&params, train)?;
        let model = params.check()?.fit(&set, seed)?;
        let logit = choose.map_or(Ok(Vec::new()), |rows| model.logit(rows.design()))?;
        Ok((waived, model, logit))
    };
    match fitted() {
        Ok((waived, model, logit)) => {
            if waived.contains(&"directions") {
                runner.entrant.why_not = Some("a yardstick only: it cannot keep the directions of features".into());
            }
            if let Some(rows) = choose {
                runner.calibration = Calibration::fit(&logit, rows.label(), rows.weight()).unwrap_or(Calibration::None);
            }
            (runner.entrant.waived, runner.model, runner.logit) = (waived, Some(model), logit);
            runner.entrant.chosen_on = choose.and_then(|rows| figures(&runner.logit, &crossed(&runner.logit, rows, seed), rows));
        }
        Err(error) => runner.entrant.why_not = Some(format!("not fitted: {error}")),
    }
    runner
}

/// Probabilities of the choosing rows, each half of the cases calibrated on the other.
fn crossed(logit: &[f64], rows: &TrainingSet, seed: u64) -> Vec<f64> {
    let side: Vec<u32> = rows.group().iter().map(|case| split::fold_for("halves of the choosing cases", case, 2, seed)).collect();
    let line = |fold: u32| {
        let others: Vec<usize> = (0..logit.len()).filter(|at| side[*at] != fold).collect();
        let of = |values: &[f64]| others.iter().map(|at| values[*at]).collect::<Vec<f64>>();
        Calibration::fit(&of(logit), &of(rows.label()), &of(rows.weight())).unwrap_or(Calibration::None)
    };
    let lines = [line(0), line(1)];
    logit.iter().zip(&side).map(|(logit, fold)| sigmoid(lines[*fold as usize].apply(*logit))).collect()
}

/// Area of `logit`, Brier score of `p`; none without rows.
fn figures(logit: &[f64], p: &[f64], rows: &TrainingSet) -> Option<Figures> {
    let found = assess::assess(p, rows.label(), rows.weight(), &[]).ok()?;
    let auc = assess::auc_interval(logit, rows.label(), rows.weight(), None, LEVEL).ok().map(|a| a.auc);
    Some(Figures { rows: rows.rows(), auc, gini: auc.map(|a| 2.0 * a - 1.0), brier: found.brier, champion_ahead: None })
}

/// The first within the margins of the best, and why.
fn choose_of(runners: &[Runner], spec: &Spec) -> Result<(usize, String)> {
    let may_win = |r: &&Runner| r.model.is_some() && r.entrant.why_not.is_none() && r.entrant.role != "baseline";
    let margin = &spec.competition;
    let judged: Vec<(usize, f64, f64)> = runners
        .iter()
        .enumerate()
        .filter(|(_, r)| may_win(r))
        .filter_map(|(at, r)| r.entrant.chosen_on.as_ref().and_then(|f| Some((at, f.auc?, f.brier))))
        .collect();
    let name = |at: usize| runners[at].entrant.algorithm;
    let by_auc = judged.iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
    let by_brier = judged.iter().min_by(|a, b| a.2.total_cmp(&b.2).then(a.0.cmp(&b.0)));
    let (Some(best), Some(least)) = (by_auc, by_brier) else {
        let first = runners.iter().position(|r| may_win(&r)).ok_or_else(|| no_runner(runners))?;
        return Ok((
            first,
            format!("{}: the first of the catalog that could be fitted; no held-out rows of both outcomes to choose by", name(first)),
        ));
    };
    let within = |r: &&(usize, f64, f64)| r.1 >= best.1 - margin.margin_auc && r.2 <= least.2 + margin.margin_brier;
    let told = format!("AUC {:.4} by {}, Brier {:.5} by {}", best.1, name(best.0), least.2, name(least.0));
    Ok(match judged.iter().find(within) {
        Some((at, auc, brier)) => {
            let why = format!(
                "{}: the most explainable within {} of the best area and {} of the best Brier score (its AUC {auc:.4}, Brier {brier:.5}; best {told})",
                name(*at),
                margin.margin_auc,
                margin.margin_brier
            );
            (*at, why)
        }
        // One orders best and another means best what it says: a rating is a probability first.
        None => (least.0, format!("{}: the best Brier score, for none is within both margins (best {told})", name(least.0))),
    })
}

fn no_runner(runners: &[Runner]) -> Error {
    let told: Vec<String> =
        runners.iter().filter_map(|r| r.entrant.why_not.as_ref().map(|why| format!("{}: {why}", r.entrant.algorithm))).collect();
    Error::Input(format!("no algorithm could be fitted: {}", told.join("; ")))
}

impl Field {
    /// How the winner was asked for, and its model.
    ///
    /// # Errors
    /// None in practice: the winner was fitted.
    pub fn winner(&self) -> Result<(Params, &Model)> {
        let runner = &self.runners[self.winner];
        let model = runner.model.as_ref().ok_or_else(|| Error::Fault("the champion has no model".into()))?;
        Ok((runner.params, model))
    }

    /// Every algorithm with its figures, also on the rows that assess; these had no say.
    pub fn entrants(mut self, assessed: &TrainingSet) -> Vec<Entrant> {
        for runner in &mut self.runners {
            let Some(Ok(logit)) = runner.model.as_ref().map(|model| model.logit(assessed.design())) else { continue };
            let p: Vec<f64> = logit.iter().map(|l| sigmoid(runner.calibration.apply(*l))).collect();
            runner.entrant.assessed_on = figures(&logit, &p, assessed);
        }
        let logit = |runner: &Runner| runner.model.as_ref().and_then(|m| m.logit(assessed.design()).ok()).unwrap_or_default();
        self.tell(assessed, logit, |entrant, figures| entrant.assessed_on = figures);
        self.runners.into_iter().map(|runner| runner.entrant).collect()
    }

    /// Adds to the figures of the others how far the champion is ahead.
    fn tell(&mut self, rows: &TrainingSet, logit: impl Fn(&Runner) -> Vec<f64>, set: impl Fn(&mut Entrant, Option<Figures>)) {
        let champion = logit(&self.runners[self.winner]);
        let is_assessing = self.runners[self.winner].entrant.assessed_on.is_some();
        for at in (0..self.runners.len()).filter(|at| *at != self.winner) {
            let own = logit(&self.runners[at]);
            let entrant = &mut self.runners[at].entrant;
            let mut figures = if is_assessing { entrant.assessed_on.clone() } else { entrant.chosen_on.clone() };
            if let Some(figures) = &mut figures {
                let found = assess::auc_difference(&champion, &own, rows.label(), rows.weight(), Some(rows.group()), LEVEL).ok();
                figures.champion_ahead = found.map(|d| Ahead {
                    auc: d.difference,
                    low95: d.ends.map(|ends| ends.0),
                    high95: d.ends.map(|ends| ends.1),
                    p_value: d.p_value,
                });
            }
            set(entrant, figures);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use luheng_models::{AdditiveParams, BoostParams, LinfaParams};

    use super::*;
    use crate::fixture::context;
    use crate::train::Rows;
    use crate::train::sample::Sample;
    use crate::train::sample::tests::{ROWS, draw, rows, spec};

    /// Good with a chance that peaks in the middle of the feature: no line follows it.
    fn sets(of: impl Fn(f64) -> f64) -> (TrainingSet, TrainingSet) {
        let ctx = context();
        let label = (0..ROWS).map(|at| Some(f64::from(u8::from(draw(at, "luck") < of(draw(at, "x"))))));
        let table = rows(|_| 0).without("recovery_label").real("recovery_label", label);
        let sample = Sample::read(&table, &spec(&ctx), &ctx).unwrap();
        let set = sample.training_set(&Rows::held(table.clone()), &spec(&ctx), vec![1.0; ROWS]).unwrap().without_directions();
        let half = |rest| (0..ROWS).filter(|at| (at / 2) % 2 == rest).collect::<Vec<usize>>();
        (set.take(&half(0)).unwrap(), set.take(&half(1)).unwrap())
    }

    fn raced(params: Params, challengers: Vec<Params>, margin: f64, of: impl Fn(f64) -> f64) -> (Field, TrainingSet) {
        let (train, choose) = sets(of);
        let mut spec = spec(&context());
        (spec.params, spec.challengers) = (params, challengers);
        (spec.competition.margin_auc, spec.competition.margin_brier) = (margin, margin);
        (compete(&train, Some(&choose), &spec, 1).unwrap(), choose)
    }

    fn name(field: &Field) -> &'static str {
        field.winner().unwrap().0.name()
    }

    #[test]
    fn the_most_explainable_within_the_margin_wins() {
        let (linfa, boost) = (Params::Linfa(LinfaParams::default()), Params::Boost(BoostParams::default()));
        // A line says all there is: both are equal, and the first stands.
        let (field, _) = raced(linfa, vec![boost], 0.02, |x| x);
        assert_eq!(name(&field), "linfa", "{}", field.why);
        assert!(field.why.contains("the most explainable within 0.02"), "{}", field.why);
        // No line follows a peak: trees win, unless the margin gives it all away.
        let peak = |x: f64| if (0.3..0.7).contains(&x) { 0.9 } else { 0.1 };
        let (field, choose) = raced(linfa, vec![boost], 0.02, peak);
        assert_eq!(name(&field), "boost", "{}", field.why);
        let entrants = field.entrants(&choose);
        let behind = entrants[0].chosen_on.as_ref().unwrap().champion_ahead.as_ref().unwrap();
        assert!(behind.auc > 0.2 && behind.p_value.unwrap() < 1e-6, "the paired test tells: {behind:?}");
        assert_eq!(entrants.iter().map(|e| e.role).collect::<Vec<_>>(), ["challenger", "champion", "baseline"]);
        assert!(entrants.iter().all(|e| e.assessed_on.is_some()));
        let (field, _) = raced(linfa, vec![boost], 0.9, peak);
        assert_eq!(name(&field), "linfa");
    }

    #[test]
    fn what_cannot_be_fitted_is_told_and_ends_nothing() {
        let share = |x: f64| x;
        let (train, choose) = sets(share);
        let shares = |set: &TrainingSet| {
            let label = set.label().iter().map(|y| 0.25 + 0.5 * y).collect();
            TrainingSet::new(set.design().clone(), label, vec![1.0; set.rows()], set.group().to_vec(), set.day().to_vec()).unwrap()
        };
        let mut spec = spec(&context());
        (spec.params, spec.challengers) = (Params::Linfa(LinfaParams::default()), vec![Params::Additive(AdditiveParams::default())]);
        let field = compete(&shares(&train), Some(&shares(&choose)), &spec, 1).unwrap();
        assert_eq!(name(&field), "additive", "linfa takes no shares");
        let why = field.entrants(&shares(&choose))[0].why_not.clone().unwrap();
        assert!(why.contains("not fitted") && why.contains("linfa"), "{why}");
        spec.challengers.clear();
        assert!(matches!(compete(&shares(&train), None, &spec, 1), Err(Error::Input(_))), "but one must run");
    }

    #[test]
    fn who_cannot_keep_a_direction_or_weigh_rows_is_spared_it_and_never_wins() {
        let ctx = context();
        let table = rows(|_| 0);
        let sample = Sample::read(&table, &spec(&ctx), &ctx).unwrap();
        let weight = (0..ROWS).map(|at| if at % 3 == 0 { 2.0 } else { 1.0 }).collect();
        let set = sample.training_set(&Rows::held(table.clone()), &spec(&ctx), weight).unwrap();
        assert!(set.design().features().iter().any(|f| f.direction != Direction::Free));
        let (_, waived) = spared(&Params::Linfa(LinfaParams::default()), &set).unwrap();
        assert_eq!(waived, ["weights", "directions"]);
        assert!(spared(&Params::Boost(BoostParams::default()), &set).unwrap().1.is_empty());
        let mut spec = spec(&ctx);
        spec.challengers = vec![Params::Forest(luheng_models::ForestParams { trees: 5, ..Default::default() })];
        let field = compete(&set, Some(&set), &spec, 1).unwrap();
        let entrants = field.entrants(&set);
        assert_eq!((entrants[0].role, entrants[1].role), ("champion", "challenger"));
        assert!(entrants[1].why_not.as_ref().unwrap().contains("yardstick"), "{entrants:?}");
    }
}
