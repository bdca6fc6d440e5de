"""Which days and months changed since they were found sound, and what the questions of `sql/checks` find wrong there.

A day is looked at when what the tables hold of it has changed, and once more with its whole month when that is closed.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from aggregation.calendar import Calendar, days_between, months_end
from aggregation.summaries import SUMMARIES, dates_around, day_after, local_days_of, utc_bounds
from glue_catalog.rollups import LASTING, MONTHLY
from playledger.ports import QueryEngine, Stored, TableStore
from sql import load, names

TABLE = "checked"
"""Remembers the digest of what was found sound: a night that failed or was killed leaves its doubts to the next."""

ALL = "all"
BY_DAY = ("plays", "settled_days", *SUMMARIES)
"""Of plays and their accounts the UTC date of the same name stands with the local day."""

BY_MONTH = tuple(rollup.table for rollup in MONTHLY if rollup.source_column == "day")
ROWS_NAMED = 5
"""So many wrong rows are named, the others only counted."""

MOST_NAMED = 366
"""So many days are named one by one in a question; of more, all between the first and the last are looked at."""


@dataclass(frozen=True)
class Doubts:
    """Days to look at, in order, and months of which the tables of all closed months are to be looked at."""

    days: Sequence[str]
    closed: Sequence[str]
    digests: Mapping[str, str]
    remembered: Stored | None


def doubts(tables: TableStore, calendar: Calendar) -> Doubts:
    """What changed since it was found sound."""
    known = {row["part"]: row["digest"] for row in tables.read(TABLE, "")}
    digests = _digests(tables, calendar)
    changed = {part for part, digest in digests.items() if known.get(part) != digest}
    closed = sorted(part for part in digests if _is_month(part) and part < calendar.open_month)
    changed_closed = [month for month in closed if {month, _closing(month)} & changed] or closed
    return Doubts(
        days=sorted(_days(changed, calendar, newest=max(filter(_is_day, digests), default=""))),
        closed=changed_closed if ALL in changed else (),
        digests=digests,
        remembered=tables.list(TABLE).get(""),
    )


def found_sound(tables: TableStore, doubted: Doubts, beside: Mapping[str, str]) -> None:
    """Remembers that these were looked at and nothing was wrong, and what else is to be known on the next night."""
    rows = [{"part": part, "digest": digest} for part, digest in sorted({**doubted.digests, **beside}.items())]
    digest = _hashed(f"{row['part']} {row['digest']}" for row in rows)
    if doubted.remembered is None or doubted.remembered.digest != digest:
        tables.write(TABLE, "", rows, digest=digest, replaces=doubted.remembered)


def wrong_rows(engine: QueryEngine, calendar: Calendar, doubted: Doubts) -> list[str]:
    """What the questions of `sql/checks` find, one sentence for each that finds something."""
    found = [_finding(name, engine.rows(load(f"checks/{name}"), **given)) for name, given in _asked(calendar, doubted)]
    return [sentence for sentence in found if sentence]


def _asked(calendar: Calendar, doubted: Doubts) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The questions, with their parameters. Each is asked once: where old days changed too, it opens theirs beside."""
    if doubted.days:
        first, last = doubted.days[0], doubted.days[-1]
        days = {"p_from": first, "p_to": day_after(last), "p_days": _named_days(doubted.days)}
        around = sorted({day for day in doubted.days for day in dates_around(day)})
        yield "plays_sound", {"p_dt_from": first, "p_dt_to": days["p_to"], "p_dates": days["p_days"]}
        yield (
            "days_agree",
            {**days, **utc_bounds(first, last), "p_dates": _named_days(around), "p_tz": calendar.zone.key},
        )
        yield "summaries_sound", days
        yield "months_agree", {**days, **_months(doubted.days)}
    yield "songs_sound", _months(doubted.days or [str(calendar.data_day)])
    yield "spans_sound", {}
    if doubted.closed:
        yield "all_agree", {"p_month_from": doubted.closed[0], "p_month_to": doubted.closed[-1]}


def _named_days(days: Sequence[str]) -> str:
    """The days as text; nothing, which stands for all, where there are many: a question may not be endless."""
    return " ".join(days) if len(days) <= MOST_NAMED else ""


def _months(days: Sequence[str]) -> dict[str, str]:
    found = sorted({day[:7] for day in days})
    return {"p_month_from": found[0], "p_months": " ".join(found)}


def _finding(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    shown = "; ".join(", ".join(f"{key} {value}" for key, value in row.items()) for row in rows[:ROWS_NAMED])
    return f"{name}: {len(rows)} rows ({shown})"


# ---- which days -------------------------------------------------------------------------------------------------


def _days(changed: set[str], calendar: Calendar, newest: str) -> set[str]:
    """The days to look at: those that changed, also where only the UTC date of their plays did.

    Of a month that was closed since, or that changed though no day of it did, they are all its days.
    """
    dates = [date.fromisoformat(part) for part in changed if _is_day(part)]
    days = {day for dt in dates for day in {str(dt), *local_days_of(dt, calendar.zone)} if day <= newest}
    touched = {day[:7] for day in days}
    for part in changed:
        if _is_closing(part) or (_is_month(part) and part not in touched):
            first = date.fromisoformat(f"{part[:7]}-01")
            days |= set(days_between(first, months_end(first)))
    return days


# ---- digests ----------------------------------------------------------------------------------------------------


def _digests(tables: TableStore, calendar: Calendar) -> dict[str, str]:
    """Day, month or `all` -> what names its tables as they are, and the questions that look at them.

    A month that is closed has a second part, which says only that it was looked at since then.
    """
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for table in (*BY_DAY, *BY_MONTH):
        for partition, stored in tables.list(table).items():
            parts[partition].append(_named(table, stored))
    parts |= {_closing(month): [] for month in parts if _is_month(month) and month < calendar.open_month}
    parts[ALL] = [_named(rollup.table, stored) for rollup in LASTING for stored in tables.list(rollup.table).values()]
    versions = [load(name).sha256 for name in names("checks")]
    return {part: _hashed([*versions, *named]) for part, named in parts.items()}


def _closing(month: str) -> str:
    return f"{month} closed"


def _is_closing(part: str) -> bool:
    return part.endswith(" closed")


def _is_month(part: str) -> bool:
    return len(part) == len("2026-01")


def _is_day(part: str) -> bool:
    return len(part) == len("2026-01-01")


def _named(table: str, stored: Stored) -> str:
    return f"{table} {stored.etag} {stored.digest}"


def _hashed(named: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(named).encode()).hexdigest()[:32]
