"""Objects of a table that SQL makes of other tables: by DuckDB on the laptop, by SQLite in AWS, with the same words."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from adapters.table_format import (
    BATCH_ROWS,
    NO_HIVE,
    ROW_LIMIT,
    DuckDbParquet,
    TableObject,
    explained,
    json_options,
    made_of,
    no_rows,
    quoted,
    table_files,
)
from glue_catalog.columns import Column, columns
from glue_catalog.tables import TableSpec, object_name
from playledger.ports import LIST_SEPARATOR, Computed, Derivation, Source

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    Cursor = DuckDBPyConnection | sqlite3.Cursor

# ---- laptop -----------------------------------------------------------------------------------------------------

GROUP_ROWS = 40_960
"""Rows of a row group: they wait in memory until they are as many."""

LEVEL = 1
"""What is derived is written each night: the last twentieth of its size is not worth twice the time."""

Kinds = Mapping[str, type[str] | type[int]]
KINDS = {str: "VARCHAR", int: "BIGINT"}


def derived(
    parquet: DuckDbParquet, root: Path, specs: Mapping[str, TableSpec], table: str, derivation: Derivation, digest: str
) -> TableObject:
    """The object of `table` that is derived from tables below `root`. Raises CorruptObject for a file that is none."""
    folder = Path(parquet.folder)
    read = {name: _paths(root, specs[source.table], source) for name, source in derivation.sources.items()}

    def prepare(session: "DuckDBPyConnection") -> None:
        session.execute("create macro number_of(text) as cast(md5_number_lower(text) >> 24 as bigint)")
        for name, source in derivation.sources.items():
            session.execute(f"create view {name} as {_viewed(specs[source.table], read[name], source.columns)}")
        for name, given in derivation.given.items():
            _load(session, name, given.columns, given.rows, folder)
        for step in derivation.steps:
            if isinstance(step, Computed):
                _compute(session, step, folder)
            else:
                session.execute(step)

    typed = ", ".join(
        f'cast("{column.name}" as {column.duckdb}) as "{column.name}"' for column in columns(specs[table].row)
    )
    with explained(f"{table} cannot be derived", [path for paths in read.values() for path in paths]):
        selected = f"select {typed} from ({derivation.selected})"  # noqa: S608
        return parquet.copied(selected, made_of(table, digest), group_rows=GROUP_ROWS, level=LEVEL, prepare=prepare)


def _paths(root: Path, spec: TableSpec, source: Source) -> list[Path]:
    return [root / object_name(spec, partition) for partition in source.partitions]


def _viewed(spec: TableSpec, paths: Sequence[Path], names: Sequence[str]) -> str:
    """The columns of these files, lists as one text, and a number of each row."""
    kinds = {column.name: column.duckdb for column in columns(spec.row)}
    if not paths:
        return no_rows([*((name, kinds[name].replace("[]", "")) for name in names), ("row_no", "BIGINT")])
    selected = ", ".join(_flat(name) if kinds[name].endswith("[]") else f'"{name}"' for name in names)
    number = NUMBER_IN[spec.format]
    return f"select {selected}, {number} as row_no from {table_files(spec, paths, NO_HIVE)}"  # noqa: S608


NUMBER_IN = {
    "jsonl": "row_number() over ()",
    "parquet": "cast((file_index << 32) + file_row_number as bigint)",
}
"""The number of a row in files of a format."""


def _flat(name: str) -> str:
    once = f'list_filter("{name}", lambda element, place: list_position("{name}", element) = place)'
    return f'array_to_string({once}, chr({ord(LIST_SEPARATOR)})) as "{name}"'


def _load(session: "DuckDBPyConnection", name: str, kinds: Kinds, rows: Iterable[Sequence[Any]], folder: Path) -> None:
    """Rows go by way of a file of JSON lines, which DuckDB reads faster than values one by one."""
    names, path = list(kinds), folder / f"{name}.jsonl"
    with path.open("wb") as file:
        file.writelines(to_json(dict(zip(names, row, strict=True))) + b"\n" for row in rows)
    typed = [Column(column, "", KINDS[kind], "") for column, kind in kinds.items()]
    options = ", ".join(json_options(typed, row_limit=ROW_LIMIT, packed=False))
    session.execute(f"create table {name} as select * from read_json({quoted(str(path))}, {options})")  # noqa: S608
    path.unlink()


def _compute(session: "DuckDBPyConnection", step: Computed, folder: Path) -> None:
    """Not by a function of DuckDB's own: that would need numpy."""
    _load(session, step.table, step.columns, _computed(session.cursor().execute(step.asked), step), folder)


def _computed(found: "Cursor", step: Computed) -> Iterator[tuple[int, int | str]]:
    while some := found.fetchmany(BATCH_ROWS):
        for number, *texts in some:
            yield number, step.function(*texts)


# ---- AWS --------------------------------------------------------------------------------------------------------

Scan = Callable[[str, str, Sequence[str]], Iterable[tuple[Any, ...]]]
"""Columns of the rows of a partition of a table, one after another."""


def derived_rows(
    specs: Mapping[str, TableSpec], table: str, derivation: Derivation, scan: Scan
) -> Iterator[dict[str, Any]]:
    """The rows that are derived, one after another.

    All of it is put together in a file of SQLite's: a hundred thousand tracks would be a hundred megabytes in memory.
    """
    row = columns(specs[table].row)
    names, flags = [column.name for column in row], [n for n, column in enumerate(row) if column.duckdb == "BOOLEAN"]
    with closing(_workbench()) as db:
        for name, source in derivation.sources.items():
            _fill(db, name, (*source.columns, "row_no"), _scanned(specs[source.table], source, scan))
        for name, given in derivation.given.items():
            _fill(db, name, list(given.columns), given.rows)
        for step in derivation.steps:
            if isinstance(step, Computed):
                _fill(db, step.table, list(step.columns), _computed(db.execute(step.asked), step))
            else:
                db.execute(step)
        for values in db.execute(derivation.selected):
            plain = list(values)
            for place in flags:
                plain[place] = bool(plain[place])
            yield dict(zip(names, plain, strict=True))


def _workbench() -> sqlite3.Connection:
    """Nothing is synced: the file is gone when the connection is."""
    db = sqlite3.connect("", isolation_level=None)
    db.executescript("pragma journal_mode = off; pragma synchronous = off; pragma temp_store = file; begin;")
    db.create_function("lower", 1, _lower, deterministic=True)
    db.create_function("number_of", 1, _number_of, deterministic=True)
    return db


def _fill(db: sqlite3.Connection, name: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    db.execute(f"create table {name} ({', '.join(names)})")
    db.executemany(f"insert into {name} values ({', '.join('?' * len(names))})", rows)  # noqa: S608


def _scanned(spec: TableSpec, source: Source, scan: Scan) -> Iterator[list[Any]]:
    """Rows of all partitions, lists as one text, each with its number."""
    kinds = {column.name: column.duckdb for column in columns(spec.row)}
    lists = [place for place, name in enumerate(source.columns) if kinds[name].endswith("[]")]
    rows = chain.from_iterable(scan(source.table, partition, source.columns) for partition in source.partitions)
    for number, row in enumerate(rows):
        plain = [*row, number]
        for place in lists:
            plain[place] = LIST_SEPARATOR.join(dict.fromkeys(plain[place]))
        yield plain


def _lower(text: str | None) -> str | None:
    """As both query engines have it: sign by sign, with one for each. SQLite's own knows ASCII alone."""
    if text is None or text.isascii():
        return text and text.lower()
    return "".join(sign.lower()[0] for sign in text)


def _number_of(text: str) -> int:
    """The upper 40 bits of the second half of the text's MD5, which DuckDB calls the lower number."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[8:], "little") >> 24
