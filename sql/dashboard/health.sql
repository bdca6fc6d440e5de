-- answers: What did settling find, over all days?
-- grain: one row
-- params: -
-- feeds: health
-- version: 1
-- whole: settled_days, one short row each
select
    cast(coalesce(sum(late_arrivals), 0) as bigint) as late_arrivals,
    cast(coalesce(sum(duplicates), 0) as bigint) as duplicates,
    cast(coalesce(sum(quarantined), 0) as bigint) as quarantined
from settled_days
