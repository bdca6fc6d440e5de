"""SQL and the plain-Python oracle agree on every number of the document, for random histories in six time zones.

Histories are made to be awkward: plays on midnights and in the hours that clocks skip or repeat, ties everywhere, names
that are missing or known in several versions, days that nobody listened on.
"""

import json
import os
import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.query_engine import DuckDbQueryEngine
from adapters.table_store import DirectoryTableStore
from aggregation.calendar import Calendar
from aggregation.checks import contradictions
from aggregation.doubts import doubts, wrong_rows
from aggregation.payload import Surroundings, build, serialise
from aggregation.questions import ask_all
from aggregation.reading import read_by
from aggregation.rollups import roll_up
from aggregation.songs import name_songs
from aggregation.summaries import summarise
from playledger.dashboard_data import DashboardData
from playledger.policy import Policy
from tests.sql import given
from tests.sql.oracle import Ledger, instant, resolved, resolved_track

pytestmark = pytest.mark.sql

ZONES = (
    *("Europe/Stockholm", "Asia/Kathmandu", "America/New_York"),
    *("Pacific/Chatham", "Australia/Lord_Howe", "America/St_Johns"),
)
CLOCK_CHANGES = {
    "Europe/Stockholm": (date(2026, 3, 29), date(2026, 10, 25)),
    "Asia/Kathmandu": (date(2026, 1, 1),),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Pacific/Chatham": (date(2026, 4, 5), date(2026, 9, 27)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "America/St_Johns": (date(2026, 3, 8), date(2026, 11, 1)),
}
SEEDS = 600 if os.environ.get("PLAYLEDGER_SIMULATION") == "full" else 30
DAY = timedelta(days=1)


class History:
    """Random plays, metadata and gaps around a day on which something is odd."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"history {seed}")
        self.tz = ZONES[seed % len(ZONES)]
        self.anchor = self.chance.choice(CLOCK_CHANGES[self.tz])
        self.days = self._days()
        self.shelf = self.chance.randint(1, 30)
        self.plays = list(
            {row["play_key"]: row for row in map(self._play, range(self.chance.choice((0, 1, 5, 40, 120))))}.values()
        )
        self.tracks = [self._version(uri, nth) for uri in range(self.shelf) for nth in range(self.chance.randint(0, 2))]
        self.gaps = self._gaps()

    def _days(self) -> list[date]:
        """Few days, close together or spread over years, so that windows before are whole or not."""
        reach = self.chance.choice((1, 3, 20, 70, 200, 800))
        return [self.anchor - self.chance.randrange(reach) * DAY for _ in range(self.chance.randint(1, 12))]

    def moment(self) -> datetime:
        """A moment of one of the days, often close to one of the listener's midnights or the changing of clocks."""
        day = self.chance.choice(self.days)
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.tz)).astimezone(UTC)
        near = self.chance.choice((0, 0, 1, 2, 3, 24, self.chance.random() * 24))
        shift = timedelta(milliseconds=self.chance.choice((-1, 0, 1, self.chance.randrange(900_000))))
        return midnight + timedelta(hours=near) + shift

    def _play(self, number: int) -> dict[str, Any]:
        pick = self.chance.choice
        at = self.moment().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        which = min(int(self.chance.expovariate(0.2)), self.shelf - 1)
        short, uri = f"u{which:02d}", uri_of(which)
        ms = pick((None, None, 200_000, 60_000, 30_000, 29_999, 0, self.chance.randrange(300_000)))
        return {
            "play_key": f"{at}#{uri}",
            "played_at": at,
            "track_uri": uri,
            "track_name": pick((f"Song {short}", f"Song {short}", f"song {short}", None)),
            "artist_name": pick((f"Band {which % 7}", f"band {which % 7}", f"Guest {number % 3}", None)),
            "album_name": pick((f"Album {which % 5}", f" album {which % 5}", None)),
            "ms_played": ms,
            "source": "poll" if ms is None else "export",
            "duration_ms": pick((None, 180_000, 240_001)) if ms is None else None,
            "reason_end": pick(("trackdone", "fwdbtn", None)),
            "kind": pick(("music",) * 9 + ("podcast", "unknown")),
            "incognito": pick((None, False, False, False, True)),
            "context_type": pick((None, "album")),
        }

    def _version(self, number: int, nth: int) -> dict[str, Any]:
        pick = self.chance.choice
        return {
            "track_uri": uri_of(number),
            "name": f"Known u{number:02d}",
            "artist_name": pick((None, f"Band {number % 7}", f"Real {number % 4}")),
            "album": pick((None, f"Album {number % 5}", f"Long {number % 3}")),
            "duration_ms": pick((None, self.chance.randrange(400_000))),
            "grade_rank": pick((1, 2, 3)),
            "changed_at": f"2026-01-01 00:00:{self.chance.randrange(30) * 2 + nth:02d}.000",
        }

    def _gaps(self) -> list[dict[str, Any]]:
        ends = sorted({self.moment() for _ in range(2 * self.chance.randint(0, 2))})
        texts = [end.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] for end in ends[: len(ends) // 2 * 2]]
        pairs = zip(texts[::2], texts[1::2], strict=True)
        return [{"after": after, "before": before, "lost_min": 1, "lost_max": 7} for after, before in pairs]

    def write(self, root: Path) -> DirectoryTableStore:
        """The tables before the night."""
        by_dt: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self.plays:
            by_dt[row["played_at"][:10]].append(row)
        accounts = {dt: [{"plays": len(rows)}] for dt, rows in by_dt.items()}
        derived = {"plays": by_dt, "settled_days": accounts}
        return given.write(root, {**derived, "tracks": {"2026-01-01": self.tracks}, "gaps": {"": self.gaps}})


def uri_of(number: int) -> str:
    """Some tracks are files of the listener's own."""
    return f"spotify:{'local' if number % 4 == 3 else 'track'}:u{number:02d}"


def evenings(history: History) -> list[datetime]:
    """When to look: right after the last day, some time later, and in the middle of it all."""
    later = history.chance.choice((2, 8, 31, 91, 366))
    middle = history.chance.choice(history.days)
    days = (history.anchor + DAY, history.anchor + later * DAY, middle)
    return [datetime(day.year, day.month, day.day, 3, tzinfo=ZoneInfo(history.tz)).astimezone(UTC) for day in days]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_number_is_what_plain_python_counts(seed: int, tmp_path: Path) -> None:
    history = History(seed)
    tables, engine = history.write(tmp_path), DuckDbQueryEngine(tmp_path)
    try:
        summarise(tables, engine, tz=history.tz)
        for now in evenings(history):
            calendar = Calendar.at(now, history.tz)
            document = asked(tables, engine, calendar, now, Policy())
            body = json.loads(serialise(document))
            today = now.astimezone(ZoneInfo(history.tz)).date()
            ledger = Ledger(history.plays, history.tracks, history.gaps, history.tz, today)
            assert resolved(body) == ledger.document(), f"seed {seed}, {history.tz}, {today}"
            assert shown_recent(body) == ledger.recent(), f"seed {seed}, {history.tz}, {today}"
            assert contradictions(document) == []
            assert wrong_rows(engine, calendar, doubts(tables, calendar)) == []
            assert DashboardData.model_validate(body) == document
    finally:
        engine.close()


def asked(
    tables: DirectoryTableStore, engine: DuckDbQueryEngine, calendar: Calendar, now: datetime, policy: Policy
) -> DashboardData:
    """The document of an evening."""
    roll_up(tables, open_month=calendar.open_month)
    name_songs(tables, engine, policy, open_month=calendar.open_month)
    answers = ask_all(engine, tables, read_by(tables, engine, calendar, policy))
    return build(answers, Surroundings(now, calendar, "live", state=None, token=None))


def shown_recent(body: dict[str, Any]) -> list[tuple[int, tuple[Any, ...]]]:
    """The newest plays, with what the document calls them."""
    shown = resolved_track(body)
    return [(at, shown(index)) for at, index in body["recent"]]


def test_the_histories_are_as_awkward_as_they_should_be() -> None:
    histories = [History(seed) for seed in range(140)]
    plays = [(history, play) for history in histories for play in history.plays]
    hours = [instant(play["played_at"]).astimezone(ZoneInfo(history.tz)) for history, play in plays]
    assert sum(not history.plays for history in histories) >= 2
    assert sum(local.fold for local in hours) > 10, "plays in the hour that comes twice"
    assert sum(local.time().replace(microsecond=0).isoformat() == "00:00:00" for local in hours) >= 100
    assert sum(local.utcoffset() == timedelta(hours=5, minutes=45) for local in hours) >= 200
