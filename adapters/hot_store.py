"""The hot copy of polled plays and capture's state, committed in one transaction: SQLite, or two DynamoDB tables."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from adapters.packed import packed, unpacked
from playledger.errors import CorruptObject, PlaysAlreadyStored, StateConflict, StoreUnavailable
from playledger.models import Claim, IngestionState, PlayEvent, format_instant, to_ms

if TYPE_CHECKING:
    import sqlite3

    from mypy_boto3_dynamodb import DynamoDBClient

STATE_BYTES = 8 * 1024
"""Most bytes of the state as JSON: DynamoDB bills each commit by them."""


def _state_json(state: IngestionState) -> str:
    text = state.model_dump_json()
    if len(text.encode()) > STATE_BYTES:
        raise ValueError(f"the state takes {len(text.encode())} bytes, more than {STATE_BYTES}")
    return text


def _read_state(text: str, last_run: str | None) -> IngestionState:
    """The state from its JSON and the moment `touch` keeps beside it.

    What this version cannot read is as good as a store that does not answer: capture then keeps to the journal.
    """
    try:
        state = IngestionState.model_validate_json(text)
        return IngestionState.model_validate({**state.model_dump(), "last_run_timestamp": last_run})
    except ValidationError as error:
        raise StoreUnavailable(f"the stored state cannot be read: {error}") from error


def _last_run(state: IngestionState) -> str | None:
    return format_instant(state.last_run_timestamp) if state.last_run_timestamp else None


def _unexpired(plays: Iterable[PlayEvent], ttl: timedelta, now: datetime | None) -> dict[str, PlayEvent]:
    """By key, the first of equals; all of them where nobody knows what time it is."""
    alive: dict[str, PlayEvent] = {}
    for play in plays:
        if now is None or play.played_at + ttl > now:
            alive.setdefault(play.key, play)
    return alive


def _alive(bodies: Iterable[str], ttl: timedelta, now: datetime) -> Iterator[PlayEvent]:
    """The plays whose time is not over. Raises CorruptObject for a body that is none."""
    for body in bodies:
        try:
            play = PlayEvent.model_validate_json(body)
        except ValidationError as error:
            raise CorruptObject(f"a play in the hot store cannot be read: {error}") from error
        if play.played_at + ttl > now:
            yield play


def _in_order(claims: Iterable[Claim]) -> list[Claim]:
    return sorted(claims, key=lambda claim: (claim.server_now, claim.entry_id))


# ---- laptop -----------------------------------------------------------------------------------------------------

SCHEMA = """
create table if not exists plays (key text primary key, played_ms integer not null, body text not null) without rowid;
create table if not exists state (
    id integer primary key check (id = 1), version integer not null, last_run text, body text not null
);
create table if not exists spool (id text primary key, body text not null) without rowid;
"""
BUSY_SECONDS = 10.0

ADD_PLAY = "insert into plays values (?, ?, ?) on conflict (key) do nothing"
PUT_STATE = "insert or replace into state values (1, ?, ?, ?)"
OLDEST_FIRST = "select body from plays order by played_ms, key"
TOUCH = "update state set last_run = :at where coalesce(last_run, '') < :at"


class SqliteHotStore:
    """One SQLite file, opened at the first use: a file that cannot be opened is a store that does not answer."""

    def __init__(self, path: Path, ttl_days: int) -> None:
        self._path = path
        self.life = timedelta(days=ttl_days)
        self._db: sqlite3.Connection | None = None

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        if self._db:
            self._db.close()
            self._db = None

    def load_state(self) -> IngestionState | None:
        """The committed state; None before the first commit."""
        rows = self._rows("select body, last_run from state")
        return _read_state(*rows[0]) if rows else None

    def commit(self, plays: Sequence[PlayEvent], state: IngestionState) -> None:
        """Adds the plays and stores the state, all or nothing. Raises StateConflict or PlaysAlreadyStored."""
        row = (state.version, _last_run(state), _state_json(state))
        alive = _unexpired(plays, self.life, state.last_run_timestamp)
        with self._transaction() as db:
            _expect(db, state)
            if known := [key for key in alive if db.execute("select 1 from plays where key = ?", (key,)).fetchone()]:
                raise PlaysAlreadyStored(known)
            _add(db, alive.values())
            db.execute(PUT_STATE, row)
            self._forget_expired(db, state.last_run_timestamp)

    def touch(self, last_run: datetime) -> None:
        """Moves last_run_timestamp forward."""
        with self._transaction() as db:
            db.execute(TOUCH, {"at": format_instant(last_run)})

    def spool(self, plays: Sequence[PlayEvent], claim: Claim) -> None:
        """Keeps unknown plays and the claim, all or nothing."""
        alive = _unexpired(plays, self.life, claim.server_now)
        with self._transaction() as db:
            _add(db, alive.values())
            db.execute("insert or ignore into spool values (?, ?)", (claim.entry_id, claim.model_dump_json()))

    def spooled_claims(self) -> Sequence[Claim]:
        """What `spool` kept, oldest poll first."""
        return _in_order(Claim.model_validate_json(body) for (body,) in self._rows("select body from spool"))

    def drop_spooled(self, claims: Sequence[Claim]) -> None:
        """Forgets these claims."""
        with self._transaction() as db:
            db.executemany("delete from spool where id = ?", [(claim.entry_id,) for claim in claims])

    def plays(self, now: datetime) -> Iterator[PlayEvent]:
        """Unexpired plays, oldest first."""
        return _alive((body for (body,) in self._scan(OLDEST_FIRST)), self.life, now)

    def fill(self, plays: Iterable[PlayEvent], now: datetime) -> int:
        """Adds unexpired plays that are missing; returns how many were."""
        alive = _unexpired(plays, self.life, now)
        with self._transaction() as db:
            return _add(db, alive.values())

    def replace_state(self, state: IngestionState) -> None:
        """Stores the state whatever was there."""
        with self._transaction() as db:
            db.execute(PUT_STATE, (state.version, _last_run(state), _state_json(state)))

    def _forget_expired(self, db: "sqlite3.Connection", now: datetime | None) -> None:
        if now:
            db.execute("delete from plays where played_ms <= ?", (to_ms(now - self.life),))

    def _rows(self, text: str) -> list[Any]:
        with self._opened() as db:
            return db.execute(text).fetchall()

    def _scan(self, text: str) -> Iterator[Any]:
        """Rows as they come: those of a month are some megabytes."""
        with self._opened() as db:
            yield from db.execute(text)

    @contextmanager
    def _transaction(self) -> "Iterator[sqlite3.Connection]":
        with self._opened() as db:
            db.execute("begin immediate")
            try:
                yield db
                db.execute("commit")
            finally:
                if db.in_transaction:
                    db.execute("rollback")

    @contextmanager
    def _opened(self) -> "Iterator[sqlite3.Connection]":
        import sqlite3

        try:
            if self._db is None:
                self._db = _open(self._path)
            yield self._db
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.DatabaseError as error:
            raise StoreUnavailable(f"{self._path}: {error}") from error


def _open(path: Path) -> "sqlite3.Connection":
    import sqlite3

    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = full")
        db.executescript(SCHEMA)
    except BaseException:
        db.close()
        raise
    return db


def _expect(db: "sqlite3.Connection", state: IngestionState) -> None:
    version, last_run = db.execute("select version, last_run from state").fetchone() or (0, None)
    if version != state.version - 1:
        raise StateConflict(f"the state is at version {version}, not {state.version - 1}")
    if last_run and last_run > (_last_run(state) or ""):
        raise StateConflict(f"another poll was noted at {last_run} meanwhile")


def _add(db: "sqlite3.Connection", plays: Iterable[PlayEvent]) -> int:
    return sum(
        db.execute(ADD_PLAY, (play.key, to_ms(play.played_at), play.model_dump_json())).rowcount for play in plays
    )


# ---- AWS --------------------------------------------------------------------------------------------------------

PARTITION = "play"
"""Value of `pk` in the plays table; `sk` is the play key, which begins with the Unix ms and so sorts by time."""

LONGEST_SORT_KEY = 1024
"""Bytes DynamoDB takes. The URI of a local file spells artist, album and title, a foreign letter in up to 9 bytes."""

TTL_ATTRIBUTE = "expires_at"
STATE_KEY = "id"
STATE_ITEM = {STATE_KEY: {"S": "ingestion"}}
SPOOL_ITEM = {STATE_KEY: {"S": "spool"}}

MOST_PUTS = 99
"""Plays in one transaction: DynamoDB takes 100 actions, one may be for the state table."""

ROUNDS = 4
"""How often plays are put again after others turned out to be stored already."""


class DynamoHotStore:
    """A table of plays (`pk`, `sk`, TTL in `expires_at`) and two items of the state table (`id`)."""

    def __init__(self, client: "DynamoDBClient", plays_table: str, state_table: str, ttl_days: int) -> None:
        self._client = client
        self._plays_table = plays_table
        self._state_table = state_table
        self.life = timedelta(days=ttl_days)

    def load_state(self) -> IngestionState | None:
        """The committed state, read strongly; None before the first commit."""
        item = self._item(STATE_ITEM)
        if not item:
            return None
        try:
            text = unpacked(item["body"])
        except CorruptObject as error:
            raise StoreUnavailable(f"the stored state cannot be read: {error}") from error
        return _read_state(text, item.get("last_run", {}).get("S"))

    def commit(self, plays: Sequence[PlayEvent], state: IngestionState) -> None:
        """One transaction of conditional puts. Raises StateConflict or PlaysAlreadyStored."""
        alive = _unexpired(plays, self.life, state.last_run_timestamp)
        self._transact(alive, {"Put": self._state_put(state) | _follows(state)})

    def touch(self, last_run: datetime) -> None:
        """Moves last_run_timestamp forward: one update, whatever the version."""
        with _answered():
            try:
                self._client.update_item(
                    TableName=self._state_table,
                    Key=STATE_ITEM,
                    UpdateExpression="SET last_run = :at",
                    ConditionExpression="attribute_exists(version) AND"
                    " (attribute_not_exists(last_run) OR last_run < :at)",
                    ExpressionAttributeValues={":at": {"S": format_instant(last_run)}},
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return

    def spool(self, plays: Sequence[PlayEvent], claim: Claim) -> None:
        """Keeps unknown plays and the claim in one transaction."""
        self._add(_unexpired(plays, self.life, claim.server_now), self._spool_update("ADD", [claim]))

    def spooled_claims(self) -> Sequence[Claim]:
        """What `spool` kept, oldest poll first."""
        claims = self._item(SPOOL_ITEM).get("claims", {}).get("SS", [])
        return _in_order(map(Claim.model_validate_json, claims))

    def drop_spooled(self, claims: Sequence[Claim]) -> None:
        """Forgets these claims."""
        if claims:
            with _answered():
                self._client.update_item(**self._spool_update("DELETE", claims)["Update"])

    def plays(self, now: datetime) -> Iterator[PlayEvent]:
        """Unexpired plays, oldest first; those that DynamoDB has not deleted yet are passed over."""
        return _alive((unpacked(item["body"]) for item in self._query(now, "body")), self.life, now)

    def fill(self, plays: Iterable[PlayEvent], now: datetime) -> int:
        """Adds unexpired plays that are missing; returns how many were."""
        alive = _unexpired(plays, self.life, now)
        known = {item["sk"]["S"] for item in self._query(now, "sk")} if alive else set()
        missing = [key for key in alive if _sort_key(key) not in known]
        chunks = [missing[start : start + MOST_PUTS] for start in range(0, len(missing), MOST_PUTS)]
        return sum(self._add({key: alive[key] for key in chunk}) for chunk in chunks)

    def replace_state(self, state: IngestionState) -> None:
        """Stores the state whatever was there."""
        with _answered():
            self._client.put_item(**self._state_put(state))

    def _item(self, key: Mapping[str, Any]) -> Mapping[str, Any]:
        with _answered():
            answer = self._client.get_item(TableName=self._state_table, Key=key, ConsistentRead=True)
        return answer.get("Item", {})

    def _query(self, now: datetime, fields: str) -> Iterator[Mapping[str, Any]]:
        with _answered():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._plays_table,
                KeyConditionExpression="pk = :pk AND sk >= :oldest",
                ExpressionAttributeValues={
                    ":pk": {"S": PARTITION},
                    ":oldest": {"S": str(to_ms(now - self.life))},
                },
                ProjectionExpression=fields,
                ConsistentRead=True,
            )
            for page in pages:
                yield from page["Items"]

    def _add(self, plays: Mapping[str, PlayEvent], also: Mapping[str, Any] | None = None) -> int:
        """Puts those that are not stored, and does what `also` says in the same transaction; returns how many."""
        missing = dict(plays)
        for _ in range(ROUNDS):
            if not missing and not also:
                return 0
            try:
                self._transact(missing, also)
            except PlaysAlreadyStored as error:
                missing = {key: play for key, play in missing.items() if key not in error.keys}
            except StateConflict:
                continue
            else:
                return len(missing)
        raise StoreUnavailable(f"DynamoDB refused {len(missing)} plays {ROUNDS} times: others write the same ones")

    def _transact(self, plays: Mapping[str, PlayEvent], also: Mapping[str, Any] | None) -> None:
        """One transaction. Raises PlaysAlreadyStored, or StateConflict where somebody else writes the same items."""
        actions: list[Any] = [also] if also else []
        actions += [{"Put": self._play_put(play)} for play in plays.values()]
        with _answered():
            try:
                self._client.transact_write_items(TransactItems=actions)
            except self._client.exceptions.TransactionCanceledException as error:
                reasons = [str(reason.get("Code")) for reason in error.response.get("CancellationReasons", [])]
                _explain(reasons, [None, *plays] if also else list(plays))
                raise

    def _play_put(self, play: PlayEvent) -> dict[str, Any]:
        expires = to_ms(play.played_at + self.life) // 1000
        return {
            "TableName": self._plays_table,
            "Item": {
                "pk": {"S": PARTITION},
                "sk": {"S": _sort_key(play.key)},
                TTL_ATTRIBUTE: {"N": str(expires)},
                "body": packed(play.model_dump_json()),
            },
            "ConditionExpression": "attribute_not_exists(sk)",
        }

    def _state_put(self, state: IngestionState) -> dict[str, Any]:
        item = STATE_ITEM | {"version": {"N": str(state.version)}, "body": packed(_state_json(state))}
        last_run = _last_run(state)
        return {"TableName": self._state_table, "Item": item | ({"last_run": {"S": last_run}} if last_run else {})}

    def _spool_update(self, change: str, claims: Sequence[Claim]) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._state_table,
                "Key": SPOOL_ITEM,
                "UpdateExpression": f"{change} claims :claims",
                "ExpressionAttributeValues": {":claims": {"SS": [claim.model_dump_json() for claim in claims]}},
            }
        }


def _sort_key(key: str) -> str:
    """The play key, or where it is too long its moment and a hash of it."""
    if len(key.encode()) <= LONGEST_SORT_KEY:
        return key
    return f"{key.partition('#')[0]}#{hashlib.sha256(key.encode()).hexdigest()}"


def _follows(state: IngestionState) -> dict[str, Any]:
    """The condition that `state` is the next version, and that no later poll was noted meanwhile."""
    before = state.version - 1
    version = "version = :before" if before else "(attribute_not_exists(version) OR version = :before)"
    values = {":before": {"N": str(before)}, ":at": {"S": _last_run(state) or " "}}
    return {
        "ConditionExpression": f"{version} AND (attribute_not_exists(last_run) OR last_run <= :at)",
        "ExpressionAttributeValues": values,
    }


def _explain(reasons: Sequence[str], keys: Sequence[str | None]) -> None:
    """Turns why a transaction was cancelled into our errors; None among the keys stands for the state."""
    refused = [key for reason, key in zip(reasons, keys, strict=False) if reason == "ConditionalCheckFailed"]
    if None in refused or "TransactionConflict" in reasons:
        raise StateConflict("somebody else committed first")
    if refused:
        raise PlaysAlreadyStored([key for key in refused if key is not None])


@contextmanager
def _answered() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(f"DynamoDB did not answer: {error}") from error
