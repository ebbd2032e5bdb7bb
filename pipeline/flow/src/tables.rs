//! Rows of the run tables that several stages read: one struct a table, with the columns of the contract (§6).

use luheng_lake::columns::{Column, Columns, Day};

use crate::error::{Error, Result};

/// One party's rating.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rating {
    /// Case number.
    pub case_no: String,
    /// Debtor.
    pub debtor_id: String,
    /// The day rated.
    pub as_of: Day,
    /// Which rating: `standard` or `revival`.
    pub rating_id: String,
    /// Days of the outcome window.
    pub horizon_days: i64,
    /// Covered share from which the outcome is good.
    pub good_share: f64,
    /// `rated`, or why not.
    pub capacity_status: String,
    /// Probability of being covered.
    pub capacity_p: Option<f64>,
    /// Low end of its interval.
    pub capacity_low: Option<f64>,
    /// High end of its interval.
    pub capacity_high: Option<f64>,
    /// Points.
    pub capacity_score: Option<f64>,
    /// C1 to C5.
    pub capacity_grade: Option<String>,
    /// `whole`, `part`, `none_found`, `unknown`: from facts.
    pub capacity_extent: String,
    /// Means evidenced for this case.
    pub evidenced_means_fen: Option<i64>,
    /// `rated`, or why not.
    pub willingness_status: String,
    /// Probability of meeting the means-free duties.
    pub willingness_p: Option<f64>,
    /// Low end of its interval.
    pub willingness_low: Option<f64>,
    /// High end of its interval.
    pub willingness_high: Option<f64>,
    /// Points.
    pub willingness_score: Option<f64>,
    /// W1 to W5.
    pub willingness_grade: Option<String>,
    /// Both axes in one word.
    pub quadrant: String,
    /// Expected recovered share.
    pub recovery_share: Option<f64>,
    /// Low end of its 90 % interval.
    pub recovery_low: Option<f64>,
    /// High end of its 90 % interval.
    pub recovery_high: Option<f64>,
    /// Expected recovery in fen.
    pub expected_recovery_fen: Option<i64>,
    /// Net value of the known assets.
    pub net_assets_fen: Option<i64>,
    /// Due from this party on the day.
    pub outstanding_fen: i64,
    /// Share of the required channels answered and fresh.
    pub coverage: Option<f64>,
    /// `high`, `medium`, `low`, `none`.
    pub confidence: String,
    /// Channels not answered or stale.
    pub missing_channels: Option<String>,
    /// What to ask for.
    pub ask_for: Option<String>,
    /// How the debtor was identified.
    pub identity_basis: Option<String>,
    /// Where rows were joined by likeness, how likely they are one person's: at least this.
    pub link_probability: Option<f64>,
    /// Last day the rating may be used.
    pub valid_until: Day,
    /// Id of the capacity model.
    pub capacity_model: Option<String>,
    /// Id of the willingness model.
    pub willingness_model: Option<String>,
    /// `rated`, why not, or `not_applicable` for a case that is not closed for want of property.
    pub revival_status: String,
    /// Probability that money comes in or a disposable asset is found within the horizon of `revival`.
    pub revival_p: Option<f64>,
    /// Low end of its interval.
    pub revival_low: Option<f64>,
    /// High end of its interval.
    pub revival_high: Option<f64>,
    /// Where an axis is not rated for want of like cases: the features whose values few training rows had, joined by `;`.
    pub rare_values: Option<String>,
    /// The same in Chinese, with the values.
    pub rare_zh: Option<String>,
    /// The same in English.
    pub rare_en: Option<String>,
}

/// One reason of one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reason {
    /// Case number.
    pub case_no: String,
    /// Debtor.
    pub debtor_id: String,
    /// `capacity` or `willingness`.
    pub axis: String,
    /// 0 is the base; the last is the rest.
    pub rank: i64,
    /// `property`, `behaviour`, `trajectory`, `case`; null for base and rest.
    pub family: Option<String>,
    /// Feature id, `base` or `rest`.
    pub feature: String,
    /// The party's value.
    pub value: Option<f64>,
    /// Points it gives.
    pub points: f64,
    /// `raises`, `lowers` or `none`.
    pub direction: String,
    /// When the debtor may be told.
    pub disclose: String,
    /// Chinese sentence.
    pub text_zh: String,
    /// English sentence.
    pub text_en: String,
    /// `table:row_id;…`.
    pub evidence: Option<String>,
}

/// Typed access to the columns of one table, with an error that names what is missing.
struct From<'a> {
    table: &'static str,
    columns: &'a Columns,
}

impl<'a> From<'a> {
    fn column(&self, name: &str) -> Result<&'a Column> {
        self.columns.get(name).ok_or_else(|| Error::Fault(format!("table {} has no column {name}", self.table)))
    }
    fn text(&self, name: &str, at: usize) -> Result<String> {
        Ok(self.column(name)?.text_at(at).unwrap_or_default().to_owned())
    }
    fn maybe(&self, name: &str, at: usize) -> Result<Option<String>> {
        Ok(self.column(name)?.text_at(at).map(str::to_owned))
    }
    fn real(&self, name: &str, at: usize) -> Result<Option<f64>> {
        Ok(self.column(name)?.real_at(at))
    }
    fn int(&self, name: &str, at: usize) -> Result<Option<i64>> {
        Ok(self.column(name)?.int_at(at))
    }
    fn date(&self, name: &str, at: usize) -> Result<Day> {
        Ok(self.column(name)?.date_at(at).unwrap_or_default())
    }
}

impl Rating {
    /// Reads the rows of `ratings`.
    ///
    /// # Errors
    /// A missing column.
    pub fn read(columns: &Columns) -> Result<Vec<Self>> {
        let from = From { table: "ratings", columns };
        let text_of = |name: &str, at: usize| columns.get(name).and_then(|c| c.text_at(at));
        let real_of = |name: &str, at: usize| columns.get(name).and_then(|c| c.real_at(at));
        (0..columns.len())
            .map(|at| {
                Ok(Self {
                    case_no: from.text("case_no", at)?,
                    debtor_id: from.text("debtor_id", at)?,
                    as_of: from.date("as_of", at)?,
                    rating_id: from.text("rating_id", at)?,
                    horizon_days: from.int("horizon_days", at)?.unwrap_or(0),
                    good_share: from.real("good_share", at)?.unwrap_or(0.0),
                    capacity_status: from.text("capacity_status", at)?,
                    capacity_p: from.real("capacity_p", at)?,
                    capacity_low: from.real("capacity_low", at)?,
                    capacity_high: from.real("capacity_high", at)?,
                    capacity_score: from.real("capacity_score", at)?,
                    capacity_grade: from.maybe("capacity_grade", at)?,
                    capacity_extent: from.text("capacity_extent", at)?,
                    evidenced_means_fen: from.int("evidenced_means_fen", at)?,
                    willingness_status: from.text("willingness_status", at)?,
                    willingness_p: from.real("willingness_p", at)?,
                    willingness_low: from.real("willingness_low", at)?,
                    willingness_high: from.real("willingness_high", at)?,
                    willingness_score: from.real("willingness_score", at)?,
                    willingness_grade: from.maybe("willingness_grade", at)?,
                    quadrant: from.text("quadrant", at)?,
                    recovery_share: from.real("recovery_share", at)?,
                    recovery_low: from.real("recovery_low", at)?,
                    recovery_high: from.real("recovery_high", at)?,
                    expected_recovery_fen: from.int("expected_recovery_fen", at)?,
                    net_assets_fen: from.int("net_assets_fen", at)?,
                    outstanding_fen: from.int("outstanding_fen", at)?.unwrap_or(0),
                    coverage: from.real("coverage", at)?,
                    confidence: from.text("confidence", at)?,
                    missing_channels: from.maybe("missing_channels", at)?,
                    ask_for: from.maybe("ask_for", at)?,
                    identity_basis: from.maybe("identity_basis", at)?,
                    // Runs before linking have no such column.
                    link_probability: real_of("link_probability", at),
                    valid_until: from.date("valid_until", at)?,
                    capacity_model: from.maybe("capacity_model", at)?,
                    willingness_model: from.maybe("willingness_model", at)?,
                    // Nor have runs before 终本 parties had a rating of their own.
                    revival_status: text_of("revival_status", at).unwrap_or("not_applicable").to_owned(),
                    revival_p: real_of("revival_p", at),
                    revival_low: real_of("revival_low", at),
                    revival_high: real_of("revival_high", at),
                    // Nor have runs before support was measured.
                    rare_values: text_of("rare_values", at).map(str::to_owned),
                    rare_zh: text_of("rare_zh", at).map(str::to_owned),
                    rare_en: text_of("rare_en", at).map(str::to_owned),
                })
            })
            .collect()
    }

    /// The table `ratings`.
    pub fn table(rows: &[Self]) -> Columns {
        let text = |f: fn(&Self) -> &str| rows.iter().map(move |r| Some(f(r)));
        let maybe = |f: fn(&Self) -> Option<&str>| rows.iter().map(f);
        let real = |f: fn(&Self) -> Option<f64>| rows.iter().map(f);
        let int = |f: fn(&Self) -> Option<i64>| rows.iter().map(f);
        let date = |f: fn(&Self) -> Day| rows.iter().map(move |r| Some(f(r)));
        Columns::new()
            .text("case_no", text(|r| &r.case_no))
            .text("debtor_id", text(|r| &r.debtor_id))
            .date("as_of", date(|r| r.as_of))
            .text("rating_id", text(|r| &r.rating_id))
            .int("horizon_days", int(|r| Some(r.horizon_days)))
            .real("good_share", real(|r| Some(r.good_share)))
            .text("capacity_status", text(|r| &r.capacity_status))
            .real("capacity_p", real(|r| r.capacity_p))
            .real("capacity_low", real(|r| r.capacity_low))
            .real("capacity_high", real(|r| r.capacity_high))
            .real("capacity_score", real(|r| r.capacity_score))
            .text("capacity_grade", maybe(|r| r.capacity_grade.as_deref()))
            .text("capacity_extent", text(|r| &r.capacity_extent))
            .int("evidenced_means_fen", int(|r| r.evidenced_means_fen))
            .text("willingness_status", text(|r| &r.willingness_status))
            .real("willingness_p", real(|r| r.willingness_p))
            .real("willingness_low", real(|r| r.willingness_low))
            .real("willingness_high", real(|r| r.willingness_high))
            .real("willingness_score", real(|r| r.willingness_score))
            .text("willingness_grade", maybe(|r| r.willingness_grade.as_deref()))
            .text("quadrant", text(|r| &r.quadrant))
            .real("recovery_share", real(|r| r.recovery_share))
            .real("recovery_low", real(|r| r.recovery_low))
            .real("recovery_high", real(|r| r.recovery_high))
            .int("expected_recovery_fen", int(|r| r.expected_recovery_fen))
            .int("net_assets_fen", int(|r| r.net_assets_fen))
            .int("outstanding_fen", int(|r| Some(r.outstanding_fen)))
            .real("coverage", real(|r| r.coverage))
            .text("confidence", text(|r| &r.confidence))
            .text("missing_channels", maybe(|r| r.missing_channels.as_deref()))
            .text("ask_for", maybe(|r| r.ask_for.as_deref()))
            .text("identity_basis", maybe(|r| r.identity_basis.as_deref()))
            .real("link_probability", real(|r| r.link_probability))
            .date("valid_until", date(|r| r.valid_until))
            .text("capacity_model", maybe(|r| r.capacity_model.as_deref()))
            .text("willingness_model", maybe(|r| r.willingness_model.as_deref()))
            .text("revival_status", text(|r| &r.revival_status))
            .real("revival_p", real(|r| r.revival_p))
            .real("revival_low", real(|r| r.revival_low))
            .real("revival_high", real(|r| r.revival_high))
            .text("rare_values", maybe(|r| r.rare_values.as_deref()))
            .text("rare_zh", maybe(|r| r.rare_zh.as_deref()))
            .text("rare_en", maybe(|r| r.rare_en.as_deref()))
    }
}

impl Reason {
    /// Reads the rows of `reasons`.
    ///
    /// # Errors
    /// A missing column.
    pub fn read(columns: &Columns) -> Result<Vec<Self>> {
        let from = From { table: "reasons", columns };
        (0..columns.len())
            .map(|at| {
                Ok(Self {
                    case_no: from.text("case_no", at)?,
                    debtor_id: from.text("debtor_id", at)?,
                    axis: from.text("axis", at)?,
                    rank: from.int("rank", at)?.unwrap_or(0),
                    family: from.maybe("family", at)?,
                    feature: from.text("feature", at)?,
                    value: from.real("value", at)?,
                    points: from.real("points", at)?.unwrap_or(0.0),
                    direction: from.text("direction", at)?,
                    disclose: from.text("disclose", at)?,
                    text_zh: from.text("text_zh", at)?,
                    text_en: from.text("text_en", at)?,
                    evidence: from.maybe("evidence", at)?,
                })
            })
            .collect()
    }

    /// The table `reasons`.
    pub fn table(rows: &[Self]) -> Columns {
        let text = |f: fn(&Self) -> &str| rows.iter().map(move |r| Some(f(r)));
        let maybe = |f: fn(&Self) -> Option<&str>| rows.iter().map(f);
        Columns::new()
            .text("case_no", text(|r| &r.case_no))
            .text("debtor_id", text(|r| &r.debtor_id))
            .text("axis", text(|r| &r.axis))
            .int("rank", rows.iter().map(|r| Some(r.rank)))
            .text("family", maybe(|r| r.family.as_deref()))
            .text("feature", text(|r| &r.feature))
            .real("value", rows.iter().map(|r| r.value))
            .real("points", rows.iter().map(|r| Some(r.points)))
            .text("direction", text(|r| &r.direction))
            .text("disclose", text(|r| &r.disclose))
            .text("text_zh", text(|r| &r.text_zh))
            .text("text_en", text(|r| &r.text_en))
            .text("evidence", maybe(|r| r.evidence.as_deref()))
    }
}
