"""SQL and plain Python agree on genres, eras, contexts, ways, sessions and months of the year, whatever the policy."""

import json
import os
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.query_engine import DuckDbQueryEngine
from adapters.table_store import DirectoryTableStore
from aggregation.calendar import Calendar
from aggregation.checks import contradictions
from aggregation.payload import serialise
from aggregation.summaries import summarise
from playledger.policy import Days, Exclusions, Policy, Songs
from tests.sql import given
from tests.sql.oracle import Ledger, Rules
from tests.sql.oracle_listening import Listening, resolved_listening
from tests.sql.test_against_oracle import History, asked, evenings

pytestmark = pytest.mark.sql

SEEDS = 400 if os.environ.get("PLAYLEDGER_SIMULATION") == "full" else 18
GENRES = ("pop", "rock", "jazz", "ambient", "k-pop", "techno", "folk", "dub", "soul", "punk", "grime", "fado")


class Telling(History):
    """A history whose exports tell how plays went, and whose metadata tell of years and genres."""

    def __init__(self, seed: int) -> None:
        self.more = random.Random(f"listening {seed}")
        self.is_exported = self.more.random() < 0.8
        super().__init__(seed)
        self.artists = [
            self._artist(f"by{number}", nth) for number in range(7) for nth in range(self.more.randint(0, 2))
        ]

    def _play(self, number: int) -> dict[str, Any]:
        pick = self.more.choice
        told = {
            "skipped": pick((None, True, False)),
            "shuffle": pick((None, True, False)),
            "platform": pick((None, None, "ios", "android", "web")),
            "offline": pick((None, True, False)),
        }
        kind = pick((None, "playlist", "album", "artist", "collection"))
        context = {"context_type": kind, "context_id": pick((f"c{number % 9}", "c0", None)) if kind else None}
        return super()._play(number) | context | (told if self.is_exported else {})

    def _version(self, number: int, nth: int) -> dict[str, Any]:
        pick = self.more.choice
        told = {
            "artist_id": pick((None, f"by{number % 7}")),
            "release_date": pick((None, "1969", "1970-01", f"{pick(range(1950, 2026))}-05-01")),
        }
        return super()._version(number, nth) | told

    def _artist(self, artist_id: str, nth: int) -> dict[str, Any]:
        return {
            "artist_id": artist_id,
            "genres": self.more.choices(GENRES, k=self.more.choice((0, 1, 3, 6))),
            "grade_rank": self.more.choice((2, 3)),
            "changed_at": f"2026-01-01 00:00:{self.more.randrange(30) * 2 + nth:02d}.000",
        }

    def write(self, root: Path) -> DirectoryTableStore:
        store = super().write(root)
        given.write(root, {"artists": {"2026-01-01": self.artists}})
        return store


@dataclass(frozen=True)
class Wish:
    """A policy as the product reads it, and as the oracle does."""

    policy: Policy = field(default_factory=Policy)
    rules: Rules = field(default_factory=Rules)
    same: dict[str, str] = field(default_factory=dict)


def wish(history: Telling) -> Wish:
    """Another one for each seed: nothing, each sort of exclusion, other limits, songs put together."""
    day, same = history.more.choice(history.days), ("spotify:track:u00", "spotify:track:u01")
    known = {row["track_uri"] for row in (*history.tracks, *history.plays)}
    wishes = (
        Wish(),
        _without(Exclusions(days=(Days(first=day, last=day),)), str(day)),
        _without(Exclusions(playlists=("c0",)), "c0"),
        _without(Exclusions(tracks=same[:1]), same[0]),
        _without(Exclusions(artists=("Band 1",)), "band 1"),
        Wish(Policy(least_seconds=60, count_finished=False), Rules(least_ms=60_000, finished=False)),
        Wish(Policy(least_seconds=0, count_incognito=True), Rules(least_ms=0, incognito=True)),
        Wish(Policy(kinds=("music", "podcast")), Rules(kinds=("music", "podcast"))),
        Wish(Policy(songs=Songs(same=(same,))), same={same[1]: same[0]} if same[1] in known else {}),
    )
    return wishes[history.more.randrange(len(wishes))]


def _without(exclusions: Exclusions, key: str) -> Wish:
    return Wish(Policy(exclude=exclusions), Rules(without=frozenset((key,))))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_how_was_listened_is_what_plain_python_counts(seed: int, tmp_path: Path) -> None:
    history = Telling(seed)
    tables, engine, chosen = history.write(tmp_path), DuckDbQueryEngine(tmp_path), wish(history)
    try:
        summarise(tables, engine, tz=history.tz)
        for now in evenings(history):
            document = asked(tables, engine, Calendar.at(now, history.tz), now, chosen.policy)
            today = now.astimezone(ZoneInfo(history.tz)).date()
            ledger = Ledger(history.plays, history.tracks, [], history.tz, today, chosen.rules, chosen.same)
            found = resolved_listening(json.loads(serialise(document)))
            assert found == Listening(ledger, given_artists(history)).document(), f"seed {seed}, {history.tz}, {today}"
            assert contradictions(document) == []
    finally:
        engine.close()


def given_artists(history: Telling) -> list[dict[str, Any]]:
    """The artists' rows as they are written."""
    return [given.DEFAULTS["artists"]("2026-01-01", row) | row for row in history.artists]
