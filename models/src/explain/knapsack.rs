//! The cheapest choice of at most one level a feature whose gains reach a need: a multiple-choice knapsack (Kellerer, Pferschy and Pisinger, *Knapsack Problems*,
//! 2004, chapter 11), solved exactly in whole numbers. Features are decided one by one; of the partial choices only those are kept that no other dominates, and
//! whose cost, with the least the features to come could cost if levels could be split, does not exceed the best choice known.

use crate::error::{Error, Result};

/// Most features that may be chosen from: one bit each in [`Choice::features`].
pub(super) const MOST_FEATURES: usize = 64;
/// Most partial choices kept; reached only by problems made to be hard.
const MOST_STATES: usize = 1 << 18;

/// One level of a feature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    /// Not below 0.
    pub cost: i64,
    /// Above 0.
    pub gain: i64,
}

/// What may be taken in any amount, after all else: of a feature on which `Problem::levels` is empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slope {
    pub feature: usize,
    /// Paid and gained before the first amount.
    pub start: Level,
    /// Cost of one unit of gain.
    pub price: f64,
    /// Most gain beyond the start.
    pub most: i64,
}

pub(super) struct Problem<'a> {
    /// Levels of each feature, none where it has none to offer.
    pub levels: &'a [Vec<Level>],
    pub slope: Option<Slope>,
    pub need: i64,
    /// Most features changed.
    pub most: usize,
}

/// A choice that reaches the need. The lesser one is the better: by cost, then features changed, then features in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub cost: i64,
    pub changed: usize,
    /// Features changed, the first at the highest bit.
    pub features: u64,
    /// Feature and level.
    pub picks: Vec<(usize, usize)>,
    /// Gain taken of the slope beyond its start.
    pub amount: i64,
}

impl Choice {
    pub fn is_better(&self, than: &Choice) -> bool {
        let rank = |c: &Choice| (c.cost, c.changed, std::cmp::Reverse(c.features));
        rank(self) < rank(than)
    }
}

/// A partial choice.
#[derive(Clone, Copy)]
struct State {
    cost: i64,
    gain: i64,
    changed: usize,
    features: u64,
    /// Position of its last pick; the first entry is none.
    last: usize,
}

fn bit(feature: usize) -> u64 {
    1 << (MOST_FEATURES - 1 - feature)
}

/// The least that gains could cost if levels could be split: increments along the hull of each feature, the cheapest first.
struct Relaxed {
    gain: Vec<i64>,
    cost: Vec<i64>,
}

/// One step along the hull of a feature.
#[derive(Clone, Copy)]
struct Increment {
    gain: i64,
    cost: i64,
    feature: usize,
    level: usize,
}

impl Increment {
    fn price(&self) -> f64 {
        self.cost as f64 / self.gain as f64
    }
}

/// The steps of one feature from nothing along the lower hull of (gain, cost).
fn hull(feature: usize, levels: &[Level]) -> Vec<Increment> {
    let (mut at, mut steps) = (Level { cost: 0, gain: 0 }, Vec::new());
    loop {
        let step = |level: usize| Increment { gain: levels[level].gain - at.gain, cost: levels[level].cost - at.cost, feature, level };
        let next = (0..levels.len()).map(step).filter(|s| s.gain > 0);
        let best = next.min_by(|a, b| a.price().total_cmp(&b.price()).then(b.gain.cmp(&a.gain)));
        let Some(best) = best else { return steps };
        at = levels[best.level];
        steps.push(best);
    }
}

impl Relaxed {
    fn of(steps: &[Increment]) -> Self {
        let sum = |of: fn(&Increment) -> i64| {
            let mut total = 0_i64;
            steps
                .iter()
                .map(|step| {
                    total = total.saturating_add(of(step));
                    total
                })
                .collect()
        };
        Relaxed { gain: sum(|s| s.gain), cost: sum(|s| s.cost) }
    }

    /// Least cost of a need, rounded down; `None` if it is out of reach.
    fn least(&self, need: i64) -> Option<i64> {
        if need <= 0 {
            return Some(0);
        }
        let at = self.gain.partition_point(|gain| *gain < need);
        let end = *self.gain.get(at)?;
        let (from, paid) = if at == 0 { (0, 0) } else { (self.gain[at - 1], self.cost[at - 1]) };
        let part = (need - from) as f64 / (end - from) as f64 * (self.cost[at] - paid) as f64;
        Some(paid.saturating_add((part * (1.0 - 1e-9)) as i64))
    }
}

/// The best choice, if the need can be reached at all.
///
/// # Errors
/// [`Error::Unsupported`] for a problem of too many equal ways.
pub(super) fn least(problem: &Problem<'_>) -> Result<Option<Choice>> {
    let n = problem.levels.len();
    let mut relaxed = vec![Relaxed::of(&[])];
    let mut steps: Vec<Increment> = problem.slope.iter().filter(|s| s.most > 0).map(slope_step).collect();
    for feature in (0..n).rev() {
        steps.extend(hull(feature, &problem.levels[feature]));
        steps.sort_by(|a, b| a.price().total_cmp(&b.price()));
        relaxed.push(Relaxed::of(&steps));
    }
    relaxed.reverse();
    if let Some(last) = relaxed.last_mut() {
        *last = Relaxed::of(&problem.slope.iter().filter(|s| s.most > 0).map(slope_step).collect::<Vec<_>>());
    }
    let mut search = Search { problem, best: None, picks: vec![(0, 0, 0)] };
    let (start, changed, features) = problem.slope.map_or((Level { cost: 0, gain: 0 }, 0, 0), |s| (s.start, 1, bit(s.feature)));
    if changed > problem.most {
        return Ok(None);
    }
    let start = State { cost: start.cost, gain: start.gain, changed, features, last: 0 };
    search.round_up(start, &steps);
    let mut states = vec![start];
    search.finish(&start);
    for feature in 0..n {
        states = search.decide(feature, states, &relaxed[feature + 1]);
        if states.len() > MOST_STATES {
            let what = format!("more than {MOST_STATES} ways that cost and gain alike");
            return Err(Error::Unsupported { algorithm: "counterfactual", what, remedy: "fewer actionable features" });
        }
    }
    Ok(search.best)
}

fn slope_step(slope: &Slope) -> Increment {
    Increment { gain: slope.most, cost: (slope.price * slope.most as f64) as i64, feature: slope.feature, level: usize::MAX }
}

struct Search<'a> {
    problem: &'a Problem<'a>,
    best: Option<Choice>,
    /// Feature, level, and the pick before.
    picks: Vec<(usize, usize, usize)>,
}

impl Search<'_> {
    /// A first choice to beat: the split one rounded up, without the slope.
    fn round_up(&mut self, start: State, steps: &[Increment]) {
        let mut taken: Vec<Option<usize>> = vec![None; self.problem.levels.len()];
        let total = |taken: &[Option<usize>], of: fn(&Level) -> i64| -> i64 {
            taken.iter().zip(self.problem.levels).filter_map(|(t, levels)| t.map(|t| of(&levels[t]))).fold(0, i64::saturating_add)
        };
        for step in steps.iter().filter(|step| step.level != usize::MAX) {
            if start.gain.saturating_add(total(&taken, |l| l.gain)) >= self.problem.need {
                break;
            }
            taken[step.feature] = Some(step.level);
        }
        let picks: Vec<(usize, usize)> = taken.iter().enumerate().filter_map(|(f, t)| t.map(|t| (f, t))).collect();
        let choice = Choice {
            cost: start.cost.saturating_add(total(&taken, |l| l.cost)),
            changed: start.changed + picks.len(),
            features: picks.iter().fold(start.features, |mask, (f, _)| mask | bit(*f)),
            picks,
            amount: 0,
        };
        if start.gain.saturating_add(total(&taken, |l| l.gain)) >= self.problem.need && choice.changed <= self.problem.most {
            self.best = Some(choice);
        }
    }

    /// Every state with the feature left alone, and with each of its levels; what cannot win is left out.
    fn decide(&mut self, feature: usize, states: Vec<State>, rest: &Relaxed) -> Vec<State> {
        let mut next: Vec<State> = Vec::with_capacity(states.len() * 2);
        for state in &states {
            if self.may_win(state, rest) {
                next.push(*state);
            }
            if state.changed == self.problem.most {
                continue;
            }
            for (at, level) in self.problem.levels[feature].iter().enumerate() {
                let with = State {
                    cost: state.cost.saturating_add(level.cost),
                    gain: state.gain.saturating_add(level.gain),
                    changed: state.changed + 1,
                    features: state.features | bit(feature),
                    last: self.picks.len(),
                };
                if !self.may_win(&with, rest) {
                    continue;
                }
                self.picks.push((feature, at, state.last));
                self.finish(&with);
                if with.gain < self.problem.need {
                    next.push(with);
                }
            }
        }
        self.undominated(next)
    }

    fn may_win(&self, state: &State, rest: &Relaxed) -> bool {
        match rest.least(self.problem.need - state.gain) {
            Some(least) => self.best.as_ref().is_none_or(|best| state.cost.saturating_add(least) <= best.cost),
            None => false,
        }
    }

    /// Takes a state as a choice if, perhaps with some of the slope, it reaches the need and is the best so far.
    fn finish(&mut self, state: &State) {
        let amount = (self.problem.need - state.gain).max(0);
        let within = self.problem.slope.map_or(amount == 0, |s| amount <= s.most);
        if !within {
            return;
        }
        let price = self.problem.slope.map_or(0.0, |s| libm::ceil(s.price * amount as f64));
        let cost = state.cost.saturating_add(price as i64);
        let mut choice = Choice { cost, changed: state.changed, features: state.features, picks: Vec::new(), amount };
        if self.best.as_ref().is_none_or(|best| choice.is_better(best)) {
            let mut at = state.last;
            while at != 0 {
                let (feature, level, before) = self.picks[at];
                choice.picks.push((feature, level));
                at = before;
            }
            choice.picks.reverse();
            self.best = Some(choice);
        }
    }

    /// The states that no other makes needless: one that costs no more, changes no more and gains no less; among equals the first features win.
    fn undominated(&self, mut states: Vec<State>) -> Vec<State> {
        states.sort_by_key(|s| (s.cost, s.changed, std::cmp::Reverse(s.features), std::cmp::Reverse(s.gain)));
        let mut most_gain = vec![i64::MIN; MOST_FEATURES + 1];
        states.retain(|state| {
            let is_needless = most_gain[..=state.changed].iter().any(|gain| *gain >= state.gain);
            most_gain[state.changed] = most_gain[state.changed].max(state.gain);
            !is_needless
        });
        states
    }
}
