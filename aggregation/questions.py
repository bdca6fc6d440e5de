"""What the dashboard's questions answer: a model for the rows of each, and all of them asked once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, is_dataclass, replace
from datetime import date, datetime
from enum import IntEnum
from typing import Literal

from pydantic import ValidationError

from aggregation.artists import ArtistFact, ask_artists
from aggregation.calendar import DAY
from aggregation.discovery import DiscoveryAnswers, ask_discovery
from aggregation.listening import ListeningAnswers, ask_listening
from aggregation.names import TrackNames
from aggregation.past_years import PastYears
from aggregation.reading import Reading, put_in_place
from aggregation.records import RecordAnswers, ask_records
from aggregation.rows import MENTIONS, AnyRow, Ask, Mention, Row
from playledger.dashboard_data import WINDOW_NAMES
from playledger.errors import WorldChanged
from playledger.ports import QueryEngine, TableStore
from sql import load

RECENT_PLAYS = 50
NEVER_DT = "9999-12-31"
"""A date without plays, for where there are none at all."""


class PeriodTotals(Row):
    """`dashboard/totals`: a window, or the equal one before it."""

    window_name: str
    is_previous: bool
    plays: int
    minutes: int
    minutes_estimated: int
    tracks: int
    artists: int
    albums: int


class Debuts(Row):
    """`dashboard/debuts`."""

    window_name: str
    is_previous: bool
    new_artists: int
    new_tracks: int
    new_albums: int


class Silence(Row):
    """`dashboard/silence`; `first_day` is the window's, or the record's where that begins later."""

    window_name: str
    is_previous: bool
    first_day: str
    silent_days: int


class TopRow(Row):
    """`dashboard/tops`: `nth` is its position by plays, `place` its rank, which ties share; the same by time.

    It is a song's, an artist's or an album's.
    """

    window_name: str
    song_no: int | None
    artist_no: int | None
    album_no: int | None
    nth: int
    nth_time: int
    place: int
    place_by_time: int
    plays: int
    minutes: int
    share_permille: int
    time_permille: int | None
    prev_place: int | None
    prev_place_by_time: int | None
    prev_plays: int | None


class Bucket(IntEnum):
    """What a row of `dashboard/series` counts: as the engines number grouping sets."""

    DAY = 7
    MONTH = 11
    MONTH_OF_YEAR = 13
    WEEK = 14


class BucketCount(Row):
    """`dashboard/series`; `bucket` is `YYYY-MM-DD`, `YYYY-MM`, `MM`, or how many runs of seven days ago."""

    sort: Bucket
    bucket: str
    plays: int
    minutes: int


class HourCount(Row):
    """`dashboard/clock`; weekday 0 is Monday, None stands for all of them together."""

    window_name: str
    weekday: int | None
    local_hour: int
    plays: int


class RecentPlay(Row):
    """`dashboard/recent`; `at_unix` in seconds."""

    track_uri: str
    at_unix: int


class Settled(Row):
    """`dashboard/health`."""

    late_arrivals: int
    duplicates: int
    quarantined: int
    short_windows: int
    small_overlaps: int
    unconfirmed: int


class GapRow(Row):
    """`dashboard/gaps`; moments are UTC without a zone, `total...` are over all gaps."""

    after: datetime
    before: datetime
    quiet_until: datetime | None
    gap_class: Literal["possible", "certain"]
    lost_min: int
    lost_max: int
    lost_estimate: float | None
    total: int
    total_hours: int
    total_lost_min: int
    total_lost_max: int


class GapMinutes(Row):
    """`dashboard/gap_minutes`."""

    window_name: str
    minutes: int


class PlaylistTrack(Row):
    """`dashboard/playlist`."""

    track_uri: str
    position: int
    playlist_id: str
    playlist_name: str
    unplayed_days: int


@dataclass(frozen=True)
class Answers:
    """All that the document is made of. `first_day` has the first counted play, `week` is the playlist's Monday.

    `names` has what is known of each track, song, artist and album that any answer mentions.
    """

    first_day: date | None
    totals: Sequence[PeriodTotals]
    debuts: Sequence[Debuts]
    silence: Sequence[Silence]
    tops: Sequence[TopRow]
    series: Sequence[BucketCount]
    clock: Sequence[HourCount]
    listening: ListeningAnswers
    discovery: DiscoveryAnswers
    artists: Sequence[ArtistFact]
    records: RecordAnswers
    recent: Sequence[RecentPlay]
    settled: Settled
    gaps: Sequence[GapRow]
    gap_minutes: Sequence[GapMinutes]
    week: date | None
    playlist: Sequence[PlaylistTrack]
    names: Sequence[TrackNames]


class Asker:
    """Asks questions by one reading. Raises WorldChanged where a row is not what its model says."""

    def __init__(self, engine: QueryEngine, reading: Reading, past: PastYears) -> None:
        self._engine = engine
        self._reading = reading
        self._past = past

    def ask(self, name: str, model: type[AnyRow], **own: object) -> tuple[AnyRow, ...]:
        """The answer's rows; `own` are parameters that only this question takes, or takes otherwise."""
        question = load(f"dashboard/{name}")
        rows = self._engine.rows(question, **self._reading.for_question(question, **own))
        try:
            return tuple(model.model_validate(row) for row in self._past.completed(question.name, rows))
        except ValidationError as error:
            raise WorldChanged(f"dashboard/{name} answers other rows than it should: {error}") from error


def ask_all(engine: QueryEngine, tables: TableStore, reading: Reading) -> Answers:
    """Asks every question of the document once, of past years only where their answers are not kept."""
    past = PastYears(tables, engine, reading)
    reading = replace(reading, answered=past.names if past.is_kept else frozenset())
    put_in_place(tables, reading)
    ask, calendar = Asker(engine, reading, past).ask, reading.calendar
    series, tops = ask("series", BucketCount, p_from=str(calendar.first_day("365d", None))), ask("tops", TopRow)
    days = [row for row in series if row.sort is Bucket.DAY]
    first = date.fromisoformat(days[0].bucket) if days else None
    weeks = sorted(tables.list("playlists"))
    found = Answers(
        first_day=first,
        totals=ask("totals", PeriodTotals),
        debuts=ask("debuts", Debuts, p_month_from=reading.params["p_lasting_from"]),
        silence=ask("silence", Silence),
        tops=tops,
        series=series,
        clock=ask("clock", HourCount),
        listening=ask_listening(ask, reading),
        discovery=ask_discovery(ask, reading),
        artists=ask_artists(ask, reading, _listed_artists(tops)),
        records=ask_records(ask),
        recent=ask("recent", RecentPlay, p_dt_from=_recent_dt(days, tables)),
        settled=ask("health", Settled)[0],
        gaps=ask("gaps", GapRow),
        gap_minutes=ask("gap_minutes", GapMinutes),
        week=date.fromisoformat(weeks[-1]) if weeks else None,
        playlist=ask("playlist", PlaylistTrack, p_week=weeks[-1]) if weeks else (),
        names=(),
    )
    past.keep()
    return replace(found, names=_names(ask, found))


def _listed_artists(tops: Sequence[TopRow]) -> list[int]:
    """The artists that are first in some window, then the second ones, and so on."""
    listed = [
        (min(row.nth, row.nth_time), -WINDOW_NAMES.index(row.window_name), row.artist_no)
        for row in tops
        if row.artist_no is not None and row.window_name in WINDOW_NAMES
    ]
    return list(dict.fromkeys(number for _, _, number in sorted(listed)))


def _names(ask: Ask, found: Answers) -> tuple[TrackNames, ...]:
    """What is known of every track that an answer mentions, and of those that stand for songs, artists and albums."""
    mentioned: dict[Mention, set[str | int]] = {mention: set() for mention in MENTIONS}
    for mention, name in _mentioned(found):
        mentioned[mention].add(name)
    if not any(mentioned.values()):
        return ()
    asked = {param: "\n".join(map(str, sorted(mentioned[mention], key=str))) for param, mention in NAMED_BY.items()}
    known = ask("names", TrackNames, **asked)
    unknown = mentioned["track_uri"].difference(row.track_uri for row in known)
    return (*known, *(TrackNames(track_uri=str(uri)) for uri in sorted(unknown)))


NAMED_BY: dict[str, Mention] = {
    "p_uris": "track_uri",
    "p_songs": "song_no",
    "p_artists": "artist_no",
    "p_albums": "album_no",
}
"""Parameters of `dashboard/names`."""


def _mentioned(part: object) -> Iterator[tuple[Mention, str | int]]:
    """All that is named in the rows of answers."""
    if isinstance(part, Row):
        yield from part.mentioned()
    elif isinstance(part, tuple):
        yield from (name for row in part for name in _mentioned(row))
    elif is_dataclass(part):
        yield from _mentioned(tuple(vars(part).values()))


def _recent_dt(days: Sequence[BucketCount], tables: TableStore) -> str:
    """A UTC date from which on there are as many counted plays as are told, if there ever were so many."""
    plays = 0
    for day in reversed(days):
        plays += day.plays
        if plays >= RECENT_PLAYS:
            return str(date.fromisoformat(day.bucket) - DAY)
    return min(tables.list("plays"), default=NEVER_DT)
