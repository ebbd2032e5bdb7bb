//! The training rows: who, when and what came of it, held whole, and their features, read for the rows and the rating that take them.
//!
//! A court of a hundred thousand debtors has some 700,000 landmarks with a hundred features: half a gigabyte as numbers, of which one rating reads a part.

use luheng_lake::columns::Columns;
use luheng_models::Design;

use crate::bundle::{column, metas};
use crate::error::{Error, Result};
use crate::features::{self, IS_ORGANISATION};
use crate::rating::Spec;
use crate::run::Parts;

/// The rows, in the order of debtor, case and day.
pub struct Rows<'a> {
    index: Columns,
    from: From<'a>,
}

/// Where the features of the rows lie.
enum From<'a> {
    /// In the table of the index.
    Index,
    /// In the parts of the buckets: of each row its bucket and its row there.
    Parts { parts: &'a Parts, buckets: u32, place: Vec<(u32, usize)> },
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("rows", &self.index.len()).finish_non_exhaustive()
    }
}

impl<'a> Rows<'a> {
    /// Rows of a table held whole, features among its columns, in its order.
    pub fn held(table: Columns) -> Self {
        Self { index: table, from: From::Index }
    }

    /// Rows of the table `training` of every bucket.
    ///
    /// # Errors
    /// A part is missing, and which.
    pub fn of_parts(parts: &'a Parts, buckets: u32) -> Result<Self> {
        let is_feature = |name: &str| name != IS_ORGANISATION && features::all().any(|f| f.id == name);
        let of_bucket = |bucket: u32| -> Result<Columns> {
            let part = parts.read_without("training", bucket, &is_feature)?;
            let len = part.len();
            Ok(part.int("_bucket", (0..len).map(|_| Some(i64::from(bucket)))).int("_row", (0..len).map(|row| i64::try_from(row).ok())))
        };
        let index = Columns::concat(&(0..buckets).map(of_bucket).collect::<Result<Vec<Columns>>>()?)?;
        let index = index.sorted_by(&["debtor_id", "case_no", "day"])?;
        let (in_bucket, row) = (column(&index, "_bucket")?, column(&index, "_row")?);
        let place = |at: usize| Some((u32::try_from(in_bucket.int_at(at)?).ok()?, usize::try_from(row.int_at(at)?).ok()?));
        let place: Option<Vec<(u32, usize)>> = (0..index.len()).map(place).collect();
        let place = place.ok_or_else(|| Error::Fault("train: a row without its place".into()))?;
        Ok(Self { index: index.without("_bucket").without("_row"), from: From::Parts { parts, buckets, place } })
    }

    /// All there is of the rows but their features.
    pub fn index(&self) -> &Columns {
        &self.index
    }

    /// The features of a rating, of the rows at these places of the index.
    ///
    /// # Errors
    /// A feature without its column.
    pub fn design(&self, kept: &[usize], spec: &Spec) -> Result<Design> {
        let From::Parts { parts, buckets, place } = &self.from else { return crate::bundle::design(&self.index, kept, spec) };
        let ids: Vec<&str> = spec.features.iter().map(String::as_str).collect();
        let metas = metas(spec)?;
        let mut wanted: Vec<Vec<(usize, usize)>> = vec![Vec::new(); *buckets as usize];
        for (to, at) in kept.iter().enumerate() {
            let (bucket, row) = place[*at];
            wanted[bucket as usize].push((row, to));
        }
        let mut values = vec![vec![f64::NAN; kept.len()]; ids.len()];
        for (bucket, wanted) in (0..*buckets).zip(wanted).filter(|(_, wanted)| !wanted.is_empty()) {
            let part = parts.read_columns("training", bucket, &ids)?;
            for (values, id) in values.iter_mut().zip(&ids) {
                let column = column(&part, id)?;
                wanted.iter().for_each(|(row, to)| values[*to] = column.real_at(*row).unwrap_or(f64::NAN));
            }
        }
        Ok(Design::from_columns(metas, values)?)
    }
}
