"""The simulator itself: virtual time, faults, determinism, shrinking, patches. Judges are judged first."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from playledger.errors import StoreUnavailable
from playledger.ports import HotStore, Journal, TableStore, TokenStore
from tests.simulation.faults import (
    CRASH_AFTER,
    CRASH_BEFORE,
    ERROR_AFTER,
    ERROR_BEFORE,
    LATE_EFFECT,
    MODES,
    OUTAGE,
    PAIRS,
    SITES,
    SLOW,
    WRITES,
    Fault,
    Given,
    Probe,
)
from tests.simulation.mutation import Mutant, PatchDoesNotApply
from tests.simulation.ports import SimHotStore, SimJournal, SimTableStore
from tests.simulation.runner import Sum
from tests.simulation.scheduler import Crash, Scheduler, Task
from tests.simulation.shrink import read, written
from tests.simulation.wire import SimTokenStore

pytestmark = pytest.mark.simulation

ROOT = Path(__file__).parents[2]


def visible_effect(mode: str | None, *, outage: bool = False) -> tuple[Task, list[str], Probe]:
    """Runs one journal put under the mode; the task, what happened, and the probe."""
    scheduler, done = Scheduler("machine", 1_000), []
    faults = [Fault("journal", 0, OUTAGE, 0, 10**15)] if outage else [Fault("t", 1, mode)] if mode else []
    probe = Probe(scheduler, Given(faults), Counter())
    task = scheduler.spawn(
        "t", 1_000, lambda: probe.call("journal.put", lambda: done.append("effect")), limit_ms=60_000
    )
    scheduler.run()
    return task, done, probe


@pytest.mark.parametrize(
    ("mode", "effects", "ended"),
    [
        (None, 1, "returned"),
        (CRASH_BEFORE, 0, "crashed"),
        (CRASH_AFTER, 1, "crashed"),
        (ERROR_BEFORE, 0, "raised"),
        (ERROR_AFTER, 1, "raised"),
        (LATE_EFFECT, 1, "raised"),
    ],
)
def test_each_mode_does_what_its_name_says(mode: str | None, effects: int, ended: str) -> None:
    task, done, _ = visible_effect(mode)
    assert (len(done), task.ended) == (effects, ended)


def test_a_service_that_is_down_refuses_every_call() -> None:
    task, done, probe = visible_effect(None, outage=True)
    assert done == []
    assert isinstance(task.error, StoreUnavailable)
    assert probe.tally["journal.put|outage"] == 1


def test_a_slow_call_takes_seconds_of_virtual_time_and_can_outlive_the_invocation() -> None:
    ends = {visible_effect(SLOW)[0].ended}
    scheduler = Scheduler("slow", 0)
    probe = Probe(scheduler, Given([Fault("t", 1, SLOW)]), Counter())
    scheduler.spawn("t", 0, lambda: probe.call("hot.commit", lambda: None), limit_ms=200_000)
    scheduler.run()
    assert scheduler.now > 5_000
    assert ends <= {"returned", "crashed"}


def test_a_crash_survives_every_handler_and_silences_what_comes_after_it() -> None:
    scheduler, effects = Scheduler("crash", 0), []
    probe = Probe(scheduler, Given([Fault("t", 1, CRASH_BEFORE)]), Counter())

    def body() -> None:
        try:
            probe.call("journal.put", lambda: effects.append("first"))
        except Exception:  # noqa: BLE001 - the handler that must not matter
            effects.append("handled")
        finally:
            probe.call("hot.touch", lambda: effects.append("from the grave"))

    task = scheduler.spawn("t", 0, body)
    scheduler.run()
    assert (effects, task.ended) == ([], "crashed")


def test_an_invocation_is_killed_at_its_deadline() -> None:
    scheduler, seen = Scheduler("deadline", 0), []

    def body() -> None:
        for _ in range(10):
            scheduler.sleep(10_000)
            seen.append(scheduler.now)

    task = scheduler.spawn("t", 0, body, limit_ms=35_000)
    scheduler.run()
    assert (seen, task.ended, scheduler.now) == ([10_000, 20_000, 30_000], "crashed", 35_000)


def test_invocations_interleave_between_two_port_calls() -> None:
    orders = set()
    for seed in range(30):
        scheduler = Scheduler(seed, 0)
        order: list[str] = []
        probe = Probe(scheduler, Given(), Counter())
        for name in "ab":
            scheduler.spawn(name, 0, _caller(probe, order, name))
        scheduler.run()
        orders.add("".join(order))
    assert {"aabb", "abab", "abba", "baab", "baba", "bbaa"} <= orders


def _caller(probe: Probe, order: list[str], name: str) -> Callable[[], None]:
    def body() -> None:
        for _ in range(2):
            probe.call("journal.put", lambda: order.append(name))

    return body


def test_a_crash_is_no_exception_that_code_may_catch() -> None:
    assert not issubclass(Crash, Exception)


NOT_CALLED = {"hot.life", "tables.list", "tables.roll_up", "tables.derive"}
"""What no simulated job calls: a life is no call, a night lists all tables at once, rolls up and derives after
settling."""


@pytest.mark.parametrize(
    ("service", "port", "double"),
    [
        ("journal", Journal, SimJournal),
        ("hot", HotStore, SimHotStore),
        ("tables", TableStore, SimTableStore),
        ("tokens", TokenStore, SimTokenStore),
    ],
)
def test_every_call_of_every_role_can_fail_in_every_way(service: str, port: type, double: type) -> None:
    calls = {f"{service}.{name}" for name in vars(port) if not name.startswith("_")} - NOT_CALLED
    assert calls == {site for site in SITES if site.startswith(f"{service}.")}
    assert calls == {f"{service}.{name}" for name in vars(double) if not name.startswith("_")} & set(SITES)
    assert {(site, mode) for site in calls for mode in MODES if mode != LATE_EFFECT or site in WRITES} <= set(PAIRS)


def test_what_was_visited_too_seldom_is_told() -> None:
    total = Sum(tally=Counter({"hot.touch|slow": 99, "hot.fill|slow": 100}), visited=Counter({"a": 49, "b": 50}))
    faults, branches = ("hot.touch|slow", "hot.fill|slow", "x"), {"first": "a", "second": "b"}
    missed = total.too_seldom(faults, branches, hits=100, runs=50)
    assert missed == ["hot.touch|slow: struck 99 times", "x: struck 0 times", "first: in 49 runs"]


@pytest.mark.parametrize(
    "fault",
    [Fault("poll 3 retry twin", 2, CRASH_AFTER), Fault("journal", 0, OUTAGE, 5, 99), Fault("night 7", 41, SLOW)],
)
def test_a_fault_reads_back_from_the_command_line(fault: Fault) -> None:
    assert read(written(fault)) == fault


def test_what_is_no_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault"):
        read("poll 3")


def test_a_patch_that_does_not_apply_once_is_an_error() -> None:
    for before in ("def ", "there is no such text"):
        with pytest.raises(PatchDoesNotApply):
            Mutant("m", "random", "playledger/journal.py", ((before, "x"),)).source()


def test_the_same_seed_leaves_the_same_trace_whatever_the_hash_seed() -> None:
    traces = [_trace(seed, hash_seed) for seed in ("5", "7", "twins") for hash_seed in ("0", "1", "777")]
    assert all(len(set(traces[at : at + 3])) == 1 for at in (0, 3, 6)), traces
    assert len(set(traces)) == 3


def _trace(seed: str, hash_seed: str) -> str:
    command = [sys.executable, "-m", "tests.simulation", seed, "--quiet"]
    environment = {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path), "PATH": ""}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert "trace " in done.stdout, done.stderr
    return next(line for line in done.stdout.splitlines() if line.startswith("trace "))
