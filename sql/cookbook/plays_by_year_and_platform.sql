-- answers: How much was played in each year, and on which kind of player?
-- grain: one row per year and platform
-- params: -
-- feeds: -
-- version: 1
-- whole: month_ways, because all years are asked for
select
    substr(day, 1, 4) as year_name,
    coalesce(platform, 'unknown') as player,
    cast(sum(plays) as bigint) as plays,
    cast(floor(cast(sum(ms) as double) / 3600000) as bigint) as hours
from month_ways
group by substr(day, 1, 4), coalesce(platform, 'unknown')
order by year_name, plays desc, player
