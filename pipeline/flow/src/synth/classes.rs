//! Why: every number that tells one class of asset from another, in one table: how likely and how large it is by fortune, who shows it, how
//! it is held, and what becomes of it.

/// What holds for every asset of one class.
#[derive(Debug)]
pub struct Class {
    /// Code of the class.
    pub code: &'static str,
    /// Channel of inquiry that shows it; none for what only a report or a survey shows.
    pub channel: Option<&'static str>,
    /// `freeze` or `seal`.
    pub hold: &'static str,
    /// A hold lapses after so many years.
    pub hold_years: i32,
    /// Share of the gross value that a sale brings.
    pub realised: f64,
    /// Probability that the court ever turns it into money, once held first.
    pub sale_chance: f64,
    /// Days from the hold to the money, at least and at most.
    pub sale_days: (i32, i32),
    /// The debtor himself can spend it at once.
    pub is_liquid: bool,
    /// How its value is known.
    pub valuation: &'static str,
    /// Spread of the logarithm of the first estimate over the true value, until a price is fixed.
    pub doubt: f64,
    /// Intercept and slope of the logit of its existence, and mean, slope and spread of the logarithm of its value in yuan: natural persons.
    pub natural: [f64; 5],
    /// The same for organisations.
    pub legal: [f64; 5],
}

impl Class {
    /// Is the whole thing sold, and its price told? Of what is money or as good as it a part is taken.
    pub fn is_sold_whole(&self) -> bool {
        matches!(self.code, "vehicle" | "real_estate" | "equity" | "receivable" | "movable")
    }
}

/// Classes in the order in which they are drawn.
pub const CLASSES: &[Class] = &[
    Class {
        code: "deposit",
        channel: Some("bank"),
        hold: "freeze",
        hold_years: 1,
        realised: 1.0,
        sale_chance: 0.95,
        sale_days: (20, 60),
        is_liquid: true,
        valuation: "balance",
        doubt: 0.0,
        natural: [1.6, 0.8, 8.9, 1.5, 0.9],
        legal: [1.9, 0.8, 10.0, 1.8, 1.0],
    },
    Class {
        code: "wealth_product",
        channel: Some("wealth"),
        hold: "freeze",
        hold_years: 1,
        realised: 0.98,
        sale_chance: 0.85,
        sale_days: (40, 110),
        is_liquid: true,
        valuation: "balance",
        doubt: 0.0,
        natural: [-2.0, 1.3, 10.3, 0.8, 0.7],
        legal: [-2.6, 1.2, 11.0, 0.8, 0.8],
    },
    Class {
        code: "security",
        channel: Some("securities"),
        hold: "freeze",
        hold_years: 3,
        realised: 0.9,
        sale_chance: 0.8,
        sale_days: (40, 120),
        is_liquid: true,
        valuation: "market",
        doubt: 0.0,
        natural: [-2.2, 1.2, 10.0, 0.8, 0.8],
        legal: [-3.0, 1.0, 11.0, 0.8, 0.8],
    },
    Class {
        code: "provident_fund",
        channel: Some("provident_fund"),
        hold: "freeze",
        hold_years: 1,
        realised: 1.0,
        sale_chance: 0.3,
        sale_days: (60, 150),
        is_liquid: false,
        valuation: "balance",
        doubt: 0.0,
        natural: [-0.7, 0.6, 9.3, 0.4, 0.6],
        legal: [-99.0, 0.0, 0.0, 0.0, 0.0],
    },
    Class {
        code: "insurance",
        channel: Some("insurance"),
        hold: "freeze",
        hold_years: 3,
        realised: 0.8,
        sale_chance: 0.5,
        sale_days: (60, 160),
        is_liquid: false,
        valuation: "balance",
        doubt: 0.0,
        natural: [-1.5, 0.9, 9.3, 0.6, 0.6],
        legal: [-99.0, 0.0, 0.0, 0.0, 0.0],
    },
    Class {
        code: "vehicle",
        channel: Some("vehicle"),
        hold: "seal",
        hold_years: 2,
        realised: 0.7,
        sale_chance: 0.75,
        sale_days: (110, 240),
        is_liquid: false,
        valuation: "online_inquiry",
        doubt: 0.3,
        natural: [-0.7, 0.9, 10.8, 0.45, 0.5],
        legal: [-0.3, 0.7, 11.3, 0.5, 0.6],
    },
    Class {
        code: "real_estate",
        channel: Some("real_estate"),
        hold: "seal",
        hold_years: 3,
        realised: 0.75,
        sale_chance: 0.7,
        sale_days: (140, 330),
        is_liquid: false,
        valuation: "online_inquiry",
        doubt: 0.25,
        natural: [-1.1, 1.3, 13.4, 0.35, 0.4],
        legal: [-1.6, 1.3, 14.6, 0.5, 0.6],
    },
    Class {
        code: "equity",
        channel: Some("equity"),
        hold: "freeze",
        hold_years: 3,
        realised: 0.4,
        sale_chance: 0.15,
        sale_days: (200, 420),
        is_liquid: false,
        valuation: "estimate",
        doubt: 0.8,
        natural: [-2.0, 0.8, 11.2, 0.6, 0.9],
        legal: [-1.4, 0.8, 12.6, 0.7, 1.0],
    },
    Class {
        code: "tax_refund",
        channel: Some("tax"),
        hold: "freeze",
        hold_years: 3,
        realised: 1.0,
        sale_chance: 0.7,
        sale_days: (60, 150),
        is_liquid: false,
        valuation: "tax",
        doubt: 0.0,
        natural: [-99.0, 0.0, 0.0, 0.0, 0.0],
        legal: [-2.0, 0.6, 10.6, 0.6, 0.7],
    },
    Class {
        code: "receivable",
        channel: None,
        hold: "freeze",
        hold_years: 3,
        realised: 0.8,
        sale_chance: 0.45,
        sale_days: (60, 200),
        is_liquid: false,
        valuation: "reported",
        doubt: 0.5,
        natural: [-3.2, 0.5, 10.2, 0.5, 0.8],
        legal: [-0.9, 0.6, 12.0, 0.7, 0.9],
    },
    Class {
        code: "movable",
        channel: None,
        hold: "seal",
        hold_years: 2,
        realised: 0.45,
        sale_chance: 0.5,
        sale_days: (90, 220),
        is_liquid: false,
        valuation: "estimate",
        doubt: 0.5,
        natural: [-3.2, 0.4, 9.6, 0.4, 0.6],
        legal: [-0.4, 0.6, 11.2, 0.6, 0.8],
    },
];
