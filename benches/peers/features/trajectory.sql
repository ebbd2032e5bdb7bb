create temp table f_trajectory as
with change as (
    select debtor_id, kind, happened_on as on_, (happened_on, row_id) as place from trajectory where document_no is not null and happened_on is not null
), latest as (
    select debtor_id, arg_max(kind, place) filter (where kind in ('contact_lost', 'contact_found', 'address_changed')) as contact,
        arg_max(kind, place) filter (where kind in ('employed', 'unemployed')) as work, max(on_) filter (where kind in ('employed', 'unemployed')) as work_on,
        count(*) filter (where kind = 'contact_lost' and within_days(on_, 1095)) as contacts_lost_n_1095d,
        count(*) filter (where kind = 'address_changed' and within_days(on_, 1095)) as addresses_notified_n_1095d,
        since(max(on_) filter (where kind = 'address_changed')) as address_unchanged_days,
        count(*) filter (where kind in ('employed', 'unemployed') and within_days(on_, 1095)) as work_changed_n_1095d,
        count(*) filter (where kind in ('role_taken', 'role_left') and within_days(on_, 1095)) as roles_changed_n_1095d,
        count(*) filter (where kind in ('business_closed', 'licence_revoked', 'penalised') and within_days(on_, 1095)) as business_lost_n_1095d,
        count(*) filter (where kind in ('business_opened', 'licence_granted', 'role_taken') and within_days(on_, 1095)) as business_gained_n_1095d,
        since(max(on_) filter (where kind = 'business_closed')) as business_closed_last_days,
        count(*) filter (where kind = 'licence_revoked' and within_days(on_, 1095)) as licences_revoked_n_1095d,
        count(*) filter (where kind = 'penalised' and within_days(on_, 365)) as penalties_n_365d,
        count(*) filter (where kind = 'penalised' and within_days(on_, 1095)) as penalties_n_1095d,
        count(*) filter (where kind = 'sued' and within_days(on_, 365)) as sued_n_365d,
        count(*) filter (where kind = 'sued' and within_days(on_, 3650)) as sued_n_3650d,
        since(max(on_) filter (where kind = 'sued')) as sued_last_days, count(*) filter (where kind = 'bankruptcy_filed') as bankruptcies_n,
        count(*) filter (where is_unsettling(kind) and within_days(on_, 365)) as changes_n_365d,
        since(max(on_) filter (where is_unsettling(kind))) as settled_days
    from change group by all
)
select * exclude (contact, work, work_on), coalesce(contact = 'contact_lost', false)::int as contact_lost_now,
    case work when 'employed' then since(work_on) when 'unemployed' then 0 end as employed_days,
    case work when 'unemployed' then since(work_on) when 'employed' then 0 end as unemployed_days
from latest;
