-- What the dictionary's words mean in SQL. :day is the rating day.
create macro within_days(happened, days) as happened > date ':day' - days and happened <= date ':day';
create macro since(happened) as (date ':day' - happened)::double;
-- Money times a share, rounded half up.
create macro times(fen, share) as floor(fen::double * share + 0.5)::bigint;
-- Money over money within 0 and a cap; unknown where nothing is due.
create macro over_due(part, due, cap) as case when due > 0 then greatest(0.0, least(cap, part::double / due)) end;
create macro part_of(good, every) as case when every > 0 then good::double / every end;
-- Changes that speak of how settled somebody is: custody and a suit of one's own are not read.
create macro is_unsettling(kind) as kind in ('address_changed', 'contact_lost', 'employed', 'unemployed', 'role_taken', 'role_left', 'business_opened',
    'business_closed', 'licence_revoked', 'penalised', 'sued');
