-- answers: What is in the playlist of the week that starts on p_week?
-- grain: one row per track, in the playlist's order
-- params: p_week
-- feeds: playlist
-- version: 2
select position, track_uri, playlist_id, playlist_name, unplayed_days
from playlists
where dt = :p_week
order by position
