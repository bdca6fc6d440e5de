"""Records set aside are shown, and become plays once the parser can read them."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.journal import DirectoryJournal
from ingestion.quarantine import ReparseReport, quarantined, reparse
from playledger.journal import decode, encode
from playledger.models import Entry, ExportEntry, Media, PlayEvent, Quarantined, utc_day
from tests.support.builders import NOON, a_play, an_export_row, an_item, minutes, track_uri

pytestmark = pytest.mark.unit

LATER = NOON + timedelta(days=9)


@pytest.fixture
def journal(tmp_path: Path) -> DirectoryJournal:
    """An empty journal."""
    return DirectoryJournal(tmp_path)


def record(raw: Any, *, origin: Any = "poll", at: datetime = NOON) -> Quarantined:
    """A record that some earlier parser could not read."""
    text = raw if isinstance(raw, str) else json.dumps(raw)
    return Quarantined(reason="unknown to that parser", raw=text, origin=origin, ingested_at=at)


def put(journal: DirectoryJournal, *entries: Entry) -> None:
    batch = encode(entries, utc_day(entries[0].at))
    journal.put(batch.key, batch.body)


def held(journal: DirectoryJournal) -> list[Entry]:
    return [entry for item in journal.list() for entry in decode(item.key, journal.read(item.key))]


STILL = {"track": None}


def test_the_quarantine_lists_each_record_once_oldest_first(journal: DirectoryJournal) -> None:
    put(journal, record(STILL, at=NOON + minutes(60)), a_play())
    put(journal, record("no JSON at all", at=NOON + minutes(30)))
    put(journal, record(STILL, at=NOON))
    assert [(item.raw, item.ingested_at) for item in quarantined(journal)] == [
        (json.dumps(STILL), NOON),
        ("no JSON at all", NOON + minutes(30)),
    ]


def test_an_empty_journal_has_an_empty_quarantine(journal: DirectoryJournal) -> None:
    assert quarantined(journal) == []
    assert reparse(journal, now=LATER) == ReparseReport(at=LATER, records=0, readable=0, objects=0)


def test_what_can_be_read_now_becomes_plays_of_their_own_day(journal: DirectoryJournal) -> None:
    before_midnight = NOON - timedelta(hours=12, milliseconds=1)
    put(journal, record(an_item(NOON, 1)), record(an_item(before_midnight, 2)), record(STILL))
    report = reparse(journal, now=LATER)
    assert report == ReparseReport(at=LATER, records=3, readable=2, objects=2)
    plays = [entry for entry in held(journal) if isinstance(entry, PlayEvent)]
    assert [(play.played_at, play.track_uri) for play in plays] == [
        (before_midnight, track_uri(2)),
        (NOON, track_uri(1)),
    ]
    assert {play.ingested_at for play in plays} == {NOON}
    assert all(
        key.dt == utc_day(entry.at) for key in journal.list() for entry in decode(key.key, journal.read(key.key))
    )


def test_records_that_became_plays_leave_the_list_and_stay_in_the_journal(journal: DirectoryJournal) -> None:
    put(journal, record(an_item()), record(STILL))
    reparse(journal, now=LATER)
    assert [item.raw for item in quarantined(journal)] == [json.dumps(STILL)]
    assert len([entry for entry in held(journal) if isinstance(entry, Quarantined)]) == 2


def test_reading_again_a_second_time_puts_nothing(journal: DirectoryJournal) -> None:
    put(journal, record(an_item()), record(an_export_row(), origin="export"))
    reparse(journal, now=LATER)
    before = journal.list()
    assert reparse(journal, now=LATER + timedelta(days=1)).readable == 0
    assert journal.list() == before


def test_what_is_put_does_not_depend_on_when(tmp_path: Path) -> None:
    bodies = []
    for days in (1, 400):
        journal = DirectoryJournal(tmp_path / str(days))
        put(journal, record(an_item()), record(an_item(NOON + minutes(3), 2)))
        reparse(journal, now=NOON + timedelta(days=days))
        bodies.append({item.key: journal.read(item.key) for item in journal.list()})
    assert bodies[0] == bodies[1]


def test_a_play_that_the_journal_has_already_is_not_put_again(journal: DirectoryJournal) -> None:
    put(journal, a_play(NOON, 1))
    put(journal, record(an_item(NOON, 1)))
    assert reparse(journal, now=LATER) == ReparseReport(at=LATER, records=0, readable=0, objects=0)
    assert quarantined(journal) == []


def test_rows_of_exports_become_rows_of_exports_and_video_stays_video(journal: DirectoryJournal) -> None:
    video = an_export_row(NOON + minutes(5), 2) | {"from_video_file": True}
    put(journal, record(an_export_row(NOON, 1), origin="export"), record(video, origin="export"))
    assert reparse(journal, now=LATER).readable == 2
    rows = [entry for entry in held(journal) if isinstance(entry, ExportEntry)]
    assert [(row.track_uri, row.media) for row in rows] == [(track_uri(1), Media.MUSIC), (track_uri(2), Media.VIDEO)]


@pytest.mark.parametrize("raw", ["", "no JSON", "null", "[]", "7", json.dumps(STILL), '"\\ud800"'])
@pytest.mark.parametrize("origin", ["poll", "export"])
def test_what_still_cannot_be_read_stays(journal: DirectoryJournal, raw: str, origin: str) -> None:
    put(journal, record(raw, origin=origin))
    assert reparse(journal, now=LATER) == ReparseReport(at=LATER, records=1, readable=0, objects=0)
    assert len(quarantined(journal)) == 1
