-- answers: By which tracks of closed months can the songs, artists and albums of these numbers be found again?
-- grain: one row per number, which stand one to a line
-- params: p_songs, p_artists, p_albums
-- feeds: -
-- version: 1
with asked as (
    select 'song_no' as thing, name
    from (values (1)) as one (n) cross join unnest(split(:p_songs, chr(10))) as given (name)
    union all
    select 'artist_no' as thing, name
    from (values (1)) as one (n) cross join unnest(split(:p_artists, chr(10))) as given (name)
    union all
    select 'album_no' as thing, name
    from (values (1)) as one (n) cross join unnest(split(:p_albums, chr(10))) as given (name)
),

numbered as (
    select thing, songs.track_uri,
        case thing when 'song_no' then song_no when 'artist_no' then artist_no else album_no end as number
    from all_time
    join songs on songs.track_uri = all_time.track_uri
    cross join (values ('song_no'), ('artist_no'), ('album_no')) as things (thing)
)

select numbered.thing, number, min(track_uri) as track_uri
from numbered
join asked on asked.thing = numbered.thing and asked.name = cast(number as varchar)
group by numbered.thing, number
order by thing, number
