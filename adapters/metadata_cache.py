"""What is known of tracks and artists: in SQLite on a laptop, in DynamoDB in AWS.

An entity's grade, its claim and its tombstone lie in one row or item, so that each decision is one conditional write.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from adapters.packed import packed, unpacked
from playledger.errors import CorruptObject, StoreUnavailable
from playledger.models import ArtistMetadata, Grade, TrackMetadata, to_ms

if TYPE_CHECKING:
    import sqlite3

    from mypy_boto3_dynamodb import DynamoDBClient

TRACK_PREFIX = "spotify:track:"
"""Tracks are named by URI, artists by their bare id: an entity id says which it is."""

Entity = TypeVar("Entity", TrackMetadata, ArtistMetadata)


def _name(entity: TrackMetadata | ArtistMetadata) -> str:
    return entity.track_uri if isinstance(entity, TrackMetadata) else entity.artist_id


def _is_track(entity_id: str) -> bool:
    return entity_id.startswith(TRACK_PREFIX)


# ---- laptop -----------------------------------------------------------------------------------------------------

BUSY_SECONDS = 10.0

SCHEMA = """
create table if not exists tracks (id text primary key, grade_rank integer not null, body text not null) without rowid;
create table if not exists artists (id text primary key, grade_rank integer not null, body text not null) without rowid;
create table if not exists holds (id text primary key, claimed_until integer, buried_until integer) without rowid;
create table if not exists budget (day text primary key, spent integer not null) without rowid;
create table if not exists learned (dt text primary key, digest text not null) without rowid;
"""

PUT = {
    table: f"insert into {table} values (?, ?, ?) on conflict (id) do update"  # noqa: S608
    f" set grade_rank = excluded.grade_rank, body = excluded.body where excluded.grade_rank > {table}.grade_rank"
    for table in ("tracks", "artists")
}
GET = {
    table: f"select body from {table} where id in (select value from json_each(?))"  # noqa: S608
    for table in ("tracks", "artists")
}
KNOWN = {
    table: f"select id from {table} where grade_rank >= ? and id in (select value from json_each(?))"  # noqa: S608
    for table in ("tracks", "artists")
}
BURIED = "select id from holds where buried_until > ? and id in (select value from json_each(?))"
CLAIM = (
    "insert into holds (id, claimed_until) values (:id, :until)"
    " on conflict (id) do update set claimed_until = excluded.claimed_until"
    " where coalesce(claimed_until, 0) <= :now and coalesce(buried_until, 0) <= :now"
)
BURY = (
    "insert into holds (id, buried_until) values (?, ?)"
    " on conflict (id) do update set buried_until = excluded.buried_until"
)
SPEND = (
    "insert into budget select :day, :calls where :calls <= :budget"
    " on conflict (day) do update set spent = spent + :calls where spent + :calls <= :budget"
)
LEARN = "insert into learned values (?, ?) on conflict (dt) do update set digest = excluded.digest"


class SqliteMetadataCache:
    """One SQLite file."""

    def __init__(self, path: Path) -> None:
        import sqlite3

        with _translated():
            self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            with _translated():
                self._db.execute("pragma journal_mode = wal")
                self._db.execute("pragma synchronous = full")
                self._db.executescript(SCHEMA)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def missing_tracks(self, uris: Iterable[str], at_least: Grade, now: datetime | None = None) -> set[str]:
        """Those of `uris` that are unknown or known with a lower grade, and at `now` have no tombstone."""
        return self._missing("tracks", set(uris), at_least, now)

    def missing_artists(self, ids: Iterable[str], at_least: Grade, now: datetime | None = None) -> set[str]:
        """The same for artist ids."""
        return self._missing("artists", set(ids), at_least, now)

    def put_tracks(self, tracks: Iterable[TrackMetadata]) -> Sequence[TrackMetadata]:
        """Stores those with a higher grade than what is stored, and returns just those."""
        return self._put("tracks", tracks)

    def put_artists(self, artists: Iterable[ArtistMetadata]) -> Sequence[ArtistMetadata]:
        """The same for artists."""
        return self._put("artists", artists)

    def get_tracks(self, uris: Iterable[str]) -> Mapping[str, TrackMetadata]:
        """What is stored, by URI."""
        tracks = [TrackMetadata.model_validate_json(body) for body in self._column(GET["tracks"], _array(uris))]
        return {track.track_uri: track for track in tracks}

    def get_artists(self, ids: Iterable[str]) -> Mapping[str, ArtistMetadata]:
        """What is stored, by id."""
        artists = [ArtistMetadata.model_validate_json(body) for body in self._column(GET["artists"], _array(ids))]
        return {artist.artist_id: artist for artist in artists}

    def claim(self, entity_id: str, now: datetime, until: datetime) -> bool:
        """True for the one caller that may ask Spotify for the entity until `until`."""
        with self._transaction() as db:
            return db.execute(CLAIM, {"id": entity_id, "now": to_ms(now), "until": to_ms(until)}).rowcount == 1

    def bury(self, entity_id: str, until: datetime) -> None:
        """A tombstone: ask again after `until`."""
        with self._transaction() as db:
            db.execute(BURY, (entity_id, to_ms(until)))

    def spend(self, day: date, calls: int, budget: int) -> bool:
        """Takes `calls` out of the day's budget, where it holds that many."""
        with self._transaction() as db:
            return db.execute(SPEND, {"day": day.isoformat(), "calls": calls, "budget": budget}).rowcount == 1

    def learned(self, days: Iterable[str] | None = None) -> Mapping[str, str]:
        """dt -> digest of the journal days whose payloads are known; of these, or of all."""
        with _translated():
            marks = dict(self._db.execute("select dt, digest from learned"))
        return marks if days is None else {dt: marks[dt] for dt in days if dt in marks}

    def mark_learned(self, days: Mapping[str, str]) -> None:
        """Says that these journal days (dt -> digest) are known."""
        with self._transaction() as db:
            db.executemany(LEARN, sorted(days.items()))

    def _missing(self, table: str, ids: set[str], at_least: Grade, now: datetime | None) -> set[str]:
        known = self._column(KNOWN[table], at_least.rank, _array(ids))
        buried = self._column(BURIED, to_ms(now), _array(ids)) if now else []
        return ids.difference(known, buried)

    def _put(self, table: str, entities: Iterable[Entity]) -> list[Entity]:
        with self._transaction() as db:
            return [entity for entity in entities if db.execute(PUT[table], _row(entity)).rowcount == 1]

    def _column(self, text: str, *values: object) -> list[str]:
        with _translated():
            return [row[0] for row in self._db.execute(text, values)]

    @contextmanager
    def _transaction(self) -> "Iterator[sqlite3.Connection]":
        with _translated():
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")


def _array(ids: Iterable[str]) -> str:
    return json.dumps(sorted(set(ids)))


def _row(entity: TrackMetadata | ArtistMetadata) -> tuple[str, int, str]:
    return _name(entity), entity.grade.rank, entity.model_dump_json()


@contextmanager
def _translated() -> Iterator[None]:
    import sqlite3

    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreUnavailable(f"the metadata cache did not answer: {error}") from error
    except sqlite3.DatabaseError as error:
        raise CorruptObject(f"the metadata cache cannot be read: {error}") from error


# ---- AWS --------------------------------------------------------------------------------------------------------

BATCH = 100
"""Most keys DynamoDB takes in one BatchGetItem."""

ROUNDS = 8
"""How often keys that DynamoDB left unread are asked for again, without a result in between, before giving up."""

LONGEST_KEY = 2048
"""Bytes DynamoDB takes. The URI of a local file spells artist, album and title, a foreign letter in up to 9 bytes."""

LEARNED_PREFIX = "learned#"
BUDGET_PREFIX = "calls#"


class DynamoMetadataCache:
    """Tracks keyed by `track_uri`, artists by `artist_id`; budget and learned marks are items of the state table.

    Where an id is longer than a key may be, its hash is the key; the body has the id itself.
    """

    def __init__(self, client: "DynamoDBClient", tracks_table: str, artists_table: str, state_table: str) -> None:
        self._client = client
        self._tracks_table = tracks_table
        self._artists_table = artists_table
        self._state_table = state_table

    def missing_tracks(self, uris: Iterable[str], at_least: Grade, now: datetime | None = None) -> set[str]:
        """Those of `uris` that are unknown or known with a lower grade, and at `now` have no tombstone."""
        return self._missing(set(uris), at_least, now, "track_uri", self._tracks_table)

    def missing_artists(self, ids: Iterable[str], at_least: Grade, now: datetime | None = None) -> set[str]:
        """The same for artist ids."""
        return self._missing(set(ids), at_least, now, "artist_id", self._artists_table)

    def put_tracks(self, tracks: Iterable[TrackMetadata]) -> Sequence[TrackMetadata]:
        """Stores those with a higher grade than what is stored, and returns just those."""
        return [track for track in tracks if self._put(track)]

    def put_artists(self, artists: Iterable[ArtistMetadata]) -> Sequence[ArtistMetadata]:
        """The same for artists."""
        return [artist for artist in artists if self._put(artist)]

    def get_tracks(self, uris: Iterable[str]) -> Mapping[str, TrackMetadata]:
        """What is stored, by URI."""
        bodies = self._bodies(uris, "track_uri", self._tracks_table)
        return {track.track_uri: track for track in map(TrackMetadata.model_validate_json, bodies)}

    def get_artists(self, ids: Iterable[str]) -> Mapping[str, ArtistMetadata]:
        """What is stored, by id."""
        bodies = self._bodies(ids, "artist_id", self._artists_table)
        return {artist.artist_id: artist for artist in map(ArtistMetadata.model_validate_json, bodies)}

    def claim(self, entity_id: str, now: datetime, until: datetime) -> bool:
        """True for the one caller that may ask Spotify for the entity until `until`."""
        return self._update(
            *self._address(entity_id),
            "SET claimed_until = :until",
            {":until": _number(to_ms(until)), ":now": _number(to_ms(now))},
            "(attribute_not_exists(claimed_until) OR claimed_until <= :now)"
            " AND (attribute_not_exists(buried_until) OR buried_until <= :now)",
        )

    def bury(self, entity_id: str, until: datetime) -> None:
        """A tombstone: ask again after `until`."""
        self._update(*self._address(entity_id), "SET buried_until = :until", {":until": _number(to_ms(until))})

    def spend(self, day: date, calls: int, budget: int) -> bool:
        """Takes `calls` out of the day's budget, where it holds that many."""
        if calls > budget:
            return False
        return self._update(
            self._state_table,
            _state_key(f"{BUDGET_PREFIX}{day}"),
            "ADD spent :calls",
            {":calls": _number(calls), ":most": _number(budget - calls)},
            "attribute_not_exists(spent) OR spent <= :most",
        )

    def learned(self, days: Iterable[str] | None = None) -> Mapping[str, str]:
        """dt -> digest of the journal days whose payloads are known; of these, or of all by a scan."""
        if days is None:
            items = self._all_marks()
        else:
            keys = {LEARNED_PREFIX + dt for dt in days}
            items = self._items(keys, STATE_KEY, self._state_table, f"{STATE_KEY}, digest", is_strong=False)
        return {item[STATE_KEY]["S"].removeprefix(LEARNED_PREFIX): item["digest"]["S"] for item in items}

    def _all_marks(self) -> Iterator[Mapping[str, Any]]:
        request: dict[str, Any] = {
            "TableName": self._state_table,
            "FilterExpression": f"begins_with({STATE_KEY}, :prefix)",
            "ExpressionAttributeValues": {":prefix": {"S": LEARNED_PREFIX}},
        }
        with _answered():
            for page in self._client.get_paginator("scan").paginate(**request):
                yield from page["Items"]

    def mark_learned(self, days: Mapping[str, str]) -> None:
        """Says that these journal days (dt -> digest) are known."""
        for dt, digest in sorted(days.items()):
            item = _state_key(LEARNED_PREFIX + dt) | {"digest": {"S": digest}}
            with _answered():
                self._client.put_item(TableName=self._state_table, Item=item)

    def _address(self, entity_id: str) -> tuple[str, dict[str, Any]]:
        if _is_track(entity_id):
            return self._tracks_table, {"track_uri": {"S": _key(entity_id)}}
        return self._artists_table, {"artist_id": {"S": _key(entity_id)}}

    def _put(self, entity: TrackMetadata | ArtistMetadata) -> bool:
        table = self._tracks_table if isinstance(entity, TrackMetadata) else self._artists_table
        key = "track_uri" if isinstance(entity, TrackMetadata) else "artist_id"
        return self._update(
            table,
            {key: {"S": _key(_name(entity))}},
            "SET grade_rank = :new, body = :body",
            {":new": _number(entity.grade.rank), ":body": packed(entity.model_dump_json())},
            "attribute_not_exists(grade_rank) OR grade_rank < :new",
        )

    def _update(
        self, table: str, key: dict[str, Any], change: str, values: dict[str, Any], condition: str = ""
    ) -> bool:
        """One update; False where the condition does not hold."""
        request: dict[str, Any] = {
            "TableName": table,
            "Key": key,
            "UpdateExpression": change,
            "ExpressionAttributeValues": values,
        }
        if condition:
            request["ConditionExpression"] = condition
        with _answered():
            try:
                self._client.update_item(**request)
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def _missing(self, ids: set[str], at_least: Grade, now: datetime | None, key: str, table: str) -> set[str]:
        # half the price of a strong read: what is put this second is only put, written or claimed once more in vain
        items = self._items(ids, key, table, f"{key}, grade_rank, buried_until", is_strong=False)
        known = {item[key]["S"] for item in items if _is_known(item, at_least, now)}
        return {name for name in ids if _key(name) not in known}

    def _bodies(self, ids: Iterable[str], key: str, table: str) -> list[str]:
        return [unpacked(item["body"]) for item in self._items(set(ids), key, table, f"{key}, body") if "body" in item]

    def _items(
        self, ids: set[str], key: str, table: str, fields: str, *, is_strong: bool = True
    ) -> Iterator[Mapping[str, Any]]:
        ordered = sorted(map(_key, ids))
        how = {"ProjectionExpression": fields, "ConsistentRead": is_strong}
        for start in range(0, len(ordered), BATCH):
            keys = [{key: {"S": name}} for name in ordered[start : start + BATCH]]
            yield from self._batch({table: {"Keys": keys, **how}}, table)

    def _batch(self, asked: Any, table: str) -> Iterator[Mapping[str, Any]]:
        fruitless = 0
        while asked:
            if fruitless == ROUNDS:
                raise StoreUnavailable(f"DynamoDB left keys of {table} unread {ROUNDS} times")
            with _answered():
                answer = self._client.batch_get_item(RequestItems=asked)
            found = answer["Responses"].get(table, [])
            yield from found
            asked, fruitless = answer.get("UnprocessedKeys"), 0 if found else fruitless + 1


STATE_KEY = "id"


def _key(name: str) -> str:
    """The id, or where it is too long a hash of it."""
    return name if len(name.encode()) <= LONGEST_KEY else hashlib.sha256(name.encode()).hexdigest()


def _state_key(name: str) -> dict[str, Any]:
    return {STATE_KEY: {"S": name}}


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _is_known(item: Mapping[str, Any], at_least: Grade, now: datetime | None) -> bool:
    if "grade_rank" in item and int(item["grade_rank"]["N"]) >= at_least.rank:
        return True
    return now is not None and "buried_until" in item and int(item["buried_until"]["N"]) > to_ms(now)


@contextmanager
def _answered() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(f"DynamoDB did not answer: {error}") from error
