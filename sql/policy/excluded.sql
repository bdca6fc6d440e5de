-- answers: Which tracks does the policy leave out, by their song, artist or album? Its names stand one to a line.
-- grain: one row per track
-- params: p_tracks, p_artists, p_albums
-- feeds: -
-- version: 1
with listed as (
    select 'track' as what, thing
    from (values (1)) as one (n) cross join unnest(split(:p_tracks, chr(10))) as given (thing)
    union all
    select 'artist' as what, lower(trim(thing)) as thing
    from (values (1)) as one (n) cross join unnest(split(:p_artists, chr(10))) as given (thing)
    union all
    select 'album' as what, lower(trim(thing)) as thing
    from (values (1)) as one (n) cross join unnest(split(:p_albums, chr(10))) as given (thing)
)

select track_uri
from songs
where coalesce(song_uri, track_uri) in (
        select coalesce(song_uri, track_uri) from songs join listed on what = 'track' and thing = track_uri)
    or lower(trim(artist_name)) in (select thing from listed where what = 'artist')
    or lower(trim(artist_name)) || chr(9) || lower(trim(album)) in (select thing from listed where what = 'album')
order by track_uri
