"""Objects of a table made of objects of another: grouped by Arrow, put in one order, so the same bytes each time."""

import gzip
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from adapters.table_format import TableObject, arrow_schema, encode_arrow
from glue_catalog.rollups import Rollup
from glue_catalog.tables import TableSpec
from playledger.errors import CorruptObject
from playledger.policy import DEFAULT

if TYPE_CHECKING:
    import pyarrow as pa

FOLDED_ROWS = 200_000
"""So many rows are collected before they are grouped: what keeps a rollup of many years small in memory."""


def rolled_up(
    rollup: Rollup, specs: Mapping[str, TableSpec], parts: Iterable[tuple[str, bytes]], digest: str
) -> TableObject:
    """The object of `rollup.table` made of (partition, body) of its source. CorruptObject for a body that is none."""
    target = specs[rollup.table]
    schema = arrow_schema(target)
    folding = _Folding(rollup, schema)
    for piece in _pieces(rollup, specs[rollup.source], parts):
        folding.add(_counting(piece) if rollup.by_default else piece)
    return encode_arrow(target, folding.done(), digest)


def _pieces(rollup: Rollup, source: TableSpec, parts: Iterable[tuple[str, bytes]]) -> Iterator["pa.Table"]:
    """The parts as tables of the source's columns, the partition among them."""
    import pyarrow as pa

    for partition, body in parts:
        try:
            piece = _read(source, body)
        except (pa.ArrowInvalid, OSError, EOFError) as error:
            raise CorruptObject(f"{source.name} of {partition} cannot be read: {error}") from error
        if rollup.source_column:
            piece = piece.append_column(rollup.source_column, pa.array([partition] * len(piece), pa.string()))
        yield piece


def _counting(piece: "pa.Table") -> "pa.Table":
    """The rows that count by the default policy."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_kind = pc.is_in(piece["kind"], pa.array(list(DEFAULT.kinds), pa.string()))
    is_long = pc.fill_null(pc.greater_equal(piece["heard_seconds"], DEFAULT.least_seconds), True)
    counts = pc.or_(is_long, piece["is_done"]) if DEFAULT.count_finished else is_long
    shown = pc.or_(pc.invert(piece["incognito"]), DEFAULT.count_incognito)
    return piece.filter(pc.and_(pc.and_(is_kind, counts), shown))


def _read(source: TableSpec, body: bytes) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.json
    import pyarrow.parquet

    if source.format == "parquet":
        return pa.parquet.ParquetFile(io.BytesIO(body)).read()
    schema, text = arrow_schema(source), gzip.decompress(body)
    if not text:
        return schema.empty_table()
    options = pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
    reading = pa.json.ReadOptions(use_threads=False, block_size=max(len(text), 1))
    return pa.json.read_json(io.BytesIO(text), parse_options=options, read_options=reading)


class _Folding:
    """Rows so far, grouped whenever many have come together."""

    def __init__(self, rollup: Rollup, schema: "pa.Schema") -> None:
        self._schema = schema
        self._takes = {name: rollup.takes.get(name, (name, "")) for name in schema.names}
        self._keys = [name for name, (_, how) in self._takes.items() if not how]
        self._is_grouped = bool(rollup.takes)
        self._tables: list[pa.Table] = [schema.empty_table()]
        self._rows = 0

    def add(self, piece: "pa.Table") -> None:
        """Takes the rows of one part."""
        import pyarrow as pa

        columns = [piece.column(source) for source, _ in self._takes.values()]
        table = pa.Table.from_arrays(columns, names=self._schema.names).cast(self._schema)
        self._tables.append(table)
        self._rows += len(table)
        if self._is_grouped and self._rows > FOLDED_ROWS:
            self._fold()

    def done(self) -> "pa.Table":
        """All rows, grouped and in order."""
        self._fold()
        (table,) = self._tables
        return table.sort_by([(name, "ascending") for name in self._order()])

    def _fold(self) -> None:
        import pyarrow as pa

        whole = pa.concat_tables(self._tables)
        self._tables, self._rows = [self._grouped(whole) if self._is_grouped else whole], 0

    def _grouped(self, table: "pa.Table") -> "pa.Table":
        wanted: list[tuple[str, Any]] = [(name, how) for name, (_, how) in self._takes.items() if how]
        grouped = table.group_by(self._keys, use_threads=False).aggregate(wanted)
        names = [f"{name}_{how}" if how else name for name, (_, how) in self._takes.items()]
        return grouped.select(names).rename_columns(self._schema.names).cast(self._schema)

    def _order(self) -> list[str]:
        """What rows are sorted by: the track first, for its URI is the longest and then stands but once."""
        import pyarrow as pa

        plain = [name for name in self._keys if not pa.types.is_list(self._schema.field(name).type)]
        return sorted(plain, key=lambda name: name != "track_uri")
