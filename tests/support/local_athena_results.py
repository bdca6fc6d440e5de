"""How Athena writes an answer down: the type names it gives, its CSV, and its pages of cells."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.support.local_athena_engine import Answer, QueryFailed

NAMES = {
    "VARCHAR": "varchar",
    "BIGINT": "bigint",
    "HUGEINT": "bigint",  # Trino has nothing larger: it would fail where a sum does not fit
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "TINYINT": "tinyint",
    "DOUBLE": "double",
    "FLOAT": "float",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    '"NULL"': "unknown",
}
"""DuckDB's type -> Athena's, where they are called otherwise."""


def described(answer: Answer) -> list[dict[str, Any]]:
    """The columns as GetQueryResults tells them."""
    return [_column(*pair) for pair in zip(answer.columns, answer.types, strict=True)]


def _column(name: str, kind: str) -> dict[str, Any]:
    decimal = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind)
    precision, scale = (int(decimal[1]), int(decimal[2])) if decimal else (0, 0)
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": "decimal" if decimal else _type_name(kind),
        "Precision": precision,
        "Scale": scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": kind == "VARCHAR",
    }


def _type_name(kind: str) -> str:
    if kind.endswith("[]"):
        return "array"
    if kind.startswith("STRUCT"):
        return "row"
    if kind not in NAMES:
        raise QueryFailed(f"NOT_SUPPORTED: the local Athena gives no values of type {kind}")
    return NAMES[kind]


def texts(answer: Answer) -> list[list[str | None]]:
    """All cells as Athena prints them; None is null."""
    return [[None if value is None else _text(value) for value in row] for row in answer.rows]


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat(sep=" ", timespec="milliseconds")
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case list():
            return f"[{', '.join(map(_nested, value))}]"
        case Mapping():
            return f"{{{', '.join(f'{name}={_nested(item)}' for name, item in value.items())}}}"
    return str(value)


def _nested(value: Any) -> str:
    return "null" if value is None else _text(value)


def csv(answer: Answer) -> bytes:
    """The result's object: all in quotes, but nothing at all for null."""
    lines = [list(answer.columns), *texts(answer)]
    return "".join(",".join(map(_quoted, line)) + "\n" for line in lines).encode()


def _quoted(text: str | None) -> str:
    return "" if text is None else '"' + text.replace('"', '""') + '"'


def pages(answer: Answer, size: int) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Rows of GetQueryResults, page by page; before the rows of a SELECT there is one of the names."""
    header: list[list[str | None]] = [list(answer.columns)] if answer.statement == "DML" else []
    rows = [{"Data": [_cell(text) for text in line]} for line in [*header, *texts(answer)]]
    for start in range(0, max(len(rows), 1), size):
        yield rows[start : start + size]


def _cell(text: str | None) -> dict[str, str]:
    return {} if text is None else {"VarCharValue": text}
