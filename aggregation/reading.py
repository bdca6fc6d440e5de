"""How the questions read the tables: from which months on, by what policy, joined with which small tables."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from functools import cached_property
from typing import Any

from aggregation.calendar import DAY, EARLIEST, Calendar, Span, days_between
from playledger.models import format_instant
from playledger.policy import DEFAULT, Policy
from playledger.ports import QueryEngine, Question, TableStore
from sql import load

NEVER, ALWAYS = "9999-12", "2006-01"
"""A month after all plays, and one before: Spotify was founded in 2006."""

NO_EXCLUSIONS: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reading:
    """What a night's questions are asked with.

    `left_out` are the keys of `exclusions`. What was put together without tracks or contexts cannot leave one out, so
    then questions read more: `all_tracks` knows no context and no day, the tables of hours and ways know no track, and
    what stands in tables of all closed months is what counts by the default policy. `first_year` is that of the record.
    What questions would answer of the windows in `answered` is known, so nothing has to add up to them.
    """

    calendar: Calendar
    policy: Policy
    left_out_tracks: frozenset[str] = NO_EXCLUSIONS
    first_year: int = EARLIEST.year
    answered: frozenset[str] = frozenset()

    @cached_property
    def params(self) -> Mapping[str, object]:
        """Every parameter that questions of the dashboard take, but those of one question alone."""
        open_month, is_spotted, is_sifted = self.calendar.open_month, self._is_spotted, self._is_sifted
        by_month = ALWAYS if self._is_unusual else open_month
        return {
            "p_to": self.calendar.end,
            "p_tz": self.calendar.zone.key,
            "p_open": open_month,
            "p_lasting": not is_spotted,
            "p_years": self._is_by_year,
            "p_whole": not (is_spotted or self._is_by_year),
            "p_lasting_from": ALWAYS if is_spotted else open_month,
            "p_month_from": ALWAYS if is_spotted else self.calendar.rolling_month,
            "p_day_months": " ".join(self._day_months),
            "p_plain": not (is_sifted or self._is_unusual),
            "p_plain_from": NEVER if is_sifted else by_month,
            "p_sifted_from": ALWAYS if is_sifted else NEVER,
            **self.policy.counting,
        }

    @cached_property
    def windows(self) -> list[dict[str, Any]]:
        """Rows of `windows`."""
        numbers = {days: number for number, days in enumerate(self._parts)}
        return [_window(span, self.calendar) | {"part": numbers[span.first_day, span.last_day]} for span in self._spans]

    @cached_property
    def window_parts(self) -> list[dict[str, Any]]:
        """Rows of `window_parts`. By days alone where sums of months cannot answer."""
        how = {"by_day": self._is_spotted, "by_year": self._is_by_year}
        return [
            {"part": number, "bucket": bucket}
            for number, (first, last) in enumerate(self._parts)
            if (first, last) in self._asked
            for bucket in self.calendar.buckets(first, last, **how)
        ]

    @cached_property
    def _asked(self) -> set[tuple[date, date]]:
        """The spans that something has to add up to."""
        return {(span.first_day, span.last_day) for span in self._spans if span.window_name not in self.answered}

    @cached_property
    def _is_by_year(self) -> bool:
        """Whether sums of years are read at all: then all time is made of them too, for that takes the least memory."""
        buckets = (self.calendar.buckets(*days, by_day=self._is_spotted) for days in self._asked)
        return any(len(bucket) == len("YYYY") for found in buckets for bucket in found)

    @property
    def past_years(self) -> frozenset[str]:
        """The windows that are made of whole years, and go by sums of them."""
        years = range(self.first_year, self.calendar.data_day.year)
        return frozenset() if self._is_spotted else frozenset(map(str, years))

    @cached_property
    def _spans(self) -> list[Span]:
        return list(self.calendar.spans(self.first_year))

    @cached_property
    def _parts(self) -> list[tuple[date, date]]:
        """The distinct spans; their places are their numbers."""
        return sorted({(span.first_day, span.last_day) for span in self._spans})

    @property
    def _day_months(self) -> list[str]:
        """The months of which questions need the days."""
        return sorted({row["bucket"][:7] for row in self.window_parts if len(row["bucket"]) == len("YYYY-MM-DD")})

    @property
    def without_tracks(self) -> Mapping[str, object]:
        """The parameters that differ for what knows neither day nor track: it answers only where none is left out."""
        if not (self._is_sifted or self._is_unusual):
            return {}
        return {"p_lasting": False, "p_lasting_from": ALWAYS, "p_month_from": ALWAYS}

    def for_question(self, question: Question, **own: object) -> dict[str, object]:
        """The parameters of a question; `own` are those that only it takes, or takes otherwise."""
        return {name: own[name] if name in own else self.params[name] for name in question.params}

    @property
    def left_out(self) -> list[str]:
        """The keys of `exclusions`, in order."""
        days = {day for span in self.policy.exclude.days for day in days_between(span.first, span.last)}
        return sorted({*self.left_out_tracks, *self.policy.exclude.playlists, *days})

    @property
    def _is_spotted(self) -> bool:
        """Whether days or contexts are left out, or other plays count than usual."""
        return bool(self._is_unusual or self.policy.exclude.days or self.policy.exclude.playlists)

    @property
    def _is_unusual(self) -> bool:
        return self.policy.counting != DEFAULT.counting

    @property
    def _is_sifted(self) -> bool:
        """Whether tracks or contexts are left out."""
        return bool(self.left_out_tracks or self.policy.exclude.playlists)


def read_by(tables: TableStore, engine: QueryEngine, calendar: Calendar, policy: Policy) -> Reading:
    """Finds what the policy leaves out."""
    first = min(tables.list("day_tracks"), default=str(calendar.data_day))
    return Reading(calendar, policy, _left_out_tracks(engine, policy), int(first[:4]))


def put_in_place(tables: TableStore, reading: Reading) -> None:
    """Writes the small tables that questions join."""
    _put(tables, "exclusions", [{"key": key} for key in reading.left_out])
    _put(tables, "windows", reading.windows)
    _put(tables, "window_parts", reading.window_parts)


def _window(span: Span, calendar: Calendar) -> dict[str, Any]:
    moments = {"starts_at": calendar.midnight(span.first_day), "ends_at": calendar.midnight(span.last_day + DAY)}
    return {
        "window_name": span.window_name,
        "is_previous": span.is_previous,
        "first_day": str(span.first_day),
        "last_day": str(span.last_day),
        **{name: format_instant(moment.replace(tzinfo=UTC)) for name, moment in moments.items()},
    }


def _left_out_tracks(engine: QueryEngine, policy: Policy) -> frozenset[str]:
    """All tracks of the songs, artists and albums that are left out."""
    left = policy.exclude
    if not (left.tracks or left.artists or left.albums):
        return NO_EXCLUSIONS
    rows = engine.rows(
        load("policy/excluded"),
        p_tracks="\n".join(left.tracks),
        p_artists="\n".join(left.artists),
        p_albums="\n".join(f"{album.artist.strip()}\t{album.album.strip()}" for album in left.albums),
    )
    return frozenset({*left.tracks, *(str(row["track_uri"]) for row in rows)})


def _put(tables: TableStore, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes a small table if it holds anything else."""
    digest = hashlib.sha256(repr([sorted(row.items()) for row in rows]).encode()).hexdigest()[:32]
    stored = tables.list(table).get("")
    if stored is None or stored.digest != digest:
        tables.write(table, "", rows, digest=digest, replaces=stored)
