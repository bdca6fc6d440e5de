"""Learning from the journal: once per day and digest, rows before cache, harmless to repeat."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.metadata_cache import SqliteMetadataCache
from enrichment.job import DAYS_AT_ONCE, EnrichReport, Stopped, enrich
from playledger.errors import StateConflict
from playledger.models import Grade
from playledger.ports import Stored
from tests.support.memory import MemoryJournal, MemoryTableStore
from tests.unit.enrichment.world import (
    DT,
    NOW,
    PLAYED,
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


class Tables(MemoryTableStore):
    """Counts writes, and dies or is overtaken where told to."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self.dies_after: int | None = None
        self.overtaken = 0

    def write(
        self, table: str, partition: str, rows: Iterable[Mapping[str, Any]], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """Puts the partition, unless somebody else has just done so."""
        if self.overtaken:
            self.overtaken -= 1
            super().write(table, partition, self._others(table, partition), digest="other", replaces=replaces)
        stored = super().write(table, partition, rows, digest=digest, replaces=replaces)
        self.writes += 1
        if self.writes == self.dies_after:
            raise Crash
        return stored

    def _others(self, table: str, partition: str) -> list[dict[str, Any]]:
        """The partition with one more row."""
        rows = list(self.read(table, partition))
        row = {"track_uri": uri(700 + self.overtaken), "artist_id": artist_id(700), "name": "Theirs", "grade_rank": 1}
        return [*rows, row]


@dataclass
class World:
    """A ledger without Spotify."""

    journal: MemoryJournal
    tables: Tables
    cache: SqliteMetadataCache

    def learn(self, days: int = 0) -> EnrichReport:
        return run(self.journal, self.tables, self.cache, Ranking(), None, now=later(days))

    def grades(self, table: str = "tracks", dt: str = DT) -> list[tuple[str, int]]:
        key = "track_uri" if table == "tracks" else "artist_id"
        return [(row[key], row["grade_rank"]) for row in self.tables.read(table, dt)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty one."""
    with closing(SqliteMetadataCache(tmp_path / "metadata.sqlite")) as cache:
        yield World(MemoryJournal(), Tables(), cache)


def test_payloads_become_rows_and_cached_entities(world: World) -> None:
    store(world.journal, polled(1), polled(2, at=PLAYED + timedelta(minutes=5)), exported(3))
    report = world.learn()
    assert report == EnrichReport(days_learned=1, tracks_learned=3, artists_learned=3, stopped=Stopped.NOT_ASKED)
    assert world.grades() == [(uri(1), 2), (uri(2), 2), (uri(3), 1)]
    assert world.grades("artists") == [(artist_id(number), 1) for number in (1, 2, 999)]
    assert world.cache.get_tracks([uri(1)])[uri(1)].grade is Grade.PAYLOAD
    row = world.tables.read("tracks", DT)[0]
    assert (row["artist_name"], row["artist_id"], row["artists"]) == ("Artist 1", artist_id(1), ["Artist 1", "Guest"])
    assert (row["changed_at"], row["album"], row["duration_ms"]) == ("2026-03-04 03:00:00.000", "Album", 200_000)


def test_a_second_run_learns_nothing_and_writes_nothing(world: World) -> None:
    store(world.journal, polled(1), exported(3))
    world.learn()
    before, writes = world.tables.contents(), world.tables.writes
    assert world.learn(days=1).days_learned == 0
    assert (world.tables.contents(), world.tables.writes) == (before, writes)


def test_a_day_with_a_new_object_is_learned_again_for_what_is_new(world: World) -> None:
    store(world.journal, polled(1), polled(4, at=PLAYED - timedelta(days=1)))
    world.learn()
    store(world.journal, polled(2, at=PLAYED + timedelta(minutes=5)), polled(1, at=PLAYED + timedelta(hours=5)))
    report = world.learn(days=1)
    assert (report.days_learned, report.tracks_learned, report.artists_learned) == (1, 1, 1)
    assert world.grades(dt="2026-03-05") == [(uri(2), 2)]


class Read(MemoryJournal):
    """Notes what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[str] = []

    def read(self, key: str) -> bytes:
        self.keys.append(key)
        return super().read(key)


def test_of_a_day_only_the_objects_behind_the_learned_ones_are_read(world: World) -> None:
    world.journal = journal = Read()
    for number in range(5):
        store(journal, polled(number, at=PLAYED + number * timedelta(hours=1)))
        journal.keys.clear()
        assert world.learn().tracks_learned == 1
        assert journal.keys == [max(journal.objects)]


def test_an_object_that_came_in_between_is_not_missed(world: World) -> None:
    world.journal = journal = Read()
    store(journal, polled(1), polled(2, at=PLAYED + timedelta(hours=2)))
    world.learn()
    store(journal, polled(3, at=PLAYED + timedelta(hours=1)), polled(4, at=PLAYED + timedelta(hours=3)))
    assert world.learn().tracks_learned == 2
    assert [name for name, _ in world.grades()] == [uri(number) for number in (1, 2, 3, 4)]


def test_the_better_of_two_grades_is_learned_whichever_comes_first(world: World) -> None:
    store(world.journal, exported(1, at=PLAYED), polled(1, at=PLAYED + timedelta(minutes=5)))
    store(world.journal, polled(2, at=PLAYED), exported(2, at=PLAYED + timedelta(minutes=5)))
    world.learn()
    assert world.grades() == [(uri(1), 2), (uri(2), 2)]


def test_a_payload_adds_a_version_to_what_an_export_named(world: World) -> None:
    store(world.journal, exported(1))
    world.learn()
    store(world.journal, polled(1, at=PLAYED + timedelta(minutes=5)))
    assert world.learn().tracks_learned == 1
    assert world.grades() == [(uri(1), 1), (uri(1), 2)]


def test_an_export_of_known_tracks_adds_nothing(world: World) -> None:
    store(world.journal, polled(1))
    world.learn()
    writes = world.tables.writes
    store(world.journal, exported(1, at=PLAYED - timedelta(days=400)))
    report = world.learn()
    assert (report.days_learned, report.tracks_learned, world.tables.writes) == (1, 0, writes)


def test_a_tombstone_does_not_keep_a_payload_out(world: World) -> None:
    world.cache.bury(uri(1), later(30))
    store(world.journal, polled(1))
    assert world.learn().tracks_learned == 1


@pytest.mark.parametrize("write", [1, 2])
def test_a_crash_after_a_table_and_before_the_cache_loses_nothing(world: World, write: int) -> None:
    """F39."""
    store(world.journal, polled(1), exported(2))
    world.tables.dies_after = write
    with pytest.raises(Crash):
        world.learn()
    assert world.cache.learned() == {}
    assert world.cache.missing_tracks([uri(1), uri(2)], Grade.STUB) == {uri(1), uri(2)}
    written = [row["changed_at"] for row in world.tables.read("artists", DT)]
    again = run(world.journal, world.tables, world.cache, Ranking(), None, now=NOW + timedelta(hours=1))
    assert again.tracks_learned == 2
    assert [row["changed_at"] for row in world.tables.read("artists", DT)] == written
    assert world.grades() == [(uri(1), 2), (uri(2), 1)]
    assert len(world.grades("artists")) == 2
    assert world.cache.missing_tracks([uri(1), uri(2)], Grade.STUB) == set()
    assert world.learn().days_learned == 0


def test_a_crash_between_cache_and_mark_is_repeated_harmlessly(world: World) -> None:
    class Dying(SqliteMetadataCache):
        def mark_learned(self, days: Mapping[str, str]) -> None:  # noqa: ARG002
            raise Crash

    store(world.journal, polled(1))
    with closing(Dying(Path(":memory:"))) as dying, pytest.raises(Crash):
        run(world.journal, world.tables, dying, Ranking(), None)
    before = world.tables.contents()
    world.learn()
    assert world.tables.contents() == before
    assert list(world.cache.learned()) == ["2026-03-02"]


def test_a_partition_replaced_meanwhile_is_read_again_and_joined(world: World) -> None:
    store(world.journal, polled(1, artist_ids=(None, None)))
    world.tables.overtaken = 3
    world.learn()
    assert world.grades() == [(uri(1), 2), *((uri(number), 1) for number in (700, 701, 702))]


def test_a_partition_that_never_rests_is_told_and_nothing_is_marked(world: World) -> None:
    store(world.journal, polled(1))
    world.tables.overtaken = 99
    with pytest.raises(StateConflict):
        world.learn()
    assert world.cache.learned() == {}
    assert world.cache.missing_tracks([uri(1)], Grade.STUB) == {uri(1)}


def test_an_import_of_many_years_rewrites_the_partition_a_few_times(world: World) -> None:
    days = 2 * DAYS_AT_ONCE + 1
    for number in range(days):
        store(world.journal, exported(number % 300, at=PLAYED - timedelta(days=number)))
    seen: list[tuple[int, int]] = []
    report = enrich(
        world.journal,
        world.tables,
        world.cache,
        Ranking(),
        None,
        now=NOW,
        daily_calls=0,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert (report.days_learned, report.tracks_learned) == (days, 300)
    assert world.tables.writes == 1
    assert seen == [(DAYS_AT_ONCE, days), (2 * DAYS_AT_ONCE, days), (days, days)]
    assert len(world.cache.learned()) == days


def test_deleted_tables_come_back_from_the_cache(world: World) -> None:
    store(world.journal, polled(1), exported(2))
    world.learn()
    before = {name: world.grades(name) for name in ("tracks", "artists")}
    world.tables = Tables()
    world.learn(days=9)
    assert {name: world.grades(name, "2026-03-13") for name in ("tracks", "artists")} == before
    assert world.tables.read("tracks", "2026-03-13")[0]["changed_at"] == "2026-03-04 03:00:00.000"
