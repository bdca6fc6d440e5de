-- answers: What are the tracks in p_uris called, one to a line?
-- grain: one row per track that anything is known of
-- params: p_uris
-- feeds: dict
-- version: 1
with asked as (
    select track_uri
    from (values (1)) as one (n)
    cross join unnest(split(:p_uris, chr(10))) as given (track_uri)
)

select
    songs.track_uri,
    track_id,
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
join asked on asked.track_uri = songs.track_uri
order by songs.track_uri
