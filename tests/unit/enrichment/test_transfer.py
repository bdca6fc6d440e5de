"""Metadata brought to another place: what cost calls is kept, what is known better there stays, killed or not."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.metadata_cache import SqliteMetadataCache
from adapters.table_store import DirectoryTableStore
from enrichment.keep import Known, keep
from enrichment.transfer import AT_ONCE, carry_marks, carry_metadata, carry_playlists
from playledger.errors import StoreUnavailable
from playledger.journal import by_date, digest
from playledger.models import Grade
from tests.support.builders import NOON, spotify_id, track_uri
from tests.support.ledger_home import fill_journal, metadata, playlist_row
from tests.support.memory import MemoryJournal

pytestmark = pytest.mark.unit


class Place:
    """Tables and cache of one side."""

    def __init__(self, root: Path) -> None:
        root.mkdir()
        self.tables = DirectoryTableStore(root)
        self.cache = SqliteMetadataCache(root / "metadata.sqlite")

    def rows(self) -> set[str]:
        """URIs in the tracks table."""
        return {row["track_uri"] for dt in self.tables.list("tracks") for row in self.tables.read("tracks", dt)}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    """Three tracks and artists, all fetched."""
    place = Place(tmp_path / "here")
    with closing(place.cache):
        keep(place.tables, place.cache, metadata(), now=NOON)
        yield place


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Place]:
    """Nothing."""
    place = Place(tmp_path / "there")
    with closing(place.cache):
        yield place


def carried(here: Place, there: Place, progress=None) -> tuple[int, int]:
    return carry_metadata(here.tables, here.cache, there.tables, there.cache, now=NOON, progress=progress)


def test_tracks_and_artists_arrive_with_all_that_is_known_of_them(here: Place, there: Place) -> None:
    assert carried(here, there) == (3, 3)
    uris, ids = [track_uri(n) for n in (1, 2, 3)], [spotify_id(n, "A") for n in (1, 2, 3)]
    assert there.cache.get_tracks(uris) == here.cache.get_tracks(uris)
    assert there.cache.get_artists(ids) == here.cache.get_artists(ids)
    assert there.rows() == set(uris)
    assert carried(here, there) == (0, 0)


def test_what_is_known_better_there_stays(here: Place, there: Place) -> None:
    better = metadata(1).tracks[track_uri(1)].model_copy(update={"name": "The right name"})
    keep(there.tables, there.cache, Known(tracks={better.track_uri: better}), now=NOON)
    worse = metadata(2).tracks[track_uri(2)].model_copy(update={"grade": Grade.STUB, "name": "A guess"})
    keep(there.tables, there.cache, Known(tracks={worse.track_uri: worse}), now=NOON)
    assert carried(here, there) == (2, 3)
    names = {uri: track.name for uri, track in there.cache.get_tracks([track_uri(1), track_uri(2)]).items()}
    assert names == {track_uri(1): "The right name", track_uri(2): "Song 2"}


def test_progress_tells_how_many_of_all(here: Place, there: Place) -> None:
    keep(here.tables, here.cache, metadata(AT_ONCE + 5), now=NOON)
    moved: list[tuple[int, int]] = []
    carried(here, there, lambda done, total: moved.append((done, total)))
    total = 2 * (AT_ONCE + 5)
    assert moved == [(AT_ONCE, total), (AT_ONCE + 5, total), (2 * AT_ONCE + 5, total), (total, total)]


class Mortal:
    """A cache that is gone after so many puts."""

    def __init__(self, cache: SqliteMetadataCache, puts: int) -> None:
        self._cache = cache
        self._puts = puts

    def __getattr__(self, name: str) -> object:
        if name.startswith("put_"):
            self._puts -= 1
            if self._puts < 0:
                raise StoreUnavailable("gone")
        return getattr(self._cache, name)


@pytest.mark.parametrize("puts", [0, 1])
def test_what_broke_off_is_completed_and_rows_are_never_behind_the_cache(here: Place, there: Place, puts: int) -> None:
    mortal = Mortal(there.cache, puts)
    with pytest.raises(StoreUnavailable):
        carry_metadata(here.tables, here.cache, there.tables, mortal, now=NOON)  # type: ignore[arg-type]
    known = set(there.cache.get_tracks([track_uri(n) for n in (1, 2, 3)]))
    assert known <= there.rows()
    carried(here, there)
    assert len(there.cache.get_tracks([track_uri(n) for n in (1, 2, 3)])) == 3
    assert len(there.rows()) == 3


def test_days_learned_here_are_marked_there_where_they_are_the_same(here: Place, there: Place) -> None:
    journal, more = MemoryJournal(), MemoryJournal()
    fill_journal(journal, 3)
    fill_journal(more, 3)
    fill_journal(more, 1, first_track=50)  # its newest day holds another object
    days = {dt.isoformat(): digest(objects) for dt, objects in by_date(journal.list()).items()}
    here.cache.mark_learned(days)
    carry_marks(here.cache, there.cache, more)
    assert there.cache.learned() == {dt: named for dt, named in days.items() if dt != "2026-03-10"}


def test_playlists_of_weeks_that_both_know_are_left_alone(here: Place, there: Place) -> None:
    row = playlist_row()
    for week in ("2026-03-02", "2026-03-09"):
        here.tables.write("playlists", week, [row], digest="here", replaces=None)
    there.tables.write("playlists", "2026-03-09", [row | {"position": 7}], digest="there", replaces=None)
    assert carry_playlists(here.tables, there.tables) == 1
    assert there.tables.read("playlists", "2026-03-09")[0]["position"] == 7
    assert there.tables.list("playlists")["2026-03-02"].digest == "here"
    assert carry_playlists(here.tables, there.tables) == 0
