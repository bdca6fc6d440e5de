-- answers: Which rows of a summary are there twice?
-- grain: one row per key that is wrong; quarter is -1 for day_tracks
-- params: p_from, p_to
-- feeds: -
-- version: 2
with both_tables as (
    select day, -1 as quarter, track_uri, context_type, context_id, kind, is_done, heard_seconds, incognito,
        skipped, shuffle, platform, offline
    from day_tracks
    where day >= :p_from and day < :p_to
    union all
    select day, quarter, track_uri, context_type, context_id, kind, is_done, heard_seconds, incognito,
        cast(null as boolean) as skipped, cast(null as boolean) as shuffle, cast(null as varchar) as platform,
        cast(null as boolean) as offline
    from day_quarters
    where day >= :p_from and day < :p_to
)

select day, quarter, track_uri, context_id, heard_seconds, count(*) as times
from both_tables
group by day, quarter, track_uri, context_type, context_id, kind, is_done, heard_seconds, incognito,
    skipped, shuffle, platform, offline
having count(*) > 1
order by day, quarter, track_uri, context_id, heard_seconds
