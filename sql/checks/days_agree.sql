-- answers: On which days do the summaries tell of other plays than there are?
-- grain: one row per local day that is wrong, and table
-- params: p_from, p_to, p_days, p_dt_from, p_dt_to, p_dates, p_tz
-- feeds: -
-- version: 2
with located as (
    select
        -- the session's zone is UTC in both engines, so the cast keeps the moment
        cast(
            cast(cast(played_at as timestamp with time zone) at time zone :p_tz as date) as varchar
        ) as day,
        case when kind = 'music' and not coalesce(incognito, false) then 1 else 0 end as music,
        coalesce(ms_played, duration_ms, 0) as ms
    from plays
    where dt >= :p_dt_from and dt < :p_dt_to and (:p_dates = '' or strpos(:p_dates, dt) > 0)
),
told as (
    select 'plays' as source, day, 1 as counted, ms as counted_ms, music, music * ms as music_ms
    from located
    where day >= :p_from and day < :p_to and (:p_days = '' or strpos(:p_days, day) > 0)
    union all
    select 'day_tracks' as source, day, plays as counted, ms as counted_ms, cast(null as bigint) as music,
        cast(null as bigint) as music_ms
    from day_tracks
    where day >= :p_from and day < :p_to and (:p_days = '' or strpos(:p_days, day) > 0)
    union all
    select 'day_quarters' as source, day, plays as counted, ms as counted_ms, cast(null as bigint) as music,
        cast(null as bigint) as music_ms
    from day_quarters
    where day >= :p_from and day < :p_to and (:p_days = '' or strpos(:p_days, day) > 0)
    union all
    select 'day_sessions' as source, day, cast(null as bigint) as counted, cast(null as bigint) as counted_ms,
        plays as music, ms as music_ms
    from day_sessions
    where day >= :p_from and day < :p_to and (:p_days = '' or strpos(:p_days, day) > 0)
),
summed as (
    select day, source, cast(sum(counted) as bigint) as plays, cast(sum(counted_ms) as bigint) as ms,
        cast(sum(music) as bigint) as music, cast(sum(music_ms) as bigint) as music_ms
    from told
    group by day, source
),
compared as (
    select summed.*, count(plays) over (partition by day) as tables,
        min(plays) over (partition by day) as least, max(plays) over (partition by day) as most,
        min(ms) over (partition by day) as least_ms, max(ms) over (partition by day) as most_ms,
        max(case when source = 'plays' then music end) over (partition by day) as played,
        max(case when source = 'day_sessions' then music end) over (partition by day) as in_sessions,
        max(case when source = 'plays' then music_ms end) over (partition by day) as played_ms,
        max(case when source = 'day_sessions' then music_ms end) over (partition by day) as sessions_ms
    from summed
)
select day, source, plays, ms, music, music_ms
from compared
where tables <> 3 or least <> most or least_ms <> most_ms
    or coalesce(played, 0) <> coalesce(in_sessions, 0) or coalesce(played_ms, 0) <> coalesce(sessions_ms, 0)
order by day, source
