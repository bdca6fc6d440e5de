-- answers: Which records could not be read, and why?
-- grain: one row per record
-- params: -
-- feeds: -
-- version: 1
-- whole: journal, because a record may have come at any time
select dt, ingested_at, origin, reason, substr(raw, 1, 200) as raw_text
from journal
where kind = 'quarantine'
order by dt, ingested_at, reason, raw_text
