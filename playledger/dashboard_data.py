"""The document between the night and the page: `dashboard_data.json`, schema 1.

All keys are always present; null means not filled, never zero. Counts are integers, times UTC
`YYYY-MM-DDTHH:MM:SSZ`, days local `YYYY-MM-DD`. Tracks, artists and albums are indexes into `dict`.
Windows are whole local days ending with `data_day`.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

WINDOW_DAYS = {"1d": 1, "7d": 7, "30d": 30, "90d": 90, "365d": 365}
WindowName = Literal["1d", "7d", "30d", "90d", "365d", "all"]
WINDOW_NAMES: tuple[WindowName, ...] = ("1d", "7d", "30d", "90d", "365d", "all")


class Part(BaseModel):
    """A part of the document."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class GapItem(Part):
    """One gap; `from` is the moment after which, `to` the moment before which plays may be missing."""

    from_: str = Field(alias="from")
    to: str
    quiet_until: str | None
    class_: Literal["possible", "certain"] = Field(alias="class")
    lo: int
    hi: int
    estimate: float | None


class GapSummary(Part):
    """All gaps of the record; `items` are the newest 20."""

    total: int
    hours: int
    est_lost: tuple[int, int]
    items: tuple[GapItem, ...]


class Auth(Part):
    """The state of the login."""

    state: Literal["ok", "needs_reauth", "none"]
    reauthorize_by: str | None


class Health(Part):
    """What is known of the record's own quality. `unpolled_since` is the last poll where it is over 3 h ago."""

    auth: Auth
    gaps: GapSummary
    late_arrivals: int
    duplicates_removed: int
    quarantined: int
    short_windows: int
    small_overlaps: int
    unconfirmed: int
    coverage_since: str | None
    unpolled_since: str | None


class Totals(Part):
    """All counted plays. `minutes_estimated` of `minutes` come from plays known by polling only: an upper bound."""

    plays: int
    minutes: int
    minutes_estimated: int
    tracks: int
    artists: int
    albums: int
    since: str | None


class Previous(Part):
    """The equal window just before."""

    plays: int
    minutes: int
    tracks: int
    artists: int
    new_artists: int


class Sentence(Part):
    """Facts for one sentence on the window: its most played track, before and now, and how many artists were new."""

    top_track: int | None
    top_track_plays: int | None
    top_track_prev: int | None
    new_artists: int


TopRow = tuple[int, int, int, int | None]
"""[index into dict, plays, minutes, rank in the previous window or null]"""


class Window(Part):
    """One window. `hours` are plays per local hour, `hourdow` per weekday (Monday first) and hour: 7 x 24."""

    from_: str | None = Field(alias="from")
    to: str | None
    plays: int
    minutes: int
    minutes_estimated: int
    tracks: int
    artists: int
    albums: int
    new_artists: int
    silent_days: int
    gap_minutes: int
    prev: Previous | None
    top_tracks: tuple[TopRow, ...] = Field(max_length=25)
    top_artists: tuple[TopRow, ...] = Field(max_length=25)
    top_albums: tuple[TopRow, ...] = Field(max_length=10)
    top_genres: tuple[TopRow, ...] | None = Field(max_length=10)
    hours: tuple[int, ...] = Field(min_length=24, max_length=24)
    hourdow: tuple[int, ...] = Field(min_length=168, max_length=168)
    sentence: Sentence | None


class Series(Part):
    """Values one after another from `start`, without holes: days, weeks of seven days, or months (`YYYY-MM`)."""

    start: str
    plays: tuple[int, ...]
    minutes: tuple[int, ...]


class DaySeries(Part):
    """Plays of every day from `start`."""

    start: str
    plays: tuple[int, ...]


class PlaylistPart(Part):
    """The weekly playlist as last written."""

    name: str
    week: str
    id: str | None
    tracks: tuple[int, ...]
    unplayed_days: int


TrackRow = tuple[str, int, int | None, str | None, int | None]
"""[name, artist index, album index or null, Spotify id or null, seconds or null]"""
ArtistRow = tuple[str, str | None, tuple[int, ...]]
"""[name, Spotify id or null, genre indexes]"""
AlbumRow = tuple[str, int, str | None]
"""[name, artist index, Spotify id or null]"""


class Dictionary(Part):
    """Names, once each."""

    tracks: tuple[TrackRow, ...]
    artists: tuple[ArtistRow, ...]
    albums: tuple[AlbumRow, ...]
    genres: tuple[str, ...]


class QuestionVersion(Part):
    """Which text produced a part of this document."""

    version: int
    sha256: str


class DashboardData(Part):
    """The whole document. `daily` are the last 371 days, `weekly` the 365 d window, `monthly` all months."""

    schema_: Literal[1] = Field(1, alias="schema")
    app_version: str
    generated_at: str
    tz: str
    mode: Literal["live", "demo", "redacted"]
    data_day: str | None
    last_play_at: str | None
    last_poll_at: str | None
    next_poll_at: str | None
    health: Health
    totals: Totals
    windows: dict[WindowName, Window]
    daily: Series | None
    weekly: Series | None
    monthly: Series | None
    alldays: DaySeries | None
    discovery_weekly: None = None
    artist_detail: None = None
    records: None = None
    on_this_day: None = None
    playlist: PlaylistPart | None = None
    recent: tuple[tuple[int, int], ...] = Field(max_length=50)
    dict_: Dictionary = Field(alias="dict")
    questions: dict[str, QuestionVersion]
