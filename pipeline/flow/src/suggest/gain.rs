//! What a measure may bring in, where facts give a figure: net means it reaches, times this case's share of them, up to what is due. No effect of a
//! measure has been learnt or published for these courts, so a measure that reaches no known property has no figure at all.

use serde::Deserialize;

use super::facts::Situation;
use crate::means::{AssetMeans, Control, times};

/// What a measure reaches.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Bank deposits.
    Deposit,
    /// Income beyond living costs.
    Income,
    /// Real estate.
    RealEstate,
    /// Vehicles.
    Vehicle,
    /// Vehicles, movables and things unnamed.
    Movable,
    /// Equity, securities, funds, refunds, insurance, intellectual property.
    Rights,
    /// Claims on third persons.
    Receivable,
    /// Whatever this case holds and can sell.
    Held,
    /// Every asset.
    All,
}

/// On which side of control.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// What nobody holds.
    Free,
    /// What this case holds first.
    Own,
}

/// Where the figure comes from.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Facts and stated rules.
    Prior,
    /// No figure.
    None,
}

/// `[gain]` of a measure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Where the figure comes from.
    pub basis: Basis,
    /// What the measure reaches.
    #[serde(default)]
    pub reaches: Vec<Reach>,
    /// On which side of control.
    #[serde(default)]
    pub holds: Vec<Hold>,
}

/// A gain in fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gain {
    /// Expected.
    pub fen: i64,
    /// What already lies in this case's hands.
    pub low_fen: i64,
    /// What it would be if no other case took its share.
    pub high_fen: i64,
    /// Places in `Means::assets` that it counts on.
    pub assets: Vec<usize>,
    /// Does it count on income?
    pub income: bool,
}

impl Spec {
    /// The gain for a party; none where the measure has no figure or reaches nothing known.
    pub fn of(&self, s: &Situation<'_>) -> Option<Gain> {
        if self.basis == Basis::None || !s.party.is_money() {
            return None;
        }
        let reached = |a: &AssetMeans<'_>| {
            let side = self.holds.iter().any(|h| matches!((h, a.control), (Hold::Free, Control::Free) | (Hold::Own, Control::Own)));
            side && a.net_fen > 0 && self.reaches.iter().any(|r| r.covers(a.asset.text("class").unwrap_or("other")))
        };
        let assets: Vec<usize> = s.means.assets.iter().enumerate().filter(|(_, a)| reached(a)).map(|(at, _)| at).collect();
        let sum = |control: Control| {
            let kept = assets.iter().map(|at| &s.means.assets[*at]).filter(|a| a.control == control);
            kept.fold(0_i64, |total, a| total.saturating_add(a.net_fen))
        };
        let income = self.reaches.contains(&Reach::Income) && s.means.income_free_monthly_fen > 0;
        let earned = if income { s.means.income_free_monthly_fen.saturating_mul(s.ctx.ratings.income_months()) } else { 0 };
        let (own, free) = (sum(Control::Own), sum(Control::Free).saturating_add(earned));
        if own == 0 && free == 0 {
            return None;
        }
        // What this case already holds is not needed twice: new control reaches only for the rest of the debt.
        let rest = s.due_fen.saturating_sub(s.means.controlled_fen).max(0);
        let gain = |free: i64| own.min(s.due_fen).saturating_add(free.min(rest)).min(s.due_fen);
        let in_hand = self.reaches == [Reach::Deposit] && self.holds == [Hold::Own];
        Some(Gain { fen: gain(times(free, s.share)), low_fen: if in_hand { gain(0) } else { 0 }, high_fen: gain(free), assets, income })
    }
}

impl Reach {
    fn covers(self, class: &str) -> bool {
        match self {
            Self::Deposit => class == "deposit",
            Self::Income => false,
            Self::RealEstate => class == "real_estate",
            Self::Vehicle => class == "vehicle",
            Self::Movable => matches!(class, "vehicle" | "movable" | "other"),
            Self::Rights => {
                matches!(class, "equity" | "security" | "wealth_product" | "provident_fund" | "tax_refund" | "insurance" | "ip")
            }
            Self::Receivable => class == "receivable",
            Self::Held => matches!(class, "real_estate" | "vehicle" | "movable" | "equity" | "ip"),
            Self::All => true,
        }
    }
}
