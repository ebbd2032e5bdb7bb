-- Streams that run on the day: begun by then (a day to come reads as unknown, contract section 1), not ended.
create temp table income as
select debtor_id, coalesce(sum(monthly_fen) filter (where to_on is null and from_on is not null), 0)::bigint as monthly_fen,
    coalesce(sum(monthly_fen) filter (where to_on is null and from_on is not null and kind in ('wage', 'pension', 'rent')), 0)::bigint as paid_out_fen,
    count(*) filter (where to_on is null and from_on is not null) as running_n, min(from_on) filter (where to_on is null) as oldest_on,
    count(*) filter (where within_days(to_on, 1095)) as ended_n
from incomes group by all;

-- What living costs leave free; nothing is known of it where they are not set.
create temp table earner as
select s.debtor_id, s.case_no, coalesce(i.monthly_fen, 0) as monthly_fen, coalesce(i.paid_out_fen, 0) as paid_out_fen, coalesce(i.running_n, 0) as running_n,
    i.oldest_on, coalesce(i.ended_n, 0) as ended_n, not s.is_natural or :living_cost is not null as is_cost_known,
    case when not s.is_natural then coalesce(i.monthly_fen, 0) else greatest(coalesce(i.monthly_fen, 0) - coalesce(:living_cost, coalesce(i.monthly_fen, 0)), 0) end as free_fen
from subject s left join income i on i.debtor_id = s.debtor_id;
