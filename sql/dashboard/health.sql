-- answers: What did settling find, over all days?
-- grain: one row
-- params: -
-- feeds: health
-- version: 2
-- whole: settled_days, one short row each
select
    cast(coalesce(sum(late_arrivals), 0) as bigint) as late_arrivals,
    cast(coalesce(sum(duplicates), 0) as bigint) as duplicates,
    cast(coalesce(sum(quarantined), 0) as bigint) as quarantined,
    cast(coalesce(sum(short_windows), 0) as bigint) as short_windows,
    cast(coalesce(sum(small_overlaps), 0) as bigint) as small_overlaps
from settled_days
