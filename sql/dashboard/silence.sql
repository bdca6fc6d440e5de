-- answers: On how many days of each window was nothing played, since the record begins?
-- grain: one row per window and period that the record reaches into
-- params: p_to, p_plain, p_plain_from, p_sifted_from, p_kinds, p_incognito, p_seconds, p_done
-- feeds: windows.silent_days, years
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

since as (
    select min(day) as day
    from counted
),

opened as (
    select window_name, is_previous, last_day,
        case when first_day < since.day then since.day else first_day end as first_day
    from windows
    cross join since
    where last_day >= since.day
)

select
    window_name,
    is_previous,
    min(first_day) as first_day,
    date_diff('day', cast(min(first_day) as date), cast(min(last_day) as date)) + 1 - count(distinct counted.day)
        as silent_days
from opened
left join counted on counted.day between first_day and last_day
group by window_name, is_previous
order by window_name, is_previous
