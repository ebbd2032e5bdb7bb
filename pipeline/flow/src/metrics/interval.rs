//! How far a regional figure may be chance: the exact Poisson interval for counts over residents, Wilson's for shares of a count.
//!
//! The Poisson interval (Garwood 1936) for a count n is from the 2.5 % quantile of a gamma of shape n to the 97.5 % quantile of a gamma of shape n + 1,
//! which are the chi-square quantiles of 2n and 2n + 2 degrees, halved. The quantile is found by bisection of the regularised incomplete gamma function
//! (series below shape + 1, Lentz's continued fraction above), to the last bit, with `libm` alone: the same bits on every machine.

/// One tail of a 95 % interval.
const TAIL: f64 = 0.025;
/// 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Exact 95 % interval for the mean of a Poisson count.
pub fn poisson(count: i64) -> (f64, f64) {
    let n = count.max(0) as f64;
    let low = if count <= 0 { 0.0 } else { gamma_quantile(n, TAIL) };
    (low, gamma_quantile(n + 1.0, 1.0 - TAIL))
}

/// Wilson's 95 % interval for a share of `of` units; `None` where there is no unit.
pub fn wilson(count: i64, of: i64) -> Option<(f64, f64)> {
    if of <= 0 {
        return None;
    }
    let (n, p) = (of as f64, count as f64 / of as f64);
    let zz = Z * Z;
    let middle = (p + zz / (2.0 * n)) / (1.0 + zz / n);
    let half = Z / (1.0 + zz / n) * libm::sqrt(p * (1.0 - p) / n + zz / (4.0 * n * n));
    Some(((middle - half).clamp(0.0, p), (middle + half).clamp(p, 1.0)))
}

/// Newcombe's 95 % interval for the share of the first less that of the second (method 10 of Statistics in Medicine 17, 1998); `None` where either has no
/// unit.
pub fn difference((a, of_a): (i64, i64), (b, of_b): (i64, i64)) -> Option<(f64, f64)> {
    let ((low_a, high_a), (low_b, high_b)) = (wilson(a, of_a)?, wilson(b, of_b)?);
    let (p, q) = (a as f64 / of_a as f64, b as f64 / of_b as f64);
    let root = |x: f64, y: f64| libm::sqrt(x * x + y * y);
    Some((p - q - root(p - low_a, high_b - q), p - q + root(high_a - p, q - low_b)))
}

/// The x at which a gamma of this shape (scale 1) has probability `p` below it.
fn gamma_quantile(shape: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 2.0 * shape + 20.0);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if gamma_below(shape, middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// Regularised lower incomplete gamma function P(a, x).
fn gamma_below(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 { front * series(a, x) } else { 1.0 - front * fraction(a, x) }
}

/// Enough terms for any count a country can have; both sums stop as soon as a term no longer moves them.
const TERMS: usize = 1_000_000;

fn series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0 / a, 1.0 / a);
    for k in 1..TERMS {
        term *= x / (a + k as f64);
        let next = sum + term;
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

fn fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / away(b);
    let mut h = d;
    for k in 1..TERMS {
        let k = k as f64;
        let an = -k * (k - a);
        b += 2.0;
        d = 1.0 / away(an * d + b);
        c = away(b + an / c);
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn near(found: f64, expected: f64, by: f64) {
        assert!((found - expected).abs() <= by, "found {found}, expected {expected}");
    }

    #[test]
    fn poisson_limits_are_those_of_the_printed_tables() {
        // Garwood's limits, checked with 60-digit arithmetic; 10 is the usual example of the textbooks.
        for (count, low, high) in [(0, 0.0, 3.688_879), (1, 0.025_318, 5.571_643), (10, 4.795_389, 18.390_356), (100, 81.363_99, 121.626_8)]
        {
            let (l, h) = poisson(count);
            near(l, low, 5e-5);
            near(h, high, 5e-4);
        }
    }

    #[test]
    fn large_counts_approach_the_normal_interval() {
        let (low, high) = poisson(1_000_000);
        near(low, 1_000_000.0 - Z * 1_000.0, 3.0);
        near(high, 1_000_000.0 + Z * 1_000.0, 4.0);
    }

    #[test]
    fn wilson_matches_its_published_example() {
        // Newcombe 1998, 81 of 263: 0.2553 to 0.3662.
        let (low, high) = wilson(81, 263).unwrap();
        near(low, 0.2553, 5e-5);
        near(high, 0.3662, 5e-5);
        assert_eq!(wilson(0, 0), None);
    }
}
