-- answers: Which song and artist were played most in a row, and most in one day?
-- grain: one row per what (track or artist) and whether in a row
-- params: p_open, p_to
-- feeds: records
-- version: 2
-- what counts is fixed when a day is summarised; tracks and days that are left out are left out here
with binged as (
    select day, what, is_in_a_row, track_uri, plays, first_played_at from all_binges
    union all
    select day, what, is_in_a_row, track_uri, plays, first_played_at
    from month_binges where month >= :p_open and day < :p_to
),

kept as (
    select day, what, is_in_a_row, track_uri, plays, first_played_at
    from binged
    where track_uri not in (select key from exclusions) and day not in (select key from exclusions)
),

most as (
    select what, is_in_a_row, max(plays) as plays
    from kept
    group by what, is_in_a_row
),

ranked as (
    select kept.*,
        row_number() over (
            partition by kept.what, kept.is_in_a_row order by first_played_at, kept.track_uri) as nth
    from kept
    join most on most.what = kept.what and most.is_in_a_row = kept.is_in_a_row and most.plays = kept.plays
)

select
    what,
    is_in_a_row,
    case when what = 'track' then coalesce(song_uri, ranked.track_uri) else ranked.track_uri end as track_uri,
    plays,
    day
from ranked
left join songs on songs.track_uri = ranked.track_uri
where nth = 1
order by what, is_in_a_row
