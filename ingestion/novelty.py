"""What of a poll is new to a state, what the journal gets of it, and what the state becomes. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from ingestion.parse import Window
from playledger.journal import Batch, encode
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
    utc_day,
)

CLOCK_TOLERANCE = timedelta(minutes=10)
"""A play dated further ahead of Spotify's clock is kept, but neither moves the cursor nor stretches a claim."""


@dataclass(frozen=True)
class Poll:
    """What Spotify showed, when by its own clock, and whose account it is (None: nobody said).

    `blocked_before` is the block that was over when Spotify was asked; any other in the state came meanwhile.
    """

    window: Window
    server_now: datetime
    account_hash: str | None
    blocked_before: datetime | None = None

    @property
    def hashes(self) -> list[str]:
        """What the state will remember of the window, newest play last."""
        return [seen_hash(record.entry_id) for record in self.window.quarantined] + [
            seen_hash(play.key) for play in self.window.plays
        ]

    @property
    def ends(self) -> list[datetime]:
        """When the plays ended, oldest first, without those ahead of Spotify's clock."""
        newest = self.server_now + CLOCK_TOLERANCE
        return [play.played_at for play in self.window.plays if play.played_at <= newest]


@dataclass(frozen=True)
class Fresh:
    """A poll against a state (None: the state store is down): what of the window is new to it."""

    poll: Poll
    state: IngestionState | None

    @cached_property
    def plays(self) -> tuple[PlayEvent, ...]:
        """Plays the state has not seen, oldest first; all of them where it is unknown."""
        return tuple(play for play in self.poll.window.plays if seen_hash(play.key) not in self._seen)

    @cached_property
    def quarantined(self) -> tuple[Quarantined, ...]:
        """The same of the records set aside."""
        return tuple(item for item in self.poll.window.quarantined if seen_hash(item.entry_id) not in self._seen)

    @property
    def entry_ids(self) -> set[str]:
        """Identities of what the journal gets, the claim aside."""
        return {play.entry_id for play in self.plays} | {record.entry_id for record in self.quarantined}

    @property
    def overlap(self) -> int:
        """How many items of the window were seen before."""
        return sum(seen in self._seen for seen in self.poll.hashes)

    @property
    def is_first(self) -> bool:
        """Nothing was claimed yet. Even an empty window must be, or the first burst behind it vanishes unreported."""
        return self.state is not None and self.state.coverage_from is None

    @property
    def needs_journal(self) -> bool:
        """Whether there is something to keep."""
        return bool(self.plays or self.quarantined) or self.is_first

    @property
    def needs_commit(self) -> bool:
        """Whether the state must change by more than the time of the last run."""
        state = self.state or IngestionState()
        had_trouble = state.needs_reauth or (state.block_count > 0 and not self.is_blocked_since)
        is_unpinned = self.poll.account_hash is not None and state.account_hash is None
        return self.needs_journal or had_trouble or is_unpinned

    @property
    def is_blocked_since(self) -> bool:
        """Another run was refused while this one got its answer: its block must outlive our commit."""
        blocked = self.state.blocked_until if self.state else None
        return blocked is not None and blocked != self.poll.blocked_before

    @property
    def is_full(self) -> bool:
        """Spotify may know older plays than it shows."""
        return self.poll.window.n >= WINDOW_SIZE

    @property
    def is_short(self) -> bool:
        """The list was longer before, and lists only grow: this one is cut. Without a state any list may be."""
        return self.poll.window.n < (self.state.window_max if self.state else WINDOW_SIZE)

    @property
    def was_covered(self) -> bool:
        """Whether an overlap with earlier polls can be expected."""
        return self.state is not None and self.state.coverage_from is not None

    @cached_property
    def claim(self) -> Claim:
        """What the whole window vouches for.

        Behind empty lists one that is not full shows all there is, and reaches back to where coverage began. No other
        list can say so: the first one may be the first since the state was lost, and cut; one that shows all that was
        seen before may be cut as the list was that showed it first, and shares plays with that claim anyway.
        """
        ends = self.poll.ends or [self.poll.server_now]
        shows_all = self.was_covered and not self.is_full and not self._seen
        return Claim(
            lo=min(ends[0], self._began) if shows_all else ends[0],
            hi=ends[-1],
            n=self.poll.window.n,
            limit=WINDOW_SIZE,
            server_now=self.poll.server_now,
            previous_poll=self.state.last_run_timestamp if self.state else None,
            reaches_back=shows_all and not self.is_short,
            is_short=self.is_short,
            overlap=self.overlap if self.was_covered else None,
        )

    @property
    def spoolable_claim(self) -> Claim:
        """The claim for the spool, which holds plays alone: it counts those, and vouches for nothing set aside."""
        is_short = self.claim.is_short or bool(self.quarantined)
        return self.claim.model_copy(update={"n": len(self.poll.window.plays), "is_short": is_short})

    @property
    def _began(self) -> datetime:
        """Where coverage begins: with this poll, if nothing was claimed yet."""
        return (self.state and self.state.coverage_from) or self.poll.server_now

    @cached_property
    def _seen(self) -> frozenset[str]:
        return frozenset(self.state.seen if self.state else ())


def batches(fresh: Fresh) -> list[Batch]:
    """One object per UTC date, oldest first; the last one carries the claim and what was set aside."""
    days: dict[date, list[Entry]] = {}
    for play in fresh.plays:
        days.setdefault(utc_day(play.played_at), []).append(play)
    last = max(days, default=utc_day(fresh.claim.at))
    days.setdefault(last, []).extend([*fresh.quarantined, fresh.claim])
    return [encode(days[dt], dt) for dt in sorted(days)]


def next_state(fresh: Fresh, state: IngestionState) -> IngestionState:
    """The state once the window is in the journal. Nothing in it goes backwards."""
    poll = fresh.poll
    hashes = poll.hashes
    older = [seen for seen in state.seen if seen not in set(hashes)]
    blocked = {name: getattr(state, name) for name in ("blocked_until", "block_count") if fresh.is_blocked_since}
    return IngestionState(
        version=state.version + 1,
        last_cursor_unix_ms=max([*_given(state.last_cursor_unix_ms), *map(to_ms, poll.ends[-1:])], default=None),
        last_run_timestamp=max([*_given(state.last_run_timestamp), poll.server_now]),
        last_seen_played_at=max([*_given(state.last_seen_played_at), *poll.ends[-1:]], default=None),
        seen=tuple([*older, *hashes][-SEEN_LIMIT:]),
        coverage_from=state.coverage_from or fresh.claim.lo,
        window_max=max(state.window_max, poll.window.n),
        last_new=len(fresh.plays),
        account_hash=state.account_hash or poll.account_hash,
        **blocked,
    )


def _given(value: Any) -> list[Any]:
    return [] if value is None else [value]
