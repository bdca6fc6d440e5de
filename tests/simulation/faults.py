"""Faults: what can go wrong at a port call, when it does, and the wrapper that lets it happen.

Weather is drawn per seed in two phases: a (site, mode) pair is armed for the whole seed, then fires with a probability.
A plan is what fired; run again with a part of the plan, only that part fires.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Protocol, TypeVar

from playledger.errors import PlayledgerError, SpotifyUnavailable, StoreUnavailable
from tests.simulation.listener import HOUR, MINUTE
from tests.simulation.scheduler import Crash, Scheduler

T = TypeVar("T")
Call = tuple[str, int, str]
"""[task, number of the call within it, site]"""

READS = (
    "hot.load_state",
    "hot.plays",
    "hot.spooled_claims",
    "journal.list",
    "journal.read",
    "tables.list_all",
    "tables.read",
    "spotify.recently_played",
    "tokens.load",
)
WRITES = (
    "hot.commit",
    "hot.touch",
    "hot.spool",
    "hot.drop_spooled",
    "hot.fill",
    "hot.replace_state",
    "journal.put",
    "tables.write",
    "tokens.save",
    "spotify.token",
)
SITES = (*READS, *WRITES)

CRASH_BEFORE = "crash before"
CRASH_AFTER = "crash after"
ERROR_BEFORE = "error before"
ERROR_AFTER = "error after"
SLOW = "slow"
OUTAGE = "outage"
LATE_EFFECT = "late effect"
MODES = (CRASH_BEFORE, CRASH_AFTER, ERROR_BEFORE, ERROR_AFTER, SLOW, LATE_EFFECT, OUTAGE)
"""What can happen to a call. An outage strikes its whole service, from this call on for minutes or hours."""

ANSWERS = (
    "429 short",
    "429 long",
    "429 silent",
    "429 quota",
    "403",
    "no items",
    "stale",
    "short",
    "holed",
    "noise",
    "clock off",
)
"""What can be wrong with an answer of Spotify."""

RAREST = frozenset({"hot.drop_spooled", "hot.replace_state"})
RARE = frozenset(
    {
        *("hot.fill", "hot.spool", "tables.list_all", "tables.read", "tables.write"),
        *("tokens.load", "tokens.save", "spotify.token"),
    }
)
"""Sites that few invocations come to: there the weather is rougher, and roughest at the rarest."""

PAIRS = tuple((site, mode) for site in SITES for mode in MODES if mode != LATE_EFFECT or site in WRITES)


@dataclass(frozen=True, order=True)
class Fault:
    """What goes wrong at the `call`-th port call of a task; or, where `call` is 0, an outage from `start` to `end`."""

    where: str
    call: int
    mode: str
    start: int = 0
    end: int = 0

    def __str__(self) -> str:
        if self.end:
            return f"{self.where} is down for {(self.end - self.start) / 60_000:.0f} min"
        return f"{self.mode} at call {self.call} of {self.where}"


class Weather(Protocol):
    """Who decides what goes wrong."""

    outages: Collection[Fault]

    def at_call(self, task: str, call: int, site: str, /) -> str | None:
        """The mode that strikes this call, if any."""

    def at_answer(self, task: str, call: int, /) -> str | None:
        """What is wrong with this answer of Spotify, if anything."""


@dataclass
class Given:
    """Just these faults."""

    faults: Iterable[Fault] = ()
    outages: Collection[Fault] = field(init=False)
    _by_call: Mapping[tuple[str, int], str] = field(init=False)

    def __post_init__(self) -> None:
        given = list(self.faults)
        self.outages = [fault for fault in given if fault.end]
        self._by_call = {(fault.where, fault.call): fault.mode for fault in given if not fault.end}

    def at_call(self, task: str, call: int, _site: str, /) -> str | None:
        """The mode planned for this call."""
        mode = self._by_call.get((task, call))
        return mode if mode in MODES else None

    def at_answer(self, task: str, call: int, /) -> str | None:
        """The wrong answer planned for this call."""
        mode = self._by_call.get((task, call))
        return mode if mode in ANSWERS else None


class Drawn:
    """Weather of a seed: each pair armed or not, then firing with its own probability."""

    def __init__(self, seed: object, outages: Collection[Fault], *, armed: float, quiet: Callable[[], bool]) -> None:
        rng = Random(f"{seed}|weather")
        self.outages = outages
        self._seed = seed
        self._quiet = quiet
        self._streams: dict[str, Random] = {}
        self._modes = {site: self._arm(rng, _modes_of(site), *_roughness(site, armed)) for site in SITES}
        self._answers = self._arm(rng, ANSWERS, *_roughness("", armed))

    @staticmethod
    def _arm(rng: Random, modes: Iterable[str], share: float, chances: Sequence[float]) -> list[tuple[str, float]]:
        return [(mode, rng.choice(chances)) for mode in modes if rng.random() < share]

    def at_call(self, task: str, _call: int, site: str, /) -> str | None:
        """Draws from the task's own stream, so that dropping one fault leaves other tasks' weather as it was."""
        return None if self._quiet() else self._draw(f"{task}|call", self._modes[site])

    def at_answer(self, task: str, _call: int, /) -> str | None:
        """Draws what is wrong with an answer."""
        return None if self._quiet() else self._draw(f"{task}|answer", self._answers)

    def _draw(self, name: str, modes: list[tuple[str, float]]) -> str | None:
        stream = self._streams.setdefault(name, Random(f"{self._seed}|{name}"))
        fired = [mode for mode, probability in modes if stream.random() < probability]
        return stream.choice(fired) if fired else None


def _roughness(site: str, armed: float) -> tuple[float, Sequence[float]]:
    """The share of modes that is armed at a site, and how likely each of them strikes."""
    if site in RAREST:
        return armed**0.2, (0.3, 0.6)
    if site in RARE:
        return armed**0.5, (0.1, 0.3)
    return armed, (0.01, 0.03, 0.1, 0.3)


def _modes_of(site: str) -> list[str]:
    return [mode for where, mode in PAIRS if where == site]


class Probe:
    """Every port call goes through here: it yields before and after its effect, and suffers the fault of the call."""

    def __init__(self, scheduler: Scheduler, weather: Weather, tally: Counter[str], *, trace: bool = False) -> None:
        self.scheduler = scheduler
        self.weather = weather
        self.tally = tally
        self.fired: list[Fault] = []
        self._scheduled = list(weather.outages)
        self.lines: list[str] | None = [] if trace else None
        self.calls: list[Call] = []
        self._hash = sha256()

    @property
    def trace_hash(self) -> str:
        """Names everything that happened, in order."""
        return self._hash.hexdigest()[:16]

    def log(self, text: str) -> None:
        """Adds a line to the trace."""
        line = f"{self.scheduler.now} {self.scheduler.current.name} {text}"
        self._hash.update(line.encode())
        if self.lines is not None:
            self.lines.append(line)

    def call(self, site: str, effect: Callable[[], T]) -> T:
        """Runs one side effect under the weather. Crash and the site's kind of unavailability are what it may add."""
        task = self.scheduler.current
        if task.ended == "crashing":
            raise Crash  # a dead process has no `finally`
        task.calls += 1
        self.calls.append((task.name, task.calls, site))
        if site.startswith(("hot.", "journal.")):
            task.store_calls += 1
        mode = self._strike(task.name, task.calls, site)
        try:
            return self._perform(site, effect, mode)
        except Crash:
            task.ended = "crashing"
            self.tally["branch killed at its time limit"] += mode not in (CRASH_BEFORE, CRASH_AFTER)
            self.log(f"{site} killed")
            raise

    def strike_answer(self) -> str | None:
        """What is wrong with the answer that the current call is about to get."""
        task = self.scheduler.current
        mode = self.weather.at_answer(task.name, task.calls)
        if mode:
            self._note(Fault(task.name, task.calls, mode), f"answer|{mode}")
        return mode

    def _strike(self, task: str, call: int, site: str) -> str | None:
        service, now = site.split(".")[0], self.scheduler.now
        for outage in self.weather.outages:
            if outage.where == service and outage.start <= now < outage.end:
                self.tally[f"{site}|{OUTAGE}"] += 1
                if outage in self._scheduled and outage not in self.fired:
                    self.fired.append(outage)
                return OUTAGE
        mode = self.weather.at_call(task, call, site)
        if mode == OUTAGE:
            ends = now + Random(f"{task}|{call}|outage").randrange(5 * MINUTE, 5 * HOUR)
            self.weather.outages = [*self.weather.outages, Fault(service, 0, OUTAGE, now, ends)]
        if mode:
            self._note(Fault(task, call, mode), f"{site}|{mode}")
        return mode

    def _note(self, fault: Fault, counted: str) -> None:
        self.fired.append(fault)
        self.tally[counted] += 1
        self.log(f"fault {fault.mode}")

    def _perform(self, site: str, effect: Callable[[], T], mode: str | None) -> T:
        self._wait(slow=mode == SLOW)
        if mode == CRASH_BEFORE:
            raise Crash
        if mode in (ERROR_BEFORE, OUTAGE, LATE_EFFECT):
            self.log(f"{site} unavailable")
            if mode == LATE_EFFECT:
                self._land_later(site, effect)
            raise unavailable(site)
        try:
            result = effect()
        except PlayledgerError as error:
            self.log(f"{site} {type(error).__name__}")
            self.tally[f"raised {site} {type(error).__name__}"] += 1
            self._wait()
            raise
        self.log(f"{site} done")
        if mode == CRASH_AFTER:
            raise Crash
        self._wait(slow=mode == SLOW)
        if mode == ERROR_AFTER:
            raise unavailable(site)
        return result

    def _wait(self, *, slow: bool = False) -> None:
        rng = self.scheduler.current.rng
        usual = rng.randrange(2, 60) if rng.random() < 0.85 else rng.randrange(60, 1_500)
        self.scheduler.sleep(rng.randrange(3_000, 45_000) if slow else usual)

    def _land_later(self, site: str, effect: Callable[[], T]) -> None:
        """The request is on its way although its sender has given up: the effect comes some seconds later, unseen."""
        task = self.scheduler.current

        def land() -> None:
            try:
                effect()
            except PlayledgerError:
                self.log(f"{site} refused late")

        delay = task.rng.randrange(50, 100_000)
        self.scheduler.call_at(self.scheduler.now + delay, f"{task.name} late {task.calls}", land)


def unavailable(site: str) -> PlayledgerError:
    """What a caller gets from a service that does not answer."""
    if site.startswith("spotify."):
        return SpotifyUnavailable("Spotify did not answer (simulated)")
    return StoreUnavailable(f"{site} did not answer (simulated)")
