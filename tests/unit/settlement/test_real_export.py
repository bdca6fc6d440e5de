"""A real listener's export, settled alone and together with the polling that could have seen it."""

import gzip
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ingestion.export import import_export
from playledger.models import Entry, parse_instant
from settlement.days import JournalDays
from settlement.job import settle_changed, settle_gaps
from settlement.settle import settle
from tests.support.builders import NOON, a_claim, a_play
from tests.support.memory import MemoryJournal, MemoryTableStore
from tests.unit.settlement.entries import put

pytestmark = pytest.mark.unit


@pytest.fixture
def file(real_data: Path) -> Path:
    """4,427 rows of a real account, May to September 2023."""
    return real_data / "extended-2023-mit" / "Streaming_History_Audio_2023_1.json.gz"


@pytest.fixture
def raw(file: Path) -> list[dict[str, Any]]:
    """The rows as Spotify wrote them."""
    return json.loads(gzip.decompress(file.read_bytes()))


def settled(journal: MemoryJournal) -> list[dict[str, Any]]:
    """All plays of a settled journal."""
    tables = MemoryTableStore()
    settle_changed(journal, tables)
    settle_gaps(journal, tables)
    return [row for dt in sorted(tables.list("plays")) for row in tables.read("plays", dt)]


def test_every_row_of_the_file_is_a_play_with_its_time_heard(file: Path, raw: list[dict[str, Any]]):
    journal = MemoryJournal()
    import_export(file, journal, now=NOON)
    plays = settled(journal)
    distinct = {(row["ts"], row["spotify_track_uri"]) for row in raw if row["spotify_track_uri"]}
    nameless = [row for row in raw if not row["spotify_track_uri"]]
    assert len(plays) == len(distinct) + len(nameless) == 4427
    assert sum(row["ms_played"] for row in plays) == sum(row["ms_played"] for row in raw)
    assert sum(row["kind"] == "music" for row in plays) == len(distinct) == 4425
    assert {row["source"] for row in plays} == {"export"}


def test_polling_beside_the_export_adds_no_play_and_loses_none(file: Path):
    journal = MemoryJournal()
    import_export(file, journal, now=NOON)
    exported = settled(journal)
    polled: list[Entry] = []
    for number, row in enumerate(exported):
        if row["kind"] == "music" and row["ms_played"] >= 30_000:
            at = parse_instant(row["played_at"]) + timedelta(milliseconds=(number * 7919) % 8000 - 2000)
            polled.append(a_play(at, track_uri=row["track_uri"], track_id=row["track_id"], duration_ms=None))
    put(journal, *polled, a_claim(polled[0].at, polled[-1].at))
    plays = settled(journal)
    assert len(plays) == len(exported)
    assert Counter(row["source"] for row in plays) == {"both": len(polled), "export": len(exported) - len(polled)}
    assert sum(row["ms_played"] for row in plays) == sum(row["ms_played"] for row in exported)


def test_its_days_come_to_the_same_settled_at_once(file: Path):
    journal = MemoryJournal()
    import_export(file, journal, now=NOON)
    days = JournalDays(journal)
    whole = settle(entry for dt in days.dates for entry in days.entries(dt))
    assert [row for dt in sorted(whole.plays) for row in whole.plays[dt]] == settled(journal)
