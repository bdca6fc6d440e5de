-- answers: How much was played in each month before p_to?
-- grain: one row per local month with a play
-- params: p_to
-- feeds: monthly
-- version: 1
with dated as (
    select substr(day, 1, 7) as month_name, plays, ms
    from day_tracks
    where day < :p_to
        and kind = 'music' and not incognito and heard in ('done', 'long', 'unknown')
)

select
    month_name,
    cast(sum(plays) as bigint) as plays,
    cast(floor(cast(sum(ms) as double) / 60000) as bigint) as minutes
from dated
group by month_name
order by month_name
