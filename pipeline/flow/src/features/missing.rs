//! How a value is read that the record does not give. Nothing on record is nothing where the court would know of it, and unknown where it would not; a
//! number never stands for either.

/// Why a value may be missing: Chinese and English.
pub type Why = (&'static str, &'static str);

/// Treatment of a missing value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Counts as 0: what did not happen, or was looked for and not found.
    Zero(Why),
    /// Stays unknown, a value of its own in every model.
    Unknown(Why),
    /// Is never missing: the case itself says it.
    Never,
}

impl Missing {
    /// What the dictionary says of it.
    pub fn words(self) -> (String, String) {
        match self {
            Self::Zero((zh, en)) => (format!("{zh}：按0计"), format!("{en}: 0")),
            Self::Unknown((zh, en)) => (format!("{zh}：不明"), format!("{en}: unknown")),
            Self::Never => ("不会缺失".to_owned(), "never missing".to_owned()),
        }
    }
}

pub(super) const NO_ACT: Why = ("无有文书编号且经认定的记录", "no such act found and documented");
pub(super) const NO_CHANGE: Why = ("无有文书编号的记录", "no such change documented");
pub(super) const NO_ASSET: Why = ("未发现此类财产", "no such property known");
pub(super) const NO_ANSWER: Why = ("未发现且对应渠道从未答复", "none known and its channel has never answered");
pub(super) const NO_HOLD: Why = ("本案无首先控制的财产", "nothing under this case's own first hold");
pub(super) const NO_FOREIGN_HOLD: Why = ("无其他案件的控制", "no hold of another case");
pub(super) const NO_END: Why = ("本案首先控制无届满日期", "no first hold of this case with a day it ends");
pub(super) const NO_INCOME: Why = ("无已知收入", "no income known");
pub(super) const NO_FREE_INCOME: Why = ("无已知收入，或未设定生活费标准", "no income known, or no cost of living set");
pub(super) const NO_LIVING_COST: Why = ("未设定生活费标准", "no cost of living set");
pub(super) const NO_DEBT: Why = ("无其他已知债务", "no other debt known");
pub(super) const NO_DEBT_OR_INCOME: Why = ("无其他已知债务或无已知收入", "no other debt or no income known");
pub(super) const NOT_ASKED: Why = ("未查询财产渠道", "no channel of property asked");
pub(super) const NOT_ANSWERED: Why = ("财产渠道尚无答复", "no channel of property has answered");
pub(super) const NO_PAYMENT: Why = ("本人未付款", "nothing paid by the debtor");
pub(super) const NO_JUDGMENT: Why = ("无已知生效裁判", "no judgment in force known");
pub(super) const NO_JUDGMENT_DUE: Why = ("无已届履行期的生效裁判", "no judgment whose time to perform is over");
pub(super) const NO_MEASURE: Why = ("未采取措施", "no measure applied");
pub(super) const NO_RESULT: Why = ("无已知结果的措施", "no measure with a result known");
pub(super) const NO_ENTRY: Why = ("无在列记录", "no entry in force");
pub(super) const NO_DUE_DAY: Why = ("履行期限不明", "day the duty fell due not known");
pub(super) const NO_FILING: Why = ("立案日期不明", "day of filing not known");
pub(super) const NO_CAUSE: Why = ("案由不明", "cause not stated");
pub(super) const NO_KIND: Why = ("主体类型不明", "kind of debtor not stated");
pub(super) const NO_ROLE: Why = ("当事人地位不明", "role not stated");
pub(super) const NO_AMOUNT: Why = ("案件金额不明", "amount of the case not stated");
pub(super) const NO_OTHER_CASE: Why = ("无此类案件", "no such case");
pub(super) const NO_CLOSED_CASE: Why = ("无已结案件", "no case closed");
