//! What every stage is given beside its tables: configuration, catalog, the day, the work folder.

use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::Day;
use luheng_lake::schema::{Codes, Schema};
use luheng_lake::store::paths::Work;
use luheng_lake::store::seal::Seals;

use crate::config::Config;
use crate::rating::Ratings;

/// One run's surroundings; nothing in it changes while the run lasts.
#[derive(Debug)]
pub struct Context {
    /// The court's settings.
    pub config: Config,
    /// The lake's tables.
    pub schema: Schema,
    /// Code lists with labels.
    pub codes: Codes,
    /// Every file of the catalog.
    pub files: CatalogFiles,
    /// What is rated and from what.
    pub ratings: Ratings,
    /// The work folder.
    pub work: Work,
    /// With which keys its files are written and opened.
    pub seals: Seals,
    /// The day rated.
    pub as_of: Day,
    /// Seed of every draw.
    pub seed: u64,
    /// Buckets of the lake.
    pub buckets: u32,
    /// Bytes of a bucket's records that are settled at once; it changes nothing of what is written.
    pub range_bytes: u64,
}
