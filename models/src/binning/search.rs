//! The best way to join neighbouring cells into bins, found exactly by dynamic programming over the last bin.
//!
//! The objective is a sum over bins, and every constraint speaks of one bin or of two neighbours; so the best joining that ends in a given bin
//! is the best of those that end in a bin it may follow. For n cells and at most k bins O(k n² log n), or n² where k is no limit: bins that one
//! may follow lie together by rate. Under a bound on p-values they do not, and it is O(k n³).

/// Comparisons of sums allow for rounding, so that a row of weight 2 and a row given twice fall alike.
pub(super) const ROUNDING: f64 = 1e-9;
/// A joining is better only by more than this; where bins are counted, ties go to fewer of them, then to the one met first.
const TIE: f64 = 1e-12;
/// No joining ends here.
const NEVER: f64 = f64::NEG_INFINITY;

/// Sums over rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// Of weights.
    pub weight: f64,
    /// Of weight × label.
    pub good: f64,
    /// Of weight × label².
    pub square: f64,
}

impl Sums {
    pub(super) fn add(&mut self, other: &Sums) {
        self.weight += other.weight;
        self.good += other.good;
        self.square += other.square;
    }

    fn less(&self, other: &Sums) -> Sums {
        Sums { weight: self.weight - other.weight, good: self.good - other.good, square: self.square - other.square }
    }

    /// Mean label.
    pub(super) fn mean(&self) -> f64 {
        self.good / self.weight
    }
}

/// Which way rates go from bin to bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Any,
    Up,
    Down,
}

/// What bins must keep. Weights count as rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub max_bins: usize,
    pub min_weight: f64,
    pub max_weight: f64,
    /// Least sum of label and of its complement.
    pub min_events: f64,
    /// Least difference of rates of neighbours.
    pub min_gap: f64,
    /// Least standard errors between neighbours' means; 0 for none.
    pub reach: f64,
    /// The way before and after one turn; without a turn, one way.
    pub steps: (Step, Option<Step>),
}

/// One problem.
pub(super) struct Search<'a> {
    /// In order; none without weight.
    pub cells: &'a [Sums],
    /// Whether a bin must end with a cell; one a cell.
    pub fixed: &'a [bool],
    pub rules: Rules,
    /// What a bin adds to the objective.
    pub worth: &'a dyn Fn(&Sums) -> f64,
    /// The rate that trend and gap speak of.
    pub rate: &'a dyn Fn(&Sums) -> f64,
    /// Squared standard errors between two bins' means.
    pub distance: &'a dyn Fn(&Sums, &Sums) -> f64,
}

/// A best joining.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    /// The objective.
    pub worth: f64,
    /// First cell of each bin.
    pub starts: Vec<usize>,
}

/// One possible bin: cells `first..=last`.
#[derive(Clone, Copy)]
struct Span {
    sums: Sums,
    worth: f64,
    rate: f64,
}

/// The best joinings with so many bins, by phase and last bin; and the bin before the last: its first cell and phase.
struct Layer {
    worth: Vec<f64>,
    before: Vec<(u32, u8)>,
}

/// Where a bin stands in the triangle of all.
fn at(first: usize, last: usize) -> usize {
    last * (last + 1) / 2 + first
}

impl Search<'_> {
    /// The optimum; `None` where no joining keeps the rules.
    pub(super) fn best(&self) -> Option<Found> {
        let n = self.cells.len();
        if n == 0 {
            return None;
        }
        let spans = self.spans();
        let size = spans.len();
        let phases = if self.rules.steps.1.is_some() { 2 } else { 1 };
        // Without a limit one layer holds joinings of any number of bins: those it builds on end earlier and are there already.
        let is_counted = self.rules.max_bins < n;
        let mut layers: Vec<Layer> = Vec::new();
        for k in 0..if is_counted { self.rules.max_bins } else { 1 } {
            let mut layer = Layer { worth: vec![NEVER; size * phases], before: vec![(0, 0); size * phases] };
            for first in 0..n {
                if first == 0 {
                    (0..n).filter(|_| k == 0).filter_map(|last| spans[at(0, last)].map(|span| (last, span))).for_each(|(last, span)| {
                        layer.worth[at(0, last)] = span.worth;
                    });
                    continue;
                }
                let Some(below) = (if is_counted { k.checked_sub(1).map(|k| &layers[k]) } else { Some(&layer) }) else { continue };
                let ending: Vec<Ending> = (0..phases).map(|phase| self.ending(&spans, below, first - 1, phase)).collect();
                let mut found = Vec::new();
                for last in first..n {
                    let Some(span) = spans[at(first, last)] else { continue };
                    for phase in 0..phases {
                        if let Some((worth, before)) = self.before(&ending[phase], phase, &span) {
                            found.push((phase * size + at(first, last), worth, before));
                        }
                    }
                }
                for (slot, worth, before) in found {
                    (layer.worth[slot], layer.before[slot]) = (worth, before);
                }
            }
            layers.push(layer);
        }
        self.trace(&layers, size, phases, is_counted)
    }

    /// The bins that keep the rules of one bin.
    fn spans(&self) -> Vec<Option<Span>> {
        let n = self.cells.len();
        let mut below = vec![Sums::default(); n + 1];
        let mut ends = vec![0u32; n + 1];
        for (i, cell) in self.cells.iter().enumerate() {
            below[i + 1] = below[i];
            below[i + 1].add(cell);
            ends[i + 1] = ends[i] + u32::from(self.fixed[i]);
        }
        let mut spans = Vec::with_capacity(n * (n + 1) / 2);
        for last in 0..n {
            for first in 0..=last {
                let sums = below[last + 1].less(&below[first]);
                let is_cut = ends[last] > ends[first];
                spans.push((!is_cut && self.is_whole(&sums)).then(|| Span { sums, worth: (self.worth)(&sums), rate: (self.rate)(&sums) }));
            }
        }
        spans
    }

    fn is_whole(&self, sums: &Sums) -> bool {
        let Rules { min_weight, max_weight, min_events, .. } = self.rules;
        let at_least = |found: f64, least: f64| found >= least * (1.0 - ROUNDING);
        at_least(sums.weight, min_weight)
            && at_least(max_weight, sums.weight)
            && (min_events == 0.0 || at_least(sums.good.min(sums.weight - sums.good), min_events))
    }

    /// The joinings that end with cell `last` and may go on in a phase.
    fn ending(&self, spans: &[Option<Span>], below: &Layer, last: usize, phase: usize) -> Ending {
        let mut all = Vec::new();
        for of in 0..=phase {
            for first in 0..=last {
                let worth = below.worth[of * spans.len() + at(first, last)];
                if let Some(span) = spans[at(first, last)].filter(|_| worth > NEVER) {
                    all.push(Joined { worth, span, first: first as u32, phase: of as u8 });
                }
            }
        }
        all.sort_by(|a, b| a.span.rate.total_cmp(&b.span.rate));
        let running = |best: &mut Option<usize>, i: usize| {
            *best = Some(best.map_or(i, |b| if all[i].beats(&all[b]) { i } else { b }));
            *best
        };
        let up_to: Vec<usize> = (0..all.len()).scan(None, running).collect();
        let mut from: Vec<usize> = (0..all.len()).rev().scan(None, running).collect();
        from.reverse();
        Ending { all, up_to, from }
    }

    /// The best of the joinings that a bin may follow in a phase.
    fn before(&self, ending: &Ending, phase: usize, span: &Span) -> Option<(f64, (u32, u8))> {
        let step = if phase == 0 { self.rules.steps.0 } else { self.rules.steps.1.unwrap_or(Step::Any) };
        let Ending { all, up_to, from } = ending;
        let better = |best: Option<usize>, i: usize| Some(best.map_or(i, |b| if all[i].beats(&all[b]) { i } else { b }));
        let best = if self.rules.reach > 0.0 {
            (0..all.len()).filter(|i| self.may_follow(step, &all[*i].span, span)).fold(None, better)
        } else {
            // By rate, those a bin may rise from come first and those it may fall from last; of each the best is known.
            let rises = all.partition_point(|e| self.may_follow(Step::Up, &e.span, span));
            let falls = all.partition_point(|e| !self.may_follow(Step::Down, &e.span, span));
            let rising = rises.checked_sub(1).map(|i| up_to[i]);
            let falling = from.get(falls).copied();
            match step {
                Step::Up => rising,
                Step::Down => falling,
                Step::Any if self.rules.min_gap == 0.0 => up_to.last().copied(),
                Step::Any => rising.into_iter().chain(falling).fold(None, better),
            }
        };
        best.map(|i| (all[i].worth + span.worth, (all[i].first, all[i].phase)))
    }

    fn may_follow(&self, step: Step, low: &Span, high: &Span) -> bool {
        let Rules { min_gap, reach, .. } = self.rules;
        let rise = high.rate - low.rate;
        let (rise, is_directed) = match step {
            Step::Up => (rise, true),
            Step::Down => (-rise, true),
            Step::Any => (rise.abs(), false),
        };
        (rise >= min_gap * (1.0 - ROUNDING) && (!is_directed || rise > ROUNDING * ROUNDING))
            && (reach == 0.0 || (self.distance)(&low.sums, &high.sums) >= reach * reach * (1.0 - ROUNDING))
    }

    fn trace(&self, layers: &[Layer], size: usize, phases: usize, is_counted: bool) -> Option<Found> {
        let n = self.cells.len();
        let mut best: Option<(f64, usize, usize, usize)> = None;
        for (k, layer) in layers.iter().enumerate() {
            for phase in 0..phases {
                for first in 0..n {
                    let worth = layer.worth[phase * size + at(first, n - 1)];
                    if worth > NEVER && best.is_none_or(|(most, ..)| worth > most + TIE) {
                        best = Some((worth, k, phase, first));
                    }
                }
            }
        }
        let (worth, mut k, mut phase, mut first) = best?;
        let (mut starts, mut last) = (vec![first], n - 1);
        while first > 0 {
            let (before, of_phase) = layers[k].before[phase * size + at(first, last)];
            (last, first, phase) = (first - 1, before as usize, usize::from(of_phase));
            k -= usize::from(is_counted);
            starts.push(first);
        }
        starts.reverse();
        Some(Found { worth, starts })
    }
}

/// A joining of the cells below a bin, by its last bin.
struct Joined {
    worth: f64,
    span: Span,
    first: u32,
    phase: u8,
}

impl Joined {
    /// More by more than rounding, or as much and met first.
    fn beats(&self, other: &Joined) -> bool {
        let more = self.worth - other.worth;
        more > TIE || more >= -TIE && (self.phase, self.first) < (other.phase, other.first)
    }
}

/// Joinings by the rate of their last bin, and the best of each beginning and end of the list.
struct Ending {
    all: Vec<Joined>,
    up_to: Vec<usize>,
    from: Vec<usize>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    const WAYS: [(Step, Option<Step>); 5] =
        [(Step::Any, None), (Step::Up, None), (Step::Down, None), (Step::Up, Some(Step::Down)), (Step::Down, Some(Step::Up))];

    /// Every joining, one after the other.
    fn brute(search: &Search<'_>) -> Option<f64> {
        let n = search.cells.len();
        let mut best = None;
        for cuts in 0..1u32 << (n - 1) {
            let mut bins = vec![search.cells[0]];
            let mut is_kept = true;
            for i in 1..n {
                let is_cut = cuts >> (i - 1) & 1 == 1;
                is_kept &= is_cut || !search.fixed[i - 1];
                if is_cut { bins.push(search.cells[i]) } else { bins.last_mut().unwrap().add(&search.cells[i]) }
            }
            let rates: Vec<f64> = bins.iter().map(|b| (search.rate)(b)).collect();
            let Rules { max_bins, min_weight, max_weight, min_events, min_gap, reach, steps } = search.rules;
            is_kept &= bins.len() <= max_bins;
            is_kept &= bins.iter().all(|b| b.weight >= min_weight && b.weight <= max_weight);
            is_kept &= bins.iter().all(|b| b.good >= min_events && b.weight - b.good >= min_events);
            is_kept &= rates.windows(2).all(|r| (r[1] - r[0]).abs() >= min_gap);
            is_kept &= bins.windows(2).all(|b| reach == 0.0 || (search.distance)(&b[0], &b[1]) >= reach * reach);
            let goes = |step: Step, r: &[f64]| match step {
                Step::Any => true,
                Step::Up => r.windows(2).all(|r| r[1] > r[0]),
                Step::Down => r.windows(2).all(|r| r[1] < r[0]),
            };
            is_kept &= match steps {
                (step, None) => goes(step, &rates),
                (first, Some(then)) => (0..rates.len()).any(|turn| goes(first, &rates[..=turn]) && goes(then, &rates[turn..])),
            };
            if is_kept {
                let worth: f64 = bins.iter().map(|b| (search.worth)(b)).sum();
                best = Some(best.map_or(worth, |most: f64| most.max(worth)));
            }
        }
        best
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(4), ..ProptestConfig::default() })]
        #[test]
        fn every_joining_tried_by_hand_is_no_better(
            cells in prop::collection::vec((1u8..30, 0u8..=30), 1..9),
            fixed in prop::collection::vec(prop::bool::weighted(0.1), 9),
            limits in (1usize..9, 0u8..25, 60u8..=255, 0u8..6, 0u8..20, 0u8..3),
        ) {
            let cells: Vec<Sums> = cells.iter().map(|(w, g)| {
                let good = f64::from((*g).min(*w));
                Sums { weight: f64::from(*w), good, square: good }
            }).collect();
            let total = cells.iter().fold(Sums::default(), |mut sum, c| { sum.add(c); sum });
            let (max_bins, min_weight, max_weight, min_events, gap, reach) = limits;
            let rate = |s: &Sums| (s.good + 0.5) / (s.weight + 1.0);
            let worth = |s: &Sums| s.weight * (s.mean() - total.mean()) * (s.mean() - total.mean());
            let distance = |a: &Sums, b: &Sums| {
                let (mut both, d) = (*a, a.mean() - b.mean());
                both.add(b);
                let p = both.mean();
                if d == 0.0 { 0.0 } else { d * d / (p * (1.0 - p) * (1.0 / a.weight + 1.0 / b.weight)) }
            };
            for steps in WAYS {
                let search = Search {
                    cells: &cells,
                    fixed: &fixed[..cells.len()],
                    rules: Rules {
                        max_bins,
                        min_weight: f64::from(min_weight),
                        max_weight: f64::from(max_weight),
                        min_events: f64::from(min_events),
                        min_gap: f64::from(gap) / 100.0,
                        reach: f64::from(reach) * 0.7,
                        steps,
                    },
                    worth: &worth,
                    rate: &rate,
                    distance: &distance,
                };
                let (found, wanted) = (search.best(), brute(&search));
                prop_assert_eq!(found.is_some(), wanted.is_some(), "{:?}", steps);
                if let (Some(found), Some(wanted)) = (found, wanted) {
                    prop_assert!((found.worth - wanted).abs() < 1e-9, "{:?}: {} {}", steps, found.worth, wanted);
                    // What it says it found is worth what it says.
                    let ends = found.starts[1..].iter().copied().chain([cells.len()]);
                    let again: f64 = found.starts.iter().zip(ends).map(|(from, to)| {
                        worth(&cells[*from..to].iter().fold(Sums::default(), |mut sum, c| { sum.add(c); sum }))
                    }).sum();
                    prop_assert!((again - wanted).abs() < 1e-9 && found.starts.len() <= max_bins);
                }
            }
        }
    }
}
