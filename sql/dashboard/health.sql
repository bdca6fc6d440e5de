-- answers: What did settling find, over all days?
-- grain: one row
-- params: p_open
-- feeds: health
-- version: 3
with accounts as (
    select late_arrivals, duplicates, quarantined, short_windows, small_overlaps, unconfirmed
    from all_accounts
    union all
    select late_arrivals, duplicates, quarantined, short_windows, small_overlaps, unconfirmed
    from month_accounts
    where month >= :p_open
)

select
    cast(coalesce(sum(late_arrivals), 0) as bigint) as late_arrivals,
    cast(coalesce(sum(duplicates), 0) as bigint) as duplicates,
    cast(coalesce(sum(quarantined), 0) as bigint) as quarantined,
    cast(coalesce(sum(short_windows), 0) as bigint) as short_windows,
    cast(coalesce(sum(small_overlaps), 0) as bigint) as small_overlaps,
    cast(coalesce(sum(unconfirmed), 0) as bigint) as unconfirmed
from accounts
