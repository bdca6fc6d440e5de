"""One poll: what Spotify shows goes to the journal, then hot plays and state are committed together.

Why no play of an answer is lost, and none counted twice:
- New is what the committed state has not `seen`. A hash enters `seen` only with a commit, and a commit comes only after
  every object of the journal was acknowledged; so whatever is seen is in the journal, and what is not is new again.
- Journal objects are named by their content and only ever added: a doubled poll adds nothing, or lines that settling
  counts once. The claim lies in the last object, so that a crash between two of them claims nothing.
- The state is committed against its version: of two polls at once one wins, the other starts over from the new state.
- Without the state store the journal alone gets the whole window. Without the journal the hot store keeps plays and
  claim, the state stays, and they are new again at the next poll; the night carries over what was left.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal

from ingestion.novelty import Fresh, Poll, batches, next_state
from ingestion.parse import parse_recently_played
from playledger.errors import (
    NeedsReauth,
    PlaysAlreadyStored,
    RateLimited,
    StateConflict,
    StoreUnavailable,
    WrongAccount,
)
from playledger.models import (
    DEFAULT_FETCH_LIMIT,
    OVERLAP_WINDOW_SIZE,
    WINDOW_SIZE,
    IngestionState,
    Instant,
    Model,
)
from playledger.ports import Answer, HotStore, Journal, Spotify

MOST_RECOMPUTES = 3
"""How often a poll starts over from a newer state before it leaves the commit to the next poll."""

SHORT_WAIT_S = 5
"""A Retry-After up to this is waited for once; any longer one is remembered instead."""

FIRST_BLOCK = timedelta(minutes=15)
QUOTA_BLOCK = timedelta(hours=6)
LONGEST_SILENT_BLOCK = timedelta(hours=24)
LONGEST_BLOCK = timedelta(hours=48)
"""No block is longer, whatever Retry-After says: longer ones were never seen, and a wrong one must not end capture."""

COMMITS_LEARNED_AT_ONCE = 24
"""Enrichment is asked for once in so many commits: about a day of them, or half a day of many plays."""

SLOT = timedelta(hours=1)
SILENCE = timedelta(minutes=30)
QUARTERS_IN_TWO_SLOTS = 8

Outcome = Literal["idle", "captured", "degraded", "blocked", "not_due"]


class CaptureReport(Model):
    """What one poll came to.

    idle: nothing new. captured: committed. degraded: in the journal, not committed. blocked: Spotify asked us to wait.
    not_due: a tick that did not poll. `overlap` counts window items that were seen before; `listed` all of them.
    """

    outcome: Outcome
    listed: int = 0
    new: int = 0
    quarantined: int = 0
    objects: int = 0
    overlap: int = 0
    short_window: bool = False
    small_overlap: bool = False
    gap: bool = False
    conflicts: int = 0
    already_stored: int = 0
    blocked_until: Instant | None = None
    version: int = 0

    @property
    def is_worth_learning(self) -> bool:
        """Whether enrichment should be asked for now, rather than wait for more polls or the night.

        The version counts commits, and runs at once get different ones: just one asks, without a note of its own.
        """
        return self.outcome == "captured" and self.version % COMMITS_LEARNED_AT_ONCE == 1


# ---- the protocol -----------------------------------------------------------------------------------------------


def capture(
    spotify: Spotify,
    journal: Journal,
    hot: HotStore,
    *,
    now: datetime,
    pause: Callable[[float], None] | None = None,
    account_hash: str | None = None,
    only_if_due: bool = False,
) -> CaptureReport:
    """Polls once. `now` is this machine's clock, for blocks and ticks alone; `pause` may wait a few seconds.

    Raises SpotifyUnavailable, NeedsReauth, AccessRefused, WrongAccount; StoreUnavailable where the journal is down.
    """
    state = _read_state(hot)
    if state:
        _refuse_another_account(state, account_hash)
        if _is_blocked(state, now):
            return CaptureReport(outcome="blocked", blocked_until=state.blocked_until, version=state.version)
        if only_if_due and not due(state, now):
            return CaptureReport(outcome="not_due", version=state.version)
    try:
        answer = _ask(spotify, pause)
    except RateLimited as refusal:
        return _remember_block(hot, state, refusal, now)
    except NeedsReauth:
        _change_state(hot, state, lambda _: {"needs_reauth": True})
        raise
    newest_known = state.last_seen_played_at if state else None
    window = parse_recently_played(answer.body, ingested_at=answer.server_now, newest_known=newest_known)
    poll = Poll(window, answer.server_now, account_hash, state.blocked_until if state else None)
    return _keep(poll, state, _Ledger(journal, hot), hot)


def _keep(poll: Poll, state: IngestionState | None, ledger: "_Ledger", hot: HotStore) -> CaptureReport:
    """Journal, then commit. Whenever the commit did not clearly succeed, the stored state says what to do next."""
    conflicts = unknown = 0
    while True:
        fresh = Fresh(poll, state)
        ledger.keep(fresh)
        if fresh.state is None or unknown > 1 or conflicts > MOST_RECOMPUTES:
            return _report("degraded", fresh, ledger, conflicts)
        if not fresh.needs_commit:
            return _report(_note_idle(hot, poll), fresh, ledger, conflicts, version=fresh.state.version)
        after = next_state(fresh, fresh.state)
        try:
            known = _commit(hot, fresh, after)
        except (StateConflict, PlaysAlreadyStored):
            conflicts += 1
        except StoreUnavailable:
            unknown += 1
        else:
            return _report("captured", fresh, ledger, conflicts, already_stored=known, version=after.version)
        state = _read_state(hot)
        if state is None:
            return _report("degraded", fresh, ledger, conflicts)
        if (state.version, state.seen) == (after.version, after.seen):
            return _report("captured", fresh, ledger, conflicts, version=after.version)


def _read_state(hot: HotStore) -> IngestionState | None:
    """The committed state, an empty one before the first commit, None where the store is down."""
    try:
        return hot.load_state() or IngestionState()
    except StoreUnavailable:
        return None


def _commit(hot: HotStore, fresh: Fresh, after: IngestionState) -> int:
    """Plays and state at once; returns how many plays were in the hot store already, which the state did not know."""
    plays = fresh.plays[-WINDOW_SIZE:]
    try:
        hot.commit(plays, after)
    except PlaysAlreadyStored as error:
        known = set(error.keys)
        hot.commit([play for play in plays if play.key not in known], after)
        return len(known)
    return 0


def _note_idle(hot: HotStore, poll: Poll) -> Outcome:
    try:
        hot.touch(poll.server_now)
    except StoreUnavailable:
        return "degraded"
    return "idle"


class _Ledger:
    """The journal during one poll: knows what it has of it already, and what to do when it is down."""

    def __init__(self, journal: Journal, hot: HotStore) -> None:
        self._journal = journal
        self._hot = hot
        self._kept: set[str] = set()
        self.objects = 0

    def keep(self, fresh: Fresh) -> None:
        """Puts what is new, unless all of it was put before. Raises StoreUnavailable, with the plays in the spool."""
        if not fresh.needs_journal or (self.objects and fresh.entry_ids <= self._kept):
            return
        try:
            for batch in batches(fresh):
                self._journal.put(batch.key, batch.body)
                self.objects += 1
        except StoreUnavailable:
            with suppress(StoreUnavailable):
                self._hot.spool(fresh.plays, fresh.spoolable_claim)
            raise
        self._kept |= fresh.entry_ids


# ---- the state --------------------------------------------------------------------------------------------------


def _change_state(
    hot: HotStore, state: IngestionState | None, change: Callable[[IngestionState], dict[str, object]]
) -> IngestionState | None:
    """Commits a change that brings no plays, where there is one; None where the store does not take it."""
    for _ in range(MOST_RECOMPUTES + 1):
        if state is None:
            return None
        after = state.model_copy(update=change(state))
        if after == state:
            return state
        after = after.model_copy(update={"version": state.version + 1})
        try:
            hot.commit((), after)
        except StateConflict:
            state = _read_state(hot)
        except StoreUnavailable:
            return None
        else:
            return after
    return None


def _refuse_another_account(state: IngestionState, account_hash: str | None) -> None:
    if account_hash and state.account_hash and account_hash != state.account_hash:
        raise WrongAccount(
            "this ledger belongs to another Spotify account than the login; nothing was asked or written"
        )


# ---- asking -----------------------------------------------------------------------------------------------------


def _ask(spotify: Spotify, pause: Callable[[float], None] | None) -> Answer:
    """The whole window. A refusal for a few seconds is waited for, once, where there is time."""
    try:
        return spotify.recently_played(WINDOW_SIZE)
    except RateLimited as refusal:
        if pause is None or refusal.retry_after is None or refusal.retry_after > SHORT_WAIT_S:
            raise
        pause(refusal.retry_after)
    return spotify.recently_played(WINDOW_SIZE)


def _remember_block(hot: HotStore, state: IngestionState | None, refusal: RateLimited, now: datetime) -> CaptureReport:
    """Until when nobody may ask. Without a state it is told, not remembered."""

    def blocked(stored: IngestionState) -> dict[str, object]:
        until = now + _block_length(refusal, stored.block_count)
        return {"blocked_until": max(stored.blocked_until or until, until), "block_count": stored.block_count + 1}

    after = _change_state(hot, state, blocked)
    until = after.blocked_until if after else now + _block_length(refusal, state.block_count if state else 0)
    return CaptureReport(outcome="blocked", blocked_until=until, version=after.version if after else 0)


def _is_blocked(state: IngestionState, now: datetime) -> bool:
    """Whether Spotify must not be asked. A block longer than any ever noted comes from a clock that was ahead then."""
    until = state.blocked_until
    return until is not None and timedelta() < until - now <= LONGEST_BLOCK


def _block_length(refusal: RateLimited, earlier: int) -> timedelta:
    """How long to keep away: as Spotify says, else longer with each refusal in a row."""
    if refusal.retry_after is not None:
        return timedelta(seconds=min(max(refusal.retry_after, 0), LONGEST_BLOCK.total_seconds()))
    if refusal.quota:
        return QUOTA_BLOCK
    return min(FIRST_BLOCK * (1 << min(earlier, 10)), LONGEST_SILENT_BLOCK)


def due(state: IngestionState | None, now: datetime) -> bool:
    """Whether a quarter-hour tick should poll, or may leave it to the hourly poll.

    - While blocked or logged out only the hourly poll tries.
    - An hour without a poll: a slot was missed, so the tick stands in for it.
    - The last poll's new plays, taken as those of one quarter hour (the shortest interval, so the highest rate), would
      fill DEFAULT_FETCH_LIMIT within two hours, that is before the slot behind a missed one: 6 plays do. An hourly
      poll's are over-estimated so, at the price of one more poll, which then measures the rate exactly.
    - Unless nothing had ended in the half hour before the last poll: that listening is over.
    """
    if state is None:
        return True
    if state.needs_reauth or _is_blocked(state, now):
        return False
    last_run, newest = state.last_run_timestamp, state.last_seen_played_at
    if last_run is None or now - last_run > SLOT:
        return True
    is_over = newest is None or last_run - newest >= SILENCE
    return not is_over and state.last_new * QUARTERS_IN_TWO_SLOTS >= DEFAULT_FETCH_LIMIT


def tick_that_ends(hot: HotStore, now: datetime) -> CaptureReport | None:
    """What a quarter-hour tick comes to that is not due; None where it must go on. Reads the state and nothing else.

    `capture` would find the same, after a login was looked up and the ways to Spotify and the journal were prepared:
    most ticks are such, and these would be most of what they cost.
    """
    state = _read_state(hot)
    if state is None or _is_blocked(state, now) or due(state, now):
        return None
    return CaptureReport(outcome="not_due", version=state.version)


# ---- telling ----------------------------------------------------------------------------------------------------


def _report(outcome: Outcome, fresh: Fresh, ledger: _Ledger, conflicts: int, **more: int) -> CaptureReport:
    expects_overlap = fresh.is_full and fresh.was_covered
    return CaptureReport(
        outcome=outcome,
        listed=fresh.poll.window.n,
        new=len(fresh.plays),
        quarantined=len(fresh.quarantined),
        objects=ledger.objects,
        overlap=fresh.overlap,
        short_window=fresh.state is not None and fresh.is_short,
        small_overlap=expects_overlap and 0 < fresh.overlap < OVERLAP_WINDOW_SIZE,
        gap=expects_overlap and fresh.overlap == 0,
        conflicts=conflicts,
        **more,
    )
