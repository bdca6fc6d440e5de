-- answers: How much was played in each run of seven days, counted back from the day before p_to?
-- grain: one row per run with a play; 0 is the newest, the oldest holds what p_from leaves of it
-- params: p_from, p_to
-- feeds: weekly
-- version: 1
with aged as (
    select
        date_diff('day', cast(day as date), cast(:p_to as date)) as age,
        plays,
        ms
    from day_tracks
    where day >= :p_from and day < :p_to
        and kind = 'music' and not incognito and heard in ('done', 'long', 'unknown')
),

bucketed as (
    select cast(floor(cast(age - 1 as double) / 7) as bigint) as weeks_ago, plays, ms
    from aged
)

select
    weeks_ago,
    cast(sum(plays) as bigint) as plays,
    cast(floor(cast(sum(ms) as double) / 60000) as bigint) as minutes
from bucketed
group by weeks_ago
order by weeks_ago
