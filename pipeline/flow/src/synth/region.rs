//! Why: an imaginary province, city and eight counties under the unassigned prefix 99, so that no figure of the town can be read as a real
//! place's. Residents follow an equation, not a census.
use luheng_lake::columns::day;

use super::export::Export;
use super::line::Line;
use super::tables::Table;

/// Counties: code and name.
pub const COUNTIES: &[(&str, &str)] = &[
    ("990101", "甲县"),
    ("990102", "乙县"),
    ("990103", "丙县"),
    ("990104", "丁县"),
    ("990105", "戊县"),
    ("990106", "己县"),
    ("990107", "庚县"),
    ("990108", "辛县"),
];

/// Courts of the town by the short name that stands in case numbers; county i belongs to court i mod 3.
pub const COURTS: &[&str] = &["测9901", "测9902", "测9903"];

/// Writes divisions and population. Residents of county i in year y: 60 a debtor of the town over the eight counties, uneven by i, growing by
/// 0.5 % a year; 78 % registered, 82 % of age.
pub fn export(out: &mut Export, debtors: usize) {
    let from = day::from_ymd(2000, 1, 1);
    let mut region = |code: &str, name: &str, level: &str, parent: Option<&str>| {
        let line = Line::of(Table::Regions).text("code", code).text("name", name).text("level", level);
        out.put(line.maybe("parent", parent).on("valid_from", from));
    };
    region("990000", "测试省", "province", None);
    region("990100", "测试市", "city", Some("990000"));
    for (code, name) in COUNTIES {
        region(code, name, "county", Some("990100"));
    }
    for year in 2022..=2025_i64 {
        let mut whole = 0;
        for (at, (code, _)) in COUNTIES.iter().enumerate() {
            let resident = residents(debtors, at, year);
            whole += resident;
            population(out, code, year, resident);
        }
        population(out, "990100", year, whole);
        population(out, "990000", year, whole);
    }
}

fn residents(debtors: usize, county: usize, year: i64) -> i64 {
    let base = (debtors.max(100) as f64) * 60.0 / COUNTIES.len() as f64;
    let uneven = 0.65 + 0.1 * county as f64;
    (base * uneven * (1.0 + 0.005 * (year - 2022) as f64)).round() as i64
}

fn population(out: &mut Export, region: &str, year: i64, resident: i64) {
    let line = Line::of(Table::Population)
        .text("region", region)
        .int("year", year)
        .int("resident", resident)
        .int("registered", resident * 78 / 100)
        .int("adult", resident * 82 / 100)
        .text("source", "imaginary");
    out.put(line.on("published_on", day::from_ymd(year as i16 + 1, 3, 1)));
}
