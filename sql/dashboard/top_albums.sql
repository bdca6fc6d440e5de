-- answers: Which albums were played most in each window, and where did they stand in the window before?
-- grain: one row per window and album (by artist and title), the first 10 of each window
-- params: p_to
-- feeds: windows.top_albums
-- version: 1
-- whole: tracks, because a name may have been learned at any time
with windows (window_name, days) as (
    values ('1d', 1), ('7d', 7), ('30d', 30), ('90d', 90), ('365d', 365), ('all', 1000000)
),

newest as (
    select track_uri, artist_name, artist_id, album, album_id,
        row_number() over (partition by track_uri order by grade_rank desc, changed_at desc, name) as nth
    from tracks
),

counted as (
    select track_uri, artist_name, album_name, plays, ms, first_played_at,
        date_diff('day', cast(day as date), cast(:p_to as date)) as age,
        max(date_diff('day', cast(day as date), cast(:p_to as date))) over () as first_age
    from day_tracks
    where day < :p_to
        and kind = 'music' and not incognito and heard in ('done', 'long', 'unknown')
),

named as (
    select age, first_age, plays, ms, first_played_at, artist_id, album_id,
        coalesce(newest.artist_name, max(counted.artist_name) over (partition by counted.track_uri)) as artist_name,
        coalesce(newest.album, max(counted.album_name) over (partition by counted.track_uri)) as album
    from counted
    left join newest on newest.track_uri = counted.track_uri and nth = 1
),

summed as (
    select window_name, lower(trim(artist_name)) as artist_key, lower(trim(album)) as album_key,
        max(artist_name) as artist_name, max(artist_id) as artist_id, max(album) as album, max(album_id) as album_id,
        cast(sum(plays) filter (where age <= days) as bigint) as plays,
        cast(sum(ms) filter (where age <= days) as bigint) as ms,
        min(first_played_at) filter (where age <= days) as first_at,
        cast(sum(plays) filter (where age > days) as bigint) as prev_plays,
        min(first_played_at) filter (where age > days) as prev_first_at
    from named join windows on age <= days or (age <= 2 * days and first_age >= 2 * days)
    where artist_name is not null and album is not null
    group by window_name, lower(trim(artist_name)), lower(trim(album))
),

ranked as (
    select summed.*,
        row_number() over (partition by window_name
            order by plays desc nulls last, first_at, artist_key, album_key) as place,
        row_number() over (partition by window_name
            order by prev_plays desc nulls last, prev_first_at, artist_key, album_key) as prev_place
    from summed
)

select window_name, place, album_key, album, album_id, artist_key, artist_name, artist_id, plays,
    cast(floor(cast(ms as double) / 60000) as bigint) as minutes,
    case when prev_plays is not null then prev_place end as prev_place
from ranked where place <= 10 and plays is not null
order by window_name, place
