//! The base rate: one probability for everyone. Not a joke but a bar: what does not beat it has learnt nothing (mlr3 calls it featureless).

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::data::TrainingSet;
use crate::error::Result;
use crate::linear::{Covariance, Problem, newton};

/// The fitted base rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Features of the training set, all unused; kept so that other data are refused as by any model.
    pub features: Vec<String>,
    /// Log-odds of all rows.
    pub intercept: f64,
    /// Its variance.
    pub covariance: Covariance,
}

impl Baseline {
    /// Fits to rows that already lie in order.
    ///
    /// # Errors
    /// None in practice: the optimum of one intercept is finite once both classes are there.
    pub(crate) fn fit(set: &TrainingSet) -> Result<Self> {
        let z = Array2::zeros((set.rows(), 0));
        let problem = Problem { z: &z, label: set.label(), weight: set.weight(), offset: None, l2: 0.0 };
        let solution = newton(&problem, None)?;
        let covariance = Covariance::of(&problem, &solution, set.group());
        let features = set.design().features().iter().map(|f| f.id.clone()).collect();
        Ok(Baseline { features, intercept: solution.beta[0], covariance })
    }
}
