"""Records of all time: asked, and placed into the document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aggregation.names import Names
from aggregation.rows import Ask, Row
from playledger.dashboard_data import SessionsPart


class DayFact(Row):
    """`dashboard/days`: the `nth` of its kind by `size`, which is days in a row, plays, milliseconds, or the n of the
    n-th play. `is_current` reaches to the data day."""

    what: Literal["streak", "silence", "fullest", "longest", "milestone"]
    nth: int
    is_current: bool
    size: int
    first_day: str
    last_day: str
    plays: int
    minutes: int


class BingeFact(Row):
    """`dashboard/binges`: `track_uri` is the song, or a track of the artist."""

    what: Literal["track", "artist"]
    is_in_a_row: bool
    track_uri: str
    plays: int
    day: str


@dataclass(frozen=True)
class RecordAnswers:
    """Rows of the questions on records."""

    days: Sequence[DayFact]
    binges: Sequence[BingeFact]


def ask_records(ask: Ask) -> RecordAnswers:
    """Asks both questions."""
    return RecordAnswers(days=ask("days", DayFact), binges=ask("binges", BingeFact))


def placed_records(found: RecordAnswers, sessions: SessionsPart | None, shelf: Names) -> dict[str, Any] | None:
    """The document's `records`; None where nothing was ever played. `sessions` are those of all time."""
    if not found.days:
        return None
    first = {fact.what: fact for fact in found.days if fact.nth == 1}
    current = next((fact for fact in found.days if fact.what == "streak" and fact.is_current), None)
    milestones = [(fact.size, fact.first_day) for fact in found.days if fact.what == "milestone"]
    return {
        "current_streak": _streak(current),
        "longest_streak": _streak(first["streak"]),
        "longest_silence": _streak(first.get("silence")),
        "fullest_day": _day(first["fullest"]),
        "longest_day": _day(first["longest"]) if "longest" in first else None,
        "longest_session": _session(sessions),
        **_binges(found.binges, shelf),
        "milestones": sorted(milestones),
    }


def _streak(fact: DayFact | None) -> dict[str, Any] | None:
    return {"days": fact.size, "from": fact.first_day, "to": fact.last_day} if fact else None


def _day(fact: DayFact) -> dict[str, Any]:
    return {"day": fact.first_day, "plays": fact.plays, "minutes": fact.minutes}


def _session(sessions: SessionsPart | None) -> dict[str, Any] | None:
    return {"day": sessions.longest_day, "minutes": sessions.longest_minutes} if sessions else None


def _binges(facts: Sequence[BingeFact], shelf: Names) -> dict[str, Any]:
    by_kind = {(fact.what, fact.is_in_a_row): fact for fact in facts}
    return {
        "track_in_a_row": _binge(by_kind.get(("track", True)), shelf),
        "artist_in_a_row": _binge(by_kind.get(("artist", True)), shelf),
        "track_in_a_day": _binge(by_kind.get(("track", False)), shelf),
        "artist_in_a_day": _binge(by_kind.get(("artist", False)), shelf),
    }


def _binge(fact: BingeFact | None, shelf: Names) -> dict[str, Any] | None:
    if fact is None:
        return None
    index = shelf.track(fact.track_uri) if fact.what == "track" else shelf.artist(fact.track_uri)
    return {"index": index, "plays": fact.plays, "day": fact.day}
