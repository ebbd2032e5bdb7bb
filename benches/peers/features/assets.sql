-- Assets: what each is worth to each rated party, then the features of assets and of holds on them.

-- One that a later answered inquiry of its channel no longer showed has ended, unless it was disposed of before.
create temp table asset as
select a.* from assets a left join answer q on q.debtor_id = a.debtor_id and q.channel = a.channel
where a.disposed_on is not null or q.returned_on is null or q.returned_on <= a.known_on;

-- A hold stays with the asset: where that has become another's, so has the hold.
create temp table hold as
select h.* from seizures h anti join assets_elsewhere g on g.debtor_id = h.debtor_id and g.asset_ref = h.asset_ref;

create temp table held as
with placed as (
    select s.debtor_id, s.case_no, h.asset_ref, h.amount_fen, h.expires_on, m.member is not null as is_mine, coalesce(h.kind = 'waiting', false) as waits,
        (coalesce(h.rank, 1), h.from_on, h.row_id) as place
    from subject s
        join hold h on h.debtor_id = s.debtor_id
        left join chain m on m.debtor_id = s.debtor_id and m.case_no = s.case_no and m.member = h.case_no
    where h.from_on is not null and h.lifted_on is null and (h.expires_on is null or h.expires_on >= date ':day')
), first as (
    select debtor_id, case_no, asset_ref, min(place) filter (where is_mine and not waits) as mine, bool_or(is_mine and waits) as waits,
        arg_min({'amount_fen': amount_fen, 'expires_on': expires_on}, place) filter (where is_mine and not waits) as own
    from placed group by all
), others as (
    select p.debtor_id, p.case_no, p.asset_ref, sum(p.amount_fen)::bigint as taken_fen, bool_or(p.amount_fen is null) as takes_all
    from placed p join first f on f.debtor_id = p.debtor_id and f.case_no = p.case_no and f.asset_ref = p.asset_ref
    where not p.is_mine and not p.waits and (f.mine is null or p.place < f.mine) group by all
)
select f.debtor_id, f.case_no, f.asset_ref, f.own.amount_fen as own_amount_fen, f.own.expires_on as own_expires_on, o.taken_fen, o.takes_all,
    case when f.mine is not null and o.asset_ref is null then 'own' when f.mine is not null or f.waits then 'waiting'
        when o.asset_ref is not null then 'foreign' else 'free' end as control
from first f left join others o on o.debtor_id = f.debtor_id and o.case_no = f.case_no and o.asset_ref = f.asset_ref;

create temp table worth as
with stated as (
    select s.debtor_id, s.case_no, s.due_fen, a.asset_ref, coalesce(a.class, 'other') as class, coalesce(a.gross_fen, 0) as gross_fen,
        m.member is not null as secures, a.lien_fen as stated_lien_fen, coalesce(a.exempt_fen, 0) as exempt_fen, a.valuation_kind, coalesce(a.in_hand, false) as in_hand,
        coalesce(a.necessary_home, false) as is_home, coalesce(h.control, 'free') as control, h.own_amount_fen, h.own_expires_on, h.taken_fen, h.takes_all,
        coalesce(a.co_ownership = 'joint_unstated', false) or coalesce(a.co_ownership = 'by_share', false) and a.ownership_share is null as is_half,
        a.ownership_share, coalesce(a.co_ownership = 'unknown', false) and a.ownership_share is null as is_unsaid
    from subject s
        join asset a on a.debtor_id = s.debtor_id
        left join held h on h.debtor_id = s.debtor_id and h.case_no = s.case_no and h.asset_ref = a.asset_ref
        left join chain m on m.debtor_id = s.debtor_id and m.case_no = s.case_no and m.member = a.lien_for_case
    where a.disposed_on is null
), owned as (
    select *, case when secures then 0 else coalesce(stated_lien_fen, 0) end as lien_fen,
        case when is_half then :unstated else coalesce(ownership_share, 1.0) end as share,
        coalesce(map_extract_value(:haircut, class), map_extract_value(:haircut, 'other'), 0) as haircut
    from stated
), freed as (
    select *, times(greatest(gross_fen - lien_fen, 0), share) - exempt_fen as free_fen from owned
), kept as (
    select *, case when is_home then 0 else times(greatest(free_fen, 0), haircut) end as unheld_fen,
        case when is_home then 0 else times(greatest(case when control = 'own' or taken_fen is null and takes_all is null then free_fen
            when takes_all then 0 else free_fen - taken_fen end, 0), haircut) end as open_fen
    from freed
), net as (
    select *, case when control = 'own' then least(open_fen, coalesce(own_amount_fen, greatest(due_fen, 0))) else open_fen end as net_fen from kept
)
select debtor_id, case_no, class, control, gross_fen, lien_fen, exempt_fen, unheld_fen, net_fen, own_expires_on, in_hand,
    case when is_half or is_unsaid then 0 else net_fen end as net_low_fen,
    case when secures then least(coalesce(stated_lien_fen, unheld_fen), unheld_fen) else 0 end as secured_fen,
    list_contains(:liquid, class) as is_liquid,
    coalesce(valuation_kind in ('balance', 'market', 'appraisal', 'online_inquiry', 'agreed', 'tax'), false) as is_firm
from net;

create temp table means as
select debtor_id, case_no, sum(net_fen) as net_fen, sum(net_low_fen) as low_fen, sum(unheld_fen) as unheld_fen, sum(secured_fen) as secured_fen,
    sum(gross_fen) as gross_fen, sum(lien_fen) as lien_fen, sum(exempt_fen) as exempt_fen, sum(gross_fen) filter (where is_firm) as firm_fen,
    sum(net_fen) filter (where control = 'own') as own_fen, sum(net_fen) filter (where is_liquid and control <> 'own') as liquid_fen,
    sum(net_fen) filter (where not is_liquid and class <> 'real_estate' and control <> 'own') as other_fen,
    sum(net_low_fen) filter (where class = 'real_estate' and control <> 'own') as home_low_fen,
    sum(net_fen) filter (where in_hand and control in ('own', 'free')) as hand_fen,
    sum(unheld_fen - net_fen) filter (where control in ('foreign', 'waiting')) as taken_fen,
    sum(net_fen) filter (where class = 'real_estate' and control <> 'own') as real_estate_fen,
    sum(net_fen) filter (where class = 'deposit' and control <> 'own') as deposit_fen, count(*) filter (where class = 'deposit') as deposit_n,
    sum(net_fen) filter (where class = 'wealth_product' and control <> 'own') as wealth_fen, count(*) filter (where class = 'wealth_product') as wealth_n,
    sum(net_fen) filter (where class = 'security' and control <> 'own') as security_fen, count(*) filter (where class = 'security') as security_n,
    sum(net_fen) filter (where class = 'equity' and control <> 'own') as equity_fen, count(*) filter (where class = 'equity') as equity_n,
    sum(net_fen) filter (where class = 'vehicle' and control <> 'own') as vehicle_fen, count(*) filter (where class = 'vehicle') as vehicle_n,
    sum(net_fen) filter (where class = 'provident_fund' and control <> 'own') as fund_fen, count(*) filter (where class = 'provident_fund') as fund_n,
    sum(net_fen) filter (where class = 'tax_refund' and control <> 'own') as tax_fen, count(*) filter (where class = 'tax_refund') as tax_n,
    sum(net_fen) filter (where class = 'insurance' and control <> 'own') as insurance_fen, count(*) filter (where class = 'insurance') as insurance_n,
    sum(net_fen) filter (where class = 'receivable' and control <> 'own') as receivable_fen,
    sum(net_fen) filter (where class = 'movable' and control <> 'own') as movable_fen, sum(net_fen) filter (where class = 'ip' and control <> 'own') as ip_fen,
    sum(net_fen) filter (where class = 'other' and control <> 'own') as unclassed_fen,
    count(*) filter (where class = 'real_estate') as home_n, count(*) filter (where control in ('foreign', 'waiting')) as foreign_n,
    count(*) filter (where control = 'waiting') as waiting_n, count(*) filter (where control = 'own') as own_n,
    min(own_expires_on) filter (where control = 'own') as lapses_on,
    sum(net_fen) filter (where control = 'own' and own_expires_on - date ':day' <= 90) as lapsing_fen
from worth group by all;

-- What the debtor himself disposed of, as documented: a sale of what was held was the court's.
create temp table disposed as
select s.debtor_id, s.case_no, count(*) filter (where a.disposed_to_related and a.disposed_on > date ':day' - 1095) as related_n,
    count(*) filter (where a.disposed_on > s.duty_on and h.asset_ref is null) as after_duty_n
from subject s
    join asset a on a.debtor_id = s.debtor_id
    left join (
        select distinct h.debtor_id, h.asset_ref from hold h join asset a on a.debtor_id = h.debtor_id and a.asset_ref = h.asset_ref
        where h.from_on <= a.disposed_on and (h.lifted_on is null or h.lifted_on >= a.disposed_on) and (h.expires_on is null or h.expires_on >= a.disposed_on)
    ) h on h.debtor_id = a.debtor_id and h.asset_ref = a.asset_ref
where a.disposed_on is not null and a.document_no is not null group by all;

create temp table f_assets as
select s.debtor_id, s.case_no, over_due(coalesce(m.liquid_fen, 0), s.due_fen, 5) as liquid_net_share,
    over_due(coalesce(m.own_fen, 0), s.due_fen, 5) as controlled_net_share, over_due(coalesce(m.real_estate_fen, 0), s.due_fen, 5) as real_estate_net_share,
    over_due(coalesce(m.other_fen, 0), s.due_fen, 5) as other_net_share, coalesce(m.home_n, 0) as home_owned_n,
    case when m.deposit_n > 0 or q.bank then over_due(coalesce(m.deposit_fen, 0), s.due_fen, 5) end as deposit_net_share,
    case when m.wealth_n > 0 or q.wealth then over_due(coalesce(m.wealth_fen, 0), s.due_fen, 5) end as wealth_product_net_share,
    case when m.security_n > 0 or q.securities then over_due(coalesce(m.security_fen, 0), s.due_fen, 5) end as security_net_share,
    case when m.equity_n > 0 or q.equity then over_due(coalesce(m.equity_fen, 0), s.due_fen, 5) end as equity_net_share,
    case when m.vehicle_n > 0 or q.vehicle then over_due(coalesce(m.vehicle_fen, 0), s.due_fen, 5) end as vehicle_net_share,
    case when m.fund_n > 0 or q.provident_fund then over_due(coalesce(m.fund_fen, 0), s.due_fen, 5) end as provident_fund_net_share,
    case when m.tax_n > 0 or q.tax then over_due(coalesce(m.tax_fen, 0), s.due_fen, 5) end as tax_refund_net_share,
    case when m.insurance_n > 0 or q.insurance then over_due(coalesce(m.insurance_fen, 0), s.due_fen, 5) end as insurance_net_share,
    over_due(coalesce(m.receivable_fen, 0), s.due_fen, 5) as receivable_net_share, over_due(coalesce(m.movable_fen, 0), s.due_fen, 5) as movable_net_share,
    over_due(coalesce(m.ip_fen, 0), s.due_fen, 5) as ip_net_share, over_due(coalesce(m.unclassed_fen, 0), s.due_fen, 5) as unclassed_net_share,
    over_due(coalesce(m.low_fen, 0), s.due_fen, 5) as assets_net_share_low, over_due(coalesce(m.home_low_fen, 0), s.due_fen, 5) as real_estate_net_share_low,
    over_due(coalesce(m.secured_fen, 0), s.due_fen, 5) as secured_here_share,
    over_due(coalesce(m.own_fen, 0) + times(coalesce(m.net_fen, 0) - coalesce(m.own_fen, 0) + e.free_fen * :income_months, s.due_share), s.due_fen, 5) as means_due_share,
    over_due(coalesce(m.unheld_fen, 0), s.due_all_fen + coalesce(o.claims_fen, 0), 5) as assets_claims_share,
    over_due(coalesce(m.lien_fen, 0), m.gross_fen, 1) as liens_gross_share, over_due(coalesce(m.exempt_fen, 0), m.gross_fen, 1) as exempt_gross_share,
    over_due(coalesce(m.firm_fen, 0), m.gross_fen, 1) as valued_gross_share, over_due(coalesce(m.hand_fen, 0), s.due_fen, 5) as in_hand_net_share,
    coalesce(d.related_n, 0) as disposed_to_related_n_1095d, coalesce(d.after_duty_n, 0) as disposed_after_duty_n,
    coalesce(m.foreign_n, 0) as foreign_holds_n, over_due(coalesce(m.taken_fen, 0), s.due_fen, 5) as foreign_taken_share,
    coalesce(m.waiting_n, 0) as waiting_holds_n, coalesce(m.own_n, 0) as own_holds_n, (m.lapses_on - date ':day')::double as hold_lapses_days,
    over_due(coalesce(m.lapsing_fen, 0), m.own_fen, 1) as lapsing_soon_share
from subject s
    join earner e on e.debtor_id = s.debtor_id and e.case_no = s.case_no
    left join means m on m.debtor_id = s.debtor_id and m.case_no = s.case_no
    left join disposed d on d.debtor_id = s.debtor_id and d.case_no = s.case_no
    left join debts o on o.debtor_id = s.debtor_id
    left join f_inquiries q on q.debtor_id = s.debtor_id;
