-- answers: From which playlists, albums and other places was most listened to?
-- grain: one row per context, the first 50
-- params: -
-- feeds: -
-- version: 1
-- whole: month_tracks, because all time is asked for
select
    coalesce(context_type, 'unknown') as context_type,
    context_id,
    cast(floor(cast(sum(ms) as double) / 3600000) as bigint) as hours,
    cast(sum(plays) as bigint) as plays,
    count(distinct track_uri) as tracks,
    min(day) as first_day,
    max(day) as last_day
from month_tracks
group by coalesce(context_type, 'unknown'), context_id
order by hours desc, plays desc, context_type, context_id
limit 50
