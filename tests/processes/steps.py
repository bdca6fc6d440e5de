"""The two days that every run of the child goes through: polls with and without plays, across midnight, and nights."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from simulator.catalogue import make_catalogue
from simulator.plays import ListenedPlay

EVENING = datetime(2026, 4, 20, 21, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Step:
    """A poll or a night, so many minutes after 21:00 UTC."""

    kind: str
    minutes: int

    @property
    def now(self) -> datetime:
        """When it is run."""
        return EVENING + timedelta(minutes=self.minutes)


STEPS = (
    Step("poll", 0),
    Step("poll", 60),
    Step("poll", 120),
    Step("poll", 210),
    Step("night", 215),
    Step("poll", 270),
    Step("poll", 271),
    Step("poll", 24 * 60),
    Step("night", 24 * 60 + 20),
    Step("poll", 24 * 60 + 60),
    Step("night", 24 * 60 + 80),
)
"""The fourth poll sees both sides of midnight, the seventh nothing new, the eighth more than a window holds."""


def listened() -> list[ListenedPlay]:
    """What is played meanwhile: steadily through the evening, one play listed late, 70 plays the next day."""
    tracks = make_catalogue(7, 40).tracks
    evening = [(number * 200, 0) for number in range(-20, 75)]
    next_day = [(22 * 3600 + number * 61, 0) for number in range(70)] + [(25 * 3600 - 1800, 0)]
    late = [(3000, 9000)]
    return [
        ListenedPlay.of(
            tracks[number % len(tracks)],
            EVENING + timedelta(seconds=ended, milliseconds=number),
            published_at=EVENING + timedelta(seconds=ended + listed_later),
        )
        for number, (ended, listed_later) in enumerate([*evening, *next_day, *late])
    ]
