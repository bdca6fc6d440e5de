-- answers: How much was played in each window, and in the equal window just before it?
-- grain: one row per window and period with a play
-- params: p_month_from, p_day_months, p_lasting, p_years, p_whole, p_kinds, p_incognito, p_seconds, p_done
-- feeds: windows, years, totals
-- version: 7
with heard as (
    select day as bucket, track_uri, context_id, kind, is_done, heard_seconds, incognito, plays, ms, ms_estimated
    from month_tracks where month >= :p_month_from and strpos(:p_day_months, month) > 0
    union all
    select month as bucket, track_uri, null as context_id, 'music' as kind, true as is_done, null as heard_seconds,
        false as incognito, plays, ms, ms_estimated from recent_tracks where :p_lasting
    union all
    select year as bucket, track_uri, null as context_id, 'music' as kind, true as is_done, null as heard_seconds,
        false as incognito, plays, ms, ms_estimated from all_years where :p_years
    union all
    select '' as bucket, track_uri, null as context_id, 'music' as kind, true as is_done, null as heard_seconds,
        false as incognito, plays, ms, ms_estimated from all_time where :p_whole
),
counted as (
    select cast(part as integer) as part, cast(song_no as integer) as song_no, cast(artist_no as integer) as artist_no,
        cast(album_no as integer) as album_no, release_year, genres, plays, ms, ms_estimated
    from heard join window_parts on window_parts.bucket = heard.bucket
    left join songs on songs.track_uri = heard.track_uri
    where strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and heard.track_uri not in (select key from exclusions) and heard.bucket not in (select key from exclusions)
        and coalesce(context_id, '') not in (select key from exclusions)
),
summed as (
    select part, cast(sum(plays) as bigint) as plays,
        cast(floor(cast(sum(ms) as double) / 60000) as bigint) as minutes,
        cast(floor(cast(sum(ms_estimated) as double) / 60000) as bigint) as minutes_estimated
    from counted group by part
),
-- numbered 3, 5 and 6 after the part
things as (
    select list, thing
    from (select 8 * part + sort as list, case sort when 3 then song_no when 5 then artist_no else album_no end as thing
        from counted cross join (values (3), (5), (6)) as sorts (sort)) as placed
    where thing is not null group by list, thing
),
numbers as (select list, count(*) as things from things group by list)

select window_name, is_previous, plays, minutes, minutes_estimated, coalesce(tracks.things, 0) as tracks,
    coalesce(artists.things, 0) as artists, coalesce(albums.things, 0) as albums
from windows
join summed on summed.part = windows.part
left join numbers as tracks on tracks.list = 8 * windows.part + 3
left join numbers as artists on artists.list = 8 * windows.part + 5
left join numbers as albums on albums.list = 8 * windows.part + 6
order by window_name, is_previous
