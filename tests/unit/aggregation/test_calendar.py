"""Days and windows of the listener's calendar."""

from datetime import UTC, date, datetime

import pytest

from aggregation.calendar import Calendar, days_between, months_between
from tests.unit.aggregation.night import utc

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("now", "tz", "day"),
    [
        ("2026-01-02 22:59", "Europe/Stockholm", date(2026, 1, 1)),
        ("2026-01-02 23:00", "Europe/Stockholm", date(2026, 1, 2)),
        ("2026-01-02 04:59", "America/New_York", date(2025, 12, 31)),
        ("2026-01-02 05:00", "America/New_York", date(2026, 1, 1)),
        ("2026-01-02 18:14", "Asia/Kathmandu", date(2026, 1, 1)),
        ("2026-01-02 18:15", "Asia/Kathmandu", date(2026, 1, 2)),
    ],
)
def test_the_data_day_is_the_last_complete_local_day(now: str, tz: str, day: date) -> None:
    assert Calendar.at(utc(now), tz).data_day == day


def test_windows_are_whole_days_up_to_the_data_day() -> None:
    calendar = Calendar.at(utc("2026-03-11 12:00"), "UTC")
    begins = [calendar.first_day(name, date(2025, 1, 1)) for name in ("1d", "7d", "30d", "365d", "all")]
    assert [str(day) for day in begins] == ["2026-03-10", "2026-03-04", "2026-02-09", "2025-03-11", "2025-01-01"]
    assert calendar.first_day("all", None) is None
    assert calendar.end == "2026-03-11"


@pytest.mark.parametrize(
    ("day", "tz", "moment"),
    [
        (date(2026, 3, 29), "Europe/Stockholm", "2026-03-28 23:00"),
        (date(2026, 3, 30), "Europe/Stockholm", "2026-03-29 22:00"),
        (date(2026, 1, 2), "Asia/Kathmandu", "2026-01-01 18:15"),
        (date(2018, 11, 4), "America/Sao_Paulo", "2018-11-04 03:00"),
    ],
)
def test_a_local_day_begins_at_its_own_midnight(day: date, tz: str, moment: str) -> None:
    """In Sao Paulo that midnight was skipped: the day began at one o'clock."""
    calendar = Calendar.at(datetime(2026, 6, 1, tzinfo=UTC), tz)
    assert calendar.midnight(day) == utc(moment).replace(tzinfo=None)


def test_days_and_months_come_without_holes() -> None:
    assert days_between(date(2024, 2, 28), date(2024, 3, 1)) == ["2024-02-28", "2024-02-29", "2024-03-01"]
    assert months_between(date(2025, 11, 30), date(2026, 2, 1)) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert months_between(date(2025, 12, 1), date(2025, 12, 31)) == ["2025-12"]
