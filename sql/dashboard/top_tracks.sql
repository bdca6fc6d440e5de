-- answers: Which tracks were played most in each window, and where did they stand in the window before?
-- grain: one row per window and track, the first 25 of each window
-- params: p_to
-- feeds: windows.top_tracks, windows.sentence
-- version: 1
-- whole: tracks, because a name may have been learned at any time
with windows (window_name, days) as (
    values ('1d', 1), ('7d', 7), ('30d', 30), ('90d', 90), ('365d', 365), ('all', 1000000)
),

newest as (
    select track_uri, track_id, name, artist_name, artist_id, album, album_id, duration_ms,
        row_number() over (partition by track_uri order by grade_rank desc, changed_at desc, name) as nth
    from tracks
),

counted as (
    select track_uri, plays, ms, first_played_at,
        max(track_name) over (partition by track_uri) as track_name,
        max(artist_name) over (partition by track_uri) as artist_name,
        max(album_name) over (partition by track_uri) as album_name,
        date_diff('day', cast(day as date), cast(:p_to as date)) as age,
        max(date_diff('day', cast(day as date), cast(:p_to as date))) over () as first_age
    from day_tracks
    where day < :p_to
        and kind = 'music' and not incognito and heard in ('done', 'long', 'unknown')
),

summed as (
    select window_name, track_uri, max(first_age) >= 2 * days as has_prev,
        max(track_name) as track_name, max(artist_name) as artist_name, max(album_name) as album_name,
        cast(sum(plays) filter (where age <= days) as bigint) as plays,
        cast(sum(ms) filter (where age <= days) as bigint) as ms,
        min(first_played_at) filter (where age <= days) as first_at,
        cast(sum(plays) filter (where age > days) as bigint) as prev_plays,
        min(first_played_at) filter (where age > days) as prev_first_at
    from counted
    join windows on age <= days or (age <= 2 * days and first_age >= 2 * days)
    group by window_name, days, track_uri
),

ranked as (
    select summed.*,
        row_number() over (partition by window_name order by plays desc nulls last, first_at, track_uri) as place,
        row_number() over (partition by window_name
            order by prev_plays desc nulls last, prev_first_at, track_uri) as prev_place
    from summed
)

select window_name, place, ranked.track_uri, track_id, coalesce(name, track_name) as name,
    coalesce(newest.artist_name, ranked.artist_name) as artist_name, artist_id,
    lower(trim(coalesce(newest.artist_name, ranked.artist_name))) as artist_key,
    coalesce(album, album_name) as album, album_id, lower(trim(coalesce(album, album_name))) as album_key,
    cast(floor(cast(duration_ms as double) / 1000) as bigint) as seconds, plays,
    cast(floor(cast(ms as double) / 60000) as bigint) as minutes,
    case when prev_plays is not null then prev_place end as prev_place,
    case when has_prev then coalesce(prev_plays, 0) end as prev_plays
from ranked left join newest on newest.track_uri = ranked.track_uri and nth = 1
where place <= 25 and plays is not null
order by window_name, place
