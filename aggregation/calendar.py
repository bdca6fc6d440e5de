"""Days, months and windows of the listener's calendar. Windows are whole local days; rolling ones end with the last."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from playledger.dashboard_data import WINDOW_DAYS, WindowName

DAY = timedelta(days=1)

WEEKS = 53
"""A year of 365 days reaches into 53 runs of seven; the oldest run holds one day of it."""

EARLIEST = date(2006, 1, 1)
"""Before every play: Spotify was founded in 2006."""

ALL_TIME = ""
"""The bucket of all closed months together."""


@dataclass(frozen=True)
class Span:
    """Whole local days: a window, or the equal span before it. `is_lasting`: all time, or a whole year."""

    window_name: str
    first_day: date
    last_day: date
    is_previous: bool = False
    is_lasting: bool = False


@dataclass(frozen=True)
class Calendar:
    """The last complete local day at the time of asking, and the zone that says so."""

    data_day: date
    zone: ZoneInfo

    @classmethod
    def at(cls, now: datetime, tz: str) -> Self:
        """The calendar at an aware moment."""
        zone = ZoneInfo(tz)
        return cls(now.astimezone(zone).date() - DAY, zone)

    @property
    def end(self) -> str:
        """The day after the data day: what comes before it is counted."""
        return str(self.data_day + DAY)

    @property
    def open_month(self) -> str:
        """The month of the data day: all before it are closed."""
        return str(self.data_day)[:7]

    @property
    def rolling_month(self) -> str:
        """The month that the longest rolling window's previous one begins in, and the last year's first."""
        return str(self.back(2 * WINDOW_DAYS["365d"]))[:7]

    def back(self, days: int) -> date:
        """The first of so many days that end with the data day."""
        return self.data_day - (days - 1) * DAY

    def first_day(self, window: WindowName, first: date | None) -> date | None:
        """Where a window begins; `all` begins with the first play of the record."""
        return first if window == "all" else self.back(WINDOW_DAYS[window])

    def midnight(self, day: date) -> datetime:
        """When a local day begins, in UTC without a zone, as the tables have it."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC).replace(tzinfo=None)

    def spans(self, first_year: int) -> Iterator[Span]:
        """Every window and the span before it: rolling ones, each calendar year from `first_year` on, and all time."""
        yield Span("all", EARLIEST, self.data_day, is_lasting=True)
        for name, days in WINDOW_DAYS.items():
            yield Span(name, self.back(days), self.data_day)
            yield Span(name, self.back(2 * days), self.back(days + 1), is_previous=True)
        for year in range(first_year, self.data_day.year):
            yield _year(str(year), year)
            yield replace(_year(str(year), year - 1), is_previous=True)
        yield from self._this_year()

    def buckets(self, first: date, last: date, *, by_day: bool = False, by_year: bool = False) -> list[str]:
        """The years, months and days that make up a span, as coarse as can be: an open month goes by its days.

        All time begins with what its closed months come to, unless it shall go by its years too.
        """
        if (first, last) == (EARLIEST, self.data_day) and not (by_day or by_year):
            return [ALL_TIME, *self.buckets(date.fromisoformat(f"{self.open_month}-01"), last)]
        found: list[str] = []
        while first <= last:
            name, end = (str(first), first) if by_day else self._bucket(first, last)
            found.append(name)
            first = end + DAY
        return found

    def _bucket(self, first: date, last: date) -> tuple[str, date]:
        """The longest bucket from a day on, and its last day."""
        before_open = date.fromisoformat(f"{self.open_month}-01") - DAY
        year_end, month_end = date(first.year, 12, 31), months_end(first)
        if (first.month, first.day) == (1, 1) and year_end <= min(last, before_open):
            return str(first.year), year_end
        if first.day == 1 and month_end <= min(last, before_open):
            return str(first)[:7], month_end
        return str(first), first

    def _this_year(self) -> Iterator[Span]:
        """The year so far, and as much of the last one: the 29th of February stands against the 28th."""
        year, day = self.data_day.year, self.data_day
        is_leap_day = (day.month, day.day) == (2, 29)
        before = day.replace(year=year - 1, day=28) if is_leap_day else day.replace(year=year - 1)
        yield Span(str(year), date(year, 1, 1), day)
        yield Span(str(year), date(year - 1, 1, 1), before, is_previous=True)


def _year(name: str, year: int) -> Span:
    return Span(name, date(year, 1, 1), date(year, 12, 31), is_lasting=True)


def months_end(day: date) -> date:
    """The last day of a day's month."""
    return (day.replace(day=1) + 31 * DAY).replace(day=1) - DAY


def days_between(first: date, last: date) -> list[str]:
    """All days from first to last, both included."""
    return [str(first + number * DAY) for number in range((last - first).days + 1)]


def months_between(first: date, last: date) -> list[str]:
    """All months `YYYY-MM` from that of `first` to that of `last`."""
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in numbers]
