//! Why: every draw of the imaginary town comes from a stream named by (seed, concern, subject), so that one concern never disturbs another:
//! a town without ability keeps the very same conduct, and the first thousand debtors of a large town are those of a small one.

/// What a stream of draws is for. Two concerns of one subject share nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Latent ability, willingness and tendency to conceal.
    Latent = 1,
    /// Names, numbers, addresses, ages.
    Identity = 2,
    /// Assets.
    Property = 3,
    /// Income and other debts.
    Income = 4,
    /// Who owes what to whom, and since when.
    Case = 5,
    /// Means-free conduct: reports, summons, transfers.
    Conduct = 6,
    /// Changes of circumstance.
    Trajectory = 7,
    /// Which channel answers, and when.
    Inquiry = 8,
    /// Holds, sales, deductions.
    Enforcement = 9,
    /// Payments of the debtor's own will.
    Payment = 10,
    /// Lists and other measures.
    Measure = 11,
    /// Closing, stays, objections, clerks' habits.
    Court = 12,
    /// Judgments before any enforcement.
    Judgment = 13,
    /// Faults mixed into the export.
    Dirt = 14,
}

/// A SplitMix64 generator.
#[derive(Clone, Debug)]
pub struct Stream(u64);

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Stream {
    /// The stream of one concern of one subject (a debtor, a case), with a second number for a part of it.
    pub fn new(seed: u64, concern: Concern, subject: u64, part: u64) -> Self {
        let mut state = mix(seed.wrapping_add(GAMMA));
        for word in [concern as u64, subject, part] {
            state = mix(state ^ word.wrapping_mul(GAMMA).wrapping_add(GAMMA));
        }
        Self(state)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// A number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with probability `p`; one draw whatever `p` is.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A whole number between both ends, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = (high - low + 1).max(1) as f64;
        low + (self.unit() * span) as i64
    }

    /// A number of days between both ends, both included.
    pub fn days(&mut self, low: i32, high: i32) -> i32 {
        self.between(i64::from(low), i64::from(high)) as i32
    }

    /// A standard normal number (Box-Muller, two draws).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.unit())).sqrt();
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }

    /// An exponential waiting time with the given mean.
    pub fn waiting(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }

    /// One of the choices, all alike; the first if there is but one.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let at = (self.unit() * choices.len() as f64) as usize;
        choices[at.min(choices.len() - 1)]
    }

    /// One of the weighted choices.
    pub fn weighted<T: Copy>(&mut self, choices: &[(T, f64)]) -> T {
        let total: f64 = choices.iter().map(|(_, weight)| weight).sum();
        let mut rest = self.unit() * total;
        for (choice, weight) in choices {
            rest -= weight;
            if rest < 0.0 {
                return *choice;
            }
        }
        choices[choices.len() - 1].0
    }
}

/// The logistic function.
pub fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// Whole fen from a number of yuan, rounded to whole yuan as people owe them.
pub fn fen(yuan: f64) -> i64 {
    (yuan.clamp(0.0, 1.0e11).round() as i64) * 100
}

/// A share of an amount, rounded half up, never above the amount for shares up to one.
pub fn part_of(amount: i64, share: f64) -> i64 {
    (amount as f64 * share + 0.5).floor() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_apart_and_repeat() {
        let draw = |concern, subject| Stream::new(1, concern, subject, 0).bits();
        assert_eq!(draw(Concern::Latent, 5), draw(Concern::Latent, 5));
        assert_ne!(draw(Concern::Latent, 5), draw(Concern::Latent, 6));
        assert_ne!(draw(Concern::Latent, 5), draw(Concern::Conduct, 5));
    }

    #[test]
    fn moments_are_right() {
        let mut stream = Stream::new(7, Concern::Latent, 0, 0);
        let draws: Vec<f64> = (0..20_000).map(|_| stream.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05);
    }
}
