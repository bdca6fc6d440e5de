"""Answers SQL over the tables: DuckDB over a directory, Athena over S3 through awswrangler. Same text, same values."""

import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from adapters.athena_reader import given_up
from adapters.table_format import MEMORY_LIMITS, ROW_LIMIT, json_options, quoted
from glue_catalog.columns import Column, columns, journal_columns
from glue_catalog.tables import TABLES, TableSpec, object_name
from playledger.errors import StoreUnavailable, WorldChanged
from playledger.ports import Question, Rows
from sql import bind

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

KEPT_BYTES = 16 << 20
"""Tables up to this size (of their gzipped files) may stay in memory: some 50 MB in memory."""

FEW_PARTS = 100
"""Up to so many files of a partitioned table are named one by one, rather than by a pattern."""

READ = r"\b(?:from|join)\s+(\w+)"
"""How questions of ours name what they read; columns may be called like a table that they do not."""

PLAIN = (str, int, float, bool, date, datetime, type(None))


def _checked(question: Question, given: Iterable[str]) -> None:
    if set(given) != set(question.params):
        raise TypeError(f"{question.name} takes {sorted(question.params)}, given were {sorted(given)}")


# ---- laptop -----------------------------------------------------------------------------------------------------


class DuckDbQueryEngine:
    """DuckDB in memory, with a view for each table below `root/tables` and for the journal in `root/journal`.

    It can read these two folders and nothing else: no other file, no network, no extension, no way to write. A table of
    many small files that is asked for in full a second time is kept in memory until one of its files changes; one of a
    single file of JSON lines from the first time on, for DuckDB takes 32 MB to read it.
    """

    def __init__(self, root: Path, *, keep_bytes: int = KEPT_BYTES) -> None:
        self._sources = _sources(root.absolute(), keep_bytes)
        self._root = root.absolute()
        self._temporary = tempfile.TemporaryDirectory(prefix="playledger-duckdb-")
        self._connect(0)

    def rows(self, question: Question, **params: object) -> Sequence[dict[str, Any]]:
        """See ports.QueryEngine. Raises TypeError unless the parameters are the question's own."""
        _checked(question, params)
        answer = self._run(bind(question.text, params), is_ours=True)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]

    def ask(self, text: str) -> Rows:
        """See ports.QueryEngine: one reading statement; values that are not plain come as text."""
        return self._run(self._reading(text), is_ours=False)

    def close(self) -> None:
        """Ends the session."""
        self._connection.close()
        self._temporary.cleanup()

    def _connect(self, limit: int) -> None:
        """A new session, which has shown nothing yet."""
        self._limit, self._shown = limit, dict[str, _Shown]()
        self._connection = _locked_connection(self._root, self._temporary.name, MEMORY_LIMITS[limit])

    def _reading(self, text: str) -> str:
        """The text, if it is one statement that reads."""
        import duckdb

        try:
            statements = self._connection.extract_statements(text)
        except duckdb.Error as error:
            raise WorldChanged(_sentence(error)) from error
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise WorldChanged("only one statement at a time can be asked, and it must be a SELECT")
        return str(statements[0].query).strip().rstrip(";")

    def _run(self, text: str, *, is_ours: bool) -> Rows:
        import duckdb

        try:
            return self._fetch(text, is_ours=is_ours)
        except duckdb.OutOfMemoryException as error:
            if self._limit + 1 == len(MEMORY_LIMITS):
                raise WorldChanged(_sentence(error)) from error
            return self._with_more(text, is_ours=is_ours)
        except duckdb.Error as error:
            raise WorldChanged(_sentence(error)) from error

    def _with_more(self, text: str, *, is_ours: bool) -> Rows:
        """The answer of a session with the next limit. What that took only its end gives back."""
        limit = self._limit
        self._connection.close()
        self._connect(limit + 1)
        try:
            return self._run(text, is_ours=is_ours)
        finally:
            self._connection.close()
            self._connect(limit)

    def _fetch(self, text: str, *, is_ours: bool) -> Rows:
        self._refresh(text, is_ours=is_ours)
        self._connection.execute("begin transaction read only")
        try:
            return _fetched(self._connection, text)
        finally:
            self._connection.execute("rollback")

    def _refresh(self, text: str, *, is_ours: bool) -> None:
        """Puts the views in place that fit the files as they are now, and the text where it is a question of ours."""
        named = set(re.findall(READ, text)) if is_ours else {source.name for source in self._sources}
        for source in (source for source in self._sources if source.name in named):
            shown = self._shown.get(source.name)
            wanted = (source.narrowed(shown, text) if is_ours else None) or source.wanted(shown, text)
            if shown is None or not shown.is_same_view(wanted):
                for statement in source.statements(wanted):
                    self._connection.execute(statement)
            self._shown[source.name] = wanted


How = Literal["nothing", "files", "memory"]


@dataclass(frozen=True)
class _Shown:
    """What a table's view shows: nothing, the files, or rows kept in memory; and the files when last read in full.

    `parts` are the only partitions whose files it shows; None where it shows all.
    """

    how: How
    files: frozenset[tuple[str, int, int, int]] = frozenset()
    parts: tuple[str, ...] | None = None

    def is_same_view(self, other: "_Shown") -> bool:
        """Whether the other needs no new view."""
        is_same = (self.how, self.parts) == (other.how, other.parts)
        return is_same and (self.how != "memory" or self.files == other.files)


@dataclass(frozen=True)
class _Source:
    """Where a table's files lie, and what is in them.

    `options` are those of DuckDB's `reader` function; `keep_bytes` is the size of its files up to which
    a table may stay in memory.
    """

    name: str
    folder: Path
    file: str
    partition: str
    row: Sequence[Column]
    reader: str
    options: Sequence[str]
    keep_bytes: int

    def wanted(self, shown: _Shown | None, text: str) -> _Shown:
        """What the view has to show for this text. Files are only looked at where the text needs them all."""
        if not self._has_files():
            return _Shown("nothing")
        now = replace(shown, parts=None) if shown and shown.how != "nothing" else _Shown("files")
        is_named = re.search(rf"\b{self.name}\b", text) is not None
        is_wanted = is_named if now.how == "memory" or not self.partition else self._is_read_in_full(text)
        if not (is_wanted and self.keep_bytes):
            return now
        found = self._files()
        is_lasting, size = not self.partition or found == now.files, sum(size for _, size, _, _ in found)
        return _Shown("memory" if is_lasting and size <= self.keep_bytes else "files", found)

    def narrowed(self, shown: _Shown | None, text: str) -> _Shown | None:
        """Only the files of the partitions that the text asks for, where all that read the table say first which.

        DuckDB would find that out itself, but only after it has looked for the files of thousands of others. None where
        they do not say so, or ask for many, or the rows are in memory.
        """
        if not (self.partition and self.keep_bytes) or (shown and shown.how == "memory"):
            return None
        reads = rf"\b(?:from|join)\s+{self.name}\b"
        more = rf" and {self.partition} (?:< '(?P<end>[^']*)'|in \((?P<named>[^)]*)\))"
        asked = list(re.finditer(rf"{reads}\s+where {self.partition} >= '(?P<first>[^']*)'(?:{more})?", text))
        if not len(asked) == len(re.findall(reads, text)) > 0:
            return None
        spans = [found.groupdict() for found in asked]
        later = self._partitions(min(span["first"] for span in spans))
        parts = [part for part in later if any(_is_asked_for(part, **span) for span in spans)]
        if len(parts) > FEW_PARTS:
            return None
        held = tuple(part for part in parts if (self.folder / f"{self.partition}={part}" / self.file).exists())
        return _Shown("files" if held else "nothing", shown.files if shown else frozenset(), held)

    def _partitions(self, first: str) -> Sequence[str]:
        """The partitions from this one on that have a folder, in order."""
        head = f"{self.partition}="
        try:
            names = os.listdir(self.folder)  # noqa: PTH208  thousands of them, of which few are looked at
            return sorted(name.removeprefix(head) for name in names if name >= head + first and name.startswith(head))
        except FileNotFoundError:
            return []

    def _is_read_in_full(self, text: str) -> bool:
        """Whether the text reads the table without a literal that leaves out older partitions."""
        is_read = re.search(rf'\b(from|join)\s+"?{self.name}\b', text, re.IGNORECASE)
        is_bounded = re.search(rf"\b{self.partition}\s*(=|>=?)\s*'", text)
        return is_read is not None and is_bounded is None

    def _files(self) -> frozenset[tuple[str, int, int, int]]:
        found = []
        for path in self.folder.glob(f"{self.partition}=*/{self.file}" if self.partition else self.file):
            about = path.stat()
            found.append((path.parent.name, about.st_size, about.st_mtime_ns, about.st_ino))
        return frozenset(found)

    def _has_files(self) -> bool:
        """Whether there is any file; looks at no more than it must."""
        try:
            with os.scandir(self.folder) as found:
                return any(self._holds(entry) for entry in found)
        except FileNotFoundError:
            return False

    def _holds(self, entry: os.DirEntry[str]) -> bool:
        if not self.partition:
            return entry.name == self.file
        return entry.name.startswith(f"{self.partition}=") and any(Path(entry.path).glob(self.file))

    def statements(self, shown: _Shown) -> Sequence[str]:
        """What makes the view; of nothing it is an empty one of the same columns."""
        view, kept = f'create or replace view "{self.name}" as select', f'"kept {self.name}"'
        match shown.how:
            case "memory":
                return (f"create or replace temp table {kept} as select {self._scan('*')}", f"{view} * from {kept}")
            case "files":
                return (f"{view} {self._scan(*shown.parts or '*')}", f"drop table if exists {kept}")
            case "nothing":
                return (f"{view} {self._nothing()}", f"drop table if exists {kept}")

    def _scan(self, *parts: str) -> str:
        folders = [f"/{self.partition}={part}" for part in parts] if self.partition else [""]
        files = ", ".join(quoted(f"{_no_pattern(self.folder)}{folder}/{self.file}") for folder in folders)
        options = list(self.options)
        if self.partition:
            options += ["hive_partitioning = true", f"hive_types = {{'{self.partition}': VARCHAR}}"]
        return f"* from {self.reader}({', '.join([f'[{files}]', *options])})"

    def _nothing(self) -> str:
        typed = [f'cast(null as {column.duckdb}) as "{column.name}"' for column in self.row]
        if self.partition:
            typed.append(f'cast(null as varchar) as "{self.partition}"')
        return f"{', '.join(typed)} where false"


def _is_asked_for(part: str, first: str, end: str | None, named: str | None) -> bool:
    """Whether a partition is in [first, end), and among those that are named in quotes."""
    return part >= first and (end is None or part < end) and (named is None or f"'{part}'" in named)


def _sources(root: Path, keep_bytes: int) -> tuple[_Source, ...]:
    row = journal_columns()
    options = json_options(row, row_limit=16 * ROW_LIMIT)
    journal = _Source("journal", root / "journal", "[0-9]*.jsonl.gz", "dt", row, "read_json", options, 0)
    return (journal, *(_table_source(root / "tables", spec, keep_bytes) for spec in TABLES.values()))


def _table_source(root: Path, spec: TableSpec, keep_bytes: int) -> _Source:
    row, folder, file = columns(spec.row), root / spec.name, Path(object_name(spec, "")).name
    if spec.format == "parquet":
        return _Source(spec.name, folder, file, spec.partition, row, "read_parquet", (), 0)
    options = json_options(row, row_limit=ROW_LIMIT)
    return _Source(spec.name, folder, file, spec.partition, row, "read_json", options, keep_bytes)


def _no_pattern(folder: Path) -> str:
    """The folder as a part of a glob that means just this folder."""
    return re.sub(r"[*?\[]", r"[\g<0>]", str(folder))


def _locked_connection(root: Path, temporary: str, memory: str) -> "DuckDBPyConnection":
    """A connection that sees two folders, says UTC, and whose settings nobody can change any more.

    One thread: over many small files each further one costs as much processor time as it saves.
    """
    import duckdb

    closed = dict.fromkeys(
        ("autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions"), "false"
    )
    limits = {"memory_limit": memory, "temp_directory": temporary, "threads": "1"}
    frugal = {"preserve_insertion_order": "false"}  # answers are in the order that the question says
    connection = duckdb.connect(":memory:", config={**closed, **limits, **frugal})
    spellings = dict.fromkeys((str(root), _no_pattern(root)))
    folders = ", ".join(quoted(f"{root}/{name}/") for root in spellings for name in ("tables", "journal"))
    for setting in (
        "TimeZone = 'UTC'",
        "python_enable_replacements = false",
        "enable_external_file_cache = false",  # the operating system has one
        f"allowed_directories = [{folders}]",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"set {setting}")
    return connection


def _fetched(connection: "DuckDBPyConnection", text: str) -> Rows:
    cursor = connection.execute(text)
    described = cursor.description or []
    types = [str(column[1]) for column in described]
    if "TIMESTAMP WITH TIME ZONE" in types:
        cursor = connection.execute(_zones_as_text(text, types))
    found = tuple(tuple(map(_plain, row)) for row in cursor.fetchall())
    return Rows(tuple(str(column[0]) for column in described), found)


def _zones_as_text(text: str, types: Sequence[str]) -> str:
    """The same rows with moments that carry a zone as text: DuckDB hands those to Python only with pytz."""
    names = [f"c{number}" for number in range(len(types))]
    cast = [
        f"cast({name} as varchar)" if kind == "TIMESTAMP WITH TIME ZONE" else name
        for name, kind in zip(names, types, strict=True)
    ]
    return f"select {', '.join(cast)} from (\n{text}\n) as zoned ({', '.join(names)})"  # noqa: S608  may only read


def _plain(value: Any) -> Any:
    """A plain value; whole decimals as int, others as float, all that is nested or odd as text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value if isinstance(value, PLAIN) else str(value)


def _sentence(error: Exception) -> str:
    """DuckDB's own words without the drawing of where in the text it was."""
    lines = str(error).split("\n\nLINE ")[0].splitlines()
    return " ".join(line.strip() for line in lines if line.strip())


# ---- AWS --------------------------------------------------------------------------------------------------------

POLLING_DELAY = 0.25
"""Seconds between two looks at a query. awswrangler's own second would be half of a night's time."""


class AthenaQueryEngine:
    """Athena through what is given to read: `awswrangler.athena.read_sql_query`, or an AthenaReader.

    One boto3 session, or the client of the reader, serves all questions.
    """

    def __init__(
        self, read_sql_query: Callable[..., Any], *, database: str, workgroup: str, boto3_session: Any = None
    ) -> None:
        self._read = read_sql_query
        self._where = {"database": database, "workgroup": workgroup, "boto3_session": boto3_session}

    def rows(self, question: Question, **params: object) -> Sequence[dict[str, Any]]:
        """See ports.QueryEngine. Raises TypeError unless the parameters are the question's own."""
        _checked(question, params)
        answer = self._answer(question.text, params=params, paramstyle="named")
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]

    def ask(self, text: str) -> Rows:
        """See ports.QueryEngine."""
        return self._answer(text.strip().rstrip(";"))

    def _answer(self, text: str, **how: Any) -> Rows:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self._read(
                text, ctas_approach=False, athena_query_wait_polling_delay=POLLING_DELAY, **self._where, **how
            )
        except _wranglers("QueryFailed") as error:
            raise WorldChanged(f"Athena refused the question: {error}") from error
        except _wranglers("QueryCancelled") as error:
            raise given_up(str(error)) from error
        except (BotoCoreError, ClientError) as error:
            if "InvalidRequestException" in str(error):
                raise WorldChanged(f"Athena refused the question: {error}") from error
            raise StoreUnavailable(f"Athena did not answer: {error}") from error
        if isinstance(found, Rows):
            return found
        return Rows(tuple(str(name) for name in found.columns), tuple(_frame_rows(found)))


def _wranglers(name: str) -> tuple[type[Exception], ...]:
    """The error of awswrangler's with this name; nothing where it is not awswrangler that asks."""
    loaded = sys.modules.get("awswrangler.exceptions")
    return (getattr(loaded, name),) if loaded else ()


def _frame_rows(frame: Any) -> list[tuple[Any, ...]]:
    """A data frame's rows as plain values: None for every kind of missing, datetime for pandas' own."""
    whole = frame.astype(object).where(frame.notna(), None)
    return [tuple(map(_unwrapped, row)) for row in whole.itertuples(index=False, name=None)]


def _unwrapped(value: Any) -> Any:
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime()
    return _plain(value.item() if hasattr(value, "item") else value)
