-- answers: In which runs was music played on each local day, without half an hour of silence, from p_from until p_to?
-- grain: one row per local day and run; a run over midnight is two, which questions join again
-- params: p_from, p_to, p_dt_from, p_dt_to, p_tz
-- feeds: -
-- version: 1
with located as (
    select
        -- the session's zone is UTC in both engines, so the cast keeps the moment
        cast(
            cast(cast(played_at as timestamp with time zone) at time zone :p_tz as date) as varchar
        ) as day,
        play_key,
        played_at,
        coalesce(ms_played, duration_ms, 0) as ms
    from plays
    where dt >= :p_dt_from and dt < :p_dt_to
        and kind = 'music' and not coalesce(incognito, false)
),

spaced as (
    select day, play_key, played_at, ms,
        date_diff('millisecond', lag(played_at) over (partition by day order by played_at, play_key), played_at) - ms
            as silence_ms
    from located
    where day >= :p_from and day < :p_to
),

numbered as (
    select day, play_key, played_at, ms,
        count(case when silence_ms <= 1800000 then null else 1 end)
            over (partition by day order by played_at, play_key rows between unbounded preceding and current row) as run
    from spaced
),

placed as (
    select day, run, played_at, ms,
        row_number() over (partition by day, run order by played_at, play_key) as nth
    from numbered
)

select
    day,
    min(played_at) as first_played_at,
    max(played_at) as last_played_at,
    max(case when nth = 1 then ms end) as lead_ms,
    count(*) as plays,
    cast(sum(ms) as bigint) as ms
from placed
group by day, run
order by day, first_played_at
