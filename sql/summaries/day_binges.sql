-- answers: What was played three times or more in a row, or five times in one local day, from p_from until p_to?
-- grain: one row per local day, run of a track or artist; and one per day and track or artist with five plays
-- params: p_from, p_to, p_dt_from, p_dt_to, p_tz
-- feeds: -
-- version: 1
with located as (
    select
        -- the session's zone is UTC in both engines, so the cast keeps the moment
        cast(
            cast(cast(played_at as timestamp with time zone) at time zone :p_tz as date) as varchar
        ) as day,
        play_key, played_at, track_uri, artist_name
    from plays
    where dt >= :p_dt_from and dt < :p_dt_to
        and kind = 'music' and not coalesce(incognito, false)
        -- what counts by default: runs cannot be found again without the plays
        and (ms_played is null or ms_played >= 30000 or coalesce(reason_end, '') = 'trackdone')
),

named as (
    select day, play_key, played_at, 'track' as what, track_uri as thing, track_uri, artist_name
    from located
    union all
    select day, play_key, played_at, 'artist' as what, lower(trim(artist_name)) as thing, track_uri, artist_name
    from located
    where artist_name is not null
),

numbered as (
    select named.*,
        row_number() over (partition by day, what order by played_at, play_key)
            - row_number() over (partition by day, what, thing order by played_at, play_key) as run
    from named
    where day >= :p_from and day < :p_to
),

counted as (
    select day, what, thing, true as is_in_a_row, min(track_uri) as track_uri, max(artist_name) as artist_name,
        count(*) as plays, min(played_at) as first_played_at, max(played_at) as last_played_at
    from numbered
    group by day, what, thing, run
    union all
    select day, what, thing, false as is_in_a_row, min(track_uri) as track_uri, max(artist_name) as artist_name,
        count(*) as plays, min(played_at) as first_played_at, max(played_at) as last_played_at
    from numbered
    group by day, what, thing
)

select day, what, is_in_a_row, track_uri, artist_name, plays, first_played_at, last_played_at
from counted
where plays >= case when is_in_a_row then 3 else 5 end
order by day, what, is_in_a_row, first_played_at, thing
