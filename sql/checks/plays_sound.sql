-- answers: Which plays are there twice, or hold what cannot be; which dates have more or fewer than were settled?
-- grain: one row per play key, or date, that is wrong
-- params: p_dt_from, p_dt_to, p_dates
-- feeds: -
-- version: 2
with wrong_plays as (
    select play_key, min(dt) as dt, count(*) as found
    from plays
    where dt >= :p_dt_from and dt < :p_dt_to and (:p_dates = '' or strpos(:p_dates, dt) > 0)
    group by play_key
    having count(*) > 1 or play_key is null or min(dt) <> min(cast(cast(played_at as date) as varchar))
        or min(case
            when played_at is not null and track_uri is not null
                and kind in ('music', 'podcast', 'audiobook', 'video', 'unknown')
                and source in ('poll', 'export', 'both')
                and coalesce(ms_played, 0) >= 0 and coalesce(duration_ms, 0) >= 0
                and (source = 'poll' or ms_played is not null)
            then 1 else 0 end) = 0
),

counted as (
    select dt, 1 as found, 0 as wanted
    from plays
    where dt >= :p_dt_from and dt < :p_dt_to and (:p_dates = '' or strpos(:p_dates, dt) > 0)
    union all
    select dt, 0 as found, plays as wanted
    from settled_days
    where dt >= :p_dt_from and dt < :p_dt_to and (:p_dates = '' or strpos(:p_dates, dt) > 0)
)

select 'play' as what, dt, play_key, cast(found as bigint) as found, cast(1 as bigint) as wanted
from wrong_plays
union all
select 'date' as what, dt, cast(null as varchar) as play_key, cast(sum(found) as bigint) as found,
    cast(sum(wanted) as bigint) as wanted
from counted
group by dt
having sum(found) <> sum(wanted)
order by dt, what, play_key
