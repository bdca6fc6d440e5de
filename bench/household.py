"""Who listens: as many of the simulator's listeners on one account as make M plays a month.

No single listener plays 30,000 tracks a month; a shared account does. Four of five members are heavy listeners, who
repeat themselves, the fifth is a moderate one, who explores: that errs on the side of many distinct tracks.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from datetime import time as day_time
from itertools import cycle, islice
from random import Random
from zoneinfo import ZoneInfo

from playledger.models import to_ms
from simulator.catalogue import Catalogue, make_catalogue
from simulator.listener import Listener, Quirks
from simulator.plays import ListenedPlay
from simulator.profiles import HEAVY, MODERATE, Profile

REPEATING = replace(HEAVY, library_share=0.05)
"""The heavy listener with repeats as soon as the real one's: half of its plays were played within 24 hours before.

The profile itself repeats later, which suits a simulation of polling but makes a day's summary a fifth too long.
"""

MEMBERS = (REPEATING, REPEATING, REPEATING, REPEATING, MODERATE)
DAYS_A_MONTH = 365.25 / 12
PLAYS_A_DAY = {"heavy": 86, "moderate": 36}
"""About what one of each makes."""

STEADY_DAYS = 10
"""Before that one long session says more about luck than about the household."""

DAY_MS = 86_400_000
QUIRKS = Quirks(late_share=0.002)

Made = tuple[int, ListenedPlay]
"""A play and the number of the member who made it."""


def catalogue_for(plays_per_month: int, seed: int) -> Catalogue:
    """Music enough that a member finds new tracks for ten years: an artist for every four plays of a month."""
    return make_catalogue(seed, max(300, min(7_500, plays_per_month // 4)))


def household(
    plays_per_month: int, first: date, days: int, zone: ZoneInfo, catalogue: Catalogue, seed: int
) -> Iterator[tuple[date, list[Made]]]:
    """Each UTC date in order with its plays in order of their ends, and by which member (its number) each was made.

    Nobody listens on so many days that the household would make more than it should.
    """
    profiles = members(plays_per_month)
    born = to_ms(datetime.combine(first, day_time(), zone))
    listeners = [
        Listener(profile, catalogue, Random(f"household:{seed}:{number}"), QUIRKS, born)
        for number, profile in enumerate(profiles)
    ]
    luck, made = Random(f"household:{seed}"), 0
    waiting: dict[int, list[Made]] = {}
    for elapsed in range(days):
        day = first + elapsed * timedelta(days=1)
        midnight = to_ms(datetime.combine(day, day_time(), zone))
        # what is still to come ends no earlier than this local day, which begins at most a UTC date before its own
        yield from _ended(waiting, before=midnight // DAY_MS)
        share = _share(plays_per_month, elapsed, made)
        for number, listener in enumerate(listeners):
            if luck.random() < share:
                for play in listener.day(midnight, day.weekday()):
                    waiting.setdefault(play.ended_at_ms // DAY_MS, []).append((number, play))
                    made += 1
    yield from _ended(waiting, before=max(waiting, default=0) + 1)


def members(plays_per_month: int) -> list[Profile]:
    """As many as make a fifth more than they should, if all of them listened every day."""
    profiles, plays = cycle(MEMBERS), 0.0
    chosen: list[Profile] = []
    while plays < 1.2 * plays_per_month / DAYS_A_MONTH:
        chosen += islice(profiles, 1)
        plays += PLAYS_A_DAY[chosen[-1].name]
    return chosen


def _share(plays_per_month: int, elapsed: int, made: int) -> float:
    """On which share of days a member listens: less when the household is ahead of its M plays a month."""
    wanted = plays_per_month / DAYS_A_MONTH * elapsed
    return 0.85 if elapsed < STEADY_DAYS else 0.85 * (wanted / made) ** 4


def _ended(waiting: dict[int, list[Made]], *, before: int) -> Iterator[tuple[date, list[Made]]]:
    """The dates that are complete, taken out."""
    for number in sorted(number for number in waiting if number < before):
        plays = sorted(waiting.pop(number), key=lambda made: made[1].ended_at_ms)
        yield date(1970, 1, 1) + timedelta(days=number), plays
