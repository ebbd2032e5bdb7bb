//! Whether predictions put rows in the right order. Equal predictions are one step, so ties count half and the order of rows does not.

use super::{Row, Scored};

/// Area under the curve of hits against false alarms: the probability that a good row lies above a bad one, ties half (Hanley and McNeil
/// 1982). `None` without both.
pub fn auc(scored: &Scored) -> Option<f64> {
    let (mut bad_below, mut area, mut all_good) = (0.0, 0.0, 0.0);
    for tie in scored.ties() {
        let (good, bad) = (good(tie), bad(tie));
        area += good * (bad_below + 0.5 * bad);
        bad_below += bad;
        all_good += good;
    }
    let pairs = all_good * bad_below;
    match () {
        () if !(all_good > 0.0 && bad_below > 0.0) => None,
        // Rounding may lead a hair beyond.
        () if pairs >= f64::MIN_POSITIVE => Some((area / pairs).min(1.0)),
        // Weights so small that their products are lost: their ratios are not.
        () => super::auc_interval_of(scored, 0.5).ok().map(|interval| interval.auc),
    }
}

/// Greatest distance between the distribution functions of good and of bad. `None` without both.
pub fn ks(scored: &Scored) -> Option<f64> {
    let (all_good, all_bad) = (good(scored.rows()), bad(scored.rows()));
    if !(all_good > 0.0 && all_bad > 0.0) {
        return None;
    }
    let (mut good_below, mut bad_below, mut most) = (0.0, 0.0, 0.0_f64);
    for tie in scored.ties() {
        good_below += good(tie);
        bad_below += bad(tie);
        most = most.max((bad_below / all_bad - good_below / all_good).abs());
    }
    Some(most.min(1.0))
}

fn good(rows: &[Row]) -> f64 {
    rows.iter().map(|r| r.weight * r.label).sum()
}

fn bad(rows: &[Row]) -> f64 {
    rows.iter().map(|r| r.weight * (1.0 - r.label)).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn scored(p: &[f64], y: &[f64], w: &[f64]) -> Scored {
        Scored::new(p, y, w).unwrap()
    }

    #[test]
    fn ties_at_zero_count_half() {
        // Good above bad in 7 of 9 pairs, 1 tie more at zero: (7 + 0.5) / 9. linfa 0.8 drops the first segment here.
        let s = scored(&[0.0, 0.0, 0.2, 0.3, 0.6, 0.9], &[0.0, 1.0, 0.0, 0.0, 1.0, 1.0], &[1.0; 6]);
        assert!((auc(&s).unwrap() - 6.5 / 9.0).abs() < 1e-15);
        assert!((ks(&s).unwrap() - 2.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn a_constant_tells_nothing_and_a_perfect_order_all() {
        assert_eq!(auc(&scored(&[0.3; 4], &[0.0, 1.0, 1.0, 0.0], &[1.0, 2.0, 3.0, 4.0])), Some(0.5));
        assert_eq!(auc(&scored(&[0.1, 0.9], &[0.0, 1.0], &[5.0, 1.0])), Some(1.0));
    }

    #[test]
    fn rounding_does_not_lead_beyond_one_nor_small_weights_to_nothing() {
        // Found by drawing: the area came out as 1 + 2e-16.
        let labels = [0.999_999_999_999_999_9, 5e-324, 0.0, 1.0];
        let s = scored(
            &[0.466_308_534_634_99, 0.0, 0.0, 0.766_959_823_238_017_8],
            &labels,
            &[0.1, 4.842_624_077_386_804, 0.1, 4.073_698_652_736_581],
        );
        assert_eq!(auc(&s), Some(1.0));
        let light = scored(&[0.1, 0.3, 0.3, 0.9], &[0.0, 1.0, 0.0, 1.0], &[1e-200; 4]);
        assert!((auc(&light).unwrap() - 0.875).abs() < 1e-15);
    }

    #[test]
    fn a_share_counts_as_its_parts() {
        let share = scored(&[0.2, 0.7], &[0.25, 0.5], &[4.0, 2.0]);
        let parts = scored(&[0.2, 0.2, 0.7, 0.7], &[1.0, 0.0, 1.0, 0.0], &[1.0, 3.0, 1.0, 1.0]);
        assert_eq!((auc(&share), ks(&share)), (auc(&parts), ks(&parts)));
    }
}
