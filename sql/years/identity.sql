-- answers: Under which songs, artists, albums, years of release and genres are the tracks of closed months counted?
-- grain: one row; the same numbers mean that each is counted as before
-- params: -
-- feeds: -
-- version: 1
select count(identity) as tracks, cast(coalesce(sum(identity), 0) as bigint) as identity
from all_time
left join songs on songs.track_uri = all_time.track_uri
order by tracks
