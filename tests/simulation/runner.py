"""Runs many: seeds, single faults, pairs of faults, on all cores. Sums what was visited, tells what failed."""

import gc
import multiprocessing
import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TypeVar

from tests.simulation.faults import Call, Fault
from tests.simulation.scenarios import SCENARIOS, faults_at, script_of
from tests.simulation.scripts import Script
from tests.simulation.shrink import replay_line, told
from tests.simulation.world import Verdict, play

Job = TypeVar("Job")

TOLD = 2
"""So many failures of a chunk are shrunk and told; the rest are counted."""


@dataclass
class Sum:
    """What many runs came to. `tally` counts events, `visited` counts runs in which a thing occurred."""

    runs: int = 0
    tally: Counter[str] = field(default_factory=Counter)
    visited: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    failures: list[str] = field(default_factory=list)

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(
            self.runs + other.runs,
            self.tally + other.tally,
            self.visited + other.visited,
            self.broken + other.broken,
            self.failures + other.failures,
        )

    def take(self, script: Script, faults: Sequence[Fault] | None) -> Verdict | None:
        """Runs once more and adds it; None where the code under test broke with an error of its own."""
        self.runs += 1
        try:
            verdict = play(script, faults=faults)
        except Exception:  # noqa: BLE001 - whatever the code under test raises belongs to this run
            self._fail(
                f"seed {script.seed} broke\n{traceback.format_exc()}\n  replay: {replay_line(script, faults or ())}"
            )
            return None
        self.tally += verdict.tally
        self.visited.update(name for name, count in verdict.tally.items() if count)
        if verdict.violations:
            self._fail(told(script, verdict) if len(self.failures) < TOLD else "")
        return verdict

    def _fail(self, text: str) -> None:
        self.broken += 1
        if len(self.failures) < TOLD:
            self.failures.append(text)

    def too_seldom(self, faults: Iterable[str], branches: Mapping[str, str], *, hits: float, runs: float) -> list[str]:
        """What was visited too seldom: faults that struck fewer than `hits` times, branches met in fewer than `runs`.

        `branches` are words for what is counted -> the name it is counted by.
        """
        missed = [f"{name}: struck {self.tally[name]} times" for name in faults if self.tally[name] < hits]
        return missed + [
            f"{what}: in {self.visited[name]} runs" for what, name in branches.items() if self.visited[name] < runs
        ]

    def report(self) -> str:
        """All failures, for an assertion's message."""
        return f"{self.broken} of {self.runs} runs violate something\n" + "\n".join(self.failures)


def seeds(first: int, count: int) -> Sum:
    """Seeds first, first + 1, ..."""
    chunk = 20
    starts = range(first, first + count, chunk)
    return _spread(_seed_chunk, [(start, min(chunk, first + count - start)) for start in starts])


def _seed_chunk(job: tuple[int, int]) -> Sum:
    total = Sum()
    for seed in range(job[0], job[0] + job[1]):
        total.take(script_of(str(seed)), None)
    return total


def singles(scenario: str) -> Sum:
    """Every single fault at every call of the scenario: the n-th side effect fails, for n = 1, 2, 3 ..."""
    return _spread(partial(_single_chunk, scenario), list(_chunks(single_faults(scenario), 20)))


def _single_chunk(scenario: str, faults: Sequence[Fault]) -> Sum:
    total = Sum()
    for fault in faults:
        total.take(SCENARIOS[scenario], [fault])
    return total


def pairs(scenario: str, *, every: int = 1, points: int = 45) -> Sum:
    """Every pair of a first fault and one at a later call that the run with the first fault really makes.

    Both lie within so many `points`; of all pairs only one in `every` is run.
    """
    firsts = single_faults(scenario, points)
    stride = max(1, every // 10)
    jobs = [(fault, number) for number, fault in enumerate(firsts)][stride // 2 :: stride]
    return _spread(partial(_pair_chunk, scenario, every // stride, points), jobs)


def _pair_chunk(scenario: str, every: int, points: int, job: tuple[Fault, int]) -> Sum:
    first, number = job
    script, total = SCENARIOS[scenario], Sum()
    verdict = play(script, faults=[first])
    later = [fault for call in islice(_after(verdict.calls, first), points) for fault in faults_at(call)]
    for second in later[number % every :: every]:
        total.take(script, [first, second])
    return total


def _after(calls: Iterable[Call], fault: Fault) -> Iterator[Call]:
    """The calls behind the one that the fault struck, those of the drain left out."""
    reached = False
    for task, number, site in calls:
        if reached and _is_exposed(task):
            yield task, number, site
        reached = reached or (task, number) == (fault.where, fault.call)


def single_faults(scenario: str, points: int | None = None) -> list[Fault]:
    calls = [call for call in play(SCENARIOS[scenario], faults=[]).calls if _is_exposed(call[0])]
    return [fault for call in calls[:points] for fault in faults_at(call)]


def _is_exposed(task: str) -> bool:
    return not task.startswith(("drain", "quiet"))


def _chunks(items: Sequence[Fault], size: int) -> Iterator[Sequence[Fault]]:
    return (items[at : at + size] for at in range(0, len(items), size))


def _spread(work: Callable[[Job], Sum], jobs: Sequence[Job]) -> Sum:
    """All jobs on all cores, summed in their order."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=context, initializer=_collect_seldom) as pool:
        total = Sum()
        for part in pool.map(work, jobs):
            total = total + part
    return total


def _collect_seldom() -> None:
    """A run makes many small objects and hardly a cycle: looking for some all the time costs a tenth of it."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
