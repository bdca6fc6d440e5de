"""Summaries of local days, made by one rule: what was made from other inputs than there are now is made again."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

from playledger.models import format_instant, parse_instant
from playledger.ports import QueryEngine, Stored, TableStore
from sql import Query, load

SUMMARIES = ("day_tracks", "day_quarters", "day_sessions", "day_binges")
"""Tables of one object per local day, each made by the question of its name in `sql/summaries`."""

DAY = timedelta(days=1)
BATCH_SPAN = timedelta(days=31)


def summarise(
    tables: TableStore, engine: QueryEngine, *, tz: str, progress: Callable[[int, int], None] | None = None
) -> tuple[str, ...]:
    """Makes the summaries that are missing or made from other plays, SQL or zone; returns their days, in order.

    A day's inputs are the plays objects of its UTC date and of the two beside it, named before they are read: whatever
    comes in between is seen by the next run. Days of one month are asked together. `progress` gets days done and all.
    """
    plays = {dt: stored.etag for dt, stored in tables.list("plays").items()}
    days = _local_days(tables, plays, ZoneInfo(tz))
    stale = {table: _stale(load(f"summaries/{table}"), tables.list(table), plays, days, tz) for table in SUMMARIES}
    total, done = sum(map(len, stale.values())), 0
    for table in SUMMARIES:
        for days_together in _batches(sorted(stale[table])):
            batch = {day: stale[table][day] for day in days_together}
            _rebuild(tables, engine, table, batch, tz)
            done += len(batch)
            if progress:
                progress(done, total)
    return tuple(sorted({day for batch in stale.values() for day in batch}))


def _batches(days: Sequence[str]) -> Iterator[list[str]]:
    """Days in order, cut so that each piece fits into the span of a month."""
    batch: list[str] = []
    for day in days:
        if batch and date.fromisoformat(day) - date.fromisoformat(batch[0]) >= BATCH_SPAN:
            yield batch
            batch = []
        batch.append(day)
    if batch:
        yield batch


def utc_bounds(first: str, last: str) -> dict[str, str]:
    """Bounds on dt, half-open, that hold every play of the local days first..last in whatever zone."""
    return {
        "p_dt_from": str(date.fromisoformat(first) - DAY),
        "p_dt_to": str(date.fromisoformat(last) + 2 * DAY),
    }


def dates_around(day: str) -> list[str]:
    """The UTC dates that may hold plays of a local day, in whatever zone."""
    return [str(date.fromisoformat(day) + shift * DAY) for shift in (-1, 0, 1)]


def day_after(day: str) -> str:
    """The next day."""
    return str(date.fromisoformat(day) + DAY)


def _local_days(tables: TableStore, plays: Iterable[str], zone: ZoneInfo) -> set[str]:
    """The local days that the UTC dates in `plays` reach into, none later than the newest play."""
    dates = sorted(plays)
    if not dates:
        return set()
    newest = max((parse_instant(row["played_at"]) for row in tables.read("plays", dates[-1])), default=None)
    last = str(newest.astimezone(zone).date()) if newest else dates[-1]
    return {day for dt in dates for day in local_days_of(date.fromisoformat(dt), zone) if day <= last}


def local_days_of(dt: date, zone: ZoneInfo) -> set[str]:
    """The local days that a UTC date reaches into."""
    midnight = datetime.combine(dt, time(), UTC)
    moments = (midnight, midnight + DAY - timedelta(milliseconds=1))
    return {str(moment.astimezone(zone).date()) for moment in moments}


def _stale(
    question: Query, stored: Mapping[str, Stored], plays: Mapping[str, str], days: set[str], tz: str
) -> dict[str, tuple[str, Stored | None]]:
    """Day -> (digest that it should have, what is stored now), for those that differ. Days once stored stay in view."""
    digests = {day: _digest(question, plays, day, tz) for day in days | set(stored)}
    return {
        day: (digest, stored.get(day))
        for day, digest in digests.items()
        if day not in stored or stored[day].digest != digest
    }


def _digest(question: Query, plays: Mapping[str, str], day: str, tz: str) -> str:
    """Names all that a day's summary is made from."""
    inputs = [f"{dt} {plays[dt]}" for dt in dates_around(day) if dt in plays]
    named = "\n".join([question.sha256, tz, _zone_data(), *inputs])
    return hashlib.sha256(named.encode()).hexdigest()[:32]


@cache
def _zone_data() -> str:
    """Version of the tz database; to look it up takes longer than all the rest of a digest."""
    return version("tzdata")


def _rebuild(
    tables: TableStore, engine: QueryEngine, table: str, batch: Mapping[str, tuple[str, Stored | None]], tz: str
) -> None:
    """Asks once for all days from the first to the last of the batch and writes those of the batch."""
    first, last = min(batch), max(batch)
    rows = engine.rows(
        load(f"summaries/{table}"), p_from=first, p_to=day_after(last), p_tz=tz, **utc_bounds(first, last)
    )
    by_day: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_day[row["day"]].append({name: _stored_value(value) for name, value in row.items() if name != "day"})
    for day, (digest, replaces) in batch.items():
        tables.write(table, day, by_day[day], digest=digest, replaces=replaces)


def _stored_value(value: Any) -> Any:
    return format_instant(value.replace(tzinfo=UTC)) if isinstance(value, datetime) else value
