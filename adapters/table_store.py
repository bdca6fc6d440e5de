"""Derived tables: one object per partition, replaced only by who has seen what it holds. Directory and S3.

Each object carries the digest of its inputs; S3 has it in the object's metadata as well, where it can be read without
the object.
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.table_derivation import derived, derived_rows
from adapters.table_format import HEAD_BYTES, DuckDbParquet, TableObject, decode, encode, gzip_stamp, picked
from adapters.table_rollup import grouped, rolled_up
from glue_catalog.rollups import ROLLUPS
from glue_catalog.tables import TABLES, TableSpec, object_name
from playledger.errors import StateConflict, StoreUnavailable
from playledger.ports import Derivation, Stored

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FEW = 4
"""What objects say of themselves is kept beside them where there are more than these, and written again when more of
it is out of date: a PUT costs as much as a dozen HEADs, and a function waits for each of them."""

_PARTITION = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*")


def _located(spec: TableSpec, partition: str) -> str:
    """The object's path below the prefix. Raises ValueError for what is no partition of the table."""
    if bool(spec.partition) != bool(partition) or (partition and not _PARTITION.fullmatch(partition)):
        raise ValueError(f"{partition!r} is no partition of {spec.name}")
    return object_name(spec, partition)


def _partition_of(spec: TableSpec, name: str) -> str | None:
    """The partition that a path below the prefix is the object of; None for any other path."""
    partition = name.partition("/")[2].partition("/")[0].partition("=")[2] if spec.partition else ""
    return partition if name == object_name(spec, partition) else None


# ---- laptop -----------------------------------------------------------------------------------------------------

LEFTOVER = ".tmp-"
NOTES = ".stamps"

_Version = tuple[int, ...]
"""When a file was changed, its size, and its inode."""

_Note = tuple[_Version, Stored]
"""What a file of that version says of itself."""


class DirectoryTableStore:
    """Files below `root`/tables. A lock file lets one writer at a time compare and replace; readers never wait.

    What files say of themselves is noted in `root`/.stamps, a file for each table, which may lag or be lost without
    harm: a note counts only while the file has the version that was looked at, and all others are opened.
    """

    def __init__(self, root: Path, specs: Mapping[str, TableSpec] = TABLES) -> None:
        self._tables, self._kept_notes = root / "tables", root / NOTES
        self._specs = specs
        self._parquet = DuckDbParquet()

    def list(self, table: str) -> Mapping[str, Stored]:
        """Partition -> what its file says of itself; of a file without a note the first bytes (Parquet: the footer)."""
        spec, notes = self._specs[table], self._notes(table)
        with _filed(self._tables / table):
            seen = {
                partition: self._note(spec, partition, notes.get(partition)) for partition in self._partitions(spec)
            }
        found = {partition: note for partition, note in sorted(seen.items()) if note}
        if sum(notes.get(partition) != note for partition, note in found.items()) > FEW:
            self._save_notes(table, found)
        return {partition: stored for partition, (_, stored) in found.items()}

    def list_all(self) -> Mapping[str, Mapping[str, Stored]]:
        """See ports.TableStore."""
        return {table: self.list(table) for table in self._specs}

    def read(self, table: str, partition: str) -> Sequence[dict[str, Any]]:
        """See ports.TableStore."""
        spec = self._specs[table]
        names = list(spec.row.model_fields)
        if spec.format == "parquet":
            return [dict(zip(names, values, strict=True)) for values in self.scan(table, partition, names)]
        body = self._body(_located(spec, partition))
        return [] if body is None else list(decode(spec, body))

    def scan(self, table: str, partition: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """These columns of the rows, never all in memory. Raises CorruptObject where the file is damaged."""
        spec = self._specs[table]
        name = _located(spec, partition)
        path = self._tables / name
        if spec.format == "parquet":
            yield from self._parquet.picked(spec, path, columns) if path.exists() else ()
        elif (body := self._body(name)) is not None:
            yield from picked(spec, body, columns)

    def _body(self, name: str) -> bytes | None:
        path = self._tables / name
        try:
            with _filed(path):
                return path.read_bytes()
        except FileNotFoundError:
            return None

    def write(
        self, table: str, partition: str, rows: Iterable[Mapping[str, Any]], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """Replaces the file at once, if it still is what `replaces` says."""
        spec = self._specs[table]
        made = (self._parquet.encode if spec.format == "parquet" else encode)(spec, rows, digest)
        return self._put(spec, partition, made, replaces)

    def roll_up(
        self, table: str, partition: str, sources: Sequence[str], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """See ports.TableStore."""
        rollup = ROLLUPS[table]
        parts = [self._tables / _located(self._specs[rollup.source], name) for name in sources]
        made = grouped(self._parquet, rollup, self._specs, parts, digest)
        return self._put(self._specs[table], partition, made, replaces)

    def derive(
        self, table: str, partition: str, derivation: Derivation, *, digest: str, replaces: Stored | None
    ) -> Stored:
        """See ports.TableStore."""
        made = derived(self._parquet, self._tables, self._specs, table, derivation, digest)
        return self._put(self._specs[table], partition, made, replaces)

    def _put(self, spec: TableSpec, partition: str, made: TableObject, replaces: Stored | None) -> Stored:
        name = _located(spec, partition)
        target = self._tables / name
        with _filed(target), self._alone():
            if self._stored(spec, partition) != replaces:
                raise StateConflict(f"somebody else replaced {name} meanwhile")
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, made.body)
        return made.stamp

    def _partitions(self, spec: TableSpec) -> Iterator[str]:
        """The partitions that may have a file; '' for the only one of an unpartitioned table."""
        folder = self._tables / spec.name
        if not spec.partition:
            yield ""
        elif folder.is_dir():
            with os.scandir(folder) as entries:
                names = [entry.name.partition("=") for entry in entries]
            yield from (value for name, _, value in names if name == spec.partition)

    def _stored(self, spec: TableSpec, partition: str) -> Stored | None:
        note = self._note(spec, partition, None)
        return note and note[1]

    def _note(self, spec: TableSpec, partition: str, known: _Note | None) -> _Note | None:
        """What the file is: what is known, if that is of this version of it."""
        path = f"{self._tables}/{object_name(spec, partition)}"
        try:
            about = os.stat(path)  # noqa: PTH116  of thousands of files a Path costs more than the look
            version = about.st_mtime_ns, about.st_size, about.st_ino
            return known if known and known[0] == version else (version, self._told(spec, Path(path), about.st_size))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _told(self, spec: TableSpec, path: Path, size: int) -> Stored:
        """What the file says it is; one that is none of ours is named by its bytes and has no digest."""
        if spec.format == "parquet":
            stamp = self._parquet.stamp(path)
        else:
            with path.open("rb", buffering=0) as file:
                stamp = gzip_stamp(file.read(HEAD_BYTES), size)
        return stamp or Stored(hashlib.sha256(path.read_bytes()).hexdigest()[:32], "")

    def _notes(self, table: str) -> dict[str, _Note]:
        """The notes of a table; none where there are none, or none that can be read."""
        try:
            noted = json.loads(self._notes_file(table).read_bytes())
            return {name: (tuple(version), Stored(*says)) for name, (version, says) in noted.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _save_notes(self, table: str, notes: Mapping[str, _Note]) -> None:
        """Where that cannot be done the next listing only takes longer."""
        told = {name: (version, (says.etag, says.digest)) for name, (version, says) in notes.items()}
        target = self._notes_file(table)
        with suppress(OSError), self._alone():
            target.parent.mkdir(exist_ok=True)
            _replace(target, json.dumps(told, separators=(",", ":")).encode())

    def _notes_file(self, table: str) -> Path:
        return self._kept_notes / f"{table}.json"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._tables.mkdir(parents=True, exist_ok=True)
        with (self._tables / ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _replace(target: Path, body: bytes) -> None:
    """Only the lock's holder gets here, so that one temporary name is enough and a leftover is used up.

    Nothing is synced: what is lost or cut off with the power does not fit its stamp and is made again.
    """
    temporary = target.with_name(LEFTOVER + target.name)
    temporary.write_bytes(body)
    temporary.replace(target)


@contextmanager
def _filed(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreUnavailable(f"{path}: {error.strerror or error}") from error


# ---- AWS --------------------------------------------------------------------------------------------------------

MANIFESTS = "_manifest/"
REFUSALS = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404"})
"""How S3 says that the object is not, or no longer, the one that was read."""
ASKERS = 8


class S3TableStore:
    """Objects of a bucket. Digests are kept in one manifest per table, which may lag or be lost without harm: an entry
    counts only while its etag is the listed one, and all others are asked for. It lags by a few objects on purpose."""

    def __init__(
        self, client: "S3Client", bucket: str, prefix: str = "tables/", specs: Mapping[str, TableSpec] = TABLES
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._specs = specs
        self._written: dict[str, dict[str, Stored]] = {}

    def list(self, table: str) -> Mapping[str, Stored]:
        """Partition -> what is stored, by a listing, the manifest, and one HEAD for each object new since then."""
        with _answered(table):
            return self._known(self._specs[table], self._listed(f"{table}/").get(table, {}))

    def list_all(self) -> Mapping[str, Mapping[str, Stored]]:
        """The same of every table by one listing of all objects: a page holds as many of them, of whatever table."""
        with _answered("the tables"):
            listed = self._listed("")
            return {table: self._known(spec, listed.get(table, {})) for table, spec in self._specs.items()}

    def _known(self, spec: TableSpec, listed: Mapping[str, str]) -> dict[str, Stored]:
        """Partition -> what is stored, of the etags that are listed."""
        manifest = self._manifest(spec.name) if len(listed) > FEW else {}
        known = manifest | self._written.get(spec.name, {})
        found = {
            partition: known[partition]
            for partition, etag in listed.items()
            if partition in known and known[partition].etag == etag
        }
        found |= self._asked(spec, [partition for partition in listed if partition not in found])
        if sum(manifest.get(partition) != stored for partition, stored in found.items()) > FEW:
            self._save_manifest(spec.name, found)
        return dict(sorted(found.items()))

    def read(self, table: str, partition: str) -> Sequence[dict[str, Any]]:
        """See ports.TableStore."""
        body = self._whole(table, partition)
        return [] if body is None else list(decode(self._specs[table], body))

    def scan(self, table: str, partition: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """These columns of the rows, never all in memory. Raises CorruptObject where the object is damaged."""
        body = self._whole(table, partition)
        yield from () if body is None else picked(self._specs[table], body, columns)

    def _whole(self, table: str, partition: str) -> bytes | None:
        name = _located(self._specs[table], partition)
        with _answered(name):
            return self._body(name)

    def write(
        self, table: str, partition: str, rows: Iterable[Mapping[str, Any]], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """Puts the object, if what is stored still has the etag that was read."""
        return self._replace(self._specs[table], partition, encode(self._specs[table], rows, digest), replaces)

    def roll_up(
        self, table: str, partition: str, sources: Sequence[str], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """See ports.TableStore. Some sources are read side by side, never all: of ten years they fill the memory."""
        rollup = ROLLUPS[table]
        with _answered(table):
            made = rolled_up(rollup, self._specs, self._sources(self._specs[rollup.source], sources), digest)
        return self._replace(self._specs[table], partition, made, replaces)

    def derive(
        self, table: str, partition: str, derivation: Derivation, *, digest: str, replaces: Stored | None
    ) -> Stored:
        """See ports.TableStore."""
        rows = derived_rows(self._specs, table, derivation, self.scan)
        return self.write(table, partition, rows, digest=digest, replaces=replaces)

    def _sources(self, spec: TableSpec, partitions: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        with ThreadPoolExecutor(ASKERS) as pool:
            for first in range(0, len(partitions), ASKERS):
                some = partitions[first : first + ASKERS]
                yield from zip(some, pool.map(lambda name: self._source(spec, name), some), strict=True)

    def _source(self, spec: TableSpec, partition: str) -> bytes:
        name = _located(spec, partition)
        body = self._body(name)
        if body is None:
            raise StoreUnavailable(f"{name} was there a moment ago")
        return body

    def _replace(self, spec: TableSpec, partition: str, made: TableObject, replaces: Stored | None) -> Stored:
        name, digest = _located(spec, partition), made.stamp.digest
        condition = {"IfMatch": replaces.etag} if replaces else {"IfNoneMatch": "*"}
        with _answered(name):
            stored = Stored(self._put(name, made.body, digest, condition), digest)
        self._written.setdefault(spec.name, {})[partition] = stored
        return stored

    def _put(self, name: str, body: bytes, digest: str, condition: Mapping[str, Any]) -> str:
        from botocore.exceptions import ClientError

        try:
            answer = self._client.put_object(
                Bucket=self._bucket, Key=self._prefix + name, Body=body, Metadata={"digest": digest}, **condition
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in REFUSALS:
                raise StateConflict(f"somebody else replaced {name} meanwhile") from error
            raise
        return answer["ETag"]

    def _body(self, name: str) -> bytes | None:
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
        except self._client.exceptions.NoSuchKey:
            return None
        with closing(found["Body"]) as body:
            return body.read()

    def _listed(self, below: str) -> dict[str, dict[str, str]]:
        """Table -> partition -> etag of every object of a table whose path begins so."""
        etags: dict[str, dict[str, str]] = {}
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=f"{self._prefix}{below}"):
            for item in page.get("Contents", []):
                name = item["Key"].removeprefix(self._prefix)
                spec = self._specs.get(name.partition("/")[0])
                partition = _partition_of(spec, name) if spec else None
                if spec and partition is not None:
                    etags.setdefault(spec.name, {})[partition] = item["ETag"]
        return etags

    def _asked(self, spec: TableSpec, partitions: Sequence[str]) -> dict[str, Stored]:
        if not partitions:
            return {}
        with ThreadPoolExecutor(min(ASKERS, len(partitions))) as pool:
            answers = zip(partitions, pool.map(lambda partition: self._head(spec, partition), partitions), strict=True)
            return {partition: stored for partition, stored in answers if stored}

    def _head(self, spec: TableSpec, partition: str) -> Stored | None:
        from botocore.exceptions import ClientError

        try:
            head = self._client.head_object(Bucket=self._bucket, Key=self._prefix + object_name(spec, partition))
        except ClientError as error:
            if error.response["Error"]["Code"] in REFUSALS:
                return None
            raise
        return Stored(head["ETag"], head["Metadata"].get("digest", ""))

    def _manifest(self, table: str) -> dict[str, Stored]:
        """What the manifest says; nothing where there is none, or none that can be read."""
        body = self._body(f"{MANIFESTS}{table}.json")
        try:
            return {partition: Stored(*pair) for partition, pair in json.loads(body or b"{}").items()}
        except (ValueError, TypeError, AttributeError):
            return {}

    def _save_manifest(self, table: str, found: Mapping[str, Stored]) -> None:
        pairs = {partition: [stored.etag, stored.digest] for partition, stored in sorted(found.items())}
        self._client.put_object(
            Bucket=self._bucket,
            Key=f"{self._prefix}{MANIFESTS}{table}.json",
            Body=json.dumps(pairs, separators=(",", ":")).encode(),
            ContentType="application/json",
        )


@contextmanager
def _answered(what: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(f"S3 did not serve {what}: {error}") from error
