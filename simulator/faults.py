"""What can go wrong with a call, and plans that decide when. A plan is asked once per call, before it is answered.

faults = Faults()
faults.add(rate_limited(retry_after=2), on="GET me/player/recently-played", times=3)
faults.add(unavailable(502, after_effect=True), on="POST playlists/*")
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from simulator.account import View
from simulator.bodies import error_body

TOKEN = "POST api/token"  # noqa: S105 - the name of a call
RECENT = "GET me/player/recently-played"

PREMIUM_LAPSED = "Active premium subscription required for the owner of the app."


@dataclass(frozen=True)
class Call:
    """One call to the simulator: `path` without /v1/ (`me/player/recently-played`, `api/token`)."""

    method: str
    path: str
    now: datetime

    @property
    def name(self) -> str:
        """`GET me/player/recently-played`."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Refusal:
    """An error answer; with `after_effect` the call is carried out all the same."""

    status: int
    body: Any
    retry_after: int | None = None
    after_effect: bool = False


@dataclass(frozen=True)
class Silence:
    """No answer. The connection stays open until the client gives up; with `hang_up` it is closed at once."""

    after_effect: bool = False
    hang_up: bool = False


@dataclass(frozen=True)
class Garbage:
    """Bytes instead of the answer."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"


@dataclass(frozen=True)
class Redirect:
    """An answer that sends the client, with its token, somewhere else."""

    location: str


@dataclass(frozen=True)
class Distorted:
    """Recently-played, but not as it truly is."""

    view: View


@dataclass(frozen=True)
class Rotation:
    """The token endpoint hands out a new refresh token and forgets the old one."""


Fault = Refusal | Silence | Garbage | Redirect | Distorted | Rotation


def rate_limited(retry_after: int | None = 2) -> Refusal:
    """429 of the rolling 30 s window; None leaves the header out."""
    return Refusal(429, error_body(429, "API rate limit exceeded"), retry_after)


def quota_exceeded(retry_after: int | None = 48_925) -> Refusal:
    """429 of the developer account's daily quota."""
    return Refusal(429, error_body(429, "Too many requests", "QUOTA_EXCEEDED"), retry_after)


def unavailable(status: int = 502, *, after_effect: bool = False) -> Refusal:
    """A 5xx, before or after the call took effect."""
    return Refusal(status, error_body(status, "Bad gateway."), after_effect=after_effect)


def unauthorized() -> Refusal:
    """401, though the token is good."""
    return Refusal(401, error_body(401, "The access token expired"))


def premium_lapsed() -> Refusal:
    """The 403 that every call gets once the app owner's Premium ends."""
    return Refusal(403, error_body(403, PREMIUM_LAPSED))


def invalid_grant(description: str = "Refresh token revoked") -> Refusal:
    """The token endpoint's answer to a refresh token it no longer accepts."""
    return Refusal(400, {"error": "invalid_grant", "error_description": description})


def not_json() -> Garbage:
    """200 and a page for people."""
    return Garbage(b"<!doctype html><title>Just a moment...</title>", content_type="text/html")


def too_large(size: int = 3_000_000) -> Garbage:
    """200 and more bytes than any answer has."""
    return Garbage(b'{"items": "' + b"x" * size + b'"}')


def stale(age: timedelta) -> Distorted:
    """The list as it was so long ago: a replica that lags."""
    return Distorted(View(age=age))


def frozen_feed(since: datetime) -> Distorted:
    """The list as it was at that moment, however late it is."""
    return Distorted(View(as_of=since))


def short_list(keep: int) -> Distorted:
    """Only the newest few."""
    return Distorted(View(keep=keep))


def offline_device(device: int, since: datetime) -> Distorted:
    """What the device played since then has not arrived yet."""
    return Distorted(View(without_device=device, since=since))


@dataclass
class _Rule:
    fault: Fault
    on: str
    left: int | None
    between: tuple[datetime, datetime] | None

    def fits(self, call: Call) -> bool:
        is_due = self.between is None or self.between[0] <= call.now < self.between[1]
        return is_due and self.left != 0 and fnmatchcase(call.name, self.on)

    def use(self) -> Fault:
        self.left = None if self.left is None else self.left - 1
        return self.fault


class Faults:
    """A script: each rule strikes the calls it fits, the oldest rule first; without rules nothing goes wrong."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self.struck: list[tuple[Call, Fault]] = []
        """What went wrong so far, in order."""

    def add(
        self,
        fault: Fault,
        *,
        on: str = "*",
        times: int | None = 1,
        between: tuple[datetime, datetime] | None = None,
    ) -> None:
        """Strikes the next `times` calls (None: every one) whose `METHOD path` fits the pattern `on`, `*` for anything.

        `between` limits it to calls from the first moment up to, not including, the second.
        """
        self._rules.append(_Rule(fault, on, times, between))

    def clear(self) -> None:
        """From now on nothing goes wrong."""
        self._rules.clear()

    def next(self, call: Call) -> Fault | None:
        """What goes wrong with this call."""
        rule = next((rule for rule in self._rules if rule.fits(call)), None)
        fault = rule.use() if rule else self.by_chance(call)
        if fault:
            self.struck.append((call, fault))
        return fault

    def by_chance(self, call: Call) -> Fault | None:  # noqa: ARG002 - for those who draw
        """What befalls a call that no rule fits: nothing."""
        return None


class Weather(Faults):
    """Faults by chance, the same ones for the same seed and calls: each call is struck with probability `rate`."""

    def __init__(self, seed: int, rate: float, faults: Sequence[Fault], *, on: str = "*") -> None:
        super().__init__()
        self._rng = Random(f"weather:{seed}")
        self._rate, self._faults, self._on = rate, tuple(faults), on

    def by_chance(self, call: Call) -> Fault | None:
        """One of the faults, or none."""
        if not fnmatchcase(call.name, self._on) or self._rng.random() >= self._rate:
            return None
        return self._rng.choice(self._faults)
