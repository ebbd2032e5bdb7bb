//! Small counties swing by chance: the empirical-Bayes rate pulls each toward the rate of its province, the more the fewer residents it has.
//!
//! Gamma-Poisson by moments (Marshall 1991, "Mapping disease and mortality rates using empirical Bayes estimators"): with rates r, residents e, the
//! province's rate m and the residents-weighted mean s² of (r − m)², the variance between places is A = max(0, s² − m / mean(e)) and
//! smoothed = m + A / (A + m / e) × (r − m). Without variance beyond chance every place reads the province's rate. Only places whose figures are
//! printed take part: a variance that knew the hidden ones would give them away. Sums run in the order given, which is that of the region codes.

/// Smoothed rates per resident of places given as (count, residents), toward the rate `whole`; `None` for a place without residents.
pub fn toward(whole: f64, places: &[(i64, i64)]) -> Vec<Option<f64>> {
    let known: Vec<(f64, f64)> = places.iter().filter(|p| p.1 > 0).map(|p| (p.0 as f64, p.1 as f64)).collect();
    let residents: f64 = known.iter().map(|p| p.1).sum();
    if known.is_empty() {
        return vec![None; places.len()];
    }
    let spread: f64 = known.iter().map(|(n, e)| e * (n / e - whole) * (n / e - whole)).sum::<f64>() / residents;
    let between = (spread - whole * known.len() as f64 / residents).max(0.0);
    let one = |&(n, e): &(i64, i64)| {
        (e > 0).then(|| {
            let (n, e) = (n as f64, e as f64);
            let chance = whole / e;
            let own = if between + chance > 0.0 { between / (between + chance) } else { 0.0 };
            whole + own * (n / e - whole)
        })
    };
    places.iter().map(one).collect()
}

/// The rate of several places together, per resident; `None` where nobody lives.
pub fn pooled(places: &[(i64, i64)]) -> Option<f64> {
    let known = || places.iter().filter(|p| p.1 > 0);
    let residents = known().map(|p| p.1).fold(0_i64, i64::saturating_add);
    let count = known().map(|p| p.0).fold(0_i64, i64::saturating_add);
    (residents > 0).then(|| count as f64 / residents as f64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_small_place_moves_further_than_a_large_one() {
        let places = [(400, 1_000_000), (3, 1_000), (900, 1_000_000), (100, 1_000_000)];
        let whole = pooled(&places).unwrap();
        let smooth = toward(whole, &places);
        let kept = |i: usize| (smooth[i].unwrap() - whole) / (places[i].0 as f64 / places[i].1 as f64 - whole);
        assert!(kept(1) > 0.0 && kept(1) < kept(2) && kept(2) < 1.0);
    }

    #[test]
    fn a_worked_case() {
        // Whole 0.0015; spread 2.5e-7; between = 2.5e-7 - 0.0015 * 2 / 200000 = 2.35e-7; own share = 2.35e-7 / (2.35e-7 + 1.5e-8) = 0.94.
        let smooth = toward(0.0015, &[(100, 100_000), (200, 100_000)]);
        assert!((smooth[0].unwrap() - (0.0015 - 0.94 * 0.0005)).abs() < 1e-12);
        assert!((smooth[1].unwrap() - (0.0015 + 0.94 * 0.0005)).abs() < 1e-12);
    }

    #[test]
    fn no_variance_beyond_chance_gives_the_whole_and_no_residents_give_none() {
        let places = [(10, 100_000), (11, 100_000), (4, 0)];
        let whole = pooled(&places).unwrap();
        assert!((whole - 21.0 / 200_000.0).abs() < 1e-15);
        let smooth = toward(whole, &places);
        assert!((smooth[0].unwrap() - whole).abs() < 1e-15);
        assert_eq!(smooth[2], None);
        assert_eq!(toward(0.1, &[(1, 0)]), [None]);
    }
}
