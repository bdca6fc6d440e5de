-- answers: What was new in each month, how varied was it, and what was played most?
-- grain: one row per month with a play and of what: song or artist (by name)
-- params: p_to, p_month_from, p_lasting, p_kinds, p_incognito, p_seconds, p_done
-- feeds: discovery_monthly, number_ones
-- version: 5
with heard as (
    -- months are numbers here, where each is worked out once and not for each row
    select cast(replace(month, '-', '') as integer) as month, day, track_uri, context_id, kind, is_done, heard_seconds,
        incognito, plays, ms
    from month_tracks where month >= :p_month_from and day < :p_to
    union all
    select cast(replace(month, '-', '') as integer) as month, null as day, track_uri, null as context_id,
        'music' as kind, true as is_done, null as heard_seconds, false as incognito, plays, ms
    from all_tracks where :p_lasting
),

counted as (
    -- plays and time are one number: half the memory; a double is exact of numbers of that size, and small
    select month, cast(song_no as integer) as song_no, cast(artist_no as integer) as artist_no,
        cast(10000000000 * plays + ms as double) as packed, coalesce(day is null and is_only, false) as is_alone
    from heard
    left join songs on songs.track_uri = heard.track_uri
    where strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and heard.track_uri not in (select key from exclusions)
        and coalesce(context_id, '') not in (select key from exclusions)
        and coalesce(day, '') not in (select key from exclusions)
),

summed as (
    -- lists of songs end with 2, of artists with 1, after the month
    select list, thing, cast(sum(packed) as bigint) as packed
    from (select month * 10 + sort as list, case sort when 2 then song_no else artist_no end as thing, packed
        from counted cross join (values (1), (2)) as sorts (sort) where sort = 1 or not is_alone) as placed
    group by list, thing
    union all
    select month * 10 + 2 as list, song_no as thing, cast(packed as bigint) as packed
    from counted where is_alone -- is a sum already
),
first_met as (
    select list, count(*) as new_things, count(*) filter (where months >= 3) as stuck
    from (select thing, min(list) as list, count(*) as months from summed group by list % 10, thing) as things
    where thing is not null group by list
),
-- variety: inverse Simpson, the square of the sum by the sum of squares; exact while the double holds it as an integer
varied as (
    select list, cast(floor(cast(100 * sum(plays) * sum(plays) as double) / cast(sum(plays * plays) as double))
        as bigint) as variety, max(cast(packed as decimal(38, 0)) * 10000000 + 9999999 - thing) as best
    from (select summed.*, cast(floor(cast(packed as double) / 10000000000) as bigint) as plays from summed) as counts
    where thing is not null group by list
)

select substr(cast(varied.list as varchar), 1, 4) || '-' || substr(cast(varied.list as varchar), 5, 2) as month_name,
    case varied.list % 10 when 2 then 'song' else 'artist' end as what,
    case varied.list % 10 when 2 then 9999999 - cast(best % 10000000 as bigint) end as song_no,
    case varied.list % 10 when 1 then 9999999 - cast(best % 10000000 as bigint) end as artist_no,
    coalesce(new_things, 0) as new_things, coalesce(stuck, 0) as stuck, variety
from varied
left join first_met on first_met.list = varied.list
order by varied.list
