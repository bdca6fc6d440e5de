-- answers: Which rows of a summary hold what cannot be?
-- grain: one row per wrong row
-- params: p_from, p_to
-- feeds: -
-- version: 2
with both_tables as (
    select day, 0 as quarter, 0 as local_hour, track_uri, kind, is_done, heard_seconds, plays, ms, ms_estimated,
        first_played_at <= last_played_at as is_ordered
    from day_tracks
    where day >= :p_from and day < :p_to
    union all
    select day, quarter, local_hour, track_uri, kind, is_done, heard_seconds, plays, ms, ms_estimated,
        true as is_ordered
    from day_quarters
    where day >= :p_from and day < :p_to
)

select day, quarter, track_uri, kind, heard_seconds, plays, ms, ms_estimated
from both_tables
where track_uri is null
    or coalesce(kind, '') not in ('music', 'podcast', 'audiobook', 'video', 'unknown')
    or coalesce(heard_seconds, 0) not in (0, 5, 10, 20, 30, 60, 120, 240)
    or (coalesce(is_done, true) and heard_seconds is null)
    or coalesce(quarter, -1) < 0 or quarter > 95
    or coalesce(local_hour, -1) <> cast(floor(cast(quarter as double) / 4) as bigint)
    or coalesce(plays, 0) < 1
    or coalesce(ms, -1) < 0 or coalesce(ms_estimated, -1) < 0 or ms_estimated > ms
    or not coalesce(is_ordered, false)
order by day, quarter, track_uri, heard_seconds
