"""The journal during one run."""

from datetime import timedelta

import pytest

from playledger.journal import encode
from settlement.days import ReadOnce
from tests.support.memory import MemoryJournal
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
