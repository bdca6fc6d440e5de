-- answers: What was played last?
-- grain: one row per play, the newest 50 with dt from p_dt_from on
-- params: p_dt_from, p_tz, p_kinds, p_incognito, p_seconds, p_done
-- feeds: recent, last_play_at
-- version: 2
with located as (
    select play_key, played_at, track_uri, context_id,
        -- the session's zone is UTC in both engines, so the cast keeps the moment
        cast(
            cast(cast(played_at as timestamp with time zone) at time zone :p_tz as date) as varchar
        ) as day
    from plays
    where dt >= :p_dt_from
        and strpos(:p_kinds, kind) > 0 and (not coalesce(incognito, false) or :p_incognito)
        and (ms_played is null or ms_played >= 1000 * :p_seconds
            or (:p_done and coalesce(reason_end, '') = 'trackdone'))
)

select
    cast(floor(cast(date_diff('millisecond', timestamp '1970-01-01 00:00:00', played_at) as double) / 1000)
        as bigint) as at_unix,
    track_uri
from located
where track_uri not in (select key from exclusions)
    and coalesce(context_id, '') not in (select key from exclusions)
    and day not in (select key from exclusions)
order by played_at desc, play_key desc
limit 50
