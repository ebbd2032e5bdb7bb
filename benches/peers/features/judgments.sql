create temp table f_judgments as
select debtor_id, part_of(count(*) filter (where performed_on is not null and enforcement_case_no is null), count(*)) as judgments_performed_share,
    part_of(count(*) filter (where due_on < date ':day' and performed_on <= due_on), count(*) filter (where due_on < date ':day')) as judgments_in_time_share
from judgments where within_days(effective_on, 3650) group by all;
