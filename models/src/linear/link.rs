//! Between probability and log-odds. `libm`, not the platform's functions: their last digit differs from machine to machine.

/// Probability of the log-odds `x`; saturates at 0 and 1 without overflow.
pub fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + libm::exp(-x))
    } else {
        let e = libm::exp(x);
        e / (1.0 + e)
    }
}

/// Log-odds of the probability `p`; ±∞ at 1 and 0.
pub fn logit(p: f64) -> f64 {
    libm::log(p) - libm::log1p(-p)
}

/// ln(1 + eˣ) without overflow: the negative log-likelihood of a row with label 0 and log-odds `x`.
pub(crate) fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}
