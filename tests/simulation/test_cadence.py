"""The quarter-hour ticks against plain hourly polling, on the heavy listener with marathons and two devices."""

import pytest

from bench.cadence import compare, table

pytestmark = pytest.mark.simulation

DAYS = 90


def test_with_ticks_at_most_a_third_is_lost_of_what_hourly_polling_loses() -> None:
    found = [compare(seed, DAYS) for seed in (2, 3)]
    print(table(found, DAYS))
    hourly, ticks = sum(one.hourly_lost for one in found), sum(one.ticks_lost for one in found)
    assert hourly > 0
    assert ticks * 3 <= hourly
    assert all(one.ticks_polls < 2 * one.hourly_polls for one in found)
