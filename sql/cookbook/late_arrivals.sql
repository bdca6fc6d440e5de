-- answers: On which dates did plays come late, behind newer ones already read?
-- grain: one row per UTC date
-- params: -
-- feeds: -
-- version: 1
-- whole: settled_days, one short row each
select dt, plays, late_arrivals, short_windows, small_overlaps
from settled_days
where late_arrivals > 0
order by dt desc
