-- answers: What were tracks called in plays that count, of which metadata lacks title, artist or album?
-- grain: one row per track
-- params: p_lasting, p_month_from
-- feeds: -
-- version: 3
-- whole: track_versions, because a name may have been learned at any time
with seen as (
    select track_uri, track_name, artist_name, album_name
    from all_time
    where :p_lasting
    union all
    select track_uri, track_name, artist_name, album_name
    from month_tracks
    where month >= :p_month_from
        -- what counts by the default policy, unless there is another one
        and (not :p_lasting or (kind = 'music' and not incognito
            and (heard_seconds is null or heard_seconds >= 30 or is_done)))
)

select
    track_uri,
    max(track_name) as track_name,
    max(artist_name) as artist_name,
    max(album_name) as album_name
from seen
where track_uri not in (
    select track_uri
    from track_versions
    group by track_uri
    having count(artist_name) = count(*) and count(album) = count(*))
group by track_uri
order by track_uri
