-- answers: Which song and artist were played most in a row, and most in one day?
-- grain: one row per what (track or artist) and whether in a row
-- params: p_open, p_to
-- feeds: records
-- version: 1
-- what counts is fixed when a day is summarised; tracks and days that are left out are left out here
with binged as (
    select day, what, is_in_a_row, track_uri, plays, first_played_at from all_binges
    union all
    select day, what, is_in_a_row, track_uri, plays, first_played_at
    from month_binges where month >= :p_open and day < :p_to
),

ranked as (
    select day, what, is_in_a_row, plays,
        case when what = 'track' then coalesce(song_uri, binged.track_uri) else binged.track_uri end as uri,
        row_number() over (partition by what, is_in_a_row order by plays desc, first_played_at, binged.track_uri) as nth
    from binged
    left join songs on songs.track_uri = binged.track_uri
    where binged.track_uri not in (select key from exclusions) and day not in (select key from exclusions)
)

select what, is_in_a_row, uri as track_uri, plays, day
from ranked
where nth = 1
order by what, is_in_a_row
