"""The sample's genres, eras, contexts, ways and sessions: invented beside each play, counted in plain Python."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

GENRES = ("indie pop", "post-rock", "folk", "electronica", "jazz", "dream pop", "shoegaze", "ambient")
CONTEXTS = (("playlist", "37i9dQZF1DX0SampleList"), ("album", "1SampleAlbumOfManySong"), ("collection", None))
PLATFORMS = ("ios", "ios", "ios", "web", "android")
HALF_AN_HOUR = 1800
LENGTHS = (15, 30, 60, 120, 240)


@dataclass(frozen=True)
class Listened:
    """A play: end in Unix seconds, local day, indexes, milliseconds, and whether an export tells of it."""

    at: int
    day: date
    artist: int
    album: int | None
    ms: int
    is_exported: bool


def genres_of(artist: int) -> tuple[int, ...]:
    """Indexes of the genres of an artist; every seventh has none."""
    return () if artist % 7 == 6 else tuple(sorted({artist % len(GENRES), artist * 3 % len(GENRES)}))


def context_of(play: Listened) -> tuple[int, ...]:
    """Index of what a play was played from, if that is known."""
    return (play.at // HALF_AN_HOUR % 4,) if play.at // HALF_AN_HOUR % 4 < len(CONTEXTS) else ()


def listening_parts(
    plays: Sequence[Listened], before: Sequence[Listened], everything: Sequence[Listened], span: tuple[date, date]
) -> dict[str, Any]:
    """These parts of a window; `everything` are all plays in order, for sessions that reach over its edges."""
    return {
        "top_genres": _top(plays, before, lambda play: genres_of(play.artist)),
        "top_contexts": _top(plays, before, context_of),
        "eras": _eras(plays),
        "ways": _ways([play for play in plays if play.is_exported]),
        "sessions": _sessions(everything, *span),
    }


def _top(
    plays: Sequence[Listened], before: Sequence[Listened], of: Callable[[Listened], Iterable[int]]
) -> list[tuple[int | None, ...]]:
    counts, ms, earlier = Counter[int](), Counter[int](), Counter(thing for play in before for thing in of(play))
    for play in plays:
        for thing in of(play):
            counts[thing] += 1
            ms[thing] += play.ms
    return [
        (
            *(thing, counts[thing], ms[thing] // 60_000, _place(thing, earlier) if thing in earlier else None),
            *(_place(thing, counts), 1000 * counts[thing] // len(plays)),
        )
        for thing in sorted(counts, key=lambda thing: (-counts[thing], -ms[thing], thing))[:10]
    ]


def _place(thing: int, counts: Counter[int]) -> int:
    return 1 + sum(count > counts[thing] for count in counts.values())


def _eras(plays: Sequence[Listened]) -> list[tuple[int, int, int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for play in plays:
        if play.album is not None:
            found[(1969 + play.album * 11 % 57) // 10 * 10].append(play.ms)
    return [(decade, len(ms), sum(ms) // 60_000) for decade, ms in sorted(found.items())]


def _ways(plays: Sequence[Listened]) -> dict[str, Any] | None:
    if not plays:
        return None
    platforms = Counter(PLATFORMS[play.at // HALF_AN_HOUR % len(PLATFORMS)] for play in plays)
    return {
        "plays": len(plays),
        "skipped": sum(play.at % 9 == 0 for play in plays),
        "finished": sum(play.at % 9 > 1 for play in plays),
        "shuffled": sum(play.at // HALF_AN_HOUR % 3 == 0 for play in plays),
        "offline": sum(play.at // HALF_AN_HOUR % 8 == 0 for play in plays),
        "platforms": sorted(platforms.items(), key=lambda item: (-item[1], item[0])),
    }


def _sessions(plays: Sequence[Listened], first: date, last: date) -> dict[str, Any] | None:
    runs: list[list[Listened]] = []
    for play in plays:
        if runs and play.at - play.ms // 1000 - runs[-1][-1].at <= HALF_AN_HOUR:
            runs[-1].append(play)
        else:
            runs.append([play])
    inside = [((run[-1].at - run[0].at) * 1000 + run[0].ms, run[0].day) for run in runs if first <= run[0].day <= last]
    if not inside:
        return None
    lengths = [ms // 60_000 for ms, _ in inside]
    under = [sum(length < limit for length in lengths) for limit in LENGTHS]
    return {
        "count": len(inside),
        "minutes": sum(ms for ms, _ in inside) // 60_000,
        "median_minutes": int(median(ms for ms, _ in inside)) // 60_000,
        "longest_minutes": max(lengths),
        "longest_day": min(day for ms, day in inside if ms == max(inside)[0]).isoformat(),
        "lengths": [more - less for less, more in zip([0, *under], [*under, len(lengths)], strict=True)],
    }
