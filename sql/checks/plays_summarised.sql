-- answers: On which days do the summaries count other plays than there are?
-- grain: one row per local day that is wrong
-- params: p_from, p_to, p_dt_from, p_dt_to, p_tz
-- feeds: -
-- version: 1
with located as (
    select
        cast(
            cast(cast(played_at as timestamp with time zone) at time zone :p_tz as date) as varchar
        ) as day
    from plays
    where dt >= :p_dt_from and dt < :p_dt_to
),

both_tables as (
    select day, 1 as settled, 0 as summarised
    from located
    union all
    select day, 0 as settled, plays as summarised
    from day_tracks
    where day >= :p_from and day < :p_to
)

select
    day,
    cast(sum(settled) as bigint) as plays,
    cast(sum(summarised) as bigint) as summarised
from both_tables
where day >= :p_from and day < :p_to
group by day
having sum(settled) <> sum(summarised)
order by day
