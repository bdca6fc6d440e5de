-- answers: What are these tracks called, and those that stand for the songs, artists and albums of these numbers?
-- grain: one row per track that anything is known of; what is asked for stands one to a line
-- params: p_uris, p_songs, p_artists, p_albums
-- feeds: dict
-- version: 2
with asked as (
    select 'track' as what, name
    from (values (1)) as one (n) cross join unnest(split(:p_uris, chr(10))) as given (name)
    union all
    select 'song' as what, name
    from (values (1)) as one (n) cross join unnest(split(:p_songs, chr(10))) as given (name)
    union all
    select 'artist' as what, name
    from (values (1)) as one (n) cross join unnest(split(:p_artists, chr(10))) as given (name)
    union all
    select 'album' as what, name
    from (values (1)) as one (n) cross join unnest(split(:p_albums, chr(10))) as given (name)
)

select
    track_uri,
    case when song_uri is null then song_no end as song_no,
    case when is_artist then artist_no end as artist_no,
    case when is_album then album_no end as album_no,
    case when track_uri like 'spotify:track:%' then substr(track_uri, 15) end as track_id,
    name,
    artist_name,
    artist_id,
    lower(trim(artist_name)) as artist_key,
    album,
    album_id,
    lower(trim(album)) as album_key,
    cast(floor(cast(duration_ms as double) / 1000) as bigint) as seconds,
    genres
from songs
where track_uri in (select name from asked where what = 'track')
    or (song_uri is null and cast(song_no as varchar) in (select name from asked where what = 'song'))
    or (is_artist and cast(artist_no as varchar) in (select name from asked where what = 'artist'))
    or (is_album and cast(album_no as varchar) in (select name from asked where what = 'album'))
order by track_uri
