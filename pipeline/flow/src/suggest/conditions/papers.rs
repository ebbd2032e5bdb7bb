//! Conditions that only a paper can meet: an application, a consent, a finding. The court records each as a step of its name with the day it was done
//! (`milestones.node`); until then the answer is unknown, never a guess.

use super::Condition;
use crate::suggest::facts::{Found, Need, Situation, Verdict};

pub(super) const LIST: &[Condition] = &[
    Condition::of("audit_requested", "申请执行人书面申请审计", "the creditor’s written request for an audit", |s| {
        paper(s, "audit_requested", Need { zh: "申请执行人的书面审计申请", en: "the creditor’s written request for an audit" })
    }),
    Condition::of(
        "reward_requested",
        "申请执行人申请悬赏并承诺支付",
        "the creditor’s request for a reward notice, with the promise to pay",
        |s| {
            paper(
                s,
                "reward_requested",
                Need {
                    zh: "申请执行人的书面悬赏申请及支付承诺", en: "the creditor’s written request and promise of the reward"
                },
            )
        },
    ),
    Condition::of("in_kind_agreed", "同意以物抵债", "agreement to take in payment", |s| {
        paper(
            s,
            "in_kind_agreed",
            Need {
                zh: "双方以物抵债协议，或流拍后申请执行人的同意",
                en: "both parties’ agreement, or the creditor’s consent after a failed sale",
            },
        )
    }),
    Condition::of("management_agreed", "申请执行人同意管理", "the creditor’s consent to manage", |s| {
        paper(s, "management_agreed", Need { zh: "申请执行人接受管理的书面同意", en: "the creditor’s written consent to manage" })
    }),
    Condition::of("bankruptcy_consented", "同意移送破产审查", "written consent to referral", |s| {
        paper(
            s,
            "bankruptcy_consented",
            Need {
                zh: "被执行人或者任一申请执行人同意移送破产的书面材料", en: "written consent of the debtor or of any one creditor"
            },
        )
    }),
    Condition::of("capital_defect_found", "有出资不实、抽逃等材料", "a capital defect on file", |s| {
        paper(
            s,
            "capital_defect_found",
            Need {
                zh: "股东未缴足、抽逃出资或者财产混同的证据", en: "proof of unpaid or withdrawn capital, or of mixed property"
            },
        )
    }),
    Condition::of("complaint_refused", "控告未予追究", "a complaint that was not pursued", |s| {
        paper(
            s,
            "complaint_refused",
            Need { zh: "公安或者检察机关不予追究的书面答复", en: "the written answer that the complaint is not pursued" },
        )
    }),
    Condition::of("hardship_shown", "申请执行人生活急迫困难", "the creditor’s urgent hardship", |s| {
        paper(s, "hardship_shown", Need { zh: "申请执行人生活急迫困难的证明", en: "proof of the creditor’s urgent hardship" })
    }),
    Condition::of("possession_ordered", "已公告责令腾退", "an order to leave by public notice", |s| {
        paper(
            s,
            "possession_ordered",
            Need {
                zh: "交付房屋、土地的依据和院长签发的腾退公告", en: "the title to possession and the notice signed by the president"
            },
        )
    }),
];

fn paper<'s>(s: &Situation<'s>, node: &str, need: Need) -> Verdict<'s> {
    match s.done(&[node]) {
        Some(step) => Verdict::Met(Found { rows: vec![step], on: step.date("done_on"), ..Found::default() }),
        None => Verdict::Unknown(need),
    }
}
