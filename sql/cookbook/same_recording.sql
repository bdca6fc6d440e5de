-- answers: Which tracks are counted as one song, and how often was each played?
-- grain: one row per track of a song with two or more
-- params: -
-- feeds: -
-- version: 1
-- whole: month_tracks, because plays of all time are told
with played as (
    select track_uri, cast(sum(plays) as bigint) as plays
    from month_tracks
    group by track_uri
),

counted as (
    select coalesce(song_uri, track_uri) as song, track_uri, name, artist_name, album, release_year,
        count(*) over (partition by coalesce(song_uri, track_uri)) as tracks
    from songs
)

select song as song_uri, counted.track_uri, name, artist_name, album, release_year, coalesce(plays, 0) as plays
from counted
left join played on played.track_uri = counted.track_uri
where tracks > 1
order by artist_name, song, plays desc, counted.track_uri
