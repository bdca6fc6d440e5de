"""The playlist over real tables: what was played is asked of the query engine."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.query_engine import DuckDbQueryEngine
from adapters.table_store import DirectoryTableStore
from glue_catalog.tables import DayTrackRow
from playlist.job import write_playlist
from sql import load
from tests.unit.playlist.account import Account, song

pytestmark = pytest.mark.unit

NOW = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)


@pytest.fixture
def tables(tmp_path: Path) -> DirectoryTableStore:
    """Tables in a directory."""
    return DirectoryTableStore(tmp_path)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDbQueryEngine]:
    """DuckDB over the same directory."""
    with closing(DuckDbQueryEngine(tmp_path)) as engine:
        yield engine


def listened(number: int, **fields: Any) -> dict[str, Any]:
    plain = {
        "track_uri": song(number)["uri"],
        "context_type": None,
        "context_id": None,
        "kind": "music",
        "heard": "done",
        "incognito": False,
        "track_name": f"Song {number}",
        "artist_name": f"Artist {number}",
        "album_name": None,
        "plays": 1,
        "ms": 1,
        "ms_estimated": 0,
        "first_played_at": NOW,
        "last_played_at": NOW,
    }
    return DayTrackRow(**(plain | fields)).model_dump(mode="json")


def fill(tables: DirectoryTableStore, day: str, *rows: dict[str, Any]) -> None:
    tables.write("day_tracks", day, rows, digest="given", replaces=None)


def played(engine: DuckDbQueryEngine, since: str) -> list[str]:
    return [row["track_uri"] for row in engine.rows(load("playlist/played_since"), p_from=since)]


def test_days_before_the_first_do_not_count(tables: DirectoryTableStore, engine: DuckDbQueryEngine) -> None:
    assert played(engine, "2026-03-01") == []
    for number, day in enumerate(("2025-12-31", "2026-02-28", "2026-03-01", "2026-03-02")):
        fill(tables, day, listened(number))
    assert played(engine, "2026-03-01") == [song(2)["uri"], song(3)["uri"]]


def test_a_song_is_told_once_per_name_and_only_if_a_play_counts(
    tables: DirectoryTableStore, engine: DuckDbQueryEngine
) -> None:
    odd = [{"heard": "short"}, {"incognito": True}, {"kind": "podcast"}]
    heard = [{"heard": "done"}, {"heard": "long"}, {"heard": "unknown"}]
    fill(tables, "2026-03-01", *(listened(number, **fields) for number, fields in enumerate([*odd, *heard])))
    fill(tables, "2026-03-02", *(listened(number, **fields) for number, fields in enumerate([*odd, *heard])))
    fill(tables, "2026-03-03", listened(3, track_name="Renamed"))
    assert played(engine, "2026-03-01") == [song(number)["uri"] for number in (3, 3, 4, 5)]


def test_the_playlist_is_what_was_liked_and_not_played(tables: DirectoryTableStore, engine: DuckDbQueryEngine) -> None:
    account = Account([song(number) for number in range(6)])
    fill(tables, "2026-02-24", listened(0))
    fill(tables, "2026-02-25", listened(1), listened(2, heard="short"))
    fill(tables, "2026-03-04", listened(77, track_name="SONG 3", artist_name="artist 3"))
    report = write_playlist(engine, tables, account, now=NOW, tz="UTC", name="Unplayed", unplayed_days=7, size=50)
    assert set(account.items["list1"]) == {song(number)["uri"] for number in (0, 2, 4, 5)}
    assert str(report.known_through) == "2026-03-04"
    rows = engine.ask("select dt, position, track_uri from playlists order by position").rows
    assert rows == tuple(("2026-03-02", place, uri) for place, uri in enumerate(account.items["list1"], 1))
