-- answers: Which genres were played most in each window, and music of which decades?
-- grain: one row per window and genre (of the first artist; the first 10 by plays), and one per window and decade
-- params: p_month_from, p_day_months, p_lasting, p_years, p_whole, p_kinds, p_incognito, p_seconds, p_done
-- feeds: windows.top_genres, windows.eras, years
-- version: 5
with heard as (
    select day as bucket, track_uri, context_id, kind, is_done, heard_seconds, incognito, plays, ms, ms_estimated
    from month_tracks where month >= :p_month_from and strpos(:p_day_months, month) > 0
    union all
    select month as bucket, track_uri, null as context_id, 'music' as kind, true as is_done, null as heard_seconds,
        false as incognito, plays, ms, ms_estimated from recent_tracks where :p_lasting
    union all
    select year as bucket, track_uri, null as context_id, 'music' as kind, true as is_done, null as heard_seconds,
        false as incognito, plays, ms, ms_estimated from all_years where :p_years
    union all
    select '' as bucket, track_uri, null as context_id, 'music' as kind, true as is_done, null as heard_seconds,
        false as incognito, plays, ms, ms_estimated from all_time where :p_whole
),
counted as (
    select cast(part as integer) as part, cast(song_no as integer) as song_no, cast(artist_no as integer) as artist_no,
        cast(album_no as integer) as album_no, release_year, genres, plays, ms, ms_estimated
    from heard join window_parts on window_parts.bucket = heard.bucket
    left join songs on songs.track_uri = heard.track_uri
    where strpos(:p_kinds, kind) > 0 and (not incognito or :p_incognito)
        and (heard_seconds is null or heard_seconds >= :p_seconds or (is_done and :p_done))
        and heard.track_uri not in (select key from exclusions) and heard.bucket not in (select key from exclusions)
        and coalesce(context_id, '') not in (select key from exclusions)
),
labelled as (
    select part, genres, release_year - release_year % 10 as decade, cast(sum(plays) as bigint) as plays,
        cast(sum(ms) as bigint) as ms
    from counted
    group by part, genres, release_year - release_year % 10
),
summed as (
    select part, label, case when number = 1 then 'era' else 'genre' end as what,
        cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms
    from labelled
    cross join unnest(split(coalesce(cast(decade as varchar), '') || coalesce('|' || genres, ''), '|'))
        with ordinality as labels (label, number)
    group by part, label, case when number = 1 then 'era' else 'genre' end
),
ranked as (
    select summed.*,
        cast(sum(case when what = 'era' then plays end) over (partition by part) as bigint) as whole,
        rank() over (partition by part, what order by plays desc) as place,
        row_number() over (partition by part, what order by plays desc, ms desc, label) as nth
    from summed
)
select windows.window_name, now.what, now.label, now.nth, now.place, past.place as prev_place, now.plays,
    cast(floor(cast(now.ms as double) / 60000) as bigint) as minutes,
    cast(floor(cast(1000 * now.plays as double) / now.whole) as bigint) as share_permille
from windows
join ranked as now on now.part = windows.part and not windows.is_previous
left join windows as before on before.window_name = windows.window_name and before.is_previous
left join ranked as past on past.part = before.part and past.what = now.what and past.label = now.label
where now.what = 'era' and now.label <> '' or now.what = 'genre' and now.nth <= 10
order by windows.window_name, now.what, now.nth
