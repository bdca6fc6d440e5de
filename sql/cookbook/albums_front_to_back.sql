-- answers: Which albums were played from front to back: ten of their tracks or more on one day?
-- grain: one row per album and day
-- params: -
-- feeds: -
-- version: 1
-- whole: month_tracks, because any day may hold one
select
    day,
    max(artist_name) as artist,
    max(album_name) as album,
    count(distinct track_uri) as tracks,
    cast(sum(plays) as bigint) as plays,
    cast(floor(cast(sum(ms) as double) / 60000) as bigint) as minutes
from month_tracks
where kind = 'music' and album_name is not null
    and (heard_seconds is null or heard_seconds >= 30 or is_done)
group by day, lower(trim(artist_name)), lower(trim(album_name))
having count(distinct track_uri) >= 10
order by day desc, tracks desc, artist, album
