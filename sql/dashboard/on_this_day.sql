-- answers: What was played on the day p_to of the ten years before?
-- grain: one row per year with a play on that day; the 29th of February has leap years only
-- params: p_to, p_m1, p_m2, p_m3, p_m4, p_m5, p_m6, p_m7, p_m8, p_m9, p_m10, p_kinds, p_incognito, p_seconds, p_done
-- feeds: on_this_day
-- version: 1
-- p_m1 to p_m10 are the month of p_to in the ten years before: named one by one, so that no other partition is read
with that_day as (
    select day, coalesce(song_uri, month_tracks.track_uri) as song, plays, ms
    from month_tracks
    left join songs on songs.track_uri = month_tracks.track_uri
    where month >= :p_m10
        and month in (:p_m1, :p_m2, :p_m3, :p_m4, :p_m5, :p_m6, :p_m7, :p_m8, :p_m9, :p_m10)
        and substr(day, 6, 5) = substr(:p_to, 6, 5)
        and strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and month_tracks.track_uri not in (select key from exclusions)
        and coalesce(context_id, '') not in (select key from exclusions)
        and day not in (select key from exclusions)
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
