-- answers: On which days was most listened to?
-- grain: one row per local day, the first 50
-- params: -
-- feeds: -
-- version: 1
-- whole: month_hours, because any day may be one
select
    day,
    cast(sum(plays) as bigint) as plays,
    cast(floor(cast(sum(ms) as double) / 60000) as bigint) as minutes,
    count(distinct local_hour) as hours_with_music
from month_hours
where kind = 'music'
group by day
order by minutes desc, plays desc, day
limit 50
