"""Holes in coverage as a table: their bounds, what proves a play inside, and what the listener's own rate expects."""

from datetime import UTC, datetime, timedelta

import pytest

from playledger.errors import CorruptObject
from playledger.models import Claim, Gap, GapClass, Media, PlayEvent
from settlement.job import settle_changed, settle_gaps
from tests.support.builders import NOON, a_claim, a_play, minutes
from tests.support.memory import MemoryJournal, MemoryTableStore
from tests.unit.settlement.entries import MortalTables, a_span, an_export, put

pytestmark = pytest.mark.unit

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def gaps_of(*entries: Claim | PlayEvent, tables: MemoryTableStore | None = None) -> tuple[Gap, ...]:
    """The gaps of a journal with these entries."""
    journal, store = MemoryJournal(), tables or MemoryTableStore()
    put(journal, *entries)
    settle_changed(journal, store)
    return settle_gaps(journal, store)


def a_hole(hours: float = 2, at: datetime = NOON, **closing: object) -> list[Claim]:
    """Two polls with nothing vouched for between `at` and so many hours later."""
    end = at + hours * HOUR
    return [a_claim(at - HOUR, at), a_claim(end, end + HOUR, **closing)]


def test_a_ledger_without_claims_has_no_gaps():
    assert gaps_of(a_play()) == ()


def test_overlapping_polls_leave_no_gap():
    assert gaps_of(a_claim(NOON - HOUR, NOON), a_claim(NOON, NOON + HOUR)) == ()


def test_a_gap_is_told_with_its_bounds_and_stored():
    tables = MemoryTableStore()
    (gap,) = gaps_of(*a_hole(), tables=tables)
    assert (gap.after, gap.before, gap.quiet_until) == (NOON, NOON + 2 * HOUR, None)
    assert (gap.gap_class, gap.lost_min, gap.lost_max, gap.lost_estimate) == (GapClass.POSSIBLE, 0, 240, None)
    assert [Gap.model_validate(row) for row in tables.read("gaps", "")] == [gap]


def test_the_last_quiet_poll_inside_is_told():
    (gap,) = gaps_of(*a_hole(previous_poll=NOON + minutes(90)))
    assert gap.quiet_until == NOON + minutes(90)


def test_a_short_window_vouches_for_nothing():
    assert len(gaps_of(*a_hole(), a_claim(NOON - HOUR, NOON + 3 * HOUR, n=12, is_short=True))) == 1


def test_claims_of_other_months_and_days_close_a_hole():
    new_year = datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert len(gaps_of(*a_hole(at=new_year))) == 1
    assert gaps_of(*a_hole(at=new_year), a_claim(new_year, new_year + 40 * DAY)) == ()


def test_an_imported_file_heals_all_but_its_last_two_days():
    span = a_span(NOON - 3 * DAY, NOON + 3 * DAY)
    assert gaps_of(*a_hole(), span) == ()
    (gap,) = gaps_of(*a_hole(72), span)
    assert (gap.after, gap.before) == (NOON + DAY, NOON + 3 * DAY)


def test_a_late_play_inside_makes_a_gap_certain_but_is_not_missing_itself():
    (gap,) = gaps_of(*a_hole(), a_play(NOON + HOUR, is_late=True))
    assert (gap.gap_class, gap.lost_min) == (GapClass.CERTAIN, 0)


@pytest.mark.parametrize("at", [NOON, NOON + 2 * HOUR, NOON + 5 * HOUR])
def test_a_late_play_elsewhere_proves_nothing(at: datetime):
    (gap,) = gaps_of(*a_hole(), a_play(at, is_late=True))
    assert gap.gap_class is GapClass.POSSIBLE


def test_a_play_that_a_short_window_showed_in_time_proves_nothing():
    (gap,) = gaps_of(*a_hole(), a_play(NOON + HOUR))
    assert gap.gap_class is GapClass.POSSIBLE


def test_an_exported_play_that_polling_missed_makes_a_gap_certain():
    span = a_span(NOON - DAY, NOON + DAY)
    (gap,) = gaps_of(*a_hole(), span, an_export(NOON + HOUR))
    assert (gap.gap_class, gap.lost_min) == (GapClass.CERTAIN, 1)


@pytest.mark.parametrize(
    "entries",
    [
        [an_export(NOON + HOUR), a_play(NOON + HOUR)],
        [an_export(NOON + HOUR, ms_played=29_999)],
        [an_export(NOON + HOUR, media=Media.PODCAST)],
        [an_export(NOON)],
        [an_export(NOON + 2 * HOUR)],
    ],
    ids=["polled too", "too short to be listed", "no music", "at the edge", "at the other edge"],
)
def test_other_exported_plays_prove_nothing(entries: list[PlayEvent]):
    (gap,) = gaps_of(*a_hole(), a_span(NOON - DAY, NOON + DAY), *entries)
    assert (gap.gap_class, gap.lost_min) == (GapClass.POSSIBLE, 0)


def test_bounds_never_cross_in_a_gap_too_short_for_a_play():
    end = NOON + timedelta(seconds=20)
    (gap,) = gaps_of(
        a_claim(NOON - HOUR, NOON),
        a_claim(end, end + HOUR),
        a_span(NOON - DAY, NOON + DAY),
        an_export(NOON + timedelta(seconds=9)),
    )
    assert (gap.lost_min, gap.lost_max) == (0, 0)


# ---- what to expect ---------------------------------------------------------------------------------------------


def history(days: int, hour: int, plays: int) -> list[PlayEvent]:
    """So many plays in one UTC hour of each of the days before the hole."""
    ends = [NOON.replace(hour=hour) - number * DAY for number in range(1, days + 1)]
    return [a_play(end + minutes(4 * step), track=step) for end in ends for step in range(plays)]


def test_the_estimate_is_the_listeners_own_rate_at_those_hours_of_the_week():
    assert gaps_of(*a_hole(2), *history(28, 12, 6))[0].lost_estimate == 6.0
    assert gaps_of(*a_hole(0.5), *history(28, 12, 6))[0].lost_estimate == 3.0
    assert gaps_of(*a_hole(2), *history(28, 15, 6))[0].lost_estimate == 0.0
    tuesdays = [play for play in history(28, 12, 6) if play.played_at.weekday() == NOON.weekday()]
    assert gaps_of(*a_hole(), *tuesdays)[0].lost_estimate == 6.0
    assert gaps_of(*a_hole(), *tuesdays[6:12], *tuesdays[18:])[0].lost_estimate == 3.0


def test_a_gap_over_days_expects_the_plays_of_all_its_hours():
    assert gaps_of(*a_hole(48), *history(28, 15, 2))[0].lost_estimate == 4.0


def test_with_less_than_two_weeks_of_history_there_is_no_estimate():
    assert gaps_of(*a_hole(), *history(13, 12, 6))[0].lost_estimate is None
    assert gaps_of(*a_hole(), *history(14, 12, 6))[0].lost_estimate == 6.0


def test_before_the_last_quiet_poll_nothing_is_expected():
    assert gaps_of(*a_hole(2, previous_poll=NOON + minutes(30)), *history(28, 12, 6))[0].lost_estimate == 3.0


def test_no_more_is_expected_than_fits_in():
    (gap,) = gaps_of(*a_hole(1 / 60), *[
        a_play(NOON - number * DAY + timedelta(seconds=step), track=step, duration_ms=30_000)
        for number in range(1, 29)
        for step in range(300)
    ])  # fmt: skip
    assert (gap.lost_max, gap.lost_estimate) == (2, 2.0)


# ---- by digest --------------------------------------------------------------------------------------------------


def test_gaps_are_found_again_only_where_plays_or_coverage_changed():
    journal, tables = MemoryJournal(), MemoryTableStore()
    put(journal, *a_hole(), *history(28, 12, 1))
    settle_changed(journal, tables)
    first = settle_gaps(journal, tables)
    watched = MortalTables(tables)
    assert settle_gaps(journal, watched) == first
    assert watched.writes == []
    assert watched.reads == [("coverage", "2026-02"), ("coverage", "2026-03"), ("gaps", "")]
    put(journal, a_claim(NOON, NOON + 2 * HOUR))
    settle_changed(journal, tables)
    assert settle_gaps(journal, watched) == ()
    assert watched.writes == [("gaps", "")]


def test_a_gap_is_not_found_again_for_plays_that_say_nothing_of_it():
    journal, tables = MemoryJournal(), MemoryTableStore()
    put(journal, *a_hole(), *history(28, 12, 1))
    settle_changed(journal, tables)
    (first,) = settle_gaps(journal, tables)
    watched = MortalTables(tables)
    put(journal, a_play(NOON + 3 * DAY))
    settle_changed(journal, tables)
    assert settle_gaps(journal, watched) == (first,)
    assert [name for name in watched.reads if name[0] == "plays"] == []
    put(journal, a_play(NOON - 3 * DAY, track_uri="spotify:track:another"))
    settle_changed(journal, tables)
    (again,) = settle_gaps(journal, tables)
    assert (again.lost_estimate, again.made_from) != (first.lost_estimate, first.made_from)
    fresh = MemoryTableStore()
    settle_changed(journal, fresh)
    assert settle_gaps(journal, fresh) == (again,)


def test_gaps_that_cannot_be_read_are_found_again():
    journal, tables = MemoryJournal(), MemoryTableStore()
    put(journal, *a_hole())
    first = settle_gaps(journal, tables)
    put(journal, *a_hole(at=NOON + DAY))

    class Damaged(MortalTables):
        def read(self, table, partition):
            if table == "gaps":
                raise CorruptObject("the object of gaps cannot be read")
            return super().read(table, partition)

    assert settle_gaps(journal, Damaged(tables))[0] == first[0]


def test_gaps_follow_from_evidence_that_is_given_as_from_the_journal():
    journal, tables = MemoryJournal(), MemoryTableStore()
    put(journal, *a_hole(), *history(28, 12, 1))
    evidence = settle_changed(journal, tables).evidence
    given, found = MemoryTableStore(), MemoryTableStore()
    for store in (given, found):
        settle_changed(journal, store)
    assert settle_gaps(MemoryJournal(), given, evidence=evidence) == settle_gaps(journal, found)
    assert given.contents() == found.contents()


def test_a_closed_month_is_not_read_again():
    journal, tables = MemoryJournal(), MemoryTableStore()
    january = datetime(2026, 1, 15, 12, tzinfo=UTC)
    put(journal, *a_hole(at=january), *a_hole(previous_poll=NOON + minutes(30)))
    gaps = gaps_before = settle_gaps(journal, tables)
    assert [gap.after for gap in gaps] == [january, january + 3 * HOUR, NOON]
    for key in [key for key in journal.objects if "dt=2026-01" in key]:
        journal.objects[key] = b"unreadable from now on"
    put(journal, a_claim(NOON + 3 * HOUR, NOON + 4 * HOUR))
    assert settle_gaps(journal, tables) == gaps_before
    assert gaps_before[-1].quiet_until == NOON + minutes(30)
