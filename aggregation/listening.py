"""What was heard, from where, how, and how long at a time: genres, eras, contexts, ways and sessions of windows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from aggregation.names import Names
from aggregation.reading import Reading
from aggregation.rows import Ask, Row
from playledger.dashboard_data import SessionsPart, WaysPart


class Ranked(Row):
    """A place by plays, which ties share; `nth` is the position in the list."""

    window_name: str
    nth: int
    place: int
    prev_place: int | None
    plays: int
    minutes: int
    share_permille: int


class LabelRow(Ranked):
    """`dashboard/genres_eras`: a genre, or a decade such as `1990`."""

    what: Literal["genre", "era"]
    label: str


class PlayedFrom(Ranked):
    """`dashboard/contexts`."""

    context_type: str
    context_id: str | None


class WaysRow(Row):
    """`dashboard/ways`: all plays that an export tells of, or those on one platform."""

    window_name: str
    platform: str | None
    plays: int
    skipped: int
    finished: int
    shuffled: int
    offline: int


class SessionsRow(Row):
    """`dashboard/sessions`; `under_...` in minutes, each without the shorter ones."""

    window_name: str
    sessions: int
    minutes: int
    median_minutes: int
    longest_minutes: int
    longest_day: str
    under_15: int
    under_30: int
    under_60: int
    under_120: int
    under_240: int
    longer: int


@dataclass(frozen=True)
class ListeningAnswers:
    """The answers to the questions of this module."""

    labels: tuple[LabelRow, ...]
    contexts: tuple[PlayedFrom, ...]
    ways: tuple[WaysRow, ...]
    sessions: tuple[SessionsRow, ...]


OfWindow = TypeVar("OfWindow", LabelRow, PlayedFrom, WaysRow, SessionsRow)


def ask_listening(ask: Ask, reading: Reading) -> ListeningAnswers:
    """Asks them all once."""
    return ListeningAnswers(
        labels=ask("genres_eras", LabelRow),
        contexts=ask("contexts", PlayedFrom, **reading.without_tracks),
        ways=ask("ways", WaysRow),
        sessions=ask("sessions", SessionsRow),
    )


def listening(answers: ListeningAnswers, window: str, shelf: Names, *, is_told: bool) -> dict[str, Any]:
    """The parts of a window. Places before are told where `is_told` says that the window before is."""
    labels = _of(answers.labels, window)
    genres = [row for row in labels if row.what == "genre"]
    return {
        "top_genres": [_top(row, shelf.genre(row.label), is_told) for row in genres],
        "top_contexts": [
            _top(row, shelf.context(row.context_type, row.context_id), is_told) for row in _of(answers.contexts, window)
        ],
        "ways": _ways(_of(answers.ways, window)),
        "sessions": _sessions(_of(answers.sessions, window)),
        "eras": sorted((int(row.label), row.plays, row.minutes) for row in labels if row.what == "era"),
    }


def _of(rows: Iterable[OfWindow], window: str) -> list[OfWindow]:
    return [row for row in rows if row.window_name == window]


def _top(row: Ranked, index: int, is_told: bool) -> tuple[int | None, ...]:
    return (index, row.plays, row.minutes, row.prev_place if is_told else None, row.place, row.share_permille)


def _ways(rows: Sequence[WaysRow]) -> WaysPart | None:
    """None where no export tells of a play."""
    whole = next((row for row in rows if row.platform is None), None)
    if whole is None:
        return None
    counts = whole.model_dump(exclude={"window_name", "platform"})
    return WaysPart(**counts, platforms=tuple((row.platform, row.plays) for row in rows if row.platform is not None))


def _sessions(rows: Sequence[SessionsRow]) -> SessionsPart | None:
    """None where no session began."""
    if not rows:
        return None
    (row,) = rows
    return SessionsPart(
        count=row.sessions,
        minutes=row.minutes,
        median_minutes=row.median_minutes,
        longest_minutes=row.longest_minutes,
        longest_day=row.longest_day,
        lengths=(row.under_15, row.under_30, row.under_60, row.under_120, row.under_240, row.longer),
    )
