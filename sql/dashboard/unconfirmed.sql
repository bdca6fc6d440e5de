-- answers: How many polled plays does an imported export not know of, though it covers their time?
-- grain: one row
-- params: -
-- feeds: health.unconfirmed
-- version: 1
-- whole: plays, because an export of any age may cover them
select count(*) as unconfirmed
from plays
where is_unconfirmed
