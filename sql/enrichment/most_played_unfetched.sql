-- answers: Which artists and tracks should Spotify be asked for next?
-- grain: one row per artist never fetched that leads a counted play, then per counted track known from exports alone
-- params: p_limit
-- feeds: -
-- version: 1
-- whole: day_tracks, artists, tracks: what to fetch next is decided over all plays ever and all versions of an entity
with
    counted as (
        select
            d.track_uri,
            lower(trim(d.artist_name)) as artist_key,
            cast(sum(d.plays) as bigint) as plays
        from day_tracks d
        where d.kind = 'music' and not d.incognito and d.heard in ('done', 'long', 'unknown')
        group by d.track_uri, lower(trim(d.artist_name))
    ),
    unfetched_artists as (
        select a.artist_id
        from artists a
        group by a.artist_id
        having max(a.grade_rank) < 3
    ),
    artist_keys as (
        select distinct a.artist_id, lower(trim(a.name)) as artist_key
        from artists a
        join unfetched_artists u on u.artist_id = a.artist_id
    ),
    stub_tracks as (
        select t.track_uri
        from tracks t
        group by t.track_uri
        having max(t.grade_rank) = 1
    ),
    candidates as (
        select 1 as turn, k.artist_id as entity_id, cast(sum(c.plays) as bigint) as plays
        from artist_keys k
        join counted c on c.artist_key = k.artist_key
        group by k.artist_id
        union all
        select 2 as turn, s.track_uri as entity_id, cast(sum(c.plays) as bigint) as plays
        from stub_tracks s
        join counted c on c.track_uri = s.track_uri
        group by s.track_uri
    )
select
    c.entity_id,
    c.plays,
    count(*) over () as unfetched
from candidates c
order by c.turn, c.plays desc, c.entity_id
limit :p_limit
