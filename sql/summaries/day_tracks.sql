-- answers: What was played on each local day from p_from until before p_to?
-- grain: one row per local day, track, context and way it was heard
-- params: p_from, p_to, p_dt_from, p_dt_to, p_tz
-- feeds: -
-- version: 1
with located as (
    select
        -- the session's zone is UTC in both engines, so the cast keeps the moment
        cast(
            cast(cast(played_at as timestamp with time zone) at time zone :p_tz as date) as varchar
        ) as day,
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
        track_name,
        artist_name,
        album_name,
        coalesce(ms_played, duration_ms, 0) as ms,
        case when ms_played is null then coalesce(duration_ms, 0) else 0 end as ms_estimated,
        played_at
    from plays
    where dt >= :p_dt_from and dt < :p_dt_to
)

select
    day,
    track_uri,
    context_type,
    context_id,
    kind,
    heard,
    incognito,
    max(track_name) as track_name,
    max(artist_name) as artist_name,
    max(album_name) as album_name,
    count(*) as plays,
    cast(sum(ms) as bigint) as ms,
    cast(sum(ms_estimated) as bigint) as ms_estimated,
    min(played_at) as first_played_at,
    max(played_at) as last_played_at
from located
where day >= :p_from and day < :p_to
group by day, track_uri, context_type, context_id, kind, heard, incognito
order by day, track_uri, context_type, context_id, kind, heard, incognito
