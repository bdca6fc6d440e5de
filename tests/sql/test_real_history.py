"""A real listener's months: the night's document against the oracle over the same plays, and against the raw file."""

import gzip
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ingestion.export import import_export
from tests.sql.oracle import Ledger, resolved
from tests.unit.aggregation.night import Home, utc

pytestmark = pytest.mark.sql

NOW = utc("2023-09-20 03:00")


@pytest.fixture
def file(real_data: Path) -> Path:
    """4,427 rows of a real account, May to September 2023."""
    return real_data / "extended-2023-mit" / "Streaming_History_Audio_2023_1.json.gz"


def raw_plays_that_count(file: Path) -> list[dict[str, Any]]:
    """Music of 30 s or more, or ended by itself, outside private sessions. One track ends once in a second."""
    rows: list[dict[str, Any]] = json.loads(gzip.decompress(file.read_bytes()))
    longest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["ms_played"]):
        if row["spotify_track_uri"]:
            longest[row["ts"], row["spotify_track_uri"]] = row
    return [
        row
        for row in longest.values()
        if not row["incognito_mode"] and (row["ms_played"] >= 30_000 or row["reason_end"] == "trackdone")
    ]


@pytest.mark.parametrize("tz", ["Europe/Stockholm", "America/New_York"])
def test_the_document_is_what_plain_python_counts(file: Path, tmp_path: Path, tz: str) -> None:
    with Home(tmp_path, tz) as home:
        import_export(file, home.journal, now=NOW, progress=lambda _done, _total: None)
        home.night(NOW)
        body = json.loads(home.published())
        plays = [row for dt in home.tables.list("plays") for row in home.tables.read("plays", dt)]
        songs = {row["track_uri"]: row["song_uri"] or row["track_uri"] for row in home.tables.read("songs", "")}
    today = NOW.astimezone(ZoneInfo(tz)).date()
    assert resolved(body) == Ledger(plays, [], [], tz, today, same=songs).document()
    counted = raw_plays_that_count(file)
    assert body["totals"]["plays"] == len(counted)
    assert body["totals"]["minutes"] == sum(row["ms_played"] for row in counted) // 60_000
    uris = {row["spotify_track_uri"] for row in counted}
    assert body["totals"]["tracks"] == len({songs[uri] for uri in uris}) < len(uris), "some songs are on two releases"
