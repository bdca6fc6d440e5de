"""Enrichment over real tables: the ranking is asked of the query engine, and what was fetched leaves it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.metadata_cache import SqliteMetadataCache
from adapters.query_engine import DuckDbQueryEngine
from adapters.table_store import DirectoryTableStore
from glue_catalog.tables import ArtistRow, TrackRow
from playledger.policy import DEFAULT
from sql import load
from tests.sql import given
from tests.support.memory import MemoryJournal
from tests.unit.enrichment.world import DT, NOW, Catalogue, artist_id, exported, later, polled, run, store, uri

pytestmark = pytest.mark.unit

MONTH = "2026-03"


@pytest.fixture
def tables(tmp_path: Path) -> DirectoryTableStore:
    """Tables in a directory."""
    return DirectoryTableStore(tmp_path)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDbQueryEngine]:
    """DuckDB over the same directory."""
    with closing(DuckDbQueryEngine(tmp_path)) as engine:
        yield engine


def listened(number: int, plays: int, **fields: Any) -> dict[str, Any]:
    """A row of month_tracks: `plays` plays of track `number` by artist `number`."""
    row = {"track_uri": uri(number), "artist_name": f"Artist {number}", "plays": plays} | fields
    return given.DEFAULTS["month_tracks"](MONTH, row) | row


def artist(number: int, rank: int, name: str | None = None) -> dict[str, Any]:
    plain = {"genres": (), "popularity": None, "image_url": None, "changed_at": NOW}
    row = ArtistRow(artist_id=artist_id(number), name=name or f"Artist {number}", grade_rank=rank, **plain)
    return row.model_dump(mode="json")


def track(number: int, rank: int) -> dict[str, Any]:
    empty = dict.fromkeys(("track_id", "artist_name", "artist_id", "album", "album_id", "release_date", "isrc"))
    row = TrackRow(
        track_uri=uri(number), name="N", artists=(), duration_ms=None, grade_rank=rank, changed_at=NOW, **empty
    )
    return row.model_dump(mode="json")


def fill(tables: DirectoryTableStore, table: str, partition: str, *rows: dict[str, Any]) -> None:
    tables.write(table, partition, rows, digest="given", replaces=None)


def ranked(engine: DuckDbQueryEngine, limit: int = 100) -> list[tuple[str, int, int]]:
    since = {"p_month_from": MONTH, "p_dt_from": f"{MONTH}-01"}
    rows = engine.rows(load("enrichment/most_played_unfetched"), p_limit=limit, **since, **DEFAULT.counting)
    return [(row["entity_id"], row["plays"], row["unfetched"]) for row in rows]


def test_empty_tables_rank_nothing(engine: DuckDbQueryEngine) -> None:
    assert ranked(engine) == []


def test_artists_come_before_tracks_and_each_by_plays(tables: DirectoryTableStore, engine: DuckDbQueryEngine) -> None:
    played = [listened(number, number) for number in range(1, 5)]
    fill(tables, "month_tracks", MONTH, *played, listened(1, 9, day="2026-03-02"), listened(3, 1, day="2026-03-02"))
    fill(tables, "artists", DT, artist(1, 1), artist(2, 1), artist(3, 1))
    fill(tables, "tracks", DT, track(1, 1), track(2, 2), track(3, 3), track(4, 1))
    expected = [(artist_id(1), 10), (artist_id(3), 4), (artist_id(2), 2), (uri(1), 10), (uri(4), 4)]
    assert ranked(engine) == [(*pair, 5) for pair in expected]
    assert ranked(engine, limit=2) == [(*pair, 5) for pair in expected[:2]]


def test_a_better_version_in_another_partition_counts(tables: DirectoryTableStore, engine: DuckDbQueryEngine) -> None:
    fill(tables, "month_tracks", MONTH, listened(1, 1), listened(2, 1))
    fill(tables, "artists", "2026-03-01", artist(1, 3), artist(2, 1))
    fill(tables, "artists", "2026-03-02", artist(1, 1), artist(2, 1))
    fill(tables, "tracks", "2026-03-01", track(1, 1), track(2, 1))
    fill(tables, "tracks", "2026-03-02", track(1, 2))
    assert ranked(engine) == [(artist_id(2), 1, 2), (uri(2), 1, 2)]


def test_only_plays_that_count_rank_and_only_what_was_played_is_asked_for(
    tables: DirectoryTableStore, engine: DuckDbQueryEngine
) -> None:
    odd = [{"is_done": False, "heard_seconds": 20}, {"incognito": True}, {"kind": "podcast"}]
    played = [listened(5, 1, artist_name=" ARTIST 5 "), listened(6, 1, artist_name=None)]
    fill(tables, "month_tracks", MONTH, *(listened(number, 9, **odd[number]) for number in range(3)), *played)
    fill(tables, "artists", DT, *(artist(number, 1) for number in (0, 1, 2, 5, 6, 7)))
    fill(tables, "tracks", DT, *(track(number, 1) for number in (0, 1, 2, 6, 7)))
    assert ranked(engine) == [(artist_id(5), 1, 2), (uri(6), 1, 2)]


def test_learning_ranking_and_fetching_fit_together(
    tables: DirectoryTableStore, engine: DuckDbQueryEngine, tmp_path: Path
) -> None:
    journal, spotify = MemoryJournal(), Catalogue()
    store(journal, polled(1), exported(2), exported(3))
    fill(tables, "month_tracks", MONTH, listened(1, 1), listened(2, 5), listened(3, 3))
    with closing(SqliteMetadataCache(tmp_path / "metadata.sqlite")) as cache:
        first = run(journal, tables, cache, engine, spotify, calls=2)
        assert spotify.asked == [artist_id(1), f"{2:022d}"]
        assert (first.fetched, first.left) == (2, 1)
        second = run(journal, tables, cache, engine, spotify, now=later(1))
        assert spotify.asked[2:] == [artist_id(2), f"{3:022d}"]
        assert (second.fetched, second.left) == (2, 0)
        third = run(journal, tables, cache, engine, spotify, now=later(2))
        assert (spotify.asked[4:], third.left) == ([artist_id(3)], 0)
        assert run(journal, tables, cache, engine, spotify, now=later(3)).calls == 0
    best = engine.ask("select track_uri, max(grade_rank) from tracks group by track_uri order by track_uri")
    assert best.rows == ((uri(1), 2), (uri(2), 3), (uri(3), 3))
