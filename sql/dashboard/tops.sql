-- answers: Which songs, artists and albums were played most, and longest, in each window?
-- grain: one row per window and song, artist (by name) or album (by both names), the first 25 by plays or by time
-- params: p_to, p_month_from, p_lasting, p_lasting_from, p_kinds, p_incognito, p_seconds, p_done
-- feeds: windows.top_tracks, windows.top_artists, windows.top_albums, windows.sentence, years
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
    select window_name, is_previous, max(before_name) as before_name, grouping(song, artist, album) as sort,
        artist, album, coalesce(song, min(track_uri)) as track_uri,
        coalesce(song, artist || coalesce(chr(10) || album, '')) as thing,
        cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms
    from placed where not is_previous or before_name = window_name
    group by window_name, is_previous, grouping sets ((song), (artist), (artist, album))
),
ranked as (
    select summed.*,
        cast(sum(case when sort = 3 then plays end) over (partition by window_name, is_previous) as double) as whole,
        cast(sum(case when sort = 3 then ms end) over (partition by window_name, is_previous) as double) as all_ms,
        rank() over (partition by window_name, is_previous, sort order by plays desc) as place,
        rank() over (partition by window_name, is_previous, sort order by ms desc) as place_by_time
    from summed where sort = 3 or (artist is not null and (sort = 5 or album is not null))
),
listed as (
    select ranked.*,
        row_number() over (partition by window_name, sort order by plays desc, ms desc, thing) as nth,
        row_number() over (partition by window_name, sort order by ms desc, plays desc, thing) as nth_time
    from ranked where not is_previous and (place <= 25 or place_by_time <= 25)
)
select now.window_name, now.sort, now.track_uri, now.nth, now.nth_time, now.place, now.place_by_time,
    now.plays, cast(floor(cast(now.ms as double) / 60000) as bigint) as minutes,
    cast(floor(cast(1000 * now.plays as double) / now.whole) as bigint) as share_permille,
    cast(floor(cast(1000 * now.ms as double) / nullif(now.all_ms, 0)) as bigint) as time_permille,
    past.place as prev_place, past.place_by_time as prev_place_by_time, past.plays as prev_plays
from listed as now
left join ranked as past on past.window_name = now.before_name and past.sort = now.sort and past.thing = now.thing
    and past.is_previous = (now.before_name = now.window_name)
where now.nth <= 25 or now.nth_time <= 25
order by now.window_name, now.sort, now.nth
