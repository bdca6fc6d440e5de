-- answers: Which tracks of these months are in no song, which are there twice or belong to a song that is none?
-- grain: one row per track that is wrong, and fault
-- params: p_month_from, p_month_to
-- feeds: -
-- version: 2
with faults as (
    select 'played but unknown' as fault, track_uri, 1 as times
    from month_tracks
    where month >= :p_month_from and month <= :p_month_to
        -- what counts by the default policy
        and kind = 'music' and not incognito and (heard_seconds is null or heard_seconds >= 30 or is_done)
        and track_uri not in (select track_uri from songs where track_uri is not null)
    union all
    select 'there twice' as fault, track_uri, count(*) as times
    from songs
    group by track_uri
    having count(*) > 1 or track_uri is null or count(name) < count(*)
    union all
    select 'its song is no song' as fault, track_uri, 1 as times
    from songs
    where song_uri is not null
        and song_uri not in (select track_uri from songs where song_uri is null and track_uri is not null)
)

select fault, track_uri, max(times) as times
from faults
group by fault, track_uri
order by fault, track_uri
