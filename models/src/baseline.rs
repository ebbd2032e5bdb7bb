//! The base rate: one probability for everyone. Not a joke but a bar: what does not beat it has learnt nothing (mlr3 calls it featureless).

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::algorithm::{Algorithm, Fitted, Traits};
use crate::data::TrainingSet;
use crate::error::Result;
use crate::linear::{Covariance, Problem, newton};
use crate::model::Model;

/// How to fit a [`Baseline`]: there is nothing to choose.
pub(crate) struct BaseRate;

impl Algorithm for BaseRate {
    fn name(&self) -> &'static str {
        "baseline"
    }

    fn traits(&self) -> Traits {
        Traits {
            weights: true,
            shares: true,
            offsets: true,
            monotone: true,
            categories: true,
            additive: true,
            scale_free: true,
            standard_error: true,
        }
    }

    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn fit(&self, set: &TrainingSet, _seed: u64) -> Result<Model> {
        Ok(Model::Baseline(Baseline::fit(set)?))
    }
}

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
        let problem = Problem { z: &z, label: set.label(), weight: set.weight(), offset: set.offset(), l2: 0.0 };
        let solution = newton(&problem, None)?;
        let covariance = Covariance::of(&problem, &solution, set.group());
        let features = set.design().features().iter().map(|f| f.id.clone()).collect();
        Ok(Baseline { features, intercept: solution.beta[0], covariance })
    }
}

impl Fitted for Baseline {
    fn features(&self) -> Vec<&str> {
        self.features.iter().map(String::as_str).collect()
    }

    fn base(&self) -> f64 {
        self.intercept
    }

    fn parts(&self, x: &Array2<f64>) -> Array2<f64> {
        Array2::zeros(x.dim())
    }

    fn standard_error(&self, x: &Array2<f64>) -> Option<Vec<f64>> {
        Some(vec![self.covariance.standard_error(&[1.0]); x.nrows()])
    }

    fn check(&self) -> Result<()> {
        self.covariance.check(1)
    }
}
