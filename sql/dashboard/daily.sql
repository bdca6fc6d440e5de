-- answers: How much was played on each day before p_to?
-- grain: one row per local day with a play
-- params: p_to, p_plain, p_plain_from, p_sifted_from, p_kinds, p_incognito, p_seconds, p_done
-- feeds: daily, alldays
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
)

select
    day,
    cast(sum(plays) as bigint) as plays,
    cast(floor(cast(sum(ms) as double) / 60000) as bigint) as minutes
from counted
group by day
order by day
