"""A stage for directed cases: a listener written by hand, polls and nights one by one, faults placed by name.

Faults are placed before the call: `stage.strike("poll 2", "journal.put", CRASH_AFTER)`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from playledger.models import Gap, IngestionState, from_ms
from tests.simulation.faults import MODES, OUTAGE, Fault
from tests.simulation.judge import Key
from tests.simulation.listener import DAY, HOUR, MINUTE, SECOND, Habits, TruePlay, played
from tests.simulation.scenarios import SCENARIOS
from tests.simulation.scheduler import Task
from tests.simulation.scripts import EPOCH, Event, Script
from tests.simulation.world import World

NOON = EPOCH + 50 * DAY + 12 * HOUR
"""2026-04-20 12:00 UTC, when most cases begin."""


class Placed:
    """Weather that strikes where it was told to: the n-th call of a task to a site, or a task's answer."""

    def __init__(self) -> None:
        self.outages: Collection[Fault] = []
        self.modes: dict[tuple[str, str, int], str] = {}
        self.answers: dict[str, str] = {}
        self._seen: Counter[tuple[str, str]] = Counter()

    def at_call(self, task: str, _call: int, site: str, /) -> str | None:
        """The mode placed at this call."""
        self._seen[task, site] += 1
        return self.modes.get((task, site, self._seen[task, site]))

    def at_answer(self, task: str, _call: int, /) -> str | None:
        """The wrong answer placed for this task."""
        return self.answers.get(task)


def every(seconds: float, begin: int, count: int, *, track: int = 0) -> list[TruePlay]:
    """`count` plays, one each so many seconds, the first at `begin`; songs differ."""
    return [played(begin + round(n * seconds * SECOND), track=track + n) for n in range(count)]


class Stage:
    """A world without weather of its own. `now` is where the next poll stands."""

    def __init__(self, plays: Iterable[TruePlay] = (), *, start: int = NOON, **script: Any) -> None:
        event = (Event(start, "poll", "never run"),)
        base = Script("stage", start, Habits(span_hours=0, history=0), event, plays=tuple(plays), **script)
        self.world = World(base, faults=())
        self.weather = Placed()
        self.world.probe.weather = self.weather
        self.world.login.log_in()
        self.now = start

    # ---- what goes wrong ----------------------------------------------------------------------------------------

    def strike(self, task: str, site: str, mode: str, *, nth: int = 1) -> None:
        """The task's n-th call to the site suffers the mode."""
        assert mode in MODES, mode
        self.weather.modes[task, site, nth] = mode

    def answer(self, task: str, wrong: str) -> None:
        """What is wrong with the answer that the task gets."""
        self.weather.answers[task] = wrong

    def down(self, service: str, begin: int, end: int) -> None:
        """The service does not answer in between."""
        self.weather.outages = [*self.weather.outages, Fault(service, 0, OUTAGE, begin, end)]

    # ---- what happens -------------------------------------------------------------------------------------------

    def poll(self, name: str, at: int | None = None) -> Task:
        """One poll, run to its end."""
        return self.polls((name, at))[0]

    def polls(self, *named: tuple[str, int | None]) -> Sequence[Task]:
        """Polls that overlap as their times say, all run to their end."""
        tasks = [self.world.poll(name, self.now if at is None else at) for name, at in named]
        latest = max(self.now if at is None else at for _, at in named)
        self.run_to(latest + 10 * MINUTE)
        return tasks

    def night(self, name: str = "night", at: int | None = None) -> Task:
        """One night, run to its end."""
        at = self.now if at is None else at
        task = self.world.night(name, at)
        self.run_to(at + 20 * MINUTE)
        return task

    def play(self, *plays: TruePlay) -> None:
        """The listener plays some more."""
        self.world.listener.add(*plays)

    def run_to(self, moment: int) -> None:
        """Time passes."""
        self.world.scheduler.run(moment)
        self.now = max(self.now, moment)

    def finish(self) -> None:
        """No more faults: everything must come right. Fails with what is violated."""
        self.weather.outages, self.weather.modes, self.weather.answers = [], {}, {}
        self.world.drain()
        assert not self.world.judge.violations, "\n".join(self.world.judge.violations)

    # ---- what there is now --------------------------------------------------------------------------------------

    @property
    def state(self) -> IngestionState:
        """The committed state; there must be one."""
        assert self.world.hot.state is not None
        return self.world.hot.state

    @property
    def stored(self) -> set[Key]:
        """The plays in the journal."""
        return self.world.judge.journal.plays

    @property
    def rows(self) -> int:
        """Play lines in the journal, repetitions included."""
        return self.world.judge.journal.play_lines

    @property
    def claims(self) -> list[dict[str, Any]]:
        """The claims in the journal."""
        return self.world.judge.journal.claims

    @property
    def gaps(self) -> list[Gap]:
        """The gaps as the last night left them."""
        return [Gap.model_validate(row) for row in self.world.tables.read("gaps", "")]

    @property
    def hot_keys(self) -> list[str]:
        """Keys of the unexpired plays in the hot store."""
        return [play.key for play in self.world.hot.plays(from_ms(self.now))]


__all__ = ["HOUR", "MINUTE", "NOON", "SCENARIOS", "SECOND", "Placed", "Stage", "every", "played", "replace"]
