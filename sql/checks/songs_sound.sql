-- answers: Which tracks of these months are in no song, which are there twice, which are the song of others alone?
-- grain: one row per track that is wrong, and fault
-- params: p_month_from, p_months
-- feeds: -
-- version: 4
with told as (
    select case n when 1 then track_uri else song_uri end as track_uri, 0 as played,
        case when n = 1 then 1 else 0 end as times, case when n = 1 and name is null then 1 else 0 end as nameless,
        case when n = 1 and song_uri is null then 1 else 0 end as stands, case when n = 2 then 1 else 0 end as meant
    from songs cross join (values (1), (2)) as sides (n)
    where n = 1 or song_uri is not null
    union all
    select track_uri, 1 as played, 0 as times, 0 as nameless, 0 as stands, 0 as meant
    from month_tracks
    where month >= :p_month_from and strpos(:p_months, month) > 0
        -- what counts by the default policy
        and kind = 'music' and not incognito and (heard_seconds is null or heard_seconds >= 30 or is_done)
),

summed as (
    select track_uri, max(played) as played, cast(sum(times) as bigint) as times, max(nameless) as nameless,
        max(stands) as stands, max(meant) as meant
    from told group by track_uri
)

select fault, track_uri, times
from summed
cross join (values ('played but unknown'), ('there twice'), ('its song is no song')) as faults (fault)
where (fault = 'played but unknown' and played = 1 and times = 0)
    or (fault = 'there twice' and times > 0 and (times > 1 or nameless = 1 or track_uri is null))
    or (fault = 'its song is no song' and meant = 1 and stands = 0)
order by fault, track_uri
