//! The verb `validate`: the same bytes whatever the machine does, nobody named, a planted proxy caught, and gates that hold a model back.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::rewrite::{self, Export};
use crate::town::{self, configuration, fails, luheng, must};

/// A work folder with one night, and the configuration it goes by.
struct Court {
    work: TempDir,
    config: PathBuf,
    input: PathBuf,
}

impl Court {
    /// A night of these exports with more lines of configuration; gives what it said as well.
    fn of(input: &Path, more: &str) -> (Self, String) {
        let work = tempfile::tempdir().unwrap();
        let court = Self { config: work.path().join("luheng.toml"), input: input.to_owned(), work };
        court.configure(more);
        let mut arguments = court.arguments("nightly", &[]);
        arguments.extend(["--input".to_owned(), input.display().to_string()]);
        let night = luheng(&arguments);
        let said = String::from_utf8_lossy(&night.stderr).into_owned();
        assert!(night.status.success(), "{said}");
        (court, said)
    }

    fn configure(&self, more: &str) {
        let text = fs::read_to_string(configuration()).unwrap();
        fs::write(&self.config, format!("{text}\n{more}\n")).unwrap();
    }

    fn work(&self) -> PathBuf {
        self.work.path().join("work")
    }

    fn arguments(&self, verb: &str, more: &[&str]) -> Vec<String> {
        let (config, work) = (self.config.display().to_string(), self.work().display().to_string());
        let all = [&[verb, "--config", &config, "--work", &work], more].concat();
        all.into_iter().map(str::to_owned).collect()
    }

    fn model(&self) -> String {
        self.approval()["model_id"].as_str().unwrap().to_owned()
    }

    fn approval(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.work().join("models/approved.json")).unwrap()).unwrap()
    }

    fn approve(&self, model: &str) -> Vec<String> {
        self.arguments("approve", &[model, "--by", "J01", "--on", "2026-07-01", "--assessment", "A-1"])
    }

    /// What a back-test left: report and page.
    fn left(&self) -> [String; 2] {
        let folder = self.work().join("models").join(self.model());
        ["backtest.json", "backtest.html"].map(|name| fs::read_to_string(folder.join(name)).unwrap())
    }

    fn report(&self) -> Value {
        serde_json::from_str(&self.left()[0]).unwrap()
    }
}

fn axis<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["axes"].as_array().unwrap().iter().find(|a| a["axis"] == name).unwrap()
}

fn real(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value}"))
}

#[test]
fn a_back_test_judges_through_time_names_nobody_and_is_the_same_for_any_jobs_and_row_order() {
    let town = town::town(2_000, &[]);
    let (court, _) = Court::of(town.path(), "");
    println!("{}", must(&court.arguments("validate", &["--jobs", "1"])));
    let left = court.left();
    must(&court.arguments("validate", &["--jobs", "3"]));
    assert_eq!(left, court.left(), "--jobs 3");
    let shuffled = rewrite::folder(&rewrite::exports(town.path()), Export::csv_shuffled);
    let (other, _) = Court::of(shuffled.path(), "");
    must(&other.arguments("validate", &[]));
    assert_eq!(left, other.left(), "shuffled rows");

    let report = court.report();
    for name in ["capacity", "willingness", "recovery"] {
        let axis = axis(&report, name);
        assert_eq!(axis["status"], "judged", "{name}");
        let periods = axis["periods"].as_array().unwrap();
        assert!(periods.len() >= 4, "{name}: {} periods", periods.len());
        let learned: Vec<u64> = periods.iter().map(|p| p["learned"].as_u64().unwrap()).collect();
        assert!(learned.windows(2).all(|pair| pair[0] <= pair[1]), "{name}: each period knows no less than the one before: {learned:?}");
        let (auc, expected) = (real(&axis["pooled"]["auc"]["value"]), real(&axis["expected"]["auc"]["value"]));
        assert!(auc > 0.6 && auc < 0.99, "{name} {auc}");
        assert!(real(&axis["expected_error"]) < 0.1 && (expected - auc).abs() < 0.1, "{name}: expected {expected}, came {auc}");
        let rows: u64 = ["new", "returning"]
            .iter()
            .map(|slice| {
                let slice = axis["slices"].as_array().unwrap().iter().find(|s| s["name"] == *slice).unwrap();
                slice["figures"]["rows"].as_u64().unwrap()
            })
            .sum();
        assert_eq!(rows, axis["pooled"]["rows"].as_u64().unwrap(), "{name}");
        for equal in axis["equal_facts"].as_array().unwrap() {
            assert!(equal["greatest_difference"].is_null() || real(&equal["greatest_difference"]) == 0.0, "{equal}");
        }
    }
    let pairs =
        |name: &str| axis(&report, name)["equal_facts"].as_array().unwrap().iter().map(|e| e["pairs"].as_u64().unwrap()).sum::<u64>();
    assert!(pairs("willingness") > 100, "else equal ratings of equal facts say nothing");
    let held = real(&axis(&report, "recovery")["coverage"]["held"]);
    assert!((0.85..=0.95).contains(&held), "intervals of 90 % held {held}");
    let changed = |c: &Value| (c["axis"] == "capacity").then(|| c["changed"].as_u64().unwrap());
    assert!(report["channels"].as_array().unwrap().iter().filter_map(changed).any(|n| n > 0), "no channel matters");
    let willing = |c: &Value| (c["axis"] == "willingness").then(|| c["changed"].as_u64().unwrap());
    assert!(report["channels"].as_array().unwrap().iter().filter_map(willing).all(|n| n == 0), "willingness leans on no property channel");

    // Whoever is in the lake is not on the page.
    let cases = town::lake(&court.work(), "parties");
    let names = ["case_no", "debtor_id"].into_iter().flat_map(|column| town::texts(&cases, column)).flatten();
    for name in names {
        assert!(left.iter().all(|text| !text.contains(&name)), "{name} is named");
    }
    let models: Vec<String> =
        fs::read_dir(court.work().join("models")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(models.iter().all(|name| !name.starts_with('.')), "left behind: {models:?}");
}

/// Every woman of a town is given the same debt: the feature that shows it follows sex.
#[test]
fn a_planted_proxy_is_caught() {
    let town = town::town(2_000, &[]);
    let mut tables = rewrite::exports(town.path());
    let debtors = tables.iter().find(|t| t.name == "debtors").unwrap().clone();
    let at = |column: &str| debtors.at(column).unwrap();
    let women = debtors
        .rows
        .iter()
        .filter(|row| row[at("id_kind")] == "resident_id" && row[at("id_no")].as_bytes().get(16).is_some_and(|digit| digit % 2 == 0));
    let debts = tables.iter_mut().find(|t| t.name == "obligations").unwrap();
    let head = debts.head.clone();
    for woman in women {
        let cell = |column: &String| match column.as_str() {
            "debtor_ref" => woman[at("debtor_ref")].clone(),
            "kind" => "private".into(),
            "creditor_no" => "9001".into(),
            "outstanding_fen" => "90000000000".into(),
            "known_on" => woman[at("known_on")].clone(),
            _ => String::new(),
        };
        debts.rows.push(head.iter().map(cell).collect());
    }
    let planted = rewrite::folder(&tables, Export::csv);
    let proxies = |input: &Path| -> Vec<String> {
        let (court, _) = Court::of(input, "");
        must(&court.arguments("validate", &[]));
        let report = court.report();
        let found = axis(&report, "capacity")["follows"].as_array().unwrap().clone();
        let of_sex = found.iter().filter(|f| f["attribute"] == "sex" && f["is_proxy"] == true);
        of_sex.map(|f| format!("{} {}", f["group"].as_str().unwrap(), f["feature"].as_str().unwrap())).collect()
    };
    assert_eq!(proxies(town.path()), Vec::<String>::new(), "the town rates nobody by sex");
    let found = proxies(planted.path());
    assert!(found.contains(&"female obligations_fen".to_owned()) && found.contains(&"male obligations_fen".to_owned()), "{found:?}");
}

#[test]
fn a_model_that_breaks_a_gate_is_not_put_into_use() {
    let town = town::town(1_500, &[]);
    let (court, said) = Court::of(town.path(), "[validate]\nmin_auc = 0.999");
    let first = court.model();
    assert!(said.contains("breaks a gate of [validate], it is the first and stays a trial model") && said.contains("min_auc"), "{said}");
    assert_eq!(court.approval()["basis"], "first", "a night needs a model");
    // The back-test says so with status 5, its report written.
    let (status, text) = fails(&court.arguments("validate", &[]));
    assert!(
        status == 5 && text.contains("min_auc capacity: found 0.") && text.contains("limit 0.999") && text.contains("backtest.html"),
        "{text}"
    );
    assert!(court.left()[1].contains("未通过门槛，不投入使用"));
    let (status, text) = fails(&court.approve(&first));
    assert!(status == 5 && text.contains("is not put into use") && text.contains("min_auc"), "{text}");
    assert_eq!(court.approval()["basis"], "first");
    // A gate of another rating, and one that is kept, hold nothing.
    court.configure("[validate]\nmin_auc = 0.5\nmax_group_gap = 0.9\nmax_psi = 9.0\nmax_calibration_error = { recovery = 0.5 }");
    println!("{}", must(&court.arguments("validate", &[])));
    must(&court.approve(&first));
    assert_eq!(court.approval()["basis"], "person");

    // A later proposal is told of at once, was never back-tested, and yesterday's model stays.
    let text = fs::read_to_string(&court.config).unwrap();
    fs::write(&court.config, format!("seed = 4\n{text}").replace("min_auc = 0.5", "min_auc = 0.999")).unwrap();
    let trained = luheng(&court.arguments("train", &[]));
    let (out, said) = (String::from_utf8_lossy(&trained.stdout).into_owned(), String::from_utf8_lossy(&trained.stderr).into_owned());
    assert!(trained.status.success() && said.contains("it is not put into use; the model before it stays"), "{said}");
    let proposed = out.lines().find_map(|line| line.strip_prefix("model       ")).unwrap().to_owned();
    assert_ne!(proposed, first);
    let (status, text) = fails(&court.approve(&proposed));
    assert!(status == 5 && text.contains(&format!("luheng validate --model {proposed}")), "{text}");
    let (status, _) = fails(&court.arguments("validate", &["--model", &proposed]));
    assert_eq!(status, 5);
    let (status, text) = fails(&court.approve(&proposed));
    assert!(status == 5 && text.contains("breaks [validate]"), "{text}");
    assert_eq!(court.model(), first);
    // The night goes on with it.
    must(&[court.arguments("nightly", &[]), vec!["--input".to_owned(), court.input.display().to_string()]].concat());
    assert_eq!(court.model(), first);
}
