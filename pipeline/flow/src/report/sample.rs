//! Made-up run tables for the tests of this module: one case with two parties, one of them unrated, and a few regions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::report::{LongTables, MetricLabel, RunTables, SheetContext};
use luheng_lake::columns::{Columns, day};
use luheng_sheet::Bi;
use std::collections::BTreeMap;

pub const CASE: &str = "（2025）浙0106执1234号";
pub const A: &str = "3f9a12bc55d04e0e9b7c1a2b3c4d5e6f";
pub const B: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";

/// Words for the codes of the sample.
pub fn context() -> SheetContext {
    let list = |entries: &[(&str, &'static str, &'static str)]| -> BTreeMap<String, Bi> {
        entries.iter().map(|(code, zh, en)| ((*code).to_owned(), Bi::fixed(zh, en))).collect()
    };
    let labels = [
        ("channel", list(&[("bank", "银行", "bank"), ("vehicle", "车辆", "vehicle"), ("real_estate", "不动产", "real estate")])),
        ("milestones.node", list(&[("valuation", "启动确定参考价", "start of valuation")])),
        ("debtors.kind", list(&[("natural", "自然人", "natural person"), ("legal", "法人", "legal person")])),
        (
            "measure",
            list(&[
                ("property_report_order", "报告财产令", "order to report property"),
                ("reference_price", "确定参考价", "fix the reference price"),
                ("online_sale", "网络司法拍卖", "online sale"),
                ("settlement", "执行和解", "settlement"),
                ("dishonest_listing", "列入失信名单", "listing as dishonest"),
                ("detention", "拘留", "detention"),
                ("eviction", "腾退房屋", "eviction"),
            ]),
        ),
    ];
    SheetContext {
        as_of: day::parse("2025-06-30").unwrap(),
        is_trial: true,
        labels: labels.into_iter().map(|(name, list)| (name.to_owned(), list)).collect(),
        courts: [("浙0106".to_owned(), "杭州市西湖区人民法院".to_owned())].into(),
        metrics: vec![
            (
                "dishonesty_rate_per_10k".into(),
                MetricLabel { title: Bi::fixed("万人失信率", "dishonest debtors per 10,000"), unit: "per_10k".into() },
            ),
            (
                "no_property_share".into(),
                MetricLabel { title: Bi::fixed("终本率", "share closed for want of property"), unit: "share".into() },
            ),
        ],
    }
}

/// The tables.
pub fn tables() -> RunTables {
    RunTables {
        ratings: ratings(),
        long: LongTables { reasons: reasons(), suggestions: suggestions(), alike: alike() },
        cases: cases(),
        debtors: debtors(),
        alerts: alerts(),
        regional: regional(),
        oversight: oversight(),
        paths: paths(),
    }
}

fn paths() -> Columns {
    Columns::new()
        .text("case_no", [Some(CASE), Some(CASE)])
        .text("debtor_id", [Some(A), Some(A)])
        .text("axis", [Some("willingness"), Some("willingness")])
        .text("to_grade", [Some("W3"), Some("W3")])
        .real("p_after", [Some(0.43), Some(0.43)])
        .int("rank", [Some(1), Some(2)])
        .text("text_zh", [Some("如实、完整申报财产"), Some("按传唤到院（2次）")])
        .text("text_en", [Some("file the property report, true and complete"), Some("come when summoned, 2 times")])
}

fn alike() -> Columns {
    let all = |text: &'static str| [Some(text), Some(text)];
    Columns::new()
        .text("case_no", all(CASE))
        .text("debtor_id", all(A))
        .int("rank", [Some(1), Some(2)])
        .text("alike_key", [Some("0123456789ab"), Some("ba9876543210")])
        .real("likeness", [Some(0.871), Some(0.84)])
        .int("compared_n", [Some(412), Some(412)])
        .text("close_kind", [Some("no_property"), Some("performed")])
        .text("close_ground", [None::<&str>, None])
        .date("closed_on", [on("2024-03-05"), on("2025-01-20")])
        .int("open_days", [Some(143), Some(61)])
        .text("measures_before", [Some("settlement*3"), None])
        .text("measures_after", [Some("property_report_order;online_sale*2;detention;eviction"), None])
        .real("recovered_share", [Some(0.125), Some(1.0)])
        .real("case_recovered_share", [Some(0.5), Some(1.0)])
        .text("text_zh", [Some("相近：存款；相异：车辆"), Some("相近：收入")])
        .text("text_en", [Some("alike in deposits; unlike in vehicles"), Some("alike in income")])
}

fn oversight() -> Columns {
    let rows = [
        ("steps_180d", "capacity_grade", "C1", 30, 60, None),
        ("step_overdue", "capacity_grade", "C1", 30, 60, Some((0.38, 0.62))),
        ("left_behind", "capacity_grade", "C1", 30, 60, Some((0.1, 0.3))),
        ("advice_adopted", "subject", "measure", 3, 4, Some((0.3, 0.95))),
    ];
    Columns::new()
        .text("indicator", rows.iter().map(|r| Some(r.0)))
        .text("grouped_by", rows.iter().map(|r| Some(r.1)))
        .text("group", rows.iter().map(|r| Some(r.2)))
        .int("numerator", rows.iter().map(|r| Some(r.3)))
        .int("denominator", rows.iter().map(|r| Some(r.4)))
        .real("value", rows.iter().map(|r| Some(if r.0 == "left_behind" { 0.2 } else { r.3 as f64 / r.4 as f64 })))
        .real("low95", rows.iter().map(|r| r.5.map(|i| i.0)))
        .real("high95", rows.iter().map(|r| r.5.map(|i| i.1)))
}

fn on(text: &str) -> Option<i32> {
    day::parse(text)
}

fn ratings() -> Columns {
    let twice = |text: &'static str| [Some(text), Some(text)];
    Columns::new()
        .text("case_no", twice(CASE))
        .text("debtor_id", [Some(A), Some(B)])
        .date("as_of", [on("2025-06-30"), on("2025-06-30")])
        .text("rating_id", twice("standard"))
        .int("horizon_days", [Some(180), Some(180)])
        .real("good_share", [Some(0.8), Some(0.8)])
        .text("capacity_status", [Some("rated"), Some("no_evidence")])
        .real("capacity_p", [Some(0.724), None])
        .real("capacity_low", [Some(0.581), None])
        .real("capacity_high", [Some(0.836), None])
        .real("capacity_score", [Some(612.4), None])
        .text("capacity_grade", [Some("C4"), None])
        .text("capacity_extent", [Some("part"), Some("unknown")])
        .int("evidenced_means_fen", [Some(46_820_000), Some(0)])
        .text("willingness_status", [Some("rated"), Some("notice_not_served")])
        .real("willingness_p", [Some(0.281), None])
        .real("willingness_low", [Some(0.172), None])
        .real("willingness_high", [Some(0.392), None])
        .real("willingness_score", [Some(455.0), None])
        .text("willingness_grade", [Some("W2"), None])
        .text("quadrant", [Some("able_unwilling"), Some("unrated")])
        .real("recovery_share", [Some(0.61), None])
        .real("recovery_low", [Some(0.22), None])
        .real("recovery_high", [Some(0.9), None])
        .int("expected_recovery_fen", [Some(38_430_000), None])
        .int("outstanding_fen", [Some(63_000_000), Some(63_000_000)])
        .real("coverage", [Some(0.889), Some(0.333)])
        .text("confidence", [Some("medium"), Some("none")])
        .text("missing_channels", [Some("vehicle"), Some("bank;real_estate;vehicle")])
        .text("ask_for", [None, Some("inquiry;serve_notice")])
        .text("identity_basis", [Some("number"), Some("ref")])
        .date("valid_until", [on("2025-09-20"), on("2025-09-28")])
        .text("capacity_model", [Some("9c4f2ab81d6e77aa0011"), None])
        .text("willingness_model", [Some("5be01c77aa34dd90ffee"), None])
}

fn reasons() -> Columns {
    let rows: [(&str, i64, f64, &str, &str, &str, &str); 11] = [
        ("capacity", 0, 520.0, "now", "起点（全体被执行人平均）", "base, the average of all parties", ""),
        (
            "capacity",
            1,
            84.2,
            "after_control",
            "名下不动产净值约占应履行额五成",
            "net real estate is about half of the due",
            "assets:8a1f22c4d0e91b37",
        ),
        (
            "capacity",
            2,
            41.7,
            "now",
            "近一年自行履行三次",
            "paid of his own accord three times in a year",
            "payments:11aa;payments:22bb;payments:33cc;payments:44dd;payments:55ee",
        ),
        ("capacity", 3, -28.9, "now", "另有两件未结案件", "two more open cases", "cases:77f0aa12bb90cc01"),
        ("capacity", 4, -4.6, "now", "其余因素", "the rest", ""),
        ("willingness", 0, 540.0, "now", "起点（全体被执行人平均）", "base, the average of all parties", ""),
        (
            "willingness",
            1,
            -72.5,
            "now",
            "未按期报告财产（报告财产令2025年3月5日届满）",
            "no property report by the day ordered",
            "conduct:90ab34cd12ef5678",
        ),
        ("willingness", 2, -31.5, "never", "两次传唤未到", "did not answer two summonses", "conduct:12;conduct:13"),
        ("willingness", 3, 16.0, "now", "主动提供财产线索", "volunteered a clue to property", "conduct:14"),
        ("willingness", 4, 3.0, "now", "其余因素", "the rest", ""),
        ("other_axis", 0, 0.0, "now", "不应出现", "must not appear", ""),
    ];
    Columns::new()
        .text("case_no", rows.iter().map(|_| Some(CASE)))
        .text("debtor_id", rows.iter().map(|_| Some(A)))
        .text("axis", rows.iter().map(|r| Some(r.0)))
        .int("rank", rows.iter().map(|r| Some(r.1)))
        .real("points", rows.iter().map(|r| Some(r.2)))
        .text("disclose", rows.iter().map(|r| Some(r.3)))
        .text("text_zh", rows.iter().map(|r| Some(r.4)))
        .text("text_en", rows.iter().map(|r| Some(r.5)))
        .text("evidence", rows.iter().map(|r| (!r.6.is_empty()).then_some(r.6)))
}

fn cases() -> Columns {
    Columns::new()
        .text("case_no", [Some(CASE)])
        .date("as_of", [on("2025-06-30")])
        .text("court_code", [Some("浙0106")])
        .text("judge_code", [Some("J017")])
        .int("due_fen", [Some(63_000_000)])
        .int("expected_recovery_fen", [Some(38_430_000)])
        .int("low_fen", [Some(13_860_000)])
        .int("high_fen", [Some(56_700_000)])
        .int("parties_n", [Some(2)])
        .text("order_of_pursuit", [Some(format!("{A};{B}"))])
        .text("lane", [Some("hard")])
        .text("next_deadline", [Some("milestone:valuation")])
        .date("next_deadline_on", [on("2025-07-04")])
        .text("sheet", [Some(crate::report::sheet_name(CASE))])
}

type Suggested = (
    &'static str,
    Option<i64>,
    &'static str,
    &'static str,
    bool,
    Option<&'static str>,
    Option<i64>,
    &'static str,
    &'static str,
    &'static str,
);

fn suggestions() -> Columns {
    let rows: [Suggested; 7] = [
        (
            B,
            Some(1),
            "property_report_order",
            "mandatory",
            true,
            Some("2025-06-20"),
            None,
            "民事诉讼法（2023年修正）第252条",
            "本案尚无报告财产令送达记录，应随执行通知发出。",
            "No order to report property is on record; it goes with the notice.",
        ),
        (
            A,
            Some(1),
            "reference_price",
            "mandatory",
            true,
            Some("2025-07-04"),
            None,
            "确定财产处置参考价规定（2018年）第1条",
            "不动产已于2025年6月4日查封，应在三十日内启动确定参考价。",
            "Sealed on 2025-06-04: fixing the price starts within 30 days.",
        ),
        (
            A,
            Some(2),
            "online_sale",
            "discretionary",
            true,
            None,
            Some(31_500_000),
            "民事诉讼法（2023年修正）第258条",
            "已查封不动产一处，净值足以清偿约五成，参考价确定后可拍卖。",
            "One sealed property covers about half once its price is fixed.",
        ),
        (
            A,
            Some(3),
            "settlement",
            "discretionary",
            true,
            None,
            Some(6_300_000),
            "",
            "近一年自行履行三次，可促成分期和解。",
            "Three payments in a year: instalments may be agreed.",
        ),
        (A, None, "dishonest_listing", "discretionary", false, None, None, "", "列入失信名单：财产报告期限尚未届满", "blocked"),
        (A, None, "detention", "discretionary", false, None, None, "", "拘留：财产报告期限尚未届满", "blocked"),
        (A, None, "eviction", "discretionary", false, None, None, "", "腾退房屋：财产报告期限尚未届满", "blocked"),
    ];
    Columns::new()
        .text("case_no", rows.iter().map(|_| Some(CASE)))
        .text("debtor_id", rows.iter().map(|r| Some(r.0)))
        .int("rank", rows.iter().map(|r| r.1))
        .text("measure", rows.iter().map(|r| Some(r.2)))
        .text("kind", rows.iter().map(|r| Some(r.3)))
        .flag("eligible", rows.iter().map(|r| Some(r.4)))
        .text("preconditions", rows.iter().map(|r| Some(if r.4 { "met" } else { "unknown" })))
        .text("blocked_by", rows.iter().map(|r| (!r.4).then_some("财产报告期限尚未届满")))
        .text("evidence_needed", rows.iter().map(|r| (!r.4).then_some("拒不报告的文书编号")))
        .text("initiator", rows.iter().map(|_| Some("creditor or court")))
        .text("approver", rows.iter().map(|_| Some("judge")))
        .date("due_on", rows.iter().map(|r| r.5.and_then(day::parse)))
        .text("target", rows.iter().map(|_| Some("debtor")))
        .int("gain_fen", rows.iter().map(|r| r.6))
        .int("gain_low_fen", rows.iter().map(|r| r.6.map(|f| f / 2)))
        .int("gain_high_fen", rows.iter().map(|r| r.6.map(|f| f * 13 / 10)))
        .text("gain_basis", rows.iter().map(|r| Some(if r.6.is_some() { "prior" } else { "none" })))
        .int("cost_days", rows.iter().map(|_| Some(5)))
        .int("intrusiveness", rows.iter().map(|_| Some(2)))
        .text("legal_basis", rows.iter().map(|r| (!r.7.is_empty()).then_some(r.7)))
        .text("policy_ref", rows.iter().map(|_| Some("四(三)")))
        .text("text_zh", rows.iter().map(|r| Some(r.8)))
        .text("text_en", rows.iter().map(|r| Some(r.9)))
}

fn debtors() -> Columns {
    Columns::new()
        .text("debtor_id", [Some(A), Some(B)])
        .text("kind", [Some("natural"), Some("legal")])
        .int("open_cases_n", [Some(3), Some(1)])
        .int("no_property_cases_n", [Some(1), Some(0)])
        .int("due_all_fen", [Some(121_000_000), Some(63_000_000)])
        .flag("is_listed", [Some(false), Some(true)])
        .flag("is_limited", [Some(true), Some(true)])
        .flag("insolvent_candidate", [Some(true), Some(false)])
}

fn alerts() -> Columns {
    Columns::new()
        .text("kind", [Some("grade_changed"), Some("seizure_lapses")])
        .text("case_no", [Some(CASE), Some(CASE)])
        .text("debtor_id", [Some(A), Some(A)])
        .date("due_on", [None, on("2025-08-01")])
        .text("before", [Some("W3"), None])
        .text("after", [Some("W2"), None])
        .text("cause", [Some("facts"), None])
}

fn regional() -> Columns {
    let regions = [
        ("330000", "浙江省", "province", 412, 66_270_000_i64),
        ("330100", "杭州市", "city", 250, 12_522_000),
        ("330106", "西湖区", "county", 143, 1_120_000),
        ("330109", "萧山区", "county", 104, 2_010_000),
        ("330127", "淳安县", "county", 3, 330_000),
    ];
    let one = |metric: &'static str, definition: &'static str, share: bool| {
        let value = |n: i64, of: i64| if share { n as f64 / (n * 3) as f64 } else { n as f64 / of as f64 * 10_000.0 };
        let hidden = |n: i64| n < 10;
        Columns::new()
            .date("as_of", regions.iter().map(|_| on("2025-06-30")))
            .text("region", regions.iter().map(|r| Some(r.0)))
            .text("region_name", regions.iter().map(|r| Some(r.1)))
            .text("level", regions.iter().map(|r| Some(r.2)))
            .text("metric", regions.iter().map(|_| Some(metric)))
            .text("definition_id", regions.iter().map(|_| Some("d41d8cd98f00")))
            .text("definition", regions.iter().map(|_| Some(definition)))
            .int("numerator", regions.iter().map(|r| (!hidden(r.3)).then_some(r.3)))
            .int("denominator", regions.iter().map(|r| Some(if share { r.3 * 3 } else { r.4 })))
            .int("denominator_year", regions.iter().map(|_| (!share).then_some(2023)))
            .real("value", regions.iter().map(|r| (!hidden(r.3)).then(|| value(r.3, r.4))))
            .real("low95", regions.iter().map(|r| (!hidden(r.3)).then(|| value(r.3, r.4) * 0.9)))
            .real("high95", regions.iter().map(|r| (!hidden(r.3)).then(|| value(r.3, r.4) * 1.1)))
            .flag("suppressed", regions.iter().map(|r| Some(hidden(r.3))))
            .text("numerator_scope", regions.iter().map(|_| Some("these_courts")))
            .int("courts_reporting_n", regions.iter().map(|_| Some(2)))
            .real("fallback_share", regions.iter().map(|_| Some(0.083)))
            .int("unlocated_n", regions.iter().map(|_| Some(4)))
            .text("vintage", regions.iter().map(|_| Some("as_known")))
            .real("change", regions.iter().map(|r| (r.2 == "county").then_some(-0.02)))
    };
    Columns::concat(&[
        one("dishonesty_rate_per_10k", "截至当日24时有一条以上有效失信记录的自然人（同一人只计一次）÷ 最近公布年度常住人口 × 10000 / distinct natural persons listed / residents x 10,000", false),
        one("no_property_share", "近365日以终本方式结案 ÷ 近365日全部结案", true),
    ])
    .expect("one schema")
}
