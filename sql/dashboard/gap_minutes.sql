-- answers: For how many minutes of each window is it unknown what was played?
-- grain: one row per window that a gap reaches into
-- params: p_from_1d, p_from_7d, p_from_30d, p_from_90d, p_from_365d, p_from_all, p_to
-- feeds: windows.gap_minutes
-- version: 1
with windows (window_name, starts_at, ends_at) as (
    values ('1d', :p_from_1d, :p_to), ('7d', :p_from_7d, :p_to), ('30d', :p_from_30d, :p_to),
        ('90d', :p_from_90d, :p_to), ('365d', :p_from_365d, :p_to), ('all', :p_from_all, :p_to)
),

inside as (
    select
        window_name,
        case when after > starts_at then after else starts_at end as unknown_from,
        case when before < ends_at then before else ends_at end as unknown_to
    from gaps
    join windows on after < ends_at and before > starts_at
)

select
    window_name,
    cast(floor(cast(sum(date_diff('millisecond', unknown_from, unknown_to)) as double) / 60000)
        as bigint) as minutes
from inside
group by window_name
order by window_name
