-- answers: Which songs were played just once, which are forgotten, and which came back after half a year?
-- grain: one row per song, the first ten of each: once, forgotten, back
-- params: p_to, p_month_from, p_lasting, p_kinds, p_incognito, p_seconds, p_done
-- feeds: one_hit_wonders, forgotten, back_after
-- version: 4
with known as (
    select day, day as first_day, day as last_day, track_uri, context_id, kind, is_done, heard_seconds, incognito, plays
    from month_tracks where month >= :p_month_from and day < :p_to
    union all -- by the year, but for the year in which what is recent begins
    select null as day, first_day, last_day, track_uri, null as context_id, 'music' as kind, true as is_done,
        null as heard_seconds, false as incognito, plays from all_years
    where :p_lasting and year < substr(cast(cast(cast(:p_to as date) - interval '90' day as date) as varchar), 1, 4)
    union all
    select null as day, first_day, last_day, track_uri, null as context_id, 'music' as kind, true as is_done,
        null as heard_seconds, false as incognito, plays from recent_tracks
    where :p_lasting and month >= substr(cast(cast(cast(:p_to as date) - interval '90' day as date) as varchar), 1, 4)
),
dated as (
    select song_no, plays, first_day, last_day,
        first_day >= cast(cast(cast(:p_to as date) - interval '90' day as date) as varchar) as is_recent
    from known
    left join songs on songs.track_uri = known.track_uri
    where strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and known.track_uri not in (select key from exclusions)
        and coalesce(context_id, '') not in (select key from exclusions)
        and coalesce(day, '') not in (select key from exclusions)
),
songs_played as (
    select song_no, cast(sum(plays) as bigint) as plays, max(last_day) as last_day, count(*) over () as songs,
        cast(sum(case when is_recent then plays end) as bigint) as recent_plays,
        min(case when is_recent then first_day end) as back_on,
        max(case when not is_recent then last_day end) as last_before
    from dated group by song_no
),
-- a song that comes back has not been played for half a year, so what is recent of it is all since then
told as (
    select 'once' as what, song_no, plays, 0 as silent_days, last_day as day, songs, 0 as size
    from songs_played where plays = 1
    union all
    select 'forgotten' as what, song_no, plays, 0 as silent_days, last_day as day, songs, plays as size
    from songs_played where plays >= 10 and date_diff('day', cast(last_day as date), cast(:p_to as date)) > 365
    union all
    select 'back' as what, song_no, recent_plays as plays,
        date_diff('day', cast(last_before as date), cast(back_on as date)) - 1 as silent_days, back_on as day,
        0 as songs, date_diff('day', cast(last_before as date), cast(back_on as date)) - 1 as size
    from songs_played where date_diff('day', cast(last_before as date), cast(back_on as date)) - 1 >= 183
),
ranked as (
    select told.*, count(*) over (partition by what) as found,
        row_number() over (partition by what order by size desc, day desc, song_no) as nth
    from told
)
select what, nth, song_no, plays, silent_days, day, found, songs
from ranked
where nth <= 10
order by what, nth
