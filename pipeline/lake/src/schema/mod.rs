//! What an input table may hold, as the catalog states it: tables, columns, kinds, checks and code lists.

mod codes;
mod dictionary;
mod fault;
mod load;
mod retention;
mod table;
mod verify;

pub use codes::{Codes, Court, Label, Region};
pub use fault::Fault;
pub use load::Schema;
pub use retention::Retention;
pub use table::{BucketBy, Check, Column, Grammar, Kind, Table, Title, Unit};
