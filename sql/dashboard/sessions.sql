-- answers: How many listening sessions began in each window, how long were they, and which was the longest?
-- grain: one row per window with a session; a session belongs to the day it begins on, whatever window it ends in
-- params: p_to, p_open
-- feeds: windows.sessions, years
-- version: 1
-- Pieces are cut at midnight: those with at most half an hour of silence between them are one session again. The policy
-- changes no session by lengths, kinds, tracks or contexts; those that begin on a day left out are left out.
with pieces as (
    select day, first_played_at, last_played_at, lead_ms
    from all_sessions
    union all
    select day, first_played_at, last_played_at, lead_ms
    from month_sessions
    where month >= :p_open and day < :p_to
),
spaced as (
    select day, first_played_at, last_played_at, lead_ms,
        date_diff('millisecond', lag(last_played_at) over (order by first_played_at), first_played_at) - lead_ms
            as silence_ms
    from pieces
),
numbered as (
    select spaced.*, coalesce(silence_ms, 1800001) > 1800000 as is_first,
        cast(sum(case when silence_ms <= 1800000 then 0 else 1 end) over (order by first_played_at) as bigint) as run
    from spaced
),
joined as (
    select min(day) as day, run, date_diff('millisecond', min(first_played_at), max(last_played_at))
        + max(case when is_first then lead_ms end) as ms
    from numbered
    group by run
),
placed as (
    select window_name, day, ms, cast(floor(cast(ms as double) / 60000) as bigint) as lasted,
        row_number() over (partition by window_name order by ms, day desc, run desc) as nth,
        count(*) over (partition by window_name) as number
    from joined
    join windows on day between first_day and last_day and not is_previous
    where day not in (select key from exclusions)
)
select
    window_name,
    count(*) as sessions,
    cast(floor(cast(sum(ms) as double) / 60000) as bigint) as minutes,
    cast(floor(cast(avg(case when 2 * nth between number and number + 2 then ms end) as double) / 60000) as bigint)
        as median_minutes,
    max(lasted) as longest_minutes,
    max(case when nth = number then day end) as longest_day,
    count(case when lasted < 15 then 1 end) as under_15,
    count(case when lasted between 15 and 29 then 1 end) as under_30,
    count(case when lasted between 30 and 59 then 1 end) as under_60,
    count(case when lasted between 60 and 119 then 1 end) as under_120,
    count(case when lasted between 120 and 239 then 1 end) as under_240,
    count(case when lasted >= 240 then 1 end) as longer
from placed
group by window_name
order by window_name
