//! Sums of gradients over rows, one cell a code. All sums are of whole numbers: the order of rows cannot matter, and the larger child of a split is
//! exactly its parent less the smaller child.
//!
//! A cell is two words where it can be (the gradient; the second derivative and the weight in one), three where weights are not small whole
//! numbers. Which of the two depends on the weights alone, and a row of weight 2 gives both what the row twice gives.

use std::ops::Range;

use rayon::prelude::*;

use super::MISSING;
use super::codes::Codes;
use super::nearest;
use super::objective::Slope;

/// Bits of the greatest gradient; with weights that sum below 2³³ a sum stays below 2⁶².
const GRADIENT_BITS: i32 = 29;
/// Narrow cells hold whole weights that sum to less than 2²⁴.
const NARROW: f64 = 16_777_216.0;
/// Fewer rows than this a piece are not worth a second thread.
pub(super) const PIECE: usize = 8192;
/// Below so many rows it takes longer to make room for every code than to sum.
const FEW: usize = 512;

/// Weights as whole numbers of a unit that is a power of two.
pub(super) struct Weights {
    pub whole: Vec<i64>,
    pub unit: f64,
    /// Bits of their sum, where cells are narrow.
    narrow: Option<u32>,
}

/// 2ᵉ for exponents of normal numbers.
fn power(e: i32) -> f64 {
    libm::ldexp(1.0, e)
}

/// The least e with x < 2ᵉ; of the least normal number for less.
fn bits_above(x: f64) -> i32 {
    ((x.max(f64::MIN_POSITIVE).to_bits() >> 52) & 0x7FF) as i32 - 1022
}

impl Weights {
    pub(super) fn of(weight: &[f64]) -> Self {
        let total: f64 = weight.iter().sum();
        if total < NARROW && weight.iter().all(|w| *w == nearest(*w) as f64) {
            let bits = 64 - (total as u64).leading_zeros();
            return Weights { whole: weight.iter().map(|w| nearest(*w)).collect(), unit: 1.0, narrow: Some(bits) };
        }
        let unit = power((bits_above(total) - 32).max(-1000));
        Weights { whole: weight.iter().map(|w| nearest(w / unit).max(1)).collect(), unit, narrow: None }
    }

    /// Whether cells are narrow.
    pub(super) fn is_narrow(&self) -> bool {
        self.narrow.is_some()
    }
}

/// Sums over rows, in units of a [`Grid`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub gradient: i64,
    pub hessian: i64,
    pub weight: i64,
}

impl Sums {
    #[inline]
    pub(super) fn plus(self, other: Sums) -> Sums {
        Sums {
            gradient: self.gradient.wrapping_add(other.gradient),
            hessian: self.hessian.wrapping_add(other.hessian),
            weight: self.weight.wrapping_add(other.weight),
        }
    }

    #[inline]
    pub(super) fn minus(self, other: Sums) -> Sums {
        Sums {
            gradient: self.gradient.wrapping_sub(other.gradient),
            hessian: self.hessian.wrapping_sub(other.hessian),
            weight: self.weight.wrapping_sub(other.weight),
        }
    }
}

/// What the whole numbers of one tree stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub gradient: f64,
    pub hessian: f64,
    pub weight: f64,
    /// Bits of the weight in a narrow cell.
    weight_bits: u32,
}

/// A cell of a histogram: two words or three.
pub(super) type Cell<const N: usize> = [i64; N];

impl Grid {
    /// The grid of a tree, and each row's cell.
    pub(super) fn cells<const N: usize>(slopes: &[Slope], weights: &Weights) -> (Grid, Vec<Cell<N>>) {
        let most = |of: fn(&Slope) -> f64| slopes.par_iter().with_min_len(PIECE).map(of).reduce(|| 0.0, f64::max);
        let hessian_bits = weights.narrow.map_or(GRADIENT_BITS, |bits| (63 - 2 * bits as i32).min(GRADIENT_BITS));
        let (gradient, hessian) = (bits_above(most(|s| s.0.abs())) - GRADIENT_BITS, bits_above(most(|s| s.1)) - hessian_bits);
        let (by_gradient, by_hessian) = (power(-gradient), power(-hessian));
        let weight_bits = weights.narrow.unwrap_or(0);
        let cell = |(slope, w): (&Slope, &i64)| -> Cell<N> {
            let (g, h) = (nearest(slope.0 * by_gradient).wrapping_mul(*w), nearest(slope.1 * by_hessian).wrapping_mul(*w));
            let mut cell = [0; N];
            cell[0] = g;
            cell[1] = if N == 2 { h.wrapping_shl(weight_bits) | *w } else { h };
            cell[N - 1] |= *w;
            cell
        };
        let cells = slopes.par_iter().with_min_len(PIECE).zip(&weights.whole).map(cell).collect();
        let unit = weights.unit;
        (Grid { gradient: power(gradient) * unit, hessian: power(hessian) * unit, weight: unit, weight_bits }, cells)
    }

    /// A cell's sums.
    #[inline]
    pub(super) fn sums<const N: usize>(&self, cell: &Cell<N>) -> Sums {
        if N == 2 {
            let both = cell[1] as u64;
            let mask = (1_u64 << self.weight_bits) - 1;
            Sums { gradient: cell[0], hessian: (both >> self.weight_bits) as i64, weight: (both & mask) as i64 }
        } else {
            Sums { gradient: cell[0], hessian: cell[1], weight: cell[N - 1] }
        }
    }
}

/// Where the cells of each column of a tree lie in one vector: its known codes, then missing.
pub(super) struct Layout {
    pub groups: Vec<Group>,
    pub len: usize,
}

/// Columns of one group of four that a tree sees.
pub(super) struct Group {
    at: usize,
    /// Each column and its cells among those of the group.
    pub columns: Vec<(usize, Range<usize>)>,
    len: usize,
}

impl Layout {
    /// For these columns, ascending.
    pub(super) fn of(codes: &Codes, columns: &[usize]) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for column in columns {
            let (at, cells) = (column / 4, codes.known[*column] + 1);
            match groups.last_mut() {
                Some(group) if group.at == at => {
                    group.columns.push((*column, group.len..group.len + cells));
                    group.len += cells;
                }
                _ => groups.push(Group { at, columns: vec![(*column, 0..cells)], len: cells }),
            }
        }
        let len = groups.iter().map(|group| group.len).sum();
        Layout { groups, len }
    }

    /// An empty histogram.
    pub(super) fn empty<const N: usize>(&self) -> Vec<Cell<N>> {
        vec![[0; N]; self.len]
    }

    /// A histogram group by group; one without cells gives every group none.
    pub(super) fn by_group<'a, const N: usize>(&self, histogram: &'a mut [Cell<N>]) -> Vec<&'a mut [Cell<N>]> {
        let mut rest = histogram;
        let mut parts = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let (own, after) = rest.split_at_mut(group.len.min(rest.len()));
            parts.push(own);
            rest = after;
        }
        parts
    }
}

impl Group {
    /// Fills this group's part of a histogram from rows and their cells, one beside the other.
    pub(super) fn fill<const N: usize>(&self, codes: &Codes, rows: &[u32], cells: &[Cell<N>], out: &mut [Cell<N>]) {
        let codes = &codes.groups[self.at];
        if rows.len() < FEW {
            self.fill_few(codes, rows, cells, out);
            return;
        }
        let mut sums = Aligned([[[0_i64; N]; 256]; 4]);
        let [a, b, c, d] = &mut sums.0;
        for (row, cell) in rows.iter().zip(cells) {
            let four = codes[*row as usize];
            add(&mut a[usize::from(four[0])], cell);
            add(&mut b[usize::from(four[1])], cell);
            add(&mut c[usize::from(four[2])], cell);
            add(&mut d[usize::from(four[3])], cell);
        }
        for (column, at) in &self.columns {
            let (own, sums) = (&mut out[at.clone()], &sums.0[column % 4]);
            let known = own.len() - 1;
            own[..known].copy_from_slice(&sums[..known]);
            own[known] = sums[usize::from(MISSING)];
        }
    }

    /// As above, column by column and in place.
    fn fill_few<const N: usize>(&self, codes: &[[u8; 4]], rows: &[u32], cells: &[Cell<N>], out: &mut [Cell<N>]) {
        out.fill([0; N]);
        for (column, at) in &self.columns {
            let own = &mut out[at.clone()];
            let (known, lane) = (own.len() - 1, column % 4);
            for (row, cell) in rows.iter().zip(cells) {
                // The code of missing values is above all known ones, and their cell is the last.
                add(&mut own[usize::from(codes[*row as usize][lane]).min(known)], cell);
            }
        }
    }
}

/// Four histograms whose cells never straddle two lines of the cache.
#[repr(align(64))]
struct Aligned<const N: usize>([[Cell<N>; 256]; 4]);

/// Wrapping, since the two fields of a narrow cell share a word; what they hold never overflows.
#[inline]
pub(super) fn add<const N: usize>(to: &mut Cell<N>, from: &Cell<N>) {
    for k in 0..N {
        to[k] = to[k].wrapping_add(from[k]);
    }
}

/// What is left of a parent's histogram once one child's is taken out: the other child's.
pub(super) fn subtract<const N: usize>(parent: &mut [Cell<N>], child: &[Cell<N>]) {
    for (p, c) in parent.iter_mut().zip(child) {
        for k in 0..N {
            p[k] = p[k].wrapping_sub(c[k]);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn narrow_and_wide_cells_hold_the_same_sums() {
        let slopes: Vec<Slope> = (0..1000).map(|i| (libm::sin(f64::from(i)), 0.25 * libm::cos(f64::from(i)).abs())).collect();
        let weight: Vec<f64> = (0..1000).map(|i| f64::from(1 + i % 5)).collect();
        let narrow = Weights::of(&weight);
        let wide = Weights::of(&weight.iter().map(|w| w * 0.375).collect::<Vec<f64>>());
        assert!(narrow.is_narrow() && !wide.is_narrow());
        let ((n, two), (w, three)) = (Grid::cells::<2>(&slopes, &narrow), Grid::cells::<3>(&slopes, &wide));
        let (mut a, mut b) = ([0; 2], [0; 3]);
        two.iter().for_each(|c| add(&mut a, c));
        three.iter().for_each(|c| add(&mut b, c));
        let (a, b) = (n.sums(&a), w.sums(&b));
        let exact: f64 = slopes.iter().zip(&weight).map(|(s, w)| s.1 * w).sum();
        assert_eq!(a.weight as f64 * n.weight * 0.375, b.weight as f64 * w.weight);
        assert!((a.gradient as f64 * n.gradient * 0.375 - b.gradient as f64 * w.gradient).abs() < 1e-6);
        assert!((a.hessian as f64 * n.hessian - exact).abs() < 1e-6 && (b.hessian as f64 * w.hessian / 0.375 - exact).abs() < 1e-6);
    }

    #[test]
    fn weights_of_any_size_have_whole_numbers() {
        for weight in [vec![5e-324; 3], vec![1e12; 4], vec![1e-9, 1e12], vec![16_777_215.0], vec![16_777_216.0], vec![0.5, 0.25]] {
            let whole = Weights::of(&weight);
            assert!(whole.whole.iter().all(|w| (1..=1 << 32).contains(w)), "{weight:?}: {:?}", whole.whole);
            assert!(whole.whole.iter().sum::<i64>() <= (1 << 32) + 2);
        }
    }
}
