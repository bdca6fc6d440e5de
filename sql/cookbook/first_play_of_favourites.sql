-- answers: When were the fifty most played songs heard for the first time?
-- grain: one row per song
-- params: -
-- feeds: -
-- version: 1
-- whole: month_tracks, because the first play may lie anywhere
select
    max(name) as song,
    max(songs.artist_name) as artist,
    min(day) as first_day,
    max(day) as last_day,
    cast(sum(plays) as bigint) as plays
from month_tracks
left join songs on songs.track_uri = month_tracks.track_uri
where kind = 'music'
group by coalesce(song_uri, month_tracks.track_uri)
order by plays desc, first_day, song, artist
limit 50
