-- answers: Which songs were played just once, which are forgotten, and which came back after half a year?
-- grain: one row per song, the first ten of each: once, forgotten, back
-- params: p_to, p_month_from, p_lasting, p_lasting_from, p_kinds, p_incognito, p_seconds, p_done
-- feeds: one_hit_wonders, forgotten, back_after
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

monthly as (
    select song, month, cast(sum(plays) as bigint) as plays, min(first_day) as first_day, max(last_day) as last_day
    from counted where is_lasting group by song, month
),

spaced as (
    select song, plays, first_day, last_day,
        date_diff('day', cast(lag(last_day) over (partition by song order by month) as date), cast(first_day as date))
            - 1 as silent_days
    from monthly
),

songs_played as (
    select song, cast(sum(plays) as bigint) as plays, max(last_day) as last_day, count(*) over () as songs
    from spaced group by song
),

told as (
    select 'once' as what, song, plays, 0 as silent_days, last_day as day, songs, 0 as size
    from songs_played where plays = 1
    union all
    select 'forgotten' as what, song, plays, 0 as silent_days, last_day as day, songs, plays as size
    from songs_played where plays >= 10 and date_diff('day', cast(last_day as date), cast(:p_to as date)) > 365
    union all
    select 'back' as what, song, plays, silent_days, first_day as day, 0 as songs, silent_days as size
    from spaced where silent_days >= 183 and date_diff('day', cast(first_day as date), cast(:p_to as date)) <= 90
),

ranked as (
    select told.*, count(*) over (partition by what) as found,
        row_number() over (partition by what order by size desc, day desc, song) as nth
    from told
)

select what, nth, song as track_uri, plays, silent_days, day, found, songs
from ranked
where nth <= 10
order by what, nth
