"""What was new, what came back, and what was played on this day: asked, and placed into the document."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from aggregation.calendar import WEEKS, Calendar, months_between
from aggregation.names import Names
from aggregation.reading import Reading
from aggregation.rows import Ask, Row

YEARS_BACK = 10
"""So many years `dashboard/on_this_day` looks back."""


class WeekOfDiscovery(Row):
    """`dashboard/discovery`; weeks are those of `dashboard/weekly`."""

    weeks_ago: int
    new_plays: int
    known_plays: int


class MonthOfDiscovery(Row):
    """`dashboard/months`: the song or the artist most played in the month.

    `stuck` are those of the `new_things` that were played in three months or more by now, `variety` is in hundredths.
    """

    month_name: str
    what: Literal["song", "artist"]
    song_no: int | None
    artist_no: int | None
    new_things: int
    stuck: int
    variety: int


class Comeback(Row):
    """`dashboard/comebacks`: `nth` of the `found` ones, of all `songs`. `day` is the last one, or that of the return.

    A return has the plays since then.
    """

    what: Literal["once", "forgotten", "back"]
    nth: int
    song_no: int
    plays: int
    silent_days: int
    day: str
    found: int
    songs: int


class SameDay(Row):
    """`dashboard/on_this_day`."""

    day: str
    plays: int
    track_uri: str
    track_plays: int


@dataclass(frozen=True)
class DiscoveryAnswers:
    """Rows of the questions on discovery."""

    weeks: Sequence[WeekOfDiscovery]
    months: Sequence[MonthOfDiscovery]
    comebacks: Sequence[Comeback]
    same_days: Sequence[SameDay]


def ask_discovery(ask: Ask, reading: Reading) -> DiscoveryAnswers:
    """Asks all of them; what needs no days of closed months reads none."""
    lasting_from = str(reading.params["p_lasting_from"])
    year = str(reading.calendar.first_day("365d", None))
    return DiscoveryAnswers(
        weeks=ask("discovery", WeekOfDiscovery, p_from=year, p_month_from=min(lasting_from, year[:7])),
        months=ask("months", MonthOfDiscovery, p_month_from=lasting_from),
        comebacks=ask("comebacks", Comeback, p_month_from=lasting_from),
        same_days=ask("on_this_day", SameDay, **same_days_before(reading.calendar)),
    )


def same_days_before(calendar: Calendar) -> dict[str, object]:
    """The day after the data day, in each of the years before it; the 29th of February in any year."""
    year, rest = calendar.end[:4], calendar.end[4:]
    return {f"p_d{back}": f"{int(year) - back}{rest}" for back in range(1, YEARS_BACK + 1)}


def placed_discovery(found: DiscoveryAnswers, calendar: Calendar, first: date | None, shelf: Names) -> dict[str, Any]:
    """The document's parts by name; without a first counted play there are no series."""
    months = months_between(first, calendar.data_day) if first else []
    return {
        "discovery_weekly": _weekly(found.weeks, calendar) if first else None,
        "discovery_monthly": _monthly(found.months, months) if first else None,
        "number_ones": _number_ones(found.months, months, shelf) if first else None,
        "one_hit_wonders": _once(found.comebacks, shelf) if first else None,
        "forgotten": [(shelf.track(row.song_no), row.plays, row.day) for row in _of(found.comebacks, "forgotten")],
        "back_after": [(shelf.track(row.song_no), row.silent_days, row.day) for row in _of(found.comebacks, "back")],
        "on_this_day": [
            {"day": row.day, "plays": row.plays, "track": shelf.track(row.track_uri), "track_plays": row.track_plays}
            for row in found.same_days
        ],
    }


def _weekly(rows: Sequence[WeekOfDiscovery], calendar: Calendar) -> dict[str, Any]:
    by_week = {row.weeks_ago: row for row in rows}
    weeks = [by_week.get(ago) for ago in reversed(range(WEEKS))]
    return {
        "start": str(calendar.back(WEEKS * 7)),
        "new": [week.new_plays if week else 0 for week in weeks],
        "known": [week.known_plays if week else 0 for week in weeks],
    }


def _monthly(rows: Sequence[MonthOfDiscovery], months: Sequence[str]) -> dict[str, Any]:
    by_month = {(row.what, row.month_name): row for row in rows}
    songs, artists = ([by_month.get((what, month)) for month in months] for what in ("song", "artist"))
    return {
        "start": months[0],
        "new_tracks": [row.new_things if row else 0 for row in songs],
        "new_artists": [row.new_things if row else 0 for row in artists],
        "stuck": [row.stuck if row else 0 for row in songs],
        "variety": [row.variety if row else 0 for row in artists],
    }


def _number_ones(rows: Sequence[MonthOfDiscovery], months: Sequence[str], shelf: Names) -> dict[str, Any]:
    tracks = {row.month_name: shelf.track(row.song_no) for row in rows if row.song_no is not None}
    artists = {row.month_name: shelf.artist(row.artist_no) for row in rows if row.artist_no is not None}
    return {
        "start": months[0],
        "tracks": [tracks.get(month) for month in months],
        "artists": [artists.get(month) for month in months],
    }


def _once(rows: Sequence[Comeback], shelf: Names) -> dict[str, Any]:
    """Songs played once; where there is none, no row says of how many."""
    once = _of(rows, "once")
    return {
        "count": once[0].found if once else 0,
        "permille": 1000 * once[0].found // once[0].songs if once else 0,
        "newest": [(shelf.track(row.song_no), row.day) for row in once],
    }


def _of(rows: Sequence[Comeback], what: str) -> list[Comeback]:
    return [row for row in rows if row.what == what]
