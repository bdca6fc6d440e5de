-- answers: How much was played on each day before p_to?
-- grain: one row per local day with a play
-- params: p_to
-- feeds: daily, alldays
-- version: 1
select
    day,
    cast(sum(plays) as bigint) as plays,
    cast(floor(cast(sum(ms) as double) / 60000) as bigint) as minutes
from day_tracks
where day < :p_to
    and kind = 'music' and not incognito and heard in ('done', 'long', 'unknown')
group by day
order by day
