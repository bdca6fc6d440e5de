-- answers: Which genres were played most in each window, and music of which decades?
-- grain: one row per window and genre (of the first artist; the first 10 by plays), and one per window and decade
-- params: p_to, p_month_from, p_lasting, p_lasting_from, p_kinds, p_incognito, p_seconds, p_done
-- feeds: windows.top_genres, windows.eras, years
-- version: 1
with heard as (
    select month, day, day as first_day, day as last_day, track_uri, context_type, context_id,
        kind, is_done, heard_seconds, incognito, plays, ms, ms_estimated
    from month_tracks where month >= :p_month_from and day < :p_to
    union all
    select month, null as day, first_day, last_day, track_uri, null as context_type, null as context_id,
        'music' as kind, true as is_done, null as heard_seconds, false as incognito, plays, ms, ms_estimated
    from all_tracks where :p_lasting
),

counted as (
    select heard.*, day is null or month >= :p_lasting_from as is_lasting,
        coalesce(song_uri, heard.track_uri) as song, lower(trim(artist_name)) as artist, lower(trim(album)) as album
    from heard
    left join songs on songs.track_uri = heard.track_uri
    where strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and heard.track_uri not in (select key from exclusions)
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
    select window_name, is_previous, label, case when number = 1 then 'era' else 'genre' end as what,
        cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms
    from placed left join songs on songs.track_uri = placed.track_uri
    cross join unnest(split(
        coalesce(cast(release_year - release_year % 10 as varchar), '') || coalesce('|' || genres, ''), '|'
    )) with ordinality as labels (label, number)
    group by window_name, is_previous, label, case when number = 1 then 'era' else 'genre' end
),

ranked as (
    select summed.*,
        cast(sum(case when what = 'era' then plays end)
            over (partition by window_name, is_previous) as bigint) as whole,
        rank() over (partition by window_name, is_previous, what order by plays desc) as place,
        row_number() over (partition by window_name, is_previous, what order by plays desc, ms desc, label) as nth
    from summed
),

matched as (
    select ranked.*, max(case when is_previous then place end) over (partition by window_name, what, label) as was
    from ranked
)

select
    window_name, what, label, nth, place, was as prev_place, plays,
    cast(floor(cast(ms as double) / 60000) as bigint) as minutes,
    cast(floor(cast(1000 * plays as double) / whole) as bigint) as share_permille
from matched
where not is_previous and (what = 'era' and label <> '' or what = 'genre' and nth <= 10)
order by window_name, what, nth
