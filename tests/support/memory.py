"""The storage roles in memory, as strict as the real ones: conditional puts, versioned commits, lazy expiry.

They serve the simulation, and pass the same contract suites as the laptop's and AWS's implementations.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from adapters.table_derivation import derived_rows
from adapters.table_format import decode, encode
from adapters.table_rollup import rolled_up
from glue_catalog.rollups import ROLLUPS
from glue_catalog.tables import TABLES, TableSpec
from playledger.errors import CorruptObject, NeedsReauth, PlaysAlreadyStored, StateConflict
from playledger.journal import key_date
from playledger.models import Claim, IngestionState, PlayEvent, Token
from playledger.ports import Derivation, JournalObject, Stored


class MemoryJournal:
    """Objects by key; a key is written once."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self._dates: dict[str, date] = {}

    def put(self, key: str, body: bytes) -> bool:
        """Creates the object; False where the key exists."""
        if key in self.objects:
            return False
        dt = key_date(key)
        if dt is None:
            raise CorruptObject(f"{key} is no name of a journal object")
        self.objects[key], self._dates[key] = bytes(body), dt
        return True

    def list(self, first: date | None = None, last: date | None = None) -> Sequence[JournalObject]:
        """Objects with first <= dt <= last, by key."""
        lowest, highest = first or date.min, last or date.max
        inside = sorted(key for key, dt in self._dates.items() if lowest <= dt <= highest)
        return [JournalObject(key, self._dates[key], len(self.objects[key])) for key in inside]

    def read(self, key: str) -> bytes:
        """The bytes; CorruptObject where there are none."""
        if key not in self.objects:
            raise CorruptObject(f"the journal holds no {key}")
        return self.objects[key]


class MemoryHotStore:
    """Plays with a time to live, and one versioned state. Expired plays stay until `expire`, as in DynamoDB."""

    def __init__(self, ttl_days: int = 30) -> None:
        self.life = timedelta(days=ttl_days)
        self.state: IngestionState | None = None
        self.items: dict[str, PlayEvent] = {}
        self.spool_claims: dict[str, Claim] = {}

    def load_state(self) -> IngestionState | None:
        """The committed state."""
        return self.state

    def commit(self, plays: Sequence[PlayEvent], state: IngestionState) -> None:
        """All or nothing, if the stored version is `state.version - 1` and no unexpired play is stored yet."""
        stored = self.state or IngestionState()
        if stored.version != state.version - 1:
            raise StateConflict(f"the state is at version {stored.version}, not {state.version - 1}")
        if _last_run(stored) > _last_run(state):
            raise StateConflict(f"another poll was noted at {stored.last_run_timestamp} meanwhile")
        alive = {play.key: play for play in reversed(plays) if self._lives(play, state.last_run_timestamp)}
        if known := [play.key for play in plays if play.key in self.items and play.key in alive]:
            raise PlaysAlreadyStored(known)
        self.items.update(alive)
        self.state = state

    def touch(self, last_run: datetime) -> None:
        """Moves last_run_timestamp forward."""
        if self.state:
            newest = max(_last_run(self.state), last_run)
            self.state = self.state.model_copy(update={"last_run_timestamp": newest})

    def spool(self, plays: Sequence[PlayEvent], claim: Claim) -> None:
        """Keeps unknown plays and the claim; the state stays."""
        self.fill(plays, claim.server_now)
        self.spool_claims[claim.entry_id] = claim

    def spooled_claims(self) -> Sequence[Claim]:
        """What `spool` kept, oldest poll first."""
        return sorted(self.spool_claims.values(), key=lambda claim: (claim.server_now, claim.entry_id))

    def drop_spooled(self, claims: Sequence[Claim]) -> None:
        """Forgets these."""
        for claim in claims:
            self.spool_claims.pop(claim.entry_id, None)

    def plays(self, now: datetime) -> Iterator[PlayEvent]:
        """Unexpired plays, oldest first."""
        alive = (play for play in self.items.values() if self._lives(play, now))
        yield from sorted(alive, key=lambda play: (play.played_at, play.key))

    def fill(self, plays: Iterable[PlayEvent], now: datetime) -> int:
        """Adds unexpired plays that are missing."""
        missing = {play.key: play for play in plays if play.key not in self.items and self._lives(play, now)}
        self.items.update(missing)
        return len(missing)

    def replace_state(self, state: IngestionState) -> None:
        """Stores the state whatever was there."""
        self.state = state

    def expire(self, now: datetime) -> int:
        """Deletes what has expired, as DynamoDB does some time later; returns how many."""
        gone = [key for key, play in self.items.items() if not self._lives(play, now)]
        for key in gone:
            del self.items[key]
        return len(gone)

    def _lives(self, play: PlayEvent, now: datetime | None) -> bool:
        return now is None or play.played_at + self.life > now


def _last_run(state: IngestionState) -> datetime:
    return state.last_run_timestamp or datetime.min.replace(tzinfo=UTC)


class MemoryTableStore:
    """One list of rows per (table, partition), replaced only where the etag is the one read."""

    def __init__(self, specs: Mapping[str, TableSpec] = TABLES) -> None:
        self._stored: dict[tuple[str, str], tuple[Stored, str]] = {}
        self._specs = specs

    def list(self, table: str) -> Mapping[str, Stored]:
        """Partition -> what is stored."""
        found = {partition: stored for (name, partition), (stored, _) in self._stored.items() if name == table}
        return dict(sorted(found.items()))

    def list_all(self) -> Mapping[str, Mapping[str, Stored]]:
        """The same of every table."""
        return {table: self.list(table) for table in TABLES}

    def read(self, table: str, partition: str) -> Sequence[dict[str, Any]]:
        """Rows as JSON values."""
        if (table, partition) not in self._stored:
            return []
        rows: list[dict[str, Any]] = json.loads(self._stored[table, partition][1])
        return rows

    def scan(self, table: str, partition: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """These columns, one row after another."""
        return (tuple(row[name] for name in columns) for row in self.read(table, partition))

    def write(
        self, table: str, partition: str, rows: Iterable[Mapping[str, Any]], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """Puts the partition; StateConflict unless `replaces` is stored now."""
        text = json.dumps([dict(row) for row in rows])
        now = self._stored.get((table, partition))
        if (now[0].etag if now else None) != (replaces.etag if replaces else None):
            raise StateConflict(f"{table} {partition} was replaced meanwhile")
        stored = Stored(hashlib.sha256(f"{digest}\n{text}".encode()).hexdigest()[:32], digest)
        self._stored[table, partition] = (stored, text)
        return stored

    def roll_up(
        self, table: str, partition: str, sources: Sequence[str], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """See ports.TableStore: by way of the objects that the real stores would hold."""
        rollup = ROLLUPS[table]
        parts = [(name, encode(TABLES[rollup.source], self.read(rollup.source, name), "").body) for name in sources]
        made = rolled_up(rollup, TABLES, parts, digest)
        return self.write(table, partition, decode(TABLES[table], made.body), digest=digest, replaces=replaces)

    def derive(
        self, table: str, partition: str, derivation: Derivation, *, digest: str, replaces: Stored | None
    ) -> Stored:
        """See ports.TableStore: by the engine of the store in AWS."""
        rows = derived_rows(self._specs, table, derivation, self.scan)
        return self.write(table, partition, rows, digest=digest, replaces=replaces)

    def forget(self, *names: tuple[str, str]) -> None:
        """These partitions are gone, or everything."""
        for name in names or tuple(self._stored):
            del self._stored[name]

    def contents(self) -> dict[tuple[str, str], str]:
        """All rows as text, for comparing one store with another."""
        return {name: text for name, (_, text) in sorted(self._stored.items())}


class MemoryTokenStore:
    """One token and a version that counts its saves."""

    def __init__(self, token: Token | None = None) -> None:
        self._token = token
        self._version = 0

    def load(self) -> tuple[Token, str]:
        """The token and its version; NeedsReauth where there is none."""
        if self._token is None:
            raise NeedsReauth("there is no login yet: log in first")
        return self._token, str(self._version)

    def save(self, token: Token, version: str | None) -> str:
        """Stores the token if `version` is stored now (None: whatever is)."""
        if version is not None and version != str(self._version):
            raise StateConflict("another token was saved meanwhile")
        self._token, self._version = token, self._version + 1
        return str(self._version)
