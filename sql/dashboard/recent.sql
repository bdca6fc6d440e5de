-- answers: What was played last?
-- grain: one row per play, the newest 50 with dt from p_dt_from on
-- params: p_dt_from
-- feeds: recent, last_play_at
-- version: 1
-- whole: tracks, because a name may have been learned at any time
with newest as (
    select track_uri, track_id, name, artist_name, artist_id, album, album_id, duration_ms,
        row_number() over (partition by track_uri order by grade_rank desc, changed_at desc, name) as nth
    from tracks
),

counted as (
    select play_key, played_at, track_uri, track_name, artist_name, album_name
    from plays
    where dt >= :p_dt_from
        and kind = 'music' and not coalesce(incognito, false)
        and (ms_played is null or ms_played >= 30000 or coalesce(reason_end, '') = 'trackdone')
)

select
    cast(floor(cast(date_diff('millisecond', timestamp '1970-01-01 00:00:00', played_at) as double) / 1000)
        as bigint) as at_unix,
    counted.track_uri,
    track_id,
    coalesce(name, track_name) as name,
    coalesce(newest.artist_name, counted.artist_name) as artist_name,
    artist_id,
    lower(trim(coalesce(newest.artist_name, counted.artist_name))) as artist_key,
    coalesce(album, album_name) as album,
    album_id,
    lower(trim(coalesce(album, album_name))) as album_key,
    cast(floor(cast(newest.duration_ms as double) / 1000) as bigint) as seconds
from counted
left join newest on newest.track_uri = counted.track_uri and nth = 1
order by played_at desc, play_key desc
limit 50
