-- answers: How much was played in each window, and in the equal window just before it?
-- grain: one row per window and period; none where nothing was ever played
-- params: p_to
-- feeds: windows, totals
-- version: 1
-- whole: tracks, because a name may have been learned at any time
with periods (window_name, is_previous, youngest, oldest) as (
    values ('1d', false, 1, 1), ('7d', false, 1, 7), ('30d', false, 1, 30), ('90d', false, 1, 90),
        ('365d', false, 1, 365), ('all', false, 1, 1000000), ('1d', true, 2, 2), ('7d', true, 8, 14),
        ('30d', true, 31, 60), ('90d', true, 91, 180), ('365d', true, 366, 730)
),

newest as (
    select track_uri, artist_name, album,
        row_number() over (partition by track_uri order by grade_rank desc, changed_at desc, name) as nth
    from tracks
),

counted as (
    select day, track_uri, artist_name, album_name, plays, ms, ms_estimated,
        date_diff('day', cast(day as date), cast(:p_to as date)) as age
    from day_tracks
    where day < :p_to
        and kind = 'music' and not incognito and heard in ('done', 'long', 'unknown')
),

named as (
    select counted.day, counted.age, counted.track_uri, plays, ms, ms_estimated,
        lower(trim(coalesce(newest.artist_name,
            max(counted.artist_name) over (partition by counted.track_uri)))) as artist,
        lower(trim(coalesce(newest.album,
            max(counted.album_name) over (partition by counted.track_uri)))) as album
    from counted
    left join newest on newest.track_uri = counted.track_uri and newest.nth = 1
),

aged as (
    select named.*,
        max(age) over () as first_age,
        max(age) over (partition by artist) as debut_age
    from named
),

placed as (
    select window_name, is_previous, oldest, youngest, aged.*, age between youngest and oldest as is_inside
    from aged
    cross join periods
)

select window_name, is_previous, max(first_age) >= oldest as is_whole, min(day) as first_day,
    cast(coalesce(sum(plays) filter (where is_inside), 0) as bigint) as plays,
    cast(floor(cast(coalesce(sum(ms) filter (where is_inside), 0) as double) / 60000) as bigint) as minutes,
    cast(floor(cast(coalesce(sum(ms_estimated) filter (where is_inside), 0) as double) / 60000)
        as bigint) as minutes_estimated,
    count(distinct track_uri) filter (where is_inside) as tracks,
    count(distinct artist) filter (where is_inside) as artists,
    count(distinct artist || chr(10) || album) filter (where is_inside) as albums,
    count(distinct artist) filter (where is_inside and age = debut_age) as new_artists,
    case when max(first_age) < oldest then max(first_age) else oldest end - youngest + 1
        - count(distinct day) filter (where is_inside) as silent_days
from placed
group by window_name, is_previous, youngest, oldest
order by is_previous, window_name
