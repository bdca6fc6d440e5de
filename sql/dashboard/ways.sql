-- answers: Of the plays that an export tells of, how many were skipped, finished, shuffled, offline, and where played?
-- grain: one row per window (platform null), and one per window and platform; short plays count by the policy alone
-- params: p_to, p_plain, p_plain_from, p_sifted_from, p_kinds, p_incognito, p_seconds, p_done
-- feeds: windows.ways, years
-- version: 1
with heard as (
    select day, kind, is_done, heard_seconds, incognito, skipped, shuffle, platform, offline, plays
    from all_ways
    where :p_plain
    union all
    select day, kind, is_done, heard_seconds, incognito, skipped, shuffle, platform, offline, plays
    from month_ways
    where month >= :p_plain_from and day < :p_to
    union all
    select day, kind, is_done, heard_seconds, incognito, skipped, shuffle, platform, offline, plays
    from month_tracks
    where month >= :p_sifted_from and day < :p_to
        and track_uri not in (select key from exclusions)
        and coalesce(context_id, '') not in (select key from exclusions)
),

counted as (
    select day, is_done, skipped, shuffle, platform, offline, plays
    from heard
    where strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and day not in (select key from exclusions)
        and (skipped is not null or shuffle is not null or platform is not null)
),

summed as (
    select window_name, platform, grouping(platform) as is_whole, cast(sum(plays) as bigint) as plays,
        cast(sum(case when skipped then plays else 0 end) as bigint) as skipped,
        cast(sum(case when is_done then plays else 0 end) as bigint) as finished,
        cast(sum(case when shuffle then plays else 0 end) as bigint) as shuffled,
        cast(sum(case when offline then plays else 0 end) as bigint) as offline
    from counted
    join windows on day between first_day and last_day and not is_previous
    group by grouping sets ((window_name), (window_name, platform))
)

select window_name, platform, plays, skipped, finished, shuffled, offline
from summed
where is_whole = 1 or platform is not null
order by window_name, is_whole desc, plays desc, platform
