"""One run: a listener, memory stores, the real jobs as interleaved invocations under weather, and the judge.

A seed draws a script (habits, slots, twins, nights, outages). The same seed gives the same run, to the last port call.
"""

import gzip
import logging
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingestion.capture import capture
from playledger.errors import NeedsReauth, PlayledgerError
from playledger.models import WINDOW_SIZE, Gap, PlayEvent, from_ms, seen_hash, to_ms
from settlement.job import rebuild, reconcile, settle_changed, settle_gaps
from settlement.once import ListedOnce, ReadOnce
from tests.simulation.faults import Call, Drawn, Fault, Given, Probe, Weather
from tests.simulation.judge import Judge, Key
from tests.simulation.listener import DAY, HOUR, MINUTE, SECOND, Listener, played
from tests.simulation.ports import SimHotStore, SimJournal, SimSpotify, SimTableStore
from tests.simulation.scheduler import Scheduler, Task
from tests.simulation.scripts import Event, Script, draw
from tests.simulation.wire import SECRET, Login
from tests.support.memory import MemoryHotStore, MemoryJournal, MemoryTableStore

LIMIT_MS = 60 * SECOND
"""An invocation lives no longer; then it is killed wherever it is."""
NIGHT_LIMIT_MS = 15 * MINUTE
IDLE_CALLS, BUSY_CALLS = 2, 3
TOLD = {
    "poll": ("conflicts", "already_stored", "gap", "short_window", "small_overlap", "quarantined"),
    "night": ("to_journal", "claims", "withheld", "to_hot"),
}
"""What is counted of the reports of capture and of reconcile."""


@dataclass
class Verdict:
    """What a run came to."""

    violations: list[str]
    fired: list[Fault]
    tally: Counter[str]
    calls: list[Call]
    trace_hash: str
    lines: list[str]


class _Overhear(logging.Handler):
    """Writes every log record down, traceback included."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))


class World:
    """The stores, the listener and the code under test of one run."""

    def __init__(self, script: Script, *, faults: Iterable[Fault] | None = None, trace: bool = False) -> None:
        self.script = script
        self.tally: Counter[str] = Counter()
        self.scheduler = Scheduler(script.seed, script.start)
        weather = self._weather() if faults is None else Given(faults)
        self.probe = Probe(self.scheduler, weather, self.tally, trace=trace)
        self.listener = Listener(script.seed, script.start, script.habits, script.plays)
        self.judge = Judge(self.listener, self.scheduler, self.tally, script.ttl_days)
        self.memory = MemoryJournal()
        self.hot = MemoryHotStore(script.ttl_days)
        self.tables = MemoryTableStore()
        self.alike: Mapping[str, str] = {}
        self.spotify = SimSpotify(self.listener, self.probe, self.judge, self._is_new_account)
        self.login = Login(self.spotify, self.probe, rotates=script.rotates, clock_off_ms=script.clock_off_ms)
        self.own_clock_off = 0
        self.most_new = 0
        self.overheard: list[str] = []
        self._journal = SimJournal(self.memory, self.probe, self.judge)
        self._hot = SimHotStore(self.hot, self.probe, self.judge)
        self._tables = SimTableStore(self.tables, self.probe)

    def _is_new_account(self) -> bool:
        """The state knows of polls and of no play, or did when the invocation at work read it."""
        states = (self.hot.state, self.scheduler.current.notes.get("known"))
        return any(state is not None and state.coverage_from is not None and not state.seen for state in states)

    def _weather(self) -> Weather:
        script = self.script
        return Drawn(
            script.seed, script.outages, armed=script.armed, quiet=lambda: self.scheduler.now >= script.quiet_from
        )

    # ---- invocations --------------------------------------------------------------------------------------------

    def poll(self, name: str, at: int) -> Task:
        """One invocation of capture at `at`; its end is judged as soon as it comes."""
        slot = from_ms(at + self.own_clock_off)

        def body() -> Any:
            spotify = self.login.client() if self.script.wired else self.spotify
            report = capture(spotify, self._journal, self._hot, now=slot, pause=self._pause)
            self._acknowledged(report, at)
            return report

        return self._spawn(name, at, body, LIMIT_MS)

    def night(self, name: str, at: int) -> Task:
        """The part of the night that concerns the journal: reconcile, settle, gaps."""
        slot = from_ms(at)

        def body() -> Any:
            journal, tables = ReadOnce(self._journal), ListedOnce(self._tables)
            report = reconcile(journal, self._hot, now=slot, alike=self.alike)
            self._count("night", report)
            settled = settle_changed(journal, tables)
            settle_gaps(journal, tables, evidence=settled.evidence)
            self.alike = report.alike
            return report

        return self._spawn(name, at, body, NIGHT_LIMIT_MS)

    def rebuild(self, name: str, at: int) -> Task:
        """Hot store and state from the journal alone, as its owner may ask for between two polls."""
        slot = from_ms(at)

        def body() -> Any:
            self.judge.excuse()
            state = rebuild(self._journal, self._hot, now=slot)
            self.tally["branch rebuilt"] += state is not None
            return state

        return self._spawn(name, at, body, LIMIT_MS)

    def _spawn(self, name: str, at: int, body: Callable[[], Any], limit: int) -> Task:
        def watched() -> Any:
            self.tally["invocations"] += 1
            try:
                return body()
            except PlayledgerError as error:
                self.tally["branch reauth"] += isinstance(error, NeedsReauth)
                self.overheard.append("".join(traceback.format_exception(error)) if self.script.wired else str(error))
                raise

        return self.scheduler.spawn(name, at, watched, limit_ms=limit)

    def _pause(self, seconds: float) -> None:
        self.scheduler.sleep(int(seconds * SECOND))

    def _acknowledged(self, report: Any, at: int) -> None:
        task = self.scheduler.current
        self.tally[f"outcome {report.outcome}"] += 1
        self._count("poll", report)
        if report.outcome != "blocked":
            self.judge.acknowledge(task)
        self.most_new = max(self.most_new, len(task.notes.get("new", [])))
        if report.outcome == "degraded":
            self.tally["branch cold-only"] += 1
        if self.script.faultless and self.script.is_alone(at):
            self._thrifty(task, report.outcome)

    def _count(self, job: str, report: Any) -> None:
        """What a job says that it met."""
        for name in TOLD[job]:
            self.tally[f"{job} {name}"] += bool(getattr(report, name))

    def _thrifty(self, task: Task, outcome: str) -> None:
        """Two calls to the stores where there is nothing new, three where there is, one more per further date (I8)."""
        calls, new = task.store_calls, task.notes.get("new", [])
        dates = {ms // DAY for ms in new}
        allowed = IDLE_CALLS if outcome == "idle" else BUSY_CALLS + max(0, len(dates) - 1)
        if calls > allowed:
            self.judge.say("I8", f"{task.name} ({outcome}) made {calls} calls for {len(new)} new plays")

    # ---- the world's own doing ------------------------------------------------------------------------------------

    @contextmanager
    def eavesdrop(self) -> Iterator[None]:
        """Keeps everything that is logged, however chatty a library is asked to be."""
        if not self.script.wired:
            yield
            return
        root, listener = logging.getLogger(), _Overhear(self.overheard)
        level = root.level
        root.addHandler(listener)
        root.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            root.setLevel(level)
            root.removeHandler(listener)

    def lose_state(self) -> None:
        """Somebody deletes the state item; the plays stay (F38)."""
        self.tally["branch state lost"] += 1
        self.hot.state = None
        self.judge.excuse()

    def lose_hot_store(self) -> None:
        """The whole table is gone, and what was spooled with it."""
        self.hot.items.clear()
        self.judge.kept.clear()
        self.hot.spool_claims.clear()
        self.lose_state()

    def expire(self) -> None:
        """The store gets round to deleting what has expired."""
        self.hot.expire(from_ms(self.scheduler.now))

    # ---- from the first poll to the verdict ---------------------------------------------------------------------

    def play_script(self) -> None:
        """All events of the script, until faults end."""
        self._withdraw_consent()
        for event in self.script.events:
            self._schedule(event)
        self.scheduler.run(self.script.quiet_from)
        self.login.log_in()

    def _withdraw_consent(self) -> None:
        """The owner has logged in; for a while Spotify may take that back."""
        self.login.log_in()
        if not self.script.wired:
            self.spotify.revoked = self.script.revoked
        elif self.script.revoked[1]:
            self.scheduler.call_at(self.script.revoked[0], "consent withdrawn", self.login.accounts.revoke)
            self.scheduler.call_at(self.script.revoked[1], "consent given again", self.login.log_in)

    def _schedule(self, event: Event) -> None:
        invocations = {"poll": self.poll, "night": self.night, "rebuild": self.rebuild}
        effects = {"lose state": self.lose_state, "lose hot store": self.lose_hot_store, "expire": self.expire}
        if event.kind in invocations:
            invocations[event.kind](event.name, event.at)
        else:
            self.scheduler.call_at(event.at, event.name, effects[event.kind])

    def drain(self) -> None:
        """Faults are over: two polls, a night, and everything must be right again."""
        at = self._free_again()
        fresh = played(at - 30 * SECOND - 7, track=3)
        self.listener.add(fresh)
        before = self.hot.state.version if self.hot.state else 0
        polls = [self.poll("drain 1", at), self.poll("drain 2", at + HOUR)]
        self.scheduler.run(at + 2 * HOUR)
        self._alive(polls, before, fresh.key)
        night = self.night("drain night", at + 2 * HOUR)
        self.scheduler.run(at + 3 * HOUR)
        if night.ended != "returned":
            self.judge.say("I13", f"the night after the faults {night.ended}: {night.error}")
        self._close(at + 3 * HOUR)

    def _free_again(self) -> int:
        """When the next poll may ask: all plays are listed by then, and no refusal of Spotify stands."""
        blocked = self.hot.state.blocked_until if self.hot.state else None
        listed = self.listener.plays[-1].published if self.listener.plays else 0
        return max(self.scheduler.now, to_ms(blocked) if blocked else 0, listed) + HOUR

    def _alive(self, polls: Sequence[Task], version: int, fresh: Key) -> None:
        for task in polls:
            if task.ended != "returned":
                self.judge.say("I13", f"{task.name}, after the faults, {task.ended}: {task.error}")
        if not self.hot.state or self.hot.state.version <= version:
            self.judge.say("I13", "the version does not advance after the faults")
        if fresh not in self.judge.journal.plays:
            self.judge.say("I13", "two polls after the faults did not catch a new play")

    def _close(self, at: int) -> None:
        now, judge = from_ms(at), self.judge
        gaps = [Gap.model_validate(row) for row in self.tables.read("gaps", "")]
        rows = [(dt, row) for dt in self.tables.list("plays") for row in self.tables.read("plays", dt)]
        hot = list(self.hot.plays(now))
        judge.close_books(gaps=gaps, plays=rows, hot=hot)
        judge.mirrored(hot, at)
        if self.hot.spool_claims:
            judge.say("I6", f"{len(self.hot.spool_claims)} spooled claims are still not in the journal")
        self._rebuilt(now, hot)
        self._quiet(at)
        if self.script.faultless:
            self._precise(gaps)
        self._secrets()

    def _rebuilt(self, now: datetime, hot: Sequence[PlayEvent]) -> None:
        """The journal alone gives back the hot store and the cursor (I11)."""
        again = MemoryHotStore(self.script.ttl_days)
        rebuild(self.memory, again, now=now)
        lost, state = list(again.plays(now)), self.hot.state
        if [play.key for play in lost] != [play.key for play in hot]:
            self.judge.say("I11", f"rebuild gives {len(lost)} hot plays, there were {len(hot)}")
        if again.state is None or state is None or again.state.last_cursor_unix_ms != state.last_cursor_unix_ms:
            self.judge.say("I11", "rebuild gives another cursor")
            return
        listed = [play for play in self.listener.window(self.scheduler.now, WINDOW_SIZE) if play.malformed is None]
        forgotten = {seen_hash(f"{play.ms}#{play.uri}") for play in listed} - set(again.state.seen)
        if forgotten:
            self.judge.say("I11", f"rebuild forgets {len(forgotten)} plays of the window: they would be written again")

    def _quiet(self, at: int) -> None:
        """With nothing new, neither a poll nor a night writes anything."""
        before, tables = len(self.memory.objects), self.tables.contents()
        self.poll("quiet poll", at)
        self.scheduler.run(at + MINUTE)
        self.night("quiet night", at + MINUTE)
        self.scheduler.run(at + HOUR)
        if len(self.memory.objects) != before:
            self.judge.say("I8", "a quiet poll or night wrote to the journal")
        if self.tables.contents() != tables:
            self.judge.say("I8", "a quiet night rewrote a table")

    def _precise(self, gaps: Sequence[Gap]) -> None:
        """Without faults nothing is written twice, and there is no gap but where the window overran (I7, I8)."""
        again = self.judge.journal.play_lines - len(self.judge.journal.plays)
        if again and not self.script.has_twins:
            self.judge.say("I8", f"{again} duplicate rows without a fault")
        if gaps and not self.script.has_twins and self.most_new < WINDOW_SIZE:
            self.judge.say("I7", f"{len(gaps)} gaps although no poll was full of new plays: {gaps[0]}")

    def _secrets(self) -> None:
        """No token of the run is in anything that was kept, logged or raised (I12)."""
        kept = {key: gzip.decompress(body).decode() for key, body in self.memory.objects.items()}
        kept |= {f"a row of {table}": text for (table, _), text in self.tables.contents().items()}
        kept |= {"the state": repr(self.hot.state), "the log": "\n".join(self.overheard)}
        for what, text in kept.items():
            if SECRET in text:
                self.judge.say("I12", f"a token is in {what}")

    def verdict(self) -> Verdict:
        """What the run came to."""
        probe = self.probe
        return Verdict(self.judge.violations, probe.fired, self.tally, probe.calls, probe.trace_hash, probe.lines or [])


def run(seed: object, *, faults: Iterable[Fault] | None = None, trace: bool = False) -> Verdict:
    """The run of a seed, under its own weather, or under just the faults given."""
    return play(draw(seed), faults=faults, trace=trace)


def play(script: Script, *, faults: Iterable[Fault] | None = None, trace: bool = False) -> Verdict:
    """The run of a script."""
    world = World(script, faults=faults, trace=trace)
    with world.eavesdrop():
        world.play_script()
        world.drain()
    return world.verdict()
