"""Runs the text of a query verbatim on DuckDB over objects in S3, and knows which bytes of which objects it took."""

import io
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tests.support.local_athena_tables import GlueTable, StoredObject

SCHEME = "athena"
LONGEST_ROW = 16 << 20
LOGGED_MOMENT = "%Y-%m-%d %H:%M:%S.%g"
"""How the SerDe reads a timestamp: DuckDB by itself would take others too."""


class QueryRefused(Exception):
    """The text is no statement; Athena says so before it starts."""


class QueryFailed(Exception):
    """Athena's own words, which begin with its name for the fault."""


class LimitExceeded(Exception):
    """More was read than the workgroup allows."""


def tables_read(text: str) -> set[str]:
    """Names of the tables in a query, its own `with` aside. DuckDB can tell too, but not where there is unnest."""
    tree = sqlglot.parse_one(re.sub(r"(?i)^\s*explain\s+", "", text), read="trino")
    own = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    return {table.name.lower() for table in tree.find_all(exp.Table) if table.name} - own


@dataclass
class Taken:
    """What was read of one object: before the query ran (to see what is in it), and while it ran."""

    looked: int = 0
    scanned: int = 0
    was_run: bool = False


@dataclass(frozen=True)
class Answer:
    """Rows as DuckDB gives them, with its types; `taken` is object -> bytes, of objects the query itself opened."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    taken: Mapping[str, int]
    statement: str = "DML"

    @property
    def scanned(self) -> int:
        """Bytes."""
        return sum(self.taken.values())


class Objects(fsspec.AbstractFileSystem):
    """The objects of a query's tables as files `athena://<table>/<partition>=<value>/<number>/<name>`.

    A packed or JSON object is taken whole, as Athena takes it; of Parquet just the ranges that were asked for. DuckDB
    reads with several threads, so one at a time counts.
    """

    protocol = SCHEME
    cachable = False

    def __init__(self, s3: Any, limit: int | None, bodies: dict[tuple[str, str], bytes]) -> None:
        super().__init__()
        self._s3 = s3
        self._limit = limit
        self._files: dict[str, StoredObject] = {}
        self._sizes: dict[str, int] = {}
        self._made: dict[str, bytes] = {}
        self._bodies = bodies
        self.taken: dict[str, Taken] = {}
        self.is_running = False
        self._alone = threading.RLock()

    def add(self, table: GlueTable, objects: Sequence[StoredObject]) -> str:
        """Shows the table's objects; returns a pattern that finds them all."""
        for number, item in enumerate(objects):
            values = [f"{name}={value}" for name, value in zip(table.partitions, item.partition, strict=True)]
            path = "/".join((f"{SCHEME}://{table.name}", *values, str(number), item.key.rpartition("/")[2]))
            self._files[path], self._sizes[item.key] = item, item.size
        return "/".join((f"{SCHEME}://{table.name}", *(f"{name}=*" for name in table.partitions), "*", "*"))

    def add_first(self, table: GlueTable, body: bytes) -> None:
        """A file that is in no bucket and costs nothing. DuckDB takes the columns of a table from the first one."""
        path = "/".join((f"{SCHEME}://{table.name}", *(f"{name}=0" for name in table.partitions), "first", "first"))
        self._made[path] = body

    def glob(self, path: str, **_: Any) -> list[str]:
        """Files that fit the pattern; DuckDB asks with the patterns of `add` alone."""
        table = path.removeprefix(f"{SCHEME}://").partition("/")[0]
        return [name for name in (*self._made, *self._files) if name.startswith(f"{SCHEME}://{table}/")]

    def exists(self, path: str, **_: Any) -> bool:
        """Whether there is such a file."""
        return path in self._made or path in self._files

    def size(self, path: str) -> int:
        """In bytes."""
        return len(self._made[path]) if path in self._made else self._files[path].size

    def modified(self, _: str) -> datetime:
        """When it was last written: never mind, for nothing is kept from one query to the next."""
        return datetime(2006, 1, 1, tzinfo=UTC)

    def open(self, path: str, *_: Any, **__: Any) -> Any:
        """The object, for reading."""
        if path in self._made:
            return io.BytesIO(self._made[path])
        item = self._files[path]
        with self._alone:
            taken = self.taken.setdefault(item.key, Taken())
            if item.key.endswith(".parquet"):
                return _Ranges(self, item)
            taken.was_run = taken.was_run or self.is_running
            return io.BytesIO(self.fetch(item))

    def fetch(self, item: StoredObject, start: int = 0, end: int | None = None) -> bytes:
        """Bytes from `start` up to and without `end`, counted. Raises LimitExceeded."""
        with self._alone:
            return self._counted(item, self._body(item)[start:end])

    def _counted(self, item: StoredObject, body: bytes) -> bytes:
        taken = self.taken[item.key]
        if self.is_running:
            taken.was_run, taken.scanned = True, taken.scanned + len(body)
        else:
            taken.looked += len(body)
        if self._limit is not None and self.scanned > self._limit:
            raise LimitExceeded
        return body

    def _body(self, item: StoredObject) -> bytes:
        """The object. One that was fetched for another query is not fetched again, but whoever listens is told so."""
        given, known = {"Bucket": item.bucket, "Key": item.key}, (item.key, item.etag)
        if known not in self._bodies:
            self._bodies[known] = self._s3.get_object(**given)["Body"].read()
        else:
            model = self._s3.meta.service_model.operation_model("GetObject")
            self._s3.meta.events.emit("provide-client-params.s3.GetObject", params=given, model=model)
        return self._bodies[known]

    @property
    def scanned(self) -> int:
        """Bytes of all objects that the query itself opened."""
        return sum(self.read_by_key.values())

    @property
    def read_by_key(self) -> dict[str, int]:
        """What DuckDB looks at to plan is not scanned, unless it is then read; and nothing counts twice."""
        with self._alone:
            read = {key: taken.looked + taken.scanned for key, taken in self.taken.items() if taken.was_run}
        return {key: min(count, self._sizes[key]) for key, count in read.items()}


class _Ranges(io.RawIOBase):
    """A file of which each read is a request."""

    def __init__(self, files: Objects, item: StoredObject) -> None:
        super().__init__()
        self._files = files
        self._item = item
        self._at = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Where the next read begins."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._item.size}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Where it would begin."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, counted."""
        end = self._item.size if size < 0 else min(self._at + size, self._item.size)
        if end <= self._at:
            return b""
        body = self._files.fetch(self._item, self._at, end)
        self._at = end
        return body

    def readable(self) -> bool:
        """It is."""
        return True


class Engine:
    """One DuckDB for all queries, one at a time. Objects stay known by key and ETag, yet each query pays for all."""

    def __init__(self) -> None:
        self._bodies: dict[tuple[str, str], bytes] = {}
        self._connection = duckdb.connect(config={"threads": "1", "memory_limit": "1GB"})
        for setting in ("TimeZone = 'UTC'", "python_enable_replacements = false", "enable_external_file_cache = false"):
            self._connection.execute(f"set {setting}")

    def close(self) -> None:
        """Ends the session."""
        self._connection.close()

    def statement_of(self, text: str) -> str:
        """`SELECT` or `EXPLAIN`. Raises QueryRefused for all else."""
        try:
            statements = self._connection.extract_statements(text)
        except duckdb.Error as error:
            raise QueryRefused(f"line 1:1: {_sentence(error)}") from error
        kinds = [statement.type.name for statement in statements]
        if kinds not in (["SELECT"], ["EXPLAIN"]):
            raise QueryRefused(f"Only one query at a time is answered here, not {kinds or 'none'}")
        return kinds[0]

    def tables_in(self, text: str) -> set[str]:
        """Names of the tables that a query reads. Raises QueryFailed where even that cannot be told."""
        try:
            return tables_read(text)
        except SqlglotError as error:
            raise QueryFailed(str(error)) from error

    def run(self, text: str, tables: Mapping[GlueTable, Sequence[StoredObject]], s3: Any, limit: int | None) -> Answer:
        """The answer. Raises QueryFailed in Athena's words, LimitExceeded where more than `limit` bytes were read."""
        files = Objects(s3, limit, self._bodies)
        with self._showing(files, tables), _told(files, limit):
            if self.statement_of(text) == "EXPLAIN":
                plan = tuple((row[1],) for row in self._connection.execute(text).fetchall())
                return Answer(("Query Plan",), ("VARCHAR",), plan, {}, "UTILITY")
            # Bound and planned here: only then does DuckDB know which partitions it needs.
            self._connection.execute(f"prepare asked as {text}")
            files.is_running = True
            try:
                return self._executed(files)
            finally:
                self._connection.execute("deallocate asked")

    def _executed(self, files: Objects) -> Answer:
        cursor = self._connection.execute("execute asked")
        described = [(str(column[0]), str(column[1])) for column in cursor.description or ()]
        names, types = zip(*described, strict=True)
        return Answer(names, types, tuple(cursor.fetchall()), files.read_by_key)

    @contextmanager
    def _showing(self, files: Objects, tables: Mapping[GlueTable, Sequence[StoredObject]]) -> Iterator[None]:
        """The tables as views, for one query."""
        self._connection.register_filesystem(files)
        try:
            for table, objects in tables.items():
                if table.is_parquet:
                    files.add_first(table, _without_rows(table))
                view = _view(table, files.add(table, objects), objects)
                self._connection.execute(f'create view "{table.name}" as {view}')
            yield
        finally:
            self._connection.unregister_filesystem(SCHEME)
            for table in tables:
                self._connection.execute(f'drop view if exists "{table.name}"')


def _view(table: GlueTable, pattern: str, objects: Sequence[StoredObject]) -> str:
    typed = {**table.columns, **table.partitions}
    if not objects:
        nothing = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in typed.items())
        return f"select {nothing} where false"
    selected = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind in table.columns.items())
    selected = ", ".join((selected, *(f'"{name}"' for name in table.partitions)))
    options = [f"'{pattern}'"]
    if table.partitions:
        spelled = ", ".join(f"'{name}': {kind}" for name, kind in table.partitions.items())
        options += ["hive_partitioning = true", f"hive_types = {{{spelled}}}"]
    if table.is_parquet:
        return f"select {selected} from read_parquet({', '.join(options)})"  # noqa: S608  of a catalog
    spelled = ", ".join(f"'{name}': '{kind}'" for name, kind in table.columns.items())
    options += [
        "format = 'newline_delimited'",
        "records = true",  # else DuckDB would look into files first, even into those it does not need
        f"maximum_object_size = {LONGEST_ROW}",
        f"timestampformat = '{LOGGED_MOMENT}'",
        f"columns = {{{spelled}}}",
    ]
    return f"select {selected} from read_json({', '.join(options)})"  # noqa: S608  of a catalog


def _without_rows(table: GlueTable) -> bytes:
    """Parquet with the table's columns, as the catalog has them."""
    nothing = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in table.columns.items())
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "first.parquet"
        connection.execute(f"copy (select {nothing} where false) to '{path}' (format parquet)")
        return path.read_bytes()


# ---- faults -----------------------------------------------------------------------------------------------------

_NAMED: Sequence[tuple[str, str]] = (
    (
        r'column "([^"]+)".* not found',
        "COLUMN_NOT_FOUND: line 1:1: Column '{}' cannot be resolved or requester is not authorized to access it",
    ),
    (r'does not have a column named "([^"]+)"', "COLUMN_NOT_FOUND: line 1:1: Column '{}' cannot be resolved"),
    (r"Table with name (\S+) does not exist", "TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.{}' does not exist"),
    (r"Function with name (\S+) does not exist", "FUNCTION_NOT_FOUND: line 1:1: Function '{}' not registered"),
)

_KINDS: Mapping[type[Exception], str] = {
    duckdb.ConversionException: "INVALID_CAST_ARGUMENT",
    duckdb.OutOfRangeException: "NUMERIC_VALUE_OUT_OF_RANGE",
    duckdb.InvalidInputException: "HIVE_BAD_DATA",
    duckdb.IOException: "HIVE_CANNOT_OPEN_SPLIT",
}


@contextmanager
def _told(files: Objects, limit: int | None) -> Iterator[None]:
    """DuckDB's errors in Athena's words."""
    try:
        yield
    except Exception as error:
        if limit is not None and files.scanned > limit:
            raise LimitExceeded from error
        if not isinstance(error, duckdb.Error):
            raise
        raise QueryFailed(words(error)) from error


def words(error: Exception) -> str:
    """What Athena would say."""
    sentence = _sentence(error)
    for pattern, told in _NAMED:
        if found := re.search(pattern, sentence):
            return told.format(found[1])
    kind = next((name for kinds, name in _KINDS.items() if isinstance(error, kinds)), "SYNTAX_ERROR")
    return f"{kind}: {sentence}"


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split("\n\nLINE ")[0].split())
