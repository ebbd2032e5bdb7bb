//! Assets: what each class is worth to this case after liens, co-ownership, exemptions, earlier holds and haircut, and what was disposed of.

use luheng_models::Direction::{Down, Free, Up};

use super::missing::{NO_ANSWER, NO_ASSET};
use super::{Disclose, Family, Feature, Missing, Subject, Unit, Value};
use crate::cutoff::Row;
use crate::means::{AssetMeans, Control};

/// Shares of the due beyond which more makes no difference.
pub(super) const CAP: f64 = 5.0;

/// Kinds of valuation that somebody other than the debtor stands for.
const FIRM: [&str; 6] = ["balance", "market", "appraisal", "online_inquiry", "agreed", "tax"];

fn add<'r, 'a: 'r>(assets: impl Iterator<Item = &'r AssetMeans<'a>>, worth: impl Fn(&AssetMeans<'a>) -> i64) -> (i64, Vec<Row<'a>>) {
    let (mut sum, mut rows) = (0_i64, Vec::new());
    for asset in assets {
        sum = sum.saturating_add(worth(asset));
        rows.push(asset.asset);
    }
    (sum, rows)
}

/// What the assets kept are worth, each by the measure, over what is due.
fn over_due<'a>(s: &Subject<'_, 'a>, worth: impl Fn(&AssetMeans<'a>) -> i64, keep: impl Fn(&AssetMeans<'a>) -> bool) -> Value<'a> {
    let (sum, rows) = add(s.means.assets.iter().filter(|a| keep(a)), worth);
    Value::share(sum, s.means.due_fen, CAP, rows)
}

fn net<'a>(s: &Subject<'_, 'a>, keep: impl Fn(&AssetMeans<'a>) -> bool) -> Value<'a> {
    over_due(s, |a| a.net_fen, keep)
}

/// Net value of a class, what this case holds first left out; unknown where none is known and the channel that would show it has never answered.
fn of_class<'a>(s: &Subject<'_, 'a>, class: &str, channel: &str) -> Value<'a> {
    if s.means.assets.iter().all(|a| a.class != class) && !s.party.view.has_answered(channel) {
        return Value::unknown();
    }
    net(s, |a| a.class == class && a.control != Control::Own)
}

/// Net value of a class that no channel shows.
fn of_class_without_channel<'a>(s: &Subject<'_, 'a>, class: &str) -> Value<'a> {
    net(s, |a| a.class == class && a.control != Control::Own)
}

/// One part of all assets over another; unknown where the whole is nothing.
fn part_of_all<'a>(s: &Subject<'_, 'a>, part: impl Fn(&AssetMeans<'a>) -> i64, whole: impl Fn(&AssetMeans<'a>) -> i64) -> Value<'a> {
    let (all, rows) = add(s.means.assets.iter(), whole);
    let (some, _) = add(s.means.assets.iter(), part);
    if all <= 0 { Value::unknown() } else { Value::share(some, all, 1.0, rows) }
}

fn gross(a: &AssetMeans<'_>) -> i64 {
    a.asset.fen("gross_fen").unwrap_or(0)
}

/// The day the duty fell due, or the day its basis took effect.
pub(super) fn duty_day(s: &Subject<'_, '_>) -> Option<i32> {
    s.party.case.date("duty_due_on").or(s.party.case.date("basis_effective_on"))
}

/// Was the asset under any hold on the day it went, neither lifted nor lapsed before? Then the court sold it.
fn was_held(s: &Subject<'_, '_>, asset: &Row<'_>, on: i32) -> bool {
    let reference = asset.text("asset_ref");
    let holds = s.party.view.rows("seizures").iter().filter(|hold| hold.text("asset_ref") == reference);
    let lasts = |hold: &Row<'_>| ["lifted_on", "expires_on"].into_iter().all(|end| hold.date(end).is_none_or(|end| end >= on));
    holds.into_iter().any(|hold| hold.date("from_on").is_some_and(|from| from <= on) && lasts(hold))
}

/// Assets disposed of after a day, as documented.
fn disposed<'a>(s: &Subject<'_, 'a>, after: i32, keep: impl Fn(&Row<'a>, i32) -> bool) -> Vec<Row<'a>> {
    let counts = |a: &&Row<'a>| a.text("document_no").is_some() && a.date("disposed_on").is_some_and(|on| on > after && keep(a, on));
    s.party.view.rows("assets").iter().filter(counts).copied().collect()
}

const BASE: Feature = Feature { ground: "MSF 255", disclose: Disclose::AfterControl, ..Feature::of(Family::Property) };
const NET: Feature = Feature { unit: Unit::Share, direction: Up, missing: Missing::Zero(NO_ASSET), ..BASE };
const OF_CLASS: Feature = Feature { missing: Missing::Unknown(NO_ANSWER), ..NET };

/// The features of assets.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "liquid_net_share",
        zh: "可用存款、理财等占应付金额",
        en: "net liquid assets over what is due",
        ground: "MSF 253",
        compute: |s| net(s, |a| a.is_liquid && a.control != Control::Own),
        ..NET
    },
    Feature {
        id: "controlled_net_share",
        zh: "本案首先控制的财产净值占应付金额",
        en: "net value under this case's own first hold over what is due",
        ground: "MSF 253",
        disclose: Disclose::Now,
        compute: |s| net(s, |a| a.control == Control::Own),
        ..NET
    },
    Feature {
        id: "real_estate_net_share",
        zh: "不动产净值占应付金额",
        en: "net real estate over what is due",
        compute: |s| of_class_without_channel(s, "real_estate"),
        ..NET
    },
    Feature {
        id: "other_net_share",
        zh: "车辆、股权等其他财产净值占应付金额",
        en: "net vehicles, equity and other assets over what is due",
        compute: |s| net(s, |a| !a.is_liquid && a.class != "real_estate" && a.control != Control::Own),
        ..NET
    },
    Feature {
        id: "home_owned_n",
        zh: "登记在名下的不动产",
        en: "real estate registered in the debtor's name",
        direction: Up,
        missing: Missing::Zero(NO_ASSET),
        compute: |s| Value::count(s.means.assets.iter().filter(|a| a.class == "real_estate").map(|a| a.asset).collect()),
        ..BASE
    },
    Feature {
        id: "deposit_net_share",
        zh: "银行存款净值占应付金额",
        en: "net bank deposits over what is due",
        ground: "MSF 253",
        compute: |s| of_class(s, "deposit", "bank"),
        ..OF_CLASS
    },
    Feature {
        id: "wealth_product_net_share",
        zh: "理财产品净值占应付金额",
        en: "net wealth products over what is due",
        ground: "MSF 253",
        compute: |s| of_class(s, "wealth_product", "wealth"),
        ..OF_CLASS
    },
    Feature {
        id: "security_net_share",
        zh: "证券净值占应付金额",
        en: "net securities over what is due",
        ground: "MSF 253",
        compute: |s| of_class(s, "security", "securities"),
        ..OF_CLASS
    },
    Feature {
        id: "equity_net_share",
        zh: "股权净值占应付金额",
        en: "net equity over what is due",
        compute: |s| of_class(s, "equity", "equity"),
        ..OF_CLASS
    },
    Feature {
        id: "vehicle_net_share",
        zh: "车辆净值占应付金额",
        en: "net vehicles over what is due",
        compute: |s| of_class(s, "vehicle", "vehicle"),
        ..OF_CLASS
    },
    Feature {
        id: "provident_fund_net_share",
        zh: "住房公积金净值占应付金额",
        en: "net housing provident fund over what is due",
        ground: "CCDC 12",
        compute: |s| of_class(s, "provident_fund", "provident_fund"),
        ..OF_CLASS
    },
    Feature {
        id: "tax_refund_net_share",
        zh: "应退税款净值占应付金额",
        en: "net tax refunds over what is due",
        ground: "CCDC 12",
        compute: |s| of_class(s, "tax_refund", "tax"),
        ..OF_CLASS
    },
    Feature {
        id: "insurance_net_share",
        zh: "保险权益净值占应付金额",
        en: "net insurance over what is due",
        ground: "CCDC 12",
        compute: |s| of_class(s, "insurance", "insurance"),
        ..OF_CLASS
    },
    Feature {
        id: "receivable_net_share",
        zh: "到期债权净值占应付金额",
        en: "net receivables over what is due",
        ground: "MSJ 499",
        compute: |s| of_class_without_channel(s, "receivable"),
        ..NET
    },
    Feature {
        id: "movable_net_share",
        zh: "动产净值占应付金额",
        en: "net movables over what is due",
        compute: |s| of_class_without_channel(s, "movable"),
        ..NET
    },
    Feature {
        id: "ip_net_share",
        zh: "知识产权净值占应付金额",
        en: "net intellectual property over what is due",
        compute: |s| of_class_without_channel(s, "ip"),
        ..NET
    },
    Feature {
        id: "unclassed_net_share",
        zh: "其他类别财产净值占应付金额",
        en: "net assets of no other class over what is due",
        compute: |s| of_class_without_channel(s, "other"),
        ..NET
    },
    Feature {
        id: "assets_net_share_low",
        zh: "全部财产净值占应付金额（份额未明的不计）",
        en: "net value of all assets over what is due, shares unstated at nothing",
        compute: |s| over_due(s, |a| a.net_low_fen, |_| true),
        ..NET
    },
    Feature {
        id: "real_estate_net_share_low",
        zh: "不动产净值占应付金额（份额未明的不计）",
        en: "net real estate over what is due, shares unstated at nothing",
        compute: |s| over_due(s, |a| a.net_low_fen, |a| a.class == "real_estate" && a.control != Control::Own),
        ..NET
    },
    Feature {
        id: "secured_here_share",
        zh: "担保本案债权的财产价值占应付金额",
        en: "value by which liens secure this very debt over what is due",
        disclose: Disclose::Now,
        compute: |s| over_due(s, |a| a.secured_fen, |a| a.secured_fen > 0),
        ..NET
    },
    Feature {
        id: "means_due_share",
        zh: "可用于本案的全部财产和收入占应付金额",
        en: "all means evidenced for this case over what is due",
        ground: "MSF 253",
        compute: |s| {
            let rows = s.means.assets.iter().map(|a| a.asset).chain(s.means.incomes.iter().copied()).collect();
            Value::share(s.means.evidenced_fen, s.means.due_fen, CAP, rows)
        },
        ..NET
    },
    Feature {
        id: "assets_claims_share",
        zh: "全部财产净值占全部未结案件和其他无担保债务",
        en: "net value of all assets over all that is claimed: every live case and every other debt without security",
        ground: "MSJ 508",
        compute: |s| {
            let (worth, mut rows) = add(s.means.assets.iter(), |a| a.unheld_fen);
            let (owed, debts) = super::obligations::owed(s, |debt| {
                // Other enforcement cases are claims that stand in the cases already.
                debt.flag("secured") != Some(true) && debt.text("kind") != Some("enforcement")
            });
            rows.extend(debts);
            Value::share(worth, s.party.view.due_all_fen().saturating_add(owed), CAP, rows)
        },
        ..NET
    },
    Feature {
        id: "liens_gross_share",
        zh: "他人优先受偿额占财产总价值",
        en: "prior claims of others over the gross value of all assets",
        unit: Unit::Share,
        direction: Down,
        missing: Missing::Unknown(NO_ASSET),
        compute: |s| part_of_all(s, |a| a.lien_fen, gross),
        ..BASE
    },
    Feature {
        id: "exempt_gross_share",
        zh: "豁免金额占财产总价值",
        en: "what is exempt over the gross value of all assets",
        unit: Unit::Share,
        direction: Down,
        ground: "CKD 3",
        missing: Missing::Unknown(NO_ASSET),
        compute: |s| part_of_all(s, |a| a.asset.fen("exempt_fen").unwrap_or(0), gross),
        ..BASE
    },
    Feature {
        id: "valued_gross_share",
        zh: "有余额、市价、评估等依据的价值占财产总价值",
        en: "gross value that rests on a balance, a price or an appraisal, not on a report or a guess",
        unit: Unit::Share,
        ground: "CKJ 1",
        missing: Missing::Unknown(NO_ASSET),
        compute: |s| {
            let firm = |a: &AssetMeans<'_>| a.asset.text("valuation_kind").is_some_and(|kind| FIRM.contains(&kind));
            part_of_all(s, |a| if firm(a) { gross(a) } else { 0 }, gross)
        },
        ..BASE
    },
    Feature {
        id: "in_hand_net_share",
        zh: "已实际控制的财产净值占应付金额",
        en: "net value of what is in the court's hand over what is due",
        disclose: Disclose::Now,
        compute: |s| net(s, |a| a.in_hand && matches!(a.control, Control::Own | Control::Free)),
        ..NET
    },
    Feature {
        id: "disposed_to_related_n_1095d",
        zh: "近三年经认定处分给关联人的财产",
        en: "assets found to have gone to a related person in three years",
        direction: Down,
        ground: "MSF 114",
        missing: Missing::Zero(NO_ASSET),
        disclose: Disclose::Now,
        compute: |s| Value::count(disposed(s, s.party.day() - 1095, |a, _| a.flag("disposed_to_related") == Some(true))),
        ..BASE
    },
    Feature {
        id: "disposed_after_duty_n",
        zh: "履行期限届满后有文书记录的自行处分财产",
        en: "assets the debtor disposed of after the duty fell due, as documented; sales of what was held left out",
        direction: Free,
        ground: "CCDC 7",
        missing: Missing::Zero(NO_ASSET),
        disclose: Disclose::Now,
        compute: |s| Value::count(duty_day(s).map(|due| disposed(s, due, |a, on| !was_held(s, a, on))).unwrap_or_default()),
        ..BASE
    },
];
