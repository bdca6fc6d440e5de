-- answers: How much was played on each day, in each month, month of the year and run of seven days before p_to?
-- grain: one row per local day, month, month of the year (01 to 12), and run of days since p_from (0 ends before p_to)
-- params: p_to, p_plain, p_plain_from, p_sifted_from, p_kinds, p_incognito, p_seconds, p_done, p_from
-- feeds: daily, alldays, monthly, month_of_year, weekly
-- version: 1
with heard as (
    select day, local_hour, 'music' as kind, true as is_done, null as heard_seconds, false as incognito,
        plays, ms, ms_estimated
    from all_hours where :p_plain
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

dated as (
    select day, substr(day, 1, 7) as month_name, substr(day, 6, 2) as month_of_year,
        case when day >= :p_from then
            cast(floor(cast(date_diff('day', cast(day as date), cast(:p_to as date)) - 1 as double) / 7) as bigint)
        end as weeks_ago,
        plays, ms
    from counted
),

summed as (
    select grouping(day, month_name, month_of_year, weeks_ago) as sort,
        coalesce(day, month_name, month_of_year, cast(weeks_ago as varchar)) as bucket,
        cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms
    from dated
    group by grouping sets ((day), (month_name), (month_of_year), (weeks_ago))
)

select
    sort,
    bucket,
    plays,
    cast(floor(cast(ms as double) / 60000) as bigint) as minutes
from summed
where bucket is not null
order by sort, bucket
