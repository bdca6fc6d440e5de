-- answers: What is in the playlist of the week that starts on p_week?
-- grain: one row per track, in the playlist's order
-- params: p_week, p_to
-- feeds: playlist
-- version: 1
-- whole: tracks, because a name may have been learned at any time
with newest as (
    select track_uri, track_id, name, artist_name, artist_id, album, album_id, duration_ms,
        row_number() over (partition by track_uri order by grade_rank desc, changed_at desc, name) as nth
    from tracks
),

observed as (
    select track_uri, max(track_name) as track_name, max(artist_name) as artist_name,
        max(album_name) as album_name
    from day_tracks
    where day < :p_to
    group by track_uri
),

chosen as (
    select position, track_uri, playlist_id, playlist_name, unplayed_days
    from playlists
    where dt = :p_week
)

select
    position,
    chosen.track_uri,
    track_id,
    coalesce(name, track_name) as name,
    coalesce(newest.artist_name, observed.artist_name) as artist_name,
    artist_id,
    lower(trim(coalesce(newest.artist_name, observed.artist_name))) as artist_key,
    coalesce(album, album_name) as album,
    album_id,
    lower(trim(coalesce(album, album_name))) as album_key,
    cast(floor(cast(duration_ms as double) / 1000) as bigint) as seconds,
    playlist_id,
    playlist_name,
    unplayed_days
from chosen
left join newest on newest.track_uri = chosen.track_uri and nth = 1
left join observed on observed.track_uri = chosen.track_uri
order by position
