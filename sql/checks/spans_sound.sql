-- answers: Which gaps or windows end before they begin, overlap what they must not, or lie outside all time?
-- grain: one row per gap or window that is wrong
-- params: -
-- feeds: -
-- version: 1
with ordered as (
    select after, before, gap_class, lost_min, lost_max,
        lag(before) over (order by after, before) as gap_before_ends
    from gaps
),

whole as (
    select first_day, last_day, count(*) over () as times
    from windows
    where window_name = 'all'
),

beside as (
    select windows.*, previous.last_day as previous_last_day, whole.first_day as whole_first_day,
        whole.last_day as whole_last_day, whole.times as wholes,
        count(*) over (partition by windows.window_name, windows.is_previous) as times
    from windows
    left join whole on windows.window_name <> ''
    left join windows as previous on previous.window_name = windows.window_name and previous.is_previous
        and not windows.is_previous
)

select 'gap' as what, gap_class as name, after as begins, before as ends
from ordered
where after >= before or gap_before_ends > after or lost_min < 0 or lost_min > lost_max
    or coalesce(gap_class, '') not in ('possible', 'certain')
union all
select 'window' as what, window_name as name, starts_at as begins, ends_at as ends
from beside
where starts_at >= ends_at or first_day > last_day or times > 1 or coalesce(wholes, 0) <> 1
    or (first_day < whole_first_day and not is_previous) or last_day > whole_last_day
    or (window_name in ('1d', '7d', '30d', '90d', '365d') and not is_previous and last_day <> whole_last_day)
    or previous_last_day >= first_day
order by what, begins, ends, name
