//! The certificate beside brute force: every pair of rows on a grid. Trees come as JSON, so that they can be made wrong by hand.
use super::*;
use luheng_models::{Draft, ModelArtifact};
use serde_json::{Value, json};

/// The number of values of each feature in a drawn tree: codes 0 to 3, and missing.
const EDGES: [f64; 3] = [0.0, 1.0, 2.0];
const VALUES: [f64; 5] = [-0.5, 0.5, 1.5, 2.5, f64::NAN];

/// A drawn tree over three features, the first up, the second down, the third free: lists as stored.
struct Drawn {
    lists: [Vec<i64>; 5],
    value: Vec<i64>,
}

impl Drawn {
    fn tree(draws: &mut Draws) -> Self {
        let mut drawn = Drawn { lists: Default::default(), value: Vec::new() };
        drawn.side(draws, 3, [0.5; 3]);
        drawn
    }

    /// A side, deeper ones ever rarer. Leaves mostly follow the directions, so that many trees keep them.
    fn side(&mut self, draws: &mut Draws, left: u32, at: [f64; 3]) -> i64 {
        let is_root = self.lists[0].is_empty();
        if !is_root && (left == 0 || draws.unit() < 0.25) {
            let noise = if draws.unit() < 0.4 { draws.normal() } else { 0.0 };
            self.value.push(((3.0 * (at[0] - at[1]) + noise) * 1e9) as i64);
            return -(self.value.len() as i64);
        }
        let (feature, code) = ((draws.bits() % 3) as usize, (draws.bits() % 4) as i64);
        let number = self.lists[0].len();
        let row = [feature as i64, code, (draws.bits() % 2) as i64, 0, 0];
        self.lists.iter_mut().zip(row).for_each(|(list, entry)| list.push(entry));
        let moved = |by: f64| {
            let mut at = at;
            at[feature] += by;
            at
        };
        let by = libm::ldexp(1.0, left as i32 - 5);
        let sides = [self.side(draws, left - 1, moved(-by)), self.side(draws, left - 1, moved(by))];
        (self.lists[3][number], self.lists[4][number]) = (sides[0], sides[1]);
        number as i64
    }

    fn json(&self) -> Value {
        let line = |list: &[i64]| Value::String(list.iter().map(i64::to_string).collect::<Vec<String>>().join(" "));
        json!({
            "feature": line(&self.lists[0]), "code": line(&self.lists[1]), "missing_left": line(&self.lists[2]),
            "left": line(&self.lists[3]), "right": line(&self.lists[4]), "value": line(&self.value), "cover": line(&vec![1; self.value.len()]),
        })
    }
}

/// An ensemble of one tree, with an empty proof: the checker says what it makes of it.
fn ensemble(tree: Value) -> Ensemble {
    let edges = Value::String(EDGES.map(|e| e.to_string()).join(" "));
    let feature = |id: &str, direction: &str| json!({ "id": id, "direction": direction, "kind": "number", "edges": edges });
    let features = [feature("a", "up"), feature("b", "down"), feature("c", "free")];
    serde_json::from_value(json!({
        "objective": "logistic", "features": features, "start": 0.0, "trees": [tree], "certificate": { "proofs": [] },
        "stopping": { "grown": 1, "kept": 1, "held": 0, "held_loss": null },
    }))
    .unwrap()
}

/// What the library says of it on load.
fn verdict(draft: &Draft, ensemble: &Ensemble) -> String {
    let mut draft = draft.clone();
    draft.features = vec![meta("a", Direction::Up), meta("b", Direction::Down), meta("c", Direction::Free)];
    draft.model = Model::Boost(Boost { ensemble: ensemble.clone() });
    draft.seal().map_or_else(|refused| refused.to_string(), |_| String::new())
}

/// The greatest step against a direction over every pair of values on the grid.
fn brute(ensemble: &Ensemble) -> f64 {
    let features = vec![meta("a", Direction::Up), meta("b", Direction::Down), meta("c", Direction::Free)];
    let grid: Vec<[f64; 3]> = (0..125).map(|i| [VALUES[i % 5], VALUES[i / 5 % 5], VALUES[i / 25]]).collect();
    let columns = (0..3).map(|j| grid.iter().map(|row| row[j]).collect()).collect();
    let scores = ensemble.values(&Design::from_columns(features, columns).unwrap()).unwrap();
    let at = |row: [usize; 3]| scores[row[0] + 5 * row[1] + 25 * row[2]];
    let mut worst = f64::NEG_INFINITY;
    for one in 0..125 {
        let row = [one % 5, one / 5 % 5, one / 25];
        for higher in 0..4 {
            for (j, sign) in [(0, 1.0), (1, -1.0)] {
                let mut other = row;
                other[j] = higher;
                if row[j] < 4 && higher > row[j] {
                    worst = f64::max(worst, sign * (at(row) - at(other)));
                }
            }
        }
    }
    worst
}

#[test]
fn the_certificate_says_what_brute_force_says() {
    let mut draws = Draws(21);
    let (set, _) = town(400, 1);
    let draft = truth::sealed(&Params::Boost(SMALL), &set, &set).content;
    let (mut kept, mut broken) = (0, 0);
    for _ in 0..2_000 {
        let drawn = Drawn::tree(&mut draws);
        let ensemble = ensemble(drawn.json());
        let (said, worst) = (verdict(&draft, &ensemble), brute(&ensemble));
        // A box that nothing reaches (a feature asked again above its cut) is no breach.
        if worst > 0.0 {
            assert!(said.contains("against its direction"), "{worst}: {said:?} {:?}", drawn.json());
            broken += 1;
        } else {
            assert!(said.contains("the proof of tree 0 is not that of its leaves"), "{worst}: {said:?} {:?}", drawn.json());
            kept += 1;
        }
    }
    assert!(kept > 200 && broken > 200, "{kept} trees keep their directions, {broken} break them");
}

/// A fitted model as JSON, ready to be forged; what loading says of the forgery, its hash made right.
fn forged(change: impl Fn(&mut Value)) -> String {
    let (set, _) = town(3_000, 22);
    let mut content = truth::sealed(&Params::Boost(SMALL), &set, &set).content;
    let mut model = serde_json::to_value(&content.model).unwrap();
    change(&mut model["ensemble"]);
    match serde_json::from_value(model) {
        Ok(model) => content.model = model,
        Err(refused) => return refused.to_string(),
    }
    content.seal().map_or_else(|refused| refused.to_string(), |artifact: ModelArtifact| format!("sealed as {}", artifact.id))
}

/// Turns one list of the first tree into numbers and back.
fn numbers(ensemble: &mut Value, tree: usize, list: &str, change: impl Fn(&mut Vec<i64>)) {
    let line = &mut ensemble["trees"][tree][list];
    let mut values: Vec<i64> = line.as_str().unwrap().split(' ').map(|v| v.parse().unwrap()).collect();
    change(&mut values);
    *line = Value::String(values.iter().map(i64::to_string).collect::<Vec<String>>().join(" "));
}

#[test]
fn a_tree_turned_by_hand_is_refused_even_with_its_hash_made_anew() {
    assert!(forged(|_| {}).starts_with("sealed as "), "the model as it is");
    // The town's strongest feature has a direction, so the ends of a tree cannot change places.
    let said = forged(|e| numbers(e, 0, "value", |v| v.reverse()));
    assert!(said.starts_with("model contradicts itself: tree 0 goes from ") && said.contains("against its direction"), "{said}");
    let said = forged(|e| numbers(e, 3, "value", |v| v[0] = v[0].wrapping_add(1)));
    assert!(said.contains("the proof of tree 3 is not that of its leaves") || said.contains("against its direction"), "{said}");
    let said = forged(|e| e["certificate"]["proofs"][2]["margins"] = json!("0"));
    assert!(said.contains("the proof of tree 2"), "{said}");
    let said = forged(|e| e["certificate"]["proofs"] = json!([]));
    assert!(said.contains("the proof of tree 0"), "{said}");
}

#[test]
fn a_damaged_tree_is_refused_and_says_where() {
    let refused = |list: &'static str, at: usize, value: i64, wanted: &str| {
        let said = forged(|e| numbers(e, 1, list, |v| v[at] = value));
        assert!(said.contains(wanted), "{list}[{at}] = {value}: {said}");
    };
    refused("left", 0, 0, "tree 1: a side leads to split 0, expected split 1");
    refused("left", 0, 500, "tree 1: a side leads to split 500");
    refused("right", 0, -1, "tree 1: a side leads to leaf 0");
    refused("right", 1, -32_768, "tree 1: ");
    refused("feature", 0, 7, "tree 1: split 0 on feature 7 of 7");
    refused("feature", 0, 70_000, "expected a number within its range");
    refused("code", 0, 254, "tree 1: split 0: code 254 of ");
    refused("missing_left", 0, 2, "missing 2");
    refused("value", 0, 1 << 40, "tree 1: leaf 0: value 1099511627776");
    refused("cover", 0, 0, "tree 1: leaf 0: value ");
    refused("cover", 0, -4, "of cover -4");
    for (list, line, wanted) in [
        ("value", "", "tree 1: "),
        ("value", "NaN", "expected a number within its range"),
        ("cover", "NaN", "expected one split less than leaves"),
        ("left", "-1", "lists of unequal length"),
    ] {
        let said = forged(|e| e["trees"][1][list] = json!(line));
        assert!(said.contains(wanted), "{list} {line:?}: {said}");
    }
    assert!(forged(|e| e["features"][0]["edges"] = json!("2 1")).contains("edges of feature rise"));
    assert!(forged(|e| e["features"][0]["edges"] = json!("NaN")).contains("edges of feature rise"));
    assert!(forged(|e| e["start"] = json!(0.1)).contains("start at 0.1"));
    assert!(forged(|e| e["start"] = json!(1e300)).contains("multiple of 2^-32"));
    assert!(forged(|e| e["objective"] = json!("squared")).contains("trees fit Squared"));
    assert!(forged(|e| e["stopping"]["kept"] = json!(3)).contains("expected 3"));
    assert!(forged(|e| e["features"][0]["kind"] = json!("category")).contains("categories and a direction"));
}
