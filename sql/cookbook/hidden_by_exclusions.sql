-- answers: What does each exclusion in policy.toml hide?
-- grain: one row per track, context or day that is left out and was played
-- params: -
-- feeds: -
-- version: 1
-- whole: month_tracks, because all time is asked for
select
    key as left_out,
    max(case when key = track_uri then track_name end) as track,
    max(case when key = track_uri then artist_name end) as artist,
    cast(sum(plays) as bigint) as plays,
    cast(floor(cast(sum(ms) as double) / 60000) as bigint) as minutes
from month_tracks
join exclusions on key = track_uri or key = context_id or key = day
group by key
order by plays desc, left_out
