"""How far back a sparing night lists the journal: to its beginning once a week, else through the last two months.

Older days get entries from an import, or where somebody who listens little is polled. Who brings an import calls
`look_back`, so that the next night lists all of it; anything else is found within the week.
"""

from datetime import date, datetime, timedelta

from playledger.ports import TableStore

TABLE, PART = "checked", "whole"
"""Beside what was found sound stands the UTC date of the last night that listed all of the journal and ended well."""

EVERY = timedelta(days=7)
AT_LEAST = timedelta(days=31)


def listed_whole(tables: TableStore) -> date | None:
    """The date of the last night that listed all of the journal; None where nobody knows."""
    found = [row["digest"] for row in tables.read(TABLE, "") if row["part"] == PART]
    return date.fromisoformat(found[0]) if found else None


def listed_since(last: date | None, now: datetime) -> date | None:
    """Where the months begin that are to be listed; None for all of them, a week after the last time."""
    if last is None or now.date() - last >= EVERY:
        return None
    return (now - AT_LEAST).date().replace(day=1)


def look_back(tables: TableStore) -> None:
    """Makes the next night list all of the journal."""
    stored = tables.list(TABLE).get("")
    if stored:
        rows = [row for row in tables.read(TABLE, "") if row["part"] != PART]
        tables.write(TABLE, "", rows, digest="", replaces=stored)
