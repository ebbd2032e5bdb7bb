//! An address in two: the division it names, and the rest, which is compared by itself. Divisions change names and codes; streets do so less.

use super::variants;
use crate::ingest::identity_no::tidy;

/// Endings of divisions, by level: province, city, county.
const LEVELS: [&[&str]; 3] = [&["特别行政区", "自治区", "省", "市"], &["自治州", "地区", "盟", "市"], &["自治县", "县", "区", "市", "旗"]];
/// A division's name is no longer than this, its ending included.
const LONGEST: usize = 9;
/// What stands before 区 where it is no county: 小区, 社区, 园区, 校区, 库区, 厂区, 新区, 发区 (开发区).
const NOT_COUNTIES: &str = "小社园校库厂发";
/// Signs of a road, a village or a number: what follows is no division any more.
const ROADS: &str = "路街道巷弄村镇乡号幢楼栋0123456789";
/// Words for the same thing, and signs that say nothing.
const SAME: [(char, char); 14] = [
    ('栋', '幢'),
    ('#', '号'),
    ('〇', '0'),
    ('零', '0'),
    ('一', '1'),
    ('二', '2'),
    ('三', '3'),
    ('四', '4'),
    ('五', '5'),
    ('六', '6'),
    ('七', '7'),
    ('八', '8'),
    ('九', '9'),
    ('弄', '巷'),
];
const SAYS_NOTHING: &str = "-－—,，、。.()（）第/";

/// An address in one written form: half-width, no spaces, simplified characters, digits for the numerals one to nine, 幢 for 栋.
pub fn folded(text: &str) -> String {
    let same = |c: char| SAME.iter().find(|(found, _)| *found == c).map_or(c, |(_, kept)| *kept);
    tidy(text).chars().filter(|c| !SAYS_NOTHING.contains(*c)).map(variants::folded).map(same).collect()
}

/// The division at the beginning (empty where none is named) and the rest.
pub fn split(folded: &str) -> (&str, &str) {
    let mut end = 0;
    for endings in LEVELS {
        if let Some(next) = division_end(folded.get(end..).unwrap_or_default(), endings) {
            end += next;
        }
    }
    folded.split_at(end)
}

/// Where a division of one level ends at the beginning of a text.
fn division_end(text: &str, endings: &[&str]) -> Option<usize> {
    let signs: Vec<(usize, char)> = text.char_indices().take(LONGEST).collect();
    for (place, (at, sign)) in signs.iter().enumerate() {
        if ROADS.contains(*sign) {
            return None;
        }
        let ending = endings.iter().find(|e| text.get(*at..).is_some_and(|t| t.starts_with(**e)));
        let before = place.checked_sub(1).and_then(|p| signs.get(p)).map(|(_, c)| *c);
        if let Some(ending) = ending.filter(|_| place > 0) {
            let county = !(*sign == '区' && before.is_some_and(|b| NOT_COUNTIES.contains(b)));
            return county.then_some(at + ending.len());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisions_leave_the_street() {
        for (address, division, rest) in [
            ("浙江省杭州市西湖区文三路90号", "浙江省杭州市西湖区", "文3路90号"),
            ("杭州市西湖区文三路90号", "杭州市西湖区", "文3路90号"),
            ("甲县学院路12号", "甲县", "学院路12号"),
            ("新疆维吾尔自治区和田地区于田县人民路1号", "新疆维吾尔自治区和田地区于田县", "人民路1号"),
            ("文三路90号翠苑小区", "", "文3路90号翠苑小区"),
            ("翠苑小区12栋", "", "翠苑小区12幢"),
            ("", "", ""),
        ] {
            let text = folded(address);
            assert_eq!(split(&text), (division, rest));
        }
    }
}
