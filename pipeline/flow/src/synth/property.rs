//! Why: what a person has. Ability decides whether an asset exists and what it is worth; the tendency to conceal decides whether an inquiry
//! shows it. With ability zero there is nothing.
use luheng_lake::columns::Day;

use super::classes::{CLASSES, Class};
use super::export::Export;
use super::line::Line;
use super::people::{Kind, Person, history_start};
use super::random::{Concern, Stream, fen, logistic, part_of};
use super::region::COUNTIES;
use super::tables::Table;
use super::{AbilityMode, Spec};

/// How an asset stopped being the debtor's.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Day of disposal.
    pub day: Day,
    /// Price in fen.
    pub price: i64,
    /// To a related person, as found.
    pub to_related: bool,
}

/// One asset.
#[derive(Clone, Debug)]
pub struct Asset {
    /// The court's own key.
    pub reference: String,
    /// Its class.
    pub class: &'static Class,
    /// Gross value when drawn, in fen.
    pub gross: i64,
    /// Prior claims, in fen.
    pub lien: i64,
    /// The case whose claim the lien secures.
    pub lien_for_case: Option<String>,
    /// `sole`, `by_share`, `joint_unstated`, `unknown`.
    pub co_ownership: &'static str,
    /// Share owned, where stated.
    pub share: Option<f64>,
    /// A home the debtor needs.
    pub is_home: bool,
    /// In the court's hand, from this day.
    pub in_hand_on: Option<Day>,
    /// Day acquired.
    pub acquired: Day,
    /// Never shown by a channel; found by other ways if at all.
    pub is_concealed: bool,
    /// Shown by its channel, or found otherwise, from this day.
    pub visible_on: Option<Day>,
    /// Day the court first knew it.
    pub known: Option<Day>,
    /// What the first estimate says, over the true value.
    pub estimate: f64,
    /// Day a price was fixed; before it the estimate stands.
    pub valued_on: Option<Day>,
    /// Money taken out of it, by day.
    pub taken: Vec<(Day, i64)>,
    /// The end of it.
    pub ended: Option<Ended>,
    /// A foreign court that seized it before ours: case number, from, until.
    pub foreign: Option<(String, Day, Day)>,
    region: usize,
}

impl Asset {
    /// Gross value on a day, less what was taken out by then.
    pub fn gross_at(&self, day: Day) -> i64 {
        self.gross - self.taken.iter().filter(|(d, _)| *d <= day).map(|(_, amount)| amount).sum::<i64>()
    }

    /// What can still be taken out at any time: whatever any case took, whenever, is gone.
    pub fn left(&self) -> i64 {
        self.gross - self.taken.iter().map(|(_, amount)| amount).sum::<i64>()
    }

    /// Still the debtor's on a day?
    pub fn is_held(&self, day: Day) -> bool {
        self.acquired <= day && self.ended.is_none_or(|end| end.day > day) && self.gross_at(day) >= 100
    }

    /// What a sale would bring the debtor's creditors, after liens, co-owners and need; the lien counts not where it secures `case_no`.
    pub fn net(&self, case_no: &str) -> i64 {
        if self.is_home {
            return 0;
        }
        let lien = if self.lien_for_case.as_deref() == Some(case_no) { 0 } else { self.lien };
        let sold = part_of(self.left(), self.class.realised);
        part_of((sold - lien).max(0), self.own_share())
    }

    fn own_share(&self) -> f64 {
        match self.co_ownership {
            "joint_unstated" => 0.5,
            _ => self.share.unwrap_or(1.0),
        }
    }

    /// Writes the asset as seen on a day.
    pub fn export(&self, out: &mut Export, person: &Person, seen_on: Day, known_on: Day) {
        let land = matches!(self.class.code, "real_estate" | "vehicle" | "movable");
        let is_valued = self.valued_on.is_some_and(|day| day <= seen_on);
        let ended = self.ended.filter(|end| end.day <= seen_on);
        let line = Line::of(Table::Assets)
            .text("asset_ref", self.reference.as_str())
            .text("debtor_ref", person.reference.as_str())
            .text("class", self.class.code)
            .maybe("channel", if self.is_concealed { None } else { self.class.channel })
            .int("gross_fen", if is_valued { self.gross_at(seen_on).max(0) } else { part_of(self.gross_at(seen_on).max(0), self.estimate) })
            .text("valuation_kind", if is_valued && self.class.doubt > 0.0 { "appraisal" } else { self.class.valuation })
            .text("co_ownership", self.co_ownership)
            .above("lien_fen", self.lien)
            .maybe("lien_for_case", self.lien_for_case.as_deref())
            .maybe("region", land.then_some(COUNTIES[self.region].0))
            .maybe("document_no", self.is_concealed.then_some("线索核查"));
        let line = match self.share {
            Some(share) => line.share("ownership_share", share),
            None => line,
        };
        let line = if self.class.code == "real_estate" { line.flag("necessary_home", self.is_home) } else { line };
        let line = line.flag("in_hand", self.in_hand_on.is_some_and(|day| day <= seen_on)).day("acquired_on", self.acquired);
        let line = match ended {
            Some(end) if end.to_related => line
                .day("disposed_on", end.day)
                .int("disposal_fen", end.price)
                .flag("disposed_to_related", true)
                .text("document_no", "转让调查笔录"),
            Some(end) => line.day("disposed_on", end.day).int("disposal_fen", end.price),
            None => line,
        };
        out.know(known_on, line);
    }
}

/// Draws everything a person has or will have. Empty where ability is zero.
pub fn draw(spec: &Spec, person: &Person) -> Vec<Asset> {
    if spec.ability == AbilityMode::Zero {
        return Vec::new();
    }
    let mut assets = Vec::new();
    for (order, class) in CLASSES.iter().enumerate() {
        let mut s = Stream::new(spec.seed, Concern::Property, person.index, order as u64);
        let [at, slope, ..] = if person.kind == Kind::Natural { class.natural } else { class.legal };
        let second = matches!(class.code, "deposit" | "vehicle" | "real_estate");
        for again in 0..2 {
            let chance = logistic(at + slope * person.fortune - 1.6 * f64::from(again));
            if !s.chance(chance) || (again == 1 && !second) {
                break;
            }
            let reference = format!("{}-{}{}", person.reference, order + 1, if again == 0 { "" } else { "b" });
            assets.push(draw_one(spec, person, class, reference, again == 0, &mut s));
        }
    }
    assets
}

fn draw_one(spec: &Spec, person: &Person, class: &'static Class, reference: String, is_first: bool, s: &mut Stream) -> Asset {
    let natural = person.is_natural();
    let [.., mean, slope, spread] = if natural { class.natural } else { class.legal };
    let gross = fen(libm::exp(mean + slope * person.fortune + spread * s.normal())).max(1_000);
    let start = history_start(spec.as_of);
    let late = s.chance(if class.is_liquid { 0.10 } else { 0.04 });
    let acquired = if late { start + s.days(200, 1200) } else { start - s.days(100, 3000) };
    let house = class.code == "real_estate";
    let lien_chance = if house {
        0.6
    } else if class.code == "vehicle" {
        0.2
    } else {
        0.0
    };
    let has_lien = s.chance(lien_chance);
    let lien = part_of(gross, 0.25 + 0.5 * s.unit());
    let co = s.unit();
    let (co_ownership, share) = match co {
        x if house && natural && x < 0.35 => ("joint_unstated", None),
        x if house && natural && x < 0.45 => ("by_share", Some(0.5)),
        x if !class.is_liquid && x > 0.97 => ("unknown", None),
        _ => ("sole", None),
    };
    let reach = if class.is_liquid || class.channel.is_none() { 0.9 } else { 0.45 };
    let is_hidden = s.chance(reach * person.conceal);
    let comes_back = s.chance(0.3);
    let back_on = start + s.days(300, 1400);
    let is_foreign = s.chance(if class.hold == "seal" { 0.16 } else { 0.05 });
    let foreign_from = start - s.days(10, 400) + s.days(0, 900);
    let number = s.between(1, 9000);
    let year = luheng_lake::columns::day::ymd(foreign_from).0;
    let foreign = is_foreign.then(|| {
        (
            format!("（{year}）测98{:02}执{number}号", number % 20 + 1),
            foreign_from.max(acquired),
            foreign_from.max(acquired) + class.hold_years * 365,
        )
    });
    Asset {
        reference,
        class,
        gross,
        lien: if has_lien { lien } else { 0 },
        lien_for_case: None,
        co_ownership,
        share,
        is_home: house && natural && is_first && s.chance(0.6),
        in_hand_on: None,
        acquired,
        is_concealed: is_hidden && !comes_back,
        visible_on: match (is_hidden, comes_back) {
            (true, true) => Some(back_on.max(acquired)),
            (true, false) => None,
            (false, _) => Some(acquired),
        },
        known: None,
        estimate: libm::exp(class.doubt * s.normal()),
        valued_on: None,
        taken: Vec::new(),
        ended: None,
        foreign,
        region: person.county,
    }
}
