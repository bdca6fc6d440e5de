"""Places the answers into windows: rolling ones, and calendar years."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from aggregation.calendar import EARLIEST, Calendar
from aggregation.listening import listening
from aggregation.names import Names
from aggregation.questions import Answers, TopRow
from aggregation.rows import Mention
from playledger.dashboard_data import Previous, Sentence, Window

LISTS: dict[Mention, str] = {"song_no": "tracks", "artist_no": "artists", "album_no": "albums"}
LONGEST = {"song_no": 25, "artist_no": 25, "album_no": 10}
BY_TIME = 10
"""So long are the lists by time: most of them name what the lists by plays name."""

OF_YEAR = 10
"""So long are the lists of a calendar year, those by time half as long: there may be many years."""

NOTHING_PLAYED = dict.fromkeys(("plays", "minutes", "minutes_estimated", "tracks", "artists", "albums"), 0)
NO_DEBUTS = dict.fromkeys(("new_artists", "new_tracks", "new_albums"), 0)

OfPeriod = TypeVar("OfPeriod", bound=Any)


class Windows:
    """The answers of one night, by window. What is mentioned goes onto the shelf."""

    def __init__(self, answers: Answers, calendar: Calendar, shelf: Names) -> None:
        self._answers = answers
        self._shelf = shelf
        first = answers.first_day
        spans = list(calendar.spans(first.year if first else calendar.data_day.year))
        self._spans = {(span.window_name, span.is_previous): span for span in spans}
        self._years = [str(year) for year in range(first.year, calendar.data_day.year + 1)] if first else []

    def years(self) -> dict[str, Window]:
        """Every calendar year since the first counted play, oldest first."""
        return {year: self.window(year, longest=OF_YEAR) for year in self._years}

    def window(self, name: str, longest: int = max(LONGEST.values())) -> Window:
        """A window; its lists have at most `longest` rows."""
        now, silence = self._period(self._answers.totals, name), self._period(self._answers.silence, name)
        tops = [row for row in self._answers.tops if row.window_name == name]
        counts = now.model_dump(include=set(NOTHING_PLAYED)) if now else NOTHING_PLAYED
        return Window.model_validate(
            {
                **self._bounds(name),
                **counts,
                **self._debuts(name),
                "silent_days": silence.silent_days if silence else 0,
                "gap_minutes": next((row.minutes for row in self._answers.gap_minutes if row.window_name == name), 0),
                "prev": self._previous(name),
                **{f"top_{lists}": self._by_plays(tops, thing, longest) for thing, lists in LISTS.items()},
                "by_time": {lists: self._by_time(tops, thing, longest // 2) for thing, lists in LISTS.items()},
                **self._clock(name),
                **listening(self._answers.listening, name, self._shelf, is_told=self._is_told(name)),
                "sentence": self._sentence(name, tops),
            }
        )

    def _bounds(self, name: str) -> dict[str, str | None]:
        """First and last day; all time, and the year that the record begins in, begin with the record."""
        first, span = self._answers.first_day, self._spans[name, False]
        if first is None and span.first_day == EARLIEST:
            return {"from": None, "to": None}
        is_cut = first is not None and span.is_lasting and span.first_day < first
        return {"from": str(first if is_cut else span.first_day), "to": str(span.last_day)}

    def _debuts(self, name: str, *, is_previous: bool = False) -> dict[str, int]:
        found = self._period(self._answers.debuts, name, is_previous=is_previous)
        return found.model_dump(include=set(NO_DEBUTS)) if found else NO_DEBUTS

    def _previous(self, name: str) -> Previous | None:
        """The equal window before, where the record reaches back that far."""
        if not self._is_told(name):
            return None
        found = self._period(self._answers.totals, name, is_previous=True)
        counts = found.model_dump() if found else NOTHING_PLAYED
        kept = {**counts, **self._debuts(name, is_previous=True)}
        return Previous.model_validate({field: kept[field] for field in Previous.model_fields})

    def _is_told(self, name: str) -> bool:
        span = self._spans.get((name, True))
        return bool(span and self._answers.first_day and self._answers.first_day <= span.first_day)

    def _by_plays(self, tops: Sequence[TopRow], thing: Mention, longest: int) -> list[tuple[int | None, ...]]:
        rows = sorted(_of(tops, thing), key=lambda row: row.nth)
        return [
            (self._index(row), row.plays, row.minutes, self._told(row, row.prev_place), row.place, row.share_permille)
            for row in rows[: min(longest, LONGEST[thing])]
        ]

    def _by_time(self, tops: Sequence[TopRow], thing: Mention, longest: int) -> list[tuple[int | None, ...]]:
        rows = sorted(_of(tops, thing), key=lambda row: row.nth_time)
        return [
            (
                *(self._index(row), row.plays, row.minutes, self._told(row, row.prev_place_by_time)),
                *(row.place_by_time, row.time_permille or 0),
            )
            for row in rows[: min(longest, BY_TIME)]
        ]

    def _told(self, row: TopRow, before: int | None) -> int | None:
        """What was before is told where the record reaches back that far."""
        return before if self._is_told(row.window_name) else None

    def _index(self, row: TopRow) -> int:
        """A row names one thing alone."""
        [(thing, name)] = row.mentioned()
        shelf = {"song_no": self._shelf.track, "artist_no": self._shelf.artist, "album_no": self._shelf.album}
        return shelf[thing](name)

    def _sentence(self, name: str, tops: Sequence[TopRow]) -> Sentence | None:
        """None where nothing was ever played."""
        if self._answers.first_day is None:
            return None
        top = min(_of(tops, "song_no"), key=lambda row: row.nth, default=None)
        return Sentence(
            top_track=self._index(top) if top else None,
            top_track_plays=top.plays if top else None,
            top_track_prev=self._told(top, top.prev_plays or 0) if top else None,
            new_artists=self._debuts(name)["new_artists"],
        )

    def _clock(self, name: str) -> dict[str, list[int]]:
        rows = [row for row in self._answers.clock if row.window_name == name]
        hours = ((row.local_hour, row.plays) for row in rows if row.weekday is None)
        squares = ((row.weekday * 24 + row.local_hour, row.plays) for row in rows if row.weekday is not None)
        return {"hours": placed(24, hours), "hourdow": placed(168, squares)}

    @staticmethod
    def _period(rows: Iterable[OfPeriod], name: str, *, is_previous: bool = False) -> OfPeriod | None:
        return next((row for row in rows if row.window_name == name and row.is_previous == is_previous), None)


def _of(tops: Sequence[TopRow], thing: Mention) -> list[TopRow]:
    return [row for row in tops if getattr(row, thing) is not None]


def placed(size: int, counts: Iterable[tuple[int, int]]) -> list[int]:
    """Counts in their places, zero everywhere else."""
    values = [0] * size
    for place, count in counts:
        values[place] = count
    return values
