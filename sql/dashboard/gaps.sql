-- answers: Where does the record have holes?
-- grain: one row per gap, the newest 20; each with the sums over all gaps
-- params: -
-- feeds: health.gaps
-- version: 1
select
    after,
    before,
    quiet_until,
    gap_class,
    lost_min,
    lost_max,
    lost_estimate,
    count(*) over () as total,
    cast(floor(cast(sum(date_diff('millisecond', after, before)) over () as double) / 3600000)
        as bigint) as total_hours,
    cast(sum(lost_min) over () as bigint) as total_lost_min,
    cast(sum(lost_max) over () as bigint) as total_lost_max
from gaps
order by after desc, before desc
limit 20
