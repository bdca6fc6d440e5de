-- answers: How much was played in each window, and in the equal window just before it?
-- grain: one row per window and period with a play
-- params: p_month_from, p_day_months, p_lasting, p_kinds, p_incognito, p_seconds, p_done
-- feeds: windows, years, totals
-- version: 5
with heard as (
    select day as bucket, day as first_day, track_uri, context_id, kind, is_done, heard_seconds, incognito,
        plays, ms, ms_estimated
    from month_tracks where month >= :p_month_from and strpos(:p_day_months, month) > 0
    union all
    select month as bucket, first_day, track_uri, null as context_id, 'music' as kind, true as is_done,
        null as heard_seconds, false as incognito, plays, ms, ms_estimated
    from recent_tracks where :p_lasting
    union all
    select year as bucket, first_day, track_uri, null as context_id, 'music' as kind, true as is_done,
        null as heard_seconds, false as incognito, plays, ms, ms_estimated
    from all_years where :p_lasting
),

counted as (
    select cast(part as integer) as part, cast(song_no as integer) as song_no, cast(artist_no as integer) as artist_no,
        cast(album_no as integer) as album_no, first_day, release_year, genres, plays, ms, ms_estimated
    from heard join window_parts on window_parts.bucket = heard.bucket
    left join songs on songs.track_uri = heard.track_uri
    where strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and heard.track_uri not in (select key from exclusions)
        and coalesce(context_id, '') not in (select key from exclusions)
        and heard.bucket not in (select key from exclusions)
),

summed as (
    select
        part,
        cast(sum(plays) as bigint) as plays,
        cast(floor(cast(sum(ms) as double) / 60000) as bigint) as minutes,
        cast(floor(cast(sum(ms_estimated) as double) / 60000) as bigint) as minutes_estimated,
        count(distinct song_no) as tracks,
        count(distinct artist_no) as artists,
        count(distinct album_no) as albums
    from counted
    group by part
)

select window_name, is_previous, plays, minutes, minutes_estimated, tracks, artists, albums
from windows
join summed on summed.part = windows.part
order by window_name, is_previous
