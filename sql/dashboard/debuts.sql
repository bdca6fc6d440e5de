-- answers: How many songs, artists and albums were played for the first time in each window?
-- grain: one row per window and period with a debut
-- params: p_to, p_month_from, p_lasting, p_lasting_from, p_kinds, p_incognito, p_seconds, p_done
-- feeds: windows.new_artists, windows.new_tracks, windows.new_albums, years
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

firsts as (
    select 'artist' as what, artist as thing, min(first_day) as first_day
    from counted where is_lasting group by artist
    union all
    select 'song' as what, song as thing, min(first_day) as first_day
    from counted where is_lasting group by song
    union all
    select 'album' as what, artist || chr(10) || album as thing, min(first_day) as first_day
    from counted where is_lasting group by artist || chr(10) || album
)

select
    window_name,
    is_previous,
    count(*) filter (where what = 'artist') as new_artists,
    count(*) filter (where what = 'song') as new_tracks,
    count(*) filter (where what = 'album') as new_albums
from firsts
join windows on firsts.first_day between windows.first_day and windows.last_day
where thing is not null
group by window_name, is_previous
order by window_name, is_previous
