-- answers: What are the records of days: most played, most in a row with and without music, the n-th play?
-- grain: one row per streak (the longest, and that up to p_to), silence, fullest, longest day and milestone
-- params: p_to, p_plain, p_plain_from, p_sifted_from, p_kinds, p_incognito, p_seconds, p_done
-- feeds: records
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
days as (
    select day, cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms from counted group by day
),
numbered as (
    select day, plays, ms, lead(day, 1, :p_to) over (order by day) as next_day,
        cast(sum(plays) over (order by day rows between unbounded preceding and current row) as bigint) as reached,
        date_diff('day', date '2001-01-01', cast(day as date)) - row_number() over (order by day) as run
    from days
),
told as (
    select 'streak' as what, count(*) as size, min(day) as first_day, max(day) as last_day,
        cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms
    from numbered group by run
    union all select 'silence', date_diff('day', cast(day as date), cast(next_day as date)) - 1,
        cast(cast(cast(day as date) + interval '1' day as date) as varchar),
        cast(cast(cast(next_day as date) - interval '1' day as date) as varchar), 0, 0
    from numbered
    union all select 'fullest', plays, day, day, plays, ms from numbered
    union all select 'longest', ms, day, day, plays, ms from numbered
    union all select 'milestone', n, day, day, plays, ms from numbered
    join (values (1), (100), (1000), (5000), (10000), (25000), (50000), (100000), (250000), (500000), (1000000))
        as milestones (n) on n between reached - plays + 1 and reached
),
ranked as (
    select told.*, row_number() over (partition by what order by size desc, first_day) as nth,
        date_diff('day', cast(last_day as date), cast(:p_to as date)) = 1 as is_current
    from told where size > 0
)
select what, nth, is_current, size, first_day, last_day, plays,
    cast(floor(cast(ms as double) / 60000) as bigint) as minutes
from ranked where nth = 1 or what = 'milestone' or (what = 'streak' and is_current)
order by what, nth
