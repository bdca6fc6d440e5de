-- answers: Which gaps end before they begin, overlap the gap before, or have impossible bounds?
-- grain: one row per gap that is wrong
-- params: -
-- feeds: -
-- version: 1
with ordered as (
    select
        after,
        before,
        lost_min,
        lost_max,
        lag(before) over (order by after, before) as gap_before_ends
    from gaps
)

select after, before, lost_min, lost_max
from ordered
where after >= before
    or gap_before_ends > after
    or lost_min < 0
    or lost_min > lost_max
order by after, before
