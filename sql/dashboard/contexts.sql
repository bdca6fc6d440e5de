-- answers: From which playlists, albums, artists and collections were most plays in each window?
-- grain: one row per window and context, the first 10; plays without a context are in the whole only
-- params: p_month_from, p_open, p_day_months, p_lasting, p_kinds, p_incognito, p_seconds, p_done
-- feeds: windows.top_contexts, years
-- version: 4
with heard as (
    -- by day; where sums of months cannot tell which tracks they have, also what they stand for
    select substr(day, 1, size) as bucket, track_uri, context_type, context_id, kind, is_done, heard_seconds, incognito,
        plays, ms
    from month_tracks cross join (values (0), (4), (7), (10)) as all_year_month_and_day (size)
    where month >= :p_month_from and ((size = 10 and strpos(:p_day_months, month) > 0)
        or (not :p_lasting and (size = 10 or month < :p_open)))
    union all
    select substr(month, 1, size) as bucket, null as track_uri, context_type, context_id, 'music' as kind,
        true as is_done, null as heard_seconds, false as incognito, plays, ms
    from all_contexts cross join (values (0), (4), (7)) as all_year_and_month (size)
    where :p_lasting
),

counted as (
    select part, context_type, context_id, plays, ms
    from heard
    join window_parts on window_parts.bucket = heard.bucket
    where strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and coalesce(track_uri, '') not in (select key from exclusions)
        and coalesce(context_id, '') not in (select key from exclusions)
        and heard.bucket not in (select key from exclusions)
),

summed as (
    select part, context_type, context_id, cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms
    from counted
    group by part, context_type, context_id
),

ranked as (
    select summed.*,
        cast(sum(plays) over (partition by part) as bigint) as whole,
        rank() over (partition by part, context_type is null order by plays desc) as place,
        row_number() over (partition by part, context_type is null
            order by plays desc, ms desc, context_type, context_id) as nth
    from summed
)

select windows.window_name, now.context_type, now.context_id, now.nth, now.place, past.place as prev_place, now.plays,
    cast(floor(cast(now.ms as double) / 60000) as bigint) as minutes,
    cast(floor(cast(1000 * now.plays as double) / now.whole) as bigint) as share_permille
from windows
join ranked as now on now.part = windows.part and not windows.is_previous
left join windows as before on before.window_name = windows.window_name and before.is_previous
left join ranked as past on past.part = before.part and past.context_type = now.context_type
    and coalesce(past.context_id, '') = coalesce(now.context_id, '')
where now.context_type is not null and now.nth <= 10
order by windows.window_name, now.nth
