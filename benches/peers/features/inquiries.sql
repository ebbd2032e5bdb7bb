-- What each channel that was asked has said: its newest answer with word, `found` or `none`.
create temp table answer as
select debtor_id, channel, max(returned_on) filter (where outcome in ('found', 'none')) as returned_on,
    arg_max(outcome, (returned_on, row_id)) filter (where returned_on is not null and outcome in ('found', 'none')) as outcome
from inquiries where channel is not null group by all;

-- Channels that look for a person, telecommunications and police, are not read.
create temp table f_inquiries as
select debtor_id, part_of(count(*) filter (where outcome = 'found'), count(returned_on)) as channels_found_share,
    count(*) filter (where outcome = 'found') as channels_found_n, part_of(count(returned_on), count(*)) as channels_answered_share,
    count(*) filter (where date ':day' - returned_on > :stale_days) as channels_stale_n, since(max(returned_on)) as answer_last_days,
    bool_or(channel = 'bank' and returned_on is not null) as bank, bool_or(channel = 'wealth' and returned_on is not null) as wealth,
    bool_or(channel = 'securities' and returned_on is not null) as securities, bool_or(channel = 'equity' and returned_on is not null) as equity,
    bool_or(channel = 'vehicle' and returned_on is not null) as vehicle, bool_or(channel = 'tax' and returned_on is not null) as tax,
    bool_or(channel = 'provident_fund' and returned_on is not null) as provident_fund,
    bool_or(channel = 'insurance' and returned_on is not null) as insurance
from answer
where channel in ('bank', 'securities', 'equity', 'real_estate', 'vehicle', 'wealth', 'provident_fund', 'tax', 'insurance')
group by all;
