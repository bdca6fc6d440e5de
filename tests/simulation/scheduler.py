"""A baton scheduler: invocations are greenlets, one runs at a time, and virtual time moves only here.

Production code stays plain and synchronous. It is interrupted where it calls a port, and nowhere else.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import greenlet

from playledger.errors import PlayledgerError


class Crash(BaseException):
    """The process is gone. No `except Exception` of the code under test can survive it."""


@dataclass
class Task:
    """One invocation: its stream of random numbers, the moment it is killed at, and how it ended."""

    name: str
    rng: Random
    deadline: int | None = None
    ended: str = "running"
    result: Any = None
    error: PlayledgerError | None = None
    calls: int = 0
    store_calls: int = 0
    notes: dict[str, Any] = field(default_factory=dict)


class Scheduler:
    """Runs tasks in the order of their wake-up times; ties are drawn from the tasks' own streams."""

    def __init__(self, seed: object, start: int) -> None:
        self.now = start
        self._seed = seed
        self._queue: list[tuple[int, float, int, greenlet.greenlet]] = []
        self._pushed = 0
        self._hub = greenlet.getcurrent()
        self._current: Task | None = None
        self._tasks: dict[int, Task] = {}

    @property
    def current(self) -> Task:
        """The task that holds the baton."""
        assert self._current is not None, "no task is running"
        return self._current

    def spawn(self, name: str, at: int, body: Callable[[], Any], *, limit_ms: int | None = None) -> Task:
        """Starts `body` at virtual time `at` (Unix ms); it is killed `limit_ms` later. Names must be unique."""
        task = Task(name, Random(f"{self._seed}|{name}"), at + limit_ms if limit_ms else None)
        runner = greenlet.greenlet(lambda: self._live(task, body), parent=self._hub)
        self._tasks[id(runner)] = task
        self._push(at, task, runner)
        return task

    def call_at(self, at: int, name: str, effect: Callable[[], Any]) -> None:
        """Lets something happen in the world at `at`, outside of every invocation."""
        self.spawn(name, at, effect)

    def sleep(self, ms: int) -> None:
        """Hands the baton back for `ms`. Raises Crash where the task's time is over by then."""
        task, runner = self.current, greenlet.getcurrent()
        wake = self.now + ms
        late = task.deadline is not None and wake > task.deadline
        self._push(min(wake, task.deadline) if late and task.deadline else wake, task, runner)
        self._hub.switch()
        if late:
            raise Crash

    def run(self, until: int | None = None) -> None:
        """Runs what is due before `until` (all there is, where it is None)."""
        while self._queue and (until is None or self._queue[0][0] <= until):
            at, _, _, runner = heapq.heappop(self._queue)
            self.now = max(self.now, at)
            self._current = self._tasks[id(runner)]
            runner.switch()
            self._current = None
            if runner.dead:
                del self._tasks[id(runner)]
        self.now = self.now if until is None else max(self.now, until)

    def _push(self, at: int, task: Task, runner: greenlet.greenlet) -> None:
        self._pushed += 1
        heapq.heappush(self._queue, (at, task.rng.random(), self._pushed, runner))

    @staticmethod
    def _live(task: Task, body: Callable[[], Any]) -> None:
        try:
            task.result = body()
            task.ended = "returned"
        except Crash:
            task.ended = "crashed"
        except PlayledgerError as error:
            task.error = error
            task.ended = "raised"
