-- answers: What is there to tell of the artists of the numbers in p_artists, one to a line, the first 50?
-- grain: one row per artist (all), artist and month from p_first_month on (month), artist and song (the first five)
-- params: p_to, p_month_from, p_lasting, p_kinds, p_incognito, p_seconds, p_done, p_artists, p_first_month
-- feeds: artist_detail
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

asked as (
    select cast(number as bigint) as asked_no, nth as asked_nth
    from (values (1)) as one (n)
    cross join unnest(split(:p_artists, chr(10))) with ordinality as given (number, nth)
),

summed as (
    select asked_nth, artist_no, grouping(month, song_no) as sort, month, song_no,
        cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms,
        min(first_day) as first_day, max(last_day) as last_day
    from counted
    join asked on asked_no = artist_no
    group by asked_nth, artist_no, grouping sets ((artist_no), (artist_no, month), (artist_no, song_no))
),

ranked as (
    select summed.*, dense_rank() over (order by asked_nth) as place,
        row_number() over (partition by artist_no, sort order by plays desc, ms desc, song_no) as nth
    from summed
)

select place, case when sort = 3 then 'all' when sort = 1 then 'month' else 'song' end as what, month as month_name,
    nth, artist_no, song_no, plays, cast(floor(cast(ms as double) / 60000) as bigint) as minutes, first_day, last_day
from ranked
where place <= 50 and (sort = 3 or (sort = 1 and month >= :p_first_month) or (sort = 2 and nth <= 3))
order by place, sort desc, nth
