//! Which regional figures must not be printed, so that nobody is singled out: small cells, and those that would give a small cell away by subtraction.
//!
//! Figures stand in equations "whole = sum of its parts" (a city and its counties, a province and its cities, a count and its grounds). A cell of 1 to
//! `smallest - 1` units is hidden. Then, until nothing changes, every equation in which something is hidden must leave a reader at least two unknowns
//! whose sum, where the whole is printed, is not itself a small cell: else the smallest part still printed is hidden too (empty ones last), and where no
//! part is left, the whole.

/// One equation between cells, by their places in the list.
#[derive(Clone, Debug)]
pub struct Equation {
    /// The whole.
    pub whole: usize,
    /// Its parts, all of them.
    pub parts: Vec<usize>,
}

/// For each cell of `units`, whether it is hidden. `smallest` 0 or 1 hides nothing.
pub fn hidden(units: &[i64], equations: &[Equation], smallest: i64) -> Vec<bool> {
    let mut hide: Vec<bool> = units.iter().map(|&n| n > 0 && n < smallest).collect();
    loop {
        let mut changed = false;
        for equation in equations {
            while let Some(cell) = next_to_hide(units, &hide, equation, smallest) {
                hide[cell] = true;
                changed = true;
            }
        }
        if !changed {
            return hide;
        }
    }
}

/// The cell that this equation still needs hidden, if any.
fn next_to_hide(units: &[i64], hide: &[bool], equation: &Equation, smallest: i64) -> Option<usize> {
    let gone: Vec<usize> = equation.parts.iter().copied().filter(|&p| hide[p]).collect();
    let whole_gone = hide[equation.whole];
    let safe = match (whole_gone, gone.len()) {
        (false, 0) => true,
        (true, n) => n >= 1 || equation.parts.is_empty(),
        (false, 1) => false,
        (false, _) => gone.iter().map(|&p| units[p]).sum::<i64>() >= smallest,
    };
    if safe {
        return None;
    }
    let shown = equation.parts.iter().copied().filter(|&p| !hide[p]);
    shown.min_by_key(|&p| (units[p] == 0, units[p], p)).or((!whole_gone).then_some(equation.whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(whole: usize, parts: std::ops::Range<usize>) -> Equation {
        Equation { whole, parts: parts.collect() }
    }

    #[test]
    fn one_hidden_county_takes_the_next_smallest_with_it() {
        // Counties 3, 40, 25, 0; city 68: without the 25 hidden, 68 - 40 - 25 = 3.
        let hide = hidden(&[3, 40, 25, 0, 68], &[one(4, 0..4)], 10);
        assert_eq!(hide, [true, false, true, false, false]);
    }

    #[test]
    fn two_small_counties_hide_each_other_unless_their_sum_is_small() {
        assert_eq!(hidden(&[6, 7, 40, 53], &[one(3, 0..3)], 10), [true, true, false, false]);
        assert_eq!(hidden(&[1, 2, 40, 43], &[one(3, 0..3)], 10), [true, true, true, false]);
    }

    #[test]
    fn nothing_small_nothing_hidden() {
        assert_eq!(hidden(&[10, 0, 10], &[one(2, 0..2)], 10), [false, false, false]);
        assert_eq!(hidden(&[3, 4, 7], &[one(2, 0..2)], 0), [false, false, false]);
    }

    #[test]
    fn a_city_of_one_county_hides_with_it() {
        assert_eq!(hidden(&[4, 4], &[one(1, 0..1)], 10), [true, true]);
    }

    #[test]
    fn a_city_hidden_for_another_city_also_hides_a_county_of_its_own() {
        // Cells: counties a1 20, a2 30, city A 50; county b1 5, city B 5; city C 60; province 115.
        let equations = [one(2, 0..2), one(4, 3..4), Equation { whole: 6, parts: vec![2, 4, 5] }];
        let hide = hidden(&[20, 30, 50, 5, 5, 60, 115], &equations, 10);
        assert_eq!(hide, [true, false, true, true, true, false, false]);
    }
}
