-- answers: Which recording codes belong to several tracks?
-- grain: one row per code
-- params: -
-- feeds: -
-- version: 1
-- whole: track_versions, because a code may have been learned at any time
select
    isrc,
    count(distinct track_uri) as tracks,
    min(name) as one_title,
    max(name) as other_title,
    max(artist_name) as artist
from track_versions
where isrc is not null
group by isrc
having count(distinct track_uri) > 1
order by tracks desc, isrc
