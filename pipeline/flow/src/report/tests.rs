//! What must be on a document, and what must never be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::sample::{A, B, CASE, context, tables};
use crate::quality::{Quality, figures};

use super::{ByCase, CaseTables, explain, index, oversight, quality, regional, sheet_name, sheets};
use luheng_lake::columns::Columns;
use luheng_sheet::html;

fn sheet_html(change: impl Fn(&mut super::RunTables)) -> String {
    let mut tables = tables();
    change(&mut tables);
    let by_case = ByCase::of(&tables);
    html::render(&sheets::case_sheet(CASE, &by_case.case(CASE).unwrap(), &context())).unwrap()
}

#[test]
fn names_of_sheets_are_safe_and_distinct() {
    assert_eq!(sheet_name(CASE), "sheets/2025-浙0106执1234号.html");
    assert_eq!(sheet_name("（2025）浙0106执1号之一"), "sheets/2025-浙0106执1号之一.html");
    assert_eq!(sheet_name("../a/b"), "sheets/__2e__2e__2f_a_2f_b.html");
    assert_ne!(sheet_name("（2025）浙1号"), sheet_name("2025）浙1号"));
    assert_ne!(sheet_name("（2025）浙1号"), sheet_name("（2025-浙1号"));
}

#[test]
fn a_sheet_says_what_a_judge_needs() {
    let html = sheet_html(|_| {});
    for needed in [
        "评估参考，不构成对有履行能力或拒不履行的认定",
        "试用模型",
        "后续利息未计入",
        "每分钱只计一次",
        "杭州市西湖区人民法院（浙0106）",
        "63.00万元",
        "38.43万元",
        "难案精执",
        "2025年7月4日",
        "启动确定参考价",
        "被执行人甲 · 3f9a 12bc…",
        "能力较强·配合较弱",
        "72.4%（58.1%—83.6%）",
        "部分：已查明财产",
        "执行通知尚未送达，未评级",
        "证据不足，未评级",
        "请补充：补发或催办网络查控、送达执行通知",
        "assets:8a1f22c4d0e91b37",
        "payments:33cc +2",
        "内部 · 控制后可告知",
        "+84.2",
        "−72.5",
        "法定步骤",
        "已逾期 2025年6月20日",
        "民事诉讼法（2023年修正）第252条",
        "暂不具备条件",
        "财产报告期限尚未届满",
        "等级变化",
        "W3 → W2",
        "对评估或所列事实有异议",
        "9c4f2ab81d6e",
    ] {
        assert!(html.contains(needed), "missing: {needed}");
    }
    for never in [A, B, "不应出现", "run_id", "NaN"] {
        assert!(!html.contains(never), "must not appear: {never}");
    }
}

#[test]
fn statutory_steps_come_before_advice_and_blocked_ones_last() {
    let html = sheet_html(|_| {});
    let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("missing {text}"));
    assert!(place("报告财产令 <i") < place("网络司法拍卖") && place("网络司法拍卖") < place("暂不具备条件"));
    assert!(place("已逾期 2025年6月20日") < place("期限 2025年7月4日"));
}

#[test]
fn an_unrated_party_never_looks_like_a_low_grade() {
    let html = sheet_html(|_| {});
    let part = &html[html.find("被执行人乙 · ").unwrap()..html.find("依据与异议").unwrap()];
    assert!(part.contains("–––––") && !part.contains("<b>C") && !part.contains("<b>W") && !part.contains('●'));
    assert!(part.contains("不表示没有能力"));
}

#[test]
fn an_approved_model_is_not_called_trial() {
    let tables = tables();
    let by_case = ByCase::of(&tables);
    let mut ctx = context();
    ctx.is_trial = false;
    let html = html::render(&sheets::case_sheet(CASE, &by_case.case(CASE).unwrap(), &ctx)).unwrap();
    assert!(!html.contains("试用") && html.contains("已批准"));
}

#[test]
fn a_sheet_of_two_parties_stays_under_27_kb() {
    let html = sheet_html(|_| {});
    assert!(html.len() < 27_000, "{} bytes", html.len());
}

#[test]
fn hostile_text_from_a_table_stays_text() {
    let html = sheet_html(|t| {
        let n = t.long.reasons.len();
        t.long.reasons = std::mem::take(&mut t.long.reasons).text("text_zh", (0..n).map(|_| Some("<script>alert(1)</script>")));
    });
    assert!(!html.contains("<script") && html.contains("&#60;script"));
}

#[test]
fn a_case_without_parties_still_prints() {
    let doc = sheets::case_sheet(CASE, &CaseTables::default(), &context());
    assert!(html::render(&doc).unwrap().contains("今日无建议"));
}

#[test]
fn the_terminal_says_what_the_sheet_says() {
    let tables = tables();
    let by_case = ByCase::of(&tables);
    let text = explain::text(CASE, &by_case.case(CASE).unwrap(), &context());
    for needed in ["能力较强·配合较弱", "C4", "+84.2", "名下不动产净值", "法定步骤", "63.00万元"] {
        assert!(text.contains(needed), "missing {needed} in {text}");
    }
}

#[test]
fn a_case_that_is_not_in_the_run_is_a_usage_error() {
    let tables = tables();
    assert_eq!(super::sheet_html(CASE, &tables, &context()).unwrap(), sheet_html(|_| {}));
    let error = super::explain_case("（2025）浙0106执9号", &tables, &context()).unwrap_err();
    assert!(matches!(&error, crate::error::Error::Usage(text) if text.contains("浙0106执9号")), "{error}");
}

#[test]
fn the_index_links_to_every_sheet_and_pages_when_long() {
    let mut tables = tables();
    let one = index::pages(&ByCase::of(&tables), &context());
    assert_eq!(one.len(), 1);
    assert_eq!(one[0].0, "sheets/index.html");
    assert!(html::render(&one[0].1).unwrap().contains("<a href=\"2025-浙0106执1234号.html\">"));
    let numbers: Vec<String> = (0..2_001).map(|n| format!("（2025）浙0106执{n}号")).collect();
    tables.cases = Columns::new().text("case_no", numbers.iter().map(Some));
    let two = index::pages(&ByCase::of(&tables), &context());
    assert_eq!(two.iter().map(|p| p.0.as_str()).collect::<Vec<_>>(), ["sheets/index.html", "sheets/index-2.html"]);
    assert!(html::render(&two[1].1).unwrap().contains("<a href=\"index.html\">1</a>"));
}

#[test]
fn the_regional_page_defines_suppresses_and_does_not_rank() {
    let html = html::render(&regional::page(&tables().regional, &context())).unwrap();
    for needed in ["本院数据口径", "定义", "&#60;10 不公布", "2023", "浙江省", "终本率", "仅所列法院案件", "8.3%"] {
        assert!(html.contains(needed), "missing {needed}");
    }
    let counties = &html[html.find("县（市、区）").unwrap()..];
    assert!(counties.find("西湖区").unwrap() < counties.find("淳安县").unwrap(), "order of region codes");
    let empty = html::render(&regional::page(&Columns::new(), &context())).unwrap();
    assert!(empty.contains("没有可发布的区域指标"));
}

#[test]
fn regional_csv_and_json_hold_the_table() {
    let table = Columns::new().text("name", [Some("a,\"b\""), None]).real("value", [Some(0.5), None]).date("as_of", [Some(0), None]);
    assert_eq!(regional::csv(&table), "name,value,as_of\n\"a,\"\"b\"\"\",0.5,1970-01-01\n,,\n");
    let json: serde_json::Value = serde_json::from_str(&regional::json(&table).unwrap()).unwrap();
    assert_eq!(json[0]["value"], 0.5);
    assert!(json[1]["name"].is_null());
}

#[test]
fn the_quality_page_is_honest_about_rejects() {
    let figures = Quality {
        tables: vec![figures::TableQuality {
            table: "payments".into(),
            title_zh: "到账".into(),
            read: 100,
            loaded: 95,
            rejected: 5,
            ..Default::default()
        }],
        rules: vec![figures::RuleQuality {
            table: "payments".into(),
            column: "paid_on".into(),
            rule: "date".into(),
            rows: 5,
            ..Default::default()
        }],
        channels: vec![figures::ChannelQuality { channel: "bank".into(), sent: 8, answered: 6, ..Default::default() }],
        ..Quality::default()
    };
    let html = html::render(&quality::page(&figures, &context())).unwrap();
    for needed in ["退回5行", "5.0%", "payments.paid_on", "75.0%（6/8）"] {
        assert!(html.contains(needed), "missing {needed}");
    }
    let back: Quality = serde_json::from_str(&quality::json(&figures).unwrap()).unwrap();
    assert_eq!(back, figures);
}

#[test]
fn the_oversight_page_says_who_is_left_behind_and_what_was_not_recorded() {
    let page = |table: &Columns| html::render(&oversight::page(table, &context())).unwrap();
    let html = page(&tables().oversight);
    assert!(html.contains("C1级被执行人中50.0%（60名中30名）有法定步骤逾期，比其他等级高20.0个百分点（95%区间10.0—30.0）"), "{html}");
    assert!(html.contains("75.0%（30.0%—95.0%）"));
    assert_eq!(html.matches("近一年没有记录").count(), 1, "no objection is on record");
    assert!(!page(&Columns::new()).contains("超出偶然波动"));
}

#[test]
fn a_sheet_shows_the_path_to_the_next_grade_and_promises_nothing() {
    let html = sheet_html(|_| {});
    assert!(
        html.contains("意愿升至W3") && html.contains("如实、完整申报财产；按传唤到院（2次）（届时约43.0%）") && html.contains("不是承诺")
    );
    assert!(!sheet_html(|tables| tables.paths = Columns::new()).contains("改善评估的途径"));
}

#[test]
fn a_sheet_tells_of_similar_cases_and_what_they_are_not() {
    let html = sheet_html(|_| {});
    for needed in [
        "最相似的2件已结案件（从412名当事人中找出，可比的仅有这些）",
        "0123\u{a0}4567\u{a0}89ab",
        "87.1%",
        "终本\u{a0}2024年3月",
        "143天",
        "此前1种，此后报告财产令、网络司法拍卖×2、拘留等4种",
        "此后无",
        "12.5%（全案50.0%）",
        "执行完毕\u{a0}2025年1月",
        "第一件相近：存款；相异：车辆。",
        "相似不是预测，也不是先例",
        "No prediction and no precedent",
    ] {
        assert!(html.contains(needed), "missing: {needed}\n{html}");
    }
    assert_eq!(html.matches("最相似的").count(), 1, "the other party is not rated");
    let none = sheet_html(|tables| tables.long.alike = tables.long.alike.take(&[]));
    assert!(none.contains("没有可比的已结案件") && !none.contains("最相似的"));
    let before = sheet_html(|tables| tables.long.alike = Columns::new());
    assert!(!before.contains("可比的已结案件"), "a run of the time before says nothing of it");
}
