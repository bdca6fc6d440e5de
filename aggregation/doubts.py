"""Which months changed since they were found sound, and what the questions of `sql/checks` find wrong in them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aggregation.calendar import Calendar
from aggregation.summaries import utc_bounds
from glue_catalog.rollups import LASTING, MONTHLY
from playledger.ports import QueryEngine, Stored, TableStore
from sql import load, names

TABLE = "checked"
"""Remembers the digest of what was found sound: a night that failed or was killed leaves its doubts to the next."""

ALL = "all"
ROWS_NAMED = 5
"""So many wrong rows are named, the others only counted."""


@dataclass(frozen=True)
class Doubts:
    """Months `YYYY-MM` to look at, in order, and those of which the tables of all closed months are to be looked at."""

    months: Sequence[str]
    closed: Sequence[str]
    digests: Mapping[str, str]
    remembered: Stored | None

    @property
    def first(self) -> str:
        """The first day of the first month."""
        return f"{self.months[0]}-01"

    @property
    def end(self) -> str:
        """The day after the last month."""
        year, month = map(int, self.months[-1].split("-"))
        return f"{year + month // 12:04d}-{month % 12 + 1:02d}-01"


def doubts(tables: TableStore, calendar: Calendar) -> Doubts:
    """What is to be looked at: the open month, months that changed, and what is made of them."""
    known = {row["part"]: row["digest"] for row in tables.read(TABLE, "")}
    digests = _digests(tables, calendar)
    changed = {part for part, digest in digests.items() if known.get(part) != digest}
    closed = sorted(part for part in digests if part < calendar.open_month)
    changed_closed = [month for month in closed if month in changed] or closed
    return Doubts(
        months=sorted((changed - {ALL}) | {calendar.open_month, calendar.end[:7]}),
        closed=changed_closed if ALL in changed else (),
        digests=digests,
        remembered=tables.list(TABLE).get(""),
    )


def found_sound(tables: TableStore, doubted: Doubts) -> None:
    """Remembers that these were looked at and nothing was wrong."""
    rows = [{"part": part, "digest": digest} for part, digest in sorted(doubted.digests.items())]
    digest = _hashed(f"{row['part']} {row['digest']}" for row in rows)
    if doubted.remembered is None or doubted.remembered.digest != digest:
        tables.write(TABLE, "", rows, digest=digest, replaces=doubted.remembered)


def wrong_rows(engine: QueryEngine, calendar: Calendar, doubted: Doubts) -> list[str]:
    """What the questions of `sql/checks` find, one sentence for each that finds something."""
    days: dict[str, object] = {"p_from": doubted.first, "p_to": doubted.end}
    months = {"p_month_from": doubted.months[0], "p_month_to": doubted.months[-1]}
    dates = utc_bounds(doubted.first, doubted.end)
    asked: dict[str, Mapping[str, object]] = {
        "plays_sound": dates,
        "days_agree": {**days, **dates, "p_tz": calendar.zone.key},
        "summaries_sound": days,
        "months_agree": {**days, **months},
        "songs_sound": months,
        "spans_sound": {},
    }
    if doubted.closed:
        asked["all_agree"] = {"p_month_from": doubted.closed[0], "p_month_to": doubted.closed[-1]}
    found = [_finding(name, engine.rows(load(f"checks/{name}"), **params)) for name, params in asked.items()]
    return [sentence for sentence in found if sentence]


def _finding(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    shown = "; ".join(", ".join(f"{key} {value}" for key, value in row.items()) for row in rows[:ROWS_NAMED])
    return f"{name}: {len(rows)} rows ({shown})"


def _digests(tables: TableStore, calendar: Calendar) -> dict[str, str]:
    """Month, or `all` -> what names its tables as they are, and the questions that look at them."""
    versions = [load(name).sha256 for name in names("checks")]
    parts: dict[str, list[str]] = {}
    for rollup in MONTHLY:
        for month, stored in tables.list(rollup.table).items() if rollup.source_column == "day" else ():
            parts.setdefault(month, [str(month < calendar.open_month)]).append(_named(rollup.table, stored))
    parts[ALL] = [_named(rollup.table, stored) for rollup in LASTING for stored in tables.list(rollup.table).values()]
    return {part: _hashed([*versions, *named]) for part, named in parts.items()}


def _named(table: str, stored: Stored) -> str:
    return f"{table} {stored.etag} {stored.digest}"


def _hashed(named: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(named).encode()).hexdigest()[:32]
