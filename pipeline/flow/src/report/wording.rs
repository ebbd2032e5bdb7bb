//! Every fixed sentence and label of the documents, in one place and in both languages, because a lawyer reviews them together. Labels of
//! code lists (channels, steps, measures) come from the catalog instead. What the court must never read out of luheng is said by leaving it
//! unsaid: a quadrant is a tendency, an unrated party is not a bad one.

use luheng_sheet::Bi;

use crate::wording::at_least;

/// The line that stands on every sheet (contract.md §3).
pub const FIXED_LINE: Bi = Bi::fixed(
    "评估参考，不构成对有履行能力或拒不履行的认定",
    "For reference only: not a finding that the debtor is able to perform or refuses to perform.",
);
/// The mark of a model nobody has approved yet.
pub const TRIAL: Bi = Bi::fixed("试用模型：尚未经批准，仅供试用比对", "Trial model, not yet approved: for comparison only.");
/// What the due leaves out.
pub const NO_LATER_INTEREST: Bi = Bi::fixed("后续利息未计入。", "Interest that accrues after the title's fixed amounts is not included.");
/// Why parties' figures are not to be added up.
pub const EACH_FEN_ONCE: Bi = Bi::fixed(
    "共同债务每分钱只计一次；各被执行人的金额不得相加作为本案合计。",
    "Of a joint debt each fen is counted once; the parties' amounts must not be added up to a total of the case.",
);
/// A mark for reasons the debtor's copy does not show yet, or ever.
pub const INTERNAL: Bi = Bi::fixed("内部", "internal");
/// The same for reasons shown once the property is under control.
pub const AFTER_CONTROL: Bi = Bi::fixed("内部 · 控制后可告知", "internal until control");
/// What likeness is not, under every list of similar cases.
pub const ALIKE_IS_NOT: Bi = Bi::fixed(
    "按评估模型所见、在立案后大致相同的时点比较；50%为两案之差与本案离居中情况之差相当。相似不是预测，也不是先例；到位多少也不说明是措施所致。",
    "Compared as the model sees them, at about the same time after filing; 50 % is as far apart as this case is from the middle. No prediction and no \
     precedent; what came in need not be due to the measures.",
);
/// No closed case to set beside a rated party.
pub const NONE_ALIKE: Bi = Bi::fixed(
    "没有可比的已结案件：同类时点、同类状态的案件尚无结案。",
    "No similar closed case: none of this age and state has been closed yet.",
);
/// Nothing to say.
pub const NONE: Bi = Bi::fixed("无", "none");
/// Not known.
pub const UNKNOWN: Bi = Bi::fixed("不详", "unknown");

/// Ability and willingness in one phrase: a tendency, never a finding.
pub fn quadrant(code: &str) -> Bi {
    match code {
        "able_willing" => Bi::fixed("能力较强·配合较好", "more able · more cooperative"),
        "able_unwilling" => Bi::fixed("能力较强·配合较弱", "more able · less cooperative"),
        "unable_willing" => Bi::fixed("能力较弱·配合较好", "less able · more cooperative"),
        "unable_unwilling" => Bi::fixed("能力较弱·配合较弱", "less able · less cooperative"),
        "borderline" => Bi::fixed("介于两可，须人工判断", "borderline: for a person to judge"),
        "unrated" => Bi::fixed("暂不评级", "not rated"),
        "not_applicable" => Bi::fixed("不适用评级", "rating does not apply"),
        other => Bi::plain(other.to_owned()),
    }
}

/// Why an axis has no grade. Each status has its own sentence, and none reads like a low grade. `is_capacity` tells the axes apart.
pub fn status(code: &str, is_capacity: bool) -> Bi {
    match (code, is_capacity) {
        ("rated", _) => Bi::fixed("已评级", "rated"),
        ("no_evidence", true) => Bi::fixed(
            "证据不足，未评级：查控反馈不全、已过时效或同类案例过少；不表示没有能力",
            "Not rated, too little evidence (answers missing or stale, or too few like cases); this does not mean unable.",
        ),
        ("no_evidence", false) => Bi::fixed(
            "证据不足，未评级：行为记录或同类案例过少；不表示不配合",
            "Not rated, too little evidence of conduct or too few like cases; this does not mean unwilling.",
        ),
        ("no_opportunity", _) => Bi::fixed(
            "尚无履行义务到期，未评级：没有机会，不作评价",
            "Not rated: no duty has fallen due yet, so there was no occasion to cooperate or not.",
        ),
        ("notice_not_served", _) => Bi::fixed(
            "执行通知尚未送达，未评级：送达前的沉默不作评价",
            "Not rated: the notice is not served, and silence before that says nothing.",
        ),
        ("minor", _) => Bi::fixed("未成年人，不评级", "Not rated: a minor is never rated."),
        ("deceased", _) => Bi::fixed("已死亡，不评级：以遗产为限处理", "Not rated: deceased; the estate alone answers."),
        ("not_money", _) => Bi::fixed("无应付金钱，不评级", "Not rated: no money is due from this party."),
        (other, _) => Bi::plain(other.to_owned()),
    }
}

/// How far evidenced means cover what is due: a fact, not a model's guess.
pub fn extent(code: &str) -> Bi {
    match code {
        "whole" => Bi::fixed("全部：已查明财产可覆盖未履行额", "whole: known means cover what is due"),
        "part" => Bi::fixed("部分：已查明财产可覆盖一部分", "part: known means cover some of it"),
        "none_found" => Bi::fixed("未发现：查控已反馈，未见可执行财产", "none found: inquiries answered, nothing to enforce against"),
        "unknown" => Bi::fixed(
            "不明：查控反馈不足，或已知收入尚不能计算，不能判断",
            "unknown: too few inquiries answered, or a known income that cannot be counted yet",
        ),
        other => Bi::plain(other.to_owned()),
    }
}

/// The road a case takes.
pub fn lane(code: &str) -> Bi {
    match code {
        "quick" => Bi::fixed("简案快执", "simple case, quick enforcement"),
        "ordinary" => Bi::fixed("普通执行", "ordinary enforcement"),
        "hard" => Bi::fixed("难案精执", "hard case, careful enforcement"),
        "no_means" => Bi::fixed("无财产审查", "review for closing, clearing or aid"),
        "inquire" => Bi::fixed("先行查明", "facts missing: inquire first"),
        "stayed" => Bi::fixed("中止", "stayed"),
        "closed_no_property" => Bi::fixed("终本监管", "closed for want of property, watched"),
        other => Bi::plain(other.to_owned()),
    }
}

/// How much the rating rests on.
pub fn confidence(code: &str) -> Bi {
    match code {
        "high" => Bi::fixed("高", "high"),
        "medium" => Bi::fixed("中", "medium"),
        "low" => Bi::fixed("低", "low"),
        "none" => Bi::fixed("无（未评级）", "none (not rated)"),
        other => Bi::plain(other.to_owned()),
    }
}

/// Which rating a party has.
pub fn rating(code: &str) -> Bi {
    match code {
        "revival" => Bi::fixed("终本后恢复可能", "revival after closing for want of property"),
        _ => Bi::fixed("履行能力与履行意愿", "ability and willingness to perform"),
    }
}

/// How the debtor is known to be one person.
pub fn identity(code: &str) -> Bi {
    match code {
        "number" => Bi::fixed("证件号码", "identity number"),
        "linked" => Bi::fixed("关联比对", "linked records"),
        "ref" => Bi::fixed("仅本院编号，可能与他案未归并", "the court's own key only; other cases may be missing"),
        other => Bi::plain(other.to_owned()),
    }
}

/// What a linked identity means for the person, and how to object. `probability` is the least; 1 where a judge decided.
pub fn linked(probability: f64) -> Bi {
    let (zh, en) = if probability < 1.0 {
        let p = at_least(probability);
        (
            format!("系按姓名、出生日期等信息比对并入，同一人的概率不低于{p}"),
            format!("were joined by name, birth date and the like; the probability that they are this person's is at least {p}"),
        )
    } else {
        ("系经本院认定并入".to_owned(), "were joined by a decision of this court".to_owned())
    };
    Bi::new(
        format!("部分记录没有证件号码，{zh}，可信度因此受限。认为并入有误的，可向本院书面提出；经认定不是同一人的，下一批次即予分开。"),
        format!(
            "Some records carry no identity number and {en}; confidence is limited for it. Whoever finds this wrong may say so to this court in writing: once they are held to be two persons, the next run parts them."
        ),
    )
}

/// Why somebody should look at a case today.
pub fn alert(kind: &str) -> Bi {
    match kind {
        "grade_changed" => Bi::fixed("等级变化", "grade changed"),
        "asset_in_closed_case" => Bi::fixed("终本案件发现财产", "property found in a closed case"),
        "seizure_lapses" => Bi::fixed("查封冻结即将届满", "a hold is about to lapse"),
        "requery_due" => Bi::fixed("终本定期查询到期", "periodic inquiry due"),
        "step_overdue" => Bi::fixed("流程节点逾期", "a step is overdue"),
        "delist_due" => Bi::fixed("应当删除失信信息", "deletion from the list is due"),
        "objection_due" => Bi::fixed("异议应当作出决定", "a decision on an objection is due"),
        "rating_stale" => Bi::fixed("评估已过有效期", "the rating has run out"),
        other => Bi::plain(other.to_owned()),
    }
}

/// What brought a change about.
pub fn cause(code: &str) -> Bi {
    match code {
        "facts" => Bi::fixed("新事实", "new facts"),
        "time" => Bi::fixed("时间推移", "time passing"),
        "model" => Bi::fixed("模型更换", "another model"),
        other => Bi::plain(other.to_owned()),
    }
}

/// Why an entry has to leave the list.
pub fn exit(code: &str) -> Option<Bi> {
    Some(match code {
        "term_ended" => Bi::fixed("期限届满", "its term has ended"),
        "performed" => Bi::fixed("已履行完毕", "performed"),
        "terminated" => Bi::fixed("终结执行", "enforcement terminated"),
        "refused" => Bi::fixed("不予执行", "enforcement refused"),
        _ => return None,
    })
}

/// How a case ended, in a word or two.
pub fn closing(kind: &str, ground: &str) -> Bi {
    match (kind, ground) {
        ("performed", _) => Bi::fixed("执行完毕", "performed"),
        ("no_property", _) => Bi::fixed("终本", "closed for want of property"),
        ("terminated", "settlement_long") => Bi::fixed("和解终结", "terminated on a settlement"),
        ("terminated", _) => Bi::fixed("终结执行", "terminated"),
        (other, _) => Bi::plain(other.to_owned()),
    }
}

/// The key of a similar case, in groups of four.
pub fn alike_key(key: &str) -> String {
    let signs: Vec<char> = key.chars().collect();
    signs.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("\u{a0}")
}

/// How an expected gain is known.
pub fn gain_basis(code: &str) -> Bi {
    match code {
        "learned" => Bi::fixed("据本院数据", "learned from this court's data"),
        "prior" => Bi::fixed("据先验估计", "a prior estimate"),
        "none" => Bi::fixed("无估计依据", "no basis for an estimate"),
        other => Bi::plain(other.to_owned()),
    }
}

/// Who starts or approves a measure, in the words of the catalog.
pub fn actor(code: &str) -> Bi {
    match code {
        "court" => Bi::fixed("法院", "the court"),
        "judge" => Bi::fixed("承办法官", "the judge"),
        "panel" => Bi::fixed("合议庭", "the panel"),
        "president" => Bi::fixed("院长", "the president"),
        "creditor" => Bi::fixed("申请执行人", "the creditor"),
        "creditor’s lawyer" => Bi::fixed("申请执行人的代理律师", "the creditor’s lawyer"),
        "debtor" => Bi::fixed("被执行人", "the debtor"),
        "both parties" => Bi::fixed("双方当事人", "both parties"),
        "creditor or court" => Bi::fixed("申请执行人或法院", "creditor or court"),
        "creditor or debtor" => Bi::fixed("任一方当事人", "creditor or debtor"),
        other => Bi::plain(other.to_owned()),
    }
}

/// What to obtain before a party can be rated.
pub fn ask(code: &str) -> Option<Bi> {
    Some(match code {
        "inquiry" => Bi::fixed("补发或催办网络查控", "send or chase network inquiries"),
        "rare_values" => {
            Bi::fixed("核实本案少见的情况，属实的由人工评估", "check what is rare about this case; where it is true, a person must judge")
        }
        "answer" => Bi::fixed("已发出的查控尚无反馈，应催办", "an inquiry sent has no answer yet: chase it"),
        "serve_notice" => Bi::fixed("送达执行通知", "serve the notice of enforcement"),
        "property_report" => Bi::fixed("责令报告财产", "order a property report"),
        "living_cost" => Bi::fixed(
            "当地每月生活费标准（配置[means] living_cost_monthly_fen），否则已知收入不能计入财产",
            "the local cost of living a month ([means] living_cost_monthly_fen in the configuration); without it a known income cannot be counted",
        ),
        _ => return None,
    })
}

/// What entries a regional figure rests on.
pub fn scope(code: &str) -> Bi {
    match code {
        "this_court" => Bi::fixed("仅本院案件", "this court's cases only"),
        "these_courts" => Bi::fixed("仅所列法院案件", "the cases of these courts only"),
        "province" => Bi::fixed("全省法院案件", "the cases of the province's courts"),
        "national_list" => Bi::fixed("全国名单", "the national list"),
        other => Bi::plain(other.to_owned()),
    }
}

/// The short name of a party on a sheet that carries no names: 甲, 乙, … then numbers.
pub fn stem(at: usize) -> String {
    const STEMS: [&str; 10] = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"];
    STEMS.get(at).map_or_else(|| (at + 1).to_string(), |stem| (*stem).to_owned())
}

/// The name of a party: 被执行人甲.
pub fn party(at: usize) -> Bi {
    Bi::new(format!("被执行人{}", stem(at)), format!("debtor {}", at + 1))
}

/// The first eight digits of a pseudonym, in two groups: enough to tell parties apart, not to be mistaken for a number of theirs.
pub fn pseudonym(debtor_id: &str) -> String {
    let head: String = debtor_id.chars().take(8).collect();
    match head.split_at_checked(4) {
        Some((a, b)) if !b.is_empty() => format!("{a} {b}…"),
        _ => head,
    }
}

/// Several labels as one, 、 between the Chinese and a comma between the English.
pub fn joined(labels: impl IntoIterator<Item = Bi>) -> Bi {
    let (mut zh, mut en) = (String::new(), String::new());
    for label in labels {
        if !zh.is_empty() {
            zh.push('、');
            en.push_str(", ");
        }
        zh.push_str(&label.zh);
        en.push_str(if label.en.is_empty() { &label.zh } else { &label.en });
    }
    if zh == en { Bi::plain(zh) } else { Bi::new(zh, en) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_unrated_status_reads_like_a_grade() {
        for code in ["no_evidence", "no_opportunity", "notice_not_served", "minor", "deceased", "not_money"] {
            for is_capacity in [true, false] {
                let words = status(code, is_capacity);
                assert_ne!(words.zh, code, "{code} has no sentence");
                assert!(words.zh.contains("评级") && !words.zh.contains("较弱") && !words.zh.contains("差"), "{}", words.zh);
            }
        }
    }

    #[test]
    fn a_pseudonym_shows_its_head() {
        assert_eq!(pseudonym("3f9a12bc00"), "3f9a 12bc…");
        assert_eq!(pseudonym("3f"), "3f");
        assert_eq!(party(1).zh, "被执行人乙");
        assert_eq!(party(10).zh, "被执行人11");
    }

    #[test]
    fn labels_join_in_both_languages() {
        assert_eq!(joined([Bi::fixed("银行", "bank"), Bi::plain("x")]), Bi::fixed("银行、x", "bank, x"));
        assert_eq!(joined([]), Bi::plain(""));
    }
}
