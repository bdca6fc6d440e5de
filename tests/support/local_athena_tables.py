"""What the Glue catalog says of a table, and which objects in S3 are in it: the local Athena's side of the data."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

JSON_SERDES = ("org.openx.data.jsonserde.JsonSerDe", "org.apache.hive.hcatalog.data.JsonSerDe")
PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"

PLAIN = {
    "string": "VARCHAR",
    "bigint": "BIGINT",
    "int": "INTEGER",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
}
"""Glue's type -> DuckDB's."""

SPELLINGS = {"yyyy-MM-dd": "%Y-%m-%d", "yyyy-MM": "%Y-%m", "yyyy": "%Y"}
"""Date formats of partition projection, as Java and as Python write them."""


class Unsupported(Exception):
    """The catalog asks for something that is not imitated here: a fault of the test, not of the query."""


@dataclass(frozen=True)
class StoredObject:
    """An object of a table, and the values of its partition."""

    bucket: str
    key: str
    etag: str
    size: int
    partition: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class GlueTable:
    """A table as Glue describes it. `columns` and `partitions` are name -> DuckDB's type."""

    name: str
    columns: Mapping[str, str]
    partitions: Mapping[str, str]
    is_parquet: bool
    location: str
    template: str
    parameters: Mapping[str, str]

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "GlueTable":
        """From the answer of glue:GetTable. Raises Unsupported."""
        stored, parameters = told["StorageDescriptor"], told.get("Parameters", {})
        serde = stored["SerdeInfo"]["SerializationLibrary"]
        if serde not in (*JSON_SERDES, PARQUET_SERDE):
            raise Unsupported(f"{told['Name']}: no reader for {serde}")
        partitions = {key["Name"]: duckdb_type(key["Type"]) for key in told.get("PartitionKeys", ())}
        if partitions and parameters.get("projection.enabled") != "true":
            raise Unsupported(f"{told['Name']}: partitions are projected here, never looked up")
        location = stored["Location"].rstrip("/") + "/"
        hive = location + "".join(f"{name}=${{{name}}}/" for name in partitions)
        return cls(
            name=told["Name"],
            columns={column["Name"]: duckdb_type(column["Type"]) for column in stored["Columns"]},
            partitions=partitions,
            is_parquet=serde == PARQUET_SERDE,
            location=location,
            template=parameters.get("storage.location.template", hive).rstrip("/") + "/",
            parameters=parameters,
        )

    def objects(self, s3: Any, now: datetime) -> Iterator[StoredObject]:
        """What Athena would find: no hidden keys, nothing empty, nothing outside the projection."""
        where, place = urlsplit(self.template), self._place()
        prefix = where.path.lstrip("/").split("${")[0]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=where.netloc, Prefix=prefix):
            for item in page.get("Contents", ()):
                found = place.match(item["Key"])
                if found and item["Size"] and not _is_hidden(item["Key"][found.end() :]):
                    values = tuple(found[name] for name in self.partitions)
                    if all(self._is_projected(*pair, now) for pair in zip(self.partitions, values, strict=True)):
                        yield StoredObject(where.netloc, item["Key"], item["ETag"], item["Size"], values)

    def _place(self) -> re.Pattern[str]:
        """Matches the beginning of a key that lies in some partition."""
        parts = re.split(r"\$\{(\w+)\}", urlsplit(self.template).path.lstrip("/"))
        spelled = [f"(?P<{part}>[^/]+)" if number % 2 else re.escape(part) for number, part in enumerate(parts)]
        return re.compile("".join(spelled))

    def _is_projected(self, name: str, value: str, now: datetime) -> bool:
        """Whether the projection makes a partition of this value."""
        told = {key: self.parameters.get(f"projection.{name}.{key}", "") for key in ("type", "format", "range")}
        match told["type"]:
            case "date":
                return _is_projected_date(value, told["format"], told["range"], now)
            case "integer":
                first, last = map(int, told["range"].split(","))
                return value.isdigit() and first <= int(value) <= last
            case "enum":
                return value in self.parameters[f"projection.{name}.values"].split(",")
        raise Unsupported(f"{self.name}.{name}: no projection of type {told['type']!r}")


def _is_hidden(rest: str) -> bool:
    return any(part.startswith(("_", ".")) for part in rest.split("/"))


def _is_projected_date(value: str, spelling: str, span: str, now: datetime) -> bool:
    how = SPELLINGS[spelling]
    try:
        day = datetime.strptime(value, how).replace(tzinfo=UTC).date()
    except ValueError:
        return False
    first, last = (_moment(end.strip(), how, now) for end in span.split(","))
    return day.strftime(how) == value and first <= day <= last


_NOW = re.compile(r"NOW(?:([+-]\d+)(DAY|WEEK|MONTH|YEAR)S?)?")


def _moment(text: str, how: str, now: datetime) -> date:
    """One end of a range: a date, or NOW with some units added."""
    relative = _NOW.fullmatch(text)
    if relative is None:
        return datetime.strptime(text, how).replace(tzinfo=UTC).date()
    day, count = now.astimezone(UTC).date(), int(relative[1] or 0)
    if relative[2] in ("MONTH", "YEAR"):
        months = day.year * 12 + day.month - 1 + count * (12 if relative[2] == "YEAR" else 1)
        return date(months // 12, months % 12 + 1, 1 if count < 0 else 28)
    return day + timedelta(days=count * (7 if relative[2] == "WEEK" else 1))


# ---- types ------------------------------------------------------------------------------------------------------


def duckdb_type(glue: str) -> str:
    """`array<struct<a:string,b:bigint>>` -> `STRUCT("a" VARCHAR, "b" BIGINT)[]`. Raises Unsupported."""
    if glue in PLAIN:
        return PLAIN[glue]
    if glue.startswith("array<"):
        return f"{duckdb_type(glue[6:-1])}[]"
    if glue.startswith("struct<"):
        fields = (field.split(":", 1) for field in _split(glue[7:-1]))
        spelled = ", ".join(f'"{name}" {duckdb_type(kind)}' for name, kind in fields)
        return f"STRUCT({spelled})"
    raise Unsupported(f"no type for {glue}")


def _split(fields: str) -> Iterator[str]:
    """At commas that are within no brackets."""
    depth, start = 0, 0
    for at, character in enumerate(fields):
        depth += {"<": 1, ">": -1}.get(character, 0)
        if character == "," and not depth:
            yield fields[start:at]
            start = at + 1
    yield fields[start:]
