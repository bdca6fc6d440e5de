-- answers: What is there to tell of the artists of the numbers in p_artists, one to a line, the first 50?
-- grain: one row per artist (all), artist and month from p_first_month on (month), artist and song (the first three)
-- params: p_to, p_month_from, p_lasting, p_kinds, p_incognito, p_seconds, p_done, p_artists, p_first_month
-- feeds: artist_detail
-- version: 5
-- one sum tells of all there was, months again of the last two years: `is_again` rows are in the sums of months alone
with known as (
    select month, day, day as first_day, day as last_day, track_uri, context_id, kind, is_done, heard_seconds,
        incognito, plays, ms, false as is_again
    from month_tracks where month >= :p_month_from and day < :p_to
    union all
    select null as month, null as day, first_day, last_day, track_uri, null as context_id, 'music' as kind,
        true as is_done, null as heard_seconds, false as incognito, plays, ms, false as is_again
    from all_time where :p_lasting
    union all
    select month, null as day, null as first_day, null as last_day, track_uri, null as context_id, 'music' as kind,
        true as is_done, null as heard_seconds, false as incognito, plays, ms, true as is_again
    from recent_tracks where :p_lasting
),
kept as (
    select month, first_day, last_day, song_no, artist_no, plays, ms, is_again
    from known
    left join songs on songs.track_uri = known.track_uri
    where strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and known.track_uri not in (select key from exclusions)
        and coalesce(context_id, '') not in (select key from exclusions)
        and coalesce(day, '') not in (select key from exclusions)
),
asked as (
    select cast(number as bigint) as asked_no, nth as asked_nth
    from (values (1)) as one (n)
    cross join unnest(split(:p_artists, chr(10))) with ordinality as given (number, nth)
),
placed as (
    select asked_nth, artist_no, sort, case sort when 1 then month end as month,
        case sort when 2 then song_no end as song_no, plays, ms, first_day, last_day
    from kept
    join asked on asked_no = artist_no
    cross join (values (1), (2), (3)) as sorts (sort)
    where (sort = 1 and month >= :p_first_month) or (sort > 1 and not is_again)
),
ranked as (
    select asked_nth, artist_no, sort, month, song_no, cast(sum(plays) as bigint) as plays,
        cast(sum(ms) as bigint) as ms, min(first_day) as first_day, max(last_day) as last_day,
        dense_rank() over (order by asked_nth) as place, row_number() over (
            partition by artist_no, sort order by sum(plays) desc, sum(ms) desc, song_no, month) as nth
    from placed
    group by asked_nth, artist_no, sort, month, song_no
)
select place, case sort when 3 then 'all' when 1 then 'month' else 'song' end as what, month as month_name, nth,
    artist_no, song_no, plays, cast(floor(cast(ms as double) / 60000) as bigint) as minutes, first_day, last_day
from ranked
where place <= 50 and (sort <> 2 or nth <= 3)
order by place, sort desc, nth
