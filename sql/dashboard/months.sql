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
    select sort, cast(replace(month, '-', '') as integer) as month_no,
        cast(case sort when 1 then song_no else artist_no end as integer) as thing,
        cast(sum(cast(plays as double)) as bigint) as plays, cast(sum(cast(ms as double)) as bigint) as ms
    from counted cross join (values (1), (2)) as sorts (sort)
    group by 1, 2, 3
),
first_met as (
    select sort, month_no, count(*) as new_things, count(*) filter (where months >= 3) as stuck
    from (select sort, thing, min(month_no) as month_no, count(*) as months from summed group by sort, thing) as things
    where thing is not null
    group by sort, month_no
),
-- variety: inverse Simpson, the square of the sum by the sum of squares; exact while the double holds it as an integer
varied as (
    select sort, month_no, max(plays) as most, cast(floor(
        cast(100 * sum(plays) * sum(plays) as double) / cast(sum(plays * plays) as double)) as bigint) as variety
    from summed where thing is not null group by sort, month_no
),
ranked as (
    select varied.*, thing,
        row_number() over (partition by varied.sort, varied.month_no order by ms desc, thing) as nth
    from summed join varied on varied.sort = summed.sort and varied.month_no = summed.month_no and most = plays
    where thing is not null
)

select substr(cast(ranked.month_no as varchar), 1, 4) || '-' || substr(cast(ranked.month_no as varchar), 5, 2)
        as month_name,
    case ranked.sort when 1 then 'song' else 'artist' end as what, case ranked.sort when 1 then thing end as song_no,
    case ranked.sort when 2 then thing end as artist_no, coalesce(new_things, 0) as new_things,
    coalesce(stuck, 0) as stuck, variety
from ranked
left join first_met on first_met.sort = ranked.sort and first_met.month_no = ranked.month_no
where nth = 1
order by ranked.month_no, ranked.sort desc
