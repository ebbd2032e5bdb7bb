-- Acts that count: found or admitted and, for a bad one, documented. What came last, and what came in a row, looks back 3,650 days (features/conduct.rs). A list holds the turns of a pair of sets in order: 1 for a good act, -1 for a bad one.
create temp table f_conduct as
with act as (
    select debtor_id, kind, happened_on as on_, row_id, kind in ('summons_kept', 'report_filed', 'clue_volunteered') as is_met, within_days(happened_on, 3650) as is_seen,
        kind in ('summons_ignored', 'report_late', 'report_false', 'report_missing', 'evaded_service', 'transfer_below_value', 'transfer_to_related',
            'asset_hidden', 'limit_breached', 'obstruction', 'violence', 'sham_litigation') as is_breach,
        kind in ('transfer_below_value', 'transfer_to_related', 'asset_hidden', 'sham_litigation') as is_evasion,
        kind in ('report_late', 'report_false', 'report_missing') as is_bad_report, kind in ('clue_volunteered', 'guarantee_given', 'settlement_signed') as helps,
        kind in ('instalment_kept', 'settlement_kept') as is_kept, kind in ('instalment_broken', 'settlement_breached') as is_broken
    from conduct
    where happened_on is not null and (finding is null or finding in ('found', 'admitted'))
        and (document_no is not null or kind in ('summons_kept', 'report_filed', 'clue_volunteered', 'guarantee_given', 'settlement_signed',
            'instalment_kept', 'settlement_kept', 'served'))
), turns as (
    select debtor_id,
        count(*) filter (where kind = 'report_filed' and within_days(on_, 1095)) as reports_filed_n_1095d,
        count(*) filter (where is_bad_report and within_days(on_, 365)) as reports_breached_n_365d,
        count(*) filter (where is_bad_report and within_days(on_, 1095)) as reports_breached_n_1095d,
        arg_max(kind, (on_, row_id)) filter (where is_seen and (kind = 'report_filed' or is_bad_report)) as last_report,
        count(*) filter (where kind = 'summons_kept' and within_days(on_, 365)) as summons_kept_n_365d,
        count(*) filter (where kind = 'summons_ignored' and within_days(on_, 90)) as summons_ignored_n_90d,
        count(*) filter (where kind = 'summons_ignored' and within_days(on_, 365)) as summons_ignored_n_365d,
        count(*) filter (where is_evasion and within_days(on_, 365)) as evasions_n_365d,
        count(*) filter (where is_evasion and within_days(on_, 1095)) as evasions_n_1095d,
        since(max(on_) filter (where is_seen and is_evasion)) as evasion_last_days,
        count(*) filter (where kind = 'transfer_below_value' and within_days(on_, 1095)) as transfers_below_value_n_1095d,
        count(*) filter (where kind = 'transfer_to_related' and within_days(on_, 1095)) as transfers_to_related_n_1095d,
        list(on_) filter (where kind in ('transfer_below_value', 'transfer_to_related')) as transfers,
        count(*) filter (where kind = 'limit_breached' and within_days(on_, 365)) as limits_breached_n_365d,
        count(*) filter (where kind = 'limit_breached' and within_days(on_, 1095)) as limits_breached_n_1095d,
        count(*) filter (where kind in ('obstruction', 'violence', 'fined', 'detained') and within_days(on_, 1095)) as obstructions_n_1095d,
        count(*) filter (where kind in ('fined', 'detained') and within_days(on_, 1095)) as sanctions_n_1095d,
        count(*) filter (where kind = 'evaded_service' and within_days(on_, 1095)) as service_evaded_n_1095d,
        count(*) filter (where kind = 'served' and within_days(on_, 1095)) as served_n,
        count(*) filter (where helps and within_days(on_, 365)) as cooperation_n_365d, since(max(on_) filter (where is_seen and helps)) as cooperation_last_days,
        count(*) filter (where is_met and within_days(on_, 90)) as duties_met_n_90d, count(*) filter (where is_met and within_days(on_, 365)) as duties_met_n_365d,
        count(*) filter (where is_met and within_days(on_, 1095)) as met_n_1095d,
        count(*) filter (where is_breach and within_days(on_, 30)) as duties_breached_n_30d,
        count(*) filter (where is_breach and within_days(on_, 90)) as duties_breached_n_90d,
        count(*) filter (where is_breach and within_days(on_, 365)) as duties_breached_n_365d,
        count(*) filter (where is_breach and within_days(on_, 1095)) as duties_breached_n_1095d,
        since(max(on_) filter (where is_seen and is_breach)) as breach_last_days, since(max(on_) filter (where is_seen and is_met)) as duty_met_last_days,
        list_reverse(list(case when is_met then 1 else -1 end order by on_, row_id) filter (where is_seen and (is_met or is_breach))) as duties,
        count(*) filter (where is_kept and within_days(on_, 365)) as instalments_kept_n_365d, count(*) filter (where is_kept and within_days(on_, 1095)) as kept_n_1095d,
        count(*) filter (where is_broken and within_days(on_, 365)) as broken_n_365d,
        count(*) filter (where is_broken and within_days(on_, 1095)) as instalments_broken_n_1095d,
        list_reverse(list(case when is_kept then 1 else -1 end order by on_, row_id) filter (where is_seen and (is_kept or is_broken))) as promises,
        since(max(on_) filter (where is_seen and is_broken)) as promise_broken_last_days
    from act group by all
)
select * exclude (last_report, served_n, met_n_1095d, duties, kept_n_1095d, broken_n_365d, promises),
    part_of(reports_filed_n_1095d, reports_filed_n_1095d + reports_breached_n_1095d) as reports_in_time_share_1095d,
    case when last_report is not null then if(last_report = 'report_filed', 1, -1) end as report_last,
    part_of(summons_kept_n_365d, summons_kept_n_365d + summons_ignored_n_365d) as summons_kept_share_365d,
    part_of(served_n, served_n + service_evaded_n_1095d) as service_accepted_share_1095d,
    part_of(duties_met_n_90d, duties_met_n_90d + duties_breached_n_90d) as conduct_good_share_90d,
    part_of(duties_met_n_365d, duties_met_n_365d + duties_breached_n_365d) as conduct_good_share_365d,
    part_of(met_n_1095d, met_n_1095d + duties_breached_n_1095d) as conduct_good_share_1095d, duties[1] as conduct_last_good,
    coalesce(coalesce(nullif(list_position(duties, -1), 0) - 1, len(duties)), 0) as duties_met_streak_n,
    coalesce(coalesce(nullif(list_position(duties, 1), 0) - 1, len(duties)), 0) as duties_breached_streak_n,
    part_of(instalments_kept_n_365d, instalments_kept_n_365d + broken_n_365d) as promises_kept_share_365d,
    part_of(kept_n_1095d, kept_n_1095d + instalments_broken_n_1095d) as promises_kept_share_1095d,
    coalesce(coalesce(nullif(list_position(promises, -1), 0) - 1, len(promises)), 0) as promises_kept_streak_n
from turns;
