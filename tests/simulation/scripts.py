"""What a seed decides before anything runs: the listener's habits, when is polled, and the kind of weather."""

from dataclasses import dataclass, replace
from random import Random

from tests.simulation.faults import OUTAGE, Fault
from tests.simulation.listener import DAY, HOUR, MINUTE, Habits, TruePlay

EPOCH = 1_772_323_200_000
"""2026-03-01 00:00 UTC."""


@dataclass(frozen=True)
class Event:
    """Something that happens at a moment: `poll`, `night`, `lose state`, `lose hot store`, `rebuild` or `expire`."""

    at: int
    kind: str
    name: str


@dataclass(frozen=True)
class Script:
    """All that is decided beforehand. `armed` is the share of (site, mode) pairs that can strike.

    `revoked`: from when to when Spotify accepts no login. `wired`: the project's own client asks, through an account
    service that `rotates` refresh tokens or does not, and by a clock that is off.
    """

    seed: object
    start: int
    habits: Habits
    events: tuple[Event, ...]
    outages: tuple[Fault, ...] = ()
    armed: float = 0.0
    ttl_days: int = 30
    revoked: tuple[int, int] = (0, 0)
    wired: bool = False
    rotates: bool = False
    clock_off_ms: int = 0
    plays: tuple[TruePlay, ...] | None = None

    @property
    def faultless(self) -> bool:
        """No fault can occur, and the feed is prompt and in order."""
        calm = not (
            self.outages or self.armed or self.revoked[1] or any(e.kind.startswith("lose") for e in self.events)
        )
        habits = self.habits
        return calm and not (habits.late or habits.freezes or habits.offline_batches or habits.future)

    @property
    def has_twins(self) -> bool:
        """Invocations can overlap."""
        return any(event.name.endswith("twin") for event in self.events)

    def is_alone(self, at: int) -> bool:
        """Nothing else is scheduled within a minute of the invocation at `at`."""
        return sum(abs(event.at - at) < MINUTE for event in self.events) <= 1

    @property
    def quiet_from(self) -> int:
        """When faults end."""
        return max(self.events[-1].at + 6 * HOUR, self.revoked[1], *(outage.end for outage in self.outages))


def draw(seed: object) -> Script:
    """The script of a seed."""
    rng = Random(f"{seed}|script")
    start = EPOCH + rng.randrange(300) * DAY + rng.randrange(DAY)
    events = _events(rng, start)
    end = events[-1].at
    habits = _habits(rng, (end - start) // HOUR + 1)
    calm, wired = rng.random() < 0.1, rng.random() < 0.2
    return Script(
        seed=seed,
        start=start,
        habits=_promptly(habits) if calm else habits,
        events=tuple(e for e in events if not e.kind.startswith("lose")) if calm else events,
        outages=() if calm else tuple(_outages(rng, start, end)),
        armed=0.0 if calm else rng.choice((0.02, 0.05, 0.1, 0.25)),
        ttl_days=rng.choice((7, 30)),
        revoked=_revoked(rng, start, end) if not calm and rng.random() < 0.06 else (0, 0),
        wired=wired,
        rotates=rng.random() < 0.3,
        clock_off_ms=rng.choice((0, 0, -2 * HOUR, 2 * HOUR, 40 * DAY)),
    )


def _habits(rng: Random, span_hours: int) -> Habits:
    return Habits(
        span_hours=span_hours,
        history=rng.choice((0, 3, 30, 49, 50, 60)),
        history_days=rng.choice((1, 4, 60)),
        activity=rng.choice((0.1, 0.5, 0.9)),
        mean_play_s=rng.choice((60, 150, 200)),
        late=rng.choice((0.0, 0.02, 0.1)),
        freezes=rng.choice((0, 0, 0, 1, 2)),
        offline_batches=rng.choice((0, 0, 1, 2)),
        collisions=rng.choice((0.0, 0.02)),
        malformed=rng.choice((0.0, 0.0, 0.02)),
        future=rng.choice((0.0, 0.0, 0.0, 0.005)),
        whole_seconds=rng.random() < 0.3,
    )


def _promptly(habits: Habits) -> Habits:
    """The same listener on a feed that is never late."""
    return replace(habits, late=0.0, freezes=0, offline_batches=0, malformed=0.0, future=0.0)


def _events(rng: Random, start: int) -> tuple[Event, ...]:
    step = rng.choice((15 * MINUTE, 30 * MINUTE, HOUR, HOUR, HOUR, 2 * HOUR, 3 * HOUR))
    missed, twins = rng.choice((0.0, 0.0, 0.1, 0.4)), rng.choice((0.0, 0.1, 0.4))
    events: list[Event] = []
    for number in range(rng.randrange(12, 24)):
        at = start + number * step + rng.randrange(30_000)
        if rng.random() >= missed:
            events.extend(_polls(rng, at, number, twins))
        if number % 4 == 3:
            events.append(Event(at + rng.randrange(2_000), "night", f"night {number}"))
    if rng.random() < 0.1:
        events.append(Event(rng.choice(events).at + rng.randrange(2_000), "lose state", "lost state"))
    if rng.random() < 0.3:
        events.append(Event(rng.choice(events).at, "expire", "expiry"))
    if rng.random() < 0.5:
        events.extend(_rebuilt(rng.choice(events).at + 7 * MINUTE, loses=rng.random() < 0.5))
    return tuple(sorted(events, key=lambda event: (event.at, event.name)))


def _rebuilt(at: int, *, loses: bool) -> list[Event]:
    """Between two polls the hot store is rebuilt, because it was lost or to see whether it can be."""
    lost = [Event(at - MINUTE, "lose hot store", "lost hot store")] if loses else []
    return [*lost, Event(at, "rebuild", "rebuild")]


def _polls(rng: Random, at: int, number: int, twins: float) -> list[Event]:
    """One poll; sometimes a second at once, sometimes the queue's retry a minute later, sometimes both."""
    polls = [Event(at, "poll", f"poll {number}")]
    if rng.random() < twins:
        polls.append(Event(at + rng.randrange(400), "poll", f"poll {number} twin"))
    if rng.random() < twins / 2:
        polls.append(Event(at + rng.randrange(10_000, 120_000), "poll", f"poll {number} retry twin"))
    return polls


def _outages(rng: Random, start: int, end: int) -> list[Fault]:
    """Spans in which a service does not answer, whoever asks; others begin in the middle of an invocation."""
    spans = []
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        begin, service = rng.randrange(start, end), rng.choice(("journal", "journal", "hot", "spotify"))
        spans.append(Fault(service, 0, OUTAGE, begin, begin + rng.randrange(5 * MINUTE, 6 * HOUR)))
    return spans


def _revoked(rng: Random, start: int, end: int) -> tuple[int, int]:
    begin = rng.randrange(start, end)
    return begin, begin + rng.randrange(HOUR, 12 * HOUR)
