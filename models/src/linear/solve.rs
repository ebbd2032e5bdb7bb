//! Symmetric positive definite systems by Cholesky factors. Own code: at most a few hundred columns, and plain loops in one order give the same
//! bits on every machine, which a tuned library does not promise.

/// A symmetric matrix, or a triangular factor, as its lower half row by row: entry (i, j), j <= i, at i(i+1)/2 + j.
pub(crate) fn at(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

/// Number of entries of the lower half of an n × n matrix.
pub(crate) fn packed(n: usize) -> usize {
    n * (n + 1) / 2
}

/// L with A = L Lᵀ.
pub(crate) struct Cholesky {
    n: usize,
    l: Vec<f64>,
}

impl Cholesky {
    /// Factors the packed lower half of an n × n matrix; `Err` names the first column that is, to rounding, a sum of those before it.
    pub fn new(a: &[f64], n: usize) -> Result<Self, usize> {
        let mut l = a.to_vec();
        for i in 0..n {
            for j in 0..=i {
                let mut sum = l[at(i, j)];
                for k in 0..j {
                    sum -= l[at(i, k)] * l[at(j, k)];
                }
                if i != j {
                    l[at(i, j)] = sum / l[at(j, j)];
                } else if sum > 1e-12 * a[at(i, i)] {
                    l[at(i, i)] = sum.sqrt();
                } else {
                    return Err(i);
                }
            }
        }
        Ok(Cholesky { n, l })
    }

    /// x with A x = b.
    pub fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut x = b.to_vec();
        for i in 0..self.n {
            for k in 0..i {
                x[i] -= self.l[at(i, k)] * x[k];
            }
            x[i] /= self.l[at(i, i)];
        }
        for i in (0..self.n).rev() {
            for k in i + 1..self.n {
                x[i] -= self.l[at(k, i)] * x[k];
            }
            x[i] /= self.l[at(i, i)];
        }
        x
    }

    /// Packed lower half of the inverse of A.
    pub fn inverse(&self) -> Vec<f64> {
        let mut inverse = vec![0.0; packed(self.n)];
        for j in 0..self.n {
            let mut unit = vec![0.0; self.n];
            unit[j] = 1.0;
            let column = self.solve(&unit);
            for i in j..self.n {
                inverse[at(i, j)] = column[i];
            }
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn solves_and_inverts() {
        // [[4, 2, 0], [2, 5, 3], [0, 3, 6]]
        let a = [4.0, 2.0, 5.0, 0.0, 3.0, 6.0];
        let factor = Cholesky::new(&a, 3).unwrap();
        let x = factor.solve(&[2.0, -1.0, 9.0]);
        let back = [4.0 * x[0] + 2.0 * x[1], 2.0 * x[0] + 5.0 * x[1] + 3.0 * x[2], 3.0 * x[1] + 6.0 * x[2]];
        for (got, wanted) in back.iter().zip([2.0, -1.0, 9.0]) {
            assert!((got - wanted).abs() < 1e-12);
        }
        let inverse = factor.inverse();
        assert!((inverse[at(0, 0)] - 21.0 / 60.0).abs() < 1e-12);
        assert!((inverse[at(2, 1)] + 12.0 / 60.0).abs() < 1e-12);
    }

    #[test]
    fn names_the_dependent_column() {
        // The third column is the sum of the first two.
        let a = [2.0, 0.0, 3.0, 2.0, 3.0, 5.0];
        assert_eq!(Cholesky::new(&a, 3).err(), Some(2));
    }
}
