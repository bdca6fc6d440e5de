"""What polls and exports vouch for: folded day by day, and the same whatever came when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playledger.coverage import Span, fold_claims
from playledger.errors import CorruptObject
from playledger.journal import decode
from playledger.models import Claim, Entry, ExportSpan, PlayEvent, to_ms
from playledger.ports import TableStore
from settlement.days import JournalDays
from settlement.evidence import Evidence, gather
from tests.support.builders import NOON, a_claim, a_play
from tests.support.memory import MemoryJournal, MemoryTableStore
from tests.unit.settlement.entries import CountingJournal, a_span, put

pytestmark = pytest.mark.unit

START = datetime(2026, 3, 29, tzinfo=UTC)
"""A few days before the end of a month."""

HOURS = st.integers(0, 24 * 5)


def _at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


ENTRIES: st.SearchStrategy[Entry] = st.one_of(
    st.builds(
        lambda lo, length, poll, short: a_claim(
            _at(lo), _at(lo + length), previous_poll=None if poll is None else _at(poll), is_short=short
        ),
        HOURS,
        st.integers(0, 9),
        st.one_of(st.none(), HOURS),
        st.sampled_from([False, False, True]),
    ),
    st.builds(lambda lo, length: a_span(_at(lo), _at(lo + length)), HOURS, st.integers(1, 100)),
    st.builds(lambda hours, late: a_play(_at(hours), is_late=late), HOURS, st.booleans()),
)


def told(evidence: Evidence) -> tuple[Any, ...]:
    """All that it says, but for its digest."""
    return evidence.vouched, evidence.exported, evidence.late


def at_once(journal: MemoryJournal) -> tuple[Any, ...]:
    """The same from all entries together, without days or months."""
    entries = [entry for item in journal.list() for entry in decode(item.key, journal.read(item.key))]
    exported = {Span(to_ms(entry.lo), to_ms(entry.hi)) for entry in entries if isinstance(entry, ExportSpan)}
    late = {to_ms(entry.played_at) for entry in entries if isinstance(entry, PlayEvent) and entry.is_late}
    claims = [entry for entry in entries if isinstance(entry, Claim)]
    return fold_claims(claims), sorted(exported), sorted(late)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(ENTRIES, max_size=6), min_size=1, max_size=6))
def test_evidence_gathered_night_by_night_is_that_of_all_entries_at_once(nights: list[list[Entry]]) -> None:
    journal, tables = MemoryJournal(), MemoryTableStore()
    for entries in nights:
        put(journal, *entries)
        grown, fresh = gather(JournalDays(journal), tables), gather(JournalDays(journal), MemoryTableStore())
        assert told(grown) == told(fresh) == at_once(journal)
        assert grown.digest == fresh.digest


def test_a_night_reads_what_the_changed_days_hold_and_nothing_else_of_their_month() -> None:
    journal, tables = CountingJournal(), MemoryTableStore()
    for day in range(3):
        start = NOON + timedelta(days=day)
        put(journal, a_claim(start, start + timedelta(hours=1)))
    gather(JournalDays(journal), tables)
    journal.reads.clear()
    changed = NOON + timedelta(days=1)
    put(journal, a_claim(changed + timedelta(hours=2), changed + timedelta(hours=3)))
    gather(JournalDays(journal), tables)
    assert {key.split("/")[1] for key in journal.reads} == {f"dt={changed.date()}"}
    assert set(journal.reads.values()) == {1}


class Torn(MemoryTableStore):
    """Its coverage cannot be read."""

    def read(self, table: str, partition: str) -> list[dict[str, Any]]:
        if table == "coverage":
            raise CorruptObject("coverage cannot be read")
        return list(super().read(table, partition))


def test_coverage_that_cannot_be_read_is_folded_again() -> None:
    journal, tables = MemoryJournal(), Torn()
    put(journal, a_claim(NOON, NOON + timedelta(hours=1)))
    gather(JournalDays(journal), tables)
    put(journal, a_claim(NOON + timedelta(hours=3), NOON + timedelta(hours=4)))
    assert told(gather(JournalDays(journal), tables)) == at_once(journal)


def test_coverage_of_another_version_is_folded_again() -> None:
    journal, tables = MemoryJournal(), MemoryTableStore()
    put(journal, a_claim(NOON, NOON + timedelta(hours=1)))
    gather(JournalDays(journal), tables)
    forged(tables, NOON.date())
    put(journal, a_claim(NOON + timedelta(days=1), NOON + timedelta(days=1, hours=1)))
    assert told(gather(JournalDays(journal), tables)) == at_once(journal)


def forged(tables: TableStore, day: date) -> None:
    """As an earlier version might have written it: other rows, of the same entries."""
    month = f"{day:%Y-%m}"
    stored = tables.list("coverage")[month]
    rows = [row | {"hi": row["lo"]} for row in tables.read("coverage", month)]
    tables.write("coverage", month, rows, digest=stored.digest.replace("v3:", "v2:"), replaces=stored)
