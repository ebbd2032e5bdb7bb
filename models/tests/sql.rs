//! The score as SQL, run by a database: the same scores, whatever the values.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod truth;

use luheng_models::binning::Special;
use luheng_models::{Binning, Calibration, Design, FeatureMeta, Model, Params, PointsTable, Scale, ScorecardParams};
use rusqlite::{Connection, params_from_iter, types::Value};
use truth::{fit, sealed, town};

/// One row for each of the design, NULL = missing, and what the expression makes of it.
fn run(design: &Design, expression: &str) -> Vec<f64> {
    let database = Connection::open_in_memory().unwrap();
    let names: Vec<String> = design.features().iter().map(|f| format!("\"{}\"", f.id.replace('"', "\"\""))).collect();
    database.execute(&format!("CREATE TABLE features (row INTEGER, {} REAL)", names.join(" REAL, ")), ()).unwrap();
    let marks = vec!["?"; names.len() + 1].join(", ");
    let mut insert = database.prepare(&format!("INSERT INTO features VALUES ({marks})")).unwrap();
    for i in 0..design.rows() {
        let value = |j: usize| design.value(i, j).map_or(Value::Null, Value::Real);
        insert.execute(params_from_iter([Value::Integer(i as i64)].into_iter().chain((0..names.len()).map(value)))).unwrap();
    }
    let mut query = database.prepare(&format!("SELECT {expression} FROM features ORDER BY row")).unwrap();
    query.query_map((), |row| row.get::<_, f64>(0)).unwrap().map(Result::unwrap).collect()
}

fn agree(found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    // SQLite reads a literal to its last digit or one beside it.
    for (i, (f, w)) in found.iter().zip(wanted).enumerate() {
        assert!((f - w).abs() <= 1e-10 * w.abs(), "row {i}: {f} for {w}");
    }
}

#[test]
fn a_database_gives_the_scores_of_the_artifact() {
    let (set, _) = town(3_000, 51);
    let (held, _) = town(1_000, 52);
    for binning in [Binning::Quantile, Binning::Optimal] {
        let artifact = sealed(&Params::Scorecard(ScorecardParams { binning, ..Default::default() }), &set, &held);
        let sql = artifact.points().unwrap().sql();
        agree(&run(held.design(), &sql), &artifact.explain(held.design()).unwrap().score);
    }
}

#[test]
fn infinite_edges_special_values_and_odd_names_are_as_in_the_model() {
    let (set, _) = town(3_000, 53);
    let features: Vec<FeatureMeta> =
        set.design().features().iter().map(|f| FeatureMeta { id: format!("a \"{}\"; --", f.id), ..f.clone() }).collect();
    let x = set.design().x().mapv(|x| {
        if x > 2.0 {
            f64::INFINITY
        } else if x < -1.0 {
            f64::NEG_INFINITY
        } else {
            x
        }
    });
    let odd = Design::new(x, features).unwrap();
    let rows =
        luheng_models::TrainingSet::new(odd.clone(), set.label().to_vec(), set.weight().to_vec(), set.group().to_vec(), set.day().to_vec());
    let Model::Scorecard(mut card) = fit(&Params::Scorecard(ScorecardParams::default()), &rows.unwrap()) else { panic!("a scorecard") };
    assert!(card.attributes.iter().any(|a| a.bins.upper.first() == Some(&f64::NEG_INFINITY)));
    for (value, woe) in [(f64::INFINITY, 0.7), (f64::NEG_INFINITY, -0.2), (0.0, 0.3)] {
        let bin = luheng_models::binning::Bin { weight: 1.0, good: 0.5, woe };
        for attribute in [0, 6] {
            card.attributes[attribute].bins.special.push(Special { value, bin });
        }
    }
    let model = Model::Scorecard(card);
    let scale = Scale::default();
    let table = PointsTable::new(&model, &Calibration::None, &scale).unwrap();
    assert!(table.steps.iter().any(|s| s.id == "a \"heavy\"; --"));
    agree(&run(&odd, &table.sql()), &table.scores(&odd).unwrap());
    let wanted: Vec<f64> = model.logit(&odd).unwrap().into_iter().map(|l| scale.score_of(l)).collect();
    agree(&table.scores(&odd).unwrap(), &wanted);
}
