-- answers: Under which songs, artists, albums, years of release and genres are the tracks of closed months counted?
-- grain: one row
-- params: -
-- feeds: -
-- version: 1
-- The same numbers mean that each is counted as before.
select count(identity) as tracks, cast(coalesce(sum(identity), 0) as bigint) as identity
from all_time
left join songs on songs.track_uri = all_time.track_uri
