"""The capture protocol, step by step, over a real directory and a real SQLite file."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.hot_store import SqliteHotStore
from adapters.journal import DirectoryJournal
from ingestion.capture import COMMITS_LEARNED_AT_ONCE, CaptureReport, capture, due, tick_that_ends
from playledger.coverage import holes
from playledger.errors import (
    AccessRefused,
    NeedsReauth,
    RateLimited,
    SpotifyUnavailable,
    StateConflict,
    StoreUnavailable,
    WrongAccount,
)
from playledger.journal import decode
from playledger.models import (
    SEEN_LIMIT,
    Claim,
    Entry,
    IngestionState,
    PlayEvent,
    Quarantined,
    play_key,
    seen_hash,
    to_ms,
)
from playledger.ports import Answer
from tests.support.builders import (
    NOON,
    a_play,
    a_window_body,
    an_item,
    every,
    minutes,
    track_of,
    track_uri,
)
from tests.support.memory import MemoryHotStore, MemoryJournal

pytestmark = pytest.mark.unit

HOUR = timedelta(hours=1)


class Listener:
    """A Spotify account that shows what it is told to: its last 50 plays, or a given answer, or a refusal."""

    def __init__(self) -> None:
        self.played: list[Any] = []
        self.script: list[Any] = []
        self.limits: list[int] = []
        self.clock = NOON

    def play(self, *moments: Any) -> None:
        """These end now and are listed at once."""
        self.played += moments

    def recently_played(self, limit: int) -> Answer:
        self.limits.append(limit)
        step = self.script.pop(0) if self.script else None
        if isinstance(step, Exception):
            raise step
        return Answer(step if step is not None else a_window_body(*self.played[-limit:]), self.clock)


class Faulty:
    """A store whose calls fail as planned: `commit=["before", None, "after"]` strikes the first and third commit."""

    def __init__(self, inner: Any, **plans: list[Any]) -> None:
        self._inner = inner
        self._plans = plans
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            self.calls.append(name)
            plan = self._plans.get(name)
            mode = plan.pop(0) if plan else None
            if mode == "before":
                raise StoreUnavailable(f"{name} is down")
            if callable(mode):
                mode()
            result = getattr(self._inner, name)(*args)
            if mode == "after":
                raise StoreUnavailable(f"no answer to {name}")
            return result

        return call


class Home:
    """A listener, a journal and a hot store; `now` is the listener's clock."""

    def __init__(self, journal: Any, hot: Any) -> None:
        self.spotify = Listener()
        self.journal = journal
        self.hot = hot

    def poll(self, now: datetime | None = None, **options: Any) -> CaptureReport:
        self.spotify.clock = now or self.spotify.clock
        options.setdefault("journal", self.journal)
        options.setdefault("hot", self.hot)
        return capture(self.spotify, options.pop("journal"), options.pop("hot"), now=self.spotify.clock, **options)  # type: ignore[arg-type]

    @property
    def state(self) -> IngestionState:
        state = self.hot.load_state()
        assert state is not None
        return state

    def objects(self) -> list[tuple[date, list[Entry]]]:
        return [(item.dt, decode(item.key, self.journal.read(item.key))) for item in self.journal.list()]

    def entries(self, kind: type) -> list[Any]:
        return [entry for _, entries in self.objects() for entry in entries if isinstance(entry, kind)]

    def played(self) -> list[datetime]:
        """When the plays of the journal ended, each line once."""
        return sorted(entry.played_at for entry in self.entries(PlayEvent))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Nothing played, nothing polled."""
    with closing(SqliteHotStore(tmp_path / "state.sqlite", 30)) as hot:
        yield Home(DirectoryJournal(tmp_path), hot)


@pytest.fixture
def busy(home: Home) -> Home:
    """60 plays, three minutes apart until noon, polled once at noon."""
    home.spotify.play(*every(minutes(3), 60))
    assert home.poll().outcome == "captured"
    return home


# ---- the plain way ----------------------------------------------------------------------------------------------


def test_a_poll_asks_for_fifty_plays_and_for_nothing_else(home: Home) -> None:
    home.poll()
    home.poll()
    assert home.spotify.limits == [50, 50]


def test_new_plays_are_in_the_journal_and_in_the_hot_store(home: Home) -> None:
    moments = every(minutes(4), 7)
    home.spotify.play(*moments)
    report = home.poll()
    assert (report.outcome, report.new, report.listed, report.objects, report.version) == ("captured", 7, 7, 1, 1)
    assert home.played() == moments
    assert [play.played_at for play in home.hot.plays(NOON)] == moments


def test_a_play_is_stored_as_it_was_seen_at_the_servers_time(home: Home) -> None:
    home.spotify.play(NOON - minutes(1))
    home.poll(NOON + timedelta(seconds=7))
    (play,) = home.entries(PlayEvent)
    assert play.ingested_at == NOON + timedelta(seconds=7)
    assert play.key == play_key(NOON - minutes(1), track_uri(track_of(NOON - minutes(1))))


def test_a_second_poll_writes_nothing_but_the_time_of_the_run(busy: Home) -> None:
    before, state = busy.objects(), busy.state
    report = busy.poll(NOON + HOUR)
    assert (report.outcome, report.new, report.objects, report.overlap) == ("idle", 0, 0, 50)
    assert busy.objects() == before
    assert busy.state == state.model_copy(update={"last_run_timestamp": NOON + HOUR})


def test_the_state_says_what_was_committed(busy: Home) -> None:
    shown = every(minutes(3), 50)
    keys = [play_key(moment, track_uri(track_of(moment))) for moment in shown]
    state = busy.state
    assert state.version == 1
    assert state.seen == tuple(seen_hash(key) for key in keys)
    assert state.last_cursor_unix_ms == to_ms(NOON)
    assert state.last_seen_played_at == state.last_run_timestamp == NOON
    assert state.coverage_from == shown[0]
    assert (state.window_max, state.last_new) == (50, 50)


def test_only_what_is_new_is_added(busy: Home) -> None:
    busy.spotify.play(NOON + minutes(3), NOON + minutes(6))
    report = busy.poll(NOON + HOUR)
    assert (report.new, report.overlap, report.version) == (2, 48, 2)
    assert len(busy.played()) == 52
    assert busy.state.last_new == 2


def test_what_is_seen_is_remembered_longer_than_the_window_is(home: Home) -> None:
    moments = every(minutes(1), 300)
    for start in range(0, 300, 30):
        home.spotify.play(*moments[start : start + 30])
        home.poll(moments[start + 29])
    assert len(home.state.seen) == SEEN_LIMIT
    assert home.state.seen[-1] == seen_hash(play_key(NOON, track_uri(track_of(NOON))))
    assert home.played() == moments


def test_an_item_of_the_window_is_never_forgotten_while_it_is_shown(busy: Home) -> None:
    for hour in range(1, 12):
        poison = [{"played_at": None, "n": hour * 100 + number} for number in range(40)]
        busy.spotify.script = [{"items": [*a_window_body(*busy.spotify.played[-10:])["items"], *poison]}]
        busy.poll(NOON + hour * HOUR)
    assert busy.played() == every(minutes(3), 50)


def test_the_first_play_context_wins_and_a_context_lost_later_makes_no_new_play(home: Home) -> None:
    rich = an_item(NOON, 1) | {"context": {"type": "album", "uri": "spotify:album:B"}}
    home.spotify.script = [a_window_body(rich), a_window_body(an_item(NOON, 1))]
    assert home.poll().new == 1
    assert home.poll(NOON + HOUR).outcome == "idle"
    (play,) = home.entries(PlayEvent)
    assert play.context
    assert play.context.id == "B"


# ---- late, future, odd ------------------------------------------------------------------------------------------


def test_a_play_that_comes_late_behind_the_cursor_is_captured_into_its_own_day(busy: Home) -> None:
    late = NOON - timedelta(hours=14)
    busy.spotify.play(late)
    report = busy.poll(NOON + HOUR)
    assert report.new == 1
    (entry,) = (play for play in busy.entries(PlayEvent) if play.played_at == late)
    assert entry.is_late
    assert late.date() in {dt for dt, _ in busy.objects()}
    assert busy.state.last_cursor_unix_ms == to_ms(NOON)
    assert busy.state.last_seen_played_at == NOON


def test_a_play_from_the_future_is_kept_and_moves_neither_cursor_nor_claim(home: Home) -> None:
    home.spotify.play(NOON - minutes(5), NOON + minutes(10), NOON + timedelta(days=400))
    home.poll()
    assert len(home.played()) == 3
    assert home.state.last_cursor_unix_ms == to_ms(NOON + minutes(10))
    (claim,) = home.entries(Claim)
    assert (claim.lo, claim.hi) == (NOON - minutes(5), NOON + minutes(10))
    assert home.poll(NOON + HOUR).outcome == "idle"


def test_a_window_of_the_future_alone_claims_the_moment_of_the_poll(home: Home) -> None:
    home.spotify.play(NOON + timedelta(days=1))
    home.poll()
    (claim,) = home.entries(Claim)
    assert (claim.lo, claim.hi, claim.n) == (NOON, NOON, 1)
    assert home.state.last_cursor_unix_ms is None


def test_a_stale_window_adds_nothing_and_moves_nothing_back(busy: Home) -> None:
    busy.spotify.play(*every(minutes(3), 5, NOON + minutes(15)))
    busy.poll(NOON + HOUR)
    before, state = busy.objects(), busy.state
    busy.spotify.script = [a_window_body(*every(minutes(3), 50))]
    report = busy.poll(NOON + 2 * HOUR)
    assert (report.outcome, report.overlap, report.gap) == ("idle", 50, False)
    assert busy.objects() == before
    assert busy.state == state.model_copy(update={"last_run_timestamp": NOON + 2 * HOUR})


def test_nothing_in_the_state_goes_backwards_with_a_lagging_server(busy: Home) -> None:
    late = NOON - timedelta(hours=14)
    busy.spotify.script = [a_window_body(late)]
    report = busy.poll(NOON - minutes(30))
    assert (report.outcome, report.new, report.conflicts) == ("captured", 1, 0)
    assert busy.state.last_run_timestamp == busy.state.last_seen_played_at == NOON
    assert busy.state.last_cursor_unix_ms == to_ms(NOON)


def test_an_unreadable_record_goes_to_the_journal_once_and_the_rest_proceeds(home: Home) -> None:
    poison = an_item(NOON) | {"track": None}
    home.spotify.play(NOON - minutes(3), poison)
    report = home.poll()
    assert (report.new, report.quarantined, report.objects) == (1, 1, 1)
    (record,) = home.entries(Quarantined)
    assert (record.reason, record.ingested_at) == ("the track is missing", NOON)
    assert home.poll(NOON + HOUR).outcome == "idle"


def test_unreadable_records_alone_are_kept_beside_the_claim(busy: Home) -> None:
    busy.spotify.play(an_item(NOON + minutes(3)) | {"track": None})
    report = busy.poll(NOON + HOUR)
    assert (report.outcome, report.new, report.quarantined, report.objects) == ("captured", 0, 1, 1)
    dt, entries = busy.objects()[-1]
    assert {entry.kind for entry in entries} == {"quarantine", "claim"}
    assert dt == NOON.date()


# ---- journal objects and claims ---------------------------------------------------------------------------------


MIDNIGHT = datetime(2026, 3, 10, 0, 0, tzinfo=UTC)


def test_plays_across_midnight_are_two_objects_by_utc_date_and_the_last_one_claims(home: Home) -> None:
    home.spotify.play(MIDNIGHT - timedelta(milliseconds=1), MIDNIGHT, an_item(MIDNIGHT + minutes(3)) | {"track": None})
    home.poll(MIDNIGHT + minutes(5))
    (first, yesterday), (second, today) = home.objects()
    assert (first, second) == (date(2026, 3, 9), date(2026, 3, 10))
    assert [entry.kind for entry in yesterday] == ["play"]
    assert sorted(entry.kind for entry in today) == ["claim", "play", "quarantine"]


def test_objects_are_put_in_order_of_their_dates(home: Home) -> None:
    home.spotify.play(*every(timedelta(hours=20), 5))
    puts: list[str] = []

    class Watched(DirectoryJournal):
        def put(self, key: str, body: bytes) -> bool:
            puts.append(key)
            return super().put(key, body)

    home.poll(journal=Watched(home.journal._root))
    assert len(puts) == 4
    assert puts == sorted(puts)


def test_a_crash_between_two_objects_claims_nothing(home: Home) -> None:
    home.spotify.play(MIDNIGHT - minutes(2), MIDNIGHT + minutes(2))
    with pytest.raises(StoreUnavailable):
        home.poll(MIDNIGHT + minutes(5), journal=Faulty(home.journal, put=[None, "before"]))
    assert home.entries(Claim) == []
    assert len(home.played()) == 1
    home.poll(MIDNIGHT + minutes(65))
    assert len(home.entries(Claim)) == 1
    assert sorted(set(home.played())) == [MIDNIGHT - minutes(2), MIDNIGHT + minutes(2)]


def test_a_claim_tells_the_whole_window_and_the_poll_before(busy: Home) -> None:
    busy.poll(NOON + HOUR)
    busy.spotify.play(NOON + minutes(61))
    busy.poll(NOON + 2 * HOUR)
    first, second = busy.entries(Claim)
    shown = every(minutes(3), 50)
    assert first == Claim(lo=shown[0], hi=NOON, n=50, limit=50, server_now=NOON)
    assert second == Claim(
        lo=shown[1],
        hi=NOON + minutes(61),
        n=50,
        limit=50,
        server_now=NOON + 2 * HOUR,
        previous_poll=NOON + HOUR,
        overlap=49,
    )


def test_the_first_poll_claims_even_an_empty_list(home: Home) -> None:
    report = home.poll()
    assert (report.outcome, report.new, report.objects, report.version) == ("captured", 0, 1, 1)
    ((dt, (claim,)),) = home.objects()
    assert dt == NOON.date()
    assert claim == Claim(lo=NOON, hi=NOON, n=0, limit=50, server_now=NOON)
    assert home.state.coverage_from == NOON
    assert home.poll(NOON + HOUR).outcome == "idle"
    assert len(home.objects()) == 1


def test_the_first_plays_after_empty_lists_reach_back_to_where_coverage_began_and_later_lists_need_not(
    home: Home,
) -> None:
    moments = every(minutes(3), 4, NOON + HOUR)
    for hour, count in enumerate((0, 0, 3, 4)):
        home.spotify.played = moments[:count]
        home.poll(NOON + hour * HOUR)
    assert [(claim.lo, claim.reaches_back) for claim in home.entries(Claim)] == [
        (NOON, False),
        (NOON, True),
        (moments[0], False),
    ]


@pytest.mark.parametrize("count", [1, 49, 50])
def test_only_a_list_that_is_not_full_reaches_back(home: Home, count: int) -> None:
    home.poll()
    home.spotify.play(*every(minutes(1), count, NOON + HOUR))
    home.poll(NOON + HOUR)
    assert home.entries(Claim)[-1].reaches_back is (count < 50)


def test_no_list_reaches_back_to_what_was_before_the_state_was_lost(busy: Home) -> None:
    """An empty answer, which is cut, begins the new state; a cut one is the first that has plays."""
    busy.hot.replace_state(IngestionState(version=busy.state.version + 1))
    busy.spotify.script = [a_window_body(), a_window_body(NOON + 3 * HOUR)]
    busy.poll(NOON + 2 * HOUR)
    busy.poll(NOON + 3 * HOUR)
    assert busy.entries(Claim)[-1].reaches_back is True
    (hole,) = holes(busy.entries(Claim))
    assert hole.before == to_ms(NOON + 2 * HOUR)


def test_the_first_list_does_not_reach_back_for_it_may_be_cut_and_the_state_lost(home: Home) -> None:
    home.spotify.play(*every(minutes(3), 20))
    home.poll()
    (claim,) = home.entries(Claim)
    assert (claim.reaches_back, claim.is_short) == (False, False)


def test_a_burst_behind_an_empty_first_list_leaves_a_hole_and_a_few_plays_none(home: Home) -> None:
    home.poll()
    home.spotify.play(*every(minutes(3), 3, NOON + HOUR))
    home.poll(NOON + HOUR)
    assert holes(home.entries(Claim)) == []
    home.spotify.play(*every(minutes(1), 60, NOON + 3 * HOUR))
    home.poll(NOON + 3 * HOUR)
    assert [hole.after for hole in holes(home.entries(Claim))] == [to_ms(NOON + HOUR)]


def test_coverage_starts_with_the_first_claim_and_stays(busy: Home) -> None:
    start = busy.state.coverage_from
    busy.spotify.play(NOON - timedelta(days=2), NOON + minutes(3))
    busy.poll(NOON + HOUR)
    assert busy.state.coverage_from == start


# ---- windows that are short, barely overlap, or not at all ------------------------------------------------------


def test_a_list_shorter_than_before_is_told_and_vouches_for_nothing(busy: Home) -> None:
    busy.spotify.play(NOON + minutes(3))
    busy.spotify.script = [a_window_body(*busy.spotify.played[-43:])]
    report = busy.poll(NOON + HOUR)
    assert (report.short_window, report.gap, report.small_overlap, report.new) == (True, False, False, 1)
    claim = busy.entries(Claim)[-1]
    assert (claim.is_short, claim.reaches_back, claim.n) == (True, False, 43)
    assert busy.state.window_max == 50


@pytest.mark.parametrize("shown", [0, 20, 29])
def test_a_list_that_shrinks_before_it_ever_was_full_is_short_too(home: Home, shown: int) -> None:
    home.spotify.play(*every(minutes(3), 30))
    assert home.poll().short_window is False
    home.spotify.script = [a_window_body(*home.spotify.played[:shown])]
    report = home.poll(NOON + HOUR)
    assert (report.short_window, report.outcome) == (True, "idle")
    home.spotify.script = [a_window_body(*home.spotify.played[:shown][-9:], NOON + minutes(3))]
    assert home.poll(NOON + 2 * HOUR).new == 1
    claim = home.entries(Claim)[-1]
    assert (claim.is_short, claim.reaches_back) == (True, False)


def test_a_full_window_without_overlap_is_a_gap(busy: Home) -> None:
    busy.spotify.play(*every(minutes(2), 50, NOON + timedelta(hours=5)))
    report = busy.poll(NOON + timedelta(hours=5))
    assert (report.gap, report.overlap, report.small_overlap, report.new) == (True, 0, False, 50)


@pytest.mark.parametrize(("new", "small"), [(45, False), (46, True), (49, True)])
def test_an_overlap_under_five_is_a_warning(busy: Home, new: int, small: bool) -> None:
    busy.spotify.play(*every(minutes(2), new, NOON + timedelta(hours=5)))
    report = busy.poll(NOON + timedelta(hours=5))
    assert (report.gap, report.overlap, report.small_overlap) == (False, 50 - new, small)


def test_the_very_first_window_is_no_gap(home: Home) -> None:
    home.spotify.play(*every(minutes(3), 50))
    report = home.poll()
    assert (report.gap, report.small_overlap, report.short_window) == (False, False, False)


# ---- two at once ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("apart", [timedelta(0), timedelta(seconds=2)])
def test_of_two_polls_of_one_window_one_commits_and_the_other_leaves_it_at_that(busy: Home, apart: timedelta) -> None:
    busy.spotify.play(NOON + minutes(3))
    hot = Faulty(busy.hot, commit=[lambda: busy.poll(NOON + HOUR + apart)])
    report = busy.poll(NOON + HOUR, hot=hot)
    assert (report.outcome, report.new, report.conflicts, report.version) == ("captured", 1, 1, 2)
    assert hot.calls == ["load_state", "commit", "load_state"]
    assert busy.state.version == 2
    assert set(busy.played()) == {*every(minutes(3), 50), NOON + minutes(3)}
    assert len(busy.played()) == (52 if apart else 51)


def test_a_loser_with_a_newer_window_commits_on_top(busy: Home) -> None:
    busy.spotify.play(NOON + minutes(3))
    older = a_window_body(*busy.spotify.played[-50:])
    busy.spotify.play(NOON + minutes(6))

    def twin() -> None:
        busy.spotify.script = [older]
        busy.poll(NOON + HOUR)

    report = busy.poll(NOON + HOUR, hot=Faulty(busy.hot, commit=[twin]))
    assert (report.outcome, report.new, report.conflicts, report.version) == ("captured", 1, 1, 3)
    assert busy.state.last_cursor_unix_ms == to_ms(NOON + minutes(6))
    assert len(list(busy.hot.plays(NOON))) == 52


def test_a_loser_with_an_older_window_moves_nothing_back(busy: Home) -> None:
    busy.spotify.play(NOON + minutes(3))
    older = a_window_body(*busy.spotify.played[-50:])
    busy.spotify.play(NOON + minutes(6))
    busy.spotify.script = [older]
    report = busy.poll(NOON + HOUR, hot=Faulty(busy.hot, commit=[lambda: busy.poll(NOON + HOUR + minutes(1))]))
    assert (report.outcome, report.new, report.conflicts) == ("idle", 0, 1)
    assert busy.state.version == 2
    assert busy.state.last_cursor_unix_ms == to_ms(NOON + minutes(6))
    assert busy.state.last_run_timestamp == NOON + HOUR + minutes(1)


def test_conflicts_without_end_leave_the_commit_to_the_next_poll(busy: Home) -> None:
    class Unlucky(Faulty):
        def commit(self, *_: Any) -> None:
            self.calls.append("commit")
            raise StateConflict("again")

    busy.spotify.play(NOON + minutes(3))
    unlucky = Unlucky(busy.hot)
    report = busy.poll(NOON + HOUR, hot=unlucky)
    assert (report.outcome, report.conflicts, report.objects) == ("degraded", 4, 1)
    assert unlucky.calls.count("commit") == 4
    assert len(busy.played()) == 51
    assert busy.poll(NOON + HOUR).outcome == "captured"


# ---- the hot store knows plays the state does not ---------------------------------------------------------------


def test_plays_that_the_hot_store_has_already_are_dropped_from_the_commit(busy: Home) -> None:
    known = a_play(NOON + minutes(3), track_of(NOON + minutes(3)))
    busy.hot.fill([known], NOON)
    busy.spotify.play(NOON + minutes(3), NOON + minutes(6))
    report = busy.poll(NOON + HOUR)
    assert (report.outcome, report.new, report.already_stored) == ("captured", 2, 1)
    assert len(list(busy.hot.plays(NOON))) == 52
    assert len(busy.played()) == 52


def test_a_lost_state_costs_lines_that_count_once_and_no_play(busy: Home, tmp_path: Path) -> None:
    with closing(SqliteHotStore(tmp_path / "other.sqlite", 30)) as empty:
        empty.fill(busy.hot.plays(NOON), NOON)
        report = busy.poll(NOON + HOUR, hot=empty)
        assert (report.outcome, report.new, report.already_stored, report.version) == ("captured", 50, 50, 1)
    assert sorted(set(busy.played())) == every(minutes(3), 50)


def test_a_play_whose_time_in_the_hot_store_is_over_stays_seen(home: Home) -> None:
    home.spotify.play(*every(timedelta(days=1), 40))
    home.poll()
    assert len(list(home.hot.plays(NOON))) == 30
    before = home.objects()
    assert home.poll(NOON + timedelta(days=35)).outcome == "idle"
    assert home.objects() == before


def test_more_plays_than_asked_for_are_kept_all_the_same(home: Home) -> None:
    home.spotify.script = [a_window_body(*every(minutes(3), 120))]
    assert home.poll().new == 120
    assert len(home.played()) == 120
    assert len(list(home.hot.plays(NOON))) == 50


# ---- a commit without an answer ---------------------------------------------------------------------------------


def test_a_commit_that_was_applied_without_an_answer_is_recognised(busy: Home) -> None:
    busy.spotify.play(NOON + minutes(3))
    hot = Faulty(busy.hot, commit=["after"])
    report = busy.poll(NOON + HOUR, hot=hot)
    assert (report.outcome, report.new, report.version) == ("captured", 1, 2)
    assert hot.calls == ["load_state", "commit", "load_state"]
    assert len(busy.played()) == 51


def test_a_commit_that_was_not_applied_is_tried_once_more(busy: Home) -> None:
    busy.spotify.play(NOON + minutes(3))
    hot = Faulty(busy.hot, commit=["before"])
    report = busy.poll(NOON + HOUR, hot=hot)
    assert (report.outcome, report.version, report.objects) == ("captured", 2, 1)
    assert hot.calls == ["load_state", "commit", "load_state", "commit"]


def test_a_second_commit_without_an_answer_is_looked_up_too(busy: Home) -> None:
    busy.spotify.play(NOON + minutes(3))
    report = busy.poll(NOON + HOUR, hot=Faulty(busy.hot, commit=["before", "after"]))
    assert (report.outcome, report.version) == ("captured", 2)


def test_a_commit_that_fails_twice_leaves_the_plays_to_the_next_poll(busy: Home) -> None:
    busy.spotify.play(NOON + minutes(3))
    hot = Faulty(busy.hot, commit=["before", "before"])
    report = busy.poll(NOON + HOUR, hot=hot)
    assert (report.outcome, report.new, report.version) == ("degraded", 1, 0)
    assert hot.calls.count("commit") == 2
    assert len(busy.played()) == 51
    after = busy.poll(NOON + 2 * HOUR)
    assert (after.outcome, after.new) == ("captured", 1)
    assert set(busy.played()) == {*every(minutes(3), 50), NOON + minutes(3)}


def test_a_commit_without_an_answer_and_no_state_to_look_up_is_degraded(busy: Home) -> None:
    busy.spotify.play(NOON + minutes(3))
    report = busy.poll(NOON + HOUR, hot=Faulty(busy.hot, commit=["after"], load_state=[None, "before"]))
    assert report.outcome == "degraded"
    assert busy.poll(NOON + 2 * HOUR).outcome == "idle"


def test_an_idle_poll_that_cannot_be_noted_is_degraded(busy: Home) -> None:
    assert busy.poll(NOON + HOUR, hot=Faulty(busy.hot, touch=["before"])).outcome == "degraded"


# ---- stores that are down ---------------------------------------------------------------------------------------


def test_without_the_state_store_the_journal_alone_gets_the_whole_window(busy: Home) -> None:
    busy.spotify.play(NOON + minutes(3))
    state = busy.state
    hot = Faulty(busy.hot, load_state=["before"])
    report = busy.poll(NOON + HOUR, hot=hot)
    assert (report.outcome, report.new, report.objects, report.version) == ("degraded", 50, 1, 0)
    assert (report.gap, report.short_window) == (False, False)
    assert hot.calls == ["load_state"]
    assert busy.state == state
    claim = busy.entries(Claim)[-1]
    assert (claim.previous_poll, claim.n, claim.is_short, claim.reaches_back) == (None, 50, False, False)
    assert NOON + minutes(3) in busy.played()


def test_without_the_state_store_a_list_that_is_not_full_vouches_for_nothing(home: Home) -> None:
    home.spotify.play(NOON)
    report = home.poll(hot=Faulty(home.hot, load_state=["before"]))
    assert [claim.is_short for claim in home.entries(Claim)] == [True]
    assert report.short_window is False


def test_without_the_journal_the_hot_store_keeps_plays_and_claim_and_the_state_stays(busy: Home) -> None:
    busy.spotify.play(NOON + minutes(3))
    state = busy.state
    with pytest.raises(StoreUnavailable, match="put is down"):
        busy.poll(NOON + HOUR, journal=Faulty(busy.journal, put=["before"]))
    assert busy.state == state
    assert NOON + minutes(3) in [play.played_at for play in busy.hot.plays(NOON)]
    (claim,) = busy.hot.spooled_claims()
    assert (claim.hi, claim.previous_poll, claim.is_short) == (NOON + minutes(3), NOON, False)
    assert len(busy.played()) == 50
    report = busy.poll(NOON + 2 * HOUR)
    assert (report.outcome, report.new, report.already_stored) == ("captured", 1, 1)
    assert len(busy.played()) == 51


def test_a_spooled_claim_vouches_for_no_record_that_the_spool_cannot_hold(busy: Home) -> None:
    busy.spotify.play(an_item(NOON + minutes(3)) | {"track": None})
    with pytest.raises(StoreUnavailable):
        busy.poll(NOON + HOUR, journal=Faulty(busy.journal, put=["before"]))
    assert [claim.is_short for claim in busy.hot.spooled_claims()] == [True]
    assert busy.poll(NOON + 2 * HOUR).quarantined == 1


def test_a_put_without_an_answer_is_repeated_under_the_same_name(busy: Home) -> None:
    busy.spotify.play(NOON + minutes(3))
    with pytest.raises(StoreUnavailable):
        busy.poll(NOON + HOUR, journal=Faulty(busy.journal, put=["after"]))
    assert busy.poll(NOON + HOUR).outcome == "captured"
    assert len(busy.played()) == 51


@pytest.mark.parametrize("spool", ["before", None])
def test_with_both_stores_down_the_poll_fails(busy: Home, spool: str | None) -> None:
    busy.spotify.play(NOON + minutes(3))
    hot = Faulty(busy.hot, load_state=["before"], spool=[spool])
    with pytest.raises(StoreUnavailable, match="put is down"):
        busy.poll(NOON + HOUR, journal=Faulty(busy.journal, put=["before"]), hot=hot)
    assert hot.calls == ["load_state", "spool"]
    assert busy.poll(NOON + 2 * HOUR).new == 1


def test_an_idle_poll_needs_no_journal(busy: Home) -> None:
    journal = Faulty(busy.journal, put=["before"])
    assert busy.poll(NOON + HOUR, journal=journal).outcome == "idle"
    assert journal.calls == []


# ---- Spotify refuses --------------------------------------------------------------------------------------------


def limited(retry_after: int | None = None, *, quota: bool = False) -> RateLimited:
    return RateLimited("too many requests", retry_after=retry_after, quota=quota)


def test_a_long_refusal_is_remembered_and_nobody_asks_before_it_is_over(busy: Home) -> None:
    busy.spotify.script = [limited(48_925)]
    report = busy.poll(NOON + HOUR)
    until = NOON + HOUR + timedelta(seconds=48_925)
    assert (report.outcome, report.blocked_until, report.version) == ("blocked", until, 2)
    assert busy.state.blocked_until == until
    asked = len(busy.spotify.limits)
    again = busy.poll(until - timedelta(seconds=1))
    assert (again.outcome, again.blocked_until) == ("blocked", until)
    assert len(busy.spotify.limits) == asked
    assert busy.poll(until).outcome == "captured"
    assert (busy.state.blocked_until, busy.state.block_count) == (None, 0)
    assert len(busy.played()) == 50


def test_a_block_keeps_what_the_state_knew(busy: Home) -> None:
    before = busy.state
    busy.spotify.script = [limited(600)]
    busy.poll(NOON + HOUR)
    changed = {"version": 2, "blocked_until": NOON + HOUR + minutes(10), "block_count": 1}
    assert busy.state == before.model_copy(update=changed)


@pytest.mark.parametrize(
    ("refusal", "earlier", "length"),
    [
        (limited(0), 0, timedelta(0)),
        (limited(3), 0, timedelta(seconds=3)),
        (limited(81_654), 4, timedelta(seconds=81_654)),
        (limited(10**15), 0, timedelta(hours=48)),
        (limited(-5), 0, timedelta(0)),
        (limited(), 0, minutes(15)),
        (limited(), 1, minutes(30)),
        (limited(), 6, minutes(960)),
        (limited(), 7, timedelta(hours=24)),
        (limited(), 5_000, timedelta(hours=24)),
        (limited(quota=True), 3, timedelta(hours=6)),
        (limited(7_200, quota=True), 0, timedelta(hours=2)),
    ],
)
def test_how_long_a_refusal_keeps_us_away(home: Home, refusal: RateLimited, earlier: int, length: timedelta) -> None:
    home.hot.replace_state(IngestionState(version=3, block_count=earlier))
    home.spotify.script = [refusal]
    assert home.poll().blocked_until == NOON + length
    assert home.state.block_count == earlier + 1


def test_a_block_before_the_first_window_does_not_skip_its_claim(home: Home) -> None:
    home.spotify.script = [limited(60)]
    assert home.poll().outcome == "blocked"
    assert home.poll(NOON + HOUR).objects == 1
    assert len(home.entries(Claim)) == 1


def test_a_short_refusal_is_waited_for_once_where_somebody_can_wait(busy: Home) -> None:
    waited: list[float] = []
    busy.spotify.script = [limited(5)]
    assert busy.poll(NOON + HOUR, pause=waited.append).outcome == "idle"
    assert waited == [5]
    busy.spotify.script = [limited(1), limited(2)]
    report = busy.poll(NOON + HOUR, pause=waited.append)
    assert (report.outcome, report.blocked_until) == ("blocked", NOON + HOUR + timedelta(seconds=2))
    assert waited == [5, 1]


@pytest.mark.parametrize("refusal", [limited(6), limited(), limited(quota=True)])
def test_any_other_refusal_is_not_waited_for(busy: Home, refusal: RateLimited) -> None:
    waited: list[float] = []
    busy.spotify.script = [refusal]
    assert busy.poll(NOON + HOUR, pause=waited.append).outcome == "blocked"
    assert waited == []


def test_a_block_survives_a_lost_version_and_counts_on(busy: Home) -> None:
    def twin() -> None:
        busy.spotify.play(NOON + minutes(3))
        busy.poll(NOON + HOUR)

    busy.spotify.script = [limited(600)]
    report = busy.poll(NOON + HOUR, hot=Faulty(busy.hot, commit=[twin]))
    assert (report.outcome, report.version) == ("blocked", 3)
    assert busy.state.blocked_until == NOON + HOUR + minutes(10)
    assert len(busy.state.seen) == 51


@pytest.mark.parametrize(("caught", "outcome"), [(False, "captured"), (True, "idle")])
def test_a_block_that_comes_while_another_poll_has_its_answer_stands(busy: Home, caught: bool, outcome: str) -> None:
    """Otherwise the poll that was answered first would call off what Spotify asked of us since."""

    def twins() -> None:
        if caught:
            busy.poll(NOON + HOUR)
        busy.spotify.script = [limited(48_925)]
        busy.poll(NOON + HOUR)

    busy.spotify.play(NOON + minutes(3))
    assert busy.poll(NOON + HOUR, hot=Faulty(busy.hot, commit=[twins])).outcome == outcome
    until = NOON + HOUR + timedelta(seconds=48_925)
    assert (busy.state.blocked_until, busy.state.block_count) == (until, 1)
    assert busy.poll(until - minutes(1)).outcome == "blocked"
    assert busy.poll(until).outcome == "captured"
    assert (busy.state.blocked_until, busy.state.block_count) == (None, 0)


@pytest.mark.parametrize("plan", [{"load_state": ["before"]}, {"commit": ["before"]}])
def test_a_block_that_cannot_be_remembered_is_told(busy: Home, plan: dict[str, list[Any]]) -> None:
    busy.spotify.script = [limited(600)]
    report = busy.poll(NOON + HOUR, hot=Faulty(busy.hot, **plan))
    assert (report.outcome, report.blocked_until, report.version) == ("blocked", NOON + HOUR + minutes(10), 0)
    assert busy.state.blocked_until is None


@pytest.mark.parametrize("error", [SpotifyUnavailable("502"), AccessRefused("Premium lapsed")])
def test_other_refusals_are_raised_and_write_nothing(busy: Home, error: Exception) -> None:
    state, objects = busy.state, busy.objects()
    busy.spotify.script = [error]
    with pytest.raises(type(error)):
        busy.poll(NOON + HOUR)
    assert (busy.state, busy.objects()) == (state, objects)


def test_an_answer_without_a_list_claims_nothing_and_commits_nothing(busy: Home) -> None:
    state, objects = busy.state, busy.objects()
    busy.spotify.script = [{"error": {"status": 500}}]
    with pytest.raises(SpotifyUnavailable):
        busy.poll(NOON + HOUR)
    assert (busy.state, busy.objects()) == (state, objects)


# ---- the login --------------------------------------------------------------------------------------------------


def test_a_dead_login_is_remembered_until_a_poll_succeeds(busy: Home) -> None:
    for hour in (1, 2):
        busy.spotify.script = [NeedsReauth("log in again")]
        with pytest.raises(NeedsReauth):
            busy.poll(NOON + hour * HOUR)
        assert (busy.state.needs_reauth, busy.state.version) == (True, 2)
    assert busy.state.last_run_timestamp == NOON
    report = busy.poll(NOON + 3 * HOUR)
    assert (report.outcome, report.objects, report.version) == ("captured", 0, 3)
    assert busy.state.needs_reauth is False


@pytest.mark.parametrize("plan", [{"load_state": ["before"]}, {"commit": ["before"]}])
def test_a_dead_login_is_told_even_where_it_cannot_be_remembered(busy: Home, plan: dict[str, list[Any]]) -> None:
    busy.spotify.script = [NeedsReauth("log in again")]
    with pytest.raises(NeedsReauth, match="log in again"):
        busy.poll(NOON + HOUR, hot=Faulty(busy.hot, **plan))


def test_the_first_account_is_pinned_and_another_one_refused_before_anything_is_asked(home: Home) -> None:
    home.poll(account_hash="mine")
    state, asked = home.state, len(home.spotify.limits)
    assert state.account_hash == "mine"
    with pytest.raises(WrongAccount):
        home.poll(NOON + HOUR, account_hash="another")
    assert (home.state, len(home.spotify.limits)) == (state, asked)
    assert home.poll(NOON + HOUR, account_hash="mine").outcome == "idle"
    assert home.poll(NOON + HOUR).outcome == "idle"


def test_an_account_that_becomes_known_later_is_pinned_by_an_idle_poll(busy: Home) -> None:
    assert busy.poll(NOON + HOUR, account_hash="mine").version == 2
    assert busy.state.account_hash == "mine"


# ---- the size of the state --------------------------------------------------------------------------------------


def test_the_state_of_a_busy_account_stays_small(home: Home) -> None:
    moments = every(minutes(1), 400)
    for start in range(0, 400, 40):
        home.spotify.play(*moments[start : start + 40])
        home.poll(moments[start + 39], account_hash="0" * 64)
    assert len(home.state.seen) == SEEN_LIMIT
    assert len(home.state.model_dump_json()) < 5_000


# ---- cadence ----------------------------------------------------------------------------------------------------


def after(new: int, *, ago: float = 15, silent: float = 1, **fields: Any) -> IngestionState:
    """The state some minutes after a poll with so many new plays, the last of which had ended shortly before it."""
    last_run = NOON - minutes(ago)
    newest = last_run - minutes(silent)
    given = {"version": 1, "last_run_timestamp": last_run, "last_seen_played_at": newest, "last_new": new}
    return IngestionState(**{**given, **fields})


@pytest.mark.parametrize(
    ("state", "is_due"),
    [
        (None, True),
        (IngestionState(version=1), True),
        (after(0), False),
        (after(5), False),
        (after(6), True),
        (after(50), True),
        (after(50, ago=1), True),
        (after(50, silent=29), True),
        (after(50, silent=30), False),
        (after(50, last_seen_played_at=None), False),
        (after(0, ago=60), False),
        (after(0, ago=60.01), True),
        (after(0, ago=4_320), True),
        (after(50, needs_reauth=True), False),
        (after(50, ago=4_320, needs_reauth=True), False),
        (after(50, blocked_until=NOON + minutes(1)), False),
        (after(50, blocked_until=NOON), True),
    ],
)
def test_when_a_quarter_hour_tick_polls(state: IngestionState | None, is_due: bool) -> None:
    assert due(state, NOON) is is_due


def test_a_tick_that_is_not_due_ends_after_one_read(busy: Home) -> None:
    busy.poll(NOON + minutes(60))
    hot = Faulty(busy.hot)
    asked = len(busy.spotify.limits)
    report = busy.poll(NOON + minutes(75), hot=hot, only_if_due=True)
    assert report == CaptureReport(outcome="not_due", version=1)
    assert hot.calls == ["load_state"]
    assert len(busy.spotify.limits) == asked


@pytest.mark.parametrize(
    "state",
    [
        None,
        after(5),
        after(50),
        after(50, silent=30),
        after(0, ago=61),
        after(50, needs_reauth=True),
        after(50, blocked_until=NOON + minutes(1)),
        after(5, blocked_until=NOON + minutes(1)),
    ],
)
def test_a_tick_ends_early_just_where_the_poll_would_not_be_due(busy: Home, state: IngestionState | None) -> None:
    hot = MemoryHotStore(30)
    if state:
        hot.replace_state(state)
    early = tick_that_ends(hot, NOON)
    report = busy.poll(NOON, hot=hot, only_if_due=True)
    assert early == (report if report.outcome == "not_due" else None)


def test_a_tick_goes_on_where_the_state_store_is_down(busy: Home) -> None:
    assert tick_that_ends(Faulty(busy.hot, load_state=["before"]), NOON) is None


def test_a_tick_that_is_due_polls_and_reads_the_state_once(busy: Home) -> None:
    hot = Faulty(busy.hot)
    assert busy.poll(NOON + minutes(15), hot=hot, only_if_due=True).outcome == "idle"
    assert hot.calls == ["load_state", "touch"]


def polled(played: Sequence[datetime], missed: set[int], *, ticks: bool, home: Home) -> int:
    """Plays of a day lost by hourly polling with some quarter hours missed, with or without ticks in between."""
    start = NOON - timedelta(hours=24)
    for quarter in range(24 * 4 + 1):
        now = start + quarter * minutes(15)
        if quarter in missed or (quarter % 4 and not ticks):
            continue
        home.spotify.played = [moment for moment in played if moment <= now]
        home.poll(now, only_if_due=bool(quarter % 4))
    return len(set(played) - set(home.played()))


def in_memory() -> Home:
    """Nothing played, nothing polled; for long stories."""
    return Home(MemoryJournal(), MemoryHotStore(30))


def test_ticks_save_what_a_missed_hour_would_lose() -> None:
    marathon = every(timedelta(seconds=100), 600, NOON - HOUR)
    missed = {4 * hour for hour in (8, 13, 17)}
    lost = [polled(marathon, missed, ticks=ticks, home=in_memory()) for ticks in (False, True)]
    assert lost[0] > 50
    assert lost[1] == 0


def test_a_moderate_listener_costs_few_more_polls() -> None:
    evening, home = every(minutes(4), 30, NOON - timedelta(hours=3)), in_memory()
    assert polled(evening, set(), ticks=True, home=home) == 0
    assert 25 <= len(home.spotify.limits) <= 30


def test_of_many_commits_each_24th_is_worth_learning_and_the_very_first() -> None:
    worth = [CaptureReport(outcome="captured", version=version).is_worth_learning for version in range(1, 60)]
    assert [number + 1 for number, is_worth in enumerate(worth) if is_worth] == [1, 25, 49]
    assert COMMITS_LEARNED_AT_ONCE == 24
    for outcome in ("idle", "blocked", "not_due", "degraded"):
        assert not CaptureReport(outcome=outcome, version=25).is_worth_learning


# ---- what it costs ----------------------------------------------------------------------------------------------


def test_an_idle_poll_makes_two_calls_and_a_busy_one_three(busy: Home) -> None:
    def calls(now: datetime) -> list[str]:
        journal, hot = Faulty(busy.journal), Faulty(busy.hot)
        busy.poll(now, journal=journal, hot=hot)
        return journal.calls + hot.calls

    assert calls(NOON + HOUR) == ["load_state", "touch"]
    busy.spotify.play(NOON + minutes(63))
    assert calls(NOON + 2 * HOUR) == ["put", "load_state", "commit"]
    busy.spotify.play(*every(minutes(3), 2, MIDNIGHT + timedelta(hours=24, minutes=1)))
    assert calls(MIDNIGHT + timedelta(hours=25)) == ["put", "put", "load_state", "commit"]
