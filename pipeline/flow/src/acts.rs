//! `catalog/ratings/acts.toml`: what a debtor can lawfully do, whatever his means, and what each act does to the features.

use std::collections::BTreeMap;

use luheng_models::{Direction, FeatureMeta};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::rating::Title;

/// Something that a debtor can do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// Its code.
    pub id: String,
    /// Title.
    pub title: Title,
    /// Article it rests on.
    pub ground: String,
    /// How often a path may ask it.
    pub most: u32,
    /// What it costs, to put paths in order.
    pub effort: f64,
    /// What it does to features, one time.
    pub effects: BTreeMap<String, Effect>,
}

/// What an act does to one feature.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Effect {
    /// So much more, where a value is known.
    Add(f64),
    /// This value.
    Set(f64),
}

/// All acts, as the catalog has them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acts {
    /// In the order of the catalog.
    pub acts: Vec<Act>,
}

impl Acts {
    /// Checks that each effect is on a feature there is, in a way that cannot lower a rating.
    ///
    /// # Errors
    /// [`Error::Config`] naming the act and the feature.
    pub fn check(&self, features: &[FeatureMeta]) -> Result<()> {
        for act in &self.acts {
            let wrong = |what: String| Err(Error::Config(format!("catalog/ratings/acts.toml: {}: {what}", act.id)));
            if !(act.effort > 0.0 && act.effort.is_finite()) || act.most == 0 {
                return wrong("effort and most must be greater than nothing".to_owned());
            }
            for (id, effect) in &act.effects {
                let Some(feature) = features.iter().find(|f| f.id == *id) else { return wrong(format!("there is no feature {id}")) };
                let is_good = match (feature.direction, effect) {
                    (Direction::Up, Effect::Add(by)) => *by >= 0.0,
                    (Direction::Down, Effect::Add(by)) => *by <= 0.0,
                    (Direction::Up | Direction::Down, Effect::Set(_)) => true,
                    (Direction::Free, _) => false,
                };
                if !is_good {
                    return wrong(format!("{id} has no direction in which the act is good for the debtor"));
                }
            }
        }
        Ok(())
    }
}
