"""Months, and all closed months together, by the same rule as days: what was made from other parts is made again."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from glue_catalog.rollups import LASTING, MONTHLY, Rollup
from playledger.ports import Stored, TableStore

ROLLUP_VERSION = 2
"""Goes up when rollups come out otherwise for the same parts."""

WHOLE = ""
"""The one partition of a table that has none."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Stale:
    """A partition that is missing or was made from other parts."""

    rollup: Rollup
    partition: str
    sources: Sequence[str]
    digest: str
    replaces: Stored | None


def roll_up(tables: TableStore, *, open_month: str, progress: Progress | None = None) -> tuple[str, ...]:
    """Brings every month up to date, and what is made of the months before `open_month` (YYYY-MM).

    Returns what was made, as `table` or `table/month`. `progress` gets partitions done and all, months first.
    """
    monthly = [stale for rollup in MONTHLY for stale in _stale(tables, rollup, _by_month(tables, rollup))]
    made = _make(tables, monthly, progress)
    lasting = [stale for rollup in LASTING for stale in _stale(tables, rollup, _closed(tables, rollup, open_month))]
    return (*made, *_make(tables, lasting, progress))


def _by_month(tables: TableStore, rollup: Rollup) -> dict[str, dict[str, Stored]]:
    """Month -> the parts that it is made of. Months that are stored stay in view when their parts are gone."""
    months: dict[str, dict[str, Stored]] = {month: {} for month in tables.list(rollup.table)}
    parts: defaultdict[str, dict[str, Stored]] = defaultdict(dict, months)
    for partition, stored in tables.list(rollup.source).items():
        parts[partition[:7]][partition] = stored
    return parts


def _closed(tables: TableStore, rollup: Rollup, open_month: str) -> dict[str, dict[str, Stored]]:
    months, first = tables.list(rollup.source).items(), _first(rollup, open_month)
    return {WHOLE: {month: stored for month, stored in months if first <= month < open_month}}


def _first(rollup: Rollup, open_month: str) -> str:
    """The first month that a table of closed ones is made of."""
    if rollup.last_months is None:
        return ""
    year, month = divmod(int(open_month[:4]) * 12 + int(open_month[5:]) - 1 - rollup.last_months, 12)
    return f"{year:04d}-{month + 1:02d}"


def _stale(tables: TableStore, rollup: Rollup, wanted: Mapping[str, Mapping[str, Stored]]) -> list[_Stale]:
    stored = tables.list(rollup.table)
    digests = {partition: _digest(rollup, parts) for partition, parts in wanted.items()}
    return [
        _Stale(rollup, partition, sorted(wanted[partition]), digest, stored.get(partition))
        for partition, digest in sorted(digests.items())
        if partition not in stored or stored[partition].digest != digest
    ]


def _digest(rollup: Rollup, parts: Mapping[str, Stored]) -> str:
    """Names all that a partition is made from."""
    named = [f"{partition} {stored.etag}" for partition, stored in sorted(parts.items())]
    return hashlib.sha256("\n".join([f"{ROLLUP_VERSION} {rollup}", *named]).encode()).hexdigest()[:32]


def _make(tables: TableStore, stale: Sequence[_Stale], progress: Progress | None) -> list[str]:
    for done, one in enumerate(stale, 1):
        tables.roll_up(one.rollup.table, one.partition, one.sources, digest=one.digest, replaces=one.replaces)
        if progress:
            progress(done, len(stale))
    return [f"{one.rollup.table}/{one.partition}".rstrip("/") for one in stale]
