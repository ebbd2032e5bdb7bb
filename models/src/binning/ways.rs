//! One search among joinings: what may stand, what may follow what, and the best way back.

use super::search::{Found, NEVER, ROUNDING, Rules, Search, Step, Sums, TIE, at};

/// What one bin each of a joining is worth at best, by phase and last bin.
pub(super) struct Layer(pub(super) Vec<f64>);

/// A joining of the cells below a bin, by its last bin.
#[derive(Clone, Copy)]
pub(super) struct Joined {
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
    pub(super) fn ending(&self, ways: &Ways<'_>, last: usize) -> Vec<Ending> {
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
pub(super) struct Ending {
    last: usize,
    all: Vec<Joined>,
    up_to: Vec<Joined>,
    from: Vec<Joined>,
}

/// One search: what may stand, and what may follow what.
pub(super) struct Ways<'a> {
    pub(super) search: &'a Search,
    pub(super) rules: &'a Rules,
    pub(super) distance: &'a dyn Fn(&Sums, &Sums) -> f64,
    pub(super) is_whole: Vec<bool>,
}

/// Of the bins that end below a bin, by rate: it may rise from the first so many, and fall from those from so many on.
#[derive(Clone, Copy, Default)]
pub(super) struct Follows {
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
    pub(super) fn follows(&self) -> Vec<Follows> {
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
    pub(super) fn first_layer(&self) -> Layer {
        let Search { n, spans, .. } = self.search;
        let mut layer = Layer(vec![NEVER; spans.len() * self.phases()]);
        (0..*n).map(|last| at(0, last)).filter(|slot| self.is_whole[*slot]).for_each(|slot| layer.0[slot] = spans[slot].worth);
        layer
    }

    /// Every bin that begins with cell `first`, put on the best of those that end below it.
    pub(super) fn extend(&self, below: Vec<Ending>, layer: &mut Layer, first: usize, follows: &[Follows]) {
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

    pub(super) fn trace(&self, layers: &[Layer], follows: &[Follows], is_counted: bool) -> Option<Found> {
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
