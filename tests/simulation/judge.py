"""The judge: what must hold at every acknowledgement and at the end, told from the listener's truth.

It reads the journal with its own few lines of JSON, not with the code under test. The numbers are those of
docs/decisions/0010-what-is-guaranteed.md.
"""

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from playledger.models import Gap, IngestionState, PlayEvent, to_ms
from tests.simulation.listener import DAY, MINUTE, Listener, TruePlay
from tests.simulation.scheduler import Scheduler, Task

STATE_BYTES = 8 * 1024

Key = tuple[int, str]


def stored_ms(text: str) -> int:
    """Unix ms of an instant as the journal stores it, read without the kernel."""
    return to_ms(datetime.fromisoformat(text + "+00:00"))


def date_of(ms: int) -> str:
    """UTC date of a moment, without the kernel."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%d")


@dataclass
class Seen:
    """What the journal holds, line by line, as the judge reads it."""

    plays: set[Key] = field(default_factory=set)
    lines: int = 0
    play_lines: int = 0
    claims: list[dict[str, Any]] = field(default_factory=list)
    quarantined: str = ""

    def add(self, body: bytes) -> set[Key]:
        """Reads one object; the plays in it."""
        found: set[Key] = set()
        for line in gzip.decompress(body).splitlines():
            entry = json.loads(line)
            self.lines += 1
            if entry["kind"] == "play":
                self.play_lines += 1
                found.add((stored_ms(entry["played_at"]), entry["track_uri"]))
            elif entry["kind"] == "claim":
                self.claims.append(entry)
            else:
                self.quarantined += json.dumps(entry)
        self.plays |= found
        return found


class Judge:
    """Watches one run. `violations` are sentences that begin with the invariant's number."""

    def __init__(self, listener: Listener, scheduler: Scheduler, tally: Counter[str], ttl_days: int) -> None:
        self.violations: list[str] = []
        self.journal = Seen()
        self.acknowledged: set[Key] = set()
        self.kept: set[Key] = set()
        self.withheld: set[Key] = set()
        self.quarantine: set[int] = set()
        self.excused_until = 0
        self.ttl_ms = ttl_days * DAY
        self._listener = listener
        self._scheduler = scheduler
        self._tally = tally
        self._truth = {play.key for play in listener.plays if play.malformed is None}

    # ---- as it happens ------------------------------------------------------------------------------------------

    def journal_grew(self, key: str, text: bytes) -> None:
        """A new object is in the journal: every play in it happened, on the date in its name (I4)."""
        found = self.journal.add(text)
        if not found <= self._known():
            self._say("I4", f"{key} holds a play that never was: {sorted(found - self._known())[0]}")
        if any(f"dt={date_of(ms)}/" not in key for ms, _ in found):
            self._say("I4", f"{key} holds a play of another date")

    def state_changed(self, before: IngestionState | None, after: IngestionState | None) -> None:
        """The state was written: nothing in it may go backwards (I5)."""
        if after is None or before == after:
            return
        self._tally["branch bootstrap"] += before is None
        if len(after.model_dump_json()) > STATE_BYTES:
            self._say("I5", f"the state takes {len(after.model_dump_json())} bytes")
        if before is None or self._scheduler.now < self.excused_until:
            return
        for name in ("version", "last_cursor_unix_ms", "last_run_timestamp", "last_seen_played_at", "window_max"):
            old, new = getattr(before, name), getattr(after, name)
            if old is not None and (new is None or new < old):
                self._say("I5", f"{name} went from {old} to {new}")
        if before.coverage_from and after.coverage_from != before.coverage_from:
            self._say("I5", f"coverage_from moved from {before.coverage_from} to {after.coverage_from}")

    def excuse(self) -> None:
        """The state was lost or put back from outside: what is under way now may still commit over the old one."""
        self.excused_until = self._scheduler.now + 2 * MINUTE

    def committed(self, plays: Sequence[PlayEvent], state: IngestionState) -> None:
        """Counts what only the stores see."""
        if state.last_run_timestamp:
            oldest = to_ms(state.last_run_timestamp) - self.ttl_ms
            self._tally["branch TTL skip"] += any(to_ms(play.played_at) <= oldest for play in plays)

    def asked(self) -> None:
        """Spotify was asked."""
        notes = self._scheduler.current.notes
        notes["asked"] = notes.get("asked", 0) + 1

    def answered(self, shown: Sequence[TruePlay], withheld: Sequence[TruePlay]) -> None:
        """Spotify showed a window; the last one of a task is the one it stands for."""
        notes = self._scheduler.current.notes
        notes["shown"] = list(shown)
        notes["new"] = [play.ms for play in shown if play.key not in self.journal.plays and play.malformed is None]
        self.withheld |= {play.key for play in withheld}

    def spooled(self, plays: Sequence[PlayEvent]) -> None:
        """The hot store keeps these for the night: promised from now on, unless they expire before it comes."""
        self._tally["branch spool"] += 1
        keys = ((to_ms(play.played_at), play.track_uri) for play in plays)
        self.kept |= {key for key in keys if key[0] + self.ttl_ms > self._scheduler.now + 5 * DAY}

    def acknowledge(self, task: Task) -> None:
        """The invocation ended well: all that it was shown is in the journal now (I1)."""
        shown: list[TruePlay] = task.notes.get("shown", [])
        keys = {play.key for play in shown if play.malformed is None}
        self.acknowledged |= keys
        self.quarantine |= {play.ms for play in shown if play.malformed is not None}
        self._tally["branch straddle"] += len({ms // DAY for ms in task.notes.get("new", [])}) > 1
        missing = sorted(keys - self.journal.plays)
        if missing:
            self._say("I1", f"{task.name} was acknowledged, {len(missing)} of its plays are not stored: {missing[0]}")

    # ---- at the end ---------------------------------------------------------------------------------------------

    def close_books(
        self, *, gaps: Sequence[Gap], plays: Sequence[tuple[str, dict[str, Any]]], hot: Sequence[PlayEvent]
    ) -> None:
        """Everything after the last night: I2, I3, I4 and I6; counts empty gaps for I7."""
        self._promised()
        self._lost(gaps)
        self._settled(plays)
        self._hot(hot)

    def _promised(self) -> None:
        missing = sorted((self.acknowledged | self.kept) - self.journal.plays)
        if missing:
            self._say("I2", f"{len(missing)} plays were shown or spooled, and are not in the journal: {missing[0]}")
        self._tally["branch quarantine"] += bool(self.quarantine)
        unread = [ms for ms in sorted(self.quarantine) if str(ms) not in self.journal.quarantined]
        if unread:
            self._say("I2", f"{len(unread)} unreadable records were shown and not kept: {unread[0]}")

    def _lost(self, gaps: Sequence[Gap]) -> None:
        whole = [stored_ms(claim["server_now"]) for claim in self.journal.claims if not claim["is_short"]]
        began = min(whole, default=None)
        if began is None:
            return
        holes = [(to_ms(gap.after), to_ms(gap.before), gap) for gap in gaps]
        listed = self._listener.published_by(self._scheduler.now)
        missing = [p for p in listed if p.malformed is None and p.key not in self.journal.plays and p.ms > began]
        orderly = {play.key for play in self._listener.in_order()}
        shared = Counter(play.ms for play in listed)
        for play in missing:
            vouched = play.key in orderly and play.key not in self.withheld and shared[play.ms] == 1
            if vouched and not any(after < play.ms < before for after, before, _ in holes):
                self._say("I3", f"a play was lost outside every gap: {play.ms} {play.uri}")
        for after, before, gap in holes:
            self._bounds(gap, [p for p in missing if after < p.ms < before], orderly)

    def _bounds(self, gap: Gap, inside: Sequence[TruePlay], orderly: set[Key]) -> None:
        lost = [play for play in inside if play.device == "main" and play.key in orderly]
        self._tally["gaps"] += 1
        self._tally[f"branch {gap.gap_class} gap"] += 1
        self._tally["gaps empty"] += not inside
        if len(lost) > gap.lost_max:
            self._say("I3", f"a gap says at most {gap.lost_max} plays are lost, {len(lost)} are: {gap.after}")
        if gap.lost_min > gap.lost_max:
            self._say("I3", f"a gap's bounds cross: {gap.lost_min} and {gap.lost_max} at {gap.after}")

    def _settled(self, dated: Sequence[tuple[str, dict[str, Any]]]) -> None:
        rows = [row for _, row in dated]
        if any(not row["played_at"].startswith(dt) for dt, row in dated):
            self._say("I4", "the plays table holds a play under another date")
        keys = [(stored_ms(row["played_at"]), row["track_uri"]) for row in rows]
        if len(set(keys)) != len(keys):
            self._say("I4", f"the plays table counts {len(keys) - len(set(keys))} plays twice")
        if set(keys) != self.journal.plays:
            odd = sorted(set(keys) ^ self.journal.plays)
            self._say("I4", f"the plays table and the journal differ by {len(odd)} plays: {odd[0]}")

    def _hot(self, hot: Sequence[PlayEvent]) -> None:
        keys = {(to_ms(play.played_at), play.track_uri) for play in hot}
        if not keys <= self._truth:
            self._say("I4", f"the hot store holds a play that never was: {sorted(keys - self._truth)[0]}")

    def mirrored(self, hot: Sequence[PlayEvent], now: int) -> None:
        """After a night that ended well the hot store holds what the journal holds and has not expired (I6)."""
        keys = {(to_ms(play.played_at), play.track_uri) for play in hot}
        wanted = {key for key in self.journal.plays if key[0] + self.ttl_ms > now}
        if keys != wanted:
            self._say("I6", f"hot store and journal differ by {len(keys ^ wanted)} plays: {sorted(keys ^ wanted)[0]}")

    def say(self, number: str, text: str) -> None:
        """A violation found elsewhere."""
        self._say(number, text)

    def _known(self) -> set[Key]:
        if len(self._truth) != len(self._listener.plays):
            self._truth = {play.key for play in self._listener.plays if play.malformed is None}
        return self._truth

    def _say(self, number: str, text: str) -> None:
        self.violations.append(f"{number} at {self._scheduler.now}: {text}")
