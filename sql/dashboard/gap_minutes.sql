-- answers: For how many minutes of each window is it unknown what was played?
-- grain: one row per window that a gap reaches into
-- params: -
-- feeds: windows.gap_minutes, years
-- version: 2
with inside as (
    select
        window_name,
        case when after > starts_at then after else starts_at end as unknown_from,
        case when before < ends_at then before else ends_at end as unknown_to
    from gaps
    join windows on after < ends_at and before > starts_at and not is_previous
)

select
    window_name,
    cast(floor(cast(sum(date_diff('millisecond', unknown_from, unknown_to)) as double) / 60000)
        as bigint) as minutes
from inside
group by window_name
order by window_name
