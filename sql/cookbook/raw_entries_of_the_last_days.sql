-- answers: What stands in the journal about the two newest dates that hold plays, entry by entry?
-- grain: one row per entry
-- params: -
-- feeds: -
-- version: 1
-- whole: journal, plays, because which dates are the newest is not known before
with dates as (
    select dt, dense_rank() over (order by dt desc) as nth
    from plays
    group by dt
)

select journal.dt, kind, played_at, track_name, event_id, key as export_key, ingested_at
from journal
join dates on dates.dt = journal.dt and nth <= 2
order by journal.dt, kind, played_at, event_id, export_key, ingested_at
