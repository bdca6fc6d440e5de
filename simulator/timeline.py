"""Timelines: everything one listener plays between two moments, and weather that can be laid over it."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import accumulate, pairwise
from random import Random
from zoneinfo import ZoneInfo

from playledger.models import to_ms
from simulator.catalogue import Catalogue, make_catalogue
from simulator.listener import HOUR_MS, Listener, Quirks
from simulator.plays import ListenedPlay
from simulator.profiles import Profile

DEFAULT_QUIRKS = Quirks()


def generate(
    profile: Profile,
    seed: int,
    start: datetime,
    end: datetime,
    *,
    catalogue: Catalogue | None = None,
    tz: str = "UTC",
    quirks: Quirks = DEFAULT_QUIRKS,
) -> list[ListenedPlay]:
    """Every play that ends in [start, end), oldest first; the same arguments give the same plays.

    Days, hours and weekdays of the profile are those of `tz`. About 100,000 plays a second.
    """
    rng = Random(f"timeline:{seed}:{profile.name}")
    listener = Listener(profile, catalogue or make_catalogue(seed), rng, quirks, to_ms(start))
    plays = [
        play for midnight_ms, weekday in _days(start, end, ZoneInfo(tz)) for play in listener.day(midnight_ms, weekday)
    ]
    plays += [play for moment in quirks.bursts for play in listener.burst(to_ms(moment))]
    first_ms, last_ms = to_ms(start), to_ms(end)
    kept = sorted((p for p in plays if first_ms <= p.ended_at_ms < last_ms), key=lambda play: play.ended_at_ms)
    return list(_collided(kept, rng, quirks.collision_share)) if quirks.collision_share else kept


def _days(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """Unix milliseconds of each local midnight, and the weekday (Monday is 0)."""
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        yield to_ms(_midnight(day, zone)), day.weekday()
        day += timedelta(days=1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _collided(plays: Sequence[ListenedPlay], rng: Random, share: float) -> Iterator[ListenedPlay]:
    before: ListenedPlay | None = None
    for play in plays:
        if before and play.visible and before.item.uri != play.item.uri and rng.random() < share:
            play = replace(play, played_at_ms=before.played_at_ms)
        before = play if play.visible else before
        yield play


def frozen(plays: Iterable[ListenedPlay], since: datetime, until: datetime) -> list[ListenedPlay]:
    """The same timeline while the feed stood still: what it would have listed in between it lists at `until`."""
    return _held_back(plays, since, until, lambda _: True)


def offline(plays: Iterable[ListenedPlay], device: int, since: datetime, until: datetime) -> list[ListenedPlay]:
    """The same timeline with one device without a network: all it played in between is listed at `until`."""
    return _held_back(plays, since, until, lambda play: play.device == device)


def _held_back(
    plays: Iterable[ListenedPlay], since: datetime, until: datetime, is_held: Callable[[ListenedPlay], bool]
) -> list[ListenedPlay]:
    first_ms, last_ms = to_ms(since), to_ms(until)
    return [
        replace(play, published_at_ms=last_ms) if first_ms <= play.published_at_ms < last_ms and is_held(play) else play
        for play in plays
    ]


@dataclass(frozen=True)
class Census:
    """What occurs in a timeline, counted over the plays that the feed lists; `streams` and `short` count all."""

    streams: int
    short: int
    visible: int
    late: int
    null_context: int
    context_lost_later: int
    overlapping: int
    most_in_an_hour: int
    fastest_51_minutes: float | None


def census(plays: Sequence[ListenedPlay]) -> Census:
    """Counts the odd things: late is listed behind a newer play, overlapping is two devices at once for 2 minutes."""
    listed = sorted((play for play in plays if play.visible), key=lambda play: play.played_at_ms)
    ends = [play.played_at_ms for play in listed]
    return Census(
        streams=len(plays),
        short=sum(play.ms_played < 30_000 for play in plays),
        visible=len(listed),
        late=_late(listed),
        null_context=sum(play.context_uri is None for play in listed),
        context_lost_later=sum(play.context_gone_at_ms is not None for play in listed),
        overlapping=sum(b.started_at_ms < a.ended_at_ms - 120_000 for a, b in pairwise(listed)),
        most_in_an_hour=max((n + 1 - bisect_left(ends, end - HOUR_MS) for n, end in enumerate(ends)), default=0),
        fastest_51_minutes=min(((b - a) / 60_000 for a, b in zip(ends, ends[50:], strict=False)), default=None),
    )


def _late(listed: Sequence[ListenedPlay]) -> int:
    """Plays that a newer one was listed before."""
    from_newest = [play.published_at_ms for play in reversed(listed)]
    earliest_newer = accumulate(from_newest, min)
    return sum(earliest < own for earliest, own in zip(earliest_newer, from_newest[1:], strict=False))
