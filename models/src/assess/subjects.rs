//! Who a row is of. Rows of one subject are repeats of each other: uncertainty is counted by subject, not by row.

/// The subject of each row as a number, 0 to `count` − 1, in the order of their names: the same whatever the order of rows.
#[derive(Clone, Debug)]
pub(crate) struct Subjects {
    /// One a row.
    pub of: Vec<usize>,
    /// How many there are.
    pub count: usize,
    /// Row of the first sight of each, to name it by.
    pub first: Vec<usize>,
}

impl Subjects {
    /// Numbers the names given, one a row.
    pub fn new<S: AsRef<str>>(names: &[S]) -> Self {
        let mut rows: Vec<usize> = (0..names.len()).collect();
        rows.sort_by(|a, b| names[*a].as_ref().as_bytes().cmp(names[*b].as_ref().as_bytes()));
        let mut subjects = Subjects { of: vec![0; names.len()], count: 0, first: Vec::new() };
        for run in rows.chunk_by(|a, b| names[*a].as_ref() == names[*b].as_ref()) {
            run.iter().for_each(|row| subjects.of[*row] = subjects.count);
            subjects.first.extend(run.first());
            subjects.count += 1;
        }
        subjects
    }

    /// The rows named, in that order, their subjects numbered as before.
    pub fn take(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|row| self.of[*row]).collect()
    }
}
