//! The models of the axes that a night rates with, as one file with one id: the hash of its content.

use luheng_lake::columns::{Column, Columns};
use luheng_models::{Design, FeatureMeta, ModelArtifact};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::features;
use crate::haircut::Haircuts;
use crate::rating::Spec;

/// Format of `models/<id>/model.json`. Formats 1, without `revival`, and 2, without haircuts, are read as well; any other is refused.
pub const FORMAT: u32 = 3;
/// The format before haircuts were learned: the catalog's count.
const WITHOUT_HAIRCUTS: u32 = 2;
/// The format before 终本 parties had a rating of their own.
const WITHOUT_REVIVAL: u32 = 1;
/// Format of `models/approved.json`; another is refused.
pub const APPROVAL_FORMAT: u32 = 1;

/// The models of one training.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// Hash of the content: the first 16 hex digits.
    pub id: String,
    /// Performance capacity.
    pub capacity: Option<ModelArtifact>,
    /// Willingness.
    pub willingness: Option<ModelArtifact>,
    /// Recovered share.
    pub recovery: Option<ModelArtifact>,
    /// What a party closed for want of property may still bring.
    pub revival: Option<ModelArtifact>,
    /// The haircuts its features were reckoned with; none in a bundle of the time before they were learned: then the catalog's.
    pub haircuts: Option<Haircuts>,
}

/// Who put a model into use; kept beside the models, never inside one, so that approving does not change an id.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Format of this file.
    pub format: u32,
    /// The model in use.
    pub model_id: String,
    /// `person`, or `first` for a first model that approved itself: sheets then say 试用模型.
    pub basis: String,
    /// Who.
    pub by: Option<String>,
    /// The day, as stated.
    pub on: Option<String>,
    /// Which impact assessment.
    pub assessment: Option<String>,
    /// As-of day of the run whose training proposed it.
    pub trained_as_of: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: u32,
    id: String,
    capacity: Option<serde_json::Value>,
    willingness: Option<serde_json::Value>,
    recovery: Option<serde_json::Value>,
    #[serde(default)]
    revival: Option<serde_json::Value>,
    #[serde(default)]
    haircuts: Option<Haircuts>,
}

impl Bundle {
    /// Binds models together.
    ///
    /// # Errors
    /// A model that cannot be written as JSON.
    pub fn seal(
        capacity: Option<ModelArtifact>,
        willingness: Option<ModelArtifact>,
        recovery: Option<ModelArtifact>,
        revival: Option<ModelArtifact>,
        haircuts: Option<Haircuts>,
    ) -> Result<Self> {
        let mut bundle = Self { id: String::new(), capacity, willingness, recovery, revival, haircuts };
        bundle.id = bundle.id_of(FORMAT);
        Ok(bundle)
    }

    /// The id by the rule of a format: what was sealed then keeps its name.
    fn id_of(&self, format: u32) -> String {
        let mut ids = self.members().map(|(_, model)| model.map_or("none", |a| a.id.as_str())).to_vec();
        let haircuts = self.haircuts.as_ref().map_or_else(|| "none".to_owned(), Haircuts::line);
        match format {
            WITHOUT_REVIVAL => ids.truncate(3),
            WITHOUT_HAIRCUTS => {}
            _ => ids.push(&haircuts),
        }
        blake3::hash(format!("{format}|{}", ids.join("|")).as_bytes()).to_hex().as_str()[..16].to_owned()
    }

    /// Every rating with its model, in order.
    pub fn members(&self) -> [(&'static str, Option<&ModelArtifact>); 4] {
        [
            ("capacity", self.capacity.as_ref()),
            ("willingness", self.willingness.as_ref()),
            ("recovery", self.recovery.as_ref()),
            ("revival", self.revival.as_ref()),
        ]
    }

    /// As JSON, in a stable order.
    ///
    /// # Errors
    /// A model that cannot be written.
    pub fn to_json(&self) -> Result<String> {
        let plain = |model: &Option<ModelArtifact>| -> Result<Option<serde_json::Value>> {
            model.as_ref().map(|m| json_value(&m.to_json()?)).transpose()
        };
        let stored = Stored {
            format: FORMAT,
            id: self.id.clone(),
            capacity: plain(&self.capacity)?,
            willingness: plain(&self.willingness)?,
            recovery: plain(&self.recovery)?,
            revival: plain(&self.revival)?,
            haircuts: self.haircuts.clone(),
        };
        serde_json::to_string_pretty(&stored)
            .map(|mut text| {
                text.push('\n');
                text
            })
            .map_err(|e| Error::Fault(format!("model bundle: {e}")))
    }

    /// Reads a bundle; `name` is the file, for messages.
    ///
    /// # Errors
    /// Another format, a changed content, a broken file.
    pub fn from_json(text: &str, name: &str) -> Result<Self> {
        let input = |e: String| Error::Input(format!("{name}: {e}"));
        let format: serde_json::Value = serde_json::from_str(text).map_err(|e| input(format!("not JSON: {e}")))?;
        let found = format.get("format").and_then(serde_json::Value::as_u64);
        let found = match found.and_then(|f| u32::try_from(f).ok()) {
            Some(known @ (WITHOUT_REVIVAL | WITHOUT_HAIRCUTS | FORMAT)) => known,
            _ => return Err(input(format!("format: found {found:?}, expected {FORMAT}; use the luheng that wrote it, or train again"))),
        };
        let stored: Stored = serde_json::from_str(text).map_err(|e| input(e.to_string()))?;
        let model = |value: Option<serde_json::Value>| -> Result<Option<ModelArtifact>> {
            value.map(|v| ModelArtifact::from_json(&v.to_string()).map_err(|e| input(e.to_string()))).transpose()
        };
        if found < FORMAT && stored.haircuts.is_some() {
            return Err(input(format!("haircuts: found in a file of format {found}, which has none: it was changed by hand; train again")));
        }
        let (capacity, willingness, recovery) = (model(stored.capacity)?, model(stored.willingness)?, model(stored.recovery)?);
        let mut bundle = Self::seal(capacity, willingness, recovery, model(stored.revival)?, stored.haircuts)?;
        bundle.id = bundle.id_of(found);
        if bundle.id != stored.id {
            return Err(input(format!("id: found {}, expected {}: the file was changed by hand; train again", stored.id, bundle.id)));
        }
        Ok(bundle)
    }
}

fn json_value(text: &str) -> Result<serde_json::Value> {
    serde_json::from_str(text).map_err(|e| Error::Fault(format!("model artifact: {e}")))
}

/// How the note of an artifact begins that says why its algorithm was taken.
pub const CHAMPION: &str = "champion: ";

/// Edges of the fixed grades.
pub const CUTS: [f64; 4] = [0.2, 0.4, 0.6, 0.8];

/// The grade of a probability by the fixed bands: 1 below 0.2 to 5 from 0.8.
pub fn grade_of(p: f64) -> usize {
    1 + CUTS.iter().filter(|cut| p >= **cut).count()
}

/// The features of a rating as the models take them: one column each, NaN where unknown.
///
/// # Errors
/// A feature without its column.
pub fn design(rows: &Columns, kept: &[usize], spec: &Spec) -> Result<Design> {
    let values: Result<Vec<Vec<f64>>> = spec
        .features
        .iter()
        .map(|id| {
            let column = column(rows, id)?;
            Ok(kept.iter().map(|at| column.real_at(*at).unwrap_or(f64::NAN)).collect())
        })
        .collect();
    Ok(Design::from_columns(metas(spec)?, values?)?)
}

/// The features of a rating as models know them.
///
/// # Errors
/// A name that no feature has.
pub fn metas(spec: &Spec) -> Result<Vec<FeatureMeta>> {
    Ok(features::named(&spec.features)?.iter().map(|f| f.meta()).collect())
}

/// A column of the rows that models read.
///
/// # Errors
/// It is not there.
pub fn column<'a>(rows: &'a Columns, name: &str) -> Result<&'a Column> {
    rows.get(name).ok_or_else(|| Error::Fault(format!("the rows that models read have no column {name}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_bundle_of_the_time_before_revival_is_read_under_its_own_name() {
        let id = blake3::hash(b"1|none|none|none").to_hex().as_str()[..16].to_owned();
        let old = format!("{{\"format\": 1, \"id\": \"{id}\", \"capacity\": null, \"willingness\": null, \"recovery\": null}}");
        let read = Bundle::from_json(&old, "model.json").unwrap();
        assert_eq!((read.id, read.revival.is_none()), (id.clone(), true));
        let changed = Bundle::from_json(&old.replace(&id, "0123456789abcdef"), "model.json").unwrap_err().to_string();
        assert!(changed.contains("changed by hand"), "{changed}");
        for format in ["0", "4", "\"1\""] {
            let error =
                Bundle::from_json(&old.replace("\"format\": 1", &format!("\"format\": {format}")), "model.json").unwrap_err().to_string();
            assert!(error.contains("model.json") && error.contains("expected 3") && error.contains("train again"), "{error}");
        }
    }

    fn haircuts(value: f64) -> Haircuts {
        let ratios = std::collections::BTreeMap::from([("vehicle".to_owned(), vec![value; 30]), ("deposit".to_owned(), Vec::new())]);
        Haircuts::learn(ratios, &|_| 0.7, 10.0, luheng_lake::columns::day::parse("2025-03-01"))
    }

    #[test]
    fn a_bundle_reads_back_as_it_was_written() {
        let bundle = Bundle::seal(None, None, None, None, Some(haircuts(0.6123))).unwrap();
        let text = bundle.to_json().unwrap();
        assert!(text.contains("\"format\": 3") && text.contains("revival") && text.contains("\"before\": \"2025-03-01\""), "{text}");
        let read = Bundle::from_json(&text, "model.json").unwrap();
        assert_eq!((read.id, read.haircuts), (bundle.id.clone(), bundle.haircuts));
        // What they are decides the name, and a hand that changes one is seen.
        assert_ne!(Bundle::seal(None, None, None, None, Some(haircuts(0.6124))).unwrap().id, bundle.id);
        assert_ne!(Bundle::seal(None, None, None, None, None).unwrap().id, bundle.id);
        let changed = Bundle::from_json(&text.replace("\"sales\": 30", "\"sales\": 31"), "model.json").unwrap_err().to_string();
        assert!(changed.contains("changed by hand"), "{changed}");
    }

    #[test]
    fn a_bundle_of_the_time_before_haircuts_is_read_under_its_own_name_and_has_none() {
        let id = blake3::hash(b"2|none|none|none|none").to_hex().as_str()[..16].to_owned();
        let old = format!(
            "{{\"format\": 2, \"id\": \"{id}\", \"capacity\": null, \"willingness\": null, \"recovery\": null, \"revival\": null}}"
        );
        let read = Bundle::from_json(&old, "model.json").unwrap();
        assert_eq!((read.id, read.haircuts), (id, None));
    }
}
