"""Asking Spotify: within the budget, once per entity, and what was answered is never lost to a refusal."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.metadata_cache import SqliteMetadataCache
from enrichment.job import (
    CLAIMED_FOR,
    GONE_FOR,
    LOOKED_UP_AT_ONCE,
    SAVED_AT_ONCE,
    SPENT_AT_ONCE,
    EnrichReport,
    Stopped,
)
from playledger.errors import AccessRefused, NeedsReauth, RateLimited, SpotifyUnavailable, WorldChanged
from playledger.models import Grade
from tests.support.memory import MemoryJournal, MemoryTableStore
from tests.unit.enrichment.world import (
    DT,
    NOW,
    Catalogue,
    Crash,
    Ranking,
    artist_id,
    exported,
    later,
    polled,
    run,
    store,
    uri,
)

pytestmark = pytest.mark.unit

DOWN = SpotifyUnavailable("503")


@dataclass
class World:
    """A ledger with Spotify."""

    cache: SqliteMetadataCache
    engine: Ranking
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    tables: MemoryTableStore = field(default_factory=MemoryTableStore)
    spotify: Catalogue = field(default_factory=Catalogue)

    def run(self, **options: Any) -> EnrichReport:
        return run(self.journal, self.tables, self.cache, self.engine, self.spotify, **options)

    def names(self, table: str = "artists", dt: str = DT) -> list[str]:
        rows = self.tables.read(table, dt)
        return [row.get("track_uri") or row["artist_id"] for row in rows if row["grade_rank"] == Grade.FETCHED.rank]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Five artists to be fetched."""
    with closing(SqliteMetadataCache(tmp_path / "metadata.sqlite")) as cache:
        yield World(cache, Ranking(*map(artist_id, range(1, 6))))


def test_artists_are_asked_for_in_order_and_kept(world: World) -> None:
    report = world.run()
    assert world.spotify.asked == [artist_id(number) for number in range(1, 6)]
    assert (report.calls, report.fetched, report.gone, report.left) == (5, 5, 0, 0)
    assert report.stopped is Stopped.DONE
    assert world.names() == world.spotify.asked
    assert world.cache.get_artists([artist_id(2)])[artist_id(2)].genres == ("jazz",)
    assert world.tables.read("artists", DT)[0]["genres"] == ["jazz"]


def test_a_fetched_track_is_kept_under_the_uri_asked_for_with_its_artists_as_stubs(world: World) -> None:
    store(world.journal, exported(7))
    world.engine = Ranking(uri(7))
    world.run()
    assert world.spotify.asked == [f"{7:022d}"]
    assert [(row["name"], row["grade_rank"]) for row in world.tables.read("tracks", DT)] == [
        ("Song 7", 1),
        ("Fetched 7", 3),
    ]
    assert [(row["artist_id"], row["grade_rank"]) for row in world.tables.read("artists", DT)] == [
        (artist_id(7), 1),
        (artist_id(888), 1),
    ]


def test_nobody_is_asked_for_what_is_known(world: World) -> None:
    world.run()
    again = world.run(now=later(1))
    assert (again.calls, again.left, len(world.spotify.asked)) == (0, 0, 5)


def test_without_spotify_or_calls_nothing_is_ranked_or_asked(world: World) -> None:
    store(world.journal, polled(1))
    for report in (world.run(calls=0), run(world.journal, world.tables, world.cache, world.engine, None)):
        assert (report.stopped, report.left, report.calls) == (Stopped.NOT_ASKED, None, 0)
    assert world.engine.limits == []


def test_the_budget_holds_for_the_day_and_not_for_the_run(world: World) -> None:
    report = world.run(calls=3)
    assert (report.calls, report.fetched, report.left, report.stopped) == (3, 3, 2, Stopped.BUDGET)
    second = world.run(calls=3, now=NOW + timedelta(hours=2))
    assert (second.calls, second.left, second.stopped) == (0, 2, Stopped.BUDGET)
    third = world.run(calls=3, now=later(1))
    assert (third.calls, third.left, third.stopped) == (2, 0, Stopped.DONE)
    assert len(world.spotify.asked) == 5


class Counting(SqliteMetadataCache):
    """Notes what is taken out of the budget, and how many names were looked up."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.taken: list[tuple[int, bool]] = []
        self.looked_up = 0

    def spend(self, day: date, calls: int, budget: int) -> bool:
        """Takes them, and notes whether that was allowed."""
        allowed = super().spend(day, calls, budget)
        self.taken.append((calls, allowed))
        return allowed

    def missing_artists(self, ids: Iterable[str], at_least: Grade, now: datetime | None = None) -> set[str]:
        """Counts those that are to be fetched."""
        names = list(ids)
        self.looked_up += len(names) * (now is not None)
        return super().missing_artists(names, at_least, now)


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[World]:
    """Three hundred artists to be fetched."""
    with closing(Counting(tmp_path / "counting.sqlite")) as cache:
        yield World(cache, Ranking(*map(artist_id, range(300))))


def test_the_budget_is_written_once_for_many_calls_and_spent_to_the_last(counting: World) -> None:
    report = counting.run(calls=60)
    assert isinstance(counting.cache, Counting)
    assert (report.calls, report.stopped, report.left) == (60, Stopped.BUDGET, 240)
    assert counting.cache.taken[:3] == [(SPENT_AT_ONCE, True), (SPENT_AT_ONCE, True), (SPENT_AT_ONCE, False)]
    assert sum(calls for calls, allowed in counting.cache.taken if allowed) == 60


def test_no_more_calls_are_taken_than_there_is_to_ask_for(counting: World) -> None:
    counting.engine = Ranking(*map(artist_id, range(4)))
    counting.run()
    assert isinstance(counting.cache, Counting)
    assert counting.cache.taken == [(4, True)]


def test_candidates_are_looked_up_only_while_calls_are_left(counting: World) -> None:
    counting.run(calls=LOOKED_UP_AT_ONCE)
    assert isinstance(counting.cache, Counting)
    assert counting.cache.looked_up == 2 * LOOKED_UP_AT_ONCE  # the second lot finds the budget spent
    assert counting.run(calls=LOOKED_UP_AT_ONCE, now=later(1)).left == 300 - 2 * LOOKED_UP_AT_ONCE


def test_what_the_ranking_did_not_show_is_left_too(world: World) -> None:
    world.engine.more = 1000
    assert world.run(calls=2).left == 1003
    assert world.engine.limits == [20]


# ---- gone -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["404", "empty name"])
def test_what_spotify_does_not_know_is_left_alone_for_thirty_days(world: World, way: str) -> None:
    """F40."""
    world.engine = Ranking(artist_id(1))
    if way == "404":
        world.spotify.unknown.add(artist_id(1))
    else:
        world.spotify.extra = {"name": ""}
    report = world.run()
    assert (report.gone, report.fetched, report.left, report.calls) == (1, 0, 0, 1)
    assert world.tables.list("artists") == {}
    for days in (1, 29):
        assert world.run(now=later(days)).calls == 0
    world.spotify.unknown.clear()
    world.spotify.extra = {}
    assert world.run(now=NOW + GONE_FOR).fetched == 1


def test_a_track_that_is_gone_keeps_its_names_and_learns_a_payload(world: World) -> None:
    store(world.journal, exported(7))
    world.engine = Ranking(uri(7))
    world.spotify.unknown.add(f"{7:022d}")
    assert world.run().gone == 1
    assert world.cache.get_tracks([uri(7)])[uri(7)].name == "Song 7"
    store(world.journal, polled(7, at=NOW))
    assert world.run(now=later(1)).tracks_learned == 1


# ---- what stops it ----------------------------------------------------------------------------------------------


def test_the_first_rate_limit_stops_it_and_what_came_before_is_kept(world: World) -> None:
    world.spotify.faults.extend([None, None, RateLimited("429", retry_after=48_925)])
    report = world.run()
    assert (report.stopped, report.calls, report.fetched, report.left) == (Stopped.RATE_LIMITED, 3, 2, 3)
    assert report.blocked_until == NOW + timedelta(seconds=48_925)
    assert len(world.names()) == 2
    assert len(world.spotify.asked) == 3


def test_a_rate_limit_without_a_time_is_told_without_one(world: World) -> None:
    world.spotify.faults.append(RateLimited("429"))
    report = world.run()
    assert (report.stopped, report.blocked_until) == (Stopped.RATE_LIMITED, None)


def test_three_failures_in_a_row_stop_it(world: World) -> None:
    world.spotify.faults.extend([DOWN, DOWN, None, DOWN, DOWN])
    assert world.run().stopped is Stopped.DONE
    world.engine = Ranking(*map(artist_id, range(11, 20)))
    world.spotify.faults.extend([None, DOWN, DOWN, DOWN])
    report = world.run()
    assert (report.stopped, report.calls, report.fetched, report.left) == (Stopped.UNAVAILABLE, 4, 1, 8)


def test_a_failed_entity_is_asked_for_again_once_its_claim_ends(world: World) -> None:
    world.spotify.faults.append(DOWN)
    assert world.run().left == 1
    assert world.run(now=NOW + CLAIMED_FOR - timedelta(seconds=1)).calls == 0
    assert world.run(now=NOW + CLAIMED_FOR).fetched == 1


def test_a_body_without_a_name_is_a_failure_and_no_tombstone(world: World) -> None:
    world.spotify.extra = {"name": None}
    report = world.run()
    assert (report.stopped, report.gone, report.calls) == (Stopped.UNAVAILABLE, 0, 3)


def test_what_spotify_refuses_for_what_it_is_does_not_end_every_night(world: World) -> None:
    world.spotify.faults.extend([WorldChanged("400")] * 3)
    first = world.run()
    assert (first.stopped, first.calls, first.gone, first.left) == (Stopped.UNAVAILABLE, 3, 3, 2)
    second = world.run(now=later(1))
    assert (second.stopped, second.fetched, second.left) == (Stopped.DONE, 2, 0)


@pytest.mark.parametrize("error", [AccessRefused("Premium lapsed"), NeedsReauth("log in again")])
def test_what_only_the_owner_can_help_is_raised_after_keeping_what_came_before(world: World, error: Exception) -> None:
    world.spotify.faults.extend([None, None, error])
    with pytest.raises(type(error)):
        world.run()
    assert world.names() == [artist_id(1), artist_id(2)]
    assert world.run(now=later(1)).fetched == 3


# ---- crashes and company ----------------------------------------------------------------------------------------


def test_answers_are_kept_now_and_then_so_that_a_crash_costs_few_calls(world: World) -> None:
    most = SAVED_AT_ONCE + 10
    world.engine = Ranking(*map(artist_id, range(1, 101)))
    world.spotify.faults.extend([None] * most + [Crash()])
    with pytest.raises(Crash):
        world.run()
    assert len(world.names()) == SAVED_AT_ONCE
    assert world.run(now=later(1)).fetched == 100 - SAVED_AT_ONCE


def test_a_crash_between_tables_and_cache_asks_again_and_ends_the_same(world: World) -> None:
    """F39, for what was fetched."""

    class Dying(SqliteMetadataCache):
        def put_tracks(self, tracks: Any) -> Any:  # noqa: ARG002
            raise Crash

    with closing(Dying(Path(":memory:"))) as dying, pytest.raises(Crash):
        run(world.journal, world.tables, dying, world.engine, world.spotify)
    before = world.tables.contents()
    assert len(world.names()) == 5
    world.run()
    assert world.tables.contents() == before


def test_two_at_once_ask_once_per_entity(world: World) -> None:
    nested: list[EnrichReport] = []

    def interleave() -> None:
        if not nested and len(world.spotify.asked) == 2:
            world.spotify.during_call = lambda: None
            nested.append(world.run())

    world.spotify.during_call = interleave
    first = world.run()
    assert sorted(world.spotify.asked) == [artist_id(number) for number in range(1, 6)]
    assert (first.calls, nested[0].calls) == (2, 3)
    assert world.names() == sorted(world.spotify.asked)


def test_two_at_once_share_one_budget(world: World) -> None:
    def interleave() -> None:
        world.spotify.during_call = lambda: None
        world.run(calls=3)

    world.spotify.during_call = interleave
    world.run(calls=3)
    assert len(world.spotify.asked) == 3
