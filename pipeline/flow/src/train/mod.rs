//! The stage `train`: training rows of all buckets to one bundle of models, with what they are worth on time they never saw.

mod calibrate;
mod card;
mod censor;
mod compete;
mod cross;
mod fit;
mod held;
mod rows;
mod sample;
mod validation;

pub use rows::Rows;
pub use validation::Validation;

use luheng_lake::columns::{Columns, Day};

use crate::bundle::{Bundle, column};
use crate::context::Context;
use crate::error::Result;
use crate::haircut::Haircuts;

/// What training gives: the bundle, its validation, and what to warn of.
#[derive(Debug)]
pub struct Trained {
    /// The models.
    pub bundle: Bundle,
    /// Their worth on held-out time.
    pub validation: Validation,
    /// One line for each axis that could not be rated, and why.
    pub warnings: Vec<String>,
}

/// The first day that any rating holds out, by the `calendar` of every bucket: what enters a feature is fitted on what was known before it. None where
/// no rating has rows enough to be one.
///
/// # Errors
/// A column that is not there.
pub fn first_held_out(calendar: &Columns, ctx: &Context) -> Result<Option<Day>> {
    let mut first = None;
    for spec in ctx.ratings.all() {
        let learns = column(calendar, sample::prefix(spec.target))?;
        first = sample::first_held_out(calendar, &|at| learns.flag_at(at) == Some(true), spec, ctx)?.into_iter().chain(first).min();
    }
    Ok(first)
}

/// Trains the ratings on the rows of every bucket, which were made with these haircuts. Row order does not matter.
///
/// # Errors
/// A feature the catalog names and the program lacks; a fault in the rows.
pub fn train(rows: &Rows<'_>, haircuts: Option<Haircuts>, ctx: &Context) -> Result<Trained> {
    let mut warnings = Vec::new();
    let mut validation = Validation::new(ctx);
    validation.haircuts.clone_from(&haircuts);
    sample::check_fitted_before(rows.index(), haircuts.as_ref().and_then(Haircuts::before), ctx)?;
    let (mut models, mut axes) = (Vec::new(), Vec::new());
    for spec in ctx.ratings.all() {
        match fit::fit(rows, spec, ctx)? {
            fit::Fitted::Model { artifact, judged } => {
                axes.push((spec, Some((*artifact.clone(), *judged)), None));
                models.push(Some(*artifact));
            }
            fit::Fitted::Unrated(why, figures) => {
                warnings.push(format!("{} is not rated: {why}", spec.id));
                axes.push((spec, None, Some((why, figures.map(|f| *f)))));
                models.push(None);
            }
        }
    }
    if let [(_, Some((_, capacity)), _), (_, Some((_, willingness)), _), ..] = axes.as_slice() {
        validation.set_beside(cross::cross(capacity, willingness));
    }
    for (spec, fitted, unrated) in axes {
        match (fitted, unrated) {
            (Some((artifact, judged)), _) => validation.add(spec, &artifact, judged)?,
            (None, Some((why, figures))) => validation.unrated(spec, &why, figures),
            (None, None) => {}
        }
    }
    let mut next = models.into_iter();
    let mut model = || next.next().flatten();
    let bundle = Bundle::seal(model(), model(), model(), model(), haircuts)?;
    validation.model_id.clone_from(&bundle.id);
    Ok(Trained { bundle, validation, warnings })
}
