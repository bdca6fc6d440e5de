-- answers: How much was played in each window, and in the equal window just before it?
-- grain: one row per window and period with a play
-- params: p_to, p_month_from, p_lasting, p_lasting_from, p_kinds, p_incognito, p_seconds, p_done
-- feeds: windows, years, totals
-- version: 2
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
)

select
    window_name,
    is_previous,
    min(first_day) as first_day,
    cast(sum(plays) as bigint) as plays,
    cast(floor(cast(sum(ms) as double) / 60000) as bigint) as minutes,
    cast(floor(cast(sum(ms_estimated) as double) / 60000) as bigint) as minutes_estimated,
    count(distinct song) as tracks,
    count(distinct artist) as artists,
    count(distinct artist || chr(10) || album) as albums
from placed
group by window_name, is_previous
order by window_name, is_previous
