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


TopRow = tuple[int, int, int, int | None, int, int]
"""[index into dict, plays, minutes, rank in the previous window or null, rank (ties share one), share of the window's
plays in permille]. Ranks and share are of plays, in `by_time` of time."""


class ByTime(Part):
    """The same lists by time listened."""

    tracks: tuple[TopRow, ...] = Field(max_length=10)
    artists: tuple[TopRow, ...] = Field(max_length=10)
    albums: tuple[TopRow, ...] = Field(max_length=10)


class WaysPart(Part):
    """How the plays went that an export tells of. `platforms` are [family, plays], most first."""

    plays: int
    skipped: int
    finished: int
    shuffled: int
    offline: int
    platforms: tuple[tuple[str, int], ...]


class SessionsPart(Part):
    """Runs of music without half an hour of silence, short plays too, by the day they begin on.

    `lengths` counts those under 15, 30, 60, 120 and 240 minutes, and the longer ones.
    """

    count: int
    minutes: int
    median_minutes: int
    longest_minutes: int
    longest_day: str
    lengths: tuple[int, ...] = Field(min_length=6, max_length=6)


Era = tuple[int, int, int]
"""[decade of the song's earliest known release, plays, minutes]"""


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
    new_tracks: int
    new_albums: int
    silent_days: int
    gap_minutes: int
    prev: Previous | None
    top_tracks: tuple[TopRow, ...] = Field(max_length=25)
    top_artists: tuple[TopRow, ...] = Field(max_length=25)
    top_albums: tuple[TopRow, ...] = Field(max_length=10)
    top_genres: tuple[TopRow, ...] | None = Field(max_length=10)
    top_contexts: tuple[TopRow, ...] | None = Field(max_length=10)
    by_time: ByTime
    hours: tuple[int, ...] = Field(min_length=24, max_length=24)
    hourdow: tuple[int, ...] = Field(min_length=168, max_length=168)
    ways: WaysPart | None
    sessions: SessionsPart | None
    eras: tuple[Era, ...] | None
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


class MonthOfYear(Part):
    """All years together, January first."""

    plays: tuple[int, ...] = Field(min_length=12, max_length=12)
    minutes: tuple[int, ...] = Field(min_length=12, max_length=12)


class WeeklyDiscovery(Part):
    """Plays of songs first played in that run of seven days, and of songs known before; weeks as in `weekly`."""

    start: str
    new: tuple[int, ...]
    known: tuple[int, ...]


class MonthlyDiscovery(Part):
    """By month from `start`: songs and artists first played in it; of the songs those that stuck (played in three
    months or more by now); and how varied it was: the number of equally played artists that would be as varied
    (inverse Simpson), in hundredths."""

    start: str
    new_tracks: tuple[int, ...]
    new_artists: tuple[int, ...]
    stuck: tuple[int, ...]
    variety: tuple[int, ...]


class OneHitWonders(Part):
    """Songs played just once ever: how many, in permille of all songs, and the newest as [track, day]."""

    count: int
    permille: int
    newest: tuple[tuple[int, str], ...] = Field(max_length=10)


class DayOfYear(Part):
    """A day of an earlier year, and its most played song."""

    day: str
    plays: int
    track: int
    track_plays: int


class ArtistDetail(Part):
    """An artist of the lists. `months` are plays in the 24 months up to the data day's; `top` are its songs."""

    artist: int
    plays: int
    minutes: int
    first: str
    last: str
    months: tuple[int, ...] = Field(min_length=24, max_length=24)
    top: tuple[tuple[int, int], ...] = Field(max_length=3)


class NumberOnes(Part):
    """The most played song and artist of each month from `start`; null in a silent one."""

    start: str
    tracks: tuple[int | None, ...]
    artists: tuple[int | None, ...]


class Streak(Part):
    """Days in a row."""

    days: int
    from_: str = Field(alias="from")
    to: str


class Binge(Part):
    """The most plays of one thing, in a row or in one day. `index` is a track or an artist."""

    index: int
    plays: int
    day: str


class DayRecord(Part):
    """A day, and how much was played on it."""

    day: str
    plays: int
    minutes: int


class SessionRecord(Part):
    """The longest run of music, and the day it begins on."""

    day: str
    minutes: int


class Records(Part):
    """Records of all time; of equal ones the first. `current_streak` is null where the data day was silent.

    `longest_silence` lies between the first play and the data day. Binges are found in what counts by default, and
    within a day. `milestones` are [n, day of the n-th play] for round numbers.
    """

    current_streak: Streak | None
    longest_streak: Streak | None
    longest_silence: Streak | None
    fullest_day: DayRecord | None
    longest_day: DayRecord | None
    longest_session: SessionRecord | None
    track_in_a_row: Binge | None
    artist_in_a_row: Binge | None
    track_in_a_day: Binge | None
    artist_in_a_day: Binge | None
    milestones: tuple[tuple[int, str], ...]


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


ContextRow = tuple[str, str | None]
"""[playlist, album, artist, collection ..., Spotify id or null]"""


class Dictionary(Part):
    """Names, once each."""

    tracks: tuple[TrackRow, ...]
    artists: tuple[ArtistRow, ...]
    albums: tuple[AlbumRow, ...]
    genres: tuple[str, ...]
    contexts: tuple[ContextRow, ...]


class QuestionVersion(Part):
    """Which text produced a part of this document."""

    version: int
    sha256: str


class DashboardData(Part):
    """The whole document. `daily` are the last 371 days, `weekly` the 365 d window, `monthly` all months.

    `years` are the calendar years, the current one so far (against as much of the last one), lists of ten.
    `forgotten` are [track, plays, last day]: played ten times or more, but not in the last 365 days; most plays first.
    `back_after` are [track, silent days, day]: played again in the last 90 days after 183 silent days or more; the
    longest silence first. `on_this_day` are the ten years before the day after `data_day`, on which one looks.
    """

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
    years: dict[str, Window]
    daily: Series | None
    weekly: Series | None
    monthly: Series | None
    alldays: DaySeries | None
    month_of_year: MonthOfYear | None = None
    discovery_weekly: WeeklyDiscovery | None = None
    discovery_monthly: MonthlyDiscovery | None = None
    number_ones: NumberOnes | None = None
    one_hit_wonders: OneHitWonders | None = None
    forgotten: tuple[tuple[int, int, str], ...] = Field((), max_length=10)
    back_after: tuple[tuple[int, int, str], ...] = Field((), max_length=10)
    on_this_day: tuple[DayOfYear, ...] = ()
    artist_detail: tuple[ArtistDetail, ...] = Field((), max_length=50)
    records: Records | None = None
    playlist: PlaylistPart | None = None
    recent: tuple[tuple[int, int], ...] = Field(max_length=50)
    dict_: Dictionary = Field(alias="dict")
    questions: dict[str, QuestionVersion]
