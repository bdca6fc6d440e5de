-- answers: Which artists and tracks should Spotify be asked for next? Days and contexts left out count in older months.
-- grain: one row per artist never fetched that leads a counted play, then per counted track known from exports alone
-- params: p_limit, p_month_from, p_dt_from, p_kinds, p_incognito, p_seconds, p_done
-- feeds: -
-- version: 3
-- whole: artist_versions, track_versions: what to fetch next is decided over all versions of an entity
with heard as (
    select track_uri, artist_name, 'music' as kind, true as is_done, null as heard_seconds, false as incognito, plays
    from all_tracks
    where month < :p_month_from
    union all
    select track_uri, artist_name, kind, is_done, heard_seconds, incognito, plays
    from month_tracks
    where month >= :p_month_from
        and coalesce(context_id, '') not in (select key from exclusions)
        and day not in (select key from exclusions)
),
counted as (
    select track_uri, lower(trim(artist_name)) as artist_key, cast(sum(plays) as bigint) as plays
    from heard
    where strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and track_uri not in (select key from exclusions)
    group by track_uri, lower(trim(artist_name))
),
known_artists as (
    select artist_id, name, grade_rank from artist_versions
    union all
    select artist_id, name, grade_rank from artists where dt >= :p_dt_from
),
known_tracks as (
    select track_uri, grade_rank from track_versions
    union all
    select track_uri, grade_rank from tracks where dt >= :p_dt_from
),
artist_keys as (
    select distinct artist_id, lower(trim(name)) as artist_key
    from known_artists
    where artist_id in (select artist_id from known_artists group by artist_id having max(grade_rank) < 3)
),
candidates as (
    select 1 as turn, artist_id as entity_id, cast(sum(plays) as bigint) as plays
    from artist_keys
    join counted on counted.artist_key = artist_keys.artist_key
    group by artist_id
    union all
    select 2 as turn, track_uri as entity_id, cast(sum(plays) as bigint) as plays
    from counted
    where track_uri in (select track_uri from known_tracks group by track_uri having max(grade_rank) = 1)
    group by track_uri
)
select entity_id, plays, count(*) over () as unfetched
from candidates
order by turn, plays desc, entity_id
limit :p_limit
