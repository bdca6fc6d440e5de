"""Journal and tables during one run."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from playledger.errors import StateConflict
from playledger.journal import encode
from playledger.ports import Stored
from settlement.once import ListedOnce, ReadOnce
from tests.support.memory import MemoryJournal, MemoryTableStore
from tests.unit.settlement.entries import NOON, an_export

pytestmark = pytest.mark.unit


class Counting(MemoryJournal):
    """Counts what is read."""

    reads = 0

    def read(self, key: str) -> bytes:
        self.reads += 1
        return super().read(key)


def filled() -> tuple[Counting, list[str]]:
    journal = Counting()
    batches = [encode([an_export(NOON + timedelta(minutes=number))], NOON.date()) for number in range(3)]
    for batch in batches:
        journal.put(batch.key, batch.body)
    return journal, [batch.key for batch in batches]


def test_an_object_is_read_once_in_a_run() -> None:
    journal, keys = filled()
    once = ReadOnce(journal)
    assert [once.read(key) for key in keys * 3] == [journal.objects[key] for key in keys * 3]
    assert journal.reads == len(keys)
    assert once.list() == journal.list()


def test_what_does_not_fit_into_memory_is_read_again() -> None:
    journal, keys = filled()
    once = ReadOnce(journal, keep_bytes=len(journal.objects[keys[0]]))
    assert [once.read(key) for key in keys * 2] == [journal.objects[key] for key in keys * 2]
    assert journal.reads == 2 * len(keys) - 1


# ---- tables -----------------------------------------------------------------------------------------------------

DAYS = "settled_days"


class CountingTables(MemoryTableStore):
    """Counts its listings."""

    listings = 0

    def list_all(self) -> Mapping[str, Mapping[str, Stored]]:
        self.listings += 1
        return super().list_all()


def test_the_tables_are_listed_once_in_a_run_that_knows_what_it_wrote() -> None:
    tables = CountingTables()
    old = tables.write(DAYS, "2026-05-02", [], digest="old", replaces=None)
    once = ListedOnce(tables)
    assert dict(once.list(DAYS)) == {"2026-05-02": old}
    first = once.write(DAYS, "2026-05-01", [{"plays": 1}], digest="new", replaces=None)
    second = once.write(DAYS, "2026-05-02", [], digest="newer", replaces=old)
    assert list(once.list(DAYS).items()) == [("2026-05-01", first), ("2026-05-02", second)]
    month = once.roll_up("month_accounts", "2026-05", [], digest="m", replaces=None)
    assert once.list_all() == tables.list_all()
    assert once.list("month_accounts") == {"2026-05": month}
    assert tables.listings == 2, "one of the run, one of this test"


def test_what_others_wrote_meanwhile_is_never_overwritten_and_seen_by_the_next_run() -> None:
    tables = CountingTables()
    once = ListedOnce(tables)
    assert dict(once.list(DAYS)) == {}
    theirs = tables.write(DAYS, "2026-05-01", [], digest="theirs", replaces=None)
    with pytest.raises(StateConflict):
        once.write(DAYS, "2026-05-01", [], digest="mine", replaces=once.list(DAYS).get("2026-05-01"))
    assert dict(once.list(DAYS)) == {}
    assert dict(ListedOnce(tables).list(DAYS)) == {"2026-05-01": theirs}


def test_a_listing_that_was_handed_out_stays_as_it_was() -> None:
    once = ListedOnce(CountingTables())
    before = once.list(DAYS)
    once.write(DAYS, "2026-05-01", [], digest="d", replaces=None)
    assert dict(before) == {}
