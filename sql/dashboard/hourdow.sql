-- answers: At which hours of which weekdays was music played, in each window?
-- grain: one row per window, weekday (0 is Monday) and local hour with a play
-- params: p_to
-- feeds: windows.hourdow
-- version: 1
with windows (window_name, days) as (
    values ('1d', 1), ('7d', 7), ('30d', 30), ('90d', 90), ('365d', 365), ('all', 1000000)
),

counted as (
    select
        date_diff('day', cast(day as date), cast(:p_to as date)) as age,
        date_diff('day', date '2001-01-01', cast(day as date)) % 7 as weekday,
        cast(floor(cast(quarter as double) / 4) as bigint) as local_hour,
        plays
    from day_quarters
    where day < :p_to
        and kind = 'music' and not incognito and heard in ('done', 'long', 'unknown')
)

select
    window_name,
    weekday,
    local_hour,
    cast(sum(plays) as bigint) as plays
from counted
join windows on age <= days
group by window_name, weekday, local_hour
order by window_name, weekday, local_hour
