//! The stage `train`: training rows of all buckets to one bundle of models, with what they are worth on time they never saw.

mod card;
mod fit;
mod validation;

pub use validation::Validation;

use luheng_lake::columns::Columns;

use crate::bundle::Bundle;
use crate::context::Context;
use crate::error::Result;

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

/// Trains the three ratings on the rows of every bucket. Row order does not matter.
///
/// # Errors
/// A feature the catalog names and the program lacks; a fault in the rows.
pub fn train(rows: &Columns, ctx: &Context) -> Result<Trained> {
    let mut warnings = Vec::new();
    let mut validation = Validation::new(ctx);
    let mut models = Vec::new();
    for spec in ctx.ratings.all() {
        match fit::fit(rows, spec, ctx)? {
            fit::Fitted::Model { artifact, held_out } => {
                validation.add(spec, &artifact, &held_out)?;
                models.push(Some(*artifact));
            }
            fit::Fitted::Unrated(why) => {
                validation.unrated(spec, &why);
                warnings.push(format!("{} is not rated: {why}", spec.id));
                models.push(None);
            }
        }
    }
    let recovery = models.pop().flatten();
    let willingness = models.pop().flatten();
    let capacity = models.pop().flatten();
    let bundle = Bundle::seal(capacity, willingness, recovery)?;
    validation.model_id.clone_from(&bundle.id);
    Ok(Trained { bundle, validation, warnings })
}
