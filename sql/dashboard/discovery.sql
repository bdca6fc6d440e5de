-- answers: How many plays of each run of seven days were of songs first played in it, how many of songs known before?
-- grain: one row per run with a play; 0 is the newest, the oldest holds what p_from leaves of it
-- params: p_to, p_month_from, p_lasting, p_lasting_from, p_kinds, p_incognito, p_seconds, p_done, p_from
-- feeds: discovery_weekly
-- version: 3
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
    select song_no, min(first_day) as first_day
    from counted
    where day is null or day >= :p_lasting_from
    group by song_no
),

aged as (
    select cast(floor(cast(date_diff('day', cast(day as date), cast(:p_to as date)) - 1 as double) / 7) as bigint)
        as weeks_ago,
        cast(floor(cast(date_diff('day', cast(firsts.first_day as date), cast(:p_to as date)) - 1 as double) / 7)
            as bigint) as weeks_known,
        plays
    from counted
    join firsts on firsts.song_no = counted.song_no
    where day >= :p_from
)

select
    weeks_ago,
    cast(sum(case when weeks_known = weeks_ago then plays else 0 end) as bigint) as new_plays,
    cast(sum(case when weeks_known > weeks_ago then plays else 0 end) as bigint) as known_plays
from aged
group by weeks_ago
order by weeks_ago
