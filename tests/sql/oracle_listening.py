"""Genres, eras, contexts, ways, sessions and months of the year, recomputed from plays by plain Python.

Names stand where the document has indexes, so that both can be compared after `resolved_listening`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from tests.sql.oracle import Heard, Json, Ledger, instant

HALF_AN_HOUR = timedelta(minutes=30)
MINUTE = timedelta(minutes=1)
LENGTHS = (15, 30, 60, 120, 240)
BEGINNING = date(2006, 1, 1)


class Listening:
    """What a ledger says beside its plays and tops; `artists` are rows of metadata."""

    def __init__(self, ledger: Ledger, artists: Sequence[Json]) -> None:
        self.ledger = ledger
        best = sorted(artists, key=lambda row: (row["grade_rank"], row["changed_at"], row["name"]))
        self.genres = {row["artist_id"]: set(row["genres"]) for row in best}
        self.years = self._years()
        self.sessions = self._sessions()

    def _years(self) -> dict[str, int]:
        """Song -> the earliest year that one of its tracks is known to be of."""
        years: dict[str, int] = {}
        for uri, row in self.ledger.newest.items():
            if row["release_date"]:
                song, year = self.ledger.same.get(uri, uri), int(row["release_date"][:4])
                years[song] = min(years.get(song, year), year)
        return years

    def _sessions(self) -> list[tuple[date, timedelta]]:
        """(day it begins on, length) of every run of music up to the last day, short plays too."""
        rows = [row for row in self.ledger.rows if row["kind"] == "music" and not row["incognito"]]
        runs: list[list[tuple[datetime, timedelta, date]]] = []
        for row in sorted(rows, key=lambda row: (row["played_at"], row["play_key"])):
            at, day = instant(row["played_at"]), self.ledger.local(row).date()
            heard = row["ms_played"] if row["ms_played"] is not None else row["duration_ms"] or 0
            length = timedelta(milliseconds=heard)
            if day > self.ledger.last:
                continue
            if runs and at - length - runs[-1][-1][0] <= HALF_AN_HOUR:
                runs[-1].append((at, length, day))
            else:
                runs.append([(at, length, day)])
        return [(run[0][2], run[-1][0] - run[0][0] + run[0][1]) for run in runs]

    def windows(self) -> dict[str, Json]:
        """The parts of every window and every year."""
        return {name: self.window(name, *span) for name, span in self.ledger.spans().items()}

    def window(self, name: str, begin: date | None, end: date, before: date | None, before_end: date) -> Json:
        """The parts of one window."""
        now, first = self.ledger.span(begin, end), self.ledger.first
        is_told = before is not None and first is not None and before >= first
        earlier = self.ledger.span(before, before_end) if is_told else []
        return {
            "top_genres": top(now, earlier, self.genres_of, str),
            "top_contexts": top(now, earlier, context_of, lambda found: "\n".join((found[0], found[1] or "\uffff"))),
            "eras": self.eras(now),
            "ways": ways([play.row for play in now]),
            "sessions": self.summed_sessions(BEGINNING if name == "all" or begin is None else begin, end),
        }

    def genres_of(self, play: Heard) -> Iterable[str]:
        """The genres of a play's first artist."""
        return self.genres.get(self.ledger.newest.get(play.uri, {}).get("artist_id"), ())

    def eras(self, plays: Sequence[Heard]) -> list[list[int]]:
        """[decade, plays, minutes], oldest first."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for play in plays:
            if play.song in self.years:
                found[self.years[play.song] // 10 * 10].append(play.ms)
        return [[decade, len(ms), sum(ms) // 60_000] for decade, ms in sorted(found.items())]

    def summed_sessions(self, begin: date, end: date) -> Json | None:
        """Sessions that begin in these days."""
        out = self.ledger.rules.without
        inside = [(day, length) for day, length in self.sessions if begin <= day <= end and str(day) not in out]
        if not inside:
            return None
        lengths = [length for _, length in inside]
        longest = max(lengths)
        counts = [sum(length < limit * MINUTE for length in lengths) for limit in LENGTHS]
        return {
            "count": len(inside),
            "minutes": sum(lengths, timedelta(0)) // MINUTE,
            "median_minutes": int(median(length / MINUTE for length in lengths)),
            "longest_minutes": longest // MINUTE,
            "longest_day": str(min(day for day, length in inside if length == longest)),
            "lengths": [more - less for less, more in zip([0, *counts], [*counts, len(lengths)], strict=True)],
        }

    def month_of_year(self) -> Json | None:
        """Plays and minutes of each month, all years together."""
        if self.ledger.first is None:
            return None
        months = [[play.ms for play in self.ledger.plays if play.day.month == month] for month in range(1, 13)]
        return {"plays": [len(ms) for ms in months], "minutes": [sum(ms) // 60_000 for ms in months]}

    def document(self) -> Json:
        """All of it."""
        windows = self.windows()
        return {"windows": windows, "month_of_year": self.month_of_year()}


def context_of(play: Heard) -> list[tuple[str, str | None]]:
    """What a play was played from; nothing where that is not known."""
    kind = play.row["context_type"]
    return [] if kind is None else [(kind, play.row["context_id"])]


def top(
    now: Sequence[Heard], before: Sequence[Heard], of: Callable[[Heard], Iterable[Any]], order: Any
) -> list[list[Any]]:
    """[name, plays, minutes, place before, place, permille]: most plays, then most time, then the name; ten at most."""

    def measured(plays: Sequence[Heard]) -> dict[Any, list[int]]:
        found: defaultdict[Any, list[int]] = defaultdict(list)
        for play in plays:
            for thing in of(play):
                found[thing].append(play.ms)
        return found

    def place(thing: Any, found: dict[Any, list[int]]) -> int | None:
        return 1 + sum(len(ms) > len(found[thing]) for ms in found.values()) if thing in found else None

    sums, earlier = measured(now), measured(before)
    chosen = sorted(sums, key=lambda thing: (-len(sums[thing]), -sum(sums[thing]), order(thing)))[:10]
    return [
        [
            *(thing, len(sums[thing]), sum(sums[thing]) // 60_000, place(thing, earlier), place(thing, sums)),
            1000 * len(sums[thing]) // len(now),
        ]
        for thing in chosen
    ]


def ways(rows: Sequence[Json]) -> Json | None:
    """How the plays went that an export tells of."""
    told = [row for row in rows if any(row.get(name) is not None for name in ("skipped", "shuffle", "platform"))]
    if not told:
        return None
    platforms = Counter(row["platform"] for row in told if row.get("platform") is not None)
    return {
        "plays": len(told),
        "skipped": sum(row.get("skipped") is True for row in told),
        "finished": sum(row["reason_end"] == "trackdone" and row["ms_played"] is not None for row in told),
        "shuffled": sum(row.get("shuffle") is True for row in told),
        "offline": sum(row.get("offline") is True for row in told),
        "platforms": [[name, count] for name, count in sorted(platforms.items(), key=lambda item: (-item[1], item[0]))],
    }


def resolved_listening(document: Json) -> Json:
    """The same parts of a document, names in place of indexes."""
    words = document["dict"]

    def named(rows: Iterable[Sequence[Any]], name: Callable[[int], Any]) -> list[list[Any]]:
        return [[name(index), *others] for index, *others in rows]

    def window(body: Json) -> Json:
        return {
            "top_genres": named(body["top_genres"], lambda index: words["genres"][index]),
            "top_contexts": named(body["top_contexts"], lambda index: tuple(words["contexts"][index])),
            **{name: body[name] for name in ("eras", "ways", "sessions")},
        }

    windows = document["windows"] | document["years"]
    return {
        "windows": {name: window(body) for name, body in windows.items()},
        "month_of_year": document["month_of_year"],
    }
