-- answers: What was new in each month, how varied was it, and what was played most?
-- grain: one row per month with a play and of what: song or artist (by name)
-- params: p_to, p_month_from, p_lasting, p_kinds, p_incognito, p_seconds, p_done
-- feeds: discovery_monthly, number_ones
-- version: 3
with heard as (
    select month, day, day as first_day, day as last_day, track_uri, context_id, kind, is_done, heard_seconds,
        incognito, plays, ms
    from month_tracks where month >= :p_month_from and day < :p_to
    union all
    select month, null as day, first_day, last_day, track_uri, null as context_id, 'music' as kind, true as is_done,
        null as heard_seconds, false as incognito, plays, ms
    from all_tracks where :p_lasting
),

counted as (
    select month, first_day, last_day, song_no, artist_no, plays, ms
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
    select list, thing, cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms
    from (select cast(replace(month, '-', '') as integer) * 10 + sort as list,
            cast(case sort when 2 then song_no else artist_no end as integer) as thing,
            cast(plays as double) as plays, cast(ms as double) as ms -- whole numbers of that size are exact, and small
        from counted cross join (values (1), (2)) as sorts (sort)) as placed
    group by list, thing
),
first_met as (
    select list, count(*) as new_things, count(*) filter (where months >= 3) as stuck
    from (select thing, min(list) as list, count(*) as months from summed group by list % 10, thing) as things
    where thing is not null group by list
),
-- variety: inverse Simpson, the square of the sum by the sum of squares; exact while the double holds it as an integer
varied as (
    select list, max(plays) as most, cast(floor(
        cast(100 * sum(plays) * sum(plays) as double) / cast(sum(plays * plays) as double)) as bigint) as variety
    from summed where thing is not null group by list
),
ranked as (
    select varied.*, thing, row_number() over (partition by varied.list order by ms desc, thing) as nth
    from summed join varied on varied.list = summed.list and most = plays where thing is not null
)

select substr(cast(ranked.list as varchar), 1, 4) || '-' || substr(cast(ranked.list as varchar), 5, 2) as month_name,
    case ranked.list % 10 when 2 then 'song' else 'artist' end as what,
    case ranked.list % 10 when 2 then thing end as song_no, case ranked.list % 10 when 1 then thing end as artist_no,
    coalesce(new_things, 0) as new_things, coalesce(stuck, 0) as stuck, variety
from ranked
left join first_met on first_met.list = ranked.list
where nth = 1
order by ranked.list
