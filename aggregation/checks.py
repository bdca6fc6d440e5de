"""Checks before publishing: whether the parts of the document agree with each other."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from aggregation.discovery_checks import differing_discoveries
from playledger.dashboard_data import WINDOW_DAYS, WINDOW_NAMES, DashboardData, SessionsPart, TopRow, Window

_UNCLEAN = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def contradictions(document: DashboardData) -> list[str]:
    """Where the document says two things, in sentences."""
    parts = (_sums, _series, _nesting, differing_discoveries, _lists, _listening, _dictionary)
    return [sentence for part in parts for sentence in part(document)]


def _sums(document: DashboardData) -> Iterator[str]:
    for name, window in document.windows.items():
        by_hour = [sum(window.hourdow[hour::24]) for hour in range(24)]
        if sum(window.hours) != window.plays or by_hour != list(window.hours):
            yield f"{name}: hours add up to {sum(window.hours)} and {sum(by_hour)} plays, the window has {window.plays}"
        if window.minutes_estimated > window.minutes:
            yield f"{name}: more minutes are estimated than there are"
    whole = document.windows["all"]
    for field in ("plays", "minutes", "minutes_estimated", "tracks", "artists", "albums"):
        if getattr(document.totals, field) != getattr(whole, field):
            yield f"totals: {field} differ from the window of all time"
    if document.totals.since != whole.from_:
        yield "totals: the record begins on another day than the window of all time"


def _series(document: DashboardData) -> Iterator[str]:
    """Days, weeks and months against the windows they cover."""
    days, year = document.daily, document.windows["365d"]
    if days is None or document.weekly is None or document.monthly is None or document.alldays is None:
        if document.totals.plays:
            yield "series: missing, though there are plays"
        return
    whole = document.totals.plays
    for name, length in WINDOW_DAYS.items():
        window = document.windows[name]  # type: ignore[index]
        yield from _against(f"daily of {name}", sum(days.plays[-length:]), window.plays)
        if window.prev and 2 * length <= len(days.plays):
            yield from _against(f"daily before {name}", sum(days.plays[-2 * length : -length]), window.prev.plays)
    yield from _against("weekly", sum(document.weekly.plays), year.plays)
    yield from _against("monthly", sum(document.monthly.plays), whole)
    yield from _against("alldays", sum(document.alldays.plays), whole)
    if document.month_of_year:
        yield from _against("month_of_year", sum(document.month_of_year.plays), whole)
    shared = min(len(days.plays), len(document.alldays.plays))
    if days.plays[-shared:] != document.alldays.plays[-shared:]:
        yield "daily and alldays differ"
    yield from _silence(document, document.alldays.plays)


def _against(what: str, found: int, plays: int) -> Iterator[str]:
    if found != plays:
        yield f"{what} adds up to {found} plays instead of {plays}"


def _silence(document: DashboardData, days: Sequence[int]) -> Iterator[str]:
    for name, window in document.windows.items():
        silent = days[-WINDOW_DAYS[name] :].count(0) if name in WINDOW_DAYS else days.count(0)
        if silent != window.silent_days:
            yield f"{name}: {silent} days without a play, the window says {window.silent_days}"


def _nesting(document: DashboardData) -> Iterator[str]:
    """A longer window holds the shorter one."""
    windows = [(name, document.windows[name]) for name in WINDOW_NAMES]
    for (inner, less), (outer, more) in pairwise(windows):
        for field in ("plays", "minutes", "minutes_estimated", "tracks", "artists", "albums", "new_artists"):
            if getattr(less, field) > getattr(more, field):
                yield f"{inner} has more {field} than {outer}"
        is_inside = bool(more.from_ and less.from_ and more.from_ <= less.from_)
        if is_inside and less.gap_minutes > more.gap_minutes:
            yield f"{inner} has more gap_minutes than {outer}"


def _lists(document: DashboardData) -> Iterator[str]:
    sizes = {
        "top_tracks": len(document.dict_.tracks),
        "top_artists": len(document.dict_.artists),
        "top_albums": len(document.dict_.albums),
    }
    for name, window in document.windows.items():
        for key, size in sizes.items():
            yield from (f"{name}.{key}: {problem}" for problem in _ranking(getattr(window, key), size, window))
        if window.tracks <= 25 and sum(row[1] for row in window.top_tracks) != window.plays:
            yield f"{name}.top_tracks: not all plays are in it, though all tracks are"
    tracks = [index for _, index in document.recent] + list(document.playlist.tracks if document.playlist else ())
    if any(not 0 <= index < sizes["top_tracks"] for index in tracks):
        yield "recent or playlist point outside the dictionary"
    if any(earlier[0] < later[0] for earlier, later in pairwise(document.recent)):
        yield "recent is out of order"


def _ranking(rows: Sequence[tuple[int, int, int, int | None]], size: int, window: Window) -> Iterator[str]:
    if any(not 0 <= row[0] < size for row in rows):
        yield "points outside the dictionary"
    if len({row[0] for row in rows}) != len(rows):
        yield "names something twice"
    if any(above[1] < below[1] for above, below in pairwise(rows)):
        yield "is out of order"
    if sum(row[1] for row in rows) > window.plays or sum(row[2] for row in rows) > window.minutes:
        yield "has more than the window"
    if window.prev is None and any(row[3] is not None for row in rows):
        yield "has places in a window that is not told"


def _listening(document: DashboardData) -> Iterator[str]:
    """Parts of each window against the window; a play may be in several genres, so those are no sum."""
    sizes = {"top_genres": len(document.dict_.genres), "top_contexts": len(document.dict_.contexts)}
    for name, window in (*document.windows.items(), *document.years.items()):
        for key, size in sizes.items():
            yield from (f"{name}.{key}: {problem}" for problem in _places(getattr(window, key) or (), size, window))
        for what, plays in _shares(window).items():
            if plays > window.plays:
                yield f"{name}: {what} add up to {plays} plays, the window has {window.plays}"
        yield from (f"{name}.sessions: {problem}" for problem in _sessions(window.sessions))


def _places(rows: Sequence[TopRow], size: int, window: Window) -> Iterator[str]:
    if any(not 0 <= row[0] < size for row in rows):
        yield "points outside the dictionary"
    if len({row[0] for row in rows}) != len(rows):
        yield "names something twice"
    if any(above[1] < below[1] or above[4] > below[4] for above, below in pairwise(rows)):
        yield "is out of order"
    if any(row[1] > window.plays for row in rows):
        yield "has more than the window"


def _shares(window: Window) -> dict[str, int]:
    """Plays of what each play can be in but once."""
    ways = window.ways
    return {
        "contexts": sum(row[1] for row in window.top_contexts or ()),
        "eras": sum(row[1] for row in window.eras or ()),
        "ways": max(ways.plays, ways.skipped, ways.finished, ways.shuffled, ways.offline) if ways else 0,
        "platforms": sum(plays for _, plays in ways.platforms) if ways else 0,
    }


def _sessions(sessions: SessionsPart | None) -> Iterator[str]:
    if sessions is None:
        return
    if sum(sessions.lengths) != sessions.count:
        yield f"lengths add up to {sum(sessions.lengths)} instead of {sessions.count}"
    if not sessions.median_minutes <= sessions.longest_minutes <= sessions.minutes:
        yield "the median, the longest and their sum do not grow"


def _dictionary(document: DashboardData) -> Iterator[str]:
    words = document.dict_
    for track in words.tracks:
        if not 0 <= track[1] < len(words.artists) or (track[2] is not None and not 0 <= track[2] < len(words.albums)):
            yield f"dict: {track[0]} points outside"
    if any(not 0 <= album[1] < len(words.artists) for album in words.albums):
        yield "dict: an album points outside"
    shown = [name for rows in (words.tracks, words.artists, words.albums) for name, *_ in rows]
    if any(len(name) > 200 or not name or _UNCLEAN.search(name) for name in shown):
        yield "dict: a name is empty, too long or holds control characters"
