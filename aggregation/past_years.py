"""What was answered about years that are over: kept while all that it was made of stays the same."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aggregation.reading import Reading
from playledger.errors import CorruptObject
from playledger.ports import QueryEngine, TableStore
from sql import load

ASKED = ("dashboard/contexts", "dashboard/genres_eras", "dashboard/tops", "dashboard/totals")
"""The questions that add up whole years."""

TABLE = "past_years"
SOURCES = ("all_contexts", "all_time", "all_years")

THINGS = {"song_no": "p_songs", "artist_no": "p_artists", "album_no": "p_albums"}
"""What a row names by a number of this night -> the parameter of `years/tracks`."""

AnyRow = Mapping[str, Any]


class PastYears:
    """The answers about the years in `names`. Where `is_kept`, they need not be asked for again.

    Numbers of songs, artists and albums are those of one night, so what is kept names a track of each instead.
    """

    def __init__(self, tables: TableStore, engine: QueryEngine, reading: Reading) -> None:
        self._tables, self._engine = tables, engine
        self._stored = tables.list(TABLE).get("")
        self.names = reading.past_years
        self._digest = _digest(tables, engine, reading) if self.names else ""
        self._answers: defaultdict[str, list[AnyRow]] = defaultdict(list)
        self.is_kept = bool(self.names and self._stored and self._stored.digest == self._digest and self._found())

    def completed(self, question: str, rows: Sequence[AnyRow]) -> Sequence[AnyRow]:
        """An answer of this night, with the rows that are kept; else its rows about past years are noted."""
        if question not in ASKED:
            return rows
        if self.is_kept:
            return [*rows, *self._answers[question]]
        self._answers[question] = [row for row in rows if row["window_name"] in self.names]
        return rows

    def keep(self) -> None:
        """Stores what was noted, if it is not stored already."""
        if self.names and not self.is_kept:
            self._tables.write(TABLE, "", self._rows(), digest=self._digest, replaces=self._stored)

    def _found(self) -> bool:
        """Whether the stored rows can be read, and all that they name is known."""
        with suppress(CorruptObject, KeyError):
            kept = self._tables.read(TABLE, "")  # first: an engine would stop the night at a damaged one
            numbers = {row["track_uri"]: row for row in self._engine.rows(load("years/numbers"))}
            for row in kept:
                thing, answer = row["thing"], json.loads(row["answer"])
                number = {thing: numbers[row["track_uri"]][thing]} if thing else {}
                self._answers[row["question"]].append({**answer, **number})
            return True
        self._answers.clear()
        return False

    def _rows(self) -> list[dict[str, Any]]:
        """Rows of `past_years`."""
        tracks = self._tracks()
        return [
            {
                "question": question,
                "thing": (thing := _thing(answer)),
                "track_uri": tracks[thing, answer[thing]] if thing else None,
                "answer": json.dumps({name: value for name, value in answer.items() if name != thing}),
            }
            for question, answers in sorted(self._answers.items())
            for answer in answers
        ]

    def _tracks(self) -> dict[tuple[str | None, int], str]:
        """A track of everything that is named by a number."""
        named = [(_thing(row), row) for answers in self._answers.values() for row in answers]
        given = {param: _lines(row[thing] for name, row in named if name == thing) for thing, param in THINGS.items()}
        if not any(given.values()):
            return {}
        found = self._engine.rows(load("years/tracks"), **given)
        return {(row["thing"], row["number"]): row["track_uri"] for row in found}


def _thing(row: AnyRow) -> str | None:
    return next((thing for thing in THINGS if row.get(thing) is not None), None)


def _lines(numbers: Iterable[int]) -> str:
    return "\n".join(map(str, sorted(set(numbers))))


def _digest(tables: TableStore, engine: QueryEngine, reading: Reading) -> str:
    """Names all that the answers are made of: questions, tables, policy, years, and how each track is counted."""
    etags = [f"{table} {stored.etag}" for table in SOURCES for stored in tables.list(table).values()]
    [counted] = engine.rows(load("years/identity"))
    named = [
        *(load(question).sha256 for question in ASKED),
        *etags,
        *reading.left_out,
        reading.policy.model_dump_json(),
        str(sorted(reading.past_years)),
        str(sorted(counted.items())),
    ]
    return hashlib.sha256("\n".join(named).encode()).hexdigest()[:32]
