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

    pub(super) fn less(&self, other: &Sums) -> Sums {
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

/// Every possible bin of a row of cells, with what it is worth.
pub(super) struct Search {
    n: usize,
    spans: Vec<Span>,
    /// For each last cell, first cells by the rate of the bin between; equal rates by first cell.
    by_rate: Vec<Vec<u32>>,
}

/// A best joining.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    /// The objective.
    pub worth: f64,
    /// First cell of each bin.
    pub starts: Vec<usize>,
}

/// One possible bin.
#[derive(Clone, Copy)]
struct Span {
    sums: Sums,
    worth: f64,
    rate: f64,
}

/// Where a bin stands in the triangle of all.
fn at(first: usize, last: usize) -> usize {
    last * (last + 1) / 2 + first
}

impl Search {
    /// `cells` in order, none without weight; `worth` is what a bin adds to the objective, `rate` what trend and gap speak of.
    pub(super) fn new(cells: &[Sums], worth: &dyn Fn(&Sums) -> f64, rate: &dyn Fn(&Sums) -> f64) -> Search {
        let n = cells.len();
        let mut below = vec![Sums::default(); n + 1];
        for (i, cell) in cells.iter().enumerate() {
            below[i + 1] = below[i];
            below[i + 1].add(cell);
        }
        let mut spans = Vec::with_capacity(n * (n + 1) / 2);
        for last in 0..n {
            spans.extend((0..=last).map(|first| {
                let sums = below[last + 1].less(&below[first]);
                Span { sums, worth: worth(&sums), rate: rate(&sums) }
            }));
        }
        let order = |last: usize| {
            let mut firsts: Vec<u32> = (0..=last as u32).collect();
            let rate = |first: &u32| spans[at(*first as usize, last)].rate;
            firsts.sort_by(|a, b| rate(a).total_cmp(&rate(b)));
            firsts
        };
        Search { n, by_rate: (0..n).map(order).collect(), spans }
    }

    /// The optimum; `None` where no joining keeps the rules. `fixed` says after which cells a bin must end; `distance` gives the squared standard
    /// errors between two bins' means.
    pub(super) fn best(&self, fixed: &[bool], rules: &Rules, distance: &dyn Fn(&Sums, &Sums) -> f64) -> Option<Found> {
        if self.n == 0 {
            return None;
        }
        let ways = Ways { search: self, rules, distance, is_whole: self.whole(fixed, rules) };
        let follows = ways.follows();
        // Without a limit one layer holds joinings of any number of bins: those it builds on end earlier and are there already.
        let is_counted = rules.max_bins < self.n;
        let mut layers: Vec<Layer> = vec![ways.first_layer()];
        if is_counted {
            while layers.len() < rules.max_bins {
                let below = &layers[layers.len() - 1];
                let mut layer = Layer(vec![NEVER; below.0.len()]);
                (1..self.n).for_each(|first| ways.extend(below.ending(&ways, first - 1), &mut layer, first, &follows));
                if layer.0.iter().all(|worth| *worth == NEVER) {
                    break;
                }
                layers.push(layer);
            }
        } else {
            (1..self.n).for_each(|first| ways.extend(layers[0].ending(&ways, first - 1), &mut layers[0], first, &follows));
        }
        ways.trace(&layers, &follows, is_counted)
    }

    /// Which bins keep the rules of one bin.
    fn whole(&self, fixed: &[bool], rules: &Rules) -> Vec<bool> {
        let mut ends = vec![0u32; self.n + 1];
        for (i, is_fixed) in fixed.iter().enumerate() {
            ends[i + 1] = ends[i] + u32::from(*is_fixed);
        }
        let keeps = |sums: &Sums| {
            let at_least = |found: f64, least: f64| found >= least * (1.0 - ROUNDING);
            at_least(sums.weight, rules.min_weight)
                && at_least(rules.max_weight, sums.weight)
                && (rules.min_events == 0.0 || at_least(sums.good.min(sums.weight - sums.good), rules.min_events))
        };
        let is_cut = |first: usize, last: usize| ends[last] > ends[first];
        (0..self.n)
            .flat_map(|last| (0..=last).map(move |first| (first, last)))
            .map(|(first, last)| !is_cut(first, last) && keeps(&self.spans[at(first, last)].sums))
            .collect()
    }
}

/// What one bin each of a joining is worth at best, by phase and last bin.
struct Layer(Vec<f64>);

/// A joining of the cells below a bin, by its last bin.
#[derive(Clone, Copy)]
struct Joined {
    worth: f64,
    first: u32,
    phase: u8,
}

impl Joined {
    const NONE: Joined = Joined { worth: NEVER, first: 0, phase: 0 };

    /// More by more than rounding, or as much and met first.
    fn beats(&self, other: &Joined) -> bool {
        if other.worth == NEVER {
            return self.worth > NEVER;
        }
        let more = self.worth - other.worth;
        more > TIE || more >= -TIE && (self.phase, self.first) < (other.phase, other.first)
    }

    fn better(self, other: Joined) -> Joined {
        if other.beats(&self) { other } else { self }
    }
}

impl Layer {
    /// The joinings that end with cell `last`, one list a phase in which they may go on.
    fn ending(&self, ways: &Ways<'_>, last: usize) -> Vec<Ending> {
        (0..ways.phases()).map(|phase| self.ending_in(ways, last, phase)).collect()
    }

    fn ending_in(&self, ways: &Ways<'_>, last: usize, phase: usize) -> Ending {
        let (search, size) = (ways.search, ways.search.spans.len());
        let of = |first: &u32| {
            let slot = at(*first as usize, last);
            let joined = |phase: usize| Joined { worth: self.0[phase * size + slot], first: *first, phase: phase as u8 };
            (1..=phase).fold(joined(0), |best, phase| best.better(joined(phase)))
        };
        let all: Vec<Joined> = search.by_rate[last].iter().map(of).collect();
        let better = |best: &mut Joined, of: &Joined| {
            *best = best.better(*of);
            Some(*best)
        };
        // Either list is looked into only where the way goes so.
        let (rises, falls) = (ways.step(phase) != Step::Down, ways.step(phase) != Step::Up);
        let up_to = if rises { all.iter().scan(Joined::NONE, better).collect() } else { Vec::new() };
        let mut from: Vec<Joined> = if falls { all.iter().rev().scan(Joined::NONE, better).collect() } else { Vec::new() };
        from.reverse();
        Ending { last, all, up_to, from }
    }
}

/// The joinings that end with one cell by the rate of their last bin, and the best of each beginning and end of the list.
struct Ending {
    last: usize,
    all: Vec<Joined>,
    up_to: Vec<Joined>,
    from: Vec<Joined>,
}

/// One search: what may stand, and what may follow what.
struct Ways<'a> {
    search: &'a Search,
    rules: &'a Rules,
    distance: &'a dyn Fn(&Sums, &Sums) -> f64,
    is_whole: Vec<bool>,
}

/// Of the bins that end below a bin, by rate: it may rise from the first so many, and fall from those from so many on.
#[derive(Clone, Copy, Default)]
struct Follows {
    rises: u32,
    falls: u32,
}

impl Ways<'_> {
    fn phases(&self) -> usize {
        if self.rules.steps.1.is_some() { 2 } else { 1 }
    }

    fn step(&self, phase: usize) -> Step {
        if phase == 0 { self.rules.steps.0 } else { self.rules.steps.1.unwrap_or(Step::Any) }
    }

    /// What each bin may follow: the same whatever the number of bins below it, so found once.
    fn follows(&self) -> Vec<Follows> {
        let Search { n, spans, by_rate } = self.search;
        let mut follows = vec![Follows::default(); spans.len()];
        for first in 1..*n {
            let rates: Vec<f64> = by_rate[first - 1].iter().map(|below| spans[at(*below as usize, first - 1)].rate).collect();
            for last in (first..*n).filter(|last| self.is_whole[at(first, *last)]) {
                let rate = spans[at(first, last)].rate;
                follows[at(first, last)] = Follows {
                    rises: rates.partition_point(|low| self.rules.admits(Step::Up, *low, rate)) as u32,
                    falls: rates.partition_point(|low| !self.rules.admits(Step::Down, *low, rate)) as u32,
                };
            }
        }
        follows
    }

    /// Joinings of one bin.
    fn first_layer(&self) -> Layer {
        let Search { n, spans, .. } = self.search;
        let mut layer = Layer(vec![NEVER; spans.len() * self.phases()]);
        (0..*n).map(|last| at(0, last)).filter(|slot| self.is_whole[*slot]).for_each(|slot| layer.0[slot] = spans[slot].worth);
        layer
    }

    /// Every bin that begins with cell `first`, put on the best of those that end below it.
    fn extend(&self, below: Vec<Ending>, layer: &mut Layer, first: usize, follows: &[Follows]) {
        let size = self.search.spans.len();
        for (phase, ending) in below.iter().enumerate() {
            for last in first..self.search.n {
                let slot = at(first, last);
                if self.is_whole[slot] {
                    let before = self.before(ending, phase, slot, follows[slot]);
                    layer.0[phase * size + slot] = if before.worth > NEVER { before.worth + self.search.spans[slot].worth } else { NEVER };
                }
            }
        }
    }

    /// The best of the joinings that a bin may follow in a phase.
    fn before(&self, ending: &Ending, phase: usize, slot: usize, follows: Follows) -> Joined {
        if self.rules.reach > 0.0 {
            return self.before_by_distance(ending, phase, slot);
        }
        let rises = || (follows.rises as usize).checked_sub(1).map_or(Joined::NONE, |i| ending.up_to[i]);
        let falls = || ending.from.get(follows.falls as usize).copied().unwrap_or(Joined::NONE);
        match self.step(phase) {
            Step::Up => rises(),
            Step::Down => falls(),
            Step::Any if self.rules.min_gap == 0.0 => ending.up_to.last().copied().unwrap_or(Joined::NONE),
            Step::Any => rises().better(falls()),
        }
    }

    /// By p-value, those that a bin may follow do not lie together.
    fn before_by_distance(&self, ending: &Ending, phase: usize, slot: usize) -> Joined {
        let (rules, spans) = (self.rules, &self.search.spans);
        let may = |joined: &&Joined| {
            let below = &spans[at(joined.first as usize, ending.last)];
            rules.admits(self.step(phase), below.rate, spans[slot].rate)
                && (self.distance)(&below.sums, &spans[slot].sums) >= rules.reach * rules.reach * (1.0 - ROUNDING)
        };
        ending.all.iter().filter(may).fold(Joined::NONE, |best, joined| best.better(*joined))
    }

    fn trace(&self, layers: &[Layer], follows: &[Follows], is_counted: bool) -> Option<Found> {
        let (n, size) = (self.search.n, self.search.spans.len());
        let mut best: Option<(f64, usize, usize, usize)> = None;
        for (k, layer) in layers.iter().enumerate() {
            for phase in 0..self.phases() {
                for first in 0..n {
                    let worth = layer.0[phase * size + at(first, n - 1)];
                    if worth > NEVER && best.is_none_or(|(most, ..)| worth > most + TIE) {
                        best = Some((worth, k, phase, first));
                    }
                }
            }
        }
        let (worth, mut k, mut phase, mut first) = best?;
        let (mut starts, mut last) = (vec![first], n - 1);
        while first > 0 {
            // Found again rather than kept: what was best is best again.
            k -= usize::from(is_counted);
            let slot = at(first, last);
            let before = self.before(&layers[k].ending_in(self, first - 1, phase), phase, slot, follows[slot]);
            (last, first, phase) = (first - 1, before.first as usize, usize::from(before.phase));
            starts.push(first);
        }
        starts.reverse();
        Some(Found { worth, starts })
    }
}

impl Rules {
    /// Whether rates may go so from a bin to the next.
    fn admits(&self, step: Step, low: f64, high: f64) -> bool {
        let rise = high - low;
        let (rise, is_directed) = match step {
            Step::Up => (rise, true),
            Step::Down => (-rise, true),
            Step::Any => (rise.abs(), false),
        };
        rise >= self.min_gap * (1.0 - ROUNDING) && (!is_directed || rise > ROUNDING * ROUNDING)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    const WAYS: [(Step, Option<Step>); 5] =
        [(Step::Any, None), (Step::Up, None), (Step::Down, None), (Step::Up, Some(Step::Down)), (Step::Down, Some(Step::Up))];

    struct Tried<'a> {
        cells: &'a [Sums],
        fixed: &'a [bool],
        rules: Rules,
        worth: &'a dyn Fn(&Sums) -> f64,
        rate: &'a dyn Fn(&Sums) -> f64,
        distance: &'a dyn Fn(&Sums, &Sums) -> f64,
    }

    /// Every joining, one after the other.
    fn brute(search: &Tried<'_>) -> Option<f64> {
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
                let search = Tried {
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
                let found = Search::new(&cells, &worth, &rate).best(&fixed[..cells.len()], &search.rules, &distance);
                let wanted = brute(&search);
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
