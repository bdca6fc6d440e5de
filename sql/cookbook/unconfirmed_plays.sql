-- answers: Which polled plays does an imported export not know of, though it covers their time?
-- grain: one row per play
-- params: -
-- feeds: -
-- version: 1
-- whole: plays, because an export of any age may cover them
select played_at, track_name, artist_name, context_type, track_uri
from plays
where is_unconfirmed
order by played_at desc, track_uri
