-- answers: How much was played in each run of seven days, counted back from the day before p_to?
-- grain: one row per run with a play; 0 is the newest, the oldest holds what p_from leaves of it
-- params: p_to, p_plain, p_plain_from, p_sifted_from, p_kinds, p_incognito, p_seconds, p_done, p_from
-- feeds: weekly
-- version: 2
with heard as (
    select day, local_hour, kind, is_done, heard_seconds, incognito, plays, ms, ms_estimated
    from all_hours
    where :p_plain
    union all
    select day, local_hour, kind, is_done, heard_seconds, incognito, plays, ms, ms_estimated
    from month_hours
    where month >= :p_plain_from and day < :p_to
    union all
    select day, local_hour, kind, is_done, heard_seconds, incognito, plays, ms, ms_estimated
    from month_quarters
    where month >= :p_sifted_from and day < :p_to
        and track_uri not in (select key from exclusions)
        and coalesce(context_id, '') not in (select key from exclusions)
),

counted as (
    select day, local_hour, plays, ms, ms_estimated
    from heard
    where strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and day not in (select key from exclusions)
),

aged as (
    select cast(floor(cast(date_diff('day', cast(day as date), cast(:p_to as date)) - 1 as double) / 7) as bigint)
        as weeks_ago, plays, ms
    from counted
    where day >= :p_from
)

select
    weeks_ago,
    cast(sum(plays) as bigint) as plays,
    cast(floor(cast(sum(ms) as double) / 60000) as bigint) as minutes
from aged
group by weeks_ago
order by weeks_ago
