-- answers: What was played in each quarter hour of each local day from p_from until before p_to?
-- grain: one row per local day, quarter hour of the clock, track, context and way it was heard
-- params: p_from, p_to, p_dt_from, p_dt_to, p_tz
-- feeds: -
-- version: 1
with moved as (
    select
        -- the session's zone is UTC in both engines, so the cast keeps the moment
        cast(played_at as timestamp with time zone) at time zone :p_tz as local_at,
        track_uri,
        context_type,
        context_id,
        kind,
        case
            when ms_played is null then 'unknown'
            when reason_end = 'trackdone' then 'done'
            when ms_played >= 30000 then 'long'
            else 'short'
        end as heard,
        coalesce(incognito, false) as incognito,
        coalesce(ms_played, duration_ms, 0) as ms
    from plays
    where dt >= :p_dt_from and dt < :p_dt_to
),

located as (
    select
        cast(cast(local_at as date) as varchar) as day,
        hour(local_at) * 4 + cast(floor(cast(minute(local_at) as double) / 15) as bigint) as quarter,
        track_uri,
        context_type,
        context_id,
        kind,
        heard,
        incognito,
        ms
    from moved
)

select
    day,
    quarter,
    track_uri,
    context_type,
    context_id,
    kind,
    heard,
    incognito,
    count(*) as plays,
    cast(sum(ms) as bigint) as ms
from located
where day >= :p_from and day < :p_to
group by day, quarter, track_uri, context_type, context_id, kind, heard, incognito
order by day, quarter, track_uri, context_type, context_id, kind, heard, incognito
