-- Entries in force: not removed, not expired, not suspended.
create temp table f_listings as
select debtor_id, count(*) filter (where ground >= 2) as listings_for_acts_n, count(*) as listings_in_force_n
from listings
where list = 'dishonest' and document_no is not null and listed_on is not null and removed_on is null and (expires_on is null or expires_on >= date ':day')
    and not (suspended_from_on is not null and (suspended_to_on is null or suspended_to_on >= date ':day'))
group by all;
