"""Days and windows of the listener's calendar. Windows are whole local days and end with the data day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from playledger.dashboard_data import WINDOW_DAYS, WindowName

DAY = timedelta(days=1)


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

    def back(self, days: int) -> date:
        """The first of so many days that end with the data day."""
        return self.data_day - (days - 1) * DAY

    def first_day(self, window: WindowName, first: date | None) -> date | None:
        """Where a window begins; `all` begins with the first play of the record."""
        return first if window == "all" else self.back(WINDOW_DAYS[window])

    def midnight(self, day: date) -> datetime:
        """When a local day begins, in UTC without a zone, as the tables have it."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC).replace(tzinfo=None)


def days_between(first: date, last: date) -> list[str]:
    """All days from first to last, both included."""
    return [str(first + number * DAY) for number in range((last - first).days + 1)]


def months_between(first: date, last: date) -> list[str]:
    """All months `YYYY-MM` from that of `first` to that of `last`."""
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in numbers]
