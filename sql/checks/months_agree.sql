-- answers: On which days do the months tell of something else than the days?
-- grain: one row per local day that is wrong, and table
-- params: p_from, p_to, p_days, p_month_from, p_months
-- feeds: -
-- version: 3
with told as (
    select 'plays' as what, 'day_tracks' as source, day, plays, ms, ms_estimated
    from day_tracks where day >= :p_from and day < :p_to and (:p_days = '' or strpos(:p_days, day) > 0)
    union all
    select 'plays' as what, 'month_tracks' as source, day, plays, ms, ms_estimated
    from month_tracks where month >= :p_month_from and strpos(:p_months, month) > 0
    union all
    select 'plays' as what, 'month_ways' as source, day, plays, ms, ms_estimated
    from month_ways where month >= :p_month_from and strpos(:p_months, month) > 0
    union all
    select 'plays' as what, 'month_quarters' as source, day, plays, ms, ms_estimated
    from month_quarters where month >= :p_month_from and strpos(:p_months, month) > 0
    union all
    select 'plays' as what, 'month_hours' as source, day, plays, ms, ms_estimated
    from month_hours where month >= :p_month_from and strpos(:p_months, month) > 0
    union all
    select 'sessions' as what, 'day_sessions' as source, day, plays, ms, lead_ms as ms_estimated
    from day_sessions where day >= :p_from and day < :p_to and (:p_days = '' or strpos(:p_days, day) > 0)
    union all
    select 'sessions' as what, 'month_sessions' as source, day, plays, ms, lead_ms as ms_estimated
    from month_sessions where month >= :p_month_from and strpos(:p_months, month) > 0
    union all
    select 'music' as what, 'month_tracks' as source, day, plays, ms, 0 as ms_estimated
    from month_tracks
    where month >= :p_month_from and strpos(:p_months, month) > 0 and kind = 'music' and not incognito
    union all
    select 'music' as what, 'month_sessions' as source, day, plays, ms, 0 as ms_estimated
    from month_sessions where month >= :p_month_from and strpos(:p_months, month) > 0
    union all
    select 'binges' as what, 'day_binges' as source, day, plays, 0 as ms, 0 as ms_estimated
    from day_binges where day >= :p_from and day < :p_to and (:p_days = '' or strpos(:p_days, day) > 0)
    union all
    select 'binges' as what, 'month_binges' as source, day, plays, 0 as ms, 0 as ms_estimated
    from month_binges where month >= :p_month_from and strpos(:p_months, month) > 0
),
summed as (
    select what, day, source, cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms,
        cast(sum(ms_estimated) as bigint) as ms_estimated
    from told group by what, day, source
),
compared as (
    select summed.*, count(*) over (partition by what, day) as tables,
        min(plays) over (partition by what, day) as least, max(plays) over (partition by what, day) as most,
        min(ms) over (partition by what, day) as least_ms, max(ms) over (partition by what, day) as most_ms,
        min(ms_estimated) over (partition by what, day) as least_estimated,
        max(ms_estimated) over (partition by what, day) as most_estimated
    from summed
)
select what, day, source, plays, ms, ms_estimated from compared
where least <> most or least_ms <> most_ms or least_estimated <> most_estimated
    -- the tables of days are asked for some days only; of all others those of months are compared with each other
    or tables <> case what when 'plays' then 4 when 'music' then 2 else 1 end
        + case when what <> 'music' and day >= :p_from and day < :p_to and (:p_days = '' or strpos(:p_days, day) > 0)
            then 1 else 0 end
order by what, day, source
