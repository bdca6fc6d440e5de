-- answers: By which tracks of closed months can the songs, artists and albums of these numbers be found again?
-- grain: one row per number, which stand one to a line
-- params: p_songs, p_artists, p_albums
-- feeds: -
-- version: 1
with numbered as (
    select songs.track_uri, song_no, artist_no, album_no
    from all_time
    join songs on songs.track_uri = all_time.track_uri
)
select 'song_no' as thing, song_no as number, min(track_uri) as track_uri
from numbered
where cast(song_no as varchar) in (
    select name from (values (1)) as one (n) cross join unnest(split(:p_songs, chr(10))) as given (name))
group by song_no
union all
select 'artist_no' as thing, artist_no as number, min(track_uri) as track_uri
from numbered
where cast(artist_no as varchar) in (
    select name from (values (1)) as one (n) cross join unnest(split(:p_artists, chr(10))) as given (name))
group by artist_no
union all
select 'album_no' as thing, album_no as number, min(track_uri) as track_uri
from numbered
where cast(album_no as varchar) in (
    select name from (values (1)) as one (n) cross join unnest(split(:p_albums, chr(10))) as given (name))
group by album_no
order by thing, number
