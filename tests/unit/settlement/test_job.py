"""Changed days, and only those, are settled again; the tables follow from the journal alone."""

import gzip
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from adapters.table_store import DirectoryTableStore
from glue_catalog.tables import TABLES, object_name
from playledger.errors import CorruptObject, StateConflict
from playledger.journal import encode
from playledger.models import Entry, ExportEntry, Play, SettledDay
from playledger.ports import Stored, TableStore
from settlement.job import BLOCK_DAYS, SettleReport, settle_changed, settle_gaps
from settlement.settle import settle
from tests.support.builders import NOON, a_claim, a_play, minutes
from tests.support.memory import MemoryJournal, MemoryTableStore
from tests.unit.settlement.entries import (
    CountingJournal,
    Killed,
    MortalTables,
    a_span,
    an_export,
    on_repeat,
    put,
)

pytestmark = pytest.mark.unit

TODAY = NOON.date()
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
MIDNIGHT = datetime(2026, 3, 11, tzinfo=UTC)


def night(journal: MemoryJournal, tables: TableStore) -> SettleReport:
    """Settles days and gaps."""
    report = settle_changed(journal, tables)
    settle_gaps(journal, tables)
    return report


def files(root: Path) -> dict[str, bytes]:
    """Every file of the tables."""
    found = (path for path in (root / "tables").rglob("*.gz") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def a_history() -> list[Entry]:
    """Twelve days: polled plays, an export, a chain over three midnights, a hole, a late play."""
    start = datetime(2026, 3, 1, 9, tzinfo=UTC)
    entries: list[Entry] = []
    for number in range(12):
        at = start + number * DAY
        entries += [a_play(at + minutes(4 * step), track=number * 5 + step) for step in range(5)]
        entries += [an_export(at + minutes(4 * step) - SECOND, track=number * 5 + step) for step in range(4)]
        entries.append(a_claim(at - (DAY if number != 9 else timedelta()), at + minutes(16)))
    for number in range(9):
        at = start + 3 * DAY + number * timedelta(hours=8)
        entries += [a_play(at, track=800, duration_ms=5 * 3_600_000), an_export(at + timedelta(hours=4), track=800)]
    entries.append(a_play(start + 8 * DAY + minutes(300), track=900, is_late=True))
    entries.append(a_span(start, start + 9 * DAY))
    return entries


# ---- what is settled when ---------------------------------------------------------------------------------------


def test_every_day_of_the_journal_becomes_a_partition_of_plays_and_an_account():
    journal, tables = MemoryJournal(), MemoryTableStore()
    entries = [a_play(NOON), a_play(NOON + 2 * DAY, track=2), an_export(NOON + 2 * DAY, track=3)]
    put(journal, *entries)
    report = settle_changed(journal, tables)
    assert report == SettleReport(changed=(TODAY, TODAY + 2 * DAY), days=2, plays=3)
    settled = settle(entries)
    for dt in report.changed:
        assert list(tables.read("plays", str(dt))) == list(settled.plays[dt])
        assert SettledDay.model_validate(tables.read("settled_days", str(dt))[0]) == settled.accounts[dt]
        assert all(Play.model_validate(row) for row in tables.read("plays", str(dt)))


def test_a_second_night_with_nothing_new_reads_no_entry_and_writes_nothing():
    journal, tables = CountingJournal(), MemoryTableStore()
    put(journal, *a_history())
    night(journal, tables)
    journal.reads.clear()
    watched = MortalTables(tables)
    assert night(journal, watched).changed == ()
    assert watched.writes == []
    assert journal.reads == {}


def test_a_new_play_settles_its_day_and_the_two_beside_it():
    journal, tables = MemoryJournal(), MemoryTableStore()
    put(journal, *(a_play(NOON + number * DAY, track=number) for number in range(9)))
    settle_changed(journal, tables)
    put(journal, a_play(NOON + 4 * DAY + minutes(5), track=77))
    report = settle_changed(journal, tables)
    assert report.changed == tuple(TODAY + number * DAY for number in (3, 4, 5))
    assert len(tables.read("plays", str(TODAY + 4 * DAY))) == 2


def test_the_digest_names_the_days_it_was_made_from():
    journal, tables = MemoryJournal(), MemoryTableStore()
    put(journal, a_play(NOON))
    settle_changed(journal, tables)
    version, first, last, name = tables.list("plays")[str(TODAY)].digest.split(":")
    assert (version, first, last, len(name)) == ("v2", "2026-03-09", "2026-03-11", 32)
    assert tables.list("settled_days")[str(TODAY)].digest == tables.list("plays")[str(TODAY)].digest


@pytest.mark.parametrize("digest", ["", "v1", "v1:a:b:c", "v1:2026-03-09:2026-03-11:0", "v2:2026-03-09:2026-03-11:0"])
def test_a_partition_with_any_other_digest_is_settled_again(digest: str):
    journal, tables = MemoryJournal(), MemoryTableStore()
    put(journal, a_play(NOON))
    right = settle_changed(journal, tables)
    stored = tables.list("plays")[str(TODAY)]
    tables.write("plays", str(TODAY), [], digest=digest, replaces=stored)
    assert settle_changed(journal, tables) == right
    assert tables.list("plays")[str(TODAY)].digest == stored.digest


def test_a_long_loop_is_settled_whole_and_its_days_know_how_far_it_reaches():
    journal, tables = MemoryJournal(), MemoryTableStore()
    loop = on_repeat(3, datetime(2026, 3, 9, 12, tzinfo=UTC), 3 * 1440)
    put(journal, *loop)
    put(journal, a_play(datetime(2026, 3, 20, 12, tzinfo=UTC)))
    settle_changed(journal, tables)
    digests = {dt: stored.digest.split(":")[1:3] for dt, stored in tables.list("plays").items()}
    assert digests.pop("2026-03-20") == ["2026-03-19", "2026-03-21"]
    assert {tuple(days) for days in digests.values()} == {("2026-03-08", "2026-03-13")}
    sources = [row["source"] for dt in digests for row in tables.read("plays", dt)]
    assert sources == ["both"] * 3 * 1440


def test_what_is_added_at_the_far_end_of_a_chain_settles_all_its_days():
    journal, tables = MemoryJournal(), MemoryTableStore()
    loop = on_repeat(3, datetime(2026, 3, 9, 23, tzinfo=UTC), 26 * 60)
    put(journal, *loop[:-2])
    settle_changed(journal, tables)
    put(journal, *loop[-2:])
    assert date(2026, 3, 9) in settle_changed(journal, tables).changed


def test_a_day_of_the_loop_settled_by_itself_comes_to_the_same(tmp_path: Path):
    journal, store = MemoryJournal(), DirectoryTableStore(tmp_path)
    put(journal, *on_repeat(4, datetime(2026, 3, 10, 23, tzinfo=UTC), 26 * 60))
    night(journal, store)
    before = files(tmp_path)
    for path in before:
        if "dt=2026-03-11" in path:
            (tmp_path / path).unlink()
    assert settle_changed(journal, store).changed == (date(2026, 3, 11),)
    assert files(tmp_path) == before


def test_a_pair_across_midnight_moves_when_its_partner_comes_later():
    journal, tables = MemoryJournal(), MemoryTableStore()
    put(journal, an_export(MIDNIGHT + SECOND))
    settle_changed(journal, tables)
    assert len(tables.read("plays", "2026-03-11")) == 1
    put(journal, a_play(MIDNIGHT - SECOND))
    settle_changed(journal, tables)
    assert [row["source"] for row in tables.read("plays", "2026-03-10")] == ["both"]
    assert list(tables.read("plays", "2026-03-11")) == []


def test_a_file_imported_on_another_day_flags_the_plays_it_should_hold():
    journal, tables = MemoryJournal(), MemoryTableStore()
    put(journal, a_play(NOON), a_play(NOON + 20 * DAY, track=2))
    settle_changed(journal, tables)
    put(journal, a_span(NOON - 9 * DAY, NOON + 9 * DAY))
    assert settle_changed(journal, tables).changed == (TODAY, TODAY + 9 * DAY)
    assert tables.read("plays", str(TODAY))[0]["is_unconfirmed"] is True
    assert tables.read("plays", str(TODAY + 20 * DAY))[0]["is_unconfirmed"] is False


def test_a_day_that_lost_its_entries_is_emptied():
    journal, tables = MemoryJournal(), MemoryTableStore()
    put(journal, a_play(NOON), a_play(NOON + 5 * DAY, track=2))
    night(journal, tables)
    other = MemoryJournal()
    put(other, a_play(NOON + 5 * DAY, track=2))
    assert night(other, tables).changed == (TODAY,)
    assert list(tables.read("plays", str(TODAY))) == []
    assert tables.read("settled_days", str(TODAY))[0]["entries"] == 0
    assert night(other, tables).changed == ()


def test_a_damaged_object_stops_the_night_by_name():
    journal = MemoryJournal()
    put(journal, a_play(NOON), a_play(NOON + DAY))
    key = max(journal.objects)
    for damaged in (b"no gzip", gzip.compress(b"{}\n"), gzip.compress(b"")):
        journal.objects[key] = damaged
        with pytest.raises(CorruptObject, match=key):
            settle_changed(journal, MemoryTableStore())


def test_who_was_overtaken_by_another_night_gives_way():
    class Overtaken(MemoryTableStore):
        def list(self, table: str) -> dict[str, Stored]:
            listed = dict(super().list(table))
            if table == "plays" and not listed:
                super().write("plays", str(TODAY), [], digest="theirs", replaces=None)
            return listed

    journal = MemoryJournal()
    put(journal, a_play(NOON))
    with pytest.raises(StateConflict):
        settle_changed(journal, Overtaken())


def test_progress_goes_from_nothing_to_all_days():
    journal, told = MemoryJournal(), []
    put(journal, *(a_play(NOON + number * DAY, track=number) for number in range(2 * BLOCK_DAYS + 1)))
    settle_changed(journal, MemoryTableStore(), progress=lambda done, of: told.append((done, of)))
    assert told == [(14, 29), (28, 29), (29, 29)]


def test_a_long_import_reads_each_object_twice_once_for_coverage_and_once_for_its_plays():
    journal = CountingJournal()
    put(journal, *(an_export(NOON + number * DAY, track=number) for number in range(100)))
    settle_changed(journal, MemoryTableStore())
    assert set(journal.reads.values()) == {2}
    assert len(journal.reads) == 100
    assert journal.lists == 1


def test_an_import_into_a_settled_ledger_settles_only_the_days_it_touches():
    journal, tables = MemoryJournal(), MemoryTableStore()
    put(journal, *(a_play(NOON + number * DAY, track=number) for number in range(40)))
    settle_changed(journal, tables)
    put(journal, *(an_export(NOON + number * DAY, track=number) for number in (10, 11)))
    assert settle_changed(journal, tables).changed == tuple(TODAY + number * DAY for number in (9, 10, 11, 12))


# ---- the same tables, whatever happens --------------------------------------------------------------------------


def test_deleted_tables_come_back_byte_by_byte_whatever_the_order_they_were_made_in(tmp_path: Path):
    history = a_history()
    grown, at_once = tmp_path / "grown", tmp_path / "at-once"
    journal = MemoryJournal()
    polled = [entry for entry in history if not isinstance(entry, ExportEntry)]
    for part in (polled[:30], polled[30:], [entry for entry in history if isinstance(entry, ExportEntry)]):
        put(journal, *part)
        night(journal, DirectoryTableStore(grown))
    night(journal, DirectoryTableStore(at_once))
    assert files(grown) == files(at_once)
    assert len(files(grown)) == len({entry.at.date() for entry in history}) * 2 + 2


def test_a_night_killed_at_any_write_and_run_again_ends_in_the_same_tables(tmp_path: Path):
    journal = MemoryJournal()
    put(journal, *a_history())
    whole = DirectoryTableStore(tmp_path / "whole")
    watched = MortalTables(whole)
    night(journal, watched)
    expected = files(tmp_path / "whole")
    for number in range(1, len(watched.writes) + 1, 3):
        for is_after in (False, True):
            root = tmp_path / f"{number}-{is_after}"
            with pytest.raises(Killed):
                night(journal, MortalTables(DirectoryTableStore(root), number, is_after=is_after))
            assert files(root) != expected or (is_after and number == len(watched.writes))
            night(journal, DirectoryTableStore(root))
            assert files(root) == expected


def test_a_night_killed_after_new_entries_came_ends_in_the_same_tables(tmp_path: Path):
    journal = MemoryJournal()
    history = a_history()
    put(journal, *history[:70])
    for number in (1, 2, 3, 7, 12):
        root, later = tmp_path / str(number), MemoryJournal()
        for key, body in journal.objects.items():
            later.put(key, body)
        night(later, DirectoryTableStore(root))
        put(later, *history[70:])
        with pytest.raises(Killed):
            night(later, MortalTables(DirectoryTableStore(root), number))
        night(later, DirectoryTableStore(root))
        fresh = tmp_path / f"fresh-{number}"
        night(later, DirectoryTableStore(fresh))
        assert files(root) == files(fresh)


def test_an_object_put_twice_over_different_splits_changes_no_play():
    journal, tables = MemoryJournal(), MemoryTableStore()
    history = [entry for entry in a_history() if entry.at < NOON]
    put(journal, *history)
    night(journal, tables)
    before = tables.contents()
    for entry in history[:30]:
        batch = encode([entry], entry.at.date())
        journal.put(batch.key, batch.body)
    assert night(journal, tables).changed != ()
    assert without_provenance(tables.contents()) == without_provenance(before)


def without_provenance(contents: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """The same, but for what names the objects that a gap was made from."""
    return {name: re.sub(r'"made_from": "\w+"', "", text) for name, text in contents.items()}


def test_the_plays_lie_where_the_catalog_says(tmp_path: Path):
    journal = MemoryJournal()
    put(journal, a_play(NOON))
    night(journal, DirectoryTableStore(tmp_path))
    assert (tmp_path / "tables" / object_name(TABLES["plays"], str(TODAY))).is_file()
    assert (tmp_path / "tables" / object_name(TABLES["coverage"], "2026-03")).is_file()
