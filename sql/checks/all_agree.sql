-- answers: Of which closed months do the tables of all closed months tell something else than the months?
-- grain: one row per month or year that is wrong, or all of them, and table
-- params: p_month_from, p_month_to
-- feeds: -
-- version: 5
with told as (
    select 'plays' as what, 'month_tracks' as source, month, plays, ms
    from month_tracks where month >= :p_month_from and month <= :p_month_to
        -- what counts by the default policy
        and kind = 'music' and not incognito and (heard_seconds is null or heard_seconds >= 30 or is_done)
    union all
    select 'plays' as what, 'all_tracks' as source, month, plays, ms from all_tracks
    union all
    select 'plays' as what, 'recent_tracks' as source, month, plays, ms from recent_tracks
    union all
    select 'plays' as what, 'all_contexts' as source, month, plays, ms from all_contexts
    union all
    select 'plays' as what, 'all_hours' as source, substr(day, 1, 7) as month, plays, ms from all_hours
    union all
    select 'years' as what, 'all_tracks' as source, substr(month, 1, 4) as month, plays, ms from all_tracks
    union all
    select 'years' as what, 'all_years' as source, year as month, plays, ms from all_years
    union all
    select 'time' as what, 'all_tracks' as source, '' as month, plays, ms from all_tracks
    union all
    select 'time' as what, 'all_time' as source, '' as month, plays, ms from all_time
    union all
    select 'ways' as what, 'month_ways' as source, month, plays, ms
    from month_ways where month >= :p_month_from and month <= :p_month_to
    union all
    select 'ways' as what, 'all_ways' as source, substr(day, 1, 7) as month, plays, ms from all_ways
    union all
    select 'sessions' as what, 'month_sessions' as source, month, plays, ms
    from month_sessions where month >= :p_month_from and month <= :p_month_to
    union all
    select 'sessions' as what, 'all_sessions' as source, substr(day, 1, 7) as month, plays, ms from all_sessions
    union all
    select 'binges' as what, 'month_binges' as source, month, plays, 0 as ms
    from month_binges where month >= :p_month_from and month <= :p_month_to
    union all
    select 'binges' as what, 'all_binges' as source, substr(day, 1, 7) as month, plays, 0 as ms from all_binges
),
summed as (
    select what, month, source, cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms
    from told
    where month >= substr(:p_month_from, 1, case what when 'time' then 0 when 'years' then 4 else 7 end)
        and month <= substr(:p_month_to, 1, case what when 'time' then 0 when 'years' then 4 else 7 end)
    group by what, month, source
),
compared as (
    select summed.*, count(*) over (partition by what, month) as tables,
        min(plays) over (partition by what, month) as least, max(plays) over (partition by what, month) as most,
        min(ms) over (partition by what, month) as least_ms, max(ms) over (partition by what, month) as most_ms,
        min(case when source = 'recent_tracks' then month end) over () as recent_from
    from summed
)
select what, case when what = 'time' then 'all' else month end as month_name, source, plays, ms from compared
where least <> most or least_ms <> most_ms
    or tables <> case when what <> 'plays' then 2 when month >= recent_from then 5 else 4 end
order by what, month, source
