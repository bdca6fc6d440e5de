"""Derived tables: one object per partition, replaced only by who has seen what it holds. Directory and S3.

The digest of its inputs travels inside each object (gzip header, Parquet footer), so that object and digest can never
disagree; S3 carries it in the object's metadata as well, where it can be read without the object.
"""

import fcntl
import gzip
import hashlib
import io
import json
import os
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from glue_catalog.tables import TABLES, TableSpec, object_name
from playledger.errors import CorruptObject, StateConflict, StoreUnavailable
from playledger.models import format_instant
from playledger.ports import Stored

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PARTITION = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*")
_DIGEST = re.compile(r"[ -~]{0,200}")


def _located(spec: TableSpec, partition: str) -> str:
    """The object's path below the prefix. Raises ValueError for what is no partition of the table."""
    if bool(spec.partition) != bool(partition) or (partition and not _PARTITION.fullmatch(partition)):
        raise ValueError(f"{partition!r} is no partition of {spec.name}")
    return object_name(spec, partition)


def _partition_of(spec: TableSpec, name: str) -> str | None:
    """The partition that a path below the prefix is the object of; None for any other path."""
    partition = name.split("/")[1].partition("=")[2] if spec.partition else ""
    return partition if name == object_name(spec, partition) else None


# ---- the objects ------------------------------------------------------------------------------------------------

_LINE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)
_GZIP_NAMED = b"\x1f\x8b\x08\x08" + struct.pack("<I", 0) + b"\x00\xff"
"""Gzip header: deflate, with a name, no time, no operating system. The name is the stamp."""
_HEAD_BYTES = 512
_ETAG_KEY, _DIGEST_KEY = b"playledger.etag", b"playledger.digest"


@dataclass(frozen=True)
class TableObject:
    """An object as it is stored, and what it says of itself."""

    body: bytes
    stamp: Stored


def encode(spec: TableSpec, rows: Iterable[Mapping[str, Any]], digest: str) -> TableObject:
    """The object for these rows: same rows and digest, same bytes. Columns are the row model's, in its order.

    Raises ValueError where a row has other columns, or the digest is not printable ASCII.
    """
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"{digest!r} does not fit a gzip header")
    ordered = list(_ordered(spec, rows))
    text = "".join(_LINE.encode(row) + "\n" for row in ordered).encode()
    stamp = Stored(hashlib.sha256(f"{digest}\n".encode() + text).hexdigest()[:32], digest)
    return TableObject(_gzipped(text, stamp) if spec.format == "jsonl" else _parquet(spec, ordered, stamp), stamp)


def decode(spec: TableSpec, body: bytes) -> list[dict[str, Any]]:
    """The rows of an object as JSON values. Raises CorruptObject where it cannot be read."""
    try:
        if spec.format == "parquet":
            return _parquet_rows(body)
        return [json.loads(line) for line in _unpacked(body).splitlines()]
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise CorruptObject(f"an object of {spec.name} cannot be read: {error}") from error


def _ordered(spec: TableSpec, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    fields = list(spec.row.model_fields)
    known = set(fields)
    for row in rows:
        columns = list(row)
        if columns == fields:
            yield row
        elif len(columns) == len(fields) and known.issuperset(columns):
            yield {name: row[name] for name in fields}
        else:
            raise ValueError(f"a row of {spec.name} has the columns {columns}, not {fields}")


def _gzipped(text: bytes, stamp: Stored) -> bytes:
    """Written by hand: the library's writer cuts the name at slashes, and its header has changed between versions."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(text) + packer.flush()
    name = f"{stamp.etag} {stamp.digest}".encode("ascii")
    return _GZIP_NAMED + name + b"\x00" + packed + struct.pack("<II", zlib.crc32(text), len(text) & 0xFFFFFFFF)


def _unpacked(body: bytes) -> bytes:
    if not body:
        raise EOFError("it is empty")
    return gzip.decompress(body)


def _gzip_stamp(head: bytes) -> Stored | None:
    """The stamp in the first bytes of an object of ours; None for any other bytes."""
    if not head.startswith(_GZIP_NAMED):
        return None
    name, end, _ = head[len(_GZIP_NAMED) :].partition(b"\x00")
    etag, between, digest = name.decode("latin-1").partition(" ")
    return Stored(etag, digest) if end and between else None


def _parquet(spec: TableSpec, rows: Sequence[Mapping[str, Any]], stamp: Stored) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {name: _arrow_type(field.annotation) for name, field in spec.row.model_fields.items()}
    schema = pa.schema(list(types.items()))
    columns = [_arrow_column([row[name] for row in rows], kind) for name, kind in types.items()]
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(pa.Table.from_arrays(columns, schema=schema))
        writer.add_key_value_metadata({_ETAG_KEY: stamp.etag, _DIGEST_KEY: stamp.digest})
    return sink.getvalue()


def _arrow_type(annotation: Any) -> Any:
    """The Arrow type of a field's annotation: what both query engines call BIGINT, VARCHAR, TIMESTAMP ..."""
    import pyarrow as pa

    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return _arrow_type(next(kind for kind in inner if kind is not type(None)))
    if origin is Annotated:
        return _arrow_type(inner[0])
    if origin in (tuple, list):
        return pa.list_(_arrow_type(inner[0]))
    plain = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), datetime: pa.timestamp("ms")}
    return plain.get(annotation, pa.string())


def _arrow_column(values: Sequence[Any], kind: Any) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.string()).cast(kind) if pa.types.is_timestamp(kind) else pa.array(values, kind)


def _parquet_rows(body: bytes) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(io.BytesIO(body)).read()
    instants = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
    rows: list[dict[str, Any]] = table.to_pylist()
    return [row | {name: _instant_text(row[name]) for name in instants} for row in rows]


def _instant_text(value: Any) -> str | None:
    return None if value is None else format_instant(value.replace(tzinfo=UTC))


def _parquet_stamp(path: Path) -> Stored | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        said = pq.read_metadata(path).metadata or {}
    except pa.ArrowInvalid:
        return None
    return Stored(said[_ETAG_KEY].decode(), said[_DIGEST_KEY].decode()) if _ETAG_KEY in said else None


# ---- laptop -----------------------------------------------------------------------------------------------------

LEFTOVER = ".tmp-"


class DirectoryTableStore:
    """Files below `root`/tables. A lock file lets one writer at a time compare and replace; readers never wait."""

    def __init__(self, root: Path, specs: Mapping[str, TableSpec] = TABLES) -> None:
        self._tables = root / "tables"
        self._specs = specs

    def list(self, table: str) -> Mapping[str, Stored]:
        """Partition -> what its file says of itself; only the first bytes (Parquet: the footer) are read."""
        spec = self._specs[table]
        with _filed(self._tables / table):
            found = {
                partition: self._stored(spec, object_name(spec, partition)) for partition in self._partitions(spec)
            }
        return {partition: stored for partition, stored in sorted(found.items()) if stored}

    def read(self, table: str, partition: str) -> Sequence[dict[str, Any]]:
        """The file's rows; none where there is no file. Raises CorruptObject where it is damaged."""
        spec = self._specs[table]
        name = _located(spec, partition)
        try:
            with _filed(self._tables / name):
                body = (self._tables / name).read_bytes()
        except FileNotFoundError:
            return []
        return decode(spec, body)

    def write(
        self, table: str, partition: str, rows: Iterable[Mapping[str, Any]], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """Replaces the file at once, if it still is what `replaces` says."""
        spec = self._specs[table]
        name = _located(spec, partition)
        made = encode(spec, rows, digest)
        target = self._tables / name
        with _filed(target), self._alone():
            if self._stored(spec, name) != replaces:
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
            names = [path.name.partition("=") for path in folder.iterdir()]
            yield from (value for name, _, value in names if name == spec.partition)

    def _stored(self, spec: TableSpec, name: str) -> Stored | None:
        """What the file is; a file that is none of ours is named by its bytes and has no digest."""
        path = self._tables / name
        try:
            with path.open("rb", buffering=0) as file:
                stamp = _gzip_stamp(file.read(_HEAD_BYTES)) if spec.format == "jsonl" else _parquet_stamp(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return stamp or Stored(hashlib.sha256(path.read_bytes()).hexdigest()[:32], "")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._tables.mkdir(parents=True, exist_ok=True)
        with (self._tables / ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _replace(target: Path, body: bytes) -> None:
    """Only the lock's holder gets here, so that one temporary name is enough and a leftover is used up.

    The folder is not synced: a name lost with the power is a partition that is made again.
    """
    temporary = target.with_name(LEFTOVER + target.name)
    with temporary.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
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
    counts only while its etag is the listed one, and all others are asked for."""

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
        spec = self._specs[table]
        with _answered(table):
            listed = self._listed(spec)
            manifest = self._manifest(table)
            known = manifest | self._written.get(table, {})
            found = {
                partition: known[partition]
                for partition, etag in listed.items()
                if partition in known and known[partition].etag == etag
            }
            found |= self._asked(spec, [partition for partition in listed if partition not in found])
            if found != manifest:
                self._save_manifest(table, found)
        return dict(sorted(found.items()))

    def read(self, table: str, partition: str) -> Sequence[dict[str, Any]]:
        """The object's rows; none where there is no object. Raises CorruptObject where it is damaged."""
        spec = self._specs[table]
        name = _located(spec, partition)
        with _answered(name):
            body = self._body(name)
        return [] if body is None else decode(spec, body)

    def write(
        self, table: str, partition: str, rows: Iterable[Mapping[str, Any]], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """Puts the object, if what is stored still has the etag that was read."""
        spec = self._specs[table]
        name = _located(spec, partition)
        made = encode(spec, rows, digest)
        condition = {"IfMatch": replaces.etag} if replaces else {"IfNoneMatch": "*"}
        with _answered(name):
            stored = Stored(self._put(name, made.body, digest, condition), digest)
        self._written.setdefault(table, {})[partition] = stored
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

    def _listed(self, spec: TableSpec) -> dict[str, str]:
        """Partition -> etag of every object of the table."""
        etags: dict[str, str] = {}
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=f"{self._prefix}{spec.name}/"):
            for item in page.get("Contents", []):
                partition = _partition_of(spec, item["Key"].removeprefix(self._prefix))
                if partition is not None:
                    etags[partition] = item["ETag"]
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
