-- Parties: what is live, since when the debt runs, what was received, what is due; `subject` holds those that are rated.

create temp table shared as select distinct debtor_id, case_no from parties where is_own = false;

create temp table case_of as select * from cases;

-- Every case the debtor was ever known to be a party of.
create temp table party as
with resumed as (select distinct debtor_id, resumed_from as case_no from case_of where resumed_from is not null)
select p.debtor_id, p.case_no, p.role, p.liability, p.share_fen, p.limit_fen, p.left_on is null as stays,
    c.filed_on, c.duty_due_on, c.basis_effective_on, c.cause, c.resumed_from,
    case when c.principal_fen is not null then c.principal_fen + coalesce(c.interest_fen, 0) + coalesce(c.costs_fen, 0)
        else coalesce(c.claim_fen, 0) end as stated_fen,
    coalesce(c.waived_fen, 0) as waived_fen,
    coalesce(c.status = 'closed', false) as is_closed,
    coalesce(c.status = 'closed' and c.close_kind = 'no_property', false) as is_no_property,
    coalesce(c.status = 'closed' and c.close_kind = 'performed', false) as is_performed,
    (not coalesce(c.status = 'closed', false) or coalesce(c.close_kind = 'no_property', false)) and r.case_no is null as is_live,
    coalesce(c.duty_kind not in ('delivery', 'act'), true) as is_money
from parties p
    join case_of c on c.debtor_id = p.debtor_id and c.case_no = p.case_no
    left join resumed r on r.debtor_id = p.debtor_id and r.case_no = p.case_no
where p.is_own is distinct from false;

-- The numbers a debt had: the present one and those it was resumed from.
create temp table chain as
with recursive walk as (
    select debtor_id, case_no, case_no as member, filed_on, resumed_from as earlier, 0 as step, [case_no] as seen from party
    union all
    select w.debtor_id, w.case_no, w.earlier, c.filed_on, c.resumed_from, w.step + 1, list_append(w.seen, w.earlier)
    from walk w left join case_of c on c.debtor_id = w.debtor_id and c.case_no = w.earlier
    where w.earlier is not null and not list_contains(w.seen, w.earlier)
)
select debtor_id, case_no, member, filed_on, step from walk;

create temp table debt as
select debtor_id, case_no, max(step) as resumed_n, arg_max(filed_on, step) filter (where filed_on is not null) as first_filed_on
from chain group by all;

-- Money received on the debt: under an earlier number only since this one was filed. One that names no payer is the debtor's where he is alone.
create temp table receipt as
select m.debtor_id, m.case_no, p.row_id, p.paid_on, p.amount_fen, p.source, coalesce(p.is_own, s.case_no is null) as is_own
from payments p
    join chain m on m.debtor_id = p.debtor_id and m.member = p.case_no
    left join party y on m.step > 0 and y.debtor_id = m.debtor_id and y.case_no = m.case_no
    left join shared s on s.debtor_id = p.debtor_id and s.case_no = p.case_no
where p.paid_on is not null and p.reversed_on is null and (m.step = 0 or p.paid_on >= y.filed_on);

create temp table due as
with received as (
    select debtor_id, case_no, sum(amount_fen)::bigint as all_fen, sum(amount_fen) filter (where is_own)::bigint as own_fen from receipt group by all
), whole as (
    select p.*, greatest(p.stated_fen - coalesce(r.all_fen, 0) - p.waived_fen, 0) as case_due_fen, coalesce(r.own_fen, 0) as own_fen,
        case when p.liability = 'by_share' then p.share_fen
            when p.liability in ('limited_amount', 'limited_asset', 'limited_estate') then p.limit_fen end as cap_fen
    from party p left join received r on r.debtor_id = p.debtor_id and r.case_no = p.case_no
)
select * exclude (case_due_fen, own_fen, cap_fen),
    case when cap_fen is null then case_due_fen else least(case_due_fen, greatest(cap_fen - own_fen, 0)) end as due_fen
from whole;

create temp table due_all as
select debtor_id, coalesce(sum(due_fen) filter (where stays and is_live and is_money), 0)::bigint as due_all_fen,
    count(*) filter (where stays and is_live) as live_cases_n,
    count(*) filter (where within_days(filed_on, 365)) as cases_filed_n_365d,
    count(*) filter (where is_no_property) as cases_no_property_n,
    part_of(count(*) filter (where is_performed), count(*) filter (where is_closed)) as cases_performed_share
from due group by all;

-- The debtor's own row; one that was only linked to him where there is no other.
create temp table person as
select debtor_id, arg_max(kind, (identity_basis is distinct from 'linked', row_id)) as kind from debtors group by all;

create temp table subject as
select d.*, a.* exclude (debtor_id), b.resumed_n, b.first_filed_on, coalesce(d.duty_due_on, d.basis_effective_on) as duty_on,
    k.kind as debtor_kind, coalesce(k.kind = 'natural', true) as is_natural,
    case when d.is_money and a.due_all_fen > 0 then d.due_fen::double / a.due_all_fen else 0.0 end as due_share
from due d
    join due_all a on a.debtor_id = d.debtor_id
    join debt b on b.debtor_id = d.debtor_id and b.case_no = d.case_no
    left join person k on k.debtor_id = d.debtor_id
where d.stays and d.is_live and (not d.is_money or d.due_fen > 0);
