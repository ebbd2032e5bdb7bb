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

/// The best joinings with so many bins, by phase and last bin; and the bin before the last: its first cell and phase.
struct Layer {
    worth: Vec<f64>,
    before: Vec<(u32, u8)>,
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
        let (n, size) = (self.n, self.spans.len());
        if n == 0 {
            return None;
        }
        let is_whole = self.whole(fixed, rules);
        let phases = if rules.steps.1.is_some() { 2 } else { 1 };
        // Without a limit one layer holds joinings of any number of bins: those it builds on end earlier and are there already.
        let is_counted = rules.max_bins < n;
        let mut layers: Vec<Layer> = Vec::new();
        for k in 0..if is_counted { rules.max_bins } else { 1 } {
            let mut layer = Layer { worth: vec![NEVER; size * phases], before: vec![(0, 0); size * phases] };
            if k == 0 {
                (0..n).filter(|last| is_whole[at(0, *last)]).for_each(|last| layer.worth[at(0, last)] = self.spans[at(0, last)].worth);
            }
            for first in 1..n {
                for phase in 0..phases {
                    let ending = match (is_counted, k.checked_sub(1)) {
                        (false, _) => self.ending(&layer, first - 1, phase),
                        (true, Some(below)) => self.ending(&layers[below], first - 1, phase),
                        (true, None) => continue,
                    };
                    for last in (first..n).filter(|last| is_whole[at(first, *last)]) {
                        let span = &self.spans[at(first, last)];
                        if let Some(before) = ending.before(self, rules, phase, span, distance) {
                            let slot = phase * size + at(first, last);
                            layer.worth[slot] = before.worth + span.worth;
                            layer.before[slot] = (before.first, before.phase);
                        }
                    }
                }
            }
            layers.push(layer);
        }
        self.trace(&layers, phases, is_counted)
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

    /// The joinings that end with cell `last` and may go on in a phase.
    fn ending(&self, below: &Layer, last: usize, phase: usize) -> Ending {
        let mut ending =
            Ending { last, rates: Vec::with_capacity(last + 1), all: Vec::with_capacity(last + 1), up_to: Vec::new(), from: Vec::new() };
        for &first in &self.by_rate[last] {
            let slot = at(first as usize, last);
            let mut best: Option<Joined> = None;
            for of in 0..=phase {
                let worth = below.worth[of * self.spans.len() + slot];
                let joined = Joined { worth, first, phase: of as u8 };
                if worth > NEVER && best.as_ref().is_none_or(|best| joined.beats(best)) {
                    best = Some(joined);
                }
            }
            if let Some(best) = best {
                ending.rates.push(self.spans[slot].rate);
                ending.all.push(best);
            }
        }
        let better = |best: &mut Option<usize>, i: usize| {
            *best = Some(best.map_or(i, |b| if ending.all[i].beats(&ending.all[b]) { i } else { b }));
            *best
        };
        let up_to: Vec<usize> = (0..ending.all.len()).scan(None, better).collect();
        let mut from: Vec<usize> = (0..ending.all.len()).rev().scan(None, better).collect();
        from.reverse();
        Ending { up_to, from, ..ending }
    }

    fn trace(&self, layers: &[Layer], phases: usize, is_counted: bool) -> Option<Found> {
        let (n, size) = (self.n, self.spans.len());
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
#[derive(Clone, Copy)]
struct Joined {
    worth: f64,
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

/// The joinings that end with one cell by the rate of their last bin, and the best of each beginning and end of the list.
struct Ending {
    last: usize,
    rates: Vec<f64>,
    all: Vec<Joined>,
    up_to: Vec<usize>,
    from: Vec<usize>,
}

impl Ending {
    /// The best of the joinings that a bin may follow in a phase.
    fn before(&self, search: &Search, rules: &Rules, phase: usize, span: &Span, distance: &dyn Fn(&Sums, &Sums) -> f64) -> Option<&Joined> {
        let step = if phase == 0 { rules.steps.0 } else { rules.steps.1.unwrap_or(Step::Any) };
        let better = |best: Option<usize>, i: usize| Some(best.map_or(i, |b| if self.all[i].beats(&self.all[b]) { i } else { b }));
        // By rate, those a bin may rise from come first and those it may fall from last; of each the best is known.
        let rises = || self.rates.partition_point(|rate| rules.admits(Step::Up, *rate, span.rate)).checked_sub(1).map(|i| self.up_to[i]);
        let falls = || self.from.get(self.rates.partition_point(|rate| !rules.admits(Step::Down, *rate, span.rate))).copied();
        let best = if rules.reach > 0.0 {
            let sums = |i: usize| &search.spans[at(self.all[i].first as usize, self.last)].sums;
            let is_far = |i: &usize| distance(sums(*i), &span.sums) >= rules.reach * rules.reach * (1.0 - ROUNDING);
            (0..self.all.len()).filter(|i| rules.admits(step, self.rates[*i], span.rate)).filter(is_far).fold(None, better)
        } else {
            match step {
                Step::Up => rises(),
                Step::Down => falls(),
                Step::Any if rules.min_gap == 0.0 => self.up_to.last().copied(),
                Step::Any => rises().into_iter().chain(falls()).fold(None, better),
            }
        };
        best.map(|i| &self.all[i])
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
