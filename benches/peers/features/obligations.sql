create temp table debts as
select debtor_id, count(*) filter (where kind <> 'monthly_service') as owed_n,
    coalesce(sum(outstanding_fen) filter (where kind <> 'monthly_service'), 0)::bigint as owed_fen,
    coalesce(sum(outstanding_fen) filter (where kind <> 'monthly_service' and secured), 0)::bigint as secured_fen,
    count(*) filter (where kind <> 'monthly_service' and secured is distinct from true) as unsecured_n,
    coalesce(sum(outstanding_fen) filter (where kind <> 'monthly_service' and secured is distinct from true), 0)::bigint as unsecured_fen,
    coalesce(sum(outstanding_fen) filter (where kind not in ('monthly_service', 'enforcement') and secured is distinct from true), 0)::bigint as claims_fen,
    count(*) filter (where kind = 'monthly_service') as service_n,
    coalesce(sum(outstanding_fen) filter (where kind = 'monthly_service'), 0)::bigint as service_fen
from obligations group by all;

create temp table f_obligations as
select s.debtor_id, s.case_no, case when d.owed_n > 0 then d.owed_fen::double end as obligations_fen,
    case when d.owed_n > 0 and e.monthly_fen > 0 then least(d.owed_fen::double / e.monthly_fen, 240) end as obligations_income_months,
    case when d.service_n > 0 and e.monthly_fen > 0 then least(d.service_fen::double / e.monthly_fen, 5) end as service_income_share,
    over_due(d.secured_fen, d.owed_fen, 1) as obligations_secured_share,
    case when d.unsecured_n > 0 then over_due(d.unsecured_fen, s.due_fen, 20) end as obligations_unsecured_due_share,
    case when e.running_n > 0 then e.monthly_fen::double end as income_monthly_fen,
    case when e.is_cost_known then over_due(e.free_fen * :income_months, s.due_fen, 5) end as income_cover_share,
    case when e.monthly_fen > 0 then least(s.due_fen::double / e.monthly_fen, 240) end as due_income_months,
    case when e.running_n > 0 and e.is_cost_known then greatest(e.free_fen - coalesce(d.service_fen, 0), 0)::double end as income_free_monthly_fen,
    over_due(e.paid_out_fen, e.monthly_fen, 1) as income_attachable_share,
    since(e.oldest_on) as income_running_days, e.ended_n as incomes_ended_n_1095d
from subject s
    join earner e on e.debtor_id = s.debtor_id and e.case_no = s.case_no
    left join debts d on d.debtor_id = s.debtor_id;
