//! `lake/lake.json`: what a lake is, so that another machine or another night can tell whether it may read it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::key::{Algorithm, PseudonymKey};
use super::paths::Work;
use super::seal::Encrypt;
use super::{atomic, text};
use crate::error::{Error, Result, explain};

/// The lake's format; a reader refuses any newer one. Format 1, of luheng 0.1.0, can be read; an ingest builds it anew from full exports. Format 3 has
/// the columns of linkage.
pub const FORMAT: u32 = 3;
/// The first format whose lakes an ingest adds to.
pub(crate) const ADDED_TO: u32 = 2;
/// The lake's file of facts about itself.
pub const LAKE_FILE: &str = "lake.json";
/// The bucket function's name (see [`crate::bucket`]).
pub const HASH: &str = "crc32-utf8";

/// What a lake says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LakeInfo {
    /// [`FORMAT`].
    pub format: u32,
    /// Bucket count.
    pub buckets: u32,
    /// [`HASH`].
    pub hash: String,
    /// Which key made the pseudonyms.
    pub key_id: String,
    /// With which algorithm.
    #[serde(default = "first_algorithm")]
    pub pseudonym: String,
    /// `none`: the facts are pseudonymous and in the clear; `lake` and `all`: every file is encrypted. The vault always is.
    pub encrypt: String,
    /// Catalog version of each table.
    pub tables: BTreeMap<String, u16>,
    /// Order-free hash of each table's source rows: the same for any bucket count, row order, file split and input format.
    pub content: BTreeMap<String, String>,
    /// Distinct source rows of each table, versions included.
    pub rows: BTreeMap<String, u64>,
    /// As-of day of the ingest, `YYYY-MM-DD`.
    pub as_of: String,
}

/// What lakes were made with before the choice was theirs.
fn first_algorithm() -> String {
    Algorithm::HmacSha256.name().to_owned()
}

/// The lake of a work folder; `None` where there is none yet. [`Error::Input`] where it is damaged or newer than this luheng.
pub fn read(work: &Work) -> Result<Option<LakeInfo>> {
    let path = work.lake_json();
    if !path.exists() {
        return Ok(None);
    }
    let refused = |found: String| {
        explain("the lake cannot be read")
            .at(path.display())
            .found(found)
            .expected(format!("a lake of format {FORMAT}, hashed by {HASH}"))
            .remedy("use the luheng that made it, or remove the lake folder and run the night again")
            .input()
    };
    let info: LakeInfo = serde_json::from_str(&text::read_to_string(&path)?).map_err(|e| refused(e.to_string()))?;
    if !(1..=FORMAT).contains(&info.format) || info.hash != HASH {
        return Err(refused(format!("format {}, hash {}", info.format, info.hash)));
    }
    Ok(Some(info))
}

/// Writes `lake.json` into a lake folder.
pub fn write(lake: &Path, info: &LakeInfo) -> Result<()> {
    let text = serde_json::to_string_pretty(info).map_err(|e| Error::fault(format!("writing lake.json: {e}")))?;
    atomic::write_bytes(&lake.join(LAKE_FILE), (text + "\n").as_bytes())
}

/// Refuses a key or algorithm other than that the lake was made with: the same people would get other pseudonyms.
pub fn check_key(work: &Work, key: &PseudonymKey) -> Result<()> {
    let Some(info) = read(work)? else { return Ok(()) };
    let refuse = |what: &str, found: String, expected: String, remedy: &str| {
        Err(explain(format!("{what} is not the one this work folder was made with"))
            .at(work.lake_json().display())
            .found(found)
            .expected(expected)
            .remedy(remedy)
            .config())
    };
    let algorithm = key.algorithm().name();
    if info.pseudonym != algorithm {
        return refuse(
            "the algorithm of pseudonyms",
            algorithm.to_owned(),
            info.pseudonym,
            "set [identity] pseudonym to that; to begin anew with this one, give another --work",
        );
    }
    if info.key_id != key.key_id() {
        return refuse(
            "the key",
            format!("key id {}", key.key_id()),
            format!("key id {}", info.key_id),
            "use that key; to begin anew with this one, give another --work",
        );
    }
    Ok(())
}

/// Refuses to go on from a lake that is not encrypted as configured: what is made from it would be a mix.
pub fn check_encryption(work: &Work, encrypt: Encrypt) -> Result<()> {
    match read(work)? {
        Some(info) if info.encrypt != encrypt.name() => Err(explain("the lake is not encrypted as configured")
            .at(work.lake_json().display())
            .found(format!("encrypt = \"{}\"", info.encrypt))
            .expected(format!("encrypt = \"{}\"", encrypt.name()))
            .remedy("`luheng ingest` writes the lake anew as configured")
            .config()),
        _ => Ok(()),
    }
}
