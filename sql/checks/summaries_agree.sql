-- answers: On which days do day_tracks and day_quarters count differently?
-- grain: one row per local day that is wrong
-- params: p_from, p_to
-- feeds: -
-- version: 1
with both_tables as (
    select day, plays as track_plays, ms as track_ms, 0 as quarter_plays, 0 as quarter_ms
    from day_tracks
    where day >= :p_from and day < :p_to
    union all
    select day, 0 as track_plays, 0 as track_ms, plays as quarter_plays, ms as quarter_ms
    from day_quarters
    where day >= :p_from and day < :p_to
)

select
    day,
    cast(sum(track_plays) as bigint) as track_plays,
    cast(sum(quarter_plays) as bigint) as quarter_plays,
    cast(sum(track_ms) as bigint) as track_ms,
    cast(sum(quarter_ms) as bigint) as quarter_ms
from both_tables
group by day
having sum(track_plays) <> sum(quarter_plays) or sum(track_ms) <> sum(quarter_ms)
order by day
