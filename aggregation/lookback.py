"""What a night remembers of the last ones, and how far back a sparing one looks.

It lists the journal to its beginning once a week, else through the last two months. Older days get entries from an
import, or where somebody who listens little is polled. Who brings an import calls `look_back`, so that the next night
lists all of it; anything else is found within the week.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Self

from aggregation.doubts import TABLE
from playledger.models import utc_day
from playledger.ports import TableStore

WHOLE, HOT = "whole", "hot "
"""Beside what was found sound stands the UTC date of the last night that listed all of the journal and ended well, and
by date what hot store and journal held alike."""

EVERY = timedelta(days=7)
AT_LEAST = timedelta(days=31)


@dataclass(frozen=True)
class Lookback:
    """What is known. `alike` is by date what reconciling left."""

    listed_whole: date | None = None
    alike: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def remembered(cls, tables: TableStore) -> Self:
        """As the last night that ended well left it."""
        known = {row["part"]: row["digest"] for row in tables.read(TABLE, "")}
        whole = date.fromisoformat(known[WHOLE]) if WHOLE in known else None
        return cls(whole, {part.removeprefix(HOT): name for part, name in known.items() if part.startswith(HOT)})

    def since(self, now: datetime) -> date | None:
        """Where the months begin that are to be listed; None for all of them, a week after the last time."""
        if self.listed_whole is None or utc_day(now) - self.listed_whole >= EVERY:
            return None
        return utc_day(now - AT_LEAST).replace(day=1)


def to_remember(listed_whole: date | None, alike: Mapping[str, str]) -> dict[str, str]:
    """Rows for the next night."""
    return {WHOLE: str(listed_whole), **{f"{HOT}{dt}": name for dt, name in alike.items()}}


def look_back(tables: TableStore) -> None:
    """Makes the next night list all of the journal."""
    stored = tables.list(TABLE).get("")
    if stored:
        rows = [row for row in tables.read(TABLE, "") if row["part"] != WHOLE]
        tables.write(TABLE, "", rows, digest="", replaces=stored)
