-- answers: What was the most played song of each season, of all years together? Winter begins in December.
-- grain: one row per season and song, the first ten
-- params: -
-- feeds: -
-- version: 1
-- whole: month_tracks, because all years are asked for
with counted as (
    select
        case
            when substr(day, 6, 2) in ('12', '01', '02') then '1 winter'
            when substr(day, 6, 2) in ('03', '04', '05') then '2 spring'
            when substr(day, 6, 2) in ('06', '07', '08') then '3 summer'
            else '4 autumn'
        end as season,
        coalesce(song_uri, month_tracks.track_uri) as thing, name, songs.artist_name, plays
    from month_tracks
    left join songs on songs.track_uri = month_tracks.track_uri
    where kind = 'music'
),

ranked as (
    select season, max(name) as song, max(artist_name) as artist, cast(sum(plays) as bigint) as plays,
        row_number() over (partition by season order by sum(plays) desc, thing) as nth
    from counted
    group by season, thing
)

select season, nth, song, artist, plays
from ranked
where nth <= 10
order by season, nth
