"""The failure table, row by row: what must come of each event that concerns capture. F-numbers are the table's.

Every case ends with `finish`: faults are over, two polls and a night follow, and all invariants must hold.
"""

import gzip
from datetime import date

import pytest

from playledger.errors import (
    AccessRefused,
    NeedsReauth,
    SpotifyUnavailable,
    StoreUnavailable,
)
from playledger.models import from_ms, to_ms
from settlement.hot import rebuild
from tests.simulation.faults import CRASH_AFTER, CRASH_BEFORE, ERROR_AFTER, ERROR_BEFORE, LATE_EFFECT, SLOW
from tests.simulation.listener import DAY, HOUR, MINUTE, SECOND, TruePlay, played
from tests.simulation.stage import NOON, Stage, every

pytestmark = pytest.mark.simulation

MIDNIGHT = NOON + 12 * HOUR


def keys(*plays: TruePlay) -> set[tuple[int, str]]:
    return {play.key for play in plays}


@pytest.mark.parametrize("mode", [CRASH_BEFORE, CRASH_AFTER])
@pytest.mark.parametrize("site", ["hot.load_state", "spotify.recently_played"])
def test_f01_f02_a_crash_before_anything_is_written_is_made_good_by_the_next_poll(site: str, mode: str) -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    new = every(180, stage.now + MINUTE, 10, track=20)
    stage.play(*new)
    stage.strike("second", site, mode)
    assert stage.poll("second", stage.now + HOUR).ended == "crashed"
    stage.poll("third", stage.now + MINUTE)
    assert keys(*new) <= stage.stored
    stage.finish()
    assert stage.gaps == []


def test_f02_what_scrolled_out_after_a_crash_lies_in_a_reported_gap() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    lost = every(61, stage.now + MINUTE, 30)
    stage.play(*lost, *every(61, stage.now + 2 * HOUR, 50))
    stage.strike("second", "spotify.recently_played", CRASH_AFTER)
    stage.poll("second", stage.now + HOUR)
    stage.run_to(stage.now + 3 * HOUR)
    stage.finish()
    (gap,) = stage.gaps
    assert gap.lost_min <= len(lost) <= gap.lost_max
    assert all(to_ms(gap.after) < play.ms < to_ms(gap.before) for play in lost)


@pytest.mark.parametrize(
    ("mode", "times", "committed"), [(CRASH_BEFORE, 1, 0), (ERROR_BEFORE, 1, 1), (ERROR_BEFORE, 9, 0)]
)
def test_f03_f13_the_hot_store_takes_all_plays_with_the_state_or_none(mode: str, times: int, committed: int) -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    for nth in range(1, times + 1):
        stage.strike("first", "hot.commit", mode, nth=nth)
    stage.poll("first")
    assert (len(stage.hot_keys), stage.world.hot.state is not None) == (15 * committed, bool(committed))
    assert len(stage.stored) == 15
    stage.finish()


@pytest.mark.parametrize("mode", [ERROR_AFTER, LATE_EFFECT])
def test_f04_an_object_put_without_a_reply_is_not_put_twice(mode: str) -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    stage.play(*every(180, stage.now + MINUTE, 10, track=20))
    stage.strike("second", "journal.put", mode)
    assert isinstance(stage.poll("second", stage.now + HOUR).error, StoreUnavailable)
    stage.poll("third", stage.now + MINUTE)
    assert len(stage.stored) == 25
    stage.finish()


def test_f05_a_crash_between_two_dates_claims_nothing() -> None:
    stage = Stage(every(180, MIDNIGHT - 2 * HOUR, 5), start=MIDNIGHT - HOUR)
    stage.poll("first")
    claims = len(stage.claims)
    both_days = [*every(120, MIDNIGHT - 20 * MINUTE, 8), *every(120, MIDNIGHT + MINUTE, 8, track=10)]
    stage.play(*both_days)
    stage.strike("second", "journal.put", CRASH_BEFORE, nth=2)
    stage.poll("second", MIDNIGHT + 30 * MINUTE)
    assert len(stage.stored) == 5 + 8
    assert len(stage.claims) == claims
    stage.poll("third", stage.now + MINUTE)
    assert keys(*both_days) <= stage.stored
    stage.finish()


def test_f05_what_scrolled_out_after_a_crash_between_two_dates_is_a_gap() -> None:
    """Seeds rarely find it: the first date's object is written, the second day scrolls out before the next poll."""
    stage = Stage(every(180, MIDNIGHT - 2 * HOUR, 5), start=MIDNIGHT - HOUR)
    stage.poll("first")
    second_day = every(120, MIDNIGHT + MINUTE, 8, track=10)
    stage.play(*every(120, MIDNIGHT - 20 * MINUTE, 8), *second_day, *every(61, MIDNIGHT + HOUR, 50))
    stage.strike("second", "journal.put", CRASH_BEFORE, nth=2)
    stage.poll("second", MIDNIGHT + 30 * MINUTE)
    stage.run_to(MIDNIGHT + 2 * HOUR)
    stage.finish()
    assert not keys(*second_day) & stage.stored
    assert any(to_ms(gap.after) < second_day[0].ms and second_day[-1].ms < to_ms(gap.before) for gap in stage.gaps)


@pytest.mark.parametrize("mode", [CRASH_BEFORE, LATE_EFFECT, SLOW])
def test_f06_between_journal_and_commit_there_is_nothing_to_lose(mode: str) -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    before = stage.state
    stage.play(*every(180, stage.now + MINUTE, 10, track=20))
    for nth in range(1, 9):
        stage.strike("second", "hot.commit", mode, nth=nth)
    stage.poll("second", stage.now + HOUR)
    assert len(stage.stored) == 25
    assert (stage.state.seen == before.seen) is (mode == CRASH_BEFORE)
    stage.poll("third", stage.now + MINUTE)
    assert len(stage.state.seen) == 25
    stage.finish()


def test_f07_a_commit_without_a_reply_is_not_repeated() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.strike("first", "hot.commit", ERROR_AFTER)
    stage.poll("first")
    assert stage.state.version == 1
    assert stage.poll("second", stage.now + MINUTE).result.outcome == "idle"
    assert stage.rows == 15
    stage.finish()


def test_f08_a_crash_after_the_commit_changes_nothing() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.strike("first", "hot.commit", CRASH_AFTER)
    assert stage.poll("first").ended == "crashed"
    assert stage.poll("second", stage.now + MINUTE).result.outcome == "idle"
    stage.finish()


def test_f09_two_at_once_with_the_same_window_write_each_play_once() -> None:
    for seconds in range(10):
        stage = Stage(every(180, NOON - HOUR, 15), start=NOON + seconds * SECOND)
        one, other = stage.polls(("one", None), ("other", None))
        assert {one.ended, other.ended} == {"returned"}
        assert stage.state.version == 1
        assert len(stage.stored) == 15
        stage.finish()


def test_f10_the_older_window_that_commits_last_does_not_turn_the_clock_back() -> None:
    overtaken = 0
    for number in range(8):
        stage = Stage(every(180, NOON - HOUR, 15))
        stage.poll("first")
        at = stage.now + HOUR
        between = played(at + 5 * SECOND, track=30)
        stage.play(*every(180, stage.now + MINUTE, 5, track=20), between)
        stage.strike(f"slow {number}", "journal.put", SLOW)
        slow, _ = stage.polls((f"slow {number}", at), ("quick", at + 6 * SECOND))
        assert stage.state.last_cursor_unix_ms == between.ms
        overtaken += slow.ended == "returned" and slow.result.conflicts > 0
        stage.finish()
    assert overtaken > 2


def test_f11_a_retry_that_overlaps_the_next_poll_is_harmless() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.strike("poll", "hot.commit", CRASH_BEFORE)
    stage.strike("retry", "journal.put", SLOW)
    at = stage.now
    stage.polls(("poll", at), ("retry", at + 55 * SECOND), ("next", at + 60 * SECOND))
    assert len(stage.stored) == 15
    stage.finish()


def test_f12_a_dropped_event_is_caught_up_while_the_window_overlaps() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    stage.play(*every(180, stage.now + MINUTE, 40))
    stage.poll("three hours later", stage.now + 3 * HOUR)
    stage.finish()
    assert stage.gaps == []


def test_f13_f14_without_the_state_store_plays_go_to_the_journal_alone_and_the_night_fills_hot() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    stage.down("hot", stage.now, stage.now + 4 * HOUR)
    for hour in range(1, 4):
        stage.play(*every(61, stage.now + MINUTE, 45, track=hour))
        assert stage.poll(f"poll {hour}", stage.now + HOUR).result.outcome == "degraded"
    stage.run_to(stage.now + 2 * HOUR)
    assert len(stage.stored) == 15 + 3 * 45
    stage.night()
    assert len(stage.hot_keys) == len(stage.stored)
    stage.finish()
    assert stage.gaps == []


def test_f15_without_the_journal_plays_wait_in_the_hot_store_and_the_night_carries_them_over() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    before = stage.state
    stage.down("journal", stage.now, stage.now + 70 * MINUTE)
    waiting = every(61, stage.now + MINUTE, 45, track=5)
    stage.play(*waiting)
    assert isinstance(stage.poll("second", stage.now + HOUR).error, StoreUnavailable)
    assert stage.state == before
    assert not keys(*waiting) & stage.stored
    stage.play(*every(61, stage.now + MINUTE, 60, track=9))
    stage.run_to(stage.now + 90 * MINUTE)
    stage.night()
    assert keys(*waiting) <= stage.stored
    stage.finish()


def test_f16_with_both_stores_down_the_loss_is_a_gap() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    stage.down("journal", stage.now, stage.now + 90 * MINUTE)
    stage.down("hot", stage.now, stage.now + 90 * MINUTE)
    lost = every(61, stage.now + MINUTE, 30, track=5)
    stage.play(*lost, *every(61, stage.now + 70 * MINUTE, 50, track=9))
    assert isinstance(stage.poll("second", stage.now + HOUR).error, StoreUnavailable)
    stage.run_to(stage.now + 2 * HOUR)
    stage.finish()
    assert any(to_ms(gap.after) < lost[0].ms and lost[-1].ms < to_ms(gap.before) for gap in stage.gaps)


def test_f17_a_short_refusal_is_waited_for_once() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.answer("first", "429 short")
    task = stage.poll("first")
    assert task.notes["asked"] == 2
    assert task.result.outcome == "blocked"
    stage.finish()


@pytest.mark.parametrize("wrong", ["429 long", "429 silent", "429 quota"])
def test_f17_a_long_refusal_is_noted_and_kept_without_a_sleep_or_a_failure(wrong: str) -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("zeroth")
    stage.answer("first", wrong)
    task = stage.poll("first", stage.now + HOUR)
    assert (task.ended, task.result.outcome, task.notes["asked"]) == ("returned", "blocked", 1)
    blocked = stage.state.blocked_until
    assert blocked is not None
    again = stage.poll("second", to_ms(blocked) - 30 * SECOND)
    assert (again.result.outcome, again.notes.get("asked", 0)) == ("blocked", 0)
    assert stage.poll("third", to_ms(blocked) + 20 * MINUTE).notes["asked"] == 1
    stage.finish()


def test_f17_a_refusal_stands_although_a_poll_that_was_answered_before_commits_after_it() -> None:
    stood = 0
    for seconds in range(8):
        stage = Stage(every(180, NOON - HOUR, 15), start=NOON + seconds * SECOND)
        stage.poll("first")
        stage.play(*every(180, stage.now + MINUTE, 5, track=20))
        stage.answer("refused", "429 long")
        stage.strike("answered", "journal.put", SLOW)
        at = stage.now + HOUR
        _, refused = stage.polls(("answered", at), ("refused", at + 900))
        assert stage.state.blocked_until == refused.result.blocked_until
        stood += stage.world.tally["poll conflicts"]
        stage.finish()
    assert stood > 4


def test_f17_refusals_without_a_time_are_kept_twice_as_long_each_time_up_to_a_day() -> None:
    stage, spans = Stage(every(180, NOON - HOUR, 15)), []
    stage.poll("zeroth")
    for number in range(10):
        stage.answer(f"poll {number}", "429 silent")
        at = stage.now + 25 * HOUR
        stage.poll(f"poll {number}", at)
        assert stage.state.blocked_until is not None
        spans.append(round((to_ms(stage.state.blocked_until) - at) / MINUTE))
    assert spans == [15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440]
    stage.finish()


def test_f17_f18_after_an_outage_of_spotify_the_hole_is_told_with_its_bounds() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    stage.down("spotify", stage.now, stage.now + 8 * HOUR)
    lost = every(200, stage.now + MINUTE, 60, track=4)
    stage.play(*lost, *every(100, stage.now + 6 * HOUR, 50, track=11))
    for hour in range(1, 8):
        assert isinstance(stage.poll(f"poll {hour}", stage.now + HOUR - 10 * MINUTE).error, SpotifyUnavailable)
    stage.run_to(stage.now + 2 * HOUR)
    stage.finish()
    (gap,) = stage.gaps
    assert (gap.lost_min, gap.lost_max) == (0, (to_ms(gap.before) - to_ms(gap.after)) // (30 * SECOND))
    assert len(lost) <= gap.lost_max
    assert gap.quiet_until == from_ms(NOON)


@pytest.mark.parametrize(("new", "gaps"), [(49, 0), (50, 1), (51, 1), (80, 1)])
def test_f19_f20_there_is_a_gap_exactly_where_two_windows_do_not_overlap(new: int, gaps: int) -> None:
    stage = Stage(every(180, NOON - 3 * HOUR, 50))
    stage.poll("first")
    stage.play(*every(40, stage.now + MINUTE, new, track=new))
    assert stage.poll("second", stage.now + HOUR).result.gap is bool(gaps)
    stage.finish()
    assert len(stage.gaps) == gaps
    assert all((gap.gap_class, gap.lost_min) == ("possible", 0) for gap in stage.gaps)


def test_f21_a_play_that_comes_late_goes_to_its_own_old_date() -> None:
    stage = Stage(every(180, MIDNIGHT - HOUR, 15), start=MIDNIGHT + HOUR)
    stage.poll("first")
    late = played(MIDNIGHT - 30 * MINUTE + 3, track=33, published=stage.now + 30 * MINUTE)
    stage.play(late)
    stage.poll("second", stage.now + HOUR)
    assert late.key in stage.stored
    assert stage.state.last_cursor_unix_ms == MIDNIGHT - HOUR + 14 * 180 * SECOND
    assert {item.dt for item in stage.world.memory.list()} == {date(2026, 4, 20)}
    stage.finish()


def test_f22_a_frozen_feed_that_thaws_is_caught_up_or_a_gap() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    thaw = stage.now + 10 * HOUR
    stage.play(*[played(stage.now + MINUTE + n * 300 * SECOND, track=n, published=thaw) for n in range(100)])
    for hour in range(1, 9):
        assert stage.poll(f"frozen {hour}", stage.now + HOUR - 10 * MINUTE).result.outcome == "idle"
    stage.run_to(thaw)
    stage.finish()
    (gap,) = stage.gaps
    assert gap.lost_max >= 50


def test_f23_a_stale_replica_changes_nothing() -> None:
    stage = Stage([*every(180, NOON - 30 * HOUR, 60), *every(180, NOON - HOUR, 15)])
    stage.poll("first")
    before, rows = stage.state, stage.rows
    stage.answer("second", "stale")
    assert stage.poll("second", stage.now + MINUTE).ended == "returned"
    assert stage.state.last_cursor_unix_ms == before.last_cursor_unix_ms
    assert stage.rows - rows <= 15
    stage.finish()
    assert stage.gaps == []


def test_f24_a_list_shorter_than_the_window_was_claims_nothing_and_is_told() -> None:
    stage = Stage(every(180, NOON - 3 * HOUR, 50))
    stage.poll("first")
    stage.play(*every(61, stage.now + MINUTE, 40, track=7))
    stage.answer("second", "short")
    task = stage.poll("second", stage.now + HOUR)
    assert task.result.short_window is True
    assert all(claim["is_short"] for claim in stage.claims[1:])
    stage.finish()


def test_f24_a_whole_list_after_a_short_one_that_was_not_committed_claims_all_it_shows() -> None:
    """Both polls bring the same plays to the journal, and only the second may claim the window."""
    stage = Stage(every(180, NOON - 3 * HOUR, 50))
    stage.poll("first")
    stage.play(*every(61, stage.now + MINUTE, 40, track=7))
    stage.answer("second", "short 45")
    stage.strike("second", "hot.commit", CRASH_BEFORE)
    stage.poll("second", stage.now + HOUR)
    stage.poll("third", stage.now + MINUTE)
    assert [claim["is_short"] for claim in stage.claims] == [False, True, False]
    stage.play(*every(61, stage.now + MINUTE, 45, track=3))
    stage.poll("fourth", stage.now + HOUR)
    stage.finish()
    assert stage.gaps == []


def test_f24_a_short_list_after_a_lost_state_does_not_cover_up_a_gap() -> None:
    stage = Stage(every(180, NOON - 3 * HOUR, 50))
    stage.poll("first")
    stage.play(*every(40, stage.now + MINUTE, 80, track=7))
    stage.poll("second", stage.now + HOUR)
    stage.world.lose_state()
    stage.answer("third", "short")
    stage.poll("third", stage.now + HOUR)
    stage.finish()
    assert len(stage.gaps) == 1


def test_f24_a_cut_list_of_a_young_account_does_not_reach_back_over_what_it_leaves_out() -> None:
    stage = Stage(every(180, NOON - HOUR, 3))
    stage.poll("first")
    lost = every(31, stage.now + MINUTE, 30)
    stage.play(*lost, *every(31, lost[-1].ms + 31 * SECOND, 50, track=5))
    stage.answer("second", "short 18")
    stage.poll("second", stage.now + HOUR)
    stage.finish()
    (gap,) = stage.gaps
    assert to_ms(gap.after) < lost[0].ms
    assert lost[-1].ms < to_ms(gap.before)


def all_that_the_state_knows_is_a_cut_list(before: int) -> tuple[Stage, list[TruePlay]]:
    """A first poll that the journal alone knows of, 80 plays, and a second one that shows the last 10 of them."""
    stage = Stage(every(180, NOON - 3 * HOUR, before))
    stage.strike("first", "hot.commit", CRASH_BEFORE)
    stage.poll("first")
    plays = every(40, stage.now + MINUTE, 80, track=7)
    stage.play(*plays)
    stage.answer("second", "short 10")
    stage.poll("second", stage.now + HOUR)
    return stage, plays[:55]


def finish_with_a_gap_around(stage: Stage, lost: list[TruePlay]) -> None:
    """What was cut off scrolls out of the list before the next whole one."""
    stage.play(*every(61, stage.now + MINUTE, 60, track=3))
    stage.run_to(stage.now + 2 * HOUR)
    stage.finish()
    assert not stage.stored & keys(*lost)
    gap = stage.gaps[0]
    assert to_ms(gap.after) < lost[0].ms
    assert lost[-1].ms < to_ms(gap.before)


@pytest.mark.parametrize("before", [0, 30, 50])
@pytest.mark.parametrize("shown", [10, 25])
def test_f24_a_second_cut_list_does_not_reach_back_over_what_both_leave_out(before: int, shown: int) -> None:
    stage, lost = all_that_the_state_knows_is_a_cut_list(before)
    stage.play(played(stage.now, track=1))
    stage.answer("third", f"short {shown + 1}")
    stage.poll("third", stage.now + MINUTE)
    assert [claim["is_short"] for claim in stage.claims] == [False, False, False]
    finish_with_a_gap_around(stage, lost)


def test_f24_nor_does_one_that_is_asked_for_at_the_same_time() -> None:
    stage = Stage()
    stage.strike("first", "hot.commit", CRASH_BEFORE)
    stage.poll("first")
    plays = every(40, stage.now + MINUTE, 80, track=7)
    stage.play(*plays)
    stage.answer("second", "short 10")
    stage.answer("second twin", "short 25")
    stage.strike("second twin", "hot.load_state", SLOW)
    at = stage.now + HOUR
    stage.polls(("second", at), ("second twin", at))
    assert [claim["n"] for claim in stage.claims] == [0, 10, 25]
    finish_with_a_gap_around(stage, plays[:55])


def test_f24_f38_nor_does_one_after_the_state_was_rebuilt_in_between() -> None:
    stage, lost = all_that_the_state_knows_is_a_cut_list(0)
    rebuild(stage.world.memory, stage.world.hot, now=from_ms(stage.now))
    stage.world.judge.excuse()
    stage.answer("third", "short 25")
    stage.poll("third", stage.now + HOUR)
    finish_with_a_gap_around(stage, lost)


def test_f24_f31_a_first_list_with_only_a_play_from_the_future_lets_no_cut_list_reach_back() -> None:
    """That play stays on top, so that any cut list shows all that was seen."""
    stage = Stage([played(NOON + 9 * HOUR, track=9, published=NOON - MINUTE)])
    stage.poll("first")
    plays = every(40, stage.now + MINUTE, 80, track=7)
    stage.play(*plays)
    stage.answer("second", "short 10")
    stage.poll("second", stage.now + HOUR)
    finish_with_a_gap_around(stage, plays[:55])


def test_f25_what_expired_and_is_still_listed_is_not_written_again() -> None:
    stage = Stage(every(180, NOON - HOUR, 15), ttl_days=7)
    stage.poll("first")
    for day in range(1, 12):
        stage.world.expire()
        assert stage.poll(f"day {day}", NOON + day * DAY).result.outcome == "idle"
    assert (stage.rows, stage.hot_keys) == (15, [])
    stage.finish()


def test_f26_what_expired_and_is_not_deleted_yet_is_not_there() -> None:
    stage = Stage(every(180, NOON - HOUR, 15), ttl_days=7)
    stage.poll("first")
    stage.run_to(NOON + 8 * DAY)
    assert (len(stage.world.hot.items), stage.hot_keys) == (15, [])
    stage.finish()


def test_f25_a_window_of_expired_plays_at_the_first_poll_reaches_the_journal_alone() -> None:
    stage = Stage([*every(180, NOON - 40 * DAY, 20), *every(180, NOON - HOUR, 5, track=30)])
    stage.poll("first")
    assert (len(stage.stored), len(stage.hot_keys)) == (25, 5)
    stage.finish()


def test_f27_two_tracks_at_one_millisecond_are_two_plays_and_one_twice_is_two() -> None:
    twins = [played(NOON - HOUR, track=1), played(NOON - HOUR, track=2), played(NOON - HOUR + 40 * SECOND, track=1)]
    stage = Stage(twins)
    stage.poll("first")
    assert stage.stored == keys(*twins)
    stage.finish()


def test_f28_a_context_that_vanishes_makes_no_new_play() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    for number in range(3):
        stage.answer(f"noisy {number}", "noise")
        assert stage.poll(f"noisy {number}", stage.now + MINUTE).result.outcome == "idle"
    assert stage.rows == 15
    stage.finish()


def test_f29_the_last_and_the_first_millisecond_of_a_day_part_there() -> None:
    stage = Stage([played(MIDNIGHT - 1, track=1), played(MIDNIGHT, track=2)], start=MIDNIGHT + HOUR)
    assert stage.poll("first").result.objects == 2
    assert [item.dt for item in stage.world.memory.list()] == [date(2026, 4, 20), date(2026, 4, 21)]
    stage.finish()
    assert set(stage.world.tables.list("plays")) >= {"2026-04-20", "2026-04-21"}


@pytest.mark.parametrize("off", [-3 * DAY, 3 * DAY])
def test_f30_a_wrong_clock_of_ours_changes_nothing_that_is_kept(off: int) -> None:
    kept = []
    for own in (0, off):
        stage = Stage(every(180, NOON - HOUR, 15), ttl_days=7)
        stage.world.own_clock_off = own
        stage.poll("first")
        stage.play(*every(180, NOON + 11 * MINUTE, 10, track=20))
        stage.poll("second", NOON + HOUR)
        kept.append((stage.world.memory.objects, stage.state, stage.hot_keys))
        stage.world.own_clock_off = 0
        stage.finish()
    assert kept[0] == kept[1]


def test_f30_a_block_that_our_clock_noted_for_next_year_ends_when_the_clock_is_right_again() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("zeroth")
    stage.world.own_clock_off = 300 * DAY
    stage.answer("first", "429 long")
    assert stage.poll("first", stage.now + HOUR).result.outcome == "blocked"
    assert stage.poll("second", stage.now + HOUR).result.outcome == "blocked"
    stage.world.own_clock_off = 0
    stage.play(*every(180, stage.now, 5, track=20))
    assert stage.poll("third", stage.now + HOUR).result.outcome == "captured"
    assert stage.state.blocked_until is None
    stage.finish()


def test_f31_a_play_from_the_future_is_kept_and_moves_no_cursor() -> None:
    future = played(NOON + 5 * HOUR, track=9, published=NOON - MINUTE)
    stage = Stage([*every(180, NOON - HOUR, 15), future])
    stage.poll("first")
    assert future.key in stage.stored
    assert stage.state.last_cursor_unix_ms == NOON - HOUR + 14 * 180 * SECOND
    stage.play(*every(61, NOON + 11 * MINUTE, 80, track=3))
    stage.poll("second", NOON + 2 * HOUR)
    stage.finish()
    assert len(stage.gaps) == 1


def test_f32_one_malformed_record_is_set_aside_whole_and_once_and_the_rest_proceeds() -> None:
    broken = played(NOON - 30 * MINUTE, malformed={"track": None, "played_at": "2026-04-20T11:30:00Z"})
    stage = Stage([*every(180, NOON - HOUR, 15), broken])
    assert stage.poll("first").result.quarantined == 1
    assert len(stage.stored) == 15
    assert stage.poll("second", stage.now + HOUR).result.outcome == "idle"
    assert stage.world.judge.journal.quarantined.count(str(broken.ms)) == 1
    stage.finish()


def test_f33_an_answer_that_is_none_claims_and_commits_nothing() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    before, objects = stage.state, len(stage.world.memory.objects)
    stage.play(*every(180, stage.now + MINUTE, 10, track=20))
    stage.answer("second", "no items")
    assert isinstance(stage.poll("second", stage.now + HOUR).error, SpotifyUnavailable)
    assert (stage.state, len(stage.world.memory.objects)) == (before, objects)
    stage.finish()


def test_f36_a_login_that_died_stops_the_polls_and_the_hole_is_told_after_the_next_one() -> None:
    stage = Stage(every(180, NOON - HOUR, 15), wired=True)
    stage.poll("first")
    dead = NOON + 184 * DAY
    lost = every(3000, stage.now + HOUR, 5000)
    stage.play(*lost)
    assert stage.poll("before", NOON + 170 * DAY).ended == "returned"
    assert isinstance(stage.poll("after", dead).error, NeedsReauth)
    assert stage.state.needs_reauth is True
    assert isinstance(stage.poll("still", dead + HOUR).error, NeedsReauth)
    stage.world.login.log_in()
    assert stage.poll("again", dead + 2 * HOUR).result.outcome == "captured"
    assert stage.state.needs_reauth is False
    stage.finish()
    assert len(stage.gaps) == 2


def test_f35_two_refreshes_at_once_of_a_rotating_token_leave_a_working_login() -> None:
    """Who is refused reads the stored token again, and finds the other's in it, unless that is not stored yet."""
    refused = gave_up = 0
    for seconds in range(12):
        stage = Stage(every(180, NOON - HOUR, 15), wired=True, rotates=True, start=NOON + seconds * SECOND)
        tasks = stage.polls(("one", None), ("two", None), ("three", None))
        assert any(task.ended == "returned" for task in tasks)
        refused += stage.world.tally["branch refresh refused"]
        gave_up += sum(isinstance(task.error, NeedsReauth) for task in tasks)
        assert stage.poll("later", stage.now + 2 * HOUR).ended == "returned"
        stage.finish()
    assert refused > 5
    assert gave_up < refused / 2


def test_f37_an_access_token_refused_is_renewed_once() -> None:
    stage = Stage(every(180, NOON - HOUR, 15), wired=True, clock_off_ms=-2 * HOUR)
    stage.poll("first")
    stage.poll("second", stage.now + 90 * MINUTE)
    assert stage.world.tally["raised spotify.token OAuthError"] == 0
    assert stage.world.hot.state is not None
    stage.finish()


def test_403_is_told_and_tried_again_with_the_next_poll() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.answer("first", "403")
    assert isinstance(stage.poll("first").error, AccessRefused)
    assert stage.poll("second", stage.now + HOUR).result.outcome == "captured"
    stage.finish()


def test_f38_a_lost_state_makes_everything_new_and_nothing_twice() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    stage.world.lose_state()
    assert stage.poll("second", stage.now + MINUTE).ended == "returned"
    assert len(stage.hot_keys) == 15
    stage.finish()


def test_f38_a_state_restored_from_an_old_backup_is_caught_up() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    old = stage.state
    stage.play(*every(180, stage.now + MINUTE, 10, track=20))
    stage.poll("second", stage.now + HOUR)
    stage.world.hot.state = old
    stage.world.judge.excuse()
    stage.play(*every(180, stage.now + MINUTE, 10, track=30))
    stage.poll("third", stage.now + HOUR)
    assert (len(stage.stored), len(stage.hot_keys)) == (35, 35)
    stage.finish()


@pytest.mark.parametrize("site", ["hot.load_state", "spotify.recently_played", "journal.put", "hot.commit"])
def test_f45_an_invocation_killed_at_its_time_out_is_made_good(site: str) -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    for nth in range(1, 4):
        stage.strike("first", site, SLOW, nth=nth)
    stage.poll("first")
    stage.poll("second", stage.now + MINUTE)
    assert len(stage.stored) == 15
    stage.finish()


# ---- three mistakes of first drafts -----------------------------------------------------------------------------


def test_regression_without_a_bootstrap_record_the_first_burst_vanishes_unreported() -> None:
    """An account without plays is polled; 90 plays follow before the next poll: the 40 unseen ones are a gap."""
    stage = Stage()
    assert stage.poll("first").result.version == 1
    assert len(stage.claims) == 1
    lost = every(31, stage.now + MINUTE, 40)
    stage.play(*lost, *every(31, lost[-1].ms + 31 * SECOND, 50, track=5))
    stage.poll("second", stage.now + 2 * HOUR)
    stage.finish()
    (gap,) = stage.gaps
    assert to_ms(gap.after) < lost[0].ms
    assert lost[-1].ms < to_ms(gap.before)


def test_regression_a_gap_known_only_to_the_state_row_dies_with_it() -> None:
    """The poll that saw the hole is killed before its commit, and the state is lost: the journal still knows."""
    stage = Stage(every(180, NOON - 3 * HOUR, 50))
    stage.poll("first")
    stage.play(*every(31, stage.now + MINUTE, 90))
    stage.strike("second", "hot.commit", CRASH_BEFORE)
    stage.poll("second", stage.now + HOUR)
    stage.world.lose_state()
    stage.finish()
    assert len(stage.gaps) == 1


def test_regression_a_claim_on_every_object_vouches_for_plays_never_written() -> None:
    """Only the last object of a poll may claim: the first one of two is written, then the process dies."""
    stage = Stage(every(180, MIDNIGHT - 2 * HOUR, 5), start=MIDNIGHT - HOUR)
    stage.poll("first")
    stage.play(*every(120, MIDNIGHT - 20 * MINUTE, 8), *every(120, MIDNIGHT + MINUTE, 8, track=10))
    assert stage.poll("second", MIDNIGHT + 30 * MINUTE).result.objects == 2
    with_claim = [key for key, body in stage.world.memory.objects.items() if b"claim" in gzip.decompress(body)]
    assert len(with_claim) == len(stage.claims) == 2
    stage.finish()


@pytest.mark.parametrize("mode", [ERROR_BEFORE, ERROR_AFTER, LATE_EFFECT])
@pytest.mark.parametrize("site", ["tokens.load", "tokens.save", "spotify.token", "spotify.recently_played"])
def test_no_token_is_logged_raised_or_kept_whatever_fails_around_the_login(site: str, mode: str) -> None:
    stage = Stage(every(180, NOON - HOUR, 15), wired=True, rotates=True)
    with stage.world.eavesdrop():
        for number in range(3):
            stage.strike(f"poll {number}", site, mode)
            stage.answer(f"poll {number}", ("403", "no items", "429 quota")[number])
            stage.poll(f"poll {number}", stage.now + HOUR)
        stage.world.login.accounts.revoke()
        stage.poll("refused", stage.now + 9 * HOUR)
        stage.world.login.log_in()
        stage.finish()
    assert len(stage.world.overheard) > 0
