"""Clocks for a simulated world: one that stands until it is moved, one that runs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class VirtualClock:
    """Stands still until somebody moves it. Call it for the time."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def set(self, moment: datetime) -> None:
        """It is this moment now."""
        self.now = moment

    def advance(self, span: timedelta) -> datetime:
        """Moves on; the new time."""
        self.now += span
        return self.now


@dataclass(frozen=True)
class RunningClock:
    """Starts at a moment and runs `speed` times as fast as `seconds`, a counter such as time.monotonic."""

    start: datetime
    seconds: Callable[[], float]
    origin: float
    speed: float = 1.0

    def __call__(self) -> datetime:
        return self.start + timedelta(seconds=(self.seconds() - self.origin) * self.speed)
