"""The ports as the code under test sees them: memory stores and the listener behind the probe, watched by the judge."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Protocol

from playledger.errors import AccessRefused, NeedsReauth, PlayledgerError, RateLimited
from playledger.models import Claim, IngestionState, PlayEvent, from_ms
from playledger.ports import Answer, Derivation, HotStore, Journal, JournalObject, Stored, TableStore
from tests.simulation.faults import Probe
from tests.simulation.listener import HOUR, MINUTE, Listener, TruePlay, body


class Watcher(Protocol):
    """What the judge wants to know as it happens."""

    def journal_grew(self, key: str, text: bytes) -> None:
        """A new object is in the journal."""

    def state_changed(self, before: IngestionState | None, after: IngestionState | None) -> None:
        """The committed state is another."""

    def committed(self, plays: Sequence[PlayEvent], state: IngestionState) -> None:
        """Plays and state were committed together."""

    def asked(self) -> None:
        """Spotify is asked now."""

    def answered(self, shown: Sequence[TruePlay], withheld: Sequence[TruePlay]) -> None:
        """Spotify showed these plays; `withheld` belonged into the list and were missing."""

    def spooled(self, plays: Sequence[PlayEvent]) -> None:
        """Plays were kept in the hot store because the journal is down."""


@dataclass
class SimJournal:
    """Journal under the probe."""

    inner: Journal
    probe: Probe
    judge: Watcher

    def put(self, key: str, body: bytes) -> bool:
        """See the port."""

        def effect() -> bool:
            created = self.inner.put(key, body)
            if created:
                self.judge.journal_grew(key, body)
            return created

        return self.probe.call("journal.put", effect)

    def list(self, first: date | None = None, last: date | None = None) -> Sequence[JournalObject]:
        """See the port."""
        return self.probe.call("journal.list", lambda: self.inner.list(first, last))

    def read(self, key: str) -> bytes:
        """See the port."""
        return self.probe.call("journal.read", lambda: self.inner.read(key))


@dataclass
class SimHotStore:
    """Hot store under the probe."""

    inner: HotStore
    probe: Probe
    judge: Watcher

    @property
    def life(self) -> timedelta:
        """See the port."""
        return self.inner.life

    def load_state(self) -> IngestionState | None:
        """See the port."""
        state = self.probe.call("hot.load_state", self.inner.load_state)
        self.probe.scheduler.current.notes.setdefault("known", state)
        return state

    def commit(self, plays: Sequence[PlayEvent], state: IngestionState) -> None:
        """See the port."""

        def write() -> None:
            self.inner.commit(plays, state)
            self.judge.committed(plays, state)

        self._changing("hot.commit", write)

    def touch(self, last_run: datetime) -> None:
        """See the port."""
        self._changing("hot.touch", lambda: self.inner.touch(last_run))

    def spool(self, plays: Sequence[PlayEvent], claim: Claim) -> None:
        """See the port."""

        def effect() -> None:
            self.inner.spool(plays, claim)
            self.judge.spooled(plays)

        self.probe.call("hot.spool", effect)

    def spooled_claims(self) -> Sequence[Claim]:
        """See the port."""
        return self.probe.call("hot.spooled_claims", self.inner.spooled_claims)

    def drop_spooled(self, claims: Sequence[Claim]) -> None:
        """See the port."""
        self.probe.call("hot.drop_spooled", lambda: self.inner.drop_spooled(claims))

    def plays(self, now: datetime) -> Iterator[PlayEvent]:
        """See the port."""
        return iter(self.probe.call("hot.plays", lambda: list(self.inner.plays(now))))

    def fill(self, plays: Iterable[PlayEvent], now: datetime) -> int:
        """See the port."""
        given = list(plays)
        return self.probe.call("hot.fill", lambda: self.inner.fill(given, now))

    def replace_state(self, state: IngestionState) -> None:
        """See the port."""
        self._changing("hot.replace_state", lambda: self.inner.replace_state(state))

    def _changing(self, site: str, write: Callable[[], None]) -> None:
        def effect() -> None:
            before = self.inner.load_state()
            write()
            self.judge.state_changed(before, self.inner.load_state())

        self.probe.call(site, effect)


@dataclass
class SimTableStore:
    """Table store under the probe."""

    inner: TableStore
    probe: Probe

    def list(self, table: str) -> Mapping[str, Stored]:
        """See the port."""
        return self.probe.call("tables.list", lambda: self.inner.list(table))

    def list_all(self) -> Mapping[str, Mapping[str, Stored]]:
        """See the port."""
        return self.probe.call("tables.list_all", self.inner.list_all)

    def read(self, table: str, partition: str) -> Sequence[dict[str, Any]]:
        """See the port."""
        return self.probe.call("tables.read", lambda: self.inner.read(table, partition))

    def write(
        self, table: str, partition: str, rows: Iterable[Mapping[str, Any]], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """See the port."""
        given = list(rows)
        return self.probe.call(
            "tables.write", lambda: self.inner.write(table, partition, given, digest=digest, replaces=replaces)
        )

    def roll_up(
        self, table: str, partition: str, sources: Sequence[str], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """See the port. Nothing that is simulated here rolls up."""
        return self.inner.roll_up(table, partition, sources, digest=digest, replaces=replaces)

    def derive(
        self, table: str, partition: str, derivation: Derivation, *, digest: str, replaces: Stored | None
    ) -> Stored:
        """See the port. Nothing that is simulated here derives."""
        return self.inner.derive(table, partition, derivation, digest=digest, replaces=replaces)


LONG_BLOCK_S = 48_925
MOST_CLOCK_OFF_S = 90
"""Machines that answer for Spotify need not agree on the time."""


def _refusal(wrong: str | None, rng: Random) -> PlayledgerError | None:
    """The refusal that an answer's fault stands for; none for the other faults."""
    match wrong:
        case "429 short":
            return RateLimited("too many requests", retry_after=rng.randrange(1, 6))
        case "429 long":
            return RateLimited("too many requests", retry_after=LONG_BLOCK_S)
        case "429 silent":
            return RateLimited("too many requests")
        case "429 quota":
            return RateLimited("quota exceeded", retry_after=rng.randrange(60, 7200), quota=True)
        case "403":
            return AccessRefused("Active premium subscription required for the owner of the app")
        case _:
            return None


class SimSpotify:
    """The listener's account under the probe. Only `recently_played` is ever asked here."""

    def __init__(self, listener: Listener, probe: Probe, judge: Watcher, is_new_account: Callable[[], bool]) -> None:
        self._listener = listener
        self._probe = probe
        self._judge = judge
        self.revoked: tuple[int, int] = (0, 0)
        self.is_new_account = is_new_account

    def recently_played(self, limit: int) -> Answer:
        """See the port."""
        return self._probe.call("spotify.recently_played", lambda: self.answer(limit))

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"capture and settlement have no business with Spotify's {name}")

    def answer(self, limit: int) -> Answer:
        """What Spotify answers at this moment, as the weather leaves it. Raises what a refusal stands for."""
        self._judge.asked()
        now, rng = self._probe.scheduler.now, self._probe.scheduler.current.rng
        if self.revoked[0] <= now < self.revoked[1]:
            raise NeedsReauth("Spotify no longer accepts the login (simulated)")
        wrong = self._probe.strike_answer()
        if refused := _refusal(wrong, rng):
            raise refused
        off = rng.randrange(-MOST_CLOCK_OFF_S, MOST_CLOCK_OFF_S) if wrong == "clock off" else 0
        server_now = from_ms(now - now % 1000 + off * 1000)
        if wrong == "no items":
            return Answer({"error": {"status": 500, "message": "Server error"}}, server_now)
        shown, withheld = self._view(wrong, now, limit, rng)
        self._judge.answered(shown, withheld)
        return Answer(body(shown, noise=rng if wrong == "noise" else None), server_now)

    def _view(self, wrong: str | None, now: int, limit: int, rng: Random) -> tuple[list[TruePlay], list[TruePlay]]:
        """What is shown, and what is missing in the middle of it.

        Two things no window can tell, so they are not asked for here: that the first list with plays lacks some, and
        that a list is stale in which a wrong clock's play has come to pass. docs/decisions/0010 names both.
        """
        window = self._listener.window(now, limit)
        if wrong == "stale" and not self._listener.habits.future:
            return self._listener.window(now - rng.randrange(10 * MINUTE, 12 * HOUR), limit), []
        if wrong and wrong.startswith("short") and not self.is_new_account():
            shown = int(wrong.removeprefix("short") or rng.randrange(len(window) + 1))
            return window[:shown], []
        if wrong == "holed" and not self.is_new_account():
            holes = set(rng.sample(range(len(window)), min(len(window), rng.randrange(1, 6))))
            return [p for i, p in enumerate(window) if i not in holes], [window[i] for i in sorted(holes)]
        return window, []
