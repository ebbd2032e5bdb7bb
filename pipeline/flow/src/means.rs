//! What a debtor's known property is worth to one case: facts and stated rules, no model.
//!
//! Net = ((gross − liens) × share of ownership − exempt − earlier holds of others) × haircut, never below nothing. A lien that secures this very case
//! is not subtracted; the haircut is the one of the model in use (`haircut.rs`). A home that is needed to live in counts nothing: it may be sealed, not sold (CKD art 4). What several live cases of one debtor
//! compete for is shared by their dues, so that no fen is promised twice; what a case itself holds first is its own.

use crate::context::Context;
use crate::cutoff::{Dated, Party, Row};

/// Who holds an asset on the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Nobody.
    Free,
    /// This case, first.
    Own,
    /// Another case.
    Foreign,
    /// Another case, and this one waits behind it.
    Waiting,
}

/// One asset as this case may count on it.
#[derive(Clone, Copy, Debug)]
pub struct AssetMeans<'a> {
    /// The asset's row.
    pub asset: Row<'a>,
    /// Its class, as coded.
    pub class: &'a str,
    /// Realisable here, in fen.
    pub net_fen: i64,
    /// The same with a share of ownership that nobody has stated counted at nothing, in fen.
    pub net_low_fen: i64,
    /// Realisable before any hold, in fen: what all who claim against the debtor may look to.
    pub unheld_fen: i64,
    /// Prior claims of others on it, in fen.
    pub lien_fen: i64,
    /// Of what is realisable, what a lien for this very debt secures, in fen.
    pub secured_fen: i64,
    /// Who holds it.
    pub control: Control,
    /// Is it physically in hand?
    pub in_hand: bool,
    /// The hold of this case, where there is one.
    pub hold: Option<Row<'a>>,
    /// As good as money?
    pub is_liquid: bool,
}

/// A debtor's known means, seen from one case.
#[derive(Clone, Debug, Default)]
pub struct Means<'a> {
    /// Every asset known and not disposed of.
    pub assets: Vec<AssetMeans<'a>>,
    /// Streams of income running on the day.
    pub incomes: Vec<Row<'a>>,
    /// Income left after living costs, a month, in fen.
    pub income_free_monthly_fen: i64,
    /// A natural person's income is known, but not what living costs: how much of it is free is unknown, and none of it is counted.
    pub is_income_uncounted: bool,
    /// Net value of all assets reachable by this case, in fen.
    pub net_assets_fen: i64,
    /// Liquid assets nobody holds, and the horizon's free income: what the debtor could pay out of hand, in fen.
    pub spendable_fen: i64,
    /// What this case holds first, plus its share of the rest and of free income, in fen: each fen in one case only.
    pub evidenced_fen: i64,
    /// Net value under this case's own first hold, in fen.
    pub controlled_fen: i64,
    /// What the means are measured against: due by the party, in fen.
    pub due_fen: i64,
    /// What the party itself has paid on the debt, by day; the kind is the source of the money.
    pub paid: Vec<Dated<'a>>,
}

/// Money times a share, rounded half up: the only such product in the house.
pub fn times(fen: i64, share: f64) -> i64 {
    let product = fen as f64 * share;
    if product.is_finite() { libm::floor(product + 0.5) as i64 } else { 0 }
}

/// Is a hold in force on the day?
pub fn in_force(hold: &Row<'_>, day: i32) -> bool {
    hold.date("from_on").is_some_and(|d| d <= day) && hold.date("lifted_on").is_none() && hold.date("expires_on").is_none_or(|d| d >= day)
}

/// Counts the means of a party.
pub fn means_of<'a>(party: &Party<'_, 'a>, ctx: &Context) -> Means<'a> {
    let mut means = Means::default();
    let (receipts, chain) = (party.receipts(), party.chain());
    let due = party.due_after(&receipts);
    means.due_fen = due;
    means.paid = Dated::in_order(receipts.into_iter().filter(|r| party.is_own(r)), "paid_on", "source");
    for asset in party.view.rows("assets").iter().filter(|a| a.date("disposed_on").is_none()) {
        means.assets.push(asset_of(party, *asset, due, &chain, ctx));
    }
    // A day that has not come reads as unknown: without its first day an income has not begun.
    let runs = |i: &&Row<'_>| i.date("from_on").is_some() && i.date("to_on").is_none();
    means.incomes = party.view.rows("incomes").iter().filter(runs).copied().collect();
    let monthly = means.incomes.iter().filter_map(|i| i.fen("monthly_fen")).fold(0_i64, i64::saturating_add);
    let natural = party.view.debtor().and_then(|d| d.text("kind")).is_none_or(|k| k == "natural");
    (means.income_free_monthly_fen, means.is_income_uncounted) = match (natural, ctx.config.means.living_cost_monthly_fen) {
        (true, Some(living)) => (monthly.saturating_sub(living).max(0), false),
        (true, None) => (0, monthly > 0),
        (false, _) => (monthly, false),
    };
    let income = means.income_free_monthly_fen.saturating_mul(ctx.ratings.income_months());
    let sum = |keep: &dyn Fn(&AssetMeans<'_>) -> bool| {
        means.assets.iter().filter(|a| keep(a)).fold(0_i64, |total, a| total.saturating_add(a.net_fen))
    };
    let (own, liquid) = (sum(&|a| a.control == Control::Own), sum(&|a| a.control == Control::Free && a.is_liquid));
    let total = sum(&|_| true);
    means.controlled_fen = own;
    means.net_assets_fen = total;
    means.spendable_fen = liquid.saturating_add(income);
    let open = total.saturating_sub(own).saturating_add(income);
    means.evidenced_fen = own.saturating_add(times(open, share_of_due(party, due)));
    means
}

/// This case's share of what the debtor's live cases compete for, by their dues: 0 to 1.
pub fn share_of(party: &Party<'_, '_>) -> f64 {
    share_of_due(party, party.due_fen())
}

fn share_of_due(party: &Party<'_, '_>, mine: i64) -> f64 {
    let all = party.view.due_all_fen();
    if all <= 0 || !party.is_live() || !party.is_money() { 0.0 } else { mine as f64 / all as f64 }
}

fn asset_of<'a>(party: &Party<'_, 'a>, asset: Row<'a>, due: i64, chain: &[&str], ctx: &Context) -> AssetMeans<'a> {
    let spec = &ctx.ratings.means;
    let class = asset.text("class").unwrap_or("other");
    let (control, own, waiting, foreign) = control_of(party, &asset, chain);
    let gross = asset.fen("gross_fen").unwrap_or(0);
    // What was secured under an earlier number of the debt is secured still.
    let secures = asset.text("lien_for_case").is_some_and(|case| chain.contains(&case));
    let lien_fen = if secures { 0 } else { asset.fen("lien_fen").unwrap_or(0) };
    let (share, is_unstated) = share_owned(&asset, spec.ownership.unstated);
    let mut free = times(gross.saturating_sub(lien_fen).max(0), share).saturating_sub(asset.fen("exempt_fen").unwrap_or(0));
    let mut net = free;
    if own.is_none() {
        // A foreign hold without a stated sum may take everything.
        for hold in &foreign {
            net = hold.fen("amount_fen").map_or(0, |amount| net.saturating_sub(amount));
        }
    }
    if asset.flag("necessary_home") == Some(true) {
        (free, net) = (0, 0);
    }
    let haircut = spec.share(class);
    let unheld_fen = times(free.max(0), haircut);
    let mut net_fen = times(net.max(0), haircut);
    if let Some(hold) = own {
        net_fen = net_fen.min(hold.fen("amount_fen").unwrap_or(due.max(0)));
    }
    AssetMeans {
        asset,
        class,
        net_fen,
        net_low_fen: if is_unstated { 0 } else { net_fen },
        unheld_fen,
        lien_fen,
        secured_fen: if secures { asset.fen("lien_fen").map_or(unheld_fen, |lien| lien.min(unheld_fen)) } else { 0 },
        control,
        in_hand: asset.flag("in_hand") == Some(true),
        hold: own.or(waiting),
        is_liquid: spec.liquid.classes.iter().any(|c| c == class),
    }
}

/// The debtor's share of an asset as it is counted, and whether nobody has stated it.
fn share_owned(asset: &Row<'_>, unstated: f64) -> (f64, bool) {
    match (asset.text("co_ownership"), asset.real("ownership_share")) {
        (Some("joint_unstated"), _) | (Some("by_share"), None) => (unstated, true),
        (_, Some(share)) => (share, false),
        (kind, None) => (1.0, kind == Some("unknown")),
    }
}

/// Who holds an asset: the state, this case's own first hold, the one it waits with, and the holds of others that come before it.
fn control_of<'a>(party: &Party<'_, 'a>, asset: &Row<'a>, chain: &[&str]) -> (Control, Option<Row<'a>>, Option<Row<'a>>, Vec<Row<'a>>) {
    let reference = asset.text("asset_ref");
    let holds: Vec<Row<'a>> =
        party.view.rows("seizures").iter().filter(|s| s.text("asset_ref") == reference && in_force(s, party.day())).copied().collect();
    // What was held under an earlier number of the debt is held still.
    let is_mine = |hold: &Row<'_>| hold.text("case_no").is_some_and(|case| chain.contains(&case));
    let waits = |hold: &Row<'_>| hold.text("kind") == Some("waiting");
    // Rank is the order of measures: of two holds that both say seal or freeze the earlier comes first, and the later waits.
    let rank = |hold: &Row<'a>| (hold.int("rank").unwrap_or(1), hold.date("from_on"), hold.row_id());
    let mine = holds.iter().filter(|h| is_mine(h) && !waits(h)).min_by_key(|h| rank(h)).copied();
    let mut foreign: Vec<Row<'a>> = holds.iter().filter(|h| !is_mine(h) && !waits(h)).copied().collect();
    if let Some(mine) = &mine {
        foreign.retain(|h| rank(h) < rank(mine));
    }
    let own = mine.filter(|_| foreign.is_empty());
    let waiting = mine.or_else(|| holds.iter().find(|h| is_mine(h) && waits(h)).copied());
    let control = match (own, waiting, foreign.is_empty()) {
        (Some(_), _, _) => Control::Own,
        (None, Some(_), _) => Control::Waiting,
        (None, None, false) => Control::Foreign,
        (None, None, true) => Control::Free,
    };
    (control, own, waiting, foreign)
}
