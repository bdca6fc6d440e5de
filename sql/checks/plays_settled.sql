-- answers: Which plays are there twice, or lie in the partition of another date?
-- grain: one row per key that is wrong
-- params: p_dt_from, p_dt_to
-- feeds: -
-- version: 1
select
    play_key,
    min(dt) as first_dt,
    max(dt) as last_dt,
    count(*) as times
from plays
where dt >= :p_dt_from and dt < :p_dt_to
group by play_key
having count(*) > 1
    or play_key is null
    or count(played_at) < count(*)
    or min(dt) <> min(cast(cast(played_at as date) as varchar))
order by play_key
