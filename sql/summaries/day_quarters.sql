-- answers: What was played in each quarter hour of each local day from p_from until before p_to?
-- grain: one row per local day, quarter hour of the clock, track, context and how long it was heard
-- params: p_from, p_to, p_dt_from, p_dt_to, p_tz
-- feeds: -
-- version: 2
with moved as (
    select
        -- the session's zone is UTC in both engines, so the cast keeps the moment
        cast(played_at as timestamp with time zone) at time zone :p_tz as local_at,
        track_uri,
        context_type,
        context_id,
        kind,
        coalesce(ms_played is not null and reason_end = 'trackdone', false) as is_done,
        case
            when ms_played >= 240000 then 240 when ms_played >= 120000 then 120
            when ms_played >= 60000 then 60 when ms_played >= 30000 then 30
            when ms_played >= 20000 then 20 when ms_played >= 10000 then 10
            when ms_played >= 5000 then 5 when ms_played is not null then 0
        end as heard_seconds,
        coalesce(incognito, false) as incognito,
        coalesce(ms_played, duration_ms, 0) as ms,
        case when ms_played is null then coalesce(duration_ms, 0) else 0 end as ms_estimated
    from plays
    where dt >= :p_dt_from and dt < :p_dt_to
),

located as (
    select
        cast(cast(local_at as date) as varchar) as day,
        hour(local_at) * 4 + cast(floor(cast(minute(local_at) as double) / 15) as bigint) as quarter,
        hour(local_at) as local_hour,
        moved.*
    from moved
)

select
    day, quarter, local_hour, track_uri, context_type, context_id, kind, is_done, heard_seconds, incognito,
    count(*) as plays,
    cast(sum(ms) as bigint) as ms,
    cast(sum(ms_estimated) as bigint) as ms_estimated
from located
where day >= :p_from and day < :p_to
group by day, quarter, local_hour, track_uri, context_type, context_id, kind, is_done, heard_seconds, incognito
order by day, quarter, local_hour, track_uri, context_type, context_id, kind, is_done, heard_seconds, incognito
