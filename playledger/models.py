"""What is kept: plays, claims, metadata, state. Nothing here knows Spotify's JSON, a file, a table store or a clock."""

import hashlib
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, TypeAdapter

SEEN_LIMIT = 200
DEFAULT_FETCH_LIMIT = 45
OVERLAP_WINDOW_SIZE = 5
WINDOW_SIZE = DEFAULT_FETCH_LIMIT + OVERLAP_WINDOW_SIZE
"""How many plays one poll asks for: the most Spotify gives, so that polls overlap."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def from_ms(unix_ms: int) -> datetime:
    """The UTC moment of a Unix time in milliseconds, exact to the millisecond."""
    return _EPOCH + timedelta(milliseconds=unix_ms)


def to_ms(moment: datetime) -> int:
    """Unix milliseconds of an aware moment; anything below a millisecond is cut."""
    return (moment - _EPOCH) // _MILLISECOND


def parse_instant(value: object) -> datetime:
    """Reads `...Z`, `....123Z`, `YYYY-MM-DD HH:MM:SS.mmm` (UTC) or an aware datetime, cut to milliseconds.

    Raises ValueError where there is no date in it, or a datetime without a zone.
    """
    if isinstance(value, datetime):
        moment = value
    else:
        moment = datetime.fromisoformat(str(value))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    moment = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    below = moment.microsecond % 1000
    return moment - timedelta(microseconds=below) if below else moment


def format_instant(moment: datetime) -> str:
    """`YYYY-MM-DD HH:MM:SS.mmm` in UTC: what both query engines read as TIMESTAMP."""
    return moment.astimezone(UTC).isoformat(" ", "milliseconds").removesuffix("+00:00")


Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    PlainSerializer(format_instant, return_type=str, when_used="json"),
]


class Model(BaseModel):
    """A frozen value; unknown fields are an error, so that a misspelt one cannot vanish."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Media(StrEnum):
    """What was played."""

    MUSIC = "music"
    PODCAST = "podcast"
    AUDIOBOOK = "audiobook"
    VIDEO = "video"
    UNKNOWN = "unknown"


class Source(StrEnum):
    """Who vouches for a settled play."""

    POLL = "poll"
    EXPORT = "export"
    BOTH = "both"


def play_key(played_at: datetime, track_uri: str) -> str:
    """What makes two observations the same play: the millisecond and the URI. Context is left out, Spotify nulls it."""
    return f"{to_ms(played_at)}#{track_uri}"


def event_id(played_at: datetime, track_id: str | None, context_uri: str | None) -> str:
    """Names one observation of a play, context as first seen included (hex SHA-256)."""
    return hashlib.sha256(f"{to_ms(played_at)}|{track_id or ''}|{context_uri or ''}".encode()).hexdigest()


def seen_hash(key: str) -> str:
    """Eight bytes (16 hex digits) of a play key's hash: what the state remembers of it."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def names_uri(*names: str | None) -> str:
    """A stand-in URI for a row that has names but no Spotify URI."""
    text = "\x1f".join(name or "" for name in names)
    return f"playledger:names:{hashlib.sha256(text.encode()).hexdigest()[:22]}"


class Context(Model):
    """What a play was started from: playlist, album, artist, collection ..."""

    type: str
    id: str | None = None
    uri: str


class PlayEvent(Model):
    """One polled play: a `play` entry of the journal. Metadata fields are the payload's, frozen as observed."""

    v: Literal[1] = 1
    kind: Literal["play"] = "play"
    event_id: str
    key: str
    played_at: Instant
    media: Media = Media.MUSIC
    track_id: str | None
    track_uri: str
    track_name: str | None = None
    artist_names: tuple[str, ...] = ()
    artist_ids: tuple[str | None, ...] = ()
    album_name: str | None = None
    album_id: str | None = None
    album_type: str | None = None
    release_date: str | None = None
    isrc: str | None = None
    explicit: bool | None = None
    duration_ms: int | None = None
    context: Context | None = None
    is_late: bool = False
    ingested_at: Instant

    @property
    def entry_id(self) -> str:
        """Identity among the entries of the journal."""
        return self.key

    @property
    def at(self) -> datetime:
        """The moment that decides the entry's partition."""
        return self.played_at


class ExportEntry(Model):
    """One row of an account export: an `export` entry. Personal fields never get this far."""

    v: Literal[1] = 1
    kind: Literal["export"] = "export"
    key: str
    played_at: Instant
    media: Media
    track_uri: str
    track_name: str | None = None
    artist_name: str | None = None
    album_name: str | None = None
    ms_played: int
    reason_start: str | None = None
    reason_end: str | None = None
    shuffle: bool | None = None
    skipped: bool | None = None
    offline: bool | None = None
    incognito: bool | None = None
    platform: str | None = None
    ingested_at: Instant

    @property
    def entry_id(self) -> str:
        """Identity among the entries of the journal."""
        return f"export:{self.key}"

    @property
    def at(self) -> datetime:
        """The moment that decides the entry's partition."""
        return self.played_at


class ExportSpan(Model):
    """That an extended audio file was imported whole: a `span` entry. It can heal gaps inside [lo, hi]."""

    v: Literal[1] = 1
    kind: Literal["span"] = "span"
    file_sha256: str
    lo: Instant
    hi: Instant
    rows: int
    ingested_at: Instant

    @property
    def entry_id(self) -> str:
        """Identity among the entries of the journal."""
        return f"span:{self.file_sha256}"

    @property
    def at(self) -> datetime:
        """The moment that decides the entry's partition."""
        return self.hi


class Claim(Model):
    """What one poll vouches for: a `claim` entry. Every play published in order with lo <= played_at <= hi was in it.

    `lo` and `hi` are the oldest and newest played_at of the window; of an empty window both are `server_now`.
    `reaches_back`: the lists before were empty and this one is not full, so `lo` is no later than where coverage began.
    `is_short`: fewer plays than the account's window is known to hold; the span is then claimed as possible only.
    `overlap` counts what of the window was known before.
    """

    v: Literal[1] = 1
    kind: Literal["claim"] = "claim"
    lo: Instant
    hi: Instant
    n: int
    limit: int
    server_now: Instant
    previous_poll: Instant | None = None
    reaches_back: bool = False
    is_short: bool = False
    overlap: int | None = None

    @property
    def is_barely_overlapping(self) -> bool:
        """A full window that hardly shares anything with what was known: in one busier hour plays are lost."""
        return self.overlap is not None and self.n >= self.limit and 0 < self.overlap < OVERLAP_WINDOW_SIZE

    @property
    def entry_id(self) -> str:
        """Identity among the entries of the journal."""
        return f"claim:{hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32]}"

    @property
    def at(self) -> datetime:
        """The moment that decides the entry's partition."""
        return self.hi


class Quarantined(Model):
    """A record that could not be read, kept with its raw text and the reason: a `quarantine` entry."""

    v: Literal[1] = 1
    kind: Literal["quarantine"] = "quarantine"
    reason: str
    raw: str
    origin: Literal["poll", "export"]
    ingested_at: Instant

    @property
    def entry_id(self) -> str:
        """Identity among the entries of the journal."""
        return f"quarantine:{hashlib.sha256(self.raw.encode()).hexdigest()[:32]}"

    @property
    def at(self) -> datetime:
        """The moment that decides the entry's partition."""
        return self.ingested_at


Entry = PlayEvent | ExportEntry | ExportSpan | Claim | Quarantined
ENTRY: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="kind")])


def utc_day(moment: datetime) -> date:
    """The UTC date of a moment: always what `dt` is."""
    return moment.astimezone(UTC).date()


class IngestionState(Model):
    """What capture remembers between polls: the commit point. One item of at most 8 KB.

    Times are Spotify's server time. `seen` holds hashes (`seen_hash`) of the newest play keys, newest last.
    """

    version: int = 0
    last_cursor_unix_ms: int | None = None
    last_run_timestamp: Instant | None = None
    last_seen_played_at: Instant | None = None
    seen: tuple[str, ...] = ()
    coverage_from: Instant | None = None
    window_max: int = 0
    last_new: int = 0
    blocked_until: Instant | None = None
    block_count: int = 0
    needs_reauth: bool = False
    account_hash: str | None = None


class Token(Model):
    """What lets us ask Spotify. `authorized_at` is the owner's consent."""

    refresh_token: str = Field(repr=False)
    access_token: str = Field(default="", repr=False)
    expires_at: Instant | None = None
    scope: str = ""
    authorized_at: Instant
    account_hash: str | None = None

    @property
    def dies_at(self) -> datetime:
        """Six calendar months after consent; refreshing does not move it."""
        given = self.authorized_at
        year, month = divmod(given.month + 5, 12)
        last = monthrange(given.year + year, month + 1)[1]
        return given.replace(year=given.year + year, month=month + 1, day=min(given.day, last))


class Grade(StrEnum):
    """How well an entity is known; a higher grade replaces a lower one."""

    STUB = "stub"
    PAYLOAD = "payload"
    FETCHED = "fetched"
    GONE = "gone"

    @property
    def rank(self) -> int:
        """Position in the order of grades. A tombstone (`gone`) keeps nobody from a better row, so it ranks lowest."""
        return {"gone": 0, "stub": 1, "payload": 2, "fetched": 3}[self.value]


class TrackMetadata(Model):
    """What is known of one track. Everything but the URI and the name may be missing."""

    track_uri: str
    track_id: str | None = None
    name: str
    artists: tuple[str, ...] = ()
    artist_ids: tuple[str | None, ...] = ()
    album: str | None = None
    album_id: str | None = None
    album_type: str | None = None
    release_date: str | None = None
    isrc: str | None = None
    explicit: bool | None = None
    duration_ms: int | None = None
    grade: Grade
    changed_at: Instant


class ArtistMetadata(Model):
    """What is known of one artist. Everything but the name may be missing: Spotify gives less each year."""

    artist_id: str
    name: str
    genres: tuple[str, ...] | None = None
    popularity: int | None = None
    images: tuple[str, ...] | None = None
    grade: Grade
    changed_at: Instant


class Play(Model):
    """One settled play: a row of the `plays` table."""

    play_key: str = Field(
        description="identity: Unix ms of played_at, '#', track URI (an export row adds its ms_played)"
    )
    event_id: str | None = Field(description="name of the first observation by polling; null when only exported")
    kind: Media = Field(description="music, podcast, audiobook, video or unknown")
    played_at: Instant = Field(description="end of the play as Spotify reports it, UTC")
    track_id: str | None = Field(description="Spotify id; null where there is none")
    track_uri: str = Field(description="Spotify URI, or playledger:names:... where a row has only names")
    track_name: str | None = Field(description="as observed")
    artist_name: str | None = Field(description="first credited artist as observed (an export gives the album artist)")
    album_name: str | None = Field(description="as observed")
    context_type: str | None = Field(description="playlist, album, artist, collection ...; first known value")
    context_id: str | None = Field(description="id of the context; first known value")
    ms_played: int | None = Field(description="milliseconds heard; null when only polled")
    duration_ms: int | None = Field(description="length of the track in ms, from the polled payload")
    source: Source = Field(description="poll, export or both")
    is_unconfirmed: bool = Field(
        description="polled inside an imported export's span, yet no row of the export matches"
    )
    skipped: bool | None = Field(description="the export's skipped")
    reason_start: str | None = Field(description="the export's reason_start")
    reason_end: str | None = Field(description="the export's reason_end")
    shuffle: bool | None = Field(description="the export's shuffle")
    platform: str | None = Field(
        description="family of the player only: ios, android, windows, macos, linux, web, other"
    )
    offline: bool | None = Field(description="the export's offline")
    incognito: bool | None = Field(description="the export's incognito_mode")
    first_ingested_at: Instant = Field(description="server time of the first sighting, UTC")


class GapClass(StrEnum):
    """How sure a gap is: `possible` until a play inside it is proved, then `certain`."""

    POSSIBLE = "possible"
    CERTAIN = "certain"


class Gap(Model):
    """A hole in coverage: a row of the `gaps` table. Plays with after < played_at < before may be missing."""

    after: Instant = Field(description="newest moment vouched for before the hole, UTC, exclusive")
    before: Instant = Field(description="oldest moment vouched for behind the hole, UTC, exclusive")
    quiet_until: Instant | None = Field(
        description="last poll inside the hole that saw nothing new; a prompt feed lost nothing before it"
    )
    gap_class: GapClass = Field(description="possible or certain")
    lost_min: int = Field(description="fewest plays that polling missed: 1 where an export proves one inside, else 0")
    lost_max: int = Field(description="most plays that can be missing: one per 30 s")
    lost_estimate: float | None = Field(
        description="expected number from the listener's own rate; null without history"
    )
    made_from: str = Field(description="digest of the coverage and the plays that say this; the same, the same gap")


class SettledDay(Model):
    """The account of one settled day: a row of the `settled_days` table."""

    entries: int = Field(description="distinct play and export entries of this dt: plays + duplicates + married")
    plays: int = Field(description="rows in plays")
    duplicates: int = Field(description="exported rows beside a longer one of the same track and instant")
    married: int = Field(description="exported rows joined with a polled one")
    late_arrivals: int = Field(description="polled plays that came behind a newer one already committed")
    quarantined: int = Field(description="records kept aside unread")
    short_windows: int = Field(description="polls that were shown less than the account is known to hold")
    small_overlaps: int = Field(description="polls whose full window shared fewer than 5 plays with what was known")
    unconfirmed: int = Field(description="polled plays that an imported export covers, and does not know of")


def canonical_row(row: BaseModel) -> dict[str, Any]:
    """A row as it is stored: JSON values only."""
    return row.model_dump(mode="json")
