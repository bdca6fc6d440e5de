"""The night's first half: hot store and journal alike, changed days settled, gaps found. All of it by digests."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import lru_cache

from playledger.models import SettledDay, canonical_row, to_ms
from playledger.ports import Journal, Stored, TableStore
from settlement.days import DAY, JournalDays, dates
from settlement.evidence import Evidence, gather, is_kept
from settlement.gaps import settle_gaps
from settlement.hot import ReconcileReport, rebuild, reconcile
from settlement.settle import SETTLE_VERSION, Settled, settle

__all__ = ["ReconcileReport", "SettleReport", "rebuild", "reconcile", "settle_changed", "settle_gaps"]

TABLES = ("plays", "settled_days")

BLOCK_DAYS = 14
"""So many neighbouring days are settled at once, at most: a long import loads each day once, in little memory."""

BESIDE = 2 * DAY
"""So many days before a month are listed with it: its first days were settled together with them."""

REMEMBERED = 4
"""Digests kept: plays and account of a day are asked for one after the other, and mostly have the same one."""

NOTHING = SettledDay.model_validate(dict.fromkeys(SettledDay.model_fields, 0))
"""The account of a day whose entries are gone."""

Moved = Callable[[int, int], None]


@dataclass(frozen=True)
class SettleReport:
    """Which UTC dates were settled again, how many days the journal has, and how many plays were written.

    `evidence` is what the journal vouched for when it was listed: settle_gaps can go on with it.
    """

    changed: tuple[date, ...]
    days: int
    plays: int
    evidence: Evidence | None = field(default=None, compare=False, repr=False)


def settle_changed(
    journal: Journal, tables: TableStore, *, since: date | None = None, progress: Moved | None = None
) -> SettleReport:
    """Settles every date whose digest is not that of the journal days it came from; `progress` gets (done, all).

    With `since` the months before that one are taken as they are and not listed, unless something of them is missing or
    made by another version, or needed for a later date. Raises CorruptObject, naming it, where an object of the journal
    cannot be read; earlier days stay settled.
    """
    days = JournalDays(journal, _listed_from(tables, since))
    evidence = gather(days, tables)
    run = _Run(days, evidence, tables)
    stale = run.stale()
    written = done = 0
    for block in _blocks(stale):
        written += run.settle_block(block)
        done += len(block)
        if progress:
            progress(done, len(stale))
    return SettleReport(tuple(stale), len(days.dates), written, evidence)


def _blocks(stale: Sequence[date]) -> Iterator[list[date]]:
    """Runs of consecutive dates, cut where they get long."""
    block: list[date] = []
    for dt in stale:
        if block and (dt - block[-1] > DAY or len(block) == BLOCK_DAYS):
            yield block
            block = []
        block.append(dt)
    if block:
        yield block


def _listed_from(tables: TableStore, since: date | None) -> date | None:
    """Where the listing of the journal begins; None where something of the months before is to be made."""
    if since is None:
        return None
    first = since.replace(day=1)
    plays, accounts = ({dt: stored for dt, stored in tables.list(table).items() if dt < str(first)} for table in TABLES)
    made = [*plays.values(), *accounts.values()]
    is_whole = set(plays) == set(accounts) and all(stored.digest.startswith(f"v{SETTLE_VERSION}:") for stored in made)
    return first - BESIDE if is_whole and is_kept(tables, {dt[:7] for dt in plays}) else None


def _made_from(stored: Stored | None) -> tuple[date, date] | None:
    """The days, from first to last, that something was made from; None where its digest does not say."""
    return _days_named(stored.digest) if stored else None


@lru_cache(REMEMBERED)
def _days_named(digest: str) -> tuple[date, date] | None:
    named = digest.split(":")
    if len(named) != len(("version", "first", "last", "hash")):
        return None
    try:
        return date.fromisoformat(named[1]), date.fromisoformat(named[2])
    except ValueError:
        return None


class _Run:
    """One run over a journal listed once."""

    def __init__(self, days: JournalDays, evidence: Evidence, tables: TableStore) -> None:
        self._days = days
        self._evidence = evidence
        self._tables = tables
        self._stored = {table: tables.list(table) for table in TABLES}
        self._digest = lru_cache(REMEMBERED)(self._named)

    def stale(self) -> list[date]:
        """Dates whose plays or account are missing, or were made from other entries; also those that lost theirs."""
        stored = {date.fromisoformat(dt) for partitions in self._stored.values() for dt in partitions}
        concerned = sorted(dt for dt in {*self._days.dates, *stored} if self._is_concerned(dt))
        return [dt for dt in concerned if not all(map(self._is_fresh, self._parts(dt)))]

    def _is_concerned(self, dt: date) -> bool:
        """Whether a listing can tell of a date: its month is listed, or it was made of days of a month that is."""
        if self._days.lists_month(dt):
            return True
        spans = [_made_from(stored) for _, stored in self._parts(dt)]
        return any(self._days.lists_month(span[1]) for span in spans if span)

    def settle_block(self, block: Sequence[date]) -> int:
        """Settles these dates and writes what changed; returns the number of plays written."""
        settled = self._settled(block[0], block[-1])
        for dt in block:
            first, last = settled.reach.get(dt, (dt, dt))
            digest = self._digest(dt, min(first, dt) - DAY, max(last, dt) + DAY)
            self._write("plays", dt, settled.plays.get(dt, ()), digest)
            self._write("settled_days", dt, [canonical_row(settled.accounts.get(dt, NOTHING))], digest)
        return sum(len(settled.plays.get(dt, ())) for dt in block)

    def _settled(self, first: date, last: date) -> Settled:
        """All entries of these dates and their neighbours, and of more while a chain reaches the outermost of them."""
        lo, hi, step = first - DAY, last + DAY, DAY
        while True:
            loaded = (entry for dt in dates(lo, hi) for entry in self._days.entries(dt))
            settled = settle(loaded, self._evidence.healed)
            ends = [settled.reach[dt] for dt in dates(first, last) if dt in settled.reach]
            is_open_below, is_open_above = any(end[0] <= lo for end in ends), any(end[1] >= hi for end in ends)
            if not is_open_below and not is_open_above:
                return settled
            lo, hi = lo - step * is_open_below, hi + step * is_open_above
            step *= 2

    def _parts(self, dt: date) -> list[tuple[date, Stored | None]]:
        return [(dt, partitions.get(dt.isoformat())) for partitions in self._stored.values()]

    def _is_fresh(self, part: tuple[date, Stored | None]) -> bool:
        """Whether the digest, which names the days it was made from, would be the same today."""
        dt, stored = part
        span = _made_from(stored)
        return stored is not None and span is not None and stored.digest == self._digest(dt, *span)

    def _named(self, dt: date, first: date, last: date) -> str:
        """`v<version>:<first>:<last>:<hash>`: the entries of these days, and what exports cover of the date itself."""
        begin = to_ms(datetime.combine(dt, time(), UTC))
        healed = self._evidence.healed_within(begin, begin + 86_400_000 - 1)
        text = f"{self._days.digest(first, last)} {[(span.lo, span.hi) for span in healed]}"
        return f"v{SETTLE_VERSION}:{first}:{last}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"

    def _write(self, table: str, dt: date, rows: Sequence[Mapping[str, object]], digest: str) -> None:
        stored = self._stored[table].get(dt.isoformat())
        if stored is None or stored.digest != digest:
            self._tables.write(table, dt.isoformat(), rows, digest=digest, replaces=stored)
