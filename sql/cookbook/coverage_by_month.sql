-- answers: How many hours of each month are in a gap, and how many plays may be lost there?
-- grain: one row per month in which a gap begins
-- params: -
-- feeds: -
-- version: 1
select
    substr(cast(after as varchar), 1, 7) as month_name,
    count(*) as gaps,
    cast(floor(cast(sum(date_diff('millisecond', after, before)) as double) / 3600000) as bigint) as hours,
    cast(sum(lost_min) as bigint) as lost_at_least,
    cast(sum(lost_max) as bigint) as lost_at_most
from gaps
group by substr(cast(after as varchar), 1, 7)
order by month_name
