-- Money the debtor himself paid. What was due then is counted as luheng counts it: what is due now and what he himself has paid since; what another party
-- of a joint case has paid since, and what was waived, was due then too and is left out (the dictionary says otherwise).
create temp table paid as select debtor_id, case_no, paid_on, amount_fen, source from receipt where is_own;

create temp table streak as
with periods as (
    select distinct debtor_id, case_no, (date ':day' - paid_on) // 30 as period from paid
), runs as (
    select *, period - row_number() over (partition by debtor_id, case_no order by period) as run, min(period) over (partition by debtor_id, case_no) as first from periods
)
select debtor_id, case_no, case when any_value(first) <= 1 then count(*) filter (where run = first - 1) else 0 end as streak_n from runs group by all;

create temp table paid_in as
select debtor_id, case_no, coalesce(sum(amount_fen) filter (where within_days(paid_on, 30)), 0)::bigint as d30,
    coalesce(sum(amount_fen) filter (where within_days(paid_on, 90)), 0)::bigint as d90,
    coalesce(sum(amount_fen) filter (where within_days(paid_on, 365)), 0)::bigint as d365,
    coalesce(sum(amount_fen) filter (where within_days(paid_on, 1095)), 0)::bigint as d1095, max(paid_on) as last_on,
    coalesce(sum(amount_fen) filter (where within_days(paid_on, 365) and (source is null or source in ('voluntary', 'settlement'))), 0)::bigint as free_fen,
    count(distinct (date ':day' - paid_on) // 30) filter (where within_days(paid_on, 365)) as periods_n
from paid group by all;

create temp table f_payments as
select s.debtor_id, s.case_no, over_due(coalesce(p.d30, 0), s.due_fen + coalesce(p.d30, 0), 1) as payments_own_share_30d,
    over_due(coalesce(p.d90, 0), s.due_fen + coalesce(p.d90, 0), 1) as payments_own_share_90d,
    over_due(coalesce(p.d365, 0), s.due_fen + coalesce(p.d365, 0), 1) as payments_own_share_365d,
    over_due(coalesce(p.d1095, 0), s.due_fen + coalesce(p.d1095, 0), 1) as payments_own_share_1095d,
    since(p.last_on) as payments_own_last_days, over_due(p.free_fen, p.d365, 1) as payments_voluntary_share_365d,
    coalesce(p.periods_n, 0) as payments_periods_n_365d, coalesce(k.streak_n, 0) as payments_streak_n
from subject s
    left join paid_in p on p.debtor_id = s.debtor_id and p.case_no = s.case_no
    left join streak k on k.debtor_id = s.debtor_id and k.case_no = s.case_no;
