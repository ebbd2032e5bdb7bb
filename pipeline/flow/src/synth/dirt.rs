//! Why: real exports are not clean. On the share asked for, a finished row gets one of the faults clerks and systems make. Three faults in four
//! are harmless or only repairable (half-width brackets, blanks, doubles, units in the cell); the rest must be rejected, and stay few enough
//! that a share of 0.02 never comes near the limit that stops a run.
use super::line::Line;
use super::random::{Concern, Stream};
use super::tables::Table;

/// The faults of an export.
#[derive(Clone, Debug)]
pub struct Dirt {
    share: f64,
    stream: Stream,
}

/// A way to spoil a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Half-width brackets in the case number.
    HalfWidthBrackets,
    /// Spaces round a value, or inside the case number.
    Blanks,
    /// Full-width digits in a date.
    FullWidthDigits,
    /// Money with its unit in the cell.
    UnitInCell,
    /// The row twice.
    Double,
    /// A phone or address that is missing, or an old identity number of 15 digits.
    OldIdentity,
    /// Two versions with one key and day that differ: both must be rejected.
    Conflict,
    /// A code nobody knows, in a closed list.
    UnknownCode,
    /// A day that does not exist.
    ImpossibleDate,
}

const FAULTS: &[(Fault, f64)] = &[
    (Fault::HalfWidthBrackets, 0.22),
    (Fault::Blanks, 0.16),
    (Fault::FullWidthDigits, 0.10),
    (Fault::UnitInCell, 0.10),
    (Fault::Double, 0.12),
    (Fault::OldIdentity, 0.12),
    (Fault::Conflict, 0.06),
    (Fault::UnknownCode, 0.06),
    (Fault::ImpossibleDate, 0.06),
];

/// Closed lists of the contract, by table and column.
const CLOSED: &[(Table, &str)] = &[
    (Table::Debtors, "kind"),
    (Table::Cases, "duty_kind"),
    (Table::Parties, "role"),
    (Table::Payments, "source"),
    (Table::Assets, "class"),
    (Table::Seizures, "kind"),
    (Table::Incomes, "kind"),
    (Table::Inquiries, "outcome"),
    (Table::Conduct, "kind"),
    (Table::Trajectory, "kind"),
    (Table::Listings, "list"),
];

impl Dirt {
    /// Faults on a share of the rows.
    pub fn new(share: f64, seed: u64) -> Self {
        Self { share: share.clamp(0.0, 1.0), stream: Stream::new(seed, Concern::Dirt, 0, 0) }
    }

    /// Hands the row on, once, twice or spoilt.
    pub fn spoil(&mut self, line: Line, mut emit: impl FnMut(&Line)) {
        if self.share <= 0.0 || !self.stream.chance(self.share) {
            return emit(&line);
        }
        match self.stream.weighted(FAULTS) {
            Fault::Double => {
                emit(&line);
                emit(&line);
            }
            Fault::Conflict => {
                let mut other = line.clone();
                emit(&line);
                if contradict(&mut other) {
                    emit(&other);
                }
            }
            fault => {
                let mut row = line;
                self.apply(fault, &mut row);
                emit(&row);
            }
        }
    }

    fn apply(&mut self, fault: Fault, row: &mut Line) {
        let table = row.table();
        let columns = table.columns();
        let roll = self.stream.between(0, 1 << 20) as usize;
        // The same choice for every row: the first cell from a rolled start that the fault fits.
        let start = roll % columns.len();
        let order = (0..columns.len()).map(|step| (start + step) % columns.len());
        let filled: Vec<usize> = order.filter(|at| !row.cells()[*at].is_empty()).collect();
        let find = |fits: &dyn Fn(&str) -> bool| filled.iter().copied().find(|at| fits(columns[*at]));
        match fault {
            Fault::HalfWidthBrackets => {
                if let Some(at) = find(&|c| c == "case_no") {
                    let spoilt = row.cells()[at].replace('（', "(").replace('）', ")");
                    row.cells_mut()[at] = spoilt;
                }
            }
            Fault::Blanks => {
                if let Some(at) = find(&|c| c != "name") {
                    let spoilt = format!(" {}  ", row.cells()[at]);
                    row.cells_mut()[at] = spoilt;
                }
            }
            Fault::FullWidthDigits => {
                if let Some(at) = find(&|c| c.ends_with("_on")) {
                    let spoilt = row.cells()[at].chars().map(full_width).collect();
                    row.cells_mut()[at] = spoilt;
                }
            }
            Fault::UnitInCell => {
                if let Some(at) = find(&|c| c.ends_with("_fen")) {
                    let spoilt = with_unit(&row.cells()[at]);
                    row.cells_mut()[at] = spoilt;
                }
            }
            Fault::OldIdentity => {
                if let Some(at) = find(&|c| c == "id_no") {
                    let number = row.cells()[at].clone();
                    if number.len() == 18 && number.is_char_boundary(6) && number[6..].starts_with("19") && table == Table::Debtors {
                        row.cells_mut()[at] = format!("{}{}", &number[..6], &number[8..17]);
                    }
                } else if let Some(at) = find(&|c| matches!(c, "phone" | "address" | "judge_code")) {
                    row.cells_mut()[at].clear();
                }
            }
            Fault::UnknownCode => {
                if let Some(at) = find(&|c| CLOSED.iter().any(|(t, column)| *t == table && *column == c)) {
                    row.cells_mut()[at] = "其他情形".to_owned();
                }
            }
            Fault::ImpossibleDate => {
                if let Some(at) = find(&|c| c.ends_with("_on")) {
                    let spoilt = format!("{}-02-30", row.cells()[at].get(..4).unwrap_or("2025"));
                    row.cells_mut()[at] = spoilt;
                }
            }
            Fault::Double | Fault::Conflict => {}
        }
    }
}

/// Changes a value outside the key so that two rows of one key and day differ; false if the table has no such column.
fn contradict(row: &mut Line) -> bool {
    let table = row.table();
    let outside = ["claim_fen", "gross_fen", "monthly_fen", "outstanding_fen"];
    for (at, column) in table.columns().iter().enumerate() {
        if outside.contains(column) && !row.cells()[at].is_empty() {
            row.cells_mut()[at].insert(0, '1');
            return true;
        }
    }
    false
}

fn full_width(c: char) -> char {
    match c {
        '0'..='9' => char::from_u32(c as u32 + 0xFEE0).unwrap_or(c),
        '-' => '－',
        other => other,
    }
}

/// "12345600" fen becomes "123456元", or "12.3456万元" where the number is round enough.
fn with_unit(fen: &str) -> String {
    match fen.parse::<i64>() {
        Ok(fen) if fen % 10_000 == 0 && fen > 1_000_000 => {
            format!("{}.{:02}万元", fen / 1_000_000, fen % 1_000_000 / 10_000)
        }
        Ok(fen) => format!("{}.{:02}元", fen / 100, fen % 100),
        Err(_) => fen.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_town_passes_untouched_and_a_dirty_one_does_not() {
        let line =
            || Line::of(Table::Payments).text("case_no", "（2025）测9901执1号").int("amount_fen", 1_230_000).text("source", "voluntary");
        let mut clean = Dirt::new(0.0, 1);
        clean.spoil(line(), |row| assert_eq!(row.cells(), line().cells()));
        let mut dirty = Dirt::new(1.0, 1);
        let mut changed = 0;
        for _ in 0..200 {
            dirty.spoil(line(), |row| changed += usize::from(row.cells() != line().cells()));
        }
        assert!(changed > 60);
    }

    #[test]
    fn units_keep_the_amount() {
        assert_eq!(with_unit("12345600"), "123456.00元");
        assert_eq!(with_unit("1230000"), "1.23万元");
        assert_eq!(with_unit("50"), "0.50元");
    }
}
