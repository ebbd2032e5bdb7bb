//! Which pairs are looked at. Each pair once, however many rules it meets; what a cap leaves out is said.

use rayon::prelude::*;

use super::prepared::Prepared;
use super::spec::{Rule, Spec};
use crate::error::Result;

/// Which records are paired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// Every record with every other: to find duplicates.
    Within,
    /// Records without a known number with all others; two known numbers are never compared.
    Unknown,
}

/// Pairs of one task: about as many for each, so that threads share the work.
const TASK_PAIRS: u64 = 65_536;

/// Rows of one block that meet all others behind them.
struct Task {
    block: std::ops::Range<usize>,
    rows: std::ops::Range<usize>,
}

/// The pairs of one rule.
struct RuleBlocks {
    keys: Vec<u64>,
    /// Records with a key, by key; within a block the unknown ones first.
    order: Vec<u32>,
    blocks: Vec<std::ops::Range<usize>>,
}

/// The candidate pairs of several rules.
pub(super) struct Blocks<'a> {
    prepared: &'a Prepared<'a>,
    pairing: Pairing,
    rules: Vec<RuleBlocks>,
    /// What the caps left out, in words, without a value.
    pub warnings: Vec<String>,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(prepared: &'a Prepared<'a>, pairing: Pairing, rules: &[Rule], spec: &Spec) -> Result<Blocks<'a>> {
        let mut blocks = Blocks { prepared, pairing, rules: Vec::new(), warnings: Vec::new() };
        for rule in rules {
            let keys = prepared.keys(rule)?;
            let mut order: Vec<u32> = (0..keys.len() as u32).filter(|&row| keys[row as usize] != 0).collect();
            order.par_sort_unstable_by_key(|&row| (keys[row as usize], prepared.records.known[row as usize], row));
            let mut found = RuleBlocks { blocks: ranges(&order, &keys), order, keys };
            if let Some(warning) = blocks.cap(&mut found, spec) {
                blocks.warnings.push(format!("rule {}: {warning}", rule.name()));
            }
            blocks.rules.push(found);
        }
        Ok(blocks)
    }

    /// How many records of a block, from its first, are paired with all behind them.
    fn leaders(&self, rule: &RuleBlocks, block: &std::ops::Range<usize>) -> usize {
        match self.pairing {
            Pairing::Within => block.len(),
            Pairing::Unknown => rule.order[block.clone()].partition_point(|&row| !self.prepared.records.known[row as usize]),
        }
    }

    fn pairs(&self, rule: &RuleBlocks, block: &std::ops::Range<usize>) -> u64 {
        let (leaders, all) = (self.leaders(rule, block) as u64, block.len() as u64);
        leaders * all - leaders * (leaders + 1) / 2
    }

    /// Leaves out what is beyond the caps, the largest blocks first, and says so.
    fn cap(&self, rule: &mut RuleBlocks, spec: &Spec) -> Option<String> {
        let mut sized: Vec<(u64, u32, std::ops::Range<usize>)> =
            rule.blocks.iter().map(|b| (self.pairs(rule, b), rule.order[b.start], b.clone())).filter(|(n, ..)| *n > 0).collect();
        sized.sort_unstable_by_key(|(n, first, _)| (*n, *first));
        let mut total = 0;
        let kept = sized.iter().take_while(|(n, ..)| {
            total += n;
            *n <= spec.block_pairs && total <= spec.rule_pairs
        });
        let out = sized.split_off(kept.count());
        let mut blocks: Vec<_> = sized.into_iter().map(|(.., block)| block).collect();
        blocks.sort_unstable_by_key(|b| b.start);
        rule.blocks = blocks;
        let (mut pairs, mut records) = (0, 0);
        for (n, _, block) in &out {
            pairs += n;
            records += block.len();
            // Without a key the records count as unpaired by this rule, so that a later one may pair them.
            for &row in &rule.order[block.clone()] {
                rule.keys[row as usize] = 0;
            }
        }
        let found = format!("{} blocks left out, {records} records, {pairs} pairs", out.len());
        (!out.is_empty()).then(|| format!("{found}: more than {} pairs in a block or {} in the rule", spec.block_pairs, spec.rule_pairs))
    }

    /// Calls `look` for every pair, each once, from several threads; what the tasks made comes back in a fixed order.
    pub(super) fn tasks<T: Send>(&self, make: impl Fn() -> T + Sync, look: impl Fn(&mut T, u32, u32) + Sync) -> Vec<T> {
        let mut made = Vec::new();
        for place in 0..self.rules.len() {
            let tasks = self.split(&self.rules[place]);
            let done = tasks.par_iter().map(|task| {
                let mut state = make();
                self.run(place, task, &mut |a, b| look(&mut state, a, b));
                state
            });
            made.extend(done.collect::<Vec<T>>());
        }
        made
    }

    fn split(&self, rule: &RuleBlocks) -> Vec<Vec<Task>> {
        let (mut tasks, mut open, mut size) = (Vec::new(), Vec::new(), 0u64);
        for block in &rule.blocks {
            let mut start = 0;
            let leaders = self.leaders(rule, block);
            for row in 0..leaders {
                size += (block.len() - row) as u64;
                if size >= TASK_PAIRS || row + 1 == leaders {
                    open.push(Task { block: block.clone(), rows: start..row + 1 });
                    start = row + 1;
                }
                if size >= TASK_PAIRS {
                    tasks.push(std::mem::take(&mut open));
                    size = 0;
                }
            }
        }
        tasks.push(open);
        tasks
    }

    fn run(&self, place: usize, tasks: &[Task], look: &mut impl FnMut(u32, u32)) {
        let rule = &self.rules[place];
        let ids = &self.prepared.records.ids;
        for task in tasks {
            let rows = &rule.order[task.block.clone()];
            for first in task.rows.clone() {
                let a = rows[first];
                for &b in &rows[first + 1..] {
                    let (a, b) = (a.min(b), a.max(b));
                    let seen = self.rules[..place].iter().any(|r| r.keys[a as usize] != 0 && r.keys[a as usize] == r.keys[b as usize]);
                    if !seen && ids[a as usize] != ids[b as usize] {
                        look(a, b);
                    }
                }
            }
        }
    }

    /// How many pairs there are.
    pub(super) fn count(&self) -> u64 {
        self.tasks(|| 0u64, |n, _, _| *n += 1).iter().sum()
    }
}

fn ranges(order: &[u32], keys: &[u64]) -> Vec<std::ops::Range<usize>> {
    let key = |place: usize| keys[order[place] as usize];
    let mut start = 0;
    let mut found = Vec::new();
    for end in 1..=order.len() {
        if end == order.len() || key(end) != key(start) {
            if end - start > 1 {
                found.push(start..end);
            }
            start = end;
        }
    }
    found
}
