"""The roles: what the rooms ask of the world. Each has a laptop and an AWS implementation in `adapters/`.

Every method may raise StoreUnavailable (a store) or the errors of its docstring. Nothing here is retried by the caller
unless its docstring says so.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from playledger.models import (
    ArtistMetadata,
    Claim,
    Grade,
    IngestionState,
    PlayEvent,
    Token,
    TrackMetadata,
)
from playledger.policy import Policy


@dataclass(frozen=True, slots=True)
class JournalObject:
    """One object of the journal. Its key names its content: equal keys, equal entries."""

    key: str
    dt: date
    size: int


class Journal(Protocol):
    """The truth: append-only objects of gzipped JSON lines under `journal/dt=YYYY-MM-DD/`."""

    def put(self, key: str, body: bytes) -> bool:
        """Creates the object; False where the key exists already, which is success too. Never replaces, never tears."""

    def list(self, first: date | None = None, last: date | None = None) -> Sequence[JournalObject]:
        """All objects with first <= dt <= last (both inclusive, None is open), sorted by key."""

    def read(self, key: str) -> bytes:
        """The object's bytes, still gzipped. Raises CorruptObject where there is no such object."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a partition holds now. `digest` names the inputs it was made from, `etag` what it holds."""

    etag: str
    digest: str


LIST_SEPARATOR = "\x1f"
"""Between the elements of a list where a derivation sees it as one text."""


@dataclass(frozen=True)
class Source:
    """What a derivation reads of a table: these partitions, these columns, and `row_no`, which tells rows apart and
    goes up with partitions and rows.

    A list is one text there, its elements once each with LIST_SEPARATOR between; a moment is whatever sorts like it.
    """

    table: str
    partitions: Sequence[str]
    columns: Sequence[str]


@dataclass(frozen=True)
class Given:
    """Rows of the caller's own, with the types of their columns."""

    columns: Mapping[str, type[str] | type[int]]
    rows: Sequence[tuple[str | int | None, ...]]


@dataclass(frozen=True)
class Computed:
    """A table of what is no matter of SQL: a number, and what `function` makes of some texts.

    `columns` are the two of the table, with their types. `asked` selects the number and after it the texts, of which
    any may be None.
    """

    table: str
    columns: Mapping[str, type[str] | type[int]]
    asked: str
    function: Callable[..., int] | Callable[..., str]


@dataclass(frozen=True)
class Derivation:
    """Rows that SQL makes of other tables, in words that mean the same to DuckDB and to SQLite.

    `sources` and `given` are tables by the names that `steps` call them by: one statement each, which may make tables
    of its own. `selected` asks for the rows: the columns of the table's row, in its order. lower() is that of both
    query engines; number_of() is a number of 40 bits that names a text.
    """

    sources: Mapping[str, Source]
    given: Mapping[str, Given]
    steps: Sequence[str | Computed]
    selected: str


class TableStore(Protocol):
    """Derived tables: one object per (table, partition), named by `glue_catalog.tables`."""

    def list(self, table: str) -> Mapping[str, Stored]:
        """Partition value ('' for an unpartitioned table) -> what is stored there."""

    def list_all(self) -> Mapping[str, Mapping[str, Stored]]:
        """The same of every table, by its name; cheaper than asking for more than a few of them."""

    def read(self, table: str, partition: str) -> Sequence[dict[str, Any]]:
        """The partition's rows as JSON values; none where there is no object."""

    def write(
        self, table: str, partition: str, rows: Iterable[Mapping[str, Any]], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """Puts the whole partition at once. Raises StateConflict unless `replaces` is stored now (None: nothing is)."""

    def roll_up(
        self, table: str, partition: str, sources: Sequence[str], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """Puts a partition made of these partitions of its source, as `glue_catalog.rollups` says.

        Raises StateConflict as `write` does, CorruptObject where a source cannot be read.
        """

    def derive(
        self, table: str, partition: str, derivation: Derivation, *, digest: str, replaces: Stored | None
    ) -> Stored:
        """Puts a partition with the rows that are derived; raises as `roll_up` does."""


class HotStore(Protocol):
    """The hot copy of polled plays and the state of capture, committed together."""

    @property
    def life(self) -> timedelta:
        """How long after it was played a play stays."""

    def load_state(self) -> IngestionState | None:
        """The committed state, read strongly; None before the first commit."""

    def commit(self, plays: Sequence[PlayEvent], state: IngestionState) -> None:
        """All or nothing: adds `plays` (at most 50), each only if new, and stores `state` if the stored version is
        `state.version - 1` (no state: 0). Plays whose time to live is over at state.last_run_timestamp are left out.

        Raises StateConflict (also where `touch` noted a later last_run_timestamp meanwhile), or PlaysAlreadyStored with
        the keys. On StoreUnavailable the outcome is unknown.
        """

    def touch(self, last_run: datetime) -> None:
        """Moves last_run_timestamp forward, without a new version; does nothing where there is no state."""

    def spool(self, plays: Sequence[PlayEvent], claim: Claim) -> None:
        """Keeps plays and claim while the journal is down; the state stays as it is. Known plays are left alone."""

    def spooled_claims(self) -> Sequence[Claim]:
        """Claims kept by `spool` and not yet dropped."""

    def drop_spooled(self, claims: Sequence[Claim]) -> None:
        """Forgets spooled claims, once the journal has them."""

    def plays(self, now: datetime) -> Iterator[PlayEvent]:
        """All plays whose time to live has not passed at `now`, oldest first, one after another."""

    def fill(self, plays: Iterable[PlayEvent], now: datetime) -> int:
        """Adds unexpired plays that are missing, without touching state; returns how many were."""

    def replace_state(self, state: IngestionState) -> None:
        """Stores `state` whatever was there: only `rebuild` may call it."""


@dataclass(frozen=True)
class Claimed:
    """An entity claimed for a call: nobody else asks for it until `until`."""

    entity_id: str
    until: datetime


class MetadataCache(Protocol):
    """What is known of tracks (by URI) and artists (by id), once per entity."""

    def missing_tracks(self, uris: Iterable[str], at_least: Grade, now: datetime | None = None) -> set[str]:
        """Those of `uris` that are unknown or known with a lower grade, but perhaps for what was put this second.

        With `now`, what has a tombstone that still stands then counts as known: Spotify has nothing better. Without,
        tombstones keep nothing back: what a play or an export tells is worth learning all the same.
        """

    def missing_artists(self, ids: Iterable[str], at_least: Grade, now: datetime | None = None) -> set[str]:
        """The same for artist ids."""

    def put_tracks(self, tracks: Iterable[TrackMetadata]) -> Sequence[TrackMetadata]:
        """Stores those with a higher grade than what is stored, and returns just those."""

    def put_artists(self, artists: Iterable[ArtistMetadata]) -> Sequence[ArtistMetadata]:
        """The same for artists."""

    def get_tracks(self, uris: Iterable[str]) -> Mapping[str, TrackMetadata]:
        """What is stored, by URI."""

    def get_artists(self, ids: Iterable[str]) -> Mapping[str, ArtistMetadata]:
        """What is stored, by id."""

    def claim(self, entity_id: str, now: datetime, until: datetime) -> bool:
        """True for the one caller that may ask Spotify for the entity; a claim past its `until` can be taken over.

        Nobody may ask while a tombstone stands.
        """

    def bury(self, entity_id: str, until: datetime) -> None:
        """A tombstone: Spotify does not know the entity, ask again after `until`."""

    def spend(self, day: date, calls: int, budget: int) -> bool:
        """Takes `calls` out of the day's budget; False, and nothing taken, where it does not hold that many."""

    def learned(self, days: Iterable[str] | None = None) -> Mapping[str, str]:
        """dt -> digest of the journal day whose payloads are already in the cache; of these days, or of all.

        One that was marked a moment ago may still be missing: whoever learns it again changes nothing.
        """

    def mark_learned(self, days: Mapping[str, str]) -> None:
        """Says that these journal days (dt -> digest) are in the cache and in the tables."""


class Question(Protocol):
    """One SQL file, as an engine sees it: `sql.Query` is one."""

    @property
    def name(self) -> str:
        """Path below `sql/` without `.sql`."""

    @property
    def text(self) -> str:
        """What both engines run, parameters as `:p_name`."""

    @property
    def params(self) -> tuple[str, ...]:
        """Names of the parameters, `p_` included."""


@dataclass(frozen=True)
class Rows:
    """A table as it came back: column names and plain values (str, int, float, bool, date, datetime, None)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class QueryEngine(Protocol):
    """Answers SQL over the tables of `glue_catalog`."""

    def rows(self, question: Question, **params: object) -> Sequence[dict[str, Any]]:
        """The answer, one dict per row. Raises WorldChanged where the engine refuses the text."""

    def ask(self, text: str) -> Rows:
        """Answers ad-hoc SQL. Raises WorldChanged with the engine's own words where it cannot."""


class TokenStore(Protocol):
    """The login."""

    def load(self) -> tuple[Token, str]:
        """The token and its version. Raises NeedsReauth where there is none."""

    def save(self, token: Token, version: str | None) -> str:
        """Stores the token if the stored version is `version` (None: whatever is there); returns the new version.

        Raises StateConflict where somebody else saved first.
        """


class Policies(Protocol):
    """What counts, as the listener wrote it: the text of policy.toml."""

    def load(self) -> tuple[Policy, str | None]:
        """The policy and its version; the default one and None where there is no file.

        Raises Misconfigured where the text is no policy.
        """

    def text(self) -> tuple[str, str | None]:
        """The text as it is, comments and all, and its version; nothing and None where there is no file."""

    def save(self, text: str, version: str | None) -> str:
        """Stores the text if the stored version is `version` (None: there is no file); returns the new version.

        Raises Misconfigured, and stores nothing, where it is no policy; StateConflict where somebody else saved first.
        """


class Publisher(Protocol):
    """Where the site lives."""

    def publish(self, name: str, body: bytes, content_type: str) -> None:
        """Replaces one file of the site, whole."""

    def published(self, name: str) -> bytes | None:
        """What is there now."""


@dataclass(frozen=True)
class Alert:
    """What the owner should know at once. The same `condition` is told once per `occasion`, mostly a date."""

    condition: str
    occasion: str
    subject: str
    text: str


class Alerts(Protocol):
    """The way to the owner."""

    def tell(self, alert: Alert) -> bool:
        """True where the owner was told, False where this occasion was told before. Rather twice than never."""


@dataclass(frozen=True)
class Answer:
    """A JSON body of Spotify, and Spotify's clock (Date header) when it was given."""

    body: dict[str, Any]
    server_now: datetime


class Spotify(Protocol):
    """The listener's account. Bodies are Spotify's own; only the rooms' `parse` modules look inside.

    Every method may raise RateLimited, SpotifyUnavailable, NeedsReauth or AccessRefused.
    """

    def recently_played(self, limit: int) -> Answer:
        """The newest plays, at most `limit` (50). Never asks with a cursor."""

    def me(self) -> Answer:
        """The account."""

    def track(self, track_id: str) -> Answer | None:
        """One track; None where Spotify has none of that id."""

    def artist(self, artist_id: str) -> Answer | None:
        """One artist; None where Spotify has none of that id."""

    def saved_tracks(self, offset: int) -> Answer:
        """One page (50) of liked songs."""

    def playlists(self, offset: int) -> Answer:
        """One page (50) of the account's own and followed playlists."""

    def create_playlist(self, name: str, description: str) -> Answer:
        """A new private playlist. Never repeated blindly."""

    def replace_items(self, playlist_id: str, uris: Sequence[str]) -> None:
        """Makes the playlist hold just these (at most 100)."""

    def append_items(self, playlist_id: str, uris: Sequence[str]) -> None:
        """Adds these (at most 100) at the end. Never repeated blindly."""

    def playlist_items(self, playlist_id: str, offset: int) -> Answer:
        """One page (50) of an own playlist's items."""
