//! Rounds of boosting over bags. Each bag holds out the groups of one fold; all bags go on in step, and stop where the rows held out, each by one bag, are told best
//! together: every row is judged once, by steps that never saw it.
//!
//! Within a round the loss stands as the parabola it is at the start of the round (Newton's method), and steps follow one another on it: so the gradient of a row
//! is one product away, no exponential a step. Each step goes to the term that gains most (greedy, as InterpretML's `greedy_ratio` has it: a feature that tells little
//! waits until the others have told what they can). One pass over the rows takes the last term's steps and sums for the next.

use rayon::prelude::*;

use super::step::{CELLS, Code, Histogram, How, Term};
use crate::linear::link::softplus;

/// Rounds between two looks at the rows held out.
const LOOK: u32 = 2;
/// How far one term may go in a round, in log-odds, before the parabolas are drawn anew.
const FAR: f64 = 0.3;
/// Rounds between two looks at what every term gains.
const CYCLE: u32 = 8;

/// Rows in training, merged and in order.
pub(super) struct Rows {
    pub label: Vec<f64>,
    pub weight: Vec<f64>,
    /// The bag that holds the row out.
    pub fold: Vec<u32>,
    /// Number of its group; rows lie group by group.
    pub group: Vec<u32>,
}

impl Rows {
    /// Mean label.
    pub fn rate(&self) -> f64 {
        self.label.iter().zip(&self.weight).map(|(y, w)| y * w).sum::<f64>() / self.weight.iter().sum::<f64>()
    }
}

/// One bag.
#[derive(Clone)]
pub(super) struct Bag {
    number: u32,
    /// Log-odds of each row.
    logit: Vec<f32>,
    /// What this round has added to them.
    shift: Vec<f32>,
    /// Slope and bend of the loss of each row at the start of the round; 0 for the rows held out.
    slope: Vec<[f32; 2]>,
    /// What the next step of each term gained when last looked at.
    gains: Vec<f64>,
}

/// Scores of one bag: term by term, cell by cell.
pub(super) type Scores = Vec<Vec<f64>>;

/// How far to go.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub most: u32,
    pub patience: u32,
}

/// Where boosting stopped.
pub(super) struct Outcome {
    /// One a bag.
    pub scores: Vec<Scores>,
    /// Rounds taken.
    pub rounds: u32,
    /// Log-loss of the rows held out before the first round, and there, per unit of weight.
    pub loss: [f64; 2],
}

impl Bag {
    /// A bag in which every row has the same log-odds.
    pub fn new(number: u32, rows: usize, logit: f64) -> Self {
        Bag { number, logit: vec![logit as f32; rows], shift: vec![0.0; rows], slope: vec![[0.0; 2]; rows], gains: Vec::new() }
    }

    /// Log-loss of the rows held out.
    fn loss(&self, rows: &Rows) -> f64 {
        let held = (0..rows.fold.len()).filter(|i| rows.fold[*i] == self.number);
        held.map(|i| rows.weight[i] * loss(self.logit(i), rows.label[i])).sum()
    }

    /// Log-odds of one row.
    pub fn logit(&self, i: usize) -> f64 {
        f64::from(self.logit[i])
    }

    /// Adds scores to the rows, or takes them away.
    pub fn add<T: Term>(&mut self, terms: &[T], scores: &Scores, sign: f64) {
        for (term, score) in terms.iter().zip(scores) {
            self.logit.iter_mut().zip(term.codes()).for_each(|(logit, code)| *logit += (sign * score[code.at()]) as f32);
        }
    }

    /// The parabolas of this round.
    fn begin(&mut self, rows: &Rows) {
        for (i, slope) in self.slope.iter_mut().enumerate() {
            let p = quick_sigmoid(self.logit[i]);
            let weight = if rows.fold[i] == self.number { 0.0 } else { rows.weight[i] as f32 };
            *slope = [weight * (p - rows.label[i] as f32), weight * p * (1.0 - p)];
        }
        self.shift.fill(0.0);
    }

    /// As many steps as there are terms, each on the term that gains most, while the parabolas hold.
    fn round<T: Term>(&mut self, rows: &Rows, terms: &[T], scores: &mut Scores, how: &How, is_survey: bool) {
        self.begin(rows);
        if is_survey {
            self.survey(terms, scores, how);
        }
        // A look that takes no step puts its term where it belongs in the order; the number of looks ends them all.
        let (mut steps, mut looks) = (terms.len(), 2 * terms.len());
        let mut last: Option<(usize, [f32; CELLS])> = None;
        let mut is_far = false;
        while steps > 0 && looks > 0 && !is_far {
            looks -= 1;
            let Some((at, rival)) = self.leader() else { break };
            let histogram = match &last {
                Some((before, step)) => self.pass(terms[*before].codes(), step, terms[at].codes()),
                None => self.pass(terms[at].codes(), &[0.0; CELLS], terms[at].codes()),
            };
            let climb = climb(&terms[at], histogram, &mut scores[at], how, rival, steps);
            self.gains[at] = climb.gain;
            steps -= climb.steps;
            is_far = climb.is_far;
            last = (climb.steps > 0).then(|| (at, climb.taken.map(|s| s as f32)));
        }
        if let Some((before, step)) = &last {
            self.shift.iter_mut().zip(terms[*before].codes()).for_each(|(shift, code)| *shift += step[code.at()]);
        }
        self.logit.iter_mut().zip(&self.shift).for_each(|(logit, shift)| *logit += shift);
    }

    /// Looks at what a step on each term would gain.
    fn survey<T: Term>(&mut self, terms: &[T], scores: &Scores, how: &How) {
        self.gains = vec![0.0; terms.len()];
        for (at, term) in terms.iter().enumerate().filter(|(_, term)| !term.is_flat()) {
            let histogram = self.pass(term.codes(), &[0.0; CELLS], term.codes());
            self.gains[at] = term.step(&histogram, &scores[at], how).map_or(0.0, |(gain, _)| gain);
        }
    }

    /// The term that gains most, the first of equals, and what the next best gains.
    fn leader(&self) -> Option<(usize, f64)> {
        let mut best: Option<(usize, f64)> = None;
        for (at, gain) in self.gains.iter().enumerate() {
            if *gain > best.map_or(0.0, |b| b.1) {
                best = Some((at, *gain));
            }
        }
        let rival = self
            .gains
            .iter()
            .enumerate()
            .filter(|(at, _)| Some(*at) != best.map(|b| b.0))
            .fold(0.0, |most: f64, (_, gain)| most.max(*gain));
        best.map(|(at, _)| (at, rival))
    }

    /// Takes a step on the cells of one term, and sums slope and bend over the cells of another. Two sums by turns, so that a row need not wait for the sum of
    /// the row before it.
    fn pass<C: Code>(&mut self, from: &[C], step: &[f32; CELLS], to: &[C]) -> Histogram {
        let (mut even, mut odd) = ([[0.0_f64; 2]; CELLS], [[0.0_f64; 2]; CELLS]);
        let one = |shift: &mut f32, slope: &[f32; 2], from: C, to: C, sums: &mut Histogram| {
            *shift += step[from.at()];
            let sum = &mut sums[to.at()];
            sum[0] += f64::from(slope[0] + slope[1] * *shift);
            sum[1] += f64::from(slope[1]);
        };
        let mut shifts = self.shift.chunks_exact_mut(2);
        let (mut slopes, mut from, mut to) = (self.slope.chunks_exact(2), from.chunks_exact(2), to.chunks_exact(2));
        for (((shift, slope), a), b) in (&mut shifts).zip(&mut slopes).zip(&mut from).zip(&mut to) {
            one(&mut shift[0], &slope[0], a[0], b[0], &mut even);
            one(&mut shift[1], &slope[1], a[1], b[1], &mut odd);
        }
        let rest = shifts.into_remainder().iter_mut().zip(slopes.remainder()).zip(from.remainder()).zip(to.remainder());
        rest.for_each(|(((shift, slope), a), b)| one(shift, slope, *a, *b, &mut even));
        even.iter_mut().zip(&odd).for_each(|(a, b)| *a = [a[0] + b[0], a[1] + b[1]]);
        even
    }
}

/// Log-loss of one row.
pub(super) fn loss(logit: f64, label: f64) -> f64 {
    softplus(logit) - label * logit
}

/// What one term did on its own.
struct Climb {
    /// What was added to its scores.
    taken: [f64; CELLS],
    steps: usize,
    /// What its next step would gain.
    gain: f64,
    /// Whether it went so far that the parabolas no longer hold.
    is_far: bool,
}

/// Steps on one term, as long as it gains more than `rival`, at most `most`. On the parabolas its own sums after a step follow from those before it, so only
/// another term needs a pass over the rows.
fn climb<T: Term>(term: &T, mut histogram: Histogram, scores: &mut [f64], how: &How, rival: f64, most: usize) -> Climb {
    let mut climb = Climb { taken: [0.0; CELLS], steps: 0, gain: 0.0, is_far: false };
    while let Some((gain, step)) = term.step(&histogram, scores, how) {
        climb.gain = gain;
        let goes_far = climb.taken.iter().zip(&step).any(|(taken, step)| (taken + step).abs() > FAR);
        if gain < rival || climb.steps == most {
            return climb;
        }
        climb.is_far = goes_far;
        if goes_far && climb.steps > 0 {
            return climb;
        }
        climb.steps += 1;
        scores.iter_mut().zip(&step).for_each(|(score, step)| *score += step);
        for ((cell, step), taken) in histogram.iter_mut().zip(&step).zip(&mut climb.taken) {
            cell[0] += step * cell[1];
            *taken += step;
        }
    }
    climb.gain = 0.0;
    climb
}

/// Boosts the terms in all bags, which afterwards stand where the rows held out are told best.
pub(super) fn boost<T: Term>(bags: &mut [Bag], rows: &Rows, terms: &[T], how: &How, limits: Limits) -> Outcome {
    let start = bags.to_vec();
    let zero: Scores = terms.iter().map(|term| vec![0.0; term.cells()]).collect();
    let mut scores = vec![zero; bags.len()];
    let total: f64 = rows.weight.iter().sum();
    let judged = |bags: &[Bag]| bags.iter().map(|bag| bag.loss(rows)).sum::<f64>() / total;
    let before = judged(bags);
    let mut best = Outcome { scores: scores.clone(), rounds: 0, loss: [before; 2] };
    let mut rounds = 0;
    while rounds < limits.most && rounds - best.rounds < limits.patience {
        let turns = LOOK.min(limits.most - rounds);
        bags.par_iter_mut()
            .zip(&mut scores)
            .for_each(|(bag, scores)| (0..turns).for_each(|turn| bag.round(rows, terms, scores, how, (rounds + turn) % CYCLE == 0)));
        rounds += turns;
        let loss = judged(bags);
        if loss < best.loss[1] {
            best = Outcome { scores: scores.clone(), rounds, loss: [before, loss] };
        }
    }
    bags.par_iter_mut().zip(start).zip(&best.scores).for_each(|((bag, start), scores)| {
        *bag = start;
        bag.add(terms, scores, 1.0);
    });
    best
}

/// Probability of a log-odds to about seven digits, in operations that are the same on every machine; what is fitted is judged by `libm`.
fn quick_sigmoid(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 × 2²³: adding it and taking it away rounds to a whole number
    let x = x.clamp(-30.0, 30.0);
    let whole = x * -std::f32::consts::LOG2_E + ROUND;
    let shift = whole.to_bits().wrapping_sub(ROUND.to_bits());
    let rest = -x - (whole - ROUND) * std::f32::consts::LN_2;
    let mut exp = 1.0 / 720.0;
    for term in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        exp = exp * rest + term;
    }
    let power = f32::from_bits(shift.wrapping_add(127) << 23);
    1.0 / (1.0 + exp * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_sigmoid_is_the_sigmoid() {
        for i in -3000..=3000 {
            let x = f64::from(i) / 100.0;
            let exact = crate::linear::link::sigmoid(x);
            assert!(
                (f64::from(quick_sigmoid(x as f32)) - exact).abs() < 1e-6 * exact.max(1e-3),
                "{x}: {} {exact}",
                quick_sigmoid(x as f32)
            );
        }
    }
}
