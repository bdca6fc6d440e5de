-- answers: Which songs, artists and albums were played most, and longest, in each window?
-- grain: one row per window and song, artist (by name) or album (by both names), the first 25 by plays, 10 by minutes
-- params: p_month_from, p_day_months, p_lasting, p_years, p_whole, p_kinds, p_incognito, p_seconds, p_done
-- feeds: windows.top_tracks, windows.top_artists, windows.top_albums, windows.sentence, years
-- version: 6
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
summed as (
    select list, thing, cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms,
        cast(floor(cast(sum(ms) as double) / 60000) as bigint) as minutes
    from (select 8 * part + sort as list, cast(plays as double) as plays, cast(ms as double) as ms, -- exact, and small
            case sort when 3 then song_no when 5 then artist_no else album_no end as thing
        from counted cross join (values (3), (5), (6)) as sorts (sort)) as placed group by list, thing
),
whole as (select list - 3 as list, cast(sum(plays) as bigint) as plays, cast(sum(ms) as bigint) as ms
    from summed where list % 8 = 3 group by list),
ranks as (select list, plays, cast(sum(count(*)) over (partition by list order by plays desc) as bigint) - count(*)
    as better from summed where thing is not null group by list, plays), -- how many things have more plays
lengths as (select list, minutes, cast(sum(count(*)) over (partition by list order by minutes desc) as bigint)
    - count(*) as longer from summed where thing is not null group by list, minutes),
listed as (
    select summed.*, better, longer, row_number() over (partition by summed.list order by better, ms desc, thing)
        as nth, row_number() over (partition by summed.list order by longer, better, thing) as nth_time
    from summed left join ranks on ranks.list = summed.list and ranks.plays = summed.plays
    left join lengths on lengths.list = summed.list and lengths.minutes = summed.minutes
    where thing is not null and (better < 25 or longer < 10)
)
select windows.window_name, case now.list % 8 when 3 then now.thing end as song_no,
    case now.list % 8 when 5 then now.thing end as artist_no, case now.list % 8 when 6 then now.thing end as album_no,
    nth, nth_time, now.better + 1 as place, now.longer + 1 as place_by_time, now.plays, now.minutes,
    past.plays as prev_plays, ranked.better + 1 as prev_place, timed.longer + 1 as prev_place_by_time,
    cast(floor(cast(1000 * now.plays as double) / whole.plays) as bigint) as share_permille,
    cast(floor(cast(1000 * now.ms as double) / nullif(cast(whole.ms as double), 0)) as bigint) as time_permille
from windows join whole on whole.list = 8 * windows.part join listed as now on now.list - now.list % 8 = whole.list
left join windows as before on before.window_name = windows.window_name and before.is_previous
left join summed as past on past.list = 8 * before.part + now.list % 8 and past.thing = now.thing
left join ranks as ranked on ranked.list = past.list and ranked.plays = past.plays
left join lengths as timed on timed.list = past.list and timed.minutes = past.minutes
where not windows.is_previous and (nth <= 25 or nth_time <= 10) order by windows.window_name, now.list % 8, nth
