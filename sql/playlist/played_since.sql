-- answers: Which songs were played on p_from or later, so that a play of them counts, or are left out by the policy?
-- grain: one row per track of such a song, with each pair of names that it is known by
-- params: p_from, p_month_from, p_kinds, p_incognito, p_seconds, p_done
-- feeds: -
-- version: 2
with heard as (
    select track_uri, track_name, artist_name
    from month_tracks
    where month >= :p_month_from and day >= :p_from
        and strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and coalesce(context_id, '') not in (select key from exclusions)
        and day not in (select key from exclusions)
),

heard_songs as (
    select coalesce(song_uri, track_uri) as song
    from songs
    where track_uri in (select track_uri from heard) or track_uri in (select key from exclusions)
),

known as (
    select track_uri, track_name, artist_name
    from heard
    union all
    select track_uri, name as track_name, artist_name
    from songs
    where coalesce(song_uri, track_uri) in (select song from heard_songs)
    union all
    select key as track_uri, cast(null as varchar) as track_name, cast(null as varchar) as artist_name
    from exclusions
    where strpos(key, 'spotify:') = 1
)

select track_uri, track_name, artist_name
from known
group by track_uri, track_name, artist_name
order by track_uri, track_name, artist_name
