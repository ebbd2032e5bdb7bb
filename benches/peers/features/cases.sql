create temp table f_cases as
select debtor_id, case_no, due_fen::double as due_fen, due_all_fen::double as due_all_fen, over_due(due_fen, stated_fen, 1) as due_left_share,
    due_share as due_all_share, live_cases_n, cases_filed_n_365d, cases_no_property_n, cases_performed_share,
    since(first_filed_on) as debt_age_days, since(duty_on) as duty_overdue_days, resumed_n, is_no_property::int as is_no_property,
    (debtor_kind <> 'natural')::int as is_organisation, (role = 'guarantor')::int as is_guarantor,
    list_contains(:business, cause)::int as is_business_debt, list_contains(:refinancing, cause)::int as is_refinancing_debt,
    list_contains(:purchase, cause)::int as is_purchase_debt
from subject;
