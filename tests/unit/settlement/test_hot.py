"""Hot store and journal made alike, and the state from the journal alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from ingestion.capture import capture
from playledger.errors import StoreUnavailable
from playledger.journal import decode
from playledger.models import (
    SEEN_LIMIT,
    WINDOW_SIZE,
    Claim,
    Entry,
    IngestionState,
    PlayEvent,
    Quarantined,
    seen_hash,
    to_ms,
)
from playledger.ports import Answer
from settlement.job import ReconcileReport, rebuild, reconcile
from tests.support.builders import NOON, a_claim, a_play, a_window_body, every, minutes
from tests.support.memory import MemoryHotStore, MemoryJournal
from tests.unit.settlement.entries import CountingJournal, an_export, put

pytestmark = pytest.mark.unit

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def entries_of(journal: MemoryJournal) -> list[list[Entry]]:
    """The entries of each object, by key."""
    return [decode(key, journal.objects[key]) for key in sorted(journal.objects)]


def spooled(*plays: PlayEvent, **fields: object) -> tuple[MemoryHotStore, Claim]:
    """A hot store that kept a poll while the journal was down."""
    hot = MemoryHotStore()
    claim = a_claim(plays[0].played_at, plays[-1].played_at, **{"n": len(plays), "server_now": NOON, **fields})
    hot.spool(plays, claim)
    return hot, claim


# ---- reconcile --------------------------------------------------------------------------------------------------


def test_what_both_sides_have_stays_as_it_is():
    journal, hot = MemoryJournal(), MemoryHotStore()
    put(journal, a_play(), a_claim(NOON, NOON))
    hot.commit([a_play()], IngestionState(version=1, last_run_timestamp=NOON))
    assert reconcile(journal, hot, now=NOON) == ReconcileReport()
    assert len(journal.objects) == 1


def test_spooled_plays_go_to_the_journal_by_date_and_the_claim_into_the_last_object():
    journal = MemoryJournal()
    plays = [a_play(NOON - DAY, 1), a_play(NOON - DAY + minutes(5), 2), a_play(NOON, 3)]
    hot, claim = spooled(*plays)
    assert reconcile(journal, hot, now=NOON) == ReconcileReport(to_journal=3, objects=2, claims=1)
    first, last = entries_of(journal)
    assert first == plays[:2]
    assert sorted(entry.kind for entry in last) == ["claim", "play"]
    assert claim in last
    assert hot.spooled_claims() == []


def test_a_claim_of_a_later_day_than_its_missing_plays_comes_last():
    journal = MemoryJournal()
    put(journal, a_play(NOON, 2))
    hot, claim = spooled(a_play(NOON - DAY, 1), a_play(NOON, 2))
    reconcile(journal, hot, now=NOON)
    assert [claim] in entries_of(journal)
    assert [a_play(NOON - DAY, 1)] in entries_of(journal)


def test_claims_are_dropped_only_after_the_journal_has_them():
    class DownAtSecondPut(MemoryJournal):
        puts = 0

        def put(self, key: str, body: bytes) -> bool:
            self.puts += 1
            if self.puts == 2:
                raise StoreUnavailable("down")
            return super().put(key, body)

    journal = DownAtSecondPut()
    plays = [a_play(NOON - DAY, 1), a_play(NOON, 2)]
    hot, claim = spooled(*plays)
    with pytest.raises(StoreUnavailable):
        reconcile(journal, hot, now=NOON)
    assert hot.spooled_claims() == [claim]
    assert claim not in [entry for group in entries_of(journal) for entry in group]
    assert reconcile(journal, hot, now=NOON).claims == 1
    assert {entry.entry_id for group in entries_of(journal) for entry in group} == {
        claim.entry_id,
        *(play.entry_id for play in plays),
    }


def test_a_claim_whose_plays_have_expired_is_withheld_so_that_the_loss_is_told():
    journal = MemoryJournal()
    hot, _ = spooled(a_play(NOON - 40 * DAY, 1), a_play(NOON, 2))
    assert reconcile(journal, hot, now=NOON) == ReconcileReport(to_journal=1, objects=1, withheld=1)
    assert entries_of(journal) == [[a_play(NOON, 2)]]
    assert hot.spooled_claims() == []


def test_a_claim_counts_plays_that_the_journal_had_before():
    journal = MemoryJournal()
    old = a_play(NOON - 40 * DAY, 1, ingested_at=NOON - 40 * DAY)
    put(journal, old)
    hot, _ = spooled(old, a_play(NOON, 2))
    assert reconcile(journal, hot, now=NOON).claims == 1


def test_a_claim_counts_plays_that_a_later_poll_brought_to_the_journal():
    journal = MemoryJournal()
    hot, claim = spooled(a_play(NOON - HOUR, 1, ingested_at=NOON), a_play(NOON, 2, ingested_at=NOON))
    put(journal, a_play(NOON, 2, ingested_at=NOON + HOUR))
    assert reconcile(journal, hot, now=NOON + 2 * HOUR) == ReconcileReport(to_journal=1, objects=1, claims=1)
    assert claim in [entry for group in entries_of(journal) for entry in group]


def test_plays_seen_after_the_poll_prove_nothing_for_its_claim():
    journal = MemoryJournal()
    put(journal, a_play(NOON - HOUR, 5, ingested_at=NOON + HOUR))
    hot, _ = spooled(a_play(NOON - 40 * DAY, 1), a_play(NOON, 2))
    assert reconcile(journal, hot, now=NOON + 2 * HOUR).withheld == 1


def test_an_empty_windows_claim_is_carried_over_alone():
    journal, hot = MemoryJournal(), MemoryHotStore()
    claim = a_claim(NOON, NOON, n=0)
    hot.spool([], claim)
    reconcile(journal, hot, now=NOON)
    assert entries_of(journal) == [[claim]]


def test_unexpired_plays_missing_in_the_hot_store_come_back_as_first_seen():
    journal, hot = MemoryJournal(), MemoryHotStore()
    first, again = a_play(track_name="Z"), a_play(track_name="A", ingested_at=NOON + HOUR)
    put(journal, again)
    put(journal, first, a_play(NOON - 31 * DAY, 2), an_export(NOON, 3))
    assert reconcile(journal, hot, now=NOON + HOUR).to_hot == 1
    assert list(hot.plays(NOON)) == [first]


def test_reconciling_twice_writes_once():
    journal = MemoryJournal()
    hot, _ = spooled(a_play(NOON))
    reconcile(journal, hot, now=NOON)
    objects = dict(journal.objects)
    assert reconcile(journal, hot, now=NOON) == ReconcileReport()
    assert journal.objects == objects


def a_week(journal: MemoryJournal) -> MemoryHotStore:
    """A play a day, on both sides."""
    hot, plays = MemoryHotStore(), [a_play(NOON - number * DAY, number) for number in range(7)]
    put(journal, *plays)
    hot.fill(plays, NOON)
    return hot


def test_dates_that_were_alike_are_not_read_again_while_both_sides_stay_as_they_are():
    journal = CountingJournal()
    hot = a_week(journal)
    alike = reconcile(journal, hot, now=NOON).alike
    assert len(alike) == len(journal.reads) == 7
    journal.reads.clear()
    assert reconcile(journal, hot, now=NOON, alike=alike).alike == alike
    assert not journal.reads


def test_of_dates_that_were_alike_those_are_read_again_that_changed_on_either_side():
    journal = CountingJournal()
    hot = a_week(journal)
    alike = reconcile(journal, hot, now=NOON).alike
    put(journal, a_play(NOON - 2 * DAY + HOUR, 8))
    hot.fill([a_play(NOON - 4 * DAY + HOUR, 9)], NOON)
    del hot.items[a_play(NOON - 5 * DAY, 5).key]
    journal.reads.clear()
    report = reconcile(journal, hot, now=NOON, alike=alike)
    assert (report.to_journal, report.to_hot) == (1, 2)
    assert {key.split("/")[1] for key in journal.reads} == {f"dt={(NOON - n * DAY).date()}" for n in (2, 4, 5)}
    assert len(report.alike) == 6, "where the journal was behind it has another object now"
    assert reconcile(journal, hot, now=NOON, alike=report.alike) == ReconcileReport()


def test_a_spooled_claim_is_proved_by_plays_of_dates_that_were_alike():
    journal = CountingJournal()
    hot = a_week(journal)
    alike = reconcile(journal, hot, now=NOON).alike
    hot.spool([], a_claim(NOON - 6 * DAY, NOON, n=7, server_now=NOON + HOUR))
    assert reconcile(journal, hot, now=NOON + HOUR, alike=alike).claims == 1


def test_a_play_dated_in_the_future_is_found_on_both_sides():
    journal, hot = MemoryJournal(), MemoryHotStore()
    ahead = a_play(NOON + 3 * DAY)
    put(journal, ahead)
    hot.fill([ahead], NOON)
    assert reconcile(journal, hot, now=NOON) == ReconcileReport()


@pytest.mark.parametrize("life", [7, 30])
def test_only_the_days_that_can_still_be_hot_are_read(life):
    journal, hot = CountingJournal(), MemoryHotStore(life)
    put(journal, *(a_play(NOON - number * DAY, number) for number in range(100)))
    assert reconcile(journal, hot, now=NOON).to_hot == life
    assert len(journal.reads) == life + 1


# ---- rebuild ----------------------------------------------------------------------------------------------------


class Played:
    """A Spotify with one answer."""

    def __init__(self, server_now: datetime, body: dict[str, Any]) -> None:
        self._answer = Answer(body, server_now)

    def recently_played(self, limit: int) -> Answer:
        """The answer."""
        assert limit == WINDOW_SIZE
        return self._answer


def after_polls(count: int, *, more: Sequence[dict[str, object]] = ()) -> tuple[MemoryJournal, MemoryHotStore]:
    """An account polled hourly: six plays an hour, for `count` hours."""
    journal, hot = MemoryJournal(), MemoryHotStore()
    for number in range(count):
        now = NOON + number * HOUR
        ends = every(minutes(10), min(50, 6 * (number + 2)), until=now - minutes(3))
        capture(Played(now, a_window_body(*ends, *more)), journal, hot, now=now)
    return journal, hot


@pytest.mark.parametrize("polls", [1, 3, 60])
def test_the_state_comes_back_from_the_journal_as_capture_left_it(polls: int):
    journal, hot = after_polls(polls)
    again = MemoryHotStore()
    now = NOON + polls * HOUR
    state = rebuild(journal, again, now=now)
    assert state == again.load_state()
    assert list(again.plays(now)) == list(hot.plays(now))
    before = hot.load_state()
    assert before is not None
    assert state == before.model_copy(update={"version": 1})


def test_after_a_rebuild_the_next_poll_finds_nothing_new():
    poison = {"track": None, "played_at": "2026-03-10T11:00:00.000Z"}
    journal, _ = after_polls(3, more=[poison])
    again = MemoryHotStore()
    rebuild(journal, again, now=NOON + 3 * HOUR)
    objects = dict(journal.objects)
    now = NOON + 2 * HOUR
    ends = every(minutes(10), 24, until=now - minutes(3))
    report = capture(Played(now + minutes(30), a_window_body(*ends, poison)), journal, again, now=now)
    assert report.outcome == "idle"
    assert journal.objects == objects


def test_the_version_goes_on_and_the_account_stays_pinned():
    journal, hot = after_polls(2)
    before = hot.load_state()
    assert before is not None
    hot.replace_state(before.model_copy(update={"version": 41, "account_hash": "mine", "seen": ()}))
    state = rebuild(journal, hot, now=NOON + 2 * HOUR)
    assert state is not None
    assert (state.version, state.account_hash) == (42, "mine")
    assert len(state.seen) == 18


def test_the_state_remembers_the_newest_plays_and_records_set_aside():
    journal = MemoryJournal()
    plays = [a_play(moment, number) for number, moment in enumerate(every(minutes(300), 300))]
    aside = Quarantined(reason="?", raw="{}", origin="poll", ingested_at=NOON)
    other = Quarantined(reason="?", raw="[]", origin="export", ingested_at=NOON)
    put(journal, *plays, aside, other, an_export(), a_claim(plays[-50].played_at, NOON))
    state = rebuild(journal, MemoryHotStore(), now=NOON)
    assert state is not None
    assert len(state.seen) == SEEN_LIMIT
    assert state.seen[-1] == seen_hash(aside.entry_id)
    assert state.seen[:-1] == tuple(seen_hash(play.key) for play in plays[-SEEN_LIMIT + 1 :])


def test_neither_an_empty_window_nor_a_play_ahead_of_the_clock_moves_the_cursor():
    journal = MemoryJournal()
    put(journal, a_claim(NOON, NOON, n=0, server_now=NOON))
    state = rebuild(journal, MemoryHotStore(), now=NOON)
    assert state is not None
    assert state.last_cursor_unix_ms is None
    put(journal, a_play(NOON + DAY), a_claim(NOON, NOON, n=1, server_now=NOON))
    state = rebuild(journal, MemoryHotStore(), now=NOON)
    assert state is not None
    assert state.last_cursor_unix_ms is None
    put(journal, a_play(NOON + DAY), a_play(NOON - HOUR, 2), a_claim(NOON - HOUR, NOON - HOUR, n=2, server_now=NOON))
    state = rebuild(journal, MemoryHotStore(), now=NOON)
    assert state is not None
    assert state.last_cursor_unix_ms == to_ms(NOON - HOUR)


def test_the_last_run_is_that_of_the_newest_poll_even_if_its_window_was_an_older_one():
    journal = MemoryJournal()
    put(journal, a_play(NOON - HOUR), a_claim(NOON - 2 * HOUR, NOON - HOUR, n=1, server_now=NOON + HOUR))
    put(journal, a_play(NOON), a_claim(NOON - HOUR, NOON, n=2, server_now=NOON))
    state = rebuild(journal, MemoryHotStore(), now=NOON + HOUR)
    assert state is not None
    assert (state.last_run_timestamp, state.last_seen_played_at) == (NOON + HOUR, NOON)
    assert (state.coverage_from, state.window_max) == (NOON - HOUR, 2)


def test_a_ledger_of_imports_alone_has_no_state():
    journal, hot = MemoryJournal(), MemoryHotStore()
    put(journal, an_export())
    assert rebuild(journal, hot, now=NOON) is None
    assert hot.load_state() is None
