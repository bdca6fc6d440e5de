-- answers: What was played on p_from or later?
-- grain: one row per track URI with the names it was observed under, if a play of it counts
-- params: p_from
-- feeds: -
-- version: 1
select
    d.track_uri,
    d.track_name,
    d.artist_name
from day_tracks d
where d.day >= :p_from
    and d.kind = 'music'
    and not d.incognito
    and d.heard in ('done', 'long', 'unknown')
group by d.track_uri, d.track_name, d.artist_name
order by d.track_uri, d.track_name, d.artist_name
