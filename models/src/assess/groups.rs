//! Whether a model serves all groups alike: for each group its size, mean prediction, mean outcome, area under the curve, calibration gap and
//! selection rate, and each of these less that of all other rows, with bootstrap intervals (by subject, see [`super::bootstrap()`]).
//!
//! A group of fewer subjects than `min_subjects` is told by its size alone: a figure of few says nothing of the model and too much of the few.
//! Where fewer than that stand outside a group, nothing is held against them, for the same reason.

use super::Row;
use super::bootstrap::{Bootstrap, Figure, in_order};
use super::subjects::Subjects;
use crate::data::same;
use crate::error::{Error, Result};

/// How to look at groups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaps {
    /// Rows predicted at this or above are selected.
    pub cut: f64,
    /// Fewest subjects of whom figures are given. At least 2, default 100.
    pub min_subjects: u64,
    /// How intervals are drawn.
    pub bootstrap: Bootstrap,
}

impl Default for Gaps {
    fn default() -> Self {
        Gaps { cut: 0.5, min_subjects: 100, bootstrap: Bootstrap::default() }
    }
}

/// Figures of one group, or of the difference of two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupFigures {
    /// Mean prediction.
    pub mean_predicted: Figure,
    /// Mean label.
    pub mean_outcome: Figure,
    /// Area under the curve within the group; `None` without good or bad rows.
    pub auc: Option<Figure>,
    /// Mean prediction − mean label: above 0 the group is rated too high.
    pub calibration_gap: Figure,
    /// Share of weight predicted at the cut or above.
    pub selection_rate: Figure,
}

/// One group.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its subjects.
    pub subjects: u64,
    /// Its figures; `None` for a group too small.
    pub own: Option<GroupFigures>,
    /// Its figures less those of all other rows; `None` if either side is too small.
    pub against_rest: Option<GroupFigures>,
}

/// Figures by group, in the order of their names. `by` names the group of each row, `subject` its subject; the rest as in [`super::assess`].
///
/// # Errors
/// As [`super::Scored::new`]; [`Error::Shape`] for other lengths; [`Error::Parameter`] for a cut that is NaN, `min_subjects` below 2, and as
/// [`Bootstrap::check`].
pub fn group_gaps<S: AsRef<str>>(p: &[f64], label: &[f64], weight: &[f64], subject: &[String], by: &[S], how: &Gaps) -> Result<Vec<Group>> {
    how.check()?;
    super::Scored::new(p, label, weight)?;
    same("groups", by.len(), p.len())?;
    same("subjects", subject.len(), p.len())?;
    let (groups, subjects) = (Subjects::new(by), Subjects::new(subject));
    // Both numbers in one, so that rows can be brought into one order.
    let of: Vec<usize> = groups.of.iter().zip(&subjects.of).map(|(g, s)| g * subjects.count + s).collect();
    let rows: Vec<Member> = (in_order(p, label, weight, &of).into_iter())
        .map(|(row, of)| Member { row, group: of / subjects.count, subject: of % subjects.count })
        .collect();
    let sizes = sizes(&rows, groups.count, subjects.count);
    // Only of groups large enough: there may be as many names as rows.
    let told: Vec<usize> = (0..groups.count).filter(|g| sizes[*g].subjects >= how.min_subjects).collect();
    let of_told = |times: &[u32]| figures(&rows, times, groups.count, &told, how.cut);
    let here = of_told(&vec![1; subjects.count]);
    let drawn = how.bootstrap.each(subjects.count, of_told);
    let group = |g: usize| {
        let size = &sizes[g];
        let with = |at: usize, of: fn(&Pair) -> [Option<f64>; 5]| {
            let columns = [0, 1, 2, 3, 4].map(|k| {
                let value = of(&here[at])[k]?;
                Some(Figure { value, ends: how.bootstrap.ends(drawn.iter().map(|set| of(&set[at])[k])) })
            });
            let [mean_predicted, mean_outcome, auc, calibration_gap, selection_rate] = columns;
            Some(GroupFigures {
                mean_predicted: mean_predicted?,
                mean_outcome: mean_outcome?,
                auc,
                calibration_gap: calibration_gap?,
                selection_rate: selection_rate?,
            })
        };
        let at = told.binary_search(&g).ok();
        Group {
            name: by[groups.first[g]].as_ref().to_owned(),
            rows: size.rows,
            subjects: size.subjects,
            own: at.and_then(|at| with(at, |pair| pair.own)),
            against_rest: at.filter(|_| size.outside >= how.min_subjects).and_then(|at| with(at, Pair::difference)),
        }
    };
    Ok((0..groups.count).map(group).collect())
}

impl Gaps {
    fn check(&self) -> Result<()> {
        self.bootstrap.check()?;
        if self.cut.is_nan() {
            return Err(Error::Parameter { name: "cut", found: self.cut, expected: "a number" });
        }
        if self.min_subjects < 2 {
            return Err(Error::Parameter { name: "min_subjects", found: self.min_subjects as f64, expected: "2 or more" });
        }
        Ok(())
    }
}

/// A row with the numbers of its group and its subject.
struct Member {
    row: Row,
    group: usize,
    subject: usize,
}

#[derive(Clone, Copy, Default)]
struct Size {
    rows: u64,
    subjects: u64,
    /// Subjects with a row outside the group.
    outside: u64,
}

fn sizes(rows: &[Member], groups: usize, subjects: usize) -> Vec<Size> {
    let mut sizes = vec![Size::default(); groups];
    let mut pairs: Vec<(usize, usize)> = rows.iter().map(|m| (m.subject, m.group)).collect();
    rows.iter().for_each(|m| sizes[m.group].rows += 1);
    pairs.sort_unstable();
    pairs.dedup();
    // A subject with rows in this group alone has none outside it.
    let mut inside_only = vec![0; groups];
    for of_one in pairs.chunk_by(|a, b| a.0 == b.0) {
        of_one.iter().for_each(|(_, group)| sizes[*group].subjects += 1);
        if let [(_, group)] = of_one {
            inside_only[*group] += 1;
        }
    }
    for (size, inside) in sizes.iter_mut().zip(inside_only) {
        size.outside = subjects as u64 - inside;
    }
    sizes
}

/// Figures of a group and of the rest: mean prediction, mean label, area, calibration gap, selection rate.
#[derive(Clone, Copy)]
struct Pair {
    own: [Option<f64>; 5],
    rest: [Option<f64>; 5],
}

impl Pair {
    fn difference(&self) -> [Option<f64>; 5] {
        [0, 1, 2, 3, 4].map(|k| Some(self.own[k]? - self.rest[k]?))
    }
}

/// Sums over the rows of one group, or of all.
#[derive(Clone, Copy, Default)]
struct Sums {
    weight: f64,
    predicted: f64,
    selected: f64,
    good: f64,
    bad: f64,
    /// Pairs of a good row of the group and a bad one of the group, in which the good is above; half for ties.
    area: f64,
    /// The same of its good rows and all bad ones.
    good_over_all: f64,
    /// The same of all good rows and its bad ones.
    all_over_bad: f64,
}

impl Sums {
    fn less(&self, of: &Sums) -> Sums {
        Sums {
            weight: self.weight - of.weight,
            predicted: self.predicted - of.predicted,
            selected: self.selected - of.selected,
            good: self.good - of.good,
            bad: self.bad - of.bad,
            // Pairs outside the group: all, less those in which either is of the group; those in which both are were taken twice.
            area: self.area - of.good_over_all - of.all_over_bad + of.area,
            ..Sums::default()
        }
    }

    /// Against `whole`, since a difference of sums may leave rounding behind where nothing is.
    fn figures(&self, whole: &Sums) -> [Option<f64>; 5] {
        let some = |part: f64, of: f64| part > of * 1e-12;
        if !some(self.weight, whole.weight) {
            return [None; 5];
        }
        let share = |part: f64| (part / self.weight).clamp(0.0, 1.0);
        let (predicted, outcome) = (share(self.predicted), share(self.good));
        let both = some(self.good, whole.good) && some(self.bad, whole.bad);
        let auc = both.then(|| (self.area / self.good / self.bad).clamp(0.0, 1.0));
        [Some(predicted), Some(outcome), auc, Some(predicted - outcome), Some(share(self.selected))]
    }
}

/// Figures of the groups `told` in one walk over the rows, each counted as often as its subject was drawn.
fn figures(rows: &[Member], times: &[u32], groups: usize, told: &[usize], cut: f64) -> Vec<Pair> {
    let heaviest = rows.iter().map(|m| m.row.weight).fold(0.0, f64::max);
    let counted = |m: &Member| m.row.weight / heaviest * f64::from(times[m.subject]);
    let (mut sums, mut all) = (vec![Sums::default(); groups], Sums::default());
    // Of each group and of all: good and bad at the prediction looked at.
    let mut tied = vec![(0.0, 0.0); groups];
    let mut beaten = vec![(0.0, 0.0); groups];
    for tie in rows.chunk_by(|a, b| a.row.p == b.row.p) {
        let mut tied_all = (0.0, 0.0);
        for m in tie {
            let (good, bad) = (counted(m) * m.row.label, counted(m) * (1.0 - m.row.label));
            tied[m.group].0 += good;
            tied[m.group].1 += bad;
            tied_all.0 += good;
            tied_all.1 += bad;
        }
        let beats_all = all.bad + 0.5 * tied_all.1;
        all.area += tied_all.0 * beats_all;
        for m in tie {
            let (w, here) = (counted(m), tied[m.group]);
            let (good, bad) = (w * m.row.label, w * (1.0 - m.row.label));
            let sum = &mut sums[m.group];
            sum.weight += w;
            sum.predicted += w * m.row.p;
            sum.selected += if m.row.p >= cut { w } else { 0.0 };
            sum.area += good * (sum.bad + 0.5 * here.1);
            sum.good_over_all += good * beats_all;
            // Good rows below or level lose to no bad one: counted from below, turned round at the end.
            sum.all_over_bad += bad * (all.good + 0.5 * tied_all.0);
            beaten[m.group].0 += good;
            beaten[m.group].1 += bad;
        }
        for m in tie {
            let more = std::mem::take(&mut beaten[m.group]);
            sums[m.group].good += more.0;
            sums[m.group].bad += more.1;
            tied[m.group] = (0.0, 0.0);
        }
        all.good += tied_all.0;
        all.bad += tied_all.1;
    }
    for sum in &mut sums {
        sum.all_over_bad = all.good * sum.bad - sum.all_over_bad;
        all.weight += sum.weight;
        all.predicted += sum.predicted;
        all.selected += sum.selected;
    }
    told.iter().map(|g| &sums[*g]).map(|sum| Pair { own: sum.figures(&all), rest: all.less(sum).figures(&all) }).collect()
}
