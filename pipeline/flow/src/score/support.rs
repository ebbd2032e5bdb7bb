//! Where the model knows too little of a party to speak: more of its score than the catalog allows rests on values few training rows had. Then the axis
//! is not rated, and what was strange is named, to be checked: never a low grade for what was not seen before.

use super::Axis;
use crate::context::Context;
use crate::error::Result;
use crate::features;
use crate::rating::Spec;
use crate::tables::Rating;

/// What to ask for: the strange facts, true or not.
const ASK: &str = "rare_values";
/// Features named of one axis.
const NAMED: usize = 3;

/// Takes away the ratings that rest on too little, and says on what.
///
/// # Errors
/// A feature the catalog names and nobody has.
pub(super) fn withhold(
    rating: &mut Rating,
    at: usize,
    capacity: Option<&Axis<'_>>,
    willingness: Option<&Axis<'_>>,
    ctx: &Context,
) -> Result<()> {
    let (mut ids, mut zh, mut en) = (Vec::new(), Vec::new(), Vec::new());
    for (axis, spec, status) in [
        (capacity, &ctx.ratings.capacity, &mut rating.capacity_status),
        (willingness, &ctx.ratings.willingness, &mut rating.willingness_status),
    ] {
        if status == "rated"
            && let Some(axis) = axis
            && let Some(row) = axis.rows.place(at)
            && let Some(strange) = strange(axis, row, spec)
        {
            *status = "no_evidence".to_owned();
            let named = features::named(&spec.features)?;
            for (feature, j) in strange.into_iter().filter_map(|j| named.get(j).map(|feature| (feature, j))) {
                if !ids.contains(&feature.id) {
                    let value = axis.explanation.values.get((row, j)).copied().filter(|x| !x.is_nan());
                    let (said_zh, said_en) = feature.sentence(value);
                    ids.push(feature.id);
                    zh.push(said_zh);
                    en.push(said_en);
                }
            }
        }
    }
    if !ids.is_empty() {
        let asked = rating.ask_for.take().map(|asked| format!("{asked};")).unwrap_or_default();
        rating.ask_for = Some(format!("{asked}{ASK}"));
        (rating.rare_values, rating.rare_zh, rating.rare_en) = (Some(ids.join(";")), Some(zh.join("；")), Some(en.join("; ")));
    }
    Ok(())
}

/// The features, the greatest first, that too much of a score rests on; none where it does not.
fn strange(axis: &Axis<'_>, row: usize, spec: &Spec) -> Option<Vec<usize>> {
    let thin = axis.thin.as_ref()?.get(row)?;
    (thin.share > spec.support.max_thin_share).then(|| thin.features.iter().take(NAMED).copied().collect())
}
