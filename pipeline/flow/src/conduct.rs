//! Which documented acts count, and what they answer. A bad act counts only with a document number and a finding; alleged and set-aside ones never do.

use crate::cutoff::Row;

/// Acts of evasion: hiding or moving property away from execution.
pub const EVASION: &[&str] = &["transfer_below_value", "transfer_to_related", "asset_hidden", "sham_litigation"];
/// Duties met that cost nothing.
pub const MET: &[&str] = &["summons_kept", "report_filed", "clue_volunteered", "guarantee_given", "settlement_signed"];
/// Duties breached, for which want of means is no excuse.
pub const BREACHED: &[&str] = &[
    "summons_ignored",
    "report_late",
    "report_false",
    "report_missing",
    "evaded_service",
    "transfer_below_value",
    "transfer_to_related",
    "asset_hidden",
    "limit_breached",
    "obstruction",
    "violence",
    "sham_litigation",
];

/// Does the row count: found or admitted, and, for a bad act, documented?
pub fn counts(row: &Row<'_>) -> bool {
    let found = matches!(row.text("finding"), None | Some("found" | "admitted"));
    let good = || row.text("kind").is_some_and(|k| MET.contains(&k) || matches!(k, "instalment_kept" | "settlement_kept" | "served"));
    found && (row.text("document_no").is_some() || good())
}

/// Is an entry on a list in force on the day? Not removed, not expired, not suspended.
pub fn in_force(entry: &Row<'_>, day: i32) -> bool {
    let suspended = entry.date("suspended_from_on").is_some_and(|d| d <= day) && entry.date("suspended_to_on").is_none_or(|d| d >= day);
    entry.date("listed_on").is_some_and(|d| d <= day)
        && entry.date("removed_on").is_none()
        && entry.date("expires_on").is_none_or(|d| d >= day)
        && !suspended
}
