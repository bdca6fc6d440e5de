-- answers: How long was each of the fifty most played artists silent at most?
-- grain: one row per artist
-- params: -
-- feeds: -
-- version: 1
-- whole: month_tracks, because a silence may lie anywhere
with days as (
    select lower(trim(artist_name)) as artist, day, cast(sum(plays) as bigint) as plays
    from month_tracks
    where kind = 'music' and artist_name is not null
    group by lower(trim(artist_name)), day
),

silences as (
    select artist, day, plays, lag(day) over (partition by artist order by day) as day_before
    from days
),

measured as (
    select artist, day, day_before, date_diff('day', cast(day_before as date), cast(day as date)) as silent_days,
        cast(sum(plays) over (partition by artist) as bigint) as plays
    from silences
),

ranked as (
    select artist, day, day_before, silent_days, plays,
        row_number() over (partition by artist order by silent_days desc, day) as nth
    from measured
    where day_before is not null
)

select artist, plays, silent_days, day_before as silent_from, day as back_on
from ranked
where nth = 1
order by plays desc, artist
limit 50
