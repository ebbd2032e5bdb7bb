//! Stability against numpy and scipy, the chance that two samples of one world differ, and counting by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod truth;

use luheng_models::assess;
use luheng_models::binning::{Bin, Bins, Special};
use truth::Draws;

fn close(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance, "found {found}, wanted {wanted}");
}

#[test]
fn stability_is_the_formula_with_its_rule_for_empty_cells() {
    // numpy: shares no less than half a row of their side, Σ (a − e) ln(a / e).
    let got = assess::psi(&[120.0, 300.0, 0.0, 80.0], &[100.0, 200.0, 10.0, 0.0]).unwrap();
    close(got.psi, 0.864_408_269_333_737_8, 1e-12);
    assert_eq!((got.raised, got.cells.len()), (2, 4));
    let same = assess::psi(&[10.0, 20.0, 0.0], &[5.0, 10.0, 0.0]).unwrap();
    assert_eq!((same.psi, same.raised), (0.0, 0), "in proportion; empty on both sides counts nothing");
    close(same.by_chance, 1.0 / 30.0 + 1.0 / 15.0, 1e-15);
    let shares = assess::psi_of_shares(&[0.24, 0.6, 0.0, 0.16], &[10.0, 20.0, 1.0, 0.0], (500.0, 310.0)).unwrap();
    close(shares.psi, got.psi, 1e-12);
    // Against scipy's χ² at 95 %.
    for (cells, wanted) in [(2, 3.841_459), (3, 5.991_465), (4, 7.814_728), (10, 16.918_978)] {
        let even = vec![1000.0; cells];
        let limit = assess::psi(&even, &even).unwrap().limit / (2.0 / (1000.0 * cells as f64));
        close(limit, wanted, 0.025 * wanted);
    }
    for (wrong, right) in [
        (vec![], vec![]),
        (vec![1.0], vec![1.0, 2.0]),
        (vec![0.0, 0.0], vec![1.0, 1.0]),
        (vec![-1.0, 2.0], vec![1.0, 1.0]),
        (vec![f64::NAN, 2.0], vec![1.0, 1.0]),
    ] {
        assert!(assess::psi(&wrong, &right).is_err() && assess::psi(&right, &wrong).is_err());
    }
}

#[test]
fn scores_of_one_world_are_stable_and_of_another_are_not() {
    let scores = |n: usize, shift: f64, seed: u64| {
        let mut draws = Draws(seed);
        (0..n).map(|_| draws.normal() + shift).collect::<Vec<f64>>()
    };
    let (mut above, mut mean, mut chance) = (0, 0.0, 0.0);
    for seed in 0..400 {
        let (e, a) = (scores(2000, 0.0, 1000 + seed), scores(500, 0.0, 5000 + seed));
        let got = assess::psi_of_scores((&e, &vec![1.0; 2000]), (&a, &vec![1.0; 500]), 10).unwrap();
        assert_eq!(got.cells.len(), 11, "ten cells, missing apart");
        above += usize::from(got.psi > got.limit);
        mean += got.psi / 400.0;
        chance = got.by_chance;
    }
    println!("PSI of 400 pairs of samples of one world: mean {mean:.4}, expected by chance {chance:.4}; {above} above the limit");
    close(mean, chance, 0.15 * chance);
    assert!((8..=40).contains(&above), "5 % is 20: {above}");
    // Two normals a half apart: PSI is the sum of both divergences, 0.25; ten cells see most of it.
    let moved = assess::psi_of_scores((&scores(100_000, 0.0, 1), &vec![1.0; 100_000]), (&scores(100_000, 0.5, 2), &vec![1.0; 100_000]), 10)
        .unwrap();
    close(moved.psi, 0.245, 0.01);
    let top = assess::psi_of_scores((&[1.0, 2.0, 2.0, 2.0], &[1.0; 4]), (&[0.0, 2.0, 3.0], &[1.0; 3]), 4).unwrap();
    assert_eq!(top.cells.iter().map(|c| c.actual).collect::<Vec<_>>(), [1.0 / 3.0, 2.0 / 3.0, 0.0], "the last cell has no upper end");
    let ties = assess::psi_of_scores((&[1.0, 1.0, 1.0, 2.0], &[1.0; 4]), (&[1.0, 2.0, 3.0, f64::NAN], &[1.0; 4]), 4).unwrap();
    let actual: Vec<f64> = ties.cells.iter().map(|c| c.actual).collect();
    assert_eq!(actual, [0.25, 0.5, 0.25], "equal scores share a cell; above all is in the last; missing has its own");
}

#[test]
fn a_feature_is_held_against_the_bins_it_was_learnt_in() {
    let bin = |weight: f64, woe: f64| Bin { weight, good: 0.5 * weight, woe };
    let bins = Bins {
        upper: vec![1.0, 5.0],
        bins: vec![bin(50.0, -0.5), bin(30.0, 0.0), bin(10.0, 1.0)],
        missing: bin(10.0, -0.2),
        special: vec![Special { value: -9.0, bin: bin(0.0, 0.0) }],
        information: 0.1,
    };
    let today = [1.0, 0.0, 2.0, 5.0, 6.0, 7.0, f64::INFINITY, f64::NAN, f64::NEG_INFINITY, -9.0];
    let got = assess::csi(&bins, &today, &[1.0; 10]).unwrap();
    let by_hand = assess::psi(&[50.0, 30.0, 10.0, 10.0, 0.0], &[3.0, 2.0, 3.0, 1.0, 1.0]).unwrap();
    assert_eq!(got.stability, by_hand);
    close(got.shift, (0.3 - 0.5) * -0.5 + (0.3 - 0.1), 1e-12);
    let twice = assess::csi(&bins, &today, &[2.0; 10]).unwrap();
    close(twice.shift, got.shift, 1e-12);
    assert!(assess::csi(&Bins { upper: vec![5.0, 1.0], ..bins }, &today, &[1.0; 10]).is_err());
}
