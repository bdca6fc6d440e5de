-- answers: From which playlists, albums, artists and collections were most plays in each window?
-- grain: one row per window and context, the first 10; plays without a context are in the whole only
-- params: p_to, p_month_from, p_lasting, p_lasting_from, p_kinds, p_incognito, p_seconds, p_done
-- feeds: windows.top_contexts, years
-- version: 1
with heard as (
    select month, day, day as first_day, day as last_day, track_uri, context_type, context_id,
        kind, is_done, heard_seconds, incognito, plays, ms
    from month_tracks where month >= :p_month_from and day < :p_to
    union all
    select month, null as day, first_day, last_day, null as track_uri, context_type, context_id,
        'music' as kind, true as is_done, null as heard_seconds, false as incognito, plays, ms
    from all_contexts where :p_lasting
),

counted as (
    select heard.*, day is null or month >= :p_lasting_from as is_lasting
    from heard
    where strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and coalesce(track_uri, '') not in (select key from exclusions)
        and coalesce(context_id, '') not in (select key from exclusions)
        and coalesce(day, '') not in (select key from exclusions)
),

placed as (
    select window_name, is_previous, before_name, counted.*
    from counted
    join windows on case when windows.is_lasting then counted.is_lasting and month between first_month and last_month
        else day between windows.first_day and windows.last_day end
),

summed as (
    select window_name, is_previous, context_type, context_id,
        cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms
    from placed
    group by window_name, is_previous, context_type, context_id
),

ranked as (
    select summed.*,
        cast(sum(plays) over (partition by window_name, is_previous) as bigint) as whole,
        rank() over (partition by window_name, is_previous, context_type is null order by plays desc) as place,
        row_number() over (partition by window_name, is_previous, context_type is null
            order by plays desc, ms desc, context_type, context_id) as nth
    from summed
),

matched as (
    select ranked.*, max(case when is_previous then place end)
        over (partition by window_name, context_type, context_id) as prev_place
    from ranked
)

select
    window_name, context_type, context_id, nth, place, prev_place, plays,
    cast(floor(cast(ms as double) / 60000) as bigint) as minutes,
    cast(floor(cast(1000 * plays as double) / whole) as bigint) as share_permille
from matched
where not is_previous and context_type is not null and nth <= 10
order by window_name, nth
