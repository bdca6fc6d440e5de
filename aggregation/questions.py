"""What the dashboard's questions answer: a model for the rows of each, and all of them asked once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from aggregation.calendar import DAY, Calendar
from playledger.dashboard_data import WINDOW_NAMES, WindowName
from playledger.errors import WorldChanged
from playledger.ports import QueryEngine, TableStore
from sql import load

RECENT_DATES = 50
"""So many newest UTC dates hold the last 50 plays: each has at least one."""


class Row(BaseModel):
    """A row of an answer: exactly these columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")


AnyRow = TypeVar("AnyRow", bound=Row)


class PeriodTotals(Row):
    """`dashboard/totals`: a window, or the equal one before it; `is_whole` where the record reaches back that far."""

    window_name: WindowName
    is_previous: bool
    is_whole: bool
    first_day: str
    plays: int
    minutes: int
    minutes_estimated: int
    tracks: int
    artists: int
    albums: int
    new_artists: int
    silent_days: int


class TrackNames(Row):
    """A track and what it is called; names may be missing. Keys tell artists and albums apart."""

    track_uri: str
    track_id: str | None
    name: str | None
    artist_key: str | None
    artist_name: str | None
    artist_id: str | None
    album_key: str | None
    album: str | None
    album_id: str | None
    seconds: int | None


class TopTrack(TrackNames):
    """`dashboard/top_tracks`."""

    window_name: WindowName
    place: int
    plays: int
    minutes: int
    prev_place: int | None
    prev_plays: int | None


class TopArtist(Row):
    """`dashboard/top_artists`."""

    window_name: WindowName
    place: int
    artist_key: str
    artist_name: str
    artist_id: str | None
    plays: int
    minutes: int
    prev_place: int | None


class TopAlbum(Row):
    """`dashboard/top_albums`."""

    window_name: WindowName
    place: int
    album_key: str
    album: str
    album_id: str | None
    artist_key: str
    artist_name: str
    artist_id: str | None
    plays: int
    minutes: int
    prev_place: int | None


class DayCount(Row):
    """`dashboard/daily`."""

    day: str
    plays: int
    minutes: int


class WeekCount(Row):
    """`dashboard/weekly`."""

    weeks_ago: int
    plays: int
    minutes: int


class MonthCount(Row):
    """`dashboard/monthly`."""

    month_name: str
    plays: int
    minutes: int


class HourCount(Row):
    """`dashboard/hours`."""

    window_name: WindowName
    local_hour: int
    plays: int


class WeekdayHourCount(Row):
    """`dashboard/hourdow`; weekday 0 is Monday."""

    window_name: WindowName
    weekday: int
    local_hour: int
    plays: int


class RecentPlay(TrackNames):
    """`dashboard/recent`; `at_unix` in seconds."""

    at_unix: int


class Settled(Row):
    """`dashboard/health`."""

    late_arrivals: int
    duplicates: int
    quarantined: int
    short_windows: int
    small_overlaps: int


class Unconfirmed(Row):
    """`dashboard/unconfirmed`."""

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

    window_name: WindowName
    minutes: int


class PlaylistTrack(TrackNames):
    """`dashboard/playlist`."""

    position: int
    playlist_id: str
    playlist_name: str
    unplayed_days: int


@dataclass(frozen=True)
class Answers:
    """All that the document is made of. `first_day` has the first counted play, `week` is the playlist's Monday."""

    first_day: date | None
    totals: Sequence[PeriodTotals]
    top_tracks: Sequence[TopTrack]
    top_artists: Sequence[TopArtist]
    top_albums: Sequence[TopAlbum]
    daily: Sequence[DayCount]
    weekly: Sequence[WeekCount]
    monthly: Sequence[MonthCount]
    hours: Sequence[HourCount]
    hourdow: Sequence[WeekdayHourCount]
    recent: Sequence[RecentPlay]
    settled: Settled
    unconfirmed: int
    gaps: Sequence[GapRow]
    gap_minutes: Sequence[GapMinutes]
    week: date | None
    playlist: Sequence[PlaylistTrack]


def ask_all(engine: QueryEngine, tables: TableStore, calendar: Calendar) -> Answers:
    """Asks every question of the document once. Raises WorldChanged where a row is not what its model says."""
    to = calendar.end
    totals = _ask(engine, "totals", PeriodTotals, p_to=to)
    first = date.fromisoformat(totals[0].first_day) if totals else None
    dates, weeks = sorted(tables.list("plays"))[-RECENT_DATES:], sorted(tables.list("playlists"))
    return Answers(
        first_day=first,
        totals=totals,
        top_tracks=_ask(engine, "top_tracks", TopTrack, p_to=to),
        top_artists=_ask(engine, "top_artists", TopArtist, p_to=to),
        top_albums=_ask(engine, "top_albums", TopAlbum, p_to=to),
        daily=_ask(engine, "daily", DayCount, p_to=to),
        weekly=_ask(engine, "weekly", WeekCount, p_from=str(calendar.first_day("365d", first)), p_to=to),
        monthly=_ask(engine, "monthly", MonthCount, p_to=to),
        hours=_ask(engine, "hours", HourCount, p_to=to),
        hourdow=_ask(engine, "hourdow", WeekdayHourCount, p_to=to),
        recent=_ask(engine, "recent", RecentPlay, p_dt_from=dates[0]) if dates else (),
        settled=_ask(engine, "health", Settled)[0],
        unconfirmed=_ask(engine, "unconfirmed", Unconfirmed)[0].unconfirmed,
        gaps=_ask(engine, "gaps", GapRow),
        gap_minutes=_ask(engine, "gap_minutes", GapMinutes, **_moments(calendar, first)),
        week=date.fromisoformat(weeks[-1]) if weeks else None,
        playlist=_ask(engine, "playlist", PlaylistTrack, p_week=weeks[-1], p_to=to) if weeks else (),
    )


def _ask(engine: QueryEngine, name: str, model: type[AnyRow], **params: object) -> tuple[AnyRow, ...]:
    rows = engine.rows(load(f"dashboard/{name}"), **params)
    try:
        return tuple(model.model_validate(row) for row in rows)
    except ValidationError as error:
        raise WorldChanged(f"dashboard/{name} answers other rows than it should: {error}") from error


def _moments(calendar: Calendar, first: date | None) -> dict[str, object]:
    """Where windows begin and end, in UTC. Without a play there is no `all`: it ends where it begins."""
    end = calendar.data_day + DAY
    begins = {window: calendar.first_day(window, first) or end for window in WINDOW_NAMES}
    moments = {f"p_from_{window}": calendar.midnight(day) for window, day in begins.items()}
    return {**moments, "p_to": calendar.midnight(end)}
