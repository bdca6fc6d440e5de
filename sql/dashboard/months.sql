-- answers: What was new in each month, how varied was it, and what was played most?
-- grain: one row per month with a play and of what: song or artist (by name)
-- params: p_to, p_month_from, p_lasting, p_lasting_from, p_kinds, p_incognito, p_seconds, p_done
-- feeds: discovery_monthly, number_ones
-- version: 1
with heard as (
    select month, day, day as first_day, day as last_day, track_uri, context_type, context_id,
        kind, is_done, heard_seconds, incognito, plays, ms, ms_estimated
    from month_tracks where month >= :p_month_from and day < :p_to
    union all
    select month, null as day, first_day, last_day, track_uri, null as context_type, null as context_id,
        'music' as kind, true as is_done, null as heard_seconds, false as incognito, plays, ms, ms_estimated
    from all_tracks where :p_lasting
),

counted as (
    select heard.*, day is null or month >= :p_lasting_from as is_lasting,
        coalesce(song_uri, heard.track_uri) as song, lower(trim(artist_name)) as artist, lower(trim(album)) as album
    from heard
    left join songs on songs.track_uri = heard.track_uri
    where strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and heard.track_uri not in (select key from exclusions)
        and coalesce(context_id, '') not in (select key from exclusions)
        and coalesce(day, '') not in (select key from exclusions)
),

summed as (
    select month, case when grouping(song) = 0 then 'song' else 'artist' end as what, coalesce(song, artist) as thing,
        coalesce(song, min(track_uri)) as track_uri, cast(sum(plays) as bigint) as plays,
        cast(sum(ms) as bigint) as ms
    from counted
    where is_lasting
    group by grouping sets ((month, song), (month, artist))
),

ranked as (
    select month, what, track_uri, plays,
        min(month) over (partition by what, thing) as first_month,
        count(*) over (partition by what, thing) as months,
        row_number() over (partition by what, month order by plays desc, ms desc, thing) as nth
    from summed
    where thing is not null
)

-- variety: inverse Simpson, the square of the sum by the sum of squares; exact while the double holds it as an integer
select
    month as month_name,
    what,
    max(case when nth = 1 then track_uri end) as track_uri,
    count(*) filter (where month = first_month) as new_things,
    count(*) filter (where month = first_month and months >= 3) as stuck,
    cast(floor(cast(100 * sum(plays) * sum(plays) as double) / cast(sum(plays * plays) as double)) as bigint)
        as variety
from ranked
group by month, what
order by month, what
