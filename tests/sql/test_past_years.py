"""Answers about years that are over are kept, and the document is the one that asking everything anew would make."""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import sql
from adapters.query_engine import DuckDbQueryEngine
from adapters.table_store import DirectoryTableStore
from aggregation.calendar import Calendar
from aggregation.past_years import ASKED, TABLE
from aggregation.payload import serialise
from aggregation.summaries import summarise
from playledger.policy import DEFAULT, Policy
from playledger.ports import Question
from tests.sql import given
from tests.sql.test_against_oracle import DAY, History, asked

pytestmark = pytest.mark.sql

Change = Callable[[Path, History, random.Random], Policy]
LATER = "2026-12-02"


def learned(root: Path, rows: Sequence[dict[str, Any]]) -> Policy:
    """Metadata that is better than all before."""
    given.write(
        root, {"tracks": {LATER: [{"grade_rank": 9, "changed_at": f"{LATER} 00:00:00.000"} | row for row in rows]}}
    )
    return DEFAULT


def nothing(_root: Path, _history: History, _chance: random.Random) -> Policy:
    return DEFAULT


def another_artist(root: Path, history: History, chance: random.Random) -> Policy:
    return learned(root, [{"track_uri": some(history, chance), "artist_name": "Aaa", "album": "Zzz"}])


def one_recording(root: Path, history: History, chance: random.Random) -> Policy:
    found = sorted({some(history, chance), some(history, chance), some(history, chance)})
    return learned(root, [{"track_uri": uri, "isrc": "XX0000000001", "artist_name": "Band 1"} for uri in found])


def an_earlier_release(root: Path, history: History, chance: random.Random) -> Policy:
    return learned(root, [{"track_uri": some(history, chance), "release_date": "1971-05-01"}])


def genres(root: Path, history: History, chance: random.Random) -> Policy:
    given.write(root, {"artists": {LATER: [{"artist_id": "who", "genres": ["dub", "ska"]}]}})
    return learned(root, [{"track_uri": some(history, chance), "artist_id": "who", "artist_name": "Band 2"}])


def a_track_not_heard_before(root: Path, history: History, _chance: random.Random) -> Policy:
    """It comes first in the order of URIs, so that every song has another number."""
    play = {"track_uri": "spotify:track:0", "artist_name": "0", "album_name": "0"}
    dt = str(history.anchor)
    here = [row for row in history.plays if row["played_at"].startswith(dt)]
    given.write(root, {"plays": {dt: [*here, {**play, "play_key": "new", "played_at": f"{dt} 11:00:00.000"}]}})
    return DEFAULT


def a_late_play(root: Path, history: History, chance: random.Random) -> Policy:
    """One more of a day long ago."""
    first = min(row["played_at"] for row in history.plays)
    dt = first[:10]
    here = [row for row in history.plays if row["played_at"].startswith(dt)]
    late = {"track_uri": some(history, chance), "play_key": "late", "played_at": first}
    given.write(root, {"plays": {dt: [*here, late]}})
    return DEFAULT


def an_artist_left_out(_root: Path, _history: History, chance: random.Random) -> Policy:
    return Policy.model_validate({"exclude": {"artists": [f"Band {chance.randrange(7)}"]}})


def a_playlist_left_out(_root: Path, _history: History, _chance: random.Random) -> Policy:
    return Policy.model_validate({"exclude": {"playlists": ["x"]}})


def songs_apart(_root: Path, history: History, chance: random.Random) -> Policy:
    return Policy.model_validate({"songs": {"apart": [some(history, chance)]}})


CHANGES: tuple[Change, ...] = (
    *(nothing, another_artist, one_recording, an_earlier_release, genres, a_track_not_heard_before, a_late_play),
    *(an_artist_left_out, a_playlist_left_out, songs_apart),
)


def some(history: History, chance: random.Random) -> str:
    """A track that was played."""
    return str(chance.choice(history.plays)["track_uri"])


SEEDS = (44, 96, 25, 31, 51, 55, 62, 67, 71, 75)
"""Histories of several years. No clock changed on a New Year's Day in the zones of the first two."""

PAIRS = [(seed, CHANGES[(nth + step) % len(CHANGES)]) for nth, seed in enumerate(SEEDS) for step in (0, 3)]
EVERY = [(seed, change) for seed in SEEDS for change in CHANGES]
TRIED = EVERY if os.environ.get("PLAYLEDGER_SIMULATION") == "full" else PAIRS


class Asked:
    """An engine that keeps what it is asked and answers."""

    def __init__(self, engine: DuckDbQueryEngine) -> None:
        self._engine = engine
        self.answers: dict[str, Sequence[dict[str, Any]]] = {}

    def rows(self, question: Question, **params: object) -> Sequence[dict[str, Any]]:
        self.answers[question.name] = self._engine.rows(question, **params)
        return self.answers[question.name]


class Home:
    """Tables of a history, asked on the evening of its last day."""

    def __init__(self, seed: int, root: Path) -> None:
        self.root, self.history = root, History(seed)
        self.tables: DirectoryTableStore = self.history.write(root)
        self.engine = DuckDbQueryEngine(root)
        day = self.history.anchor + DAY
        self.now = datetime(day.year, day.month, day.day, 3, tzinfo=ZoneInfo(self.history.tz)).astimezone(UTC)
        self.told: dict[str, Sequence[dict[str, Any]]] = {}

    def document(self, policy: Policy = DEFAULT) -> bytes:
        asking: Any = Asked(self.engine)
        calendar = Calendar.at(self.now, self.history.tz)
        summarise(self.tables, self.engine, tz=self.history.tz)
        made = serialise(asked(self.tables, asking, calendar, self.now, policy))
        self.told = asking.answers
        return made

    def forget(self) -> None:
        (self.root / "tables" / TABLE / f"{TABLE}.jsonl.gz").unlink()

    @property
    def was_kept(self) -> bool:
        return "years/numbers" in self.told

    @property
    def years_told(self) -> set[str]:
        """The years of which questions that add up whole years told something."""
        rows = [row for question in ASKED for row in self.told[question]]
        return {row["window_name"] for row in rows if row["window_name"].isdecimal()}


@pytest.fixture
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    made = Home(request.param, tmp_path)
    yield made
    made.engine.close()


@pytest.mark.parametrize("home", SEEDS, indirect=True)
def test_years_that_are_over_are_asked_of_once(home: Home) -> None:
    this_year = str(home.history.anchor.year)
    first = home.document()
    assert not home.was_kept
    assert home.years_told - {this_year}
    assert home.document() == first
    assert home.was_kept
    assert home.years_told <= {this_year}


@pytest.mark.parametrize(("home", "change"), TRIED, indirect=["home"])
def test_after_any_change_the_document_is_the_one_made_without_anything_kept(home: Home, change: Change) -> None:
    home.document()
    policy = change(home.root, home.history, home.history.chance)
    found = home.document(policy)
    again = home.document(policy)
    home.forget()
    assert found == again == home.document(policy)


@pytest.mark.parametrize("change", [nothing, a_track_not_heard_before], ids=lambda change: change.__name__)
@pytest.mark.parametrize("home", SEEDS[:2], indirect=True)
def test_what_changes_no_track_of_years_that_are_over_leaves_them_kept(home: Home, change: Change) -> None:
    home.document()
    home.document(change(home.root, home.history, home.history.chance))
    assert home.was_kept


@pytest.mark.parametrize(
    "change", [another_artist, one_recording, an_earlier_release, genres], ids=lambda change: change.__name__
)
@pytest.mark.parametrize("home", SEEDS[:1], indirect=True)
def test_a_track_that_counts_for_something_else_asks_anew(home: Home, change: Change) -> None:
    home.document()
    home.document(change(home.root, home.history, home.history.chance))
    assert not home.was_kept


@pytest.mark.parametrize("damage", [lambda body: body[:-9], lambda body: body[:-60] + bytes(60)], ids=["cut", "torn"])
@pytest.mark.parametrize("home", SEEDS[:1], indirect=True)
def test_what_cannot_be_read_is_asked_anew(home: Home, damage: Callable[[bytes], bytes]) -> None:
    wanted = home.document()
    path = home.root / "tables" / TABLE / f"{TABLE}.jsonl.gz"
    path.write_bytes(damage(path.read_bytes()))
    assert home.document() == wanted
    assert home.document() == wanted
    assert home.was_kept


def test_each_question_that_adds_up_whole_years_is_one_of_which_they_are_kept() -> None:
    assert tuple(name for name in sql.names("dashboard") if "window_parts" in sql.load(name).text) == ASKED


def test_the_histories_reach_over_years() -> None:
    for history in map(History, SEEDS):
        assert min(row["played_at"] for row in history.plays) < str(history.anchor.year)
