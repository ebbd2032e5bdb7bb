create temp table f_measures as
select debtor_id, count(*) filter (where within_days(applied_on, 365)) as measures_n_365d,
    part_of(count(*) filter (where result in ('succeeded', 'partly')), count(result)) as measures_succeeded_share_1095d,
    count(*) filter (where result in ('no_effect', 'failed')) as measures_in_vain_n_1095d
from measures where within_days(applied_on, 1095) group by all;
