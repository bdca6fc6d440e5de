"""Rows of what is summarised from plays: local days, months, and all closed months together.

Each holds only what plays hold: names as observed, what was heard and how. Labels, merges and policy are joined when a
question is asked.
"""

from pydantic import BaseModel, Field

from playledger.models import Instant, SettledDay


class Heard(BaseModel):
    """How something was heard: what policy decides by."""

    kind: str = Field(description="music, podcast, audiobook, video or unknown")
    is_done: bool = Field(description="ended by itself")
    heard_seconds: int | None = Field(
        description="heard for at least so long: 0, 5, 10, 20, 30, 60, 120 or 240; null when only polled"
    )
    incognito: bool = Field(description="played in a private session")


class Tally(BaseModel):
    """How much."""

    plays: int = Field(description="number of plays")
    ms: int = Field(description="milliseconds heard; of plays only polled the track's length")
    ms_estimated: int = Field(description="part of ms that is a track's length, an upper bound")


class Ways(BaseModel):
    """In which way a play went, as far as an export tells."""

    skipped: bool | None = Field(description="the export's skipped")
    shuffle: bool | None = Field(description="the export's shuffle")
    platform: str | None = Field(description="family of the player")
    offline: bool | None = Field(description="the export's offline")


class Named(BaseModel):
    """A track and what it was called when it was played."""

    track_uri: str = Field(description="Spotify URI")
    track_name: str | None = Field(description="as observed")
    artist_name: str | None = Field(description="as observed")
    album_name: str | None = Field(description="as observed")


class InContext(BaseModel):
    """What a track was played from."""

    context_type: str | None = Field(description="playlist, album, artist, collection ...")
    context_id: str | None = Field(description="id of the context")


class DayTrackRow(Tally, Ways, Heard, InContext, Named):
    """Local day x track x context x how it was heard: a row of `day_tracks`."""

    first_played_at: Instant = Field(description="UTC")
    last_played_at: Instant = Field(description="UTC")


class OfQuarter(BaseModel):
    """Where in its day a row belongs, and the track."""

    quarter: int = Field(description="quarter hour of the local day, 0 to 95")
    local_hour: int = Field(description="hour of the local day, 0 to 23")
    track_uri: str = Field(description="Spotify URI")


class DayQuarterRow(Tally, Heard, InContext, OfQuarter):
    """Local day x quarter hour x track x context x how it was heard: a row of `day_quarters`."""


class SessionRow(BaseModel):
    """A run of music without half an hour of silence, cut at local midnights: a row of `day_sessions`."""

    first_played_at: Instant = Field(description="end of its first play, UTC")
    last_played_at: Instant = Field(description="end of its last play, UTC")
    lead_ms: int = Field(description="ms heard of its first play: it began so long before first_played_at")
    plays: int = Field(description="plays in it, short ones too")
    ms: int = Field(description="milliseconds heard")


class BingeRow(BaseModel):
    """Three plays or more of one thing in a row, or five in a day: a row of `day_binges`."""

    what: str = Field(description="track or artist")
    is_in_a_row: bool = Field(description="plays in a row; else plays of the whole day, others in between")
    track_uri: str = Field(description="the track; of an artist one of its tracks")
    artist_name: str | None = Field(description="as observed")
    plays: int = Field(description="number of plays")
    first_played_at: Instant = Field(description="UTC")
    last_played_at: Instant = Field(description="UTC")


class OfDay(BaseModel):
    """A row of a month that still knows its day."""

    day: str = Field(description="local date, YYYY-MM-DD")


class OfMonth(BaseModel):
    """A row of all closed months that still knows its month."""

    month: str = Field(description="local month, YYYY-MM")


class MonthTrackRow(Tally, Ways, Heard, InContext, Named, OfDay):
    """A row of `month_tracks`: day_tracks without the clock."""


class MonthWayRow(Tally, Ways, Heard, OfDay):
    """A row of `month_ways` and `all_ways`: how a day was heard, without the tracks."""


class MonthQuarterRow(Tally, Heard, InContext, OfQuarter, OfDay):
    """A row of `month_quarters`."""


class OfHour(OfDay):
    """A row that still knows its hour."""

    local_hour: int = Field(description="hour of the local day, 0 to 23")


class MonthHourRow(Tally, Heard, OfHour):
    """A row of `month_hours`: the hours of a day, without the tracks."""


class AllHourRow(Tally, OfHour):
    """Hour of a day, of what counts by the default policy, over all closed months: a row of `all_hours`."""


class MonthSessionRow(SessionRow, OfDay):
    """A row of `month_sessions` and `all_sessions`."""


class MonthBingeRow(BingeRow, OfDay):
    """A row of `month_binges` and `all_binges`."""


class Between(BaseModel):
    """First and last day."""

    first_day: str = Field(description="first local day of these plays")
    last_day: str = Field(description="last local day of these plays")


class AllTrackRow(Tally, Between, Named, OfMonth):
    """Month x track, of what counts by the default policy, over all closed months: a row of `all_tracks`."""


class AllTimeRow(Tally, Between, Named):
    """Track, of what counts by the default policy, over all closed months: a row of `all_time`."""


class AllYearRow(Tally, Between):
    """Year x track, of what counts by the default policy, over all closed months: a row of `all_years`."""

    track_uri: str = Field(description="Spotify URI")
    year: str = Field(description="local year, YYYY; of the running one its closed months")


class RecentTrackRow(Tally, Between, OfMonth):
    """Month x track, of what counts by the default policy, over the closed months of two years."""

    track_uri: str = Field(description="Spotify URI")


class AllContextRow(Tally, Between, InContext, OfMonth):
    """Month x context, of what counts by the default policy, over all closed months: a row of `all_contexts`."""


class AccountRow(SettledDay):
    """A row of `month_accounts` and `all_accounts`: the account of one settled day."""

    dt: str = Field(description="UTC date, YYYY-MM-DD")


class SongRow(BaseModel):
    """What a track is called by the best that is known, and which song it is a recording of: a row of `songs`."""

    track_uri: str = Field(description="Spotify URI")
    song_uri: str | None = Field(description="the track that stands for its song; null where it does so itself")
    name: str = Field(description="title")
    artist_name: str | None = Field(description="first credited artist")
    artist_id: str | None = Field(description="Spotify id of the first credited artist")
    album: str | None = Field(description="album title")
    album_id: str | None = Field(description="Spotify id of the album")
    release_year: int | None = Field(description="year of the song's earliest known release")
    duration_ms: int | None = Field(description="length in ms")
    genres: str | None = Field(description="genres of the first credited artist, with | between")
    song_no: int = Field(description="number of its song, in the order of their URIs")
    artist_no: int | None = Field(description="number of its artist by name, whatever its case, in order")
    album_no: int | None = Field(description="number of its album by the names of artist and album, in order")
    is_artist: bool = Field(description="whether it stands for its artist: one track of each does")
    is_album: bool = Field(description="whether it stands for its album")
    is_only: bool = Field(description="whether no other track is the same song")
    identity: int = Field(description="number that names its song, artist, album, release year and genres")
    title_no: int | None = Field(
        description="number of title and artist without what releases add; null if artist_name is not the credited one"
    )


class ExclusionRow(BaseModel):
    """Something that the policy leaves out: a row of `exclusions`."""

    key: str = Field(description="URI of a track, id of a context, or local day")


class CheckedRow(BaseModel):
    """What the checks before publishing found sound: a row of `checked`."""

    part: str = Field(description="day, month, closed month, or all for the tables of all closed months")
    digest: str = Field(description="names what was looked at")


class WindowRow(BaseModel):
    """A span of whole local days that the dashboard tells of: a row of `windows`."""

    window_name: str = Field(description="1d, 7d, 30d, 90d, 365d, all, or a year")
    is_previous: bool = Field(description="the equal span just before the window of that name")
    part: int = Field(description="number of the span; two windows of the same days have the same")
    first_day: str = Field(description="local day")
    last_day: str = Field(description="local day, inclusive")
    starts_at: Instant = Field(description="midnight before its first day, UTC")
    ends_at: Instant = Field(description="midnight after its last day, UTC")


class WindowPartRow(BaseModel):
    """A part of a span: a row of `window_parts`. All of them together are the span, each day once."""

    part: int = Field(description="number of the span, as in windows")
    bucket: str = Field(description="year, month or local day; empty: all closed months")


class PastYearRow(BaseModel):
    """A row of an answer about a year that is over: a row of `past_years`."""

    question: str = Field(description="name of the question")
    thing: str | None = Field(description="song_no, artist_no or album_no: what the answer's row is about")
    track_uri: str | None = Field(description="a track of that song, artist or album")
    answer: str = Field(description="all other columns of the row, as JSON")
