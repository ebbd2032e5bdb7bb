//! Quantiles of the normal distribution.

use crate::error::{Error, Result};

/// Standard errors to either side that hold the share `level` of a normal distribution: 1.96 for 0.95.
///
/// # Errors
/// [`Error::Parameter`] unless 0 < level < 1.
pub fn two_sided(level: f64) -> Result<f64> {
    if level > 0.0 && level < 1.0 { Ok(quantile(0.5 + level / 2.0)) } else { Err(out_of_range(level)) }
}

/// How likely a normal deviate at least as far from 0 as `z` is: 0.05 for 1.96.
pub fn two_sided_p(z: f64) -> f64 {
    libm::erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// The error of a level outside 0 to 1.
pub(crate) fn out_of_range(level: f64) -> Error {
    Error::Parameter { name: "level", found: level, expected: "between 0 and 1" }
}

/// Distribution function.
fn below(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// Quantile for 0.5 <= p < 1, by Newton steps from 0 on the distribution function, which is concave there: each step falls short of the root
/// or on it, so none overshoots.
fn quantile(p: f64) -> f64 {
    let mut x = 0.0;
    for _ in 0..200 {
        let density = libm::exp(-0.5 * x * x) / libm::sqrt(2.0 * std::f64::consts::PI);
        let next = x + (p - below(x)) / density;
        if !next.is_finite() || next <= x {
            break;
        }
        x = next;
    }
    x
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn the_familiar_ones() {
        for (level, wanted) in
            [(0.5, 0.674_489_750_196_082), (0.9, 1.644_853_626_951_472), (0.95, 1.959_963_984_540_054), (0.999, 3.290_526_731_491_926)]
        {
            assert!((two_sided(level).unwrap() - wanted).abs() < 1e-9);
        }
        assert!(two_sided(1.0).is_err() && two_sided(0.0).is_err() && two_sided(f64::NAN).is_err());
    }
}
