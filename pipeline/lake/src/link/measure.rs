//! What is compared, and the levels of agreement: 0 = one side is missing, 1 = agrees best, the last = does not agree.
//!
//! A text is prepared once ([`Form`]) and compared many times. Jaro–Winkler: Winkler, Proc. Section on Survey Research Methods, ASA 1990.

use rapidfuzz::distance::jaro_winkler;
use serde::{Deserialize, Serialize};

use super::{address, fold};
use crate::ingest::identity_no::{self, tidy};

/// How two values of a field are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// A Chinese person's name.
    PersonName,
    /// An organisation's name; a branch agrees with its own kind only.
    CompanyName,
    /// A day of birth in eight digits, possible or not.
    Birth,
    /// A division of GB/T 2260, six digits.
    Region,
    /// A postal address, its division aside.
    Address,
    /// An identity number, broken or masked (`*`) on one side at least.
    Number,
    /// A Latin name or word.
    Text,
    /// An e-mail address.
    Email,
    /// Equal or not.
    Exact,
}

impl Measure {
    /// The levels from best to none, without the missing one.
    pub fn levels(self) -> &'static [&'static str] {
        match self {
            Measure::PersonName => &["same", "variant", "same_sound", "similar", "other"],
            Measure::CompanyName => &["same", "equivalent", "same_core", "similar", "other"],
            Measure::Birth => &["same", "slip", "same_year", "other"],
            Measure::Region => &["same_county", "same_city", "same_province", "other"],
            Measure::Address => &["same", "similar", "partly", "other"],
            Measure::Number => &["same", "fits_mask", "slip", "other"],
            Measure::Text => &["same", "close", "near", "far", "other"],
            Measure::Email => &["same", "same_user", "near", "other"],
            Measure::Exact => &["same", "other"],
        }
    }

    /// What is assumed of matches before anything is learned: where the expectation–maximisation begins, and what stays where it has too little.
    pub(super) fn assumed_m(self) -> &'static [f64] {
        match self {
            Measure::PersonName | Measure::CompanyName => &[0.85, 0.05, 0.04, 0.04, 0.02],
            Measure::Birth => &[0.90, 0.06, 0.02, 0.02],
            Measure::Region => &[0.70, 0.15, 0.05, 0.10],
            Measure::Address => &[0.45, 0.20, 0.10, 0.25],
            Measure::Number => &[0.30, 0.30, 0.35, 0.05],
            Measure::Text => &[0.80, 0.08, 0.05, 0.04, 0.03],
            Measure::Email => &[0.75, 0.10, 0.05, 0.10],
            Measure::Exact => &[0.80, 0.20],
        }
    }
}

impl Measure {
    /// What is assumed of other pairs where hardly any has both values.
    pub(super) fn assumed_u(self) -> &'static [f64] {
        match self {
            Measure::PersonName | Measure::CompanyName => &[0.0001, 0.00001, 0.0001, 0.001, 0.99879],
            Measure::Birth => &[0.00005, 0.0015, 0.02, 0.97845],
            Measure::Region => &[0.05, 0.15, 0.6, 0.2],
            Measure::Address => &[0.00001, 0.0001, 0.01, 0.98989],
            Measure::Number => &[0.000001, 0.0001, 0.00001, 0.999889],
            Measure::Text => &[0.01, 0.01, 0.01, 0.05, 0.92],
            Measure::Email => &[0.0001, 0.001, 0.01, 0.9889],
            Measure::Exact => &[0.01, 0.99],
        }
    }
}

/// A value prepared for comparison. What a measure does not use stays empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Form {
    /// Stands for the folded text; 0 where nothing is left of it.
    pub folded: u64,
    /// Stands for the weaker sameness: the sound of a name, a firm's core, the user of an e-mail address.
    pub weaker: u64,
    /// Stands for the branch of a firm.
    pub part: u64,
    pub signs: Box<[char]>,
    /// Of an address, hashes of two neighbouring signs, sorted; of a person's name, a mask of each sign's readings.
    pub pairs: Box<[u32]>,
}

/// 64 bits that stand for a text; never 0.
pub(super) fn stand_in(text: &str) -> u64 {
    let mut cut = [0; 8];
    cut.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..8]);
    u64::from_le_bytes(cut).max(1)
}

fn signs(text: &str) -> Box<[char]> {
    text.chars().collect()
}

/// The eight digits of a day; nothing where there are not eight.
pub(super) fn day_digits(text: &str) -> String {
    let digits: String = tidy(text).chars().filter(char::is_ascii_digit).collect();
    if digits.len() == 8 { digits } else { String::new() }
}

/// The number as it is compared: a credit code as its organisation code, since that is all the two share.
pub(super) fn comparable_number(text: &str) -> String {
    let organisation = identity_no::organisation_code(text).or_else(|| identity_no::organisation_code_of(text));
    organisation.or_else(|| identity_no::resident(text)).unwrap_or_else(|| tidy(text))
}

impl Form {
    /// Prepares a text; a form whose `folded` is 0 counts as missing.
    pub(super) fn new(measure: Measure, text: &str) -> Form {
        let folded = folded_text(measure, text);
        if folded.is_empty() {
            return Form::default();
        }
        let mut form = Form { folded: stand_in(&folded), ..Form::default() };
        match measure {
            Measure::PersonName => {
                form.weaker = stand_in(&fold::syllables(&folded).join(" "));
                form.signs = signs(&folded);
                form.pairs = folded.chars().map(fold::readings).collect();
            }
            Measure::CompanyName => {
                let core = fold::company_core(&folded);
                form.part = stand_in(fold::branch(&folded).1);
                form.weaker = stand_in(core);
                form.signs = signs(core);
            }
            Measure::Email => {
                let user = folded.split('@').next().unwrap_or_default();
                form.weaker = stand_in(user);
                form.signs = signs(user);
            }
            Measure::Address => form.pairs = neighbours(&folded),
            Measure::Birth | Measure::Region | Measure::Number | Measure::Text => form.signs = signs(&folded),
            Measure::Exact => {}
        }
        form
    }
}

/// The text in the one written form of its measure.
pub(super) fn folded_text(measure: Measure, text: &str) -> String {
    match measure {
        Measure::PersonName => fold::person_name(text),
        Measure::CompanyName => fold::company_name(text),
        Measure::Birth => day_digits(text),
        Measure::Region => Some(tidy(text)).filter(|t| t.len() == 6 && t.is_ascii()).unwrap_or_default(),
        Measure::Address => address::split(&address::folded(text)).1.to_owned(),
        Measure::Number => comparable_number(text),
        Measure::Text | Measure::Email | Measure::Exact => tidy(text),
    }
}

fn neighbours(text: &str) -> Box<[u32]> {
    let signs: Vec<char> = text.chars().collect();
    let mut pairs: Vec<u32> = signs.windows(2).map(|w| (w[0] as u32).wrapping_mul(0x9e37_79b1) ^ w[1] as u32).collect();
    pairs.sort_unstable();
    pairs.into_boxed_slice()
}

/// The level of agreement of two forms.
pub(super) fn level(measure: Measure, same_text: bool, a: &Form, b: &Form) -> u8 {
    if a.folded == 0 || b.folded == 0 {
        return 0;
    }
    let same = a.folded == b.folded;
    match measure {
        Measure::PersonName if same => 2 - u8::from(same_text),
        Measure::PersonName if a.weaker == b.weaker => 3,
        Measure::PersonName => 5 - u8::from(similar_names(a, b)),
        Measure::CompanyName if same => 2 - u8::from(same_text),
        Measure::CompanyName if a.part != b.part => 5,
        Measure::CompanyName if a.weaker == b.weaker => 3,
        Measure::CompanyName => 5 - u8::from(winkler(&a.signs, &b.signs, 0.92) >= 0.92),
        Measure::Birth if same => 1,
        Measure::Birth => birth_level(&a.signs, &b.signs),
        Measure::Region if same => 1,
        Measure::Region => 4 - region_depth(&a.signs, &b.signs),
        Measure::Address if same => 1,
        Measure::Address => address_level(&a.pairs, &b.pairs),
        Measure::Number if same => 1,
        Measure::Number => number_level(&a.signs, &b.signs),
        Measure::Text if same => 1,
        Measure::Text => graded(winkler(&a.signs, &b.signs, 0.7), &[0.92, 0.88, 0.7]),
        Measure::Email if same => 1,
        Measure::Email if a.weaker == b.weaker => 2,
        Measure::Email => graded(winkler(&a.signs, &b.signs, 0.88), &[2.0, 0.88]),
        Measure::Exact => 2 - u8::from(same),
    }
}

/// The level behind "same" that a similarity reaches: 2 for the first step, then 3, and so on.
fn graded(similarity: f64, steps: &[f64]) -> u8 {
    let reached = steps.iter().position(|step| similarity >= *step).unwrap_or(steps.len());
    reached as u8 + 2
}

/// Jaro–Winkler similarity; 0 where it is below the least that matters.
fn winkler(a: &[char], b: &[char], least: f64) -> f64 {
    let args = jaro_winkler::Args::default().score_cutoff(least);
    jaro_winkler::normalized_similarity_with_args(a.iter().copied(), b.iter().copied(), &args).unwrap_or(0.0)
}

/// One sign different, missing, too many or swapped in a name of three or more; or long names alike; or all signs may sound alike.
fn similar_names(a: &Form, b: &Form) -> bool {
    let longer = a.signs.len().max(b.signs.len());
    if longer >= 3 && one_slip(&a.signs, &b.signs) {
        return true;
    }
    // The masks tell most pairs apart at once; only what they let through is looked up.
    let masks = || a.pairs.iter().zip(&b.pairs).all(|(x, y)| x & y != 0);
    let alike = || a.signs.iter().zip(&b.signs).all(|(x, y)| fold::may_sound_alike(*x, *y));
    a.signs.len() == b.signs.len() && masks() && alike() || longer >= 6 && winkler(&a.signs, &b.signs, 0.9) >= 0.9
}

/// Whether one edit makes the one of the other: a sign changed, added or left out, or two neighbours swapped (Damerau 1964, distance at most 1).
fn one_slip(a: &[char], b: &[char]) -> bool {
    let (a, b) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let Some(at) = a.iter().zip(b).position(|(x, y)| x != y) else { return b.len() - a.len() <= 1 };
    match b.len() - a.len() {
        0 => a[at + 1..] == b[at + 1..] || at + 1 < a.len() && a[at] == b[at + 1] && a[at + 1] == b[at] && a[at + 2..] == b[at + 2..],
        1 => a[at..] == b[at + 1..],
        _ => false,
    }
}

/// A slip: one digit, two neighbours swapped, or day and month swapped.
fn birth_level(a: &[char], b: &[char]) -> u8 {
    let (Some((year_a, rest_a)), Some((year_b, rest_b))) = (a.split_at_checked(4), b.split_at_checked(4)) else { return 4 };
    let turned = year_a == year_b && rest_a.get(..2) == rest_b.get(2..) && rest_a.get(2..) == rest_b.get(..2);
    match (one_slip(a, b) || turned, year_a == year_b) {
        (true, _) => 2,
        (false, true) => 3,
        _ => 4,
    }
}

/// How many levels two divisions share: 2 = the city, 1 = the province.
fn region_depth(a: &[char], b: &[char]) -> u8 {
    let shared = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    (shared / 2).min(2) as u8
}

/// Dice's coefficient over neighbouring signs: 2 × shared / all.
fn address_level(a: &[u32], b: &[u32]) -> u8 {
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                i += 1;
                j += 1;
            }
        }
    }
    let all = a.len() + b.len();
    match () {
        () if shared * 20 >= all * 8 && all > 0 => 2,
        () if shared * 20 >= all * 5 && all > 0 => 3,
        () => 4,
    }
}

fn number_level(a: &[char], b: &[char]) -> u8 {
    let masked = a.contains(&'*') || b.contains(&'*');
    let fits = a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x == y || *x == '*' || *y == '*');
    match () {
        () if masked && fits => 2,
        () if !masked && one_slip(a, b) => 3,
        () => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(measure: Measure, a: &str, b: &str) -> &'static str {
        let of = |text| Form::new(measure, text);
        match level(measure, a == b, &of(a), &of(b)) {
            0 => "missing",
            level => measure.levels()[usize::from(level) - 1],
        }
    }

    #[test]
    fn every_measure_has_its_levels() {
        use Measure::*;
        for (measure, a, b, expected) in [
            (PersonName, "张伟", "张伟", "same"),
            (PersonName, "張 偉", "张伟", "variant"),
            (PersonName, "张伟", "章玮", "same_sound"),
            (PersonName, "曾国强", "增国强", "same_sound"),
            (PersonName, "王小明", "王晓明", "same_sound"),
            (PersonName, "王小明", "王大明", "similar"),
            (PersonName, "王明", "王强", "other"),
            (PersonName, "·", "王强", "missing"),
            (CompanyName, "恒达有限责任公司", "恒达有限公司", "equivalent"),
            (CompanyName, "杭州市恒达有限公司", "恒达有限公司", "same_core"),
            (CompanyName, "恒达贸易有限公司宁波分公司", "恒达贸易有限公司", "other"),
            (Birth, "1985-02-15", "19850215", "same"),
            (Birth, "1985-02-15", "1985-02-16", "slip"),
            (Birth, "1985-02-11", "1985-11-02", "slip"),
            (Birth, "1985-02-15", "1958-02-15", "slip"),
            (Birth, "1985-02-15", "1985-11-30", "same_year"),
            (Birth, "1985-02-15", "1958-11-30", "other"),
            (Birth, "1985", "1985-02-15", "missing"),
            (Region, "330106", "330109", "same_city"),
            (Region, "330106", "330204", "same_province"),
            (Region, "330106", "320106", "other"),
            (Address, "杭州市西湖区文三路90号", "浙江省杭州市西湖区文三路90号", "same"),
            (Address, "文三路90号2幢301室", "文三路90号二栋302室", "similar"),
            (Address, "文三路90号", "学院路12号", "other"),
            (Number, "60003734-1", "91110000600037341L", "same"),
            (Number, "9900001985****0021", "990000198502150021", "fits_mask"),
            (Number, "990000198502150012", "990000198502150021", "slip"),
            (Number, "990000850215002", "990000198502150021", "same"),
            (Text, "allen", "alen", "close"),
            (Email, "bob@x.net", "bob@y.net", "same_user"),
            (Email, "bob@x.net", "mary@y.net", "other"),
            (Exact, "１９９", "199", "same"),
        ] {
            assert_eq!(named(measure, a, b), expected, "{measure:?}: {a} {b}");
            assert_eq!(named(measure, b, a), expected, "{measure:?}: {b} {a}");
        }
    }

    #[test]
    fn assumptions_are_shares() {
        use Measure::*;
        for measure in [PersonName, CompanyName, Birth, Region, Address, Number, Text, Email, Exact] {
            for shares in [measure.assumed_m(), measure.assumed_u()] {
                assert_eq!(shares.len(), measure.levels().len());
                assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{measure:?}");
            }
        }
    }
}
