//! Whether groups of people are rated alike: each against all others, with intervals; features that stand in for a group; and rows alike in every
//! feature, which must be rated alike whoever they are of.
//!
//! A gap of mean predictions or selection rates may be one of facts; a **calibration gap** (predicted less came, group less others) cannot, and is what the gate
//! holds. Groups are compared among those of whom the attribute is known.

use std::collections::BTreeMap;

use luheng_models::assess::{self, Bootstrap, Gaps};
use luheng_models::{Design, assess::GroupFigures as Found};

use super::LEVEL;
use super::expected::measured;
use super::figures::{Attribute, EqualFacts, Follows, GroupFigures, GroupRow, Measured};
use super::judge::{Judged, told};
use crate::bundle::CUTS;
use crate::error::Result;

/// Sets drawn for an interval.
const SETS: u32 = 300;
/// From this on a feature tells the group so well that it stands in for it.
pub(super) const PROXY: f64 = 0.5;
/// Features printed of each group, and all that are [`PROXY`].
const FOLLOWING: usize = 3;

/// How groups are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    /// Fewest debtors of a group.
    pub least: u64,
    /// Seed of the draws.
    pub seed: u64,
}

/// An attribute's groups against the rest; `by` names the group of each row.
pub(super) fn attribute(name: &str, judged: &Judged, by: &[Option<String>], how: How) -> Result<Attribute> {
    let known: Vec<usize> = (0..by.len()).filter(|row| by[*row].is_some()).collect();
    let unknown = (by.len() - known.len()) as u64;
    let mut found =
        Attribute { attribute: name.to_owned(), unknown: (unknown == 0 || unknown >= how.least).then_some(unknown), groups: Vec::new() };
    if known.is_empty() {
        return Ok(found);
    }
    let (rows, names): (Judged, Vec<&str>) = (judged.take(&known), known.iter().filter_map(|row| by[*row].as_deref()).collect());
    let bootstrap = Bootstrap { sets: SETS, level: LEVEL, seed: how.seed };
    let gaps = Gaps { cut: CUTS[2], min_subjects: how.least, bootstrap };
    let groups = assess::group_gaps(&rows.p, &rows.label, &vec![1.0; known.len()], &rows.debtor, &names, &gaps)?;
    let sizes: Vec<u64> = groups.iter().map(|group| group.subjects).collect();
    for (group, is_told) in groups.into_iter().zip(told(&sizes, how.least)) {
        found.groups.push(GroupRow {
            group: group.name,
            debtors: is_told.then_some(group.subjects),
            own: group.own.filter(|_| is_told).map(|f| figures(&f)),
            gap: group.against_rest.filter(|_| is_told).map(|f| figures(&f)),
        });
    }
    Ok(found)
}

fn figures(found: &Found) -> GroupFigures {
    GroupFigures {
        mean_predicted: measured(found.mean_predicted),
        mean_outcome: measured(found.mean_outcome),
        calibration_gap: measured(found.calibration_gap),
        selection_rate: measured(found.selection_rate),
        auc: found.auc.map(measured),
    }
}

/// The features that tell each told group best from the others: of a missing value the test says no.
pub(super) fn follows(of: &Attribute, design: &Design, debtor: &[String], by: &[Option<String>]) -> Result<Vec<Follows>> {
    let known: Vec<usize> = (0..by.len()).filter(|row| by[*row].is_some()).collect();
    let debtors: Vec<String> = known.iter().map(|row| debtor[*row].clone()).collect();
    let ones = vec![1.0; known.len()];
    let mut out = Vec::new();
    for group in of.groups.iter().filter(|group| group.gap.is_some()) {
        let is_in: Vec<f64> = known.iter().map(|row| f64::from(u8::from(by[*row].as_deref() == Some(group.group.as_str())))).collect();
        let mut found = Vec::new();
        for (at, feature) in design.features().iter().enumerate() {
            let value = |row: &usize| Some(design.x()[[*row, at]]).filter(|x| !x.is_nan()).unwrap_or(f64::NEG_INFINITY);
            let values: Vec<f64> = known.iter().map(value).collect();
            let area = assess::auc_interval(&values, &is_in, &ones, Some(&debtors), LEVEL)?;
            let gini = |area: f64| 2.0 * area - 1.0;
            let gini = Measured { value: gini(area.auc), low: area.ends.map(|e| gini(e.0)), high: area.ends.map(|e| gini(e.1)) };
            let is_proxy = gini.value.abs() >= PROXY;
            found.push(Follows {
                attribute: of.attribute.clone(),
                group: group.group.clone(),
                feature: feature.id.clone(),
                gini,
                is_proxy,
            });
        }
        found.sort_by(|a, b| b.gini.value.abs().total_cmp(&a.gini.value.abs()).then_with(|| a.feature.cmp(&b.feature)));
        out.extend(found.into_iter().enumerate().filter(|(at, f)| *at < FOLLOWING || f.is_proxy).map(|(_, f)| f));
    }
    Ok(out)
}

/// Pairs of rows of different groups that are alike in every feature, and how far their probabilities differ: 0, or somebody is rated by who he is.
pub(super) fn equal_facts(name: &str, design: &Design, p: &[f64], by: &[Option<String>]) -> EqualFacts {
    let mut alike: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
    for row in (0..by.len()).filter(|row| by[*row].is_some()) {
        alike.entry(design.x().row(row).iter().map(|x| x.to_bits()).collect()).or_default().push(row);
    }
    let (mut pairs, mut greatest) = (0, None);
    for rows in alike.into_values() {
        let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
        for row in &rows {
            *sizes.entry(by[*row].as_deref().unwrap_or_default()).or_default() += 1;
        }
        if sizes.len() < 2 {
            continue;
        }
        let all = rows.len() as u64;
        pairs += sizes.values().map(|size| size * (all - size)).sum::<u64>() / 2;
        let least = rows.iter().map(|row| p[*row]).fold(f64::INFINITY, f64::min);
        let most = rows.iter().map(|row| p[*row]).fold(f64::NEG_INFINITY, f64::max);
        greatest = Some(f64::max(greatest.unwrap_or(0.0), most - least));
    }
    EqualFacts { attribute: name.to_owned(), pairs, greatest_difference: greatest }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use luheng_lake::store::audit::Sex;
    use luheng_models::{Direction, FeatureMeta};

    use super::super::fold::tests_of_folds::draw;
    use super::super::people::of_sexes;
    use super::*;

    const ROWS: usize = 2_000;
    const HOW: How = How { least: 100, seed: 1 };

    /// Half women, half men.
    fn sexes() -> Vec<Option<String>> {
        let people = of_sexes((0..ROWS).map(|at| (format!("d{at}"), if at.is_multiple_of(2) { Sex::Female } else { Sex::Male })));
        (0..ROWS).map(|at| people.group("sex", &format!("d{at}"), 0).map(str::to_owned)).collect()
    }

    fn design(columns: &[&dyn Fn(usize) -> f64]) -> Design {
        let meta = |at: usize| FeatureMeta {
            id: format!("feature_{at}"),
            version: 1,
            unit: "n".into(),
            direction: Direction::Free,
            kind: luheng_models::Kind::Number,
        };
        let values = columns.iter().map(|of| (0..ROWS).map(of).collect()).collect();
        Design::from_columns((0..columns.len()).map(meta).collect(), values).unwrap()
    }

    fn judged(p: impl Fn(usize) -> f64) -> Judged {
        Judged {
            p: (0..ROWS).map(p).collect(),
            label: (0..ROWS).map(|at| f64::from(u8::from(draw(at, "luck") < 0.5))).collect(),
            debtor: (0..ROWS).map(|at| format!("d{at}")).collect(),
        }
    }

    /// The planted proxy: a feature that follows sex, and a model that uses it.
    #[test]
    fn a_feature_that_follows_an_attribute_is_caught_and_so_is_the_gap_it_makes() {
        let by = sexes();
        let planted = |at: usize| if at.is_multiple_of(2) { 1.0 + draw(at, "a") } else { draw(at, "a") };
        let design = design(&[&|at| draw(at, "b"), &planted]);
        let unfair = judged(|at| if at % 2 == 0 { 0.65 } else { 0.35 });
        let sex = attribute("sex", &unfair, &by, HOW).unwrap();
        let gap = sex.groups[0].gap.unwrap().calibration_gap;
        assert_eq!((sex.groups[0].group.as_str(), sex.groups[0].debtors), ("female", Some(1_000)));
        assert!((gap.value - 0.3).abs() < 0.1 && gap.low.unwrap() > 0.0, "{gap:?}");
        let found = follows(&sex, &design, &unfair.debtor, &by).unwrap();
        let proxies: Vec<&str> = found.iter().filter(|f| f.is_proxy).map(|f| f.feature.as_str()).collect();
        assert_eq!(proxies, ["feature_1", "feature_1"], "once for each sex, and the other feature for none: {found:?}");
        // Without it: no proxy, and no gap that chance does not explain.
        let fair = judged(|_| 0.5);
        let gap = attribute("sex", &fair, &by, HOW).unwrap().groups[0].gap.unwrap().calibration_gap;
        assert!(gap.low.unwrap() < 0.0 && gap.high.unwrap() > 0.0, "{gap:?}");
    }

    #[test]
    fn equal_facts_must_be_rated_alike_whoever_they_are_of() {
        let by = sexes();
        // Rows 2k and 2k + 1 are alike: a woman and a man.
        let design = design(&[&|at| (at / 2) as f64, &|at| if at % 4 < 2 { f64::NAN } else { 1.0 }]);
        let p: Vec<f64> = (0..ROWS).map(|at| draw(at / 2, "p")).collect();
        let equal = equal_facts("sex", &design, &p, &by);
        assert_eq!((equal.pairs, equal.greatest_difference), (1_000, Some(0.0)));
        let rated_by_sex: Vec<f64> = (0..ROWS).map(|at| p[at] / if at % 2 == 0 { 2.0 } else { 1.0 }).collect();
        assert!(equal_facts("sex", &design, &rated_by_sex, &by).greatest_difference.unwrap() > 0.4);
    }

    #[test]
    fn a_group_of_few_is_named_and_no_more() {
        let by: Vec<Option<String>> = (0..ROWS).map(|at| Some(if at < 50 { "few" } else { "many" }.to_owned())).collect();
        let found = attribute("kind", &judged(|_| 0.5), &by, HOW).unwrap();
        assert!(
            found.groups.iter().all(|g| g.debtors.is_none() && g.own.is_none() && g.gap.is_none()),
            "the many less all would tell the few"
        );
        let by: Vec<Option<String>> = (0..ROWS).map(|at| (at >= 50).then(|| format!("{}", at % 2))).collect();
        let found = attribute("kind", &judged(|_| 0.5), &by, HOW).unwrap();
        assert!(found.groups.iter().all(|g| g.gap.is_some()) && found.unknown.is_none(), "{found:?}");
    }
}
