"""The playlist over real tables: what was played is asked of the query engine."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.query_engine import DuckDbQueryEngine
from adapters.table_store import DirectoryTableStore
from playledger.policy import DEFAULT
from playlist.job import write_playlist
from sql import load
from tests.sql import given
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


def listened(number: int, day: str, **fields: Any) -> dict[str, Any]:
    """A row of month_tracks: a play of song `number`."""
    row = {"track_uri": song(number)["uri"], "artist_name": f"Artist {number}", "day": day} | fields
    return given.DEFAULTS["month_tracks"](day[:7], row) | {"track_name": f"Song {number}"} | row


def fill(tables: DirectoryTableStore, *rows: dict[str, Any]) -> None:
    """Months of these rows; the playlist tells from the days until when plays are known."""
    for day in {row["day"] for row in rows}:
        tables.write("day_tracks", day, [], digest="given", replaces=None)
    for month in {row["day"][:7] for row in rows}:
        inside = [row for row in rows if row["day"].startswith(month)]
        tables.write("month_tracks", month, inside, digest="given", replaces=None)


def played(engine: DuckDbQueryEngine, since: str) -> list[str]:
    bounds = {"p_from": since, "p_month_from": since[:7]}
    return [row["track_uri"] for row in engine.rows(load("playlist/played_since"), **bounds, **DEFAULT.counting)]


def test_days_before_the_first_do_not_count(tables: DirectoryTableStore, engine: DuckDbQueryEngine) -> None:
    assert played(engine, "2026-03-01") == []
    days = ("2025-12-31", "2026-02-28", "2026-03-01", "2026-03-02")
    fill(tables, *(listened(number, day) for number, day in enumerate(days)))
    assert played(engine, "2026-03-01") == [song(2)["uri"], song(3)["uri"]]


def test_a_song_is_told_once_per_name_and_only_if_a_play_counts(
    tables: DirectoryTableStore, engine: DuckDbQueryEngine
) -> None:
    odd = [{"is_done": False, "heard_seconds": 20}, {"incognito": True}, {"kind": "podcast"}]
    heard = [{"heard_seconds": 0}, {"is_done": False, "heard_seconds": 30}, {"is_done": False, "heard_seconds": None}]
    days = [("2026-03-01", number, how) for number, how in enumerate([*odd, *heard])]
    days += [("2026-03-02", number, how) for number, how in enumerate([*odd, *heard])]
    renamed = listened(3, "2026-03-03", track_name="Renamed")
    fill(tables, *(listened(number, day, **how) for day, number, how in days), renamed)
    assert played(engine, "2026-03-01") == [song(number)["uri"] for number in (3, 3, 4, 5)]


def test_the_playlist_is_what_was_liked_and_not_played(tables: DirectoryTableStore, engine: DuckDbQueryEngine) -> None:
    account = Account([song(number) for number in range(6)])
    short = {"is_done": False, "heard_seconds": 5}
    fill(
        tables,
        *(listened(0, "2026-02-24"), listened(1, "2026-02-25"), listened(2, "2026-02-25", **short)),
        listened(77, "2026-03-04", track_name="SONG 3", artist_name="artist 3"),
    )
    report = write_playlist(engine, tables, account, now=NOW, tz="UTC", name="Unplayed", unplayed_days=7, size=50)
    assert set(account.items["list1"]) == {song(number)["uri"] for number in (0, 2, 4, 5)}
    assert str(report.known_through) == "2026-03-04"
    rows = engine.ask("select dt, position, track_uri from playlists order by position").rows
    assert rows == tuple(("2026-03-02", place, uri) for place, uri in enumerate(account.items["list1"], 1))
