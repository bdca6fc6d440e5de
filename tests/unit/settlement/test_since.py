"""A night that lists the last months of the journal, and takes those before as they are."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from playledger.ports import JournalObject
from settlement.days import JournalDays
from settlement.job import settle_changed, settle_gaps
from tests.support.builders import a_claim, a_play
from tests.support.memory import MemoryJournal, MemoryTableStore
from tests.unit.settlement.entries import CountingJournal, on_repeat, put

pytestmark = pytest.mark.unit


def night(journal: MemoryJournal, tables: MemoryTableStore, since: date | None = None) -> tuple[date, ...]:
    """Settles days and gaps; returns the dates that were settled."""
    report = settle_changed(journal, tables, since=since)
    settle_gaps(journal, tables, evidence=report.evidence)
    return report.changed


class Listed(CountingJournal):
    """Notes from where on it was listed."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[date | None] = []

    def list(self, first: date | None = None, last: date | None = None) -> Sequence[JournalObject]:
        self.asked.append(first)
        return super().list(first, last)


OLD, NEW = datetime(2026, 1, 20, 12, tzinfo=UTC), datetime(2026, 4, 9, 12, tzinfo=UTC)
SINCE = date(2026, 3, 9)
LISTED_FROM = date(2026, 2, 27)


def settled_once() -> tuple[Listed, MemoryTableStore]:
    """Plays and claims from January to April, settled."""
    journal, tables = Listed(), MemoryTableStore()
    for day in range(80):
        at = OLD + timedelta(days=day)
        put(journal, a_play(at, 1 + day % 5), a_claim(at, at + timedelta(minutes=1)))
    night(journal, tables)
    journal.asked.clear()
    return journal, tables


def fresh_of(journal: MemoryJournal) -> dict[tuple[str, str], str]:
    """The tables as they come from nothing."""
    tables = MemoryTableStore()
    night(journal, tables)
    return tables.contents()


def test_a_night_over_the_last_months_lists_no_more_and_comes_to_the_same():
    journal, tables = settled_once()
    put(journal, a_play(NEW + timedelta(hours=2), 9), a_claim(NEW, NEW + timedelta(hours=3)))
    put(journal, a_play(datetime(2026, 3, 1, 0, 5, tzinfo=UTC), 9))
    assert date(2026, 3, 1) in night(journal, tables, SINCE)
    assert journal.asked == [LISTED_FROM]
    assert tables.contents() == fresh_of(journal)


def test_what_comes_to_an_older_month_is_found_when_all_is_listed():
    journal, tables = settled_once()
    before = tables.contents()
    put(journal, a_play(OLD + timedelta(hours=2), 9))
    assert night(journal, tables, SINCE) == ()
    assert tables.contents() == before
    night(journal, tables)
    assert tables.contents() == fresh_of(journal)


@pytest.mark.parametrize("table", ["plays", "settled_days", "coverage"])
@pytest.mark.parametrize("is_lost", [True, False])
def test_where_an_older_month_misses_something_or_is_of_another_version_all_is_listed(table: str, is_lost: bool):
    journal, tables = settled_once()
    wanted = tables.contents()
    partition = "2026-01" if table == "coverage" else "2026-01-22"
    stored = tables.list(table)[partition]
    if is_lost:
        tables.forget((table, partition))
    else:
        tables.write(table, partition, [], digest="v0:another", replaces=stored)
    night(journal, tables, SINCE)
    assert journal.asked == [None]
    assert tables.contents() == wanted


def test_a_chain_that_reaches_into_an_older_month_is_settled_whole():
    journal, tables = Listed(), MemoryTableStore()
    loop = on_repeat(1, datetime(2026, 2, 25, 20, tzinfo=UTC), 4 * 24 * 60)
    put(journal, *loop[:-40])
    night(journal, tables)
    put(journal, *loop[-40:])
    journal.asked.clear()
    night(journal, tables, SINCE)
    assert journal.asked == [LISTED_FROM, None]
    assert tables.contents() == fresh_of(journal)


def test_older_days_are_listed_when_they_are_asked_for():
    journal, _ = settled_once()
    days, whole = JournalDays(journal, LISTED_FROM), JournalDays(journal)
    assert days.dates[0] == LISTED_FROM
    assert days.entries(date(2026, 3, 3)) == whole.entries(date(2026, 3, 3))
    assert journal.asked == [LISTED_FROM, None]
    assert days.entries(OLD.date()) == whole.entries(OLD.date())
    assert days.digest(OLD.date(), NEW.date()) == whole.digest(OLD.date(), NEW.date())
    assert days.dates == whole.dates
    assert journal.asked == [LISTED_FROM, None, None]
