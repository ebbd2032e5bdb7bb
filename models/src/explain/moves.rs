//! Where one feature of a model may go, what that gains, and what it costs.

use super::counterfactual::{Ask, Price, Way};
use crate::additive::Shape;
use crate::additive::axis::Edges;
use crate::error::{Error, Result};
use crate::linear::logistic;
use crate::model::Model;

/// One change, whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    pub to: f64,
    pub above: f64,
    pub up_to: f64,
    pub cost: f64,
    pub gain: f64,
}

/// A change in any amount.
#[derive(Clone, Debug)]
pub(super) struct Line {
    of: logistic::Line,
    /// Contribution now.
    now: f64,
    /// Where the line starts: the value itself, held within the range seen, or the mean if it is missing.
    from: f64,
    /// Where it ends.
    end: f64,
    pub start_cost: f64,
    pub start_gain: f64,
    /// Cost of one unit of gain.
    pub price: f64,
    /// Most gain beyond the start.
    pub most: f64,
}

/// All that may be done to one feature; every one gains something.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves {
    pub fixed: Vec<Move>,
    pub line: Option<Line>,
}

/// A bin as all tables have it.
struct Step {
    above: f64,
    up_to: f64,
    share: f64,
    score: f64,
}

/// What `ask` allows of feature `feature`, now at `x`.
///
/// # Errors
/// [`Error::Unsupported`] for a model without tables or lines, or a price it cannot tell.
pub(super) fn moves(model: &Model, feature: usize, x: f64, ask: &Ask) -> Result<Moves> {
    let no = |what: &str, remedy| Err(Error::Unsupported { algorithm: model.name(), what: what.to_owned(), remedy });
    match model {
        Model::Scorecard(card) => {
            let attribute = &card.attributes[feature];
            let bins = &attribute.bins;
            let total: f64 = bins.bins.iter().map(|bin| bin.weight).sum();
            let above = [f64::NEG_INFINITY].into_iter().chain(bins.upper.iter().copied());
            let up_to = bins.upper.iter().copied().chain([f64::INFINITY]);
            let steps: Vec<Step> = (above.zip(up_to).zip(&bins.bins))
                .map(|((above, up_to), bin)| Step { above, up_to, share: bin.weight / total, score: attribute.coefficient * bin.woe })
                .collect();
            let is_special = |x: f64| bins.special.iter().any(|special| special.value == x);
            Ok(Moves { fixed: along(&steps, bins.index(x), x, attribute.contribution(x), ask, &is_special), line: None })
        }
        Model::Additive(sum) if sum.pairs.is_empty() => Ok(Moves { fixed: of_shape(&sum.shapes[feature], x, ask), line: None }),
        Model::Additive(_) => no("counterfactuals with pairs", "a model without pairs"),
        Model::Logistic(logistic) => match ask.price {
            Price::Step(_) => no("a price by bins", "a price by share or by unit"),
            _ => Ok(on_line(&logistic.lines[feature], x, ask)),
        },
        _ => no("counterfactuals", "a scorecard, a logistic or an additive model"),
    }
}

fn of_shape(shape: &Shape, x: f64, ask: &Ask) -> Vec<Move> {
    let now = shape.contribution(x);
    match &shape.edges {
        Edges::Values(values) => of_categories(values, shape, x, now, ask),
        Edges::Upper(_) => {
            let total: f64 = shape.cells.iter().map(|cell| cell.weight).sum();
            let step = |(bin, cell): (usize, &crate::additive::Cell)| {
                let (above, up_to) = shape.edges.range(bin);
                Step { above, up_to, share: cell.weight / total, score: cell.score }
            };
            let steps: Vec<Step> = shape.cells.iter().enumerate().map(step).collect();
            let present = (!x.is_nan()).then(|| shape.edges.index(x));
            along(&steps, present, x, now, ask, &|_| false)
        }
    }
}

/// Every other category within the bounds, at the price itself.
fn of_categories(values: &[f64], shape: &Shape, x: f64, now: f64, ask: &Ask) -> Vec<Move> {
    let (Price::Share(price) | Price::Step(price) | Price::Unit(price)) = ask.price;
    let cost = match ask.filing {
        _ if !x.is_nan() => price,
        Some(filing) => filing + price,
        None => return Vec::new(),
    };
    if ask.way != Way::Either {
        return Vec::new();
    }
    let within = values.iter().filter(|v| v.is_finite() && (ask.at_least..=ask.at_most).contains(*v));
    let to = |v: &f64| Move { to: *v, above: *v, up_to: *v, cost, gain: shape.contribution(*v) - now };
    within.map(to).filter(|to| to.gain > 0.0).collect()
}

/// Every other bin that may be reached and gains something. `present` is the bin of a value in order, `None` for one that is missing or special.
fn along(steps: &[Step], present: Option<usize>, x: f64, now: f64, ask: &Ask, is_special: &dyn Fn(f64) -> bool) -> Vec<Move> {
    let filing = match (present, ask.filing) {
        (Some(_), _) => 0.0,
        (None, Some(filing)) => filing,
        (None, None) => return Vec::new(),
    };
    let start = present.unwrap_or_else(|| middle(steps));
    let mut moves = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let allowed = match ask.way {
            _ if present.is_none() => true,
            Way::Up => at > start,
            Way::Down => at < start,
            Way::Either => at != start,
        };
        let gain = step.score - now;
        if !allowed || gain <= 0.0 {
            continue;
        }
        let Some(to) = nearest(step, at >= start && step.above.is_finite(), ask, is_special) else { continue };
        let bins = at.abs_diff(start) as f64;
        let cost = match ask.price {
            Price::Share(_) if at == start => 0.0,
            Price::Share(price) => price * passed(steps, start, at),
            Price::Step(price) => price * bins,
            Price::Unit(price) => present.map_or(0.0, |_| price * (to - x).abs()),
        };
        moves.push(Move { to, above: step.above, up_to: step.up_to, cost: filing + cost, gain });
    }
    moves
}

/// The bin of the middle training row.
fn middle(steps: &[Step]) -> usize {
    let mut sum = 0.0;
    steps
        .iter()
        .position(|step| {
            sum += step.share;
            sum >= 0.5
        })
        .unwrap_or(0)
}

/// Share of the training rows between two bins, and half of the first.
fn passed(steps: &[Step], from: usize, to: usize) -> f64 {
    let between = if from < to { from + 1..to } else { to + 1..from };
    0.5 * steps[from].share + steps[between].iter().map(|step| step.share).sum::<f64>()
}

/// The value of a bin nearest to one below it (or above), within the bounds.
fn nearest(step: &Step, from_below: bool, ask: &Ask, is_special: &dyn Fn(f64) -> bool) -> Option<f64> {
    let (low, high) = (step.above.next_up().max(ask.at_least), step.up_to.min(ask.at_most));
    let mut to = if from_below { low } else { high };
    if is_special(to) {
        to = if from_below { to.next_up() } else { to.next_down() };
    }
    (low <= to && to <= high && to.is_finite()).then_some(to)
}

/// A slope as a move in any amount, and as a whole one.
fn on_line(of: &logistic::Line, x: f64, ask: &Ask) -> Moves {
    let now = of.contribution(x);
    let filing = match ask.filing {
        _ if !x.is_nan() => 0.0,
        Some(filing) => filing,
        None => return Moves::default(),
    };
    let from = if x.is_nan() { of.centre() } else { x.clamp(of.low, of.high) };
    let rises = of.slope_per_unit() > 0.0;
    let end = if rises { of.high.min(ask.at_most) } else { of.low.max(ask.at_least) };
    let may = match ask.way {
        _ if x.is_nan() || of.slope_per_unit() == 0.0 => of.slope_per_unit() != 0.0,
        Way::Up => rises,
        Way::Down => !rises,
        Way::Either => true,
    };
    // Bounds also hold for the value a missing one is given first.
    let from = if x.is_nan() { from.clamp(ask.at_least, ask.at_most) } else { from };
    let ahead = if rises { end > from } else { end < from };
    let start_gain = of.contribution(from) - now;
    let approach = if x.is_nan() { 0.0 } else { (from - x).abs() };
    let (start_cost, price) = match ask.price {
        Price::Unit(price) => (filing + price * approach, price / of.slope_per_unit().abs()),
        Price::Share(price) | Price::Step(price) => (filing, price / of.slope.abs()),
    };
    let most = if may && ahead { of.contribution(end) - of.contribution(from) } else { 0.0 };
    let line = Line { of: of.clone(), now, from, end, start_cost, start_gain: if x.is_nan() { start_gain } else { 0.0 }, price, most };
    let mut fixed = Vec::new();
    if x.is_nan() && start_gain > 0.0 && from.is_finite() {
        fixed.push(Move { to: from, above: from, up_to: from, cost: filing, gain: start_gain });
    }
    if most <= 0.0 {
        return Moves { fixed, line: None };
    }
    fixed.push(line.at(most));
    fixed.retain(|step| step.gain > 0.0);
    Moves { fixed, line: Some(line) }
}

impl Line {
    /// The move that gains `amount` beyond the start, or a little more.
    pub fn at(&self, amount: f64) -> Move {
        let goal = self.start_gain + amount;
        let per_unit = self.of.slope_per_unit();
        let (low, high) = (self.from.min(self.end), self.from.max(self.end));
        let mut to = (self.from + amount / per_unit).clamp(low, high);
        let mut nudge = (to.abs().max(self.of.high.abs()).max(self.of.low.abs())) * f64::EPSILON;
        while self.of.contribution(to) - self.now < goal && to != self.end {
            to = (to + if self.end > self.from { nudge } else { -nudge }).clamp(low, high);
            nudge *= 2.0;
        }
        let gain = self.of.contribution(to) - self.now;
        Move { to, above: to, up_to: to, cost: self.start_cost + self.price * (gain - self.start_gain).max(0.0), gain }
    }
}
