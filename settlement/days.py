"""The journal by UTC date during one run: listed once, each day decoded about once, digests by listing alone."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache

from playledger.journal import by_date, decode, digest
from playledger.models import Entry
from playledger.ports import Journal, JournalObject

KEPT_DAYS = 24
"""Decoded days kept in memory: a block of days settled at once, and its neighbours."""

DAY = timedelta(days=1)
EVIDENCE = re.compile(rb'"kind":"(claim|span)"|"is_late":true')


def dates(first: date, last: date) -> Iterator[date]:
    """Every date from `first` to `last`, both inclusive."""
    while first <= last:
        yield first
        first += DAY


class JournalDays:
    """What the journal held when this was made. Reading raises CorruptObject, naming the object.

    With a `first` date only what is not older is listed, until somebody asks for an older day: then all of it is.
    """

    def __init__(self, journal: Journal, first: date | None = None, *, kept_days: int = KEPT_DAYS) -> None:
        self._journal = journal
        self.first = first
        self._objects = by_date(journal.list(first))
        self._digests = {dt: digest(objects) for dt, objects in self._objects.items()}
        self.entries = lru_cache(kept_days)(self._entries)

    def lists_month(self, dt: date) -> bool:
        """Whether all of this date's month is listed."""
        return self.first is None or self.first <= dt.replace(day=1)

    def widen(self) -> None:
        """Lists the older days too."""
        if self.first:
            older = by_date(self._journal.list(None, self.first - DAY))
            self.first = None
            self._objects = {**older, **self._objects}
            self._digests |= {dt: digest(objects) for dt, objects in older.items()}

    @property
    def dates(self) -> Sequence[date]:
        """All listed dates with entries, ascending."""
        return list(self._objects)

    def digest(self, first: date, last: date) -> str:
        """Names all entries with first <= dt <= last (32 hex digits)."""
        self._reach(first)
        lines = (f"{dt}={self._digests[dt]}" for dt in dates(first, last) if dt in self._digests)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]

    def evidence(self, dt: date) -> list[Entry]:
        """The claims, the export spans and the late plays of a date; nothing else is parsed."""
        return [entry for item in self._of(dt) for entry in self._decoded(item.key, EVIDENCE)]

    def _entries(self, dt: date) -> Sequence[Entry]:
        return [entry for item in self._of(dt) for entry in self._decoded(item.key)]

    def _of(self, dt: date) -> Sequence[JournalObject]:
        self._reach(dt)
        return self._objects.get(dt, ())

    def _reach(self, dt: date) -> None:
        if self.first and dt < self.first:
            self.widen()

    def _decoded(self, key: str, having: re.Pattern[bytes] | None = None) -> list[Entry]:
        return decode(key, self._journal.read(key), having=having)
