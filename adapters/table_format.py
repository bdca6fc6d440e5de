"""The objects of derived tables: gzipped JSON lines, or Parquet. Same rows and same inputs, same bytes.

The digest of its inputs travels inside each object (gzip header, Parquet footer), so that object and digest can never
disagree. Parquet is DuckDB's on the laptop, which has DuckDB anyway and little memory to spare, and Arrow's in AWS,
which has Arrow anyway: both hold the same rows.
"""

import gzip
import hashlib
import io
import json
import re
import shutil
import struct
import tempfile
import weakref
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_core import to_json

from glue_catalog.columns import Column, columns
from glue_catalog.tables import TableSpec
from playledger.errors import CorruptObject, StoreUnavailable
from playledger.models import format_instant
from playledger.ports import Stored

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

_DIGEST = re.compile(r"[ -~]{0,200}")
_LINE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)
_GZIP_NAMED = b"\x1f\x8b\x08\x08" + struct.pack("<I", 0) + b"\x00\xff"
"""Gzip header: deflate, with a name, no time, no operating system. The name is the stamp."""
HEAD_BYTES = 512
_GZIP_TAIL = 8
"""Bytes behind the packed text: checksum and length."""
PARQUET_CODEC = {"compression": "gzip", "compression_level": 6}
"""AWS's pandas layer builds pyarrow with snappy and gzip alone; gzip makes what Athena bills a fifth less. Arrow's own
level, 9, takes five times as long for a hundredth."""
GROUP_ROWS, BATCH_ROWS = 20_000, 2_000
"""So many rows are written, and read, at a time."""
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
    _fitting(digest)
    if spec.format == "parquet":
        return encode_arrow(spec, _groups(spec, _ordered(spec, rows)), digest)
    text = "".join(_LINE.encode(row) + "\n" for row in _ordered(spec, rows)).encode()
    stamp = Stored(hashlib.sha256(f"{digest}\n".encode() + text).hexdigest()[:32], digest)
    return TableObject(_gzipped(text, stamp), stamp)


def _fitting(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"{digest!r} does not fit a gzip header")
    return digest


def decode(spec: TableSpec, body: bytes) -> Iterator[dict[str, Any]]:
    """The rows of an object as JSON values. Raises CorruptObject where it cannot be read."""
    names = list(spec.row.model_fields)
    if spec.format == "parquet":
        yield from (dict(zip(names, values, strict=True)) for values in picked(spec, body, names))
        return
    with _corrupt(spec):
        yield from map(json.loads, _unpacked(body).splitlines())


def picked(spec: TableSpec, body: bytes, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """These columns alone of an object's rows. Raises CorruptObject where it cannot be read."""
    if spec.format == "jsonl":
        yield from (tuple(row[name] for name in names) for row in decode(spec, body))
        return
    with _corrupt(spec):
        yield from _parquet_values(body, names)


@contextmanager
def _corrupt(spec: TableSpec) -> Iterator[None]:
    try:
        yield
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
    name = f"{stamp.etag} {len(packed)} {stamp.digest}".encode("ascii")
    return _GZIP_NAMED + name + b"\x00" + packed + struct.pack("<II", zlib.crc32(text), len(text) & 0xFFFFFFFF)


def _unpacked(body: bytes) -> bytes:
    if not body:
        raise EOFError("it is empty")
    return gzip.decompress(body)


def gzip_stamp(head: bytes, size: int) -> Stored | None:
    """The stamp in the first bytes of an object of ours that is `size` bytes long; None for any other bytes.

    The stamp knows how long the object must be, so that one cut off with the power is none of ours.
    """
    if not head.startswith(_GZIP_NAMED):
        return None
    name, end, _ = head[len(_GZIP_NAMED) :].partition(b"\x00")
    etag, packed, digest = [*name.decode("latin-1").split(" ", 2), "", ""][:3]
    length = len(_GZIP_NAMED) + len(name) + len(b"\x00") + _GZIP_TAIL
    return Stored(etag, digest) if end and packed.isdecimal() and size == length + int(packed) else None


# ---- Parquet on the laptop --------------------------------------------------------------------------------------

MEMORY_LIMITS = ("64MB", "128MB", "1GB")
"""What does not fit in spills to a temporary folder; what cannot do with one is tried again with the next: not
everything can spill."""

LEVEL = 9
"""Of zstd: smaller than gzip and read in a third of the time. Only the laptop reads these files."""

SCANNED_ROWS = 20_480
"""Rows of a row group of what is read whole each night: that much of each column is unpacked at a time."""

ROW_LIMIT = 1 << 20
"""Longest row of a table in bytes. DuckDB reserves a multiple of it for each file, so its 16 MB cost seconds."""

Prepare = Callable[["DuckDBPyConnection"], None]
"""Makes tables in a session. It may be tried several times, each in a new one."""


class DuckDbParquet:
    """Writes and reads Parquet files with a DuckDB of its own, which is started when it is first needed."""

    def encode(self, spec: TableSpec, rows: Iterable[Mapping[str, Any]], digest: str) -> TableObject:
        """See encode. The rows go by way of a file of JSON lines, which DuckDB reads faster than values one by one."""
        seen = hashlib.sha256(f"{spec.name} {_fitting(digest)}\n".encode())
        with explained(f"{spec.name} cannot be written"), tempfile.NamedTemporaryFile(dir=self.folder) as file:
            for row in _ordered(spec, rows):
                line = to_json(row) + b"\n"
                seen.update(line)
                file.write(line)
            file.flush()
            stamp, lines = Stored(seen.hexdigest()[:32], digest), json_lines(spec.row, [Path(file.name)], packed=False)
            try:
                return self.copied(f"select {_listed(spec)} from {lines}", stamp)  # noqa: S608
            finally:
                self._end_session()

    def copied(
        self,
        selected: str,
        stamp: Stored,
        *,
        group_rows: int | None = None,
        level: int = LEVEL,
        prepare: Prepare | None = None,
    ) -> TableObject:
        """The object with the rows that a statement selects, in its order; so many of them in each row group.

        `level` is how hard it is packed. `prepare` may make what is selected from, in a session of its own.
        """
        with tempfile.NamedTemporaryFile(dir=self.folder) as file:
            told = {_ETAG_KEY.decode(): stamp.etag, _DIGEST_KEY.decode(): stamp.digest}
            named = ", ".join(f"{quoted(key)}: {quoted(value)}" for key, value in told.items())
            sized = f", row_group_size {group_rows}" if group_rows else ""
            how = f"format parquet, compression zstd, compression_level {level}{sized}, kv_metadata {{{named}}}"
            self._run(f"copy ({selected}) to {quoted(file.name)} ({how})", prepare)
            return TableObject(Path(file.name).read_bytes(), stamp)

    def picked(self, spec: TableSpec, path: Path, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """These columns of a file's rows, some rows at a time. Raises CorruptObject where it cannot be read."""
        typed = {column.name: column.duckdb for column in columns(spec.row)}
        selected = ", ".join(
            f"strftime(\"{name}\", '{INSTANT}')" if typed[name] == "TIMESTAMP" else f'"{name}"' for name in names
        )
        cursor = self.connection.cursor()
        with explained(f"an object of {spec.name} cannot be read", [path]):
            cursor.execute(f"select {selected} from {table_files(spec, [path], NO_HIVE)}")  # noqa: S608
            while some := cursor.fetchmany(BATCH_ROWS):
                yield from some

    def stamp(self, path: Path) -> Stored | None:
        """What a file says of itself; None for one that is not ours, or damaged."""
        import duckdb

        try:
            asked = f"select key, value from parquet_kv_metadata({quoted(str(path))})"  # noqa: S608
            told = dict(self.connection.cursor().execute(asked).fetchall())
        except duckdb.Error:
            return None
        return Stored(told[_ETAG_KEY].decode(), told[_DIGEST_KEY].decode()) if _ETAG_KEY in told else None

    @cached_property
    def folder(self) -> str:
        """For what is made, and for what does not fit into memory; gone with this object."""
        folder = tempfile.mkdtemp(prefix="playledger-tables-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _run(self, statement: str, prepare: Prepare | None) -> None:
        import duckdb

        if prepare:
            self._end_session()
            self._climb(MEMORY_LIMITS, lambda session: (prepare(session), session.execute(statement)))
            return
        try:
            self.connection.cursor().execute(statement)
        except duckdb.OutOfMemoryException:
            self._end_session()
            self._climb(MEMORY_LIMITS[1:], lambda session: session.execute(statement))

    def _climb(self, limits: Sequence[str], work: Callable[["DuckDBPyConnection"], object]) -> None:
        """In a session with the first of the limits that the work can do with."""
        import duckdb

        *first, last = limits
        for limit in first:
            with suppress(duckdb.OutOfMemoryException), closing(self._session(limit)) as session:
                work(session)
                return
        with closing(self._session(last)) as session:
            work(session)

    @cached_property
    def connection(self) -> "DuckDBPyConnection":
        """A session with the first limit. What it took only its end gives back."""
        return self._session(MEMORY_LIMITS[0])

    def _end_session(self) -> None:
        if "connection" in self.__dict__:
            self.connection.close()
            del self.connection

    def _session(self, limit: str) -> "DuckDBPyConnection":
        """One thread, so that the same rows are the same bytes."""
        import duckdb

        limits = {"memory_limit": limit, "temp_directory": self.folder, "threads": "1"}
        connection = duckdb.connect(":memory:", config={**limits})
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_external_file_cache = false")  # each file is read once
        return connection


INSTANT = "%Y-%m-%d %H:%M:%S.%g"
"""How models.format_instant writes, as DuckDB says it."""


@contextmanager
def explained(what: str, sources: Iterable[Path] = ()) -> Iterator[None]:
    """DuckDB's errors as ours: of a source that it names, that this is damaged; of anything else, that there is no room
    or no access here."""
    import duckdb

    try:
        yield
    except (duckdb.Error, OSError) as error:
        kind = CorruptObject if any(str(path) in str(error) for path in sources) else StoreUnavailable
        raise kind(f"{what}: {error}") from error


NO_HIVE = "hive_partitioning = false"


def table_files(spec: TableSpec, paths: Sequence[Path], *more: str) -> str:
    """How DuckDB reads files of a table: what stands after `from`. `more` are further options."""
    if spec.format == "jsonl":
        return json_lines(spec.row, paths, *more)
    return f"read_parquet([{', '.join(quoted(str(path)) for path in paths)}], {', '.join(more)})"


def no_rows(kinds: Iterable[tuple[str, str]]) -> str:
    """A statement without rows, of columns with these names and types."""
    nothing = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in kinds)
    return f"select {nothing} where false"


def made_of(table: str, digest: str) -> Stored:
    """The stamp of what is named by its inputs: the same inputs make the same rows."""
    return Stored(hashlib.sha256(f"{table} {digest}\n".encode()).hexdigest()[:32], digest)


def json_lines(row: type[BaseModel], paths: Sequence[Path], *more: str, packed: bool = True) -> str:
    """How DuckDB reads files of JSON lines: what stands after `from`. `more` are further options."""
    options = [*json_options(columns(row), row_limit=ROW_LIMIT, packed=packed), *more]
    return f"read_json([{', '.join(quoted(str(path)) for path in paths)}], {', '.join(options)})"


def json_options(row: Sequence[Column], *, row_limit: int, packed: bool = True) -> tuple[str, ...]:
    """Options of DuckDB's read_json for rows of these columns."""
    typed = ", ".join(f"{quoted(column.name)}: {quoted(column.duckdb)}" for column in row)
    return (
        "format = 'newline_delimited'",
        "records = true",  # else the first 32 files are looked into before each question
        f"compression = '{'gzip' if packed else 'none'}'",
        f"maximum_object_size = {row_limit}",
        f"columns = {{{typed}}}",
    )


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _listed(spec: TableSpec) -> str:
    return ", ".join(f'"{column.name}"' for column in columns(spec.row))


# ---- Parquet in AWS ---------------------------------------------------------------------------------------------


def _groups(spec: TableSpec, rows: Iterator[Mapping[str, Any]]) -> Iterator["pa.Table"]:
    """The rows as Arrow has them, so many at a time that a big table does not stand in memory as rows."""
    import pyarrow as pa

    schema, some = arrow_schema(spec), list(islice(rows, GROUP_ROWS))
    while True:
        arrays = [_arrow_array([row[field.name] for row in some], field.type) for field in schema]
        yield pa.Table.from_arrays(arrays, schema=schema)
        if not (some := list(islice(rows, GROUP_ROWS))):
            return


def encode_arrow(spec: TableSpec, groups: Iterable["pa.Table"], digest: str) -> TableObject:
    """As `encode`, of a Parquet table whose rows are in Arrow already, one row group after the other."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    seen, sink = hashlib.sha256(f"{spec.name} {digest}\n".encode()), io.BytesIO()
    with pq.ParquetWriter(sink, arrow_schema(spec), **PARQUET_CODEC, store_schema=False) as writer:
        for group in groups:
            seen.update(_streamed(group))
            writer.write_table(group)
        stamp = Stored(seen.hexdigest()[:32], digest)
        writer.add_key_value_metadata({_ETAG_KEY: stamp.etag, _DIGEST_KEY: stamp.digest})
    made = TableObject(sink.getvalue(), stamp)
    pa.default_memory_pool().release_unused()  # nobody needs it until the next table
    return made


def _streamed(table: "pa.Table") -> "pa.Buffer":
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return sink.getvalue()


def arrow_schema(spec: TableSpec) -> "pa.Schema":
    """The columns of a table as Arrow has them, its partition left out."""
    import pyarrow as pa

    return pa.schema([(column.name, _arrow_type(column.duckdb)) for column in columns(spec.row)])


def _arrow_type(name: str) -> Any:
    """The Arrow type of what a column is in DuckDB. Raises KeyError for a type that no table has."""
    import pyarrow as pa

    plain = {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "TIMESTAMP": pa.timestamp("ms"),
    }
    return pa.list_(plain[name.removesuffix("[]")]) if name.endswith("[]") else plain[name]


def _arrow_array(values: Sequence[Any], kind: Any) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.string()).cast(kind) if pa.types.is_timestamp(kind) else pa.array(values, kind)


def _parquet_values(body: bytes, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(io.BytesIO(body)).iter_batches(BATCH_ROWS, columns=list(names), use_threads=False):
        values = [_texts(column) if pa.types.is_timestamp(column.type) else column.to_pylist() for column in batch]
        yield from zip(*values, strict=True)


def _texts(instants: "pa.Array") -> list[str | None]:
    return [None if value is None else format_instant(value.replace(tzinfo=UTC)) for value in instants.to_pylist()]
