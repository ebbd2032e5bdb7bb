//! Every regional figure, one entry each: what it is called, what exactly it counts, and how it is read from the facts.
//!
//! A *metric* is a regional figure, never an enforcement act (that is a measure). To add one, add an entry to [`METRICS`] and the function it names in
//! `counts.rs`. The definition is printed in every row, and its hash is the `definition_id`: change the words and the figure is no longer compared
//! with earlier nights.

use luheng_sheet::Bi;

use crate::cutoff::View;
use crate::metrics::case_facts::CaseFacts;
use crate::metrics::counts::{self, Tally};
use crate::report::MetricLabel;

/// The headline.
pub const HEADLINE: &str = "dishonesty_rate_per_10k";

/// One regional figure.
#[derive(Debug)]
pub struct Metric {
    /// Its name in `regional.metric`.
    pub id: &'static str,
    /// Chinese title.
    pub title_zh: &'static str,
    /// English title.
    pub title_en: &'static str,
    /// Unit of its value.
    pub unit: &'static str,
    /// Whether more is better, where that can be said at all.
    pub better: Better,
    /// What is counted, in Chinese.
    pub definition_zh: &'static str,
    /// The same in English.
    pub definition_en: &'static str,
    /// How it is read from the facts.
    pub sums: Sums,
    /// How sums become a value.
    pub finish: Finish,
    /// Figures resting on 1 to `smallest_cell - 1` units are not printed; 0 prints all.
    pub smallest_cell: i64,
}

/// Which way is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
    /// A description, no judgement.
    Neither,
}

/// From what rows a metric is summed. All sums are whole numbers, so they add up in any grouping of buckets.
#[derive(Clone, Copy, Debug)]
pub enum Sums {
    /// Of each debtor's facts; by county of residence unless the function says a court.
    Debtor(fn(&View<'_>, &mut Tally)),
    /// Of each case once, by the county of its court: numerator and denominator; `None` where the case does not count.
    Case(fn(&CaseFacts) -> Option<(i64, i64)>),
    /// Of each rated party, by the county of the case's court: 1 where rated.
    Rated,
}

/// How sums become a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The numerator itself.
    Count,
    /// Numerator per 10,000 residents, with the exact Poisson interval and smoothed toward the whole.
    PerTenThousand,
    /// Numerator over denominator, both counts, with Wilson's interval.
    Share,
    /// Numerator over denominator, both money: no interval.
    MoneyShare,
}

impl Metric {
    /// Is the figure one of persons by where they live, and not of cases by their court?
    pub fn by_residence(&self) -> bool {
        matches!(self.sums, Sums::Debtor(_)) && self.finish != Finish::Share
    }

    /// May values of several regions be summed?
    pub fn additive(&self) -> bool {
        self.finish == Finish::Count
    }
}

/// The list, headline first; rows of `regional` come in this order.
pub const METRICS: &[Metric] = &[
    Metric {
        id: HEADLINE,
        title_zh: "万人失信率",
        title_en: "dishonest debtors per 10,000 residents",
        unit: "per_10k",
        better: Better::Lower,
        definition_zh: "截至当日24时有一条以上有效失信记录的自然人（同一人只计一次；已列入、未删除、未届满、未暂停、未作废；限制消费不计）÷ 最近公布年度常住人口 × 10000；\
            按居住县（市、区）统计，无居住地的按立案法院所在地计并另列比例",
        definition_en: "distinct natural persons with an entry on the list of dishonest debtors in force at 24:00 of the day (listed, not removed, not \
            expired, not suspended, not void; limits on consumption never count) / residents of the latest year published x 10,000, by county of \
            residence; persons without one by the county of the listing court, whose share is printed",
        sums: Sums::Debtor(counts::dishonest_persons),
        finish: Finish::PerTenThousand,
        smallest_cell: 10,
    },
    Metric {
        id: "listed_entries_n",
        title_zh: "自然人失信在册人次",
        title_en: "entries in force, natural persons",
        unit: "entries",
        better: Better::Lower,
        definition_zh: "截至当日24时自然人有效失信记录条数（人次，一人多案多计）",
        definition_en: "entries of natural persons on the list of dishonest debtors in force at 24:00 of the day; a person in two cases counts twice",
        sums: Sums::Debtor(counts::dishonest_entries),
        finish: Finish::Count,
        smallest_cell: 10,
    },
    Metric {
        id: "organisations_listed_n",
        title_zh: "失信法人和其他组织数",
        title_en: "organisations listed",
        unit: "organisations",
        better: Better::Lower,
        definition_zh: "截至当日24时有一条以上有效失信记录的法人和其他组织（同一主体只计一次），按住所地统计；只列数，不除以人口",
        definition_en: "distinct legal persons and other organisations with an entry in force at 24:00 of the day, by seat; a count, never divided by people",
        sums: Sums::Debtor(counts::organisations_listed),
        finish: Finish::Count,
        smallest_cell: 0,
    },
    Metric {
        id: "limited_persons_n",
        title_zh: "被限制消费自然人数",
        title_en: "persons under a limit on consumption",
        unit: "persons",
        better: Better::Neither,
        definition_zh: "截至当日24时有一条以上有效限制消费令的自然人（同一人只计一次），按居住地统计",
        definition_en: "distinct natural persons under a limit on consumption in force at 24:00 of the day, by county of residence",
        sums: Sums::Debtor(counts::limited_persons),
        finish: Finish::Count,
        smallest_cell: 10,
    },
    Metric {
        id: "new_listings_365d_n",
        title_zh: "近365日新增失信记录",
        title_en: "entries made in 365 days",
        unit: "entries",
        better: Better::Neither,
        definition_zh: "当日及此前364日内列入的自然人失信记录条数，其后是否删除不论",
        definition_en: "entries of natural persons made on the day or in the 364 days before it, whether or not removed since",
        sums: Sums::Debtor(counts::new_listings),
        finish: Finish::Count,
        smallest_cell: 10,
    },
    Metric {
        id: "removals_365d_n",
        title_zh: "近365日退出失信记录",
        title_en: "entries removed or run out in 365 days",
        unit: "entries",
        better: Better::Higher,
        definition_zh: "当日及此前364日内删除（按事由分列）或届满的自然人失信记录条数",
        definition_en: "entries of natural persons removed (by ground) or run out on the day or in the 364 days before it",
        sums: Sums::Debtor(counts::removals),
        finish: Finish::Count,
        smallest_cell: 10,
    },
    Metric {
        id: "open_cases_n",
        title_zh: "未结案件数",
        title_en: "open cases",
        unit: "cases",
        better: Better::Neither,
        definition_zh: "当日未结（含中止）的执行案件数，按法院所在地统计",
        definition_en: "enforcement cases open or stayed on the day, by county of the court",
        sums: Sums::Case(counts::open_case),
        finish: Finish::Count,
        smallest_cell: 0,
    },
    Metric {
        id: "recovery_rate_12m",
        title_zh: "近12个月实际到位率",
        title_en: "money received over money due, 12 months",
        unit: "share",
        better: Better::Higher,
        definition_zh: "近365日到位金额 ÷（近365日到位金额＋当日尚欠金额），期间内在办或终本的案件，每案每分钱只计一次；撤销的到位不计",
        definition_en: "money received in 365 days / (that money + what is still due on the day), cases open in that time or closed for want of \
            property, each fen once a case; reversed receipts left out",
        sums: Sums::Case(counts::recovered),
        finish: Finish::MoneyShare,
        smallest_cell: 10,
    },
    Metric {
        id: "no_property_share",
        title_zh: "终本率",
        title_en: "share closed for want of property",
        unit: "share",
        better: Better::Lower,
        definition_zh: "近365日以终结本次执行程序方式结案 ÷ 近365日全部结案",
        definition_en: "cases closed for want of property / all cases closed, in 365 days",
        sums: Sums::Case(counts::closed_without_property),
        finish: Finish::Share,
        smallest_cell: 10,
    },
    Metric {
        id: "inquiry_answer_rate",
        title_zh: "网络查控反馈率",
        title_en: "share of inquiries answered",
        unit: "share",
        better: Better::Higher,
        definition_zh: "近365日发出的网络查控中当日已有反馈（有或无财产）的比例，按法院所在地统计",
        definition_en: "of the network inquiries sent in 365 days, those answered by the day (found or none), by county of the court",
        sums: Sums::Debtor(counts::inquiries_answered),
        finish: Finish::Share,
        smallest_cell: 10,
    },
    Metric {
        id: "report_on_time_rate",
        title_zh: "财产按期申报率",
        title_en: "share of property reports made in time",
        unit: "share",
        better: Better::Higher,
        definition_zh: "近365日有记载的财产申报义务中按期申报的比例（逾期、未报、虚假为未按期；仅被主张或已撤销的不计）",
        definition_en: "of the duties to report property documented in 365 days, those met in time (late, missing and false are not; merely alleged or \
            set aside ones are left out)",
        sums: Sums::Debtor(counts::reports_on_time),
        finish: Finish::Share,
        smallest_cell: 10,
    },
    Metric {
        id: "rated_share",
        title_zh: "可评估比例",
        title_en: "share of parties rated",
        unit: "share",
        better: Better::Higher,
        definition_zh: "当日应评估的被执行人（一案一人）中履行能力已评出等级的比例",
        definition_en: "of the parties due for rating on the day (one debtor in one case), those whose capacity is rated",
        sums: Sums::Rated,
        finish: Finish::Share,
        smallest_cell: 10,
    },
];

/// A metric by its name; a breakdown (`removals_365d_n:performed`) belongs to the metric before the colon.
pub fn find(id: &str) -> Option<&'static Metric> {
    let whole = id.split(':').next().unwrap_or(id);
    METRICS.iter().find(|m| m.id == whole)
}

/// Title and unit of every metric, by name, in the order of the list: what documents print beside a figure.
pub fn labels() -> Vec<(String, MetricLabel)> {
    let label = |m: &Metric| MetricLabel { title: Bi::fixed(m.title_zh, m.title_en), unit: m.unit.to_owned() };
    METRICS.iter().map(|m| (m.id.to_owned(), label(m))).collect()
}

/// The list as a Markdown table, for the data dictionary.
pub fn dictionary() -> String {
    let mut text =
        String::from("| metric | 名称 | title | unit | better | hidden below | 定义 | definition |\n|---|---|---|---|---|---|---|---|\n");
    for m in METRICS {
        let better = match m.better {
            Better::Lower => "lower",
            Better::Higher => "higher",
            Better::Neither => "neither",
        };
        text += &format!(
            "| {} | {} | {} | {} | {better} | {} | {} | {} |\n",
            m.id, m.title_zh, m.title_en, m.unit, m.smallest_cell, m.definition_zh, m.definition_en
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_named_once_and_defined_in_both_languages() {
        for (at, metric) in METRICS.iter().enumerate() {
            assert!(METRICS[..at].iter().all(|m| m.id != metric.id), "{} stands twice", metric.id);
            assert!(!metric.definition_zh.is_empty() && !metric.definition_en.is_empty() && !metric.title_zh.is_empty());
        }
        assert_eq!(METRICS[0].id, HEADLINE);
        assert_eq!(find("removals_365d_n:performed").map(|m| m.id), Some("removals_365d_n"));
    }
}
