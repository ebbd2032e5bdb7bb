//! Names and addresses in one written form, so that what differs in writing alone compares equal. Pure functions of text.

use std::sync::OnceLock;

use pinyin::{ToPinyin, ToPinyinMulti};

use super::variants;
use crate::ingest::identity_no::tidy;

/// Dots between the parts of a name, in all the ways that key sheets have them.
const DOTS: &str = "·•．.・‧∙⋅●°˙-－—'’`";
/// Brackets that a firm's name may carry.
const BRACKETS: &str = "（）()[]【】〔〕［］〈〉《》{}「」\"“”,，、";
/// Surnames of two signs: their second sign is no part of the given name.
const DOUBLE_SURNAMES: &str = "欧阳上官司马司徒诸葛皇甫夏侯东方尉迟公孙慕容令狐长孙宇文闻人端木百里南宫独孤呼延轩辕澹台淳于申屠太史万俟司空钟离濮阳赫连单于西门东郭南门公冶宗政仲孙第五";
/// Signs read otherwise as a surname than in a word; the double ones need both signs.
const SURNAME_SOUNDS: [(&str, &str); 29] = [
    ("单于", "chanyu"),
    ("万俟", "moqi"),
    ("尉迟", "yuchi"),
    ("长孙", "zhangsun"),
    ("澹台", "tantai"),
    ("曾", "zeng"),
    ("单", "shan"),
    ("解", "xie"),
    ("仇", "qiu"),
    ("查", "zha"),
    ("任", "ren"),
    ("区", "ou"),
    ("盖", "ge"),
    ("朴", "piao"),
    ("乐", "yue"),
    ("缪", "miao"),
    ("秘", "bi"),
    ("冼", "xian"),
    ("种", "chong"),
    ("折", "she"),
    ("翟", "zhai"),
    ("员", "yun"),
    ("繁", "po"),
    ("召", "shao"),
    ("黑", "he"),
    ("宓", "fu"),
    ("覃", "qin"),
    ("逄", "pang"),
    ("仉", "zhang"),
];
/// Endings of a firm's name that mean the same.
const SUFFIXES: [(&str, &str); 4] =
    [("有限责任公司", "有限公司"), ("股份有限责任公司", "股份有限公司"), ("责任有限公司", "有限公司"), ("个人独资企业", "")];
/// Where the name of the whole firm ends and that of a part may begin.
const WHOLES: [&str; 6] = ["有限公司", "公司", "银行", "合作社", "事务所", "集团"];
/// Endings of a part of a firm, which is another party than the firm.
const PARTS: [&str; 11] = ["分公司", "支公司", "分行", "支行", "分店", "分厂", "营业部", "分所", "办事处", "经营部", "分社"];

fn only_folded(text: &str, skipped: &[&str]) -> String {
    let kept = tidy(text);
    kept.chars().filter(|c| !skipped.iter().any(|s| s.contains(*c))).map(variants::folded).collect()
}

/// A person's name: half-width capitals, no spaces, no dots, simplified characters. Empty where nothing is left.
pub fn person_name(text: &str) -> String {
    only_folded(text, &[DOTS])
}

/// A firm's name: as a person's, brackets of any kind left out, equivalent endings made one.
pub fn company_name(text: &str) -> String {
    let mut name = only_folded(text, &[DOTS, BRACKETS]);
    for (long, short) in SUFFIXES {
        name = name.replace(long, short);
    }
    name
}

/// A folded firm's name in two: the whole firm, and which part of it (empty for the firm itself).
pub fn branch(folded: &str) -> (&str, &str) {
    if !PARTS.iter().any(|p| folded.ends_with(p)) {
        return (folded, "");
    }
    let end = WHOLES.iter().filter_map(|whole| folded.find(whole).map(|at| at + whole.len())).filter(|end| *end < folded.len()).max();
    // "某公司分公司": the whole must end before the part's own ending begins.
    match end.filter(|end| PARTS.iter().any(|p| folded.get(*end..).is_some_and(|rest| rest.ends_with(p)))) {
        Some(end) => folded.split_at(end),
        None => (folded, ""),
    }
}

/// What is proper to a firm's folded name: without the division before it and the legal form behind it.
pub fn company_core(folded: &str) -> &str {
    let (whole, _) = branch(folded);
    let (_, rest) = super::address::split(whole);
    let mut core = rest;
    for ending in ["股份有限公司", "集团有限公司", "有限公司", "公司"] {
        core = core.strip_suffix(ending).unwrap_or(core);
    }
    if core.chars().count() < 2 { whole } else { core }
}

/// How many signs of a folded name are the surname.
pub fn surname_signs(folded: &str) -> usize {
    static DOUBLE: OnceLock<Vec<[char; 2]>> = OnceLock::new();
    let double = DOUBLE.get_or_init(|| {
        let signs: Vec<char> = DOUBLE_SURNAMES.chars().collect();
        signs.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect()
    });
    let mut signs = folded.chars();
    match (signs.next(), signs.next()) {
        (Some(first), Some(second)) if signs.next().is_some() && double.contains(&[first, second]) => 2,
        (None, _) => 0,
        _ => 1,
    }
}

/// The syllables of a folded name without tones, surnames read as surnames; a sign without a reading stands for itself.
pub fn syllables(folded: &str) -> Vec<String> {
    let mut rest = folded;
    let mut sounds = Vec::new();
    if let Some((sign, sound)) = SURNAME_SOUNDS.iter().find(|(sign, _)| folded.starts_with(sign)) {
        rest = folded.get(sign.len()..).unwrap_or_default();
        sounds.push((*sound).to_owned());
    }
    sounds.extend(rest.chars().map(|c| c.to_pinyin().map_or_else(|| c.to_string(), |p| p.plain().to_owned())));
    sounds
}

/// The sound of the surname alone.
pub fn surname_sound(folded: &str) -> String {
    let signs = surname_signs(folded);
    let surname: String = folded.chars().take(signs).collect();
    if folded.is_ascii() { folded.to_owned() } else { syllables(&surname).concat() }
}

/// The first letters of the syllables: `zgw`.
pub fn initials(folded: &str) -> String {
    syllables(folded).iter().filter_map(|s| s.chars().next()).collect()
}

/// A mask of a sign's readings: signs without a common bit have no common reading.
pub(super) fn readings(sign: char) -> u32 {
    let bit = |text: &str| 1 << (text.bytes().fold(7u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b))) % 31);
    let read = sign.to_pinyin_multi().into_iter().flatten().map(|p| bit(p.plain())).fold(0, |mask, bit| mask | bit);
    if read == 0 { bit(sign.encode_utf8(&mut [0; 4])) } else { read }
}

/// Whether two signs may be read alike in any of their readings.
pub fn may_sound_alike(a: char, b: char) -> bool {
    let readings = |c: char| c.to_pinyin_multi().into_iter().flatten().map(|p| p.plain());
    a == b || readings(a).any(|x| readings(b).any(|y| x == y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_to_one_form() {
        for (a, b) in
            [("張 偉", "张伟"), ("阿卜杜拉·买买提", "阿卜杜拉．买买提"), ("买买提•热合曼", "买买提热合曼"), ("ＬＩ　Ｍｉｎｇ", "li ming")]
        {
            assert_eq!(person_name(a), person_name(b), "{a}");
        }
        assert_eq!(company_name("浙江某某（杭州）有限责任公司"), company_name("浙江某某(杭州)有限公司"));
        assert_ne!(company_name("某某股份有限公司"), company_name("某某有限公司"));
    }

    #[test]
    fn parts_of_a_firm_stay_apart() {
        assert_eq!(branch("恒达有限公司宁波分公司"), ("恒达有限公司", "宁波分公司"));
        assert_eq!(branch("恒达有限公司"), ("恒达有限公司", ""));
        assert_eq!(branch("中国农业银行西湖支行"), ("中国农业银行", "西湖支行"));
        assert_eq!(company_core("浙江省杭州市恒达贸易有限公司"), "恒达贸易");
        assert_eq!(company_core("恒达贸易有限公司宁波分公司"), "恒达贸易");
    }

    #[test]
    fn surnames_sound_as_surnames() {
        assert_eq!(syllables("曾伟"), ["zeng", "wei"]);
        assert_eq!(syllables("单于飞"), ["chanyu", "fei"]);
        assert_eq!(
            (surname_sound("单雄信"), surname_sound("欧阳修文"), surname_sound("王五")),
            ("shan".into(), "ouyang".into(), "wang".into())
        );
        assert_eq!(initials("张国伟"), "zgw");
        assert_eq!(surname_signs("欧阳"), 1);
        assert!(may_sound_alike('重', '崇') && may_sound_alike('伟', '玮') && !may_sound_alike('伟', '明'));
    }
}
