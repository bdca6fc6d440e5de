"""How far back the journal is looked at: as far as its plays can be new, and once a week to its beginning."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from adapters.metadata_cache import SqliteMetadataCache
from enrichment.job import BACK, EVERYTHING, EnrichReport, Look, enrich
from playledger.models import utc_day
from playledger.ports import JournalObject
from tests.support.memory import MemoryJournal, MemoryTableStore
from tests.unit.enrichment.world import NOW, Ranking, exported, later, polled, store

pytestmark = pytest.mark.unit

WEDNESDAY = NOW
LONG_AGO = NOW - timedelta(days=400)


class Listed(MemoryJournal):
    """Notes from which date on it is listed."""

    def __init__(self) -> None:
        super().__init__()
        self.firsts: list[date | None] = []

    def list(self, first: date | None = None, last: date | None = None) -> Sequence[JournalObject]:
        """Lists."""
        self.firsts.append(first)
        return super().list(first, last)


class Marks(SqliteMetadataCache):
    """Notes of which days marks are read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.read: list[list[str]] = []

    def learned(self, days: Iterable[str] | None = None) -> Mapping[str, str]:
        """Reads them. All at once would be a scan."""
        assert days is not None
        names = list(days)
        self.read.append(names)
        return super().learned(names)


@dataclass
class World:
    """A ledger without Spotify."""

    cache: Marks
    journal: Listed = field(default_factory=Listed)
    tables: MemoryTableStore = field(default_factory=MemoryTableStore)

    def look(self, look: Look, now: datetime = WEDNESDAY) -> EnrichReport:
        roles = (self.journal, self.tables, self.cache, Ranking(), None)
        return enrich(*roles, now=now, daily_calls=0, look=look)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """One track of long ago, one of the day before yesterday."""
    with closing(Marks(tmp_path / "metadata.sqlite")) as cache:
        made = World(cache)
        store(made.journal, exported(1, at=LONG_AGO), polled(2))
        yield made


def test_after_polls_only_the_last_days_are_listed_and_their_marks_read(world: World) -> None:
    assert world.look(Look.POLLS).tracks_learned == 1
    assert world.journal.firsts == [utc_day(NOW) - BACK[Look.POLLS]]
    assert world.cache.read == [["2026-03-02"]]


def test_the_first_night_of_all_looks_at_everything(world: World) -> None:
    world.look(Look.POLLS)
    assert world.look(Look.NIGHT).tracks_learned == 1
    assert world.journal.firsts[-1] is None


def test_other_nights_look_at_what_polls_can_still_bring_until_the_week_ends(world: World) -> None:
    world.look(Look.NIGHT)
    for number in range(1, 5):
        world.look(Look.NIGHT, later(number))
        assert world.journal.firsts[-1] == utc_day(later(number)) - BACK[Look.NIGHT]
    assert later(5).isoweekday() == 1
    world.look(Look.NIGHT, later(5))
    assert world.journal.firsts[-1] is None


def test_what_an_import_brings_to_an_old_day_is_learned_in_the_week_after(world: World) -> None:
    world.look(Look.NIGHT)
    store(world.journal, exported(3, at=LONG_AGO))
    learned = [world.look(Look.NIGHT, later(number)).tracks_learned for number in range(1, 8)]
    assert learned == [0, 0, 0, 0, 1, 0, 0]


def test_a_week_that_began_with_a_failure_is_looked_at_the_night_after(world: World) -> None:
    class Gone(RuntimeError):
        pass

    def fail(_done: int, _all: int) -> None:
        raise Gone

    roles = (world.journal, world.tables, world.cache, Ranking(), None)
    with pytest.raises(Gone):
        enrich(*roles, now=NOW, daily_calls=0, look=Look.NIGHT, progress=fail)
    assert world.cache.learned([EVERYTHING]) == {}
    store(world.journal, exported(3, at=LONG_AGO))
    assert world.look(Look.NIGHT, later(1)).tracks_learned == 1


def test_a_laptop_looks_at_everything_each_time(world: World) -> None:
    world.look(Look.ALL)
    store(world.journal, exported(3, at=LONG_AGO))
    assert world.look(Look.ALL).tracks_learned == 1
