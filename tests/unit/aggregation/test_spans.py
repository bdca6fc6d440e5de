"""What windows are made of: years, months and days that are each there once and together are the span."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregation.calendar import ALL_TIME, EARLIEST, Calendar
from aggregation.reading import ALWAYS, Reading
from playledger.policy import Policy

pytestmark = pytest.mark.unit

UTC = ZoneInfo("UTC")
DAYS = st.dates(date(2008, 1, 1), date(2030, 12, 31))


def days_of(bucket: str, calendar: Calendar) -> Iterator[date]:
    """The days that sums of this name hold: of all time those of closed months."""
    if bucket == ALL_TIME:
        open_month = date.fromisoformat(f"{calendar.open_month}-01")
        yield from (EARLIEST + timedelta(days=number) for number in range((open_month - EARLIEST).days))
        return
    first = date.fromisoformat((bucket + "-01-01")[:10])
    length = {len("2026"): 366, len("2026-03"): 31}.get(len(bucket), 1)
    for day in (first + timedelta(days=number) for number in range(length)):
        if str(day).startswith(bucket):
            yield day


@given(DAYS, st.booleans())
def test_each_day_of_every_window_is_in_one_bucket(data_day: date, by_year: bool) -> None:
    calendar = Calendar(data_day, UTC)
    for span in calendar.spans(data_day.year - 2):
        buckets = calendar.buckets(span.first_day, span.last_day, by_year=by_year)
        found = [day for bucket in buckets for day in days_of(bucket, calendar)]
        whole = (span.last_day - span.first_day).days + 1
        assert found == [span.first_day + timedelta(days=number) for number in range(whole)]


@given(DAYS)
def test_what_is_read_by_the_day_are_few_months(data_day: date) -> None:
    reading = Reading(Calendar(data_day, UTC), Policy(), first_year=data_day.year - 10)
    assert len(str(reading.params["p_day_months"]).split()) <= 10
    assert str(reading.params["p_day_months"]) >= str(reading.params["p_month_from"])


def test_windows_of_the_same_days_are_one_part() -> None:
    reading = Reading(Calendar(date(2026, 3, 10), UTC), Policy(), first_year=2023)
    parts = {(row["window_name"], row["is_previous"]): row["part"] for row in reading.windows}
    assert parts["2025", True] == parts["2024", False] != parts["2025", False]
    assert len(set(parts.values())) == len({row["part"] for row in reading.window_parts})


def test_the_running_year_is_read_by_its_months_and_the_open_one_by_its_days() -> None:
    reading = Reading(Calendar(date(2026, 3, 2), UTC), Policy(), first_year=2024)
    part = next(row["part"] for row in reading.windows if row["window_name"] == "2026" and not row["is_previous"])
    buckets = [row["bucket"] for row in reading.window_parts if row["part"] == part]
    assert buckets == ["2026-01", "2026-02", "2026-03-01", "2026-03-02"]


def test_all_time_is_one_sum_unless_years_are_added_up_anyway() -> None:
    reading = Reading(Calendar(date(2026, 3, 2), UTC), Policy(), first_year=2024)
    kept = replace(reading, answered=reading.past_years)
    for found, wanted in ((reading, ["2006", "2007", "2008"]), (kept, [ALL_TIME, "2026-03-01", "2026-03-02"])):
        part = next(row["part"] for row in found.windows if row["window_name"] == "all")
        assert [row["bucket"] for row in found.window_parts if row["part"] == part][:3] == wanted
    assert (reading.params["p_years"], reading.params["p_whole"]) == (True, False)
    assert (kept.params["p_years"], kept.params["p_whole"]) == (False, True)


def test_on_the_last_day_of_a_year_the_one_before_it_is_added_up_though_its_answers_are_kept() -> None:
    reading = Reading(Calendar(date(2026, 12, 31), UTC), Policy(), first_year=2023)
    kept = replace(reading, answered=reading.past_years)
    part = next(row["part"] for row in kept.windows if row["window_name"] == "2026" and row["is_previous"])
    assert [row["bucket"] for row in kept.window_parts if row["part"] == part] == ["2025"]
    assert kept.params["p_years"]


def test_where_a_day_is_left_out_every_span_goes_by_its_days() -> None:
    policy = Policy.model_validate({"exclude": {"days": [{"first": "2025-12-24", "last": "2025-12-26"}]}})
    reading = Reading(Calendar(date(2026, 3, 2), UTC), policy, first_year=2025)
    assert {len(row["bucket"]) for row in reading.window_parts} == {len("2026-03-02")}
    assert str(reading.params["p_day_months"]).startswith(ALWAYS)
