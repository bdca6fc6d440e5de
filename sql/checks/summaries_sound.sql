-- answers: Which rows of a summary are there twice, or hold what cannot be?
-- grain: one row per key that is wrong
-- params: p_from, p_to, p_days
-- feeds: -
-- version: 2
with rows_of_tracks as (
    select 'day_tracks' as summary, day, -1 as quarter, -1 as local_hour, track_uri, context_type, context_id, kind,
        is_done, heard_seconds, incognito, skipped, shuffle, platform, offline, plays, ms, ms_estimated,
        first_played_at <= last_played_at as is_ordered
    from day_tracks
    where day >= :p_from and day < :p_to and (:p_days = '' or strpos(:p_days, day) > 0)
    union all
    select 'day_quarters' as summary, day, quarter, local_hour, track_uri, context_type, context_id, kind,
        is_done, heard_seconds, incognito, cast(null as boolean) as skipped, cast(null as boolean) as shuffle,
        cast(null as varchar) as platform, cast(null as boolean) as offline, plays, ms, ms_estimated,
        quarter between 0 and 95
            and local_hour = cast(floor(cast(quarter as double) / 4) as bigint) as is_ordered
    from day_quarters
    where day >= :p_from and day < :p_to and (:p_days = '' or strpos(:p_days, day) > 0)
),

keyed as (
    select summary, day, quarter, track_uri as thing, count(*) as times,
        min(case
            when track_uri is not null and kind in ('music', 'podcast', 'audiobook', 'video', 'unknown')
                and coalesce(heard_seconds, 0) in (0, 5, 10, 20, 30, 60, 120, 240)
                and is_done is not null and not (is_done and heard_seconds is null) and incognito is not null
                and plays >= 1 and ms >= 0 and ms_estimated between 0 and ms and is_ordered
            then 1 else 0 end) as sound
    from rows_of_tracks
    group by summary, day, quarter, track_uri, context_type, context_id, kind, is_done, heard_seconds, incognito,
        skipped, shuffle, platform, offline
    union all
    select 'day_sessions' as summary, day, -1 as quarter, cast(first_played_at as varchar) as thing, count(*) as times,
        min(case when plays >= 1 and lead_ms between 0 and ms and first_played_at <= last_played_at
            then 1 else 0 end) as sound
    from day_sessions
    where day >= :p_from and day < :p_to and (:p_days = '' or strpos(:p_days, day) > 0)
    group by day, first_played_at
    union all
    select 'day_binges' as summary, day, -1 as quarter, what || ' ' || track_uri as thing, count(*) as times,
        min(case when plays >= (case when is_in_a_row then 3 else 5 end) and what in ('track', 'artist')
            and first_played_at <= last_played_at then 1 else 0 end) as sound
    from day_binges
    where day >= :p_from and day < :p_to and (:p_days = '' or strpos(:p_days, day) > 0)
    group by day, what, is_in_a_row, track_uri, artist_name, first_played_at
)

select summary, day, quarter, thing, times, sound = 1 as is_sound
from keyed
where times > 1 or sound = 0
order by day, summary, quarter, thing, times
