"""Objects of a table made of objects of another: grouped, and put in one order, so the same bytes each time."""

import gzip
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.table_format import (
    SCANNED_ROWS,
    DuckDbParquet,
    TableObject,
    arrow_schema,
    encode_arrow,
    explained,
    made_of,
    no_rows,
    quoted,
    table_files,
)
from glue_catalog.columns import Column, columns
from glue_catalog.rollups import Rollup
from glue_catalog.tables import TABLES, TableSpec
from playledger.errors import CorruptObject
from playledger.policy import DEFAULT

if TYPE_CHECKING:
    import pyarrow as pa

# ---- laptop -----------------------------------------------------------------------------------------------------


def grouped(
    parquet: DuckDbParquet, rollup: Rollup, specs: Mapping[str, TableSpec], parts: Sequence[Path], digest: str
) -> TableObject:
    """The object of `rollup.table` made of these files of its source. Raises CorruptObject for a file that is none."""
    stamp = made_of(rollup.table, digest)
    source, target = specs[rollup.source], columns(specs[rollup.table].row)
    selected = [f'{_taken(rollup, column)} as "{column.name}"' for column in target]
    keys = [column for column in target if column.name not in rollup.takes]
    clauses = [
        f"select {', '.join(selected)} from {_files(source, parts) if parts else _no_rows(source)}",  # noqa: S608
        f"where {_default_policy()}" if rollup.by_default else "",
        f"group by {', '.join(_key(rollup, column) for column in keys)}" if rollup.takes else "",
        f"order by {', '.join(_key(rollup, column) for column in _in_order(keys))}",
    ]
    with explained(f"{rollup.table} cannot be made of {source.name}", parts):
        return parquet.copied(" ".join(clauses), stamp, group_rows=SCANNED_ROWS if rollup.is_scanned else None)


def _taken(rollup: Rollup, column: Column) -> str:
    """A column of the target by those of the source, of the type that the table says."""
    if column.name not in rollup.takes:
        return f"cast({_key(rollup, column)} as {column.duckdb})"
    name, how = rollup.takes[column.name]
    return f'cast({how}("{name}") as {column.duckdb})'


def _key(rollup: Rollup, column: Column) -> str:
    """A column that rows are told apart by; the partition may be cut."""
    if column.name != rollup.source_column:
        return f'"{column.name}"'
    return f'substr("{TABLES[rollup.source].partition}", 1, {rollup.cut or len("YYYY-MM-DD")})'


def _in_order(keys: Sequence[Column]) -> list[Column]:
    """What rows are sorted by: the track first, for its URI is the longest and then stands but once."""
    plain = [column for column in keys if not column.duckdb.endswith("[]")]
    return sorted(plain, key=lambda column: column.name != "track_uri")


def _files(source: TableSpec, parts: Sequence[Path]) -> str:
    """How DuckDB reads these files, the partition among the columns."""
    return table_files(source, parts, f"hive_partitioning = true, hive_types = {{'{source.partition}': VARCHAR}}")


def _no_rows(source: TableSpec) -> str:
    kinds = ((column.name, column.duckdb) for column in columns(source.row))
    return f"({no_rows([*kinds, (source.partition, 'VARCHAR')])})"


def _default_policy() -> str:
    """Whether a row counts where nobody said anything else."""
    kinds = ", ".join(quoted(kind) for kind in DEFAULT.kinds)
    is_long = f"coalesce(heard_seconds >= {DEFAULT.least_seconds}, true)"
    counts = f"({is_long} or is_done)" if DEFAULT.count_finished else is_long
    return f"kind in ({kinds}) and {counts}" + ("" if DEFAULT.count_incognito else " and not incognito")


# ---- AWS --------------------------------------------------------------------------------------------------------

SLICE_ROWS = 100_000
"""So many rows are a row group: only they are spelled out at a time, all others are numbers of texts."""


def rolled_up(
    rollup: Rollup, specs: Mapping[str, TableSpec], parts: Iterable[tuple[str, bytes]], digest: str
) -> TableObject:
    """The object of `rollup.table` made of (partition, body) of its source, partitions ascending.

    Rows of different partitions never come together, but where `cut` makes their names the same: so no more than those
    are grouped at once. CorruptObject for a body that is none.
    """
    target = specs[rollup.table]
    folding = _Folding(rollup, arrow_schema(target))
    pieces = _pieces(rollup, specs[rollup.source], parts)
    grouped = [
        _numbered(folding.together(piece for _, piece in same))
        for _, same in groupby(pieces, key=lambda piece: piece[0][: rollup.cut])
    ]
    return encode_arrow(target, folding.slices(grouped), digest)


def _pieces(rollup: Rollup, source: TableSpec, parts: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, "pa.Table"]]:
    """The parts as tables of the columns that are needed, the partition among them, of what counts."""
    import pyarrow as pa

    for partition, body in parts:
        try:
            piece = _read(source, body, rollup)
        except (pa.ArrowInvalid, OSError, EOFError) as error:
            raise CorruptObject(f"{source.name} of {partition} cannot be read: {error}") from error
        if rollup.source_column:
            named = pa.repeat(pa.scalar(partition[: rollup.cut], pa.string()), len(piece))
            piece = piece.append_column(rollup.source_column, named)
        yield partition, _counting(piece) if rollup.by_default else piece


COUNTED_BY = ("kind", "heard_seconds", "is_done", "incognito")
"""What tells whether a row counts."""


def _counting(piece: "pa.Table") -> "pa.Table":
    """The rows that count by the default policy."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_kind = pc.is_in(piece["kind"], pa.array(list(DEFAULT.kinds), pa.string()))
    is_long = pc.fill_null(pc.greater_equal(piece["heard_seconds"], DEFAULT.least_seconds), True)
    counts = pc.or_(is_long, piece["is_done"]) if DEFAULT.count_finished else is_long
    shown = pc.or_(pc.invert(piece["incognito"]), DEFAULT.count_incognito)
    return piece.filter(pc.and_(pc.and_(is_kind, counts), shown))


def _read(source: TableSpec, body: bytes, rollup: Rollup) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.json
    import pyarrow.parquet

    if source.format == "parquet":
        file = pa.parquet.ParquetFile(io.BytesIO(body))
        return file.read(_needed(file.schema_arrow.names, rollup), use_threads=False)
    schema, text = arrow_schema(source), gzip.decompress(body)
    if not text:
        return schema.empty_table()
    options = pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
    reading = pa.json.ReadOptions(use_threads=False, block_size=max(len(text), 1))
    return pa.json.read_json(io.BytesIO(text), parse_options=options, read_options=reading)


def _needed(names: Sequence[str], rollup: Rollup) -> list[str]:
    """The columns of a source that a rollup is made of."""
    taken = {rollup.takes.get(name, (name, ""))[0] for name in TABLES[rollup.table].row.model_fields}
    return [name for name in names if name in taken or (rollup.by_default and name in COUNTED_BY)]


class _Folding:
    """Tables of the source become tables of the target: grouped, then put in one order."""

    def __init__(self, rollup: Rollup, schema: "pa.Schema") -> None:
        self._schema = schema
        self._takes = {name: rollup.takes.get(name, (name, "")) for name in schema.names}
        self._keys = [name for name, (_, how) in self._takes.items() if not how]
        self._is_grouped = bool(rollup.takes)

    def taken(self, piece: "pa.Table") -> "pa.Table":
        """The columns of the target from those of the source, grouped."""
        import pyarrow as pa

        columns = [piece.column(source) for source, _ in self._takes.values()]
        return self.grouped([pa.Table.from_arrays(columns, names=self._schema.names).cast(self._schema)])

    def together(self, pieces: Iterable["pa.Table"]) -> "pa.Table":
        """All of these grouped, no more than SLICE_ROWS and a piece at a time beside what they came to so far."""
        taken: list[pa.Table] = []
        waiting = 0
        for piece in pieces:
            taken.append(self.taken(piece))
            waiting += len(taken[-1])
            if waiting > SLICE_ROWS:
                taken, waiting = [self.grouped(taken)], 0
        return self.grouped(taken)

    def grouped(self, tables: Sequence["pa.Table"]) -> "pa.Table":
        """These together, each key once."""
        import pyarrow as pa

        table = pa.concat_tables(tables)
        if not self._is_grouped:
            return table
        wanted: list[tuple[str, Any]] = [(name, how) for name, (_, how) in self._takes.items() if how]
        found = table.group_by(self._keys, use_threads=False).aggregate(wanted)
        names = [f"{name}_{how}" if how else name for name, (_, how) in self._takes.items()]
        return found.select(names).rename_columns(self._schema.names).cast(self._schema)

    def slices(self, tables: Sequence["pa.Table"]) -> Iterator["pa.Table"]:
        """All rows in order, SLICE_ROWS at a time. The tables are numbered ones."""
        import pyarrow as pa
        import pyarrow.compute as pc

        whole = pa.concat_tables([_numbered(self._schema.empty_table()), *tables]).unify_dictionaries().combine_chunks()
        places = pa.table({name: _places(whole.column(name)) for name in self._order()})
        order = pc.sort_indices(places, [(name, "ascending") for name in places.column_names])
        for start in range(0, max(len(whole), 1), SLICE_ROWS):
            yield whole.take(order.slice(start, SLICE_ROWS)).cast(self._schema)

    def _order(self) -> list[str]:
        """What rows are sorted by: the track first, for its URI is the longest and then stands but once."""
        import pyarrow as pa

        plain = [name for name in self._keys if not pa.types.is_list(self._schema.field(name).type)]
        return sorted(plain, key=lambda name: name != "track_uri")


def _numbered(table: "pa.Table") -> "pa.Table":
    """The same with each text once, and its number in the rows."""
    import pyarrow as pa

    columns = [
        column.combine_chunks().dictionary_encode() if pa.types.is_string(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def _places(column: "pa.ChunkedArray") -> Any:
    """What sorts as the column does: of numbered texts the place of each among them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type):
        return column
    numbered = pa.concat_arrays(column.chunks) if column.num_chunks else column.combine_chunks()
    place = pc.sort_indices(pc.sort_indices(numbered.dictionary)).cast(pa.int32())
    return place.take(numbered.indices)
