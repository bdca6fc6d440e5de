-- answers: Which artists are skipped most, of those with ten plays or more that an export tells of?
-- grain: one row per artist, the first 50
-- params: -
-- feeds: -
-- version: 1
-- whole: month_tracks, because a rate is over all plays ever
select
    lower(trim(artist_name)) as artist,
    cast(sum(plays) as bigint) as plays,
    cast(sum(case when skipped then plays else 0 end) as bigint) as skips,
    cast(floor(cast(1000 * sum(case when skipped then plays else 0 end) as double) / sum(plays)) as bigint)
        as skipped_permille
from month_tracks
where skipped is not null and kind = 'music'
group by lower(trim(artist_name))
having sum(plays) >= 10
order by skipped_permille desc, plays desc, artist
limit 50
