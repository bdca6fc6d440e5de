-- answers: How many songs, artists and albums were played for the first time in each window?
-- grain: one row per window and period with a debut
-- params: p_to, p_month_from, p_lasting, p_kinds, p_incognito, p_seconds, p_done
-- feeds: windows.new_artists, windows.new_tracks, windows.new_albums, years
-- version: 4
with heard as (
    select day, day as first_day, track_uri, context_id, kind, is_done, heard_seconds, incognito, plays
    from month_tracks where month >= :p_month_from and day < :p_to
    union all
    select null as day, first_day, track_uri, null as context_id, 'music' as kind, true as is_done,
        null as heard_seconds, false as incognito, plays
    from all_time where :p_lasting
),

counted as (
    select day, first_day, song_no, artist_no, album_no, plays
    from heard
    left join songs on songs.track_uri = heard.track_uri
    where strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and heard.track_uri not in (select key from exclusions)
        and coalesce(context_id, '') not in (select key from exclusions)
        and coalesce(day, '') not in (select key from exclusions)
),

firsts as (
    select case when grouping(song_no) = 0 then 'song' when grouping(album_no) = 0 then 'album' else 'artist' end
        as what,
        case when grouping(song_no) = 0 then song_no when grouping(album_no) = 0 then album_no else artist_no end
        as thing,
        min(first_day) as first_day
    from counted
    group by grouping sets ((song_no), (artist_no), (album_no))
),

dated as (
    select what, first_day, count(*) as things
    from firsts
    where thing is not null
    group by what, first_day
)

select
    window_name,
    is_previous,
    cast(sum(case when what = 'artist' then things else 0 end) as bigint) as new_artists,
    cast(sum(case when what = 'song' then things else 0 end) as bigint) as new_tracks,
    cast(sum(case when what = 'album' then things else 0 end) as bigint) as new_albums
from dated
join windows on dated.first_day between windows.first_day and windows.last_day
group by window_name, is_previous
order by window_name, is_previous
