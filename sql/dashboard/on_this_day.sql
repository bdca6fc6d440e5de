-- answers: What was played on this day of the ten years before?
-- grain: one row per year with a play on that day; the 29th of February has leap years only
-- params: p_d1, p_d2, p_d3, p_d4, p_d5, p_d6, p_d7, p_d8, p_d9, p_d10, p_kinds, p_incognito, p_seconds, p_done
-- feeds: on_this_day
-- version: 2
-- p_d1 to p_d10 are that day of each of these years, whether there was one or not: no other partition is read
with heard as (
    select day, track_uri, plays, ms
    from day_tracks
    where day >= :p_d10 and day in (:p_d1, :p_d2, :p_d3, :p_d4, :p_d5, :p_d6, :p_d7, :p_d8, :p_d9, :p_d10)
        and strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and track_uri not in (select key from exclusions)
        and coalesce(context_id, '') not in (select key from exclusions)
        and day not in (select key from exclusions)
),

that_day as (
    select day, coalesce(song_uri, heard.track_uri) as song, plays, ms
    from heard
    left join songs on songs.track_uri = heard.track_uri
),

summed as (
    select day, song, cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms
    from that_day
    group by day, song
),

ranked as (
    select day, song, plays as track_plays,
        cast(sum(plays) over (partition by day) as bigint) as all_plays,
        row_number() over (partition by day order by plays desc, ms desc, song) as nth
    from summed
)

select day, all_plays as plays, song as track_uri, track_plays
from ranked
where nth = 1
order by day desc
