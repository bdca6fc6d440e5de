"""Short scripts for the exhaustive tier: every side effect of a few polls and a night can be made to fail."""

from tests.simulation.faults import PAIRS, Fault
from tests.simulation.listener import DAY, HOUR, MINUTE, SECOND, Habits, TruePlay, played
from tests.simulation.scripts import EPOCH, Event, Script, draw

EVENING = EPOCH + 40 * DAY + 22 * HOUR
"""22:00 UTC: the third poll sees plays on both sides of midnight."""


def _every(seconds: int, begin: int, count: int) -> list[TruePlay]:
    return [played(begin + n * seconds * SECOND + n * 7, track=n * 5) for n in range(count)]


def _plays() -> tuple[TruePlay, ...]:
    """A young account at first; 20 plays an hour; then more than a window holds between two polls."""
    before = _every(180, EVENING - 3 * HOUR, 40)
    steady = _every(170, EVENING + MINUTE, 55)
    burst = _every(61, EVENING + 3 * HOUR, 55)
    late = [played(EVENING + 30 * MINUTE + 3, track=7, published=EVENING + 100 * MINUTE)]
    unreadable = [
        played(EVENING + 20 * MINUTE, track=3, malformed={"track": None, "played_at": "2026-04-10T22:20:00Z"})
    ]
    between = [played(EVENING + 2 * HOUR + 30 * MINUTE + 4 * SECOND, track=11)]
    return (*before, *steady, *burst, *late, *unreadable, *between)


def _script(name: str, *, twins: bool) -> Script:
    polls = [Event(EVENING + n * HOUR + 30 * MINUTE, "poll", f"poll {n}") for n in range(4)]
    night = Event(EVENING + 2 * HOUR + 30 * MINUTE + 50, "night", "night")
    retried = Event(polls[2].at + 5 * SECOND, "poll", "poll 2 twin")
    extra = [Event(polls[1].at, "poll", "poll 1 twin"), retried] if twins else []
    events = sorted([*polls, *extra, night], key=lambda event: (event.at, event.name))
    return Script(name, EVENING, Habits(span_hours=0, history=0), tuple(events), plays=_plays())


SCENARIOS = {script.seed: script for script in (_script("alone", twins=False), _script("twins", twins=True))}
"""By name. `alone`: four polls and a night, one after the other but for the night. `twins`: two polls come twice,
once at the same moment, once with a play in between."""


def script_of(name: str) -> Script:
    """A scenario by its name, or the script of a seed."""
    return SCENARIOS[name] if name in SCENARIOS else draw(int(name))


def faults_at(call: tuple[str, int, str]) -> list[Fault]:
    """Everything that can happen to one call."""
    task, number, site = call
    return [Fault(task, number, mode) for where, mode in PAIRS if where == site]
