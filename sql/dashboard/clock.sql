-- answers: At which hours of the day, and of which weekdays, was music played, in each window?
-- grain: one row per window and local hour with a play; and one per window, weekday (0 is Monday) and hour
-- params: p_to, p_plain, p_plain_from, p_sifted_from, p_kinds, p_incognito, p_seconds, p_done
-- feeds: windows.hours, windows.hourdow, years
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

placed as (
    select window_name, date_diff('day', date '2001-01-01', cast(day as date)) % 7 as weekday, local_hour, plays
    from counted
    join windows on day between first_day and last_day and not is_previous
)

select
    window_name,
    weekday,
    local_hour,
    cast(sum(plays) as bigint) as plays
from placed
group by grouping sets ((window_name, local_hour), (window_name, weekday, local_hour))
order by window_name, weekday, local_hour
