-- answers: What was played at three in the morning, local time?
-- grain: one row per song, the first 50
-- params: -
-- feeds: -
-- version: 1
-- whole: month_quarters, because every night counts
select
    max(name) as song,
    max(artist_name) as artist,
    cast(sum(plays) as bigint) as plays,
    count(distinct day) as nights,
    max(day) as last_night
from month_quarters
left join songs on songs.track_uri = month_quarters.track_uri
where local_hour = 3 and kind = 'music'
group by coalesce(song_uri, month_quarters.track_uri)
order by plays desc, last_night desc, song, artist
limit 50
